//! Standings: for each planned run, whether it has to be trained and why.

use ablate_sweep::{FailureKind, RunId, RunPlan, RunState};
use rusqlite::{Connection, Row};
use serde_json::json;

use crate::claim::{seed_of, state_in};
use crate::error::{RecordsError, Trouble};
use crate::process::{Owner, Process};
use crate::session::owner_of;
use crate::store::Store;

impl Store {
    /// Where each of `plans` stands, in the same order.
    ///
    /// # Errors
    /// [`RecordsError::SeedTooLarge`], or if the store cannot be read.
    pub fn standings(&self, plans: &[RunPlan]) -> Result<Vec<Standing>, RecordsError> {
        let mut standings = Vec::with_capacity(plans.len());
        self.read("look up planned runs", |snapshot| {
            for chunk in plans.chunks(CHUNK) {
                look_up(snapshot, self.process(), chunk, &mut standings)?;
            }
            Ok(())
        })?;
        Ok(standings)
    }
}

/// Where a planned run stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// It was never begun.
    Missing,
    /// Done.
    Finished,
    /// It failed; a sweep tries again only when told to.
    Failed {
        /// What sort of failure.
        kind: FailureKind,
        /// What happened.
        message: String,
    },
    /// It was stopped, or its process died.
    Interrupted,
    /// Its row says that it is being trained.
    Running {
        /// By which process.
        pid: u32,
        /// On which machine.
        host: Option<String>,
        /// Whether that process is still there.
        owner: Owner,
    },
    /// It finished, but on other data of the same name.
    DataChanged {
        /// The run that finished.
        run: RunId,
        /// Checksum of its data.
        from: String,
        /// Checksum of the data now.
        to: String,
    },
    /// It finished, but under an earlier meaning of the training code.
    TrainingChanged {
        /// The run that finished.
        run: RunId,
        /// Its training version.
        from: String,
        /// The training version now.
        to: String,
    },
}

/// How many plans go into one statement: their ids travel as one JSON text.
const CHUNK: usize = 5_000;

/// The plan's own row (`r`), or else the current finished run of the same trial and seed (`o`).
const LOOK_UP: &str = "
    SELECT r.state, r.session, r.failure, r.failure_message,
        o.id, o.data_checksum, o.training_version
    FROM json_each(?1) AS plan
    LEFT JOIN run AS r ON r.id = plan.value ->> 0
    LEFT JOIN trial AS t ON r.key IS NULL AND t.id = plan.value ->> 1
    LEFT JOIN run AS o ON o.trial = t.key AND o.seed = plan.value ->> 2 AND o.current = 1
        AND o.state = 'finished' AND o.training_version <> 'imported'
    ORDER BY plan.key";

fn look_up(
    snapshot: &Connection,
    me: &Process,
    plans: &[RunPlan],
    standings: &mut Vec<Standing>,
) -> Result<(), Trouble> {
    let keys = plans
        .iter()
        .map(|plan| Ok(json!([plan.id.0, plan.trial.id.0, seed_of(plan)?])))
        .collect::<Result<Vec<_>, RecordsError>>()?;
    let mut statement = snapshot.prepare_cached(LOOK_UP)?;
    let mut rows = statement.query([serde_json::Value::from(keys).to_string()])?;
    for plan in plans {
        let row = rows.next()?.ok_or_else(|| Trouble::Damaged("rows are missing".to_owned()))?;
        standings.push(standing_in(snapshot, me, plan, row)?);
    }
    Ok(())
}

fn standing_in(
    snapshot: &Connection,
    me: &Process,
    plan: &RunPlan,
    row: &Row<'_>,
) -> Result<Standing, Trouble> {
    let Some(state) = row.get::<_, Option<String>>(0)? else {
        return changed(plan, row);
    };
    Ok(match state_in(&state)? {
        RunState::Finished => Standing::Finished,
        RunState::Interrupted => Standing::Interrupted,
        RunState::Failed => {
            let (kind, message) = failure_in(row.get(2)?, row.get(3)?)?;
            Standing::Failed { kind, message }
        }
        RunState::Running => {
            let (process, owner) = owner_of(snapshot, me, row.get(1)?)?;
            Standing::Running { pid: process.pid, host: process.host, owner }
        }
    })
}

fn changed(plan: &RunPlan, row: &Row<'_>) -> Result<Standing, Trouble> {
    let Some(run) = row.get::<_, Option<String>>(4)?.map(RunId) else {
        return Ok(Standing::Missing);
    };
    let (data, training): (String, String) = (row.get(5)?, row.get(6)?);
    Ok(if data != plan.data_checksum {
        Standing::DataChanged { run, from: data, to: plan.data_checksum.clone() }
    } else {
        Standing::TrainingChanged { run, from: training, to: plan.training_version.clone() }
    })
}

/// The failure that a row's two columns mean.
pub(crate) fn failure_in(
    kind: Option<String>,
    message: Option<String>,
) -> Result<(FailureKind, String), Trouble> {
    let word = kind.unwrap_or_default();
    let kind = FailureKind::from_word(&word)
        .ok_or_else(|| Trouble::Damaged(format!("a run failed by the unknown kind {word:?}")))?;
    Ok((kind, message.unwrap_or_default()))
}
