//! Experiments in the store: the text that was swept last, and which runs it plans.

use std::collections::HashSet;

use ablate_sweep::{RunId, RunPlan};
use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use crate::claim::make_current;
use crate::error::{RecordsError, Trouble};
use crate::import::IMPORTED;
use crate::stamp;
use crate::store::Store;
use crate::trial;

impl Store {
    /// Stores an experiment that is about to be swept. Its runs replace those that an earlier text
    /// of the same name planned (the runs themselves stay), and those of them that are already
    /// finished become current, whatever was trained for their trial and seed in between.
    ///
    /// # Errors
    /// [`RecordsError::PlannedTwice`], or if the store cannot be written.
    pub fn save_experiment(
        &mut self,
        experiment: &ExperimentRecord,
        runs: &[RunPlan],
    ) -> Result<(), RecordsError> {
        let mut seen = HashSet::new();
        if let Some(twice) = runs.iter().find(|plan| !seen.insert(&plan.id)) {
            let (experiment, run) = (experiment.name.clone(), twice.id.clone());
            return Err(RecordsError::PlannedTwice { experiment, run });
        }
        self.write("store an experiment", |transaction| {
            let key = upsert(transaction, experiment)?;
            replace_members(transaction, key, runs)?;
            refresh_trials(transaction, runs)?;
            make_finished_members_current(transaction, key)
        })
    }

    /// The experiment as it was swept last, or `None` if it never was.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn experiment(&self, name: &str) -> Result<Option<ExperimentRecord>, RecordsError> {
        self.read("read an experiment", |snapshot| {
            let found: Option<(String, String, String)> = snapshot
                .prepare_cached("SELECT question, text, overrides FROM experiment WHERE name = ?1")?
                .query_row([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((question, text, overrides)) = found else { return Ok(None) };
            let overrides = serde_json::from_str::<Vec<String>>(&overrides).map_err(|_| {
                Trouble::Damaged(format!("experiment {name:?} has unreadable overrides"))
            })?;
            Ok(Some(ExperimentRecord { name: name.to_owned(), question, text, overrides }))
        })
    }

    /// Every experiment, the one swept last first.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn experiments(&self) -> Result<Vec<ExperimentSummary>, RecordsError> {
        self.read("read the experiments", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT e.name, e.question, e.first_swept, e.last_swept, count(m.run),
                     count(*) FILTER (WHERE r.state = 'finished'),
                     count(*) FILTER (WHERE r.state = 'failed'),
                     count(*) FILTER (WHERE r.state = 'interrupted'),
                     count(*) FILTER (WHERE r.state = 'running')
                 FROM experiment AS e
                 LEFT JOIN experiment_run AS m ON m.experiment = e.key
                 LEFT JOIN run AS r ON r.id = m.run
                 GROUP BY e.key ORDER BY e.swept DESC, e.key DESC",
            )?;
            let summaries = statement.query_map([], |row| {
                Ok(ExperimentSummary {
                    name: row.get(0)?,
                    question: row.get(1)?,
                    first_swept: row.get(2)?,
                    last_swept: row.get(3)?,
                    planned: row.get(4)?,
                    finished: row.get(5)?,
                    failed: row.get(6)?,
                    interrupted: row.get(7)?,
                    running: row.get(8)?,
                })
            })?;
            Ok(summaries.collect::<Result<_, _>>()?)
        })
    }

    /// The runs that an experiment plans, in the order of its plan, begun or not; empty for an
    /// experiment that was never swept.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn members(&self, experiment: &str) -> Result<Vec<RunId>, RecordsError> {
        self.read("read the plan of an experiment", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT run FROM members WHERE experiment = ?1 ORDER BY position",
            )?;
            let runs = statement.query_map([experiment], |row| row.get(0).map(RunId))?;
            Ok(runs.collect::<Result<_, _>>()?)
        })
    }
}

/// An experiment as it was swept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentRecord {
    /// Its one name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// The text of its file.
    pub text: String,
    /// What the command line set otherwise, in order, each as `key=value`.
    pub overrides: Vec<String>,
}

impl ExperimentRecord {
    /// The first sixteen hexadecimal digits of a SHA-256 over text and overrides.
    pub fn hash(&self) -> String {
        let identity = format!("{}\n{}", overrides_json(&self.overrides), self.text);
        Sha256::digest(identity).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// An experiment and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExperimentSummary {
    /// Its one name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// When it was swept first: UTC, ISO 8601 with milliseconds.
    pub first_swept: String,
    /// When it was swept last, likewise.
    pub last_swept: String,
    /// How many runs it plans.
    pub planned: u32,
    /// How many of them are finished.
    pub finished: u32,
    /// How many have failed.
    pub failed: u32,
    /// How many were interrupted.
    pub interrupted: u32,
    /// How many say that they are running.
    pub running: u32,
}

fn overrides_json(overrides: &[String]) -> String {
    serde_json::Value::from(overrides).to_string()
}

fn upsert(transaction: &Transaction<'_>, experiment: &ExperimentRecord) -> Result<i64, Trouble> {
    let overrides = overrides_json(&experiment.overrides);
    let ExperimentRecord { name, question, text, .. } = experiment;
    Ok(transaction.query_row(
        "INSERT INTO experiment (name, question, text, overrides, hash, swept, first_swept,
             last_swept)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'),
             strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
         ON CONFLICT (name) DO UPDATE SET question = excluded.question, text = excluded.text,
             overrides = excluded.overrides, hash = excluded.hash, swept = excluded.swept,
             last_swept = excluded.last_swept
         RETURNING key",
        params![name, question, text, overrides, experiment.hash(), stamp::next(transaction)?],
        |row| row.get(0),
    )?)
}

fn replace_members(
    transaction: &Transaction<'_>,
    experiment: i64,
    runs: &[RunPlan],
) -> Result<(), Trouble> {
    // What was imported for the experiment stays with it, behind its plan.
    let imported = transaction
        .prepare_cached(
            "SELECT m.run FROM experiment_run AS m JOIN run AS r ON r.id = m.run
             WHERE m.experiment = ?1 AND r.training_version = ?2 ORDER BY m.position",
        )?
        .query_map(params![experiment, IMPORTED], |row| row.get(0))?
        .collect::<Result<Vec<String>, _>>()?;
    transaction.execute("DELETE FROM experiment_run WHERE experiment = ?1", [experiment])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO experiment_run (experiment, position, run) VALUES (?1, ?2, ?3)",
    )?;
    let planned = runs.iter().map(|plan| &plan.id.0);
    for (position, run) in (0_i64..).zip(planned.chain(&imported)) {
        insert.execute(params![experiment, position, run])?;
    }
    Ok(())
}

fn refresh_trials(transaction: &Transaction<'_>, runs: &[RunPlan]) -> Result<(), Trouble> {
    let mut seen = HashSet::new();
    for plan in runs {
        if seen.insert(&plan.trial.id) {
            trial::refresh(transaction, &plan.trial)?;
        }
    }
    Ok(())
}

/// Who goes back to earlier data or training code finds the runs finished: they count again.
fn make_finished_members_current(
    transaction: &Transaction<'_>,
    experiment: i64,
) -> Result<(), Trouble> {
    let superseded = transaction
        .prepare_cached(
            "SELECT r.key FROM experiment_run AS m JOIN run AS r ON r.id = m.run
             WHERE m.experiment = ?1 AND r.state = 'finished' AND r.current = 0
                 AND r.training_version <> ?2",
        )?
        .query_map(params![experiment, IMPORTED], |row| row.get(0))?
        .collect::<Result<Vec<i64>, _>>()?;
    for run in superseded {
        make_current(transaction, run)?;
    }
    Ok(())
}
