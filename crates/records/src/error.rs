//! What can go wrong with the store. Every message says where, what was found, and what to do.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ablate_sweep::{RunId, RunState};
use rusqlite::ErrorCode;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// Nothing is there, and the store was to be read only.
    #[error("there is no store at {}: `ablate sweep EXPERIMENT` creates one", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("cannot {doing} {}: {source}", path.display())]
    File {
        /// Which file or folder.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// What the file system said.
        source: std::io::Error,
    },
    /// The file is something else, and was left as it is.
    #[error(
        "{} is not a run store: it is {found}; it was left untouched, name another file",
        path.display()
    )]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it seems to be.
        found: String,
    },
    /// A later release wrote the file.
    #[error(
        "{} was written by a newer ablate: its schema is {found}, this program knows schemas up \
         to {known}; upgrade ablate, or name another store",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The last schema known here.
        known: u32,
    },
    /// An earlier release wrote the file, which was opened for reading only.
    #[error(
        "{} was written by an older ablate: its schema is {found}, this program reads schema \
         {known}; the next `ablate sweep` on it migrates it and keeps a backup beside it",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
        /// The schema known here.
        known: u32,
    },
    /// The disk is full.
    #[error(
        "{}: no space left on the disk to {doing}; nothing stored before is lost: free some \
         space and start the same command again",
        path.display()
    )]
    DiskFull {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
    },
    /// The system did not write what it was given, for another reason than a full disk.
    #[error(
        "{}: cannot {doing}: the system did not take what was written ({source}); nothing stored \
         before is lost: see whether a quota or a limit of file size (`ulimit -f`) is reached, or \
         the disk fails, and start the same command again",
        path.display()
    )]
    NotWritten {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The store, or its folder, cannot be written.
    #[error(
        "{}: cannot {doing}, the file or its folder is read-only here ({source})",
        path.display()
    )]
    NotWritable {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Another process kept the store locked.
    #[error(
        "{}: cannot {doing}, another process has kept the store locked for {} s; wait for \
         it to end, then start the same command again",
        path.display(),
        waited.as_secs()
    )]
    Busy {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// How long was waited.
        waited: Duration,
    },
    /// The file is damaged.
    #[error(
        "{} is damaged: cannot {doing} ({what}); copy the file with its -wal file before anything \
         else, then restore a backup or try `ablate check --salvage NEW.db` (or `sqlite3 FILE .recover`)",
        path.display()
    )]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// What is wrong.
        what: String,
    },
    /// Anything else that SQLite refused.
    #[error("{}: cannot {doing}: {source}", path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// What was attempted, as a verb.
        doing: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A catalog declares a name that cannot be a column.
    #[error("cannot declare {kind} {name:?}: {why}")]
    BadName {
        /// `parameter` or `metric`.
        kind: &'static str,
        /// The name.
        name: String,
        /// Why not, and what would be valid.
        why: String,
    },
    /// A run has a parameter or a metric that no catalog has declared.
    #[error("{kind} {name:?} has not been declared to the store: declare the catalog first")]
    Undeclared {
        /// `parameter` or `metric`.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// SQLite's whole numbers end at 2^63 - 1.
    #[error("seed {seed} is too large to be stored: seeds go from 0 to {}", i64::MAX)]
    SeedTooLarge {
        /// The seed.
        seed: u64,
    },
    /// A finished run has a score that is no number.
    #[error(
        "run {run}: score {metric} is {value}, and a score is a finite number; a run that \
         diverged has failed"
    )]
    NotFinite {
        /// The run.
        run: RunId,
        /// The metric.
        metric: String,
        /// Its value.
        value: f64,
    },
    /// A run's row is no longer this attempt's.
    #[error("run {run}: attempt {attempt} no longer holds it: {}", found_words(found))]
    NotHeld {
        /// The run.
        run: RunId,
        /// The attempt that wanted to end.
        attempt: u32,
        /// What the row says: its state and its attempt, or nothing without a row.
        found: Option<(RunState, u32)>,
    },
    /// A run has no trained network.
    #[error("run {run} is {state}: only finished runs have a network")]
    NotFinished {
        /// The run.
        run: RunId,
        /// The word of its state.
        state: &'static str,
    },
    /// An experiment's plan names a run twice.
    #[error("experiment {experiment:?} plans run {run} twice")]
    PlannedTwice {
        /// The experiment.
        experiment: String,
        /// The run.
        run: RunId,
    },
    /// No run has such a name.
    #[error(
        "there is no run {prefix:?} in the store; a run's name is 16 hexadecimal digits, of which \
         the first few are enough"
    )]
    UnknownRun {
        /// What was asked for.
        prefix: String,
    },
    /// Several runs have names that begin so.
    #[error("{prefix:?} could be {}: write more digits", listed(candidates))]
    AmbiguousRun {
        /// What was asked for.
        prefix: String,
        /// The first few that fit.
        candidates: Vec<RunId>,
    },
    /// No experiment has such a name.
    #[error("there is no experiment {name:?} in the store: sweep it first")]
    UnknownExperiment {
        /// What was asked for.
        name: String,
    },
    /// Runs were imported before, with other scores than now.
    #[error("{} of these runs were imported before with other scores", runs.len())]
    ImportedOtherwise {
        /// Which.
        runs: Vec<RunId>,
    },
    /// Runs are at work whose rows or files are asked to go.
    #[error(
        "process {pid}{} is at work on runs of this store: wait for its sweep to end; if it is \
         gone, `ablate sweep --take-over` says so",
        host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default()
    )]
    BeingTrained {
        /// Its process number.
        pid: u32,
        /// Its machine.
        host: Option<String>,
    },
    /// A tag without a letter.
    #[error("a tag is a word or several: an empty one says nothing")]
    EmptyTag,
    /// A filter, a sort or a selection names a column that does not exist.
    #[error("there is no column {name:?} in the store{}", known_columns(span.is_some(), nearest))]
    UnknownColumn {
        /// The name.
        name: String,
        /// Where it stands in the filter's text, in bytes, if it comes from one.
        span: Option<Range<usize>>,
        /// Known names that are spelled alike, the nearest first.
        nearest: Vec<String>,
    },
    /// A filter asks for a number of a curve that no run has.
    #[error("no run has a curve {name:?}{}", did_you_mean_curve(nearest))]
    UnknownCurve {
        /// The name.
        name: String,
        /// Where it stands in the filter's text, in bytes.
        span: Range<usize>,
        /// Curves of the store that are spelled alike, the nearest first; all of them if none is.
        nearest: Vec<String>,
    },
    /// A filter compares what cannot be compared.
    #[error("{message}")]
    Incomparable {
        /// Where the name stands in the filter's text, in bytes, if one is involved.
        span: Option<Range<usize>>,
        /// What is compared with what, and what would be valid.
        message: String,
    },
    /// An SQL text wants more than to read.
    #[error("{what} is refused: `ablate sql` only reads, one SELECT (or WITH, VALUES, EXPLAIN)")]
    SqlRefused {
        /// What it wanted.
        what: String,
    },
    /// An SQL text is wrong.
    #[error("{message}")]
    SqlInvalid {
        /// What SQLite said, and where.
        message: String,
    },
    /// Reading took longer than the connection was opened for.
    #[error("{}: it took too long to {doing}, and was stopped", path.display())]
    TookTooLong {
        /// The store.
        path: PathBuf,
        /// What was being done.
        doing: &'static str,
    },
    /// Runs fall into more groups than may be shown.
    #[error("more than {most} groups: group by fewer columns, or filter the runs")]
    TooManyGroups {
        /// How many may be.
        most: usize,
    },
    /// An SQL text took too long.
    #[error("the query was stopped after {} s: ask for less, or raise the limit", limit.as_secs_f64())]
    SqlTimeout {
        /// The time it was given.
        limit: Duration,
    },
}

fn found_words(found: &Option<(RunState, u32)>) -> String {
    match found {
        Some((state, attempt)) => format!("it is {} in attempt {attempt}", state.word()),
        None => "there is no such run".to_owned(),
    }
}

fn listed(candidates: &[RunId]) -> String {
    candidates.iter().map(|run| run.0.as_str()).collect::<Vec<_>>().join(" or ")
}

fn known_columns(in_filter: bool, nearest: &[String]) -> String {
    if !nearest.is_empty() {
        return format!("; did you mean {}?", nearest.join(", "));
    }
    let quotes = if in_filter { "; a text stands in quotes" } else { "" };
    format!("; `id`, `state`, `seed`, every parameter and every metric are columns{quotes}")
}

fn did_you_mean_curve(nearest: &[String]) -> String {
    match nearest {
        [] => "; no run of the store has any".to_owned(),
        [one] => format!("; did you mean {one}?"),
        several => format!("; there are {}", several.join(", ")),
    }
}

/// What work inside a transaction may end with: SQLite's word alone, which still lacks the path and
/// the purpose, or an error that is already complete.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// SQLite refused.
    Sql(rusqlite::Error),
    /// What was read cannot be what this crate wrote.
    Damaged(String),
    /// Complete as it is. Boxed, because it is large and rare.
    Whole(Box<RecordsError>),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Trouble::Sql(source) => write!(out, "{source}"),
            Trouble::Damaged(what) => out.write_str(what),
            Trouble::Whole(whole) => write!(out, "{whole}"),
        }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(source: rusqlite::Error) -> Trouble {
        Trouble::Sql(source)
    }
}

impl From<RecordsError> for Trouble {
    fn from(whole: RecordsError) -> Trouble {
        Trouble::Whole(Box::new(whole))
    }
}

impl Trouble {
    /// The error, once the path and the purpose are known.
    pub(crate) fn at(self, path: &Path, doing: &'static str, waited: Duration) -> RecordsError {
        let path = path.to_owned();
        let source = match self {
            Trouble::Sql(source) => source,
            Trouble::Damaged(what) => return RecordsError::Damaged { path, doing, what },
            Trouble::Whole(whole) => return *whole,
        };
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => RecordsError::DiskFull { path, doing },
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                RecordsError::NotWritable { path, doing, source }
            }
            Some(ErrorCode::SystemIoFailure) if failed_to_write(&source) => {
                RecordsError::NotWritten { path, doing, source }
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                RecordsError::Busy { path, doing, waited }
            }
            Some(ErrorCode::OperationInterrupted) => RecordsError::TookTooLong { path, doing },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                RecordsError::Damaged { path, doing, what: source.to_string() }
            }
            _ => RecordsError::Sqlite { path, doing, source },
        }
    }
}

/// Whether SQLite met an error of the system in writing, or in what makes writing last.
fn failed_to_write(source: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE,
    };
    let writing =
        [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE];
    source.sqlite_error().is_some_and(|error| writing.contains(&error.extended_code))
}
