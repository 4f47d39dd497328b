//! What a store holds, seen by another client of SQLite.

use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// The rows that `sql` selects, a line each: values with `|` between them, and every bit of a real
/// number.
pub(crate) fn rows(store: &Path, sql: &str) -> Vec<String> {
    try_rows(store, sql).unwrap()
}

/// How many rows `sql` counts; 0 while the store is not there or not yet made.
pub(crate) fn count(store: &Path, sql: &str) -> usize {
    let rows = try_rows(store, sql).unwrap_or_default();
    rows.first().map_or(0, |count| count.parse().unwrap())
}

/// How many runs are in `state` so far.
pub(crate) fn count_in(store: &Path, state: &str) -> usize {
    count(store, &format!("SELECT count(*) FROM run WHERE state = '{state}'"))
}

/// Changes the store behind the program's back.
pub(crate) fn meddle(store: &Path, sql: &str) {
    let client = Connection::open(store).unwrap();
    client.execute_batch(sql).unwrap();
}

/// Everything that training came to: scores, curves and hashes of weights, but no times.
pub(crate) fn results(store: &Path) -> Vec<String> {
    let metrics = rows(store, "SELECT group_concat(name) FROM metric").remove(0);
    let runs = format!(
        "SELECT id, trial, seed, state, epochs_run, best_epoch, weights_hash, {metrics}
         FROM runs ORDER BY id"
    );
    let curves = "SELECT run.id, name, series FROM curve JOIN run ON run.key = curve.run
                  ORDER BY run.id, name";
    [rows(store, &runs), rows(store, curves)].concat()
}

fn try_rows(store: &Path, sql: &str) -> rusqlite::Result<Vec<String>> {
    let client = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = client.prepare(sql)?;
    let columns = statement.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|column| Ok(text(row.get(column)?)));
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    };
    statement.query_map([], line)?.collect()
}

fn text(value: Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(whole) => whole.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => text,
        Value::Blob(bytes) => format!("{bytes:?}"),
    }
}
