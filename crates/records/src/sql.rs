//! SQL from people: one statement that only reads, on a connection of its own, within limits.
//!
//! Several walls stand behind each other, so that a hole in one is not a hole in all: the file is
//! opened read-only, `query_only` is on, an authorizer allows reading and nothing else, the
//! statement itself must say that it only reads, and time, rows, bytes and the sizes of values are
//! limited. See <https://sqlite.org/security.html>.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::limits::Limit;
use rusqlite::{Connection, Error, ErrorCode, Statement};

use crate::error::{RecordsError, Trouble};
use crate::file::{self, PATIENCE};
use crate::rows::{Cell, Rows, Total};
use crate::store::Store;

impl Store {
    /// What the one statement `text` reads.
    ///
    /// # Errors
    /// [`RecordsError::SqlRefused`] for whatever would do more than read,
    /// [`RecordsError::SqlInvalid`] for a text that SQLite does not understand,
    /// [`RecordsError::SqlTimeout`].
    pub fn sql(&self, text: &str, limits: SqlLimits) -> Result<Rows, RecordsError> {
        if text.contains('\0') {
            // SQLite would take the text for shorter than it is.
            let message = "the text holds a NUL character".to_owned();
            return Err(RecordsError::SqlInvalid { message });
        }
        let mut connection = file::open_readable(self.path())?;
        let refused = confine(&mut connection, limits.time, Transactions::Refused)
            .map_err(|trouble| trouble.at(self.path(), "prepare a query", PATIENCE))?;
        let outcome =
            connection.prepare(text).and_then(|mut statement| rows_of(&mut statement, limits));
        outcome.map_err(|error| {
            let refused = refused.lock().unwrap_or_else(PoisonError::into_inner).take();
            self.explain(error, refused, limits)
        })
    }

    fn explain(&self, error: Error, refused: Option<String>, limits: SqlLimits) -> RecordsError {
        if let Some(what) = refused {
            return RecordsError::SqlRefused { what };
        }
        match (&error, error.sqlite_error_code()) {
            (_, Some(ErrorCode::OperationInterrupted)) => {
                RecordsError::SqlTimeout { limit: limits.time }
            }
            (Error::MultipleStatement, _) => {
                RecordsError::SqlRefused { what: "a second statement".to_owned() }
            }
            (Error::Empty, _) => {
                RecordsError::SqlInvalid { message: "the text holds no statement".to_owned() }
            }
            (Error::InvalidQuery, _) => {
                RecordsError::SqlRefused { what: "a statement that writes".to_owned() }
            }
            (Error::InvalidParameterCount(..), _) => RecordsError::SqlInvalid {
                message: "the text has parameters (?), which have no values here: write the \
                          values themselves"
                    .to_owned(),
            },
            (Error::SqlInputError { msg, sql, offset, .. }, _) => {
                RecordsError::SqlInvalid { message: placed(msg, sql, *offset) }
            }
            (
                Error::SqliteFailure(_, Some(message)),
                Some(ErrorCode::Unknown | ErrorCode::TooBig),
            ) => RecordsError::SqlInvalid { message: message.clone() },
            _ => Trouble::Sql(error).at(self.path(), "run a query", PATIENCE),
        }
    }
}

/// How much one text may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SqlLimits {
    /// Rows given back; further ones are left out, and [`Rows::truncated`] says so.
    pub rows: usize,
    /// Bytes of text given back, likewise.
    pub bytes: usize,
    /// Time until it is stopped.
    pub time: Duration,
}

/// What a person at a terminal would still wait for and read.
impl Default for SqlLimits {
    fn default() -> SqlLimits {
        SqlLimits { rows: 10_000, bytes: 16 << 20, time: Duration::from_secs(10) }
    }
}

/// The pragmas that describe tables; all others are refused.
const READING_PRAGMAS: &[&str] = &[
    "table_info",
    "table_xinfo",
    "table_list",
    "index_info",
    "index_list",
    "foreign_key_list",
    "user_version",
    "application_id",
    "compile_options",
];

/// Whether a confined connection may begin a transaction, in which it can only read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transactions {
    /// So that several statements see the same moment.
    Allowed,
    /// One statement needs none.
    Refused,
}

/// Makes `connection` harmless. What the authorizer refuses is written where the answer points.
pub(crate) fn confine(
    connection: &mut Connection,
    time: Duration,
    transactions: Transactions,
) -> Result<Arc<Mutex<Option<String>>>, Trouble> {
    connection.pragma_update(None, "query_only", true)?;
    connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_WORKER_THREADS, 0)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, 64 << 20)?;
    connection.set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000)?;
    let refused = Arc::new(Mutex::new(None));
    let first_refused = Arc::clone(&refused);
    connection.authorizer(Some(move |context: AuthContext<'_>| {
        let begun = matches!(context.action, AuthAction::Transaction { .. });
        match refusal(&context.action) {
            Some(_) if begun && transactions == Transactions::Allowed => Authorization::Allow,
            None => Authorization::Allow,
            Some(what) => {
                let mut first = first_refused.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(what);
                Authorization::Deny
            }
        }
    }))?;
    let deadline = Instant::now() + time;
    connection.progress_handler(1_000, Some(move || Instant::now() >= deadline))?;
    Ok(refused)
}

/// Why an action is refused; `None` if it only reads. What is not known to be harmless is refused.
fn refusal(action: &AuthAction<'_>) -> Option<String> {
    match action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => None,
        AuthAction::Function { function_name } => ["load_extension", "fts3_tokenizer"]
            .contains(function_name)
            .then(|| format!("the function {function_name}")),
        AuthAction::Pragma { pragma_name, .. } => {
            (!READING_PRAGMAS.iter().any(|known| known.eq_ignore_ascii_case(pragma_name)))
                .then(|| format!("PRAGMA {pragma_name}"))
        }
        AuthAction::Attach { .. } => Some("ATTACH".to_owned()),
        AuthAction::Detach { .. } => Some("DETACH".to_owned()),
        AuthAction::Insert { table_name } => Some(format!("writing to {table_name}")),
        AuthAction::Update { table_name, .. } => Some(format!("changing {table_name}")),
        AuthAction::Delete { table_name } => Some(format!("deleting from {table_name}")),
        AuthAction::Transaction { .. } | AuthAction::Savepoint { .. } => {
            Some("a transaction".to_owned())
        }
        other => Some(format!("{other:?}").split([' ', '{']).next().unwrap_or_default().to_owned()),
    }
}

fn rows_of(statement: &mut Statement<'_>, limits: SqlLimits) -> Result<Rows, Error> {
    if !statement.readonly() {
        return Err(Error::InvalidQuery);
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let mut rows = Vec::new();
    let mut bytes = 0;
    let mut cursor = statement.query([])?;
    while let Some(row) = cursor.next()? {
        let cells = (0..columns.len())
            .map(|index| Ok(Cell::of(row.get_ref(index)?)))
            .collect::<Result<Vec<_>, Error>>()?;
        bytes += cells.iter().map(text_bytes).sum::<usize>();
        if rows.len() == limits.rows || bytes > limits.bytes {
            return Ok(Rows { columns, rows, total: Total::More });
        }
        rows.push(cells);
    }
    let total = Total::Known(rows.len() as u64);
    Ok(Rows { columns, rows, total })
}

fn text_bytes(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.len(),
        Cell::Null | Cell::Int(_) | Cell::Real(_) | Cell::Blob(_) => 0,
    }
}

/// SQLite's message with the line and column that its byte offset means, if it gave one.
fn placed(message: &str, sql: &str, offset: i32) -> String {
    let before = usize::try_from(offset).ok().and_then(|offset| sql.get(..offset));
    let Some(before) = before else { return message.to_owned() };
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}: {message}")
}
