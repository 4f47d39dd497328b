//! What ends a sweep as a whole. A failure of one run is none of these: it is a row in the store.

use std::io;

use ablate_records::RecordsError;
use ablate_sweep::RunId;

/// Why a sweep could not go on.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// The system gave no thread for a worker; fewer jobs need fewer threads.
    #[error("cannot start the threads of worker {worker}; fewer jobs need fewer threads")]
    Threads {
        /// Which worker, from 0.
        worker: usize,
        /// What the system said.
        source: io::Error,
    },
    /// The store did not take or give what a run needs. Runs that were training were asked to
    /// stop; the next sweep finds and trains them.
    #[error("cannot {doing} run {run} in the store")]
    Store {
        /// What was tried: `claim`, `finish`, `fail` or `interrupt`.
        doing: &'static str,
        /// Which run.
        run: RunId,
        /// What the store said.
        source: Box<RecordsError>,
    },
}
