//! Claiming: how exactly one process comes to train a run, and how the runs of dead processes come
//! back.

use ablate_sweep::{RunId, RunPlan, RunState, TrialId};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::{RecordsError, Trouble};
use crate::process::{Owner, Process};
use crate::session::{SessionId, owner_of};
use crate::stamp;
use crate::store::Store;
use crate::trial;

impl Store {
    /// Takes `plan` for this session, unless it is finished or being trained. `baseline` names the
    /// trial that it is to be compared with: equal but without pretraining, say.
    ///
    /// A failed or interrupted run, or one whose process is gone, may be claimed again: the attempt
    /// counts up and what the earlier one left behind goes.
    ///
    /// # Errors
    /// [`RecordsError::Undeclared`] if the trial has a parameter that was not declared, and
    /// [`RecordsError::SeedTooLarge`].
    pub fn claim(
        &mut self,
        session: SessionId,
        plan: &RunPlan,
        baseline: Option<&TrialId>,
    ) -> Result<Claim, RecordsError> {
        let seed = seed_of(plan)?;
        let me = self.process().clone();
        self.write("claim a run", |transaction| {
            let Some(row) = row_of(transaction, &plan.id)? else {
                let trial = trial::save(transaction, &plan.trial, baseline)?;
                insert(transaction, session, plan, trial, seed)?;
                return Ok(Claim::Claimed { attempt: 1 });
            };
            match row.state {
                RunState::Finished => return Ok(Claim::Finished),
                RunState::Running => {
                    let (process, owner) = owner_of(transaction, &me, row.session)?;
                    if owner != Owner::Gone {
                        let Process { pid, host, .. } = process;
                        return Ok(Claim::RunningElsewhere { pid, host, owner });
                    }
                }
                RunState::Failed | RunState::Interrupted => {}
            }
            trial::save(transaction, &plan.trial, baseline)?;
            restart(transaction, session, &row)?;
            Ok(Claim::Claimed { attempt: row.attempt + 1 })
        })
    }

    /// Marks as interrupted every run that says `running` though its process is gone, and returns
    /// them. Processes of other machines and containers cannot be seen and are left alone.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn recover(&mut self) -> Result<Vec<RunId>, RecordsError> {
        let me = self.process().clone();
        let stale =
            self.read("look for runs of dead processes", |snapshot| sessions_gone(snapshot, &me))?;
        if stale.is_empty() {
            return Ok(Vec::new());
        }
        self.write("recover the runs of dead processes", |transaction| {
            let mut recovered = Vec::new();
            let stamp = stamp::next(transaction)?;
            for session in stale {
                let mut statement = transaction.prepare_cached(&format!(
                    "{INTERRUPT} WHERE state = 'running' AND session = ?2 RETURNING id"
                ))?;
                let runs = statement.query_map([stamp, session], |row| row.get(0).map(RunId))?;
                recovered.extend(runs.collect::<Result<Vec<_>, _>>()?);
            }
            Ok(recovered)
        })
    }

    /// Marks as interrupted those of `runs` that say `running`, unless their process is seen to
    /// live, and returns them. This is for processes that [`Store::recover`] cannot see and of which
    /// a person knows that they are gone. One that lives after all cannot end its run any more.
    ///
    /// # Errors
    /// If the store cannot be read or written.
    pub fn release(&mut self, runs: &[RunId]) -> Result<Vec<RunId>, RecordsError> {
        let me = self.process().clone();
        self.write("release runs", |transaction| {
            let mut released = Vec::new();
            for run in runs {
                let Some(row) = row_of(transaction, run)? else { continue };
                let running = row.state == RunState::Running;
                if running && owner_of(transaction, &me, row.session)?.1 != Owner::Alive {
                    interrupt(transaction, row.key)?;
                    released.push(run.clone());
                }
            }
            Ok(released)
        })
    }
}

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The run is this session's to train.
    Claimed {
        /// Which attempt this is, from 1; it is needed to end the run.
        attempt: u32,
    },
    /// There is nothing to do.
    Finished,
    /// Another process trains it.
    RunningElsewhere {
        /// Its process number.
        pid: u32,
        /// Its machine.
        host: Option<String>,
        /// Whether it is known to live.
        owner: Owner,
    },
}

/// How a run becomes interrupted, whoever says so.
const INTERRUPT: &str = "UPDATE run SET state = 'interrupted', ended = ?1,
    ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/// Marks `run` as interrupted.
pub(crate) fn interrupt(transaction: &Transaction<'_>, run: i64) -> Result<(), Trouble> {
    let stamp = stamp::next(transaction)?;
    transaction.prepare_cached(&format!("{INTERRUPT} WHERE key = ?2"))?.execute([stamp, run])?;
    Ok(())
}

/// What a run's row says of who holds it.
pub(crate) struct Held {
    pub(crate) key: i64,
    pub(crate) state: RunState,
    pub(crate) attempt: u32,
    pub(crate) session: i64,
}

pub(crate) fn row_of(connection: &Connection, run: &RunId) -> Result<Option<Held>, Trouble> {
    let found = connection
        .prepare_cached("SELECT key, state, attempt, session FROM run WHERE id = ?1")?
        .query_row([&run.0], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    found
        .map(|(key, state, attempt, session)| {
            Ok(Held { key, state: state_in(&state)?, attempt, session })
        })
        .transpose()
}

/// The state that a row's word means.
pub(crate) fn state_in(word: &str) -> Result<RunState, Trouble> {
    RunState::from_word(word)
        .ok_or_else(|| Trouble::Damaged(format!("a run has the unknown state {word:?}")))
}

/// The seed as SQLite holds it.
pub(crate) fn seed_of(plan: &RunPlan) -> Result<i64, RecordsError> {
    i64::try_from(plan.seed).map_err(|_| RecordsError::SeedTooLarge { seed: plan.seed })
}

fn insert(
    transaction: &Transaction<'_>,
    session: SessionId,
    plan: &RunPlan,
    trial: i64,
    seed: i64,
) -> Result<(), Trouble> {
    let stamp = stamp::next(transaction)?;
    transaction
        .prepare_cached(
            "INSERT INTO run (id, trial, seed, data_checksum, training_version, state, current,
                 session, attempt, begun, started_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'running', 0, ?6, 1, ?7,
                 strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
        )?
        .execute(params![
            plan.id.0,
            trial,
            seed,
            plan.data_checksum,
            plan.training_version,
            session.0,
            stamp
        ])?;
    make_current_unless_one_finished(transaction, transaction.last_insert_rowid())
}

fn restart(transaction: &Transaction<'_>, session: SessionId, row: &Held) -> Result<(), Trouble> {
    let stamp = stamp::next(transaction)?;
    transaction.prepare_cached("DELETE FROM curve WHERE run = ?1")?.execute([row.key])?;
    transaction
        .prepare_cached(
            "UPDATE run SET state = 'running', session = ?2, attempt = attempt + 1,
                 begun = ?3, started_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ended = NULL,
                 ended_at = NULL, seconds = NULL, failure = NULL, failure_message = NULL
             WHERE key = ?1",
        )?
        .execute(params![row.key, session.0, stamp])?;
    make_current_unless_one_finished(transaction, row.key)
}

/// Of the runs of one trial and seed (under several states of data or training code) one is
/// current: the one that finished last or, until one has, the one that was claimed last.
pub(crate) fn make_current_unless_one_finished(
    transaction: &Transaction<'_>,
    run: i64,
) -> Result<(), Trouble> {
    let finished = transaction
        .prepare_cached(
            "SELECT 1 FROM run AS other JOIN run AS this USING (trial, seed)
             WHERE this.key = ?1 AND other.key <> ?1 AND other.state = 'finished'",
        )?
        .exists([run])?;
    if finished { Ok(()) } else { make_current(transaction, run) }
}

/// Makes `run` the current one of its trial and seed.
pub(crate) fn make_current(transaction: &Transaction<'_>, run: i64) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "UPDATE run SET current = 0 WHERE current = 1 AND key <> ?1
                 AND (trial, seed) = (SELECT trial, seed FROM run WHERE key = ?1)",
        )?
        .execute([run])?;
    transaction.prepare_cached("UPDATE run SET current = 1 WHERE key = ?1")?.execute([run])?;
    Ok(())
}

fn sessions_gone(snapshot: &Connection, me: &Process) -> Result<Vec<i64>, Trouble> {
    let mut statement =
        snapshot.prepare_cached("SELECT DISTINCT session FROM run WHERE state = 'running'")?;
    let sessions = statement.query_map([], |row| row.get(0))?;
    let mut gone = Vec::new();
    for session in sessions {
        let session = session?;
        if owner_of(snapshot, me, session)?.1 == Owner::Gone {
            gone.push(session);
        }
    }
    Ok(gone)
}
