//! How a run ends: finished, failed or interrupted, each in one transaction that first makes sure
//! that the run is still this attempt's.

use ablate_sweep::{Curve, Failure, Outcome, RunId, RunState};
use rusqlite::{Connection, Transaction, params};

use crate::artifacts;
use crate::claim::{self, make_current, row_of};
use crate::error::{RecordsError, Trouble};
use crate::measured;
use crate::series;
use crate::stamp;
use crate::store::Store;

impl Store {
    /// Stores what a finished run leaves behind, and makes it the current run of its trial and
    /// seed. `seconds` is what the training took, by a monotonic clock.
    ///
    /// # Errors
    /// [`RecordsError::NotFinite`] for a score that is NaN or infinite,
    /// [`RecordsError::Undeclared`] for one that no catalog declared, and
    /// [`RecordsError::NotHeld`] if the run is no longer this attempt's. Nothing is written then.
    pub fn finish(
        &mut self,
        run: &RunId,
        attempt: u32,
        outcome: &Outcome,
        seconds: f64,
    ) -> Result<(), RecordsError> {
        measured::refuse_what_is_not_finite(run, &outcome.scores)?;
        self.write("store a finished run", |transaction| {
            let key = held(transaction, run, attempt)?;
            measured::insert(transaction, key, &outcome.scores, &outcome.profiles)?;
            insert_curves(transaction, key, &outcome.curves)?;
            artifacts::insert(transaction, key, &outcome.artifacts)?;
            let stamp = stamp::next(transaction)?;
            transaction
                .prepare_cached(
                    "UPDATE run SET state = 'finished', seconds = ?2, epochs = ?3, best_epoch = ?4,
                         weights_hash = ?5, ended = ?6,
                         ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
                     WHERE key = ?1",
                )?
                .execute(params![
                    key,
                    seconds,
                    outcome.epochs,
                    outcome.best_epoch,
                    outcome.weights_hash,
                    stamp
                ])?;
            make_current(transaction, key)
        })
    }

    /// Stores why a run failed, and its curves up to there.
    ///
    /// # Errors
    /// [`RecordsError::NotHeld`] if the run is no longer this attempt's. Nothing is written then.
    pub fn fail(
        &mut self,
        run: &RunId,
        attempt: u32,
        failure: &Failure,
        seconds: f64,
    ) -> Result<(), RecordsError> {
        self.write("store a failed run", |transaction| {
            let key = held(transaction, run, attempt)?;
            insert_curves(transaction, key, &failure.curves)?;
            let stamp = stamp::next(transaction)?;
            transaction
                .prepare_cached(
                    "UPDATE run SET state = 'failed', seconds = ?2, failure = ?3,
                         failure_message = ?4, ended = ?5,
                         ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
                     WHERE key = ?1",
                )?
                .execute(params![key, seconds, failure.kind.word(), failure.message, stamp])?;
            Ok(())
        })
    }

    /// Stores that a run was stopped before its end: the next sweep trains it.
    ///
    /// # Errors
    /// [`RecordsError::NotHeld`] if the run is no longer this attempt's. Nothing is written then.
    pub fn interrupt(&mut self, run: &RunId, attempt: u32) -> Result<(), RecordsError> {
        self.write("store an interrupted run", |transaction| {
            let key = held(transaction, run, attempt)?;
            claim::interrupt(transaction, key)
        })
    }
}

/// The key of `run`, if `attempt` still holds it.
fn held(transaction: &Transaction<'_>, run: &RunId, attempt: u32) -> Result<i64, Trouble> {
    let found = row_of(transaction, run)?;
    match found {
        Some(row) if row.state == RunState::Running && row.attempt == attempt => Ok(row.key),
        other => {
            let found = other.map(|row| (row.state, row.attempt));
            Err(RecordsError::NotHeld { run: run.clone(), attempt, found }.into())
        }
    }
}

pub(crate) fn insert_curves(
    transaction: &Connection,
    key: i64,
    curves: &[Curve],
) -> Result<(), Trouble> {
    let mut statement =
        transaction.prepare_cached("INSERT INTO curve (run, name, series) VALUES (?1, ?2, ?3)")?;
    for curve in curves {
        statement.execute(params![key, curve.name, series::pack(&curve.values)])?;
    }
    Ok(())
}
