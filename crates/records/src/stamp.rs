//! Stamps: the order of what happens to runs and experiments, which no clock can turn round.
//!
//! A clock may jump back (a laptop that wakes, a time server, a person). So what is said of times is for
//! people, and what decides (which run is current, which experiment was swept last, which of two ends
//! stands) looks at stamps. A stamp is the clock's milliseconds since 1970 or, where those are behind, one
//! more than the greatest stamp that the store holds: a hybrid logical clock
//! ([Kulkarni et al. 2014](https://cse.buffalo.edu/tech-reports/2014-04.pdf)). Within a store, and over
//! merges, what came later has the greater stamp; of two stores that never met, the clocks decide.

use rusqlite::Connection;

use crate::error::Trouble;

/// A stamp for what is happening now.
pub(crate) fn next(connection: &Connection) -> Result<i64, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT max(CAST(unixepoch('subsec') * 1000 AS INTEGER), 1 + max(
             coalesce((SELECT max(begun) FROM run), 0),
             coalesce((SELECT max(ended) FROM run), 0),
             coalesce((SELECT max(swept) FROM experiment), 0)))",
    )?;
    Ok(statement.query_row([], |row| row.get(0))?)
}

/// The stamp of what happened at `time`, of which no more is known: UTC, ISO 8601. 0 if it is no time.
pub(crate) fn of(connection: &Connection, time: &str) -> Result<i64, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(CAST(round(unixepoch(?1, 'subsec') * 1000) AS INTEGER), 0)",
    )?;
    Ok(statement.query_row([time], |row| row.get(0))?)
}
