//! Runs that were trained elsewhere. Their data and training version say `imported`, so they can never
//! be taken for runs that this program trained, nor be trained again to the same bits; their session
//! says from which file they came, and when.

use std::collections::BTreeMap;

use ablate_sweep::{RunId, RunPlan, TrialId};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::claim::{make_current_unless_one_finished, row_of, seed_of};
use crate::columns::{metric_names, quoted};
use crate::error::{RecordsError, Trouble};
use crate::measured;
use crate::session::{self, Session};
use crate::stamp;
use crate::store::Store;
use crate::trial;

/// What stands where a run that was trained here has its data checksum, training version and weights'
/// hash.
pub const IMPORTED: &str = "imported";

/// A run of another program.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRun {
    /// Its trial and seed, planned on data and code that both are [`IMPORTED`].
    pub plan: RunPlan,
    /// The trial that it is to be compared with, if there is one.
    pub baseline: Option<TrialId>,
    /// What was measured.
    pub scores: BTreeMap<String, f64>,
}

/// The file that runs came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedFile {
    /// Its name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub hash: String,
}

/// Whether runs that were imported before with other scores are to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earlier {
    /// They are: the import is refused.
    Keep,
    /// They get the scores of this import.
    Replace,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Runs that are new.
    pub added: u64,
    /// Runs that were imported before, with other scores.
    pub replaced: u64,
    /// Runs that were imported before with the same scores.
    pub known: u64,
}

impl Store {
    /// Stores runs of another program, all or none, as members of an experiment that was swept. A run
    /// that is there already stays as it is; importing a file twice changes nothing.
    ///
    /// # Errors
    /// [`RecordsError::UnknownExperiment`]; [`RecordsError::ImportedOtherwise`] if runs were imported
    /// before with other scores and are to be kept.
    pub fn import(
        &mut self,
        experiment: &str,
        file: &ImportedFile,
        session: &Session,
        runs: &[ForeignRun],
        earlier: Earlier,
    ) -> Result<Imported, RecordsError> {
        let process = self.process().clone();
        self.write("import runs", |transaction| {
            let experiment = experiment_key(transaction, experiment)?;
            let (mut new, mut changed, mut imported) =
                (Vec::new(), Vec::new(), Imported::default());
            for run in runs {
                match row_of(transaction, &run.plan.id)? {
                    None => new.push(run),
                    Some(row) if scores_of(transaction, row.key)? == run.scores => {
                        imported.known += 1;
                    }
                    Some(row) => changed.push((row.key, run)),
                }
                add_member(transaction, experiment, &run.plan.id)?;
            }
            if earlier == Earlier::Keep && !changed.is_empty() {
                let runs = changed.iter().map(|(_, run)| run.plan.id.clone()).collect();
                return Err(RecordsError::ImportedOtherwise { runs }.into());
            }
            if new.is_empty() && changed.is_empty() {
                return Ok(imported);
            }
            let session = session::insert(transaction, &process, session)?;
            transaction.execute(
                "UPDATE session SET imported_file = ?2, imported_hash = ?3 WHERE key = ?1",
                params![session, file.name, file.hash],
            )?;
            imported.added = new.len() as u64;
            imported.replaced = changed.len() as u64;
            new.into_iter().try_for_each(|run| add(transaction, session, run))?;
            changed
                .into_iter()
                .try_for_each(|(key, run)| replace(transaction, session, key, run))?;
            Ok(imported)
        })
    }

    /// The runs that were imported for an experiment, in the order of their import.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn imported(&self, experiment: &str) -> Result<Vec<RunId>, RecordsError> {
        self.read("read the imported runs of an experiment", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT m.run FROM members AS m JOIN run AS r ON r.id = m.run
                 WHERE m.experiment = ?1 AND r.training_version = ?2 ORDER BY m.position",
            )?;
            let runs = statement.query_map([experiment, IMPORTED], |row| row.get(0).map(RunId))?;
            Ok(runs.collect::<Result<_, _>>()?)
        })
    }
}

fn experiment_key(transaction: &Transaction<'_>, name: &str) -> Result<i64, Trouble> {
    let key = transaction
        .prepare_cached("SELECT key FROM experiment WHERE name = ?1")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    Ok(key.ok_or_else(|| RecordsError::UnknownExperiment { name: name.to_owned() })?)
}

/// Behind those that the experiment's own plan names.
fn add_member(transaction: &Transaction<'_>, experiment: i64, run: &RunId) -> Result<(), Trouble> {
    transaction
        .prepare_cached(
            "INSERT INTO experiment_run (experiment, position, run)
             SELECT ?1, coalesce(max(position) + 1, 0), ?2 FROM experiment_run
             WHERE experiment = ?1
             HAVING NOT EXISTS (SELECT 1 FROM experiment_run WHERE experiment = ?1 AND run = ?2)",
        )?
        .execute(params![experiment, run.0])?;
    Ok(())
}

fn scores_of(transaction: &Transaction<'_>, key: i64) -> Result<BTreeMap<String, f64>, Trouble> {
    let mut scores = BTreeMap::new();
    for name in metric_names(transaction)? {
        let select = format!("SELECT {} FROM score WHERE run = ?1", quoted(&name));
        let value = transaction.prepare_cached(&select)?.query_row([key], |row| row.get(0));
        if let Some(value) = value.optional()?.flatten() {
            scores.insert(name, value);
        }
    }
    Ok(scores)
}

fn add(transaction: &Transaction<'_>, session: i64, run: &ForeignRun) -> Result<(), Trouble> {
    let ForeignRun { plan, baseline, scores } = run;
    let trial = trial::save(transaction, &plan.trial, baseline.as_ref())?;
    let stamp = stamp::next(transaction)?;
    transaction
        .prepare_cached(
            "INSERT INTO run (id, trial, seed, data_checksum, training_version, state, current,
                 session, attempt, begun, ended, started_at, ended_at, weights_hash)
             VALUES (?1, ?2, ?3, ?4, ?5, 'finished', 0, ?6, 1, ?7, ?7,
                 strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), ?4)",
        )?
        .execute(params![
            plan.id.0,
            trial,
            seed_of(plan)?,
            plan.data_checksum,
            plan.training_version,
            session,
            stamp
        ])?;
    let key = transaction.last_insert_rowid();
    measured::insert(transaction, key, scores, &[])?;
    make_current_unless_one_finished(transaction, key)
}

fn replace(
    transaction: &Transaction<'_>,
    session: i64,
    key: i64,
    run: &ForeignRun,
) -> Result<(), Trouble> {
    transaction.prepare_cached("DELETE FROM score WHERE run = ?1")?.execute([key])?;
    measured::insert(transaction, key, &run.scores, &[])?;
    let stamp = stamp::next(transaction)?;
    transaction
        .prepare_cached(
            "UPDATE run SET session = ?2, attempt = attempt + 1, ended = ?3,
                 ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now')
             WHERE key = ?1",
        )?
        .execute([key, session, stamp])?;
    Ok(())
}
