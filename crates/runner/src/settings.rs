//! How a sweep is run, and the handle that stops it.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How a sweep is run. Nothing here can change what a run's result is.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// How many runs may train at once, each on one thread; lowered where memory does not suffice.
    pub jobs: NonZeroUsize,
    /// Bytes of memory that all trainings together may use. `None` stands for nine tenths of what
    /// the system says is available, and for no limit where it does not say.
    pub memory: Option<u64>,
    /// What a failed run means for the others.
    pub on_failure: OnFailure,
    /// How much time is given.
    pub limits: Limits,
}

/// How much time is given, by a monotonic clock. A training hears that its time is up as it hears a
/// stop, so it keeps what it has come to, and may go on from there if it is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// To one attempt at a run: one that takes longer has failed as timed out.
    pub run: Option<Duration>,
    /// To the sweep: after this moment it ends as if it had been asked to stop.
    pub until: Option<Instant>,
}

impl Limits {
    /// Whether the sweep's time is up.
    pub fn sweep_is_over(&self) -> bool {
        self.until.is_some_and(|until| Instant::now() >= until)
    }
}

/// What a failed run means for the others. Runs that are training at that moment are always
/// completed: their work is not thrown away for another's failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// Nothing: they go on.
    GoOn,
    /// Nothing, unless the first so many runs of the sweep that end all fail in the same way: the
    /// same kind and the same message, numbers in it aside. Then the cause is not in the runs,
    /// and no other is started. Runs too large for the memory are not counted.
    StopIfFirst(NonZeroU32),
    /// No other is started.
    StopAtOnce,
}

/// Asks a sweep to stop: no run is started any more, and those that train end as interrupted after
/// their current epoch. Clones are handles to the same request, for a signal handler to keep.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Asks; to ask again changes nothing. It does nothing but store one atomic flag.
    pub fn request(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether anybody has asked.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_of_stop_is_the_same_request() {
        let stop = Stop::default();
        let handle = stop.clone();
        assert!(!stop.requested());
        handle.request();
        assert!(stop.requested());
        assert!(!Stop::default().requested(), "another sweep's is its own");
    }
}
