//! What the runner is given: runs to do, and somebody who can do one.

use std::ops::ControlFlow;

use ablate_sweep::run::{Cost, Ending, Outcome, Progress};
use ablate_sweep::{RunPlan, TrialId};

/// Trains and scores runs. One trainer serves all workers at once, so it is shared between
/// threads; a training must depend on its plan alone, never on what runs beside or ran before it.
pub trait Trainer: Sync {
    /// Trains and scores one run, on the calling thread and the rayon pool around it, which has
    /// one thread. `watch` is told after every epoch, and may answer [`ControlFlow::Break`]: then
    /// the training ends with [`Ending::Interrupted`] as soon as it can. A panic is caught and
    /// becomes a failure of this run alone.
    ///
    /// # Errors
    /// [`Ending::Failed`] where the run cannot be finished as it is, [`Ending::Interrupted`] where
    /// it was asked to stop.
    fn train(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending>;

    /// What the run is expected to need. The order of runs and the number that train at once
    /// follow from it, so it is computed from the plan alone, at once, and errs on the high side
    /// in its bytes.
    fn cost(&self, plan: &RunPlan) -> Cost;

    /// The names of what the run makes unless it finds it, and other runs may make too. Runs that would
    /// make the same at once are kept apart where that leaves no worker idle; what comes of a run
    /// is the same either way.
    fn shared_files(&self, _plan: &RunPlan) -> Vec<String> {
        Vec::new()
    }
}

/// One run to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// What to train.
    pub plan: RunPlan,
    /// The trial that this one is compared with, which the store keeps beside it.
    pub baseline: Option<TrialId>,
}
