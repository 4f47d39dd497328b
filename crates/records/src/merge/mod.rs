//! Merging: the experiments, trials, runs and files of another store come into this one.
//!
//! A run is known by its id, which hashes what was to be done, and its content hash says what came of
//! it, so merging twice changes nothing and the order of merging does not matter:
//!
//! - a finished run wins over a failed one, a failed one over an interrupted one; among two that
//!   ended alike without finishing, the later attempt wins;
//! - a run that is being trained, there or here, is left alone;
//! - of one run that finished with the same bits in both, scores and files that one store lacks come
//!   from the other, and where it was trained is what the first to finish says;
//! - of one run that finished with other bits, nothing is taken: it is a [`Conflict`];
//! - the tags of a run there are given to it here, and its note where it has none;
//! - of two experiments of one name, the one swept last stands;
//! - of the runs of one trial and seed, that one is current which finished last, or which the
//!   experiment swept last plans.
//!
//! The log of a run goes with the end that stands. Files are copied first and rows are written in
//! transactions of some hundred runs, so whenever the process is killed, every run is here as a whole
//! or not at all, and merging again completes it.

mod decision;
mod experiments;
mod files;
mod returned;
mod row;
mod runs;
mod taking;

use std::collections::{BTreeSet, HashMap};

use ablate_sweep::RunId;
use rusqlite::Connection;

use crate::check::Health;
use crate::declaration::Declared;
use crate::error::{RecordsError, Trouble};
use crate::store::Store;

pub use self::returned::{Ended, Origin, Returned, TakenIn};

use self::decision::Decision;
use self::files::{Files, Wants};
use self::runs::Keys;

/// How many runs go into one transaction.
const BATCH: usize = 500;

/// What came of a merge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Merged {
    /// Runs that this store had not.
    pub added: u64,
    /// Runs that this store had, ended worse or earlier than there.
    pub replaced: u64,
    /// Finished runs that got scores or files which they lacked here.
    pub completed: u64,
    /// Runs that are here as they are there, or better.
    pub known: u64,
    /// Runs that are being trained, here or there.
    pub running: u64,
    /// Experiments that are new here, or were swept later there.
    pub experiments: u64,
    /// Files copied.
    pub files: u64,
    /// Files that rows there name, and that are not there as the rows say.
    pub missing_files: Vec<String>,
    /// Runs that finished with other bits there than here: nothing of them was taken.
    pub conflicts: Vec<Conflict>,
    /// Runs that are not there as they were written: nothing of them was taken.
    pub damaged: Vec<RunId>,
}

/// A run that finished in two stores with different bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The run.
    pub run: RunId,
    /// What differs: values here and there.
    pub differences: Vec<String>,
}

impl Store {
    /// Takes what `other` has and this store has not. `other` is only read.
    ///
    /// # Errors
    /// If either store cannot be read, or this one or its folder of files cannot be written. What
    /// was merged until then stays; merging again completes it.
    pub fn merge(&mut self, other: &Store) -> Result<Merged, RecordsError> {
        self.take_from(other, &Source::Whole)
    }

    /// Takes from a damaged store what a check found whole, as [`Store::merge`] does: runs of which
    /// every row is what was written, and such experiments. Where a run was trained may be hurt.
    ///
    /// # Errors
    /// If nothing of `other` can be read, or this store cannot be written.
    pub fn salvage(&mut self, other: &Store, health: &Health) -> Result<Merged, RecordsError> {
        let runs = health.hurt_runs().into_iter().cloned().collect();
        let rows = health.hurts.iter().filter_map(|hurt| hurt.row.clone()).collect();
        self.take_from(other, &Source::Damaged { runs, rows })
    }

    fn take_from(&mut self, other: &Store, source: &Source) -> Result<Merged, RecordsError> {
        self.recover()?;
        self.declare_all(&other.read("read what was declared", Declared::in_store)?)?;
        let mut merged = Merged::default();
        let mut files = Files::between(&other.artifact_folder(), &self.artifact_folder());
        let ids = other.read("read the runs", |there| source.ids(there))?;
        for batch in ids.chunks(BATCH) {
            other.read("read the runs to merge", |there| {
                let wants =
                    self.read("look for them here", |here| wanted(here, there, batch, source));
                wants.and_then(|wants| files.bring(wants)).map_err(Trouble::from)?;
                let written = self.write("merge runs", |here| {
                    let mut keys = Keys::default();
                    let mut found = merged.clone();
                    for run in batch {
                        let mut take = || take(here, there, run, &mut keys, &files, &mut found);
                        source.tolerate(here, run, &mut take)?.unwrap_or_else(|| {
                            found.damaged.push(run.clone());
                        });
                    }
                    Ok(found)
                });
                merged = written.map_err(Trouble::from)?;
                Ok(())
            })?;
        }
        let experiments = other.read("read the experiments", |there| {
            let written = self.write("merge experiments", |here| {
                let count = experiments::merge(here, there, source)?;
                experiments::settle_current(here)?;
                Ok(count)
            });
            Ok(written?)
        })?;
        merged.experiments = experiments;
        (merged.files, merged.missing_files) = files.done();
        Ok(merged)
    }
}

/// The store that is read.
enum Source {
    /// What cannot be read of it is an error.
    Whole,
    /// What cannot be read of it is left out, like the runs that a check found hurt.
    Damaged { runs: BTreeSet<RunId>, rows: BTreeSet<(String, i64)> },
}

impl Source {
    /// The names of its runs, in the order in which they were begun.
    fn ids(&self, there: &Connection) -> Result<Vec<RunId>, Trouble> {
        let read = |order: &str, ids: &mut Vec<RunId>| -> Result<(), Trouble> {
            let mut statement =
                there.prepare(&format!("SELECT id FROM run ORDER BY key {order}"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                ids.push(RunId(row.get(0)?));
            }
            Ok(())
        };
        let mut ids = Vec::new();
        match (self, read("ASC", &mut ids)) {
            (_, Ok(())) => Ok(ids),
            (Source::Whole, Err(trouble)) => Err(trouble),
            // Damage in the middle: what lies behind it is found from the end.
            (Source::Damaged { .. }, Err(_)) => {
                let mut behind = Vec::new();
                read("DESC", &mut behind).ok();
                let known: BTreeSet<RunId> = ids.iter().cloned().collect();
                ids.extend(behind.into_iter().rev().filter(|id| !known.contains(id)));
                Ok(ids)
            }
        }
    }

    /// Takes a step for `run`; `None` if the run is hurt, and then the step has left nothing behind.
    fn tolerate(
        &self,
        here: &Connection,
        run: &RunId,
        step: &mut dyn FnMut() -> Result<(), Trouble>,
    ) -> Result<Option<()>, Trouble> {
        let Source::Damaged { runs, .. } = self else { return step().map(Some) };
        if runs.contains(run) {
            return Ok(None);
        }
        here.execute_batch("SAVEPOINT one_run")?;
        let done = step().ok();
        if done.is_none() {
            here.execute_batch("ROLLBACK TO one_run")?;
        }
        here.execute_batch("RELEASE one_run")?;
        Ok(done)
    }
}

/// The files and logs of those runs of `batch` of which something will be taken.
fn wanted(
    here: &Connection,
    there: &Connection,
    batch: &[RunId],
    source: &Source,
) -> Result<Wants, Trouble> {
    let mut wants = Wants::default();
    for run in batch {
        let mut found = || -> Result<(), Trouble> {
            let decision = Decision::on(here, there, run)?;
            if let Decision::Add | Decision::Replace | Decision::Unite = decision {
                wants.files.extend(files::wanted(here, there, run)?);
            }
            if let Decision::Add | Decision::Replace = decision {
                wants.logs.push(run.clone());
            }
            Ok(())
        };
        match (source, found()) {
            (Source::Whole, Err(trouble)) => return Err(trouble),
            // It is found damaged again when its rows are to be taken.
            (Source::Damaged { .. }, Err(_)) | (_, Ok(())) => {}
        }
    }
    Ok(wants)
}

/// Takes what is to be taken of one run.
fn take(
    here: &Connection,
    there: &Connection,
    run: &RunId,
    keys: &mut Keys,
    files: &Files,
    merged: &mut Merged,
) -> Result<(), Trouble> {
    match Decision::on(here, there, run)? {
        Decision::Keep => merged.known += 1,
        Decision::Leave => merged.running += 1,
        Decision::Distrust => merged.damaged.push(run.clone()),
        Decision::Refuse(differences) => {
            merged.conflicts.push(Conflict { run: run.clone(), differences });
        }
        Decision::Add => {
            runs::add(here, there, run, keys, files)?;
            merged.added += 1;
        }
        Decision::Replace => {
            runs::replace(here, there, run, keys, files)?;
            merged.replaced += 1;
        }
        Decision::Unite => match runs::unite(here, there, run, keys, files)? {
            true => merged.completed += 1,
            false => merged.known += 1,
        },
    }
    Ok(())
}

/// What was read of one row and is not to be read again, by its number there.
type Known = HashMap<i64, i64>;
