//! The order in which runs are started: replicate by replicate, so that whatever has been done
//! when a sweep is stopped is complete for as many seeds as possible; within a replicate the most
//! expensive first, so that the sweep does not end with one long run on one worker. (That is the
//! LPT rule of Graham 1969, whose schedule is at most 4/3 of the shortest possible.)
//!
//! A run that would make what another is just making waits for it while there are others to start.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ablate_sweep::RunId;
use ablate_sweep::run::Cost;

use crate::trainer::{Task, Trainer};

/// A task, what it is expected to need, and what it shares with others.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) task: Task,
    pub(crate) cost: Cost,
    pub(crate) shares: Vec<String>,
}

/// `tasks` in the order in which they are to be started, each run once. Runs of one seed and one
/// cost keep the order of the plan.
pub(crate) fn arrange(tasks: Vec<Task>, trainer: &dyn Trainer) -> Vec<Queued> {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<Queued> = tasks
        .into_iter()
        .filter(|task| seen.insert(task.plan.id.clone()))
        .map(|task| Queued {
            cost: trainer.cost(&task.plan),
            shares: trainer.shared_files(&task.plan),
            task,
        })
        .collect();
    queue.sort_by(|left, right| {
        let by_seed = left.task.plan.seed.cmp(&right.task.plan.seed);
        by_seed.then(right.cost.flop.total_cmp(&left.cost.flop))
    });
    queue
}

/// The shared files that are being made, and those that have been.
#[derive(Debug, Default)]
pub(crate) struct Sharing {
    making: BTreeMap<RunId, Vec<String>>,
    made: BTreeSet<String>,
}

impl Sharing {
    /// Takes the next run out of `queue`: the first that needs nothing that is being made, or the very
    /// first if all do, since a worker that waits makes nothing at all.
    pub(crate) fn take_next(&self, queue: &mut VecDeque<Queued>) -> Option<Queued> {
        let making: BTreeSet<&String> =
            self.making.values().flatten().filter(|file| !self.made.contains(*file)).collect();
        let is_free = |queued: &Queued| !queued.shares.iter().any(|file| making.contains(file));
        queue.remove(queue.iter().position(is_free).unwrap_or(0))
    }

    /// `run` has been started, and will make what it `shares`.
    pub(crate) fn starts(&mut self, run: &RunId, shares: Vec<String>) {
        self.making.insert(run.clone(), shares);
    }

    /// `run` has ended, however: what it shares has been made as far as it can be.
    pub(crate) fn ends(&mut self, run: &RunId) {
        self.made.extend(self.making.remove(run).unwrap_or_default());
    }
}
