//! The order in which runs are started: replicate by replicate, so that whatever has been done
//! when a sweep is stopped is complete for as many seeds as possible; within a replicate the most
//! expensive first, so that the sweep does not end with one long run on one worker. (That is the
//! LPT rule of Graham 1969, whose schedule is at most 4/3 of the shortest possible.)

use std::collections::BTreeSet;

use ablate_sweep::run::Cost;

use crate::trainer::{Task, Trainer};

/// A task and what it is expected to need.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) task: Task,
    pub(crate) cost: Cost,
}

/// `tasks` in the order in which they are to be started, each run once. Runs of one seed and one
/// cost keep the order of the plan.
pub(crate) fn arrange(tasks: Vec<Task>, trainer: &dyn Trainer) -> Vec<Queued> {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<Queued> = tasks
        .into_iter()
        .filter(|task| seen.insert(task.plan.id.clone()))
        .map(|task| Queued { cost: trainer.cost(&task.plan), task })
        .collect();
    queue.sort_by(|left, right| {
        let by_seed = left.task.plan.seed.cmp(&right.task.plan.seed);
        by_seed.then(right.cost.flop.total_cmp(&left.cost.flop))
    });
    queue
}
