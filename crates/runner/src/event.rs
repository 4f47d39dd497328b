//! What the caller is told while a sweep runs, to show it; nothing depends on anybody listening.

use ablate_sweep::run::{Cost, Progress};
use ablate_sweep::{Failure, Outcome, RunId};

use crate::budget::Jobs;

/// One thing that happened. Events of endings are told after the store has them, so a run that
/// was announced as finished survives whatever comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The first event of every sweep: how many runs train at once, and what each is expected to
    /// need, in the order in which they will be started.
    Planned {
        /// How many train at once, and why not as many as were asked for.
        jobs: Jobs,
        /// Every run once, except those too large for the memory.
        costs: Vec<(RunId, Cost)>,
    },
    /// A run was claimed and handed to a worker.
    Started {
        /// Which run.
        run: RunId,
        /// Which worker trains it, from 0 to one less than the number of jobs.
        worker: usize,
        /// Which attempt at this run it is, from 1.
        attempt: u32,
    },
    /// A run has come to the end of an epoch.
    Progress {
        /// Which run.
        run: RunId,
        /// Where it stands.
        progress: Progress,
    },
    /// A run is done and its scores are stored.
    Finished {
        /// Which run.
        run: RunId,
        /// What it leaves behind.
        outcome: Outcome,
        /// Seconds of training, by a monotonic clock.
        seconds: f64,
    },
    /// A run cannot be finished as it is. It may not have been started: one that needs more
    /// memory than there is never is.
    Failed {
        /// Which run.
        run: RunId,
        /// Why.
        failure: Failure,
        /// Seconds of training, by a monotonic clock; 0 if it was not started.
        seconds: f64,
    },
    /// A run ended because it was asked to; the next sweep trains it.
    Interrupted {
        /// Which run.
        run: RunId,
    },
    /// A run is being trained by another process, so it was left alone; or it was taken over by
    /// another while it was trained here, which happens only if somebody meddled with the store.
    Elsewhere {
        /// Which run.
        run: RunId,
    },
    /// A run has been finished, by this or another process, since the plan was made.
    AlreadyFinished {
        /// Which run.
        run: RunId,
    },
}
