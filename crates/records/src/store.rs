//! The store: one connection to one SQLite file, and the two ways to work with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{RecordsError, Trouble};
use crate::file::{self, Durability, PATIENCE};
use crate::process::Process;
use crate::seal::{self, Touched};
use crate::sql::{self, Transactions};

/// One connection to a run store. Threads and processes that work at once each open their own.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    process: Process,
    touched: Touched,
}

impl Store {
    /// Opens the store at `path` for reading and writing. A missing file is created, with its
    /// folder, for the user alone (mode 0600); a store of an earlier release is copied beside
    /// itself and migrated.
    ///
    /// # Errors
    /// A file that is no run store, or a newer release's, is refused and left untouched; so is a
    /// place that cannot be written.
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Store, RecordsError> {
        let path = absolute(path.as_ref())?;
        let connection = file::open_writable(&path, durability)?;
        Store::watched(connection, path)
    }

    /// Opens the store at `path` as [`Store::open`] does, if there is one.
    ///
    /// # Errors
    /// [`RecordsError::Missing`] says how a store comes to be; otherwise as [`Store::open`].
    pub fn open_existing(
        path: impl AsRef<Path>,
        durability: Durability,
    ) -> Result<Store, RecordsError> {
        let path = absolute(path.as_ref())?;
        if !path.exists() {
            return Err(RecordsError::Missing { path });
        }
        Store::open(path, durability)
    }

    /// Opens the store at `path` for reading only; writing through it fails.
    ///
    /// # Errors
    /// [`RecordsError::Missing`] says how a store comes to be; otherwise as [`Store::open`].
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Store, RecordsError> {
        let path = absolute(path.as_ref())?;
        let connection = file::open_readable(&path)?;
        Store::watched(connection, path)
    }

    /// Opens the store at `path` for reading only, whichever release made it: one of an earlier
    /// schema is copied to a nameless file, which goes with the connection, and migrated there.
    ///
    /// # Errors
    /// As [`Store::open_read_only`], but for [`RecordsError::Older`].
    pub fn open_any_schema(path: impl AsRef<Path>) -> Result<Store, RecordsError> {
        let path = absolute(path.as_ref())?;
        let connection = match file::open_readable(&path) {
            Err(RecordsError::Older { .. }) => file::open_migrated_copy(&path)?,
            opened => opened?,
        };
        Store::watched(connection, path)
    }

    /// Opens the store at `path` for whoever must not be trusted to only read, such as a server: for
    /// reading only, behind the walls of [`Store::sql`], and for `time`, after which whatever is being
    /// read is stopped.
    ///
    /// # Errors
    /// As [`Store::open_read_only`].
    pub fn open_confined(path: impl AsRef<Path>, time: Duration) -> Result<Store, RecordsError> {
        let path = absolute(path.as_ref())?;
        let mut connection = file::open_readable(&path)?;
        sql::confine(&mut connection, time, Transactions::Allowed)
            .map_err(|trouble| trouble.at(&path, "confine", PATIENCE))?;
        Store::watched(connection, path)
    }

    fn watched(mut connection: Connection, path: PathBuf) -> Result<Store, RecordsError> {
        let touched = Touched::watch(&mut connection)
            .map_err(|error| Trouble::Sql(error).at(&path, "watch", PATIENCE))?;
        Ok(Store { connection, path, process: Process::this(), touched })
    }

    /// Where the store is, as an absolute path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The process that works with this store.
    pub(crate) fn process(&self) -> &Process {
        &self.process
    }

    /// One transaction that may write. It takes the lock at once: a lock taken at the first write
    /// could find that another process has written since the first read, which waiting cannot cure.
    /// What the work has changed is sealed before it is committed.
    pub(crate) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Trouble>,
    ) -> Result<T, RecordsError> {
        let attempt = || -> Result<T, Trouble> {
            let behavior = TransactionBehavior::Immediate;
            // What an earlier attempt touched was rolled back.
            self.touched.take();
            let transaction = self.connection.transaction_with_behavior(behavior)?;
            let done = work(&transaction)?;
            seal::renew(&transaction, &self.touched)?;
            transaction.commit()?;
            Ok(done)
        };
        attempt().map_err(|trouble| trouble.at(&self.path, doing, PATIENCE))
    }

    /// One transaction that only reads: all of it sees the same moment.
    pub(crate) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Trouble>,
    ) -> Result<T, RecordsError> {
        let attempt = || -> Result<T, Trouble> {
            let snapshot = self.connection.unchecked_transaction()?;
            work(&snapshot)
        };
        attempt().map_err(|trouble| trouble.at(&self.path, doing, PATIENCE))
    }
}

/// SQLite would take a relative path that begins with `file:` for something else than a path.
fn absolute(path: &Path) -> Result<PathBuf, RecordsError> {
    std::path::absolute(path).map_err(|source| RecordsError::File {
        path: path.to_owned(),
        doing: "resolve the path of",
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Session;

    fn fresh() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store.db"), Durability::Normal).unwrap();
        (folder, store)
    }

    fn sessions(store: &Store) -> i64 {
        let count = "SELECT count(*) FROM session";
        store
            .read("count", |snapshot| Ok(snapshot.query_row(count, [], |row| row.get(0))?))
            .unwrap()
    }

    #[test]
    fn a_confined_store_reads_and_neither_writes_nor_attaches_nor_goes_on_for_ever() {
        let (_folder, mut written) = fresh();
        written.begin_session(&Session::default()).unwrap();
        let mut store = Store::open_confined(written.path(), Duration::from_secs(60)).unwrap();
        assert_eq!(sessions(&store), 1);
        assert!(store.begin_session(&Session::default()).is_err());
        for text in [
            "ATTACH ':memory:' AS other",
            "DELETE FROM session",
            "CREATE TEMP TABLE t (a)",
            "PRAGMA query_only = 0",
            "PRAGMA journal_mode = DELETE",
            "SELECT load_extension('x')",
        ] {
            let refused = store.connection.prepare(text).unwrap_err();
            assert!(refused.to_string().contains("not authorized"), "{text}: {refused}");
        }
        let store = Store::open_confined(written.path(), Duration::from_millis(50)).unwrap();
        let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
            SELECT count(*) FROM n";
        let count = |snapshot: &Connection| Ok(snapshot.query_row(endless, [], |_| Ok(()))?);
        let error = store.read("count for ever", count).unwrap_err();
        assert!(matches!(error, RecordsError::TookTooLong { .. }), "{error}");
    }

    #[test]
    fn a_full_disk_is_said_to_be_one_and_takes_nothing_stored_before() {
        let (_folder, mut store) = fresh();
        let pages: i64 =
            store.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        store
            .connection
            .pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(()))
            .unwrap();
        let large = Session { command: "x".repeat(3_000), ..Session::default() };
        let mut stored = 0;
        let error = loop {
            match store.begin_session(&large) {
                Ok(_) => stored += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, RecordsError::DiskFull { .. }), "{error}");
        assert!(error.to_string().contains("no space left on the disk to begin a session"));
        assert_eq!(sessions(&store), stored);
        assert!(stored > 0);
    }

    #[test]
    fn a_store_that_stays_locked_is_said_to_be_busy() {
        let (_folder, mut store) = fresh();
        let mut other = Store::open(store.path(), Durability::Normal).unwrap();
        let held = other.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let _held = held.unwrap();
        store.connection.busy_timeout(Duration::from_millis(10)).unwrap();
        assert_eq!(sessions(&store), 0, "readers do not wait for a writer");
        let error = store.begin_session(&Session::default()).unwrap_err();
        assert!(matches!(error, RecordsError::Busy { .. }), "{error}");
    }

    #[test]
    fn work_that_fails_leaves_nothing_behind() {
        let (_folder, mut store) = fresh();
        let result: Result<(), _> = store.write("try", |transaction| {
            transaction.execute(
                "INSERT INTO session (id, started_at, version, command, os, pid)
                VALUES ('a', '', '', '', '', 1)",
                [],
            )?;
            Err(Trouble::Damaged("on purpose".into()))
        });
        assert!(matches!(result, Err(RecordsError::Damaged { .. })));
        assert_eq!(sessions(&store), 0);
    }
}
