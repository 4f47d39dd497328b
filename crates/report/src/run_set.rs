//! What a report is made from: the planned trials, in plan order, each with its planned seeds and
//! the runs that the store has of it. Seeds are replicates: nothing here ever counts one twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use ablate_sweep::{FailureKind, Run, RunId, RunState, Trial};

/// The trials of a plan and their runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RunSet {
    /// In plan order, each trial once.
    pub trials: Vec<TrialRuns>,
}

/// One trial and its runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TrialRuns {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The seeds planned, each once.
    pub seeds: Vec<u64>,
    /// The runs that the store has, in any state. Runs of seeds that are not planned are ignored;
    /// of several with one seed, the first that finished counts, or else the first.
    pub runs: Vec<Run>,
}

/// One run's value of one metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The run's seed.
    pub seed: u64,
    /// The run.
    pub run: RunId,
    /// The value, finite.
    pub value: f64,
}

impl TrialRuns {
    /// The run that stands for a planned `seed`; `None` where the store has none.
    pub fn run(&self, seed: u64) -> Option<&Run> {
        let mut runs = self.runs.iter().filter(|run| run.seed == seed);
        let first = runs.clone().next();
        runs.find(|run| run.state == RunState::Finished).or(first)
    }

    /// The runs that stand for the planned seeds, in the order of the seeds.
    pub fn planned_runs(&self) -> impl Iterator<Item = &Run> {
        self.seeds.iter().filter_map(|seed| self.run(*seed))
    }

    /// The values of `metric`, in the order of the planned seeds: those of finished runs that have
    /// it. A value that is not finite is no value, so that it can never be the best.
    pub fn scores(&self, metric: &str) -> Vec<Score> {
        let finished = self.planned_runs().filter(|run| run.state == RunState::Finished);
        finished
            .filter_map(|run| {
                let value = *run.scores.get(metric)?;
                value.is_finite().then(|| Score { seed: run.seed, run: run.id.clone(), value })
            })
            .collect()
    }

    /// How many runs failed, by kind.
    pub fn failures(&self) -> BTreeMap<FailureKind, usize> {
        let failed = self.planned_runs().filter(|run| run.state == RunState::Failed);
        failed.fold(BTreeMap::new(), |mut kinds, run| {
            let kind = run.failure.as_ref().map_or(FailureKind::Error, |(kind, _)| *kind);
            *kinds.entry(kind).or_default() += 1;
            kinds
        })
    }

    /// How many planned runs finished.
    pub fn finished(&self) -> usize {
        self.planned_runs().filter(|run| run.state == RunState::Finished).count()
    }
}
