//! The content hash of a run: SHA-256 over everything that it came to (identity, scores, curves,
//! weights' hash or failure) and nothing of where and when. Equal runs have equal hashes on any machine.
//!
//! The store keeps it by itself: a transaction that changes a run or what hangs on it, whoever
//! wrote it, ends with the hash made anew. A run that has not ended has none, nor has an interrupted
//! one. Parameters enter through the trial's id, which is a hash of them. Files do not enter: the
//! weights' hash already says which network it is, and whose weights were not kept is no other run.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::digest::{Fields, hex};
use crate::error::Trouble;

/// Said first, so that a later way of hashing cannot be mistaken for this one.
const PREFIX: &str = "ablate run 1";

/// Makes the content hash of the run `key` anew, if there is such a run.
pub(crate) fn renew(connection: &Connection, key: i64) -> Result<(), Trouble> {
    let hash = of(connection, key)?;
    connection
        .prepare_cached(
            "UPDATE run SET content_hash = ?2 WHERE key = ?1 AND content_hash IS NOT ?2",
        )?
        .execute(params![key, hash])?;
    Ok(())
}

/// What the content hash of the run `key` should be; `None` for a run that has not ended, was
/// interrupted or does not exist.
pub(crate) fn of(connection: &Connection, key: i64) -> Result<Option<String>, Trouble> {
    let mut fields = Fields::default();
    fields.text(PREFIX);
    let ended = connection
        .prepare_cached(
            "SELECT r.id, t.id, r.seed, r.data_checksum, r.training_version, r.state, r.failure,
                 r.failure_message, r.epochs, r.best_epoch, r.weights_hash
             FROM run AS r JOIN trial AS t ON t.key = r.trial
             WHERE r.key = ?1 AND r.state IN ('finished', 'failed')",
        )?
        .query_row([key], |row| append(row, &mut fields))
        .optional()?;
    if ended.is_none() {
        return Ok(None);
    }
    append_scores(connection, key, &mut fields)?;
    fields.text("curves");
    let mut curves =
        connection.prepare_cached("SELECT name, series FROM curve WHERE run = ?1 ORDER BY name")?;
    let mut rows = curves.query([key])?;
    while let Some(row) = rows.next()? {
        append(row, &mut fields)?;
    }
    Ok(Some(hex(&fields.finish())))
}

fn append(row: &Row<'_>, fields: &mut Fields) -> rusqlite::Result<()> {
    (0..row.as_ref().column_count()).try_for_each(|index| {
        fields.value(row.get_ref(index)?);
        Ok(())
    })
}

/// By name, absent ones left out: which metrics the store knows, and in which order, is not the run's.
fn append_scores(connection: &Connection, key: i64, fields: &mut Fields) -> Result<(), Trouble> {
    fields.text("scores");
    let mut statement = connection.prepare_cached("SELECT * FROM score WHERE run = ?1")?;
    let mut rows = statement.query([key])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let mut scores = Vec::new();
    for index in 0..row.as_ref().column_count() {
        let (name, value) = (row.as_ref().column_name(index)?, row.get_ref(index)?);
        if name != "run" && value != ValueRef::Null {
            scores.push((name, value));
        }
    }
    scores.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in scores {
        fields.text(name);
        fields.value(value);
    }
    Ok(())
}
