//! The schema: an append-only list of migrations, counted by SQLite's `user_version`.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::error::{RecordsError, Trouble};
use crate::{file, seal, views};

/// `ablt` in ASCII: what `application_id` says in every store, so that `file` and we can tell one.
pub(crate) const APPLICATION_ID: i32 = 0x6162_6c74;

/// Every migration there ever was; number n turns schema n - 1 into schema n. Two rules:
///
/// 1. Never change or remove one that was released: only append.
/// 2. Never break what an earlier release stored: after a migration every old run still reads.
///
/// `tests/stores` holds a store of every schema, which a test opens. Views are not part of the
/// list: they are dropped before a migration and made anew after it.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
];

/// Creates or migrates the store at `path`, all or nothing, however many processes try at once.
pub(crate) fn migrate(
    connection: &mut Connection,
    path: &Path,
    migrations: &[&str],
) -> Result<(), Trouble> {
    let known = u32::try_from(migrations.len()).expect("there are few migrations");
    if version(connection)? == known && !views::are_stale(connection)? {
        return Ok(());
    }
    // Who waits here for another process finds the work done, hence the second look.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let found = version(&transaction)?;
    if found > known {
        return Err(RecordsError::Newer { path: path.to_owned(), found, known }.into());
    }
    if found == known && !views::are_stale(&transaction)? {
        return Ok(());
    }
    if found > 0 && found < known {
        back_up(path, found)?;
    }
    apply(&transaction, &migrations[found as usize..], known)?;
    transaction.commit()?;
    tracing::debug!(path = %path.display(), from = found, to = known, "migrated the store");
    Ok(())
}

/// Migrates a copy that nobody else knows of.
pub(crate) fn migrate_copy(connection: &mut Connection) -> Result<(), Trouble> {
    let known = u32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    let transaction = connection.transaction()?;
    let found = version(&transaction)?;
    apply(&transaction, &MIGRATIONS[found as usize..], known)?;
    Ok(transaction.commit()?)
}

/// Brings the schema to `known` by `migrations`; without any, makes the views anew.
fn apply(transaction: &Transaction<'_>, migrations: &[&str], known: u32) -> Result<(), Trouble> {
    views::drop_all(transaction)?;
    for migration in migrations {
        transaction.execute_batch(migration)?;
    }
    stamp(transaction, known)?;
    views::rebuild(transaction)?;
    if migrations.is_empty() {
        seal::renew_schema(transaction)
    } else {
        seal::renew_all(transaction)
    }
}

/// The file's schema; 0 for a fresh file.
pub(crate) fn version(connection: &Connection) -> Result<u32, Trouble> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn stamp(transaction: &Transaction<'_>, version: u32) -> Result<(), Trouble> {
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", version)?;
    Ok(())
}

/// Where the store is copied before it is migrated from schema `version`.
pub(crate) fn backup_path(path: &Path, version: u32) -> PathBuf {
    file::beside(path, &format!(".schema-{version}.backup"))
}

/// Copies the store beside itself. The caller holds the lock for writing, so nothing changes
/// meanwhile; the copy gets its name only when it is whole.
fn back_up(path: &Path, version: u32) -> Result<(), Trouble> {
    let backup = backup_path(path, version);
    let partial = file::beside(&backup, ".partial");
    let failed = |source| RecordsError::File {
        path: backup.clone(),
        doing: "back up the store before migrating it to",
        source,
    };
    if partial.exists() {
        fs::remove_file(&partial).map_err(failed)?;
    }
    file::create_private(&partial).map_err(failed)?;
    let reader = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    reader.execute("VACUUM INTO ?1", [partial.to_string_lossy()])?;
    fs::rename(&partial, &backup).map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use super::*;
    use crate::file::{Durability, open_writable};

    const NEXT: &str = "ALTER TABLE experiment ADD COLUMN note TEXT;
        INSERT INTO experiment (name, question, text, overrides, hash, first_swept, last_swept)
        VALUES (hex(randomblob(8)), '', '', '[]', '', '', '')";

    const LAST: u32 = MIGRATIONS.len() as u32;

    /// The migrations there are, and one more.
    fn and(next: &str) -> Vec<&str> {
        MIGRATIONS.iter().copied().chain([next]).collect()
    }

    fn fresh() -> (tempfile::TempDir, PathBuf, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let connection = open_writable(&path, Durability::Normal).unwrap();
        (folder, path, connection)
    }

    fn count(connection: &Connection, table: &str) -> rusqlite::Result<i64> {
        connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
    }

    #[test]
    fn an_older_store_is_migrated_and_copied_beside_itself() {
        let (_folder, path, mut connection) = fresh();
        migrate(&mut connection, &path, &and(NEXT)).unwrap();
        assert_eq!(version(&connection).unwrap(), LAST + 1);
        assert_eq!(count(&connection, "experiment").unwrap(), 1);
        assert_eq!(count(&connection, "runs").unwrap(), 0, "the views are back");
        let backup = Connection::open(backup_path(&path, LAST)).unwrap();
        assert_eq!(version(&backup).unwrap(), LAST);
        assert_eq!(count(&backup, "experiment").unwrap(), 0);
        let application: i32 =
            backup.pragma_query_value(None, "application_id", |row| row.get(0)).unwrap();
        assert_eq!(application, APPLICATION_ID);
    }

    #[test]
    fn a_migration_that_fails_leaves_the_store_as_it_was() {
        let (_folder, path, mut connection) = fresh();
        let broken = format!("{NEXT}; INSERT INTO nowhere VALUES (1)");
        assert!(migrate(&mut connection, &path, &and(&broken)).is_err());
        assert_eq!(version(&connection).unwrap(), LAST);
        assert_eq!(count(&connection, "experiment").unwrap(), 0);
        assert_eq!(count(&connection, "runs").unwrap(), 0);
        migrate(&mut connection, &path, &and(NEXT)).unwrap();
    }

    #[test]
    fn many_processes_migrate_once() {
        let (_folder, path, connection) = fresh();
        let barrier = Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mut mine = open_writable(&path, Durability::Normal).unwrap();
                    barrier.wait();
                    migrate(&mut mine, &path, &and(NEXT)).unwrap();
                });
            }
        });
        assert_eq!(count(&connection, "experiment").unwrap(), 1);
    }
}
