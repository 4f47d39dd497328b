//! The file itself: what it is, before SQLite is let near it, and how a connection to it is set up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{RecordsError, Trouble};
use crate::migrations::{APPLICATION_ID, MIGRATIONS, migrate, migrate_copy, version};

/// How long a command waits for another process that writes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What a power cut may take. A crash or `kill -9` of the program takes nothing either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The last few transactions: they reach the disk when the operating system writes them.
    #[default]
    Normal,
    /// Nothing: every transaction waits until the disk has it.
    Full,
}

/// Opens the store for writing; makes file and folder where there are none; migrates.
pub(crate) fn open_writable(
    path: &Path,
    durability: Durability,
) -> Result<Connection, RecordsError> {
    let failed = |doing| move |source| RecordsError::File { path: path.to_owned(), doing, source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed("create the folder of"))?;
    }
    if !path.exists() {
        create_private(path).map_err(failed("create"))?;
    }
    refuse_foreign_header(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let prepare = || -> Result<Connection, Trouble> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        configure(&connection)?;
        refuse_foreign_schema(&mut connection, path)?;
        enter_wal(&connection)?;
        connection.pragma_update(
            None,
            "synchronous",
            match durability {
                Durability::Normal => "NORMAL",
                Durability::Full => "FULL",
            },
        )?;
        migrate(&mut connection, path, MIGRATIONS)?;
        Ok(connection)
    };
    prepare().map_err(|trouble| trouble.at(path, "open the store", PATIENCE))
}

/// Opens an existing store of the present schema; nothing can be written through the connection.
pub(crate) fn open_readable(path: &Path) -> Result<Connection, RecordsError> {
    if !path.exists() {
        return Err(RecordsError::Missing { path: path.to_owned() });
    }
    refuse_foreign_header(path)?;
    let prepare = || -> Result<Connection, Trouble> {
        let mut connection = connect_readable(path)?;
        refuse_foreign_schema(&mut connection, path)?;
        let (found, known) = (version(&connection)?, MIGRATIONS.len() as u32);
        if found == 0 {
            // The process that was to create it was killed at once.
            return Err(RecordsError::Missing { path: path.to_owned() }.into());
        }
        if found < known {
            return Err(RecordsError::Older { path: path.to_owned(), found, known }.into());
        }
        Ok(connection)
    };
    prepare().map_err(|trouble| trouble.at(path, "read the store", PATIENCE))
}

/// Copies the store to a file without a name, which SQLite takes away with the connection, however
/// the process ends, and migrates it there.
pub(crate) fn open_migrated_copy(path: &Path) -> Result<Connection, RecordsError> {
    let prepare = || -> Result<Connection, Trouble> {
        let original = connect_readable(path)?;
        let mut copy = Connection::open("")?;
        Backup::new(&original, &mut copy)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
        configure(&copy)?;
        migrate_copy(&mut copy)?;
        copy.pragma_update(None, "query_only", true)?;
        Ok(copy)
    };
    prepare().map_err(|trouble| trouble.at(path, "read a migrated copy of", PATIENCE))
}

/// On a read-only disk SQLite cannot make the `-shm` file that it needs beside a store in WAL mode.
/// If no `-wal` file holds anything, the main file is all there is, and can be read by itself.
fn connect_readable(path: &Path) -> Result<Connection, Trouble> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let usual = || -> Result<Connection, Trouble> {
        let connection = Connection::open_with_flags(path, flags)?;
        configure(&connection)?;
        version(&connection)?;
        Ok(connection)
    };
    match usual() {
        Err(Trouble::Sql(error)) if lacks_shared_memory(&error) && wal_is_empty(path) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            let alone = Connection::open_with_flags(immutable_uri(path), flags)?;
            configure(&alone)?;
            Ok(alone)
        }
        opened => opened,
    }
}

/// What SQLite says on a read-only disk, and in a folder that this user may not write.
fn lacks_shared_memory(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

fn wal_is_empty(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).map_or(true, |wal| wal.len() == 0)
}

fn immutable_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' => uri.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => uri.push(char::from(*byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

fn configure(connection: &Connection) -> Result<(), Trouble> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A store may come from someone else: its schema gets no say beyond tables and views.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    // A misspelled column in double quotes is an error, never a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
    // A plan does not depend on the values that are bound to it. Otherwise SQLite plans a join anew
    // whenever another name is looked up, which takes fifty times as long as the look.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Names are hashes, so looking them up jumps all over the file: keep 64 MiB of it at hand.
    connection.pragma_update(None, "cache_size", -65_536)?;
    Ok(())
}

/// Write-ahead logging: readers and the writer do not block each other. The switch needs the file
/// alone for a moment, and SQLite does not always wait for that by itself.
fn enter_wal(connection: &Connection) -> Result<(), Trouble> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && Instant::now() < deadline =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            // Where WAL is impossible the file keeps its journal: slower, and as safe.
            other => return other.map(drop).map_err(Trouble::from),
        }
    }
}

/// Looks at the file's first bytes without SQLite, so that nothing foreign is ever touched.
fn refuse_foreign_header(path: &Path) -> Result<(), RecordsError> {
    let failed = |source| RecordsError::File { path: path.to_owned(), doing: "read", source };
    let mut header = Vec::new();
    File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(failed)?;
    let foreign = |found: &str| {
        Err(RecordsError::NotAStore { path: path.to_owned(), found: found.to_owned() })
    };
    if header.is_empty() {
        return Ok(());
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return foreign("no SQLite database");
    }
    let Some(application) = header.get(68..72) else {
        return foreign("an SQLite database that has been cut off");
    };
    // 0 may be a fresh file whose first pages are still in the log: `refuse_foreign_schema` tells.
    if application != [0; 4] && application != APPLICATION_ID.to_be_bytes() {
        return foreign("the SQLite database of another application");
    }
    Ok(())
}

/// Looks at the file through SQLite: ours, fresh, or another's, and not newer than this program.
fn refuse_foreign_schema(connection: &mut Connection, path: &Path) -> Result<(), Trouble> {
    // One transaction, so that another process's creation is seen as a whole or not at all.
    let snapshot = connection.transaction()?;
    let application: i32 = snapshot.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let found = version(&snapshot)?;
    let objects: i64 =
        snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && (application != 0 || found != 0 || objects != 0) {
        let found = "the SQLite database of another application".to_owned();
        return Err(RecordsError::NotAStore { path: path.to_owned(), found }.into());
    }
    let known = MIGRATIONS.len() as u32;
    if found > known {
        return Err(RecordsError::Newer { path: path.to_owned(), found, known }.into());
    }
    refuse_names_that_are_no_text(&snapshot)
}

/// A flipped byte in a definition can make a column's name something that is no text, on which
/// rusqlite would panic.
fn refuse_names_that_are_no_text(snapshot: &Connection) -> Result<(), Trouble> {
    let mut statement = snapshot.prepare("SELECT name, sql FROM sqlite_schema")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        for column in 0..2 {
            if let ValueRef::Text(text) = row.get_ref(column)?
                && std::str::from_utf8(text).is_err()
            {
                let what = "the definitions of its tables are no text any more";
                return Err(Trouble::Damaged(what.to_owned()));
            }
        }
    }
    Ok(())
}

/// Makes an empty file that only its owner may read: a store holds command lines and host names.
/// SQLite gives its `-wal` and `-shm` files the same rights.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// `path` with `suffix` appended to the file's name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_in_wal_mode_is_read_by_itself_whatever_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's a? #1 100%25 é.db");
        drop(open_writable(&path, Durability::Normal).unwrap());
        assert!(wal_is_empty(&path));
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
        let alone = Connection::open_with_flags(immutable_uri(&path), flags).unwrap();
        assert_eq!(version(&alone).unwrap(), MIGRATIONS.len() as u32);
        assert!(!beside(&path, "-shm").exists(), "nothing is written beside it");
    }

    #[test]
    fn durability_is_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        for (durability, level) in [(Durability::Normal, 1), (Durability::Full, 2)] {
            let path = folder.path().join(format!("{level}.db"));
            let connection = open_writable(&path, durability).unwrap();
            let found: i64 =
                connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!(found, level);
        }
    }

    #[test]
    fn an_empty_file_holds_no_store_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        std::fs::write(&path, "").unwrap();
        assert!(matches!(open_readable(&path), Err(RecordsError::Missing { .. })));
    }
}
