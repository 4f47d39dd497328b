//! What a sweep has come to.

use std::fmt;

use ablate_sweep::{FailureKind, RunId};

use crate::budget::Jobs;

/// What a sweep has come to. Every run of the plan is counted in exactly one of the lists.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Runs that this sweep finished, in the order in which they ended.
    pub finished: Vec<RunId>,
    /// Runs that failed, in the order in which they ended.
    pub failed: Vec<FailedRun>,
    /// Runs that were asked to stop, and did.
    pub interrupted: Vec<RunId>,
    /// Runs that another process is training.
    pub elsewhere: Vec<RunId>,
    /// Runs that the store had as finished when their turn came.
    pub already_finished: Vec<RunId>,
    /// Runs whose turn did not come, in the order in which they would have been started.
    pub not_started: Vec<RunId>,
    /// Why the sweep ended before every run had its turn and its time, if it did.
    pub stopped_early: Option<StoppedEarly>,
    /// Seconds from start to end, by a monotonic clock.
    pub seconds: f64,
    /// How many runs trained at once, and why not as many as were asked for.
    pub jobs: Jobs,
}

/// A run that failed, without its curves, which the store has.
#[derive(Clone, Debug, PartialEq)]
pub struct FailedRun {
    /// Which run.
    pub run: RunId,
    /// What sort of failure.
    pub kind: FailureKind,
    /// What happened and where.
    pub message: String,
}

/// Why a sweep ended before every run had its turn and its time.
#[derive(Clone, Debug, PartialEq)]
pub enum StoppedEarly {
    /// Somebody asked through [`Stop`](crate::Stop).
    Requested,
    /// The time that the sweep was given is up.
    TimeLimit,
    /// A run failed, and [`OnFailure::StopAtOnce`](crate::OnFailure::StopAtOnce) was set.
    Failure(FailedRun),
    /// The first runs that ended all failed in the same way.
    SameFailure {
        /// How many.
        count: u32,
        /// The first of them.
        first: FailedRun,
    },
}

impl Summary {
    pub(crate) fn new(jobs: Jobs) -> Summary {
        Summary {
            finished: Vec::new(),
            failed: Vec::new(),
            interrupted: Vec::new(),
            elsewhere: Vec::new(),
            already_finished: Vec::new(),
            not_started: Vec::new(),
            stopped_early: None,
            seconds: 0.0,
            jobs,
        }
    }
}

/// As a phrase: `run 0f3a failed: panicked: index out of bounds`.
impl fmt::Display for FailedRun {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "run {} failed: {}: {}", self.run, self.kind.word(), self.message)
    }
}

/// As a phrase, such as `a stop was requested`.
impl fmt::Display for StoppedEarly {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoppedEarly::Requested => write!(out, "a stop was requested"),
            StoppedEarly::TimeLimit => write!(out, "the time that it was given is up"),
            StoppedEarly::Failure(failed) => write!(out, "{failed}"),
            StoppedEarly::SameFailure { count, first } => {
                write!(out, "the first {count} runs all failed in the same way; {first}")
            }
        }
    }
}
