//! Seals: a hash of every row of every table, so that a byte that changed by itself does not go
//! unnoticed. SQLite's own integrity check sees the structure of the file, not what the rows say.
//!
//! SQLite tells which rows a transaction touched; before it commits, [`renew`] seals them again, and
//! makes the content hashes of the runs they belong to anew. So whoever changes a row through
//! [`Store::write`](crate::store::Store::write) need not think of it. The tables are sealed as texts,
//! too. What another program writes into the file is not sealed, and `ablate check` says so.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, params};

use crate::columns::quoted;
use crate::content;
use crate::digest::Fields;
use crate::error::Trouble;

/// The seal of the schema is kept under the name and key of a row that cannot be.
pub(crate) const SCHEMA: (&str, i64) = ("", 0);

/// How much of the SHA-256 is kept: by accident, one change in 2^64 would go unnoticed.
const BYTES: usize = 8;

/// The rows that the transaction under way has touched so far, by table and number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touched(Arc<Mutex<BTreeSet<(String, i64)>>>);

impl Touched {
    /// Lets SQLite tell of every row that `connection` changes from now on.
    pub(crate) fn watch(connection: &mut Connection) -> rusqlite::Result<Touched> {
        let touched = Touched::default();
        let told = touched.clone();
        connection.update_hook(Some(move |_, database: &str, table: &str, key| {
            if database == "main" {
                told.lock().insert((table.to_owned(), key));
            }
        }))?;
        Ok(touched)
    }

    /// What was touched since this was called last.
    pub(crate) fn take(&self) -> BTreeSet<(String, i64)> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<(String, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seals the rows that were touched, and those that follow from them.
pub(crate) fn renew(connection: &Connection, touched: &Touched) -> Result<(), Trouble> {
    let mut rows = touched.take();
    let mut runs = BTreeSet::new();
    for (table, key) in &rows {
        runs.extend(run_of(connection, table, *key)?);
    }
    for run in runs {
        content::renew(connection, run)?;
    }
    // Their hashes are in rows that were touched before: each is sealed once.
    rows.append(&mut touched.take());
    for (table, key) in rows {
        seal(connection, &table, key)?;
    }
    Ok(())
}

/// Seals every row and the schema, as after a migration, which may have changed any of them.
pub(crate) fn renew_all(connection: &Connection) -> Result<(), Trouble> {
    let runs = keys(connection, "run")?;
    for run in runs {
        content::renew(connection, run)?;
    }
    connection.execute("DELETE FROM seal", [])?;
    for table in tables(connection)? {
        for key in keys(connection, &table)? {
            seal(connection, &table, key)?;
        }
    }
    renew_schema(connection)
}

/// Seals the schema, after a table has changed.
pub(crate) fn renew_schema(connection: &Connection) -> Result<(), Trouble> {
    let hash = schema_hash(connection)?;
    save(connection, SCHEMA.0, SCHEMA.1, &hash)
}

/// The tables whose rows are sealed: all that have row numbers, which is all but those that hold
/// everything twice, in the table and in an index, and the seals themselves.
pub(crate) fn tables(connection: &Connection) -> Result<Vec<String>, Trouble> {
    let mut statement = connection.prepare(
        "SELECT name FROM pragma_table_list
         WHERE schema = 'main' AND type = 'table' AND wr = 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         ORDER BY name",
    )?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// The numbers of a table's rows.
pub(crate) fn keys(connection: &Connection, table: &str) -> Result<Vec<i64>, Trouble> {
    let mut statement = connection.prepare(&format!("SELECT rowid FROM {}", quoted(table)))?;
    let keys = statement.query_map([], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// The hash of a row over the names and values of its columns; `None` if there is no such row.
/// Absent values do not enter, so a new column changes nothing until it holds something.
pub(crate) fn row_hash(
    connection: &Connection,
    table: &str,
    key: i64,
) -> Result<Option<[u8; BYTES]>, Trouble> {
    let select = format!("SELECT * FROM {} WHERE rowid = ?1", quoted(table));
    let mut statement = connection.prepare_cached(&select)?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let mut fields = Fields::default();
    for index in 0..row.as_ref().column_count() {
        let value = row.get_ref(index)?;
        if value != ValueRef::Null {
            fields.text(row.as_ref().column_name(index)?);
            fields.value(value);
        }
    }
    Ok(Some(shortened(fields)))
}

/// The hash of everything that makes the schema.
pub(crate) fn schema_hash(connection: &Connection) -> Result<[u8; BYTES], Trouble> {
    let mut fields = Fields::default();
    let mut statement = connection
        .prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for index in 0..4 {
            fields.value(row.get_ref(index)?);
        }
    }
    Ok(shortened(fields))
}

fn shortened(fields: Fields) -> [u8; BYTES] {
    let hash = fields.finish();
    std::array::from_fn(|index| hash[index])
}

fn seal(connection: &Connection, table: &str, key: i64) -> Result<(), Trouble> {
    match row_hash(connection, table, key)? {
        Some(hash) => save(connection, table, key, &hash),
        None => {
            connection
                .prepare_cached("DELETE FROM seal WHERE name = ?1 AND key = ?2")?
                .execute(params![table, key])?;
            Ok(())
        }
    }
}

fn save(connection: &Connection, table: &str, key: i64, hash: &[u8]) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT INTO seal (name, key, hash) VALUES (?1, ?2, ?3)
             ON CONFLICT (name, key) DO UPDATE SET hash = excluded.hash",
        )?
        .execute(params![table, key, hash])?;
    Ok(())
}

/// The run that a row belongs to, as far as its content is concerned.
fn run_of(connection: &Connection, table: &str, key: i64) -> Result<Option<i64>, Trouble> {
    match table {
        // A score has the number of its run.
        "run" | "score" => Ok(Some(key)),
        "curve" | "profile" => Ok(connection
            .prepare_cached(&format!("SELECT run FROM {table} WHERE key = ?1"))?
            .query_row([key], |row| row.get(0))
            .optional()?),
        _ => Ok(None),
    }
}
