//! Runs that came to their end elsewhere, outside any store, and are taken into this one: what the
//! tasks of a cluster leave behind.
//!
//! Which of several ends of one run stands is said by the ends alone, so neither the order in which they
//! are taken nor how often can show: a finished one wins over a failed one; among the finished ones the
//! first to finish, among the failed ones the last. Two finished ones with different bits are told.

use std::collections::{BTreeSet, HashMap};

use ablate_sweep::{Failure, Outcome, RunId, RunPlan, TrialId};

use crate::artifacts::ArtifactFolder;
use crate::error::RecordsError;
use crate::measured;
use crate::session::Session;
use crate::store::Store;

use super::files::Files;
use super::taking::{Taking, session_here, wanted};
use super::{Conflict, experiments};

/// A run that has ended elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Returned {
    /// What was to be done.
    pub plan: RunPlan,
    /// The trial that it is compared with.
    pub baseline: Option<TrialId>,
    /// What came of it.
    pub ended: Result<Outcome, Failure>,
    /// Seconds of training.
    pub seconds: f64,
    /// When it began: UTC, ISO 8601 with milliseconds.
    pub started_at: String,
    /// When it ended, likewise.
    pub ended_at: String,
    /// Which place these two had in the order of all that happened (see `SCHEMA.md`, stamps); what the
    /// times say where that is not known.
    pub stamps: Option<(i64, i64)>,
}

/// The process in which runs came to their end.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// A name that no other process has ever had.
    pub id: String,
    /// What it said of itself.
    pub session: Session,
    /// Its machine.
    pub host: Option<String>,
    /// Its number there.
    pub pid: u32,
    /// When it began: UTC, ISO 8601 with milliseconds.
    pub started_at: String,
}

/// What came of taking runs in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenIn {
    /// Runs that this store had not.
    pub added: u64,
    /// Runs whose end here was worse, or was not the one that stands.
    pub replaced: u64,
    /// Runs that are here already.
    pub known: u64,
    /// Runs that a process is training with this store: they are left alone.
    pub running: u64,
    /// Files copied.
    pub files: u64,
    /// Files that runs name, and that are not there as they say.
    pub missing_files: BTreeSet<String>,
    /// Runs that have finished more than once, with different bits: training them is not deterministic.
    pub differing: Vec<Conflict>,
}

impl TakenIn {
    /// Both together.
    #[must_use]
    pub fn with(mut self, other: TakenIn) -> TakenIn {
        self.added += other.added;
        self.replaced += other.replaced;
        self.known += other.known;
        self.running += other.running;
        self.files += other.files;
        self.missing_files.extend(other.missing_files);
        self.differing.extend(other.differing);
        self
    }
}

impl Store {
    /// Takes `runs`, which ended in the process `origin`, with their files from `folder`: all in one
    /// transaction. [`Store::settle_current`] belongs behind the last.
    ///
    /// # Errors
    /// If a run cannot be stored as it is (a score that is no number, a metric or parameter that no catalog
    /// declared), or the store or its folder cannot be written. Nothing is taken then.
    pub fn take_in(
        &mut self,
        origin: &Origin,
        runs: &[Returned],
        folder: &ArtifactFolder,
    ) -> Result<TakenIn, RecordsError> {
        for run in runs {
            if let Ok(outcome) = &run.ended {
                measured::refuse_what_is_not_finite(&run.plan.id, &outcome.scores)?;
            }
        }
        let mut files = Files::between(folder, &self.artifact_folder());
        files.bring(self.read("look for runs", |here| wanted(here, origin, runs))?)?;
        let mut taken = self.write("take in runs", |here| {
            let session = session_here(here, origin)?;
            let mut taken = TakenIn::default();
            for run in runs {
                Taking { here, origin, session, files: &files, run }.take(&mut taken)?;
            }
            Ok(taken)
        })?;
        let (copied, missing) = files.done();
        taken.files = copied;
        taken.missing_files = missing.into_iter().collect();
        Ok(taken)
    }

    /// The runs that stand in the store as the process `origin` ended them; none before what it said of
    /// itself is in the store.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn ended_by(&self, origin: &str) -> Result<HashMap<RunId, Ended>, RecordsError> {
        self.read("read what a process ended", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT r.id, r.ended,
                     (SELECT count(*) FROM artifact AS a WHERE a.run = r.key)
                 FROM run AS r JOIN session AS s ON s.key = r.session
                 WHERE s.id = ?1 AND s.started_at <> '' AND r.state IN ('finished', 'failed')",
            )?;
            let rows = statement.query_map([origin], |row| {
                let ended = Ended { stamp: row.get(1)?, files: row.get::<_, u32>(2)? as usize };
                Ok((RunId(row.get(0)?), ended))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Of the runs of each trial and seed makes that one current which finished last, as merging does.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn settle_current(&mut self) -> Result<(), RecordsError> {
        self.write("settle which runs are current", |here| experiments::settle_current(here))
    }
}

/// An end that stands in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which place its end has in the order of all that happened.
    pub stamp: i64,
    /// How many files it has here.
    pub files: usize,
}
