//! When failures of runs stop the others: the rule of [`OnFailure`], applied to one ending after
//! another.

use crate::settings::OnFailure;
use crate::summary::{FailedRun, StoppedEarly};

/// Applies the rule; told of every ending of a training.
#[derive(Debug)]
pub(crate) struct Patience {
    rule: OnFailure,
    so_far: SoFar,
}

/// What the trainings that ended so far have in common.
#[derive(Debug)]
enum SoFar {
    NoneEnded,
    AllAlike { count: u32, way: String, first: FailedRun },
    Mixed,
}

impl Patience {
    pub(crate) fn new(rule: OnFailure) -> Patience {
        Patience { rule, so_far: SoFar::NoneEnded }
    }

    /// A training ended otherwise than by a failure.
    pub(crate) fn saw_no_failure(&mut self) {
        self.so_far = SoFar::Mixed;
    }

    /// A training failed; the reason to stop, if it is one.
    pub(crate) fn saw_failure(&mut self, failed: &FailedRun) -> Option<StoppedEarly> {
        self.so_far = match std::mem::replace(&mut self.so_far, SoFar::Mixed) {
            SoFar::NoneEnded => {
                SoFar::AllAlike { count: 1, way: way(failed), first: failed.clone() }
            }
            SoFar::AllAlike { count, way: before, first } if before == way(failed) => {
                SoFar::AllAlike { count: count.saturating_add(1), way: before, first }
            }
            SoFar::AllAlike { .. } | SoFar::Mixed => SoFar::Mixed,
        };
        if let OnFailure::StopIfFirst(limit) = self.rule
            && let SoFar::AllAlike { count, first, .. } = &self.so_far
            && *count >= limit.get()
        {
            return Some(StoppedEarly::SameFailure { count: *count, first: first.clone() });
        }
        self.saw_refusal(failed)
    }

    /// A run failed without being trained; the reason to stop, if it is one. It says nothing of
    /// the runs that can be trained, so it is not counted among the first.
    pub(crate) fn saw_refusal(&self, failed: &FailedRun) -> Option<StoppedEarly> {
        match self.rule {
            OnFailure::StopAtOnce => Some(StoppedEarly::Failure(failed.clone())),
            OnFailure::GoOn | OnFailure::StopIfFirst(_) => None,
        }
    }
}

/// Kind and message, every number in it replaced: epochs, steps, sizes and addresses differ
/// between runs that fail for one reason.
fn way(failed: &FailedRun) -> String {
    let mut way = format!("{}: ", failed.kind.word());
    for character in failed.message.chars() {
        if !character.is_ascii_digit() {
            way.push(character);
        } else if !way.ends_with('#') {
            way.push('#');
        }
    }
    way
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use ablate_sweep::{FailureKind, RunId};

    use super::*;

    fn failed(run: &str, kind: FailureKind, message: &str) -> FailedRun {
        FailedRun { run: RunId(run.to_owned()), kind, message: message.to_owned() }
    }

    fn first(limit: u32) -> Patience {
        Patience::new(OnFailure::StopIfFirst(NonZeroU32::new(limit).unwrap()))
    }

    #[test]
    fn the_first_runs_failing_alike_but_for_numbers_are_a_reason_to_stop() {
        let mut patience = first(3);
        let one = failed("a", FailureKind::Diverged, "loss is NaN in epoch 9, step 12");
        let two = failed("b", FailureKind::Diverged, "loss is NaN in epoch 10, step 3");
        assert_eq!(patience.saw_failure(&one), None);
        assert_eq!(patience.saw_failure(&two), None);
        let reason = patience.saw_failure(&two).unwrap();
        assert_eq!(reason, StoppedEarly::SameFailure { count: 3, first: one });
        assert_eq!(
            reason.to_string(),
            "the first 3 runs all failed in the same way; \
             run a failed: diverged: loss is NaN in epoch 9, step 12"
        );
    }

    #[test]
    fn one_run_that_did_not_fail_disarms_the_rule_for_good() {
        let mut patience = first(2);
        let failure = failed("a", FailureKind::Error, "no such file");
        assert_eq!(patience.saw_failure(&failure), None);
        patience.saw_no_failure();
        for _ in 0..5 {
            assert_eq!(patience.saw_failure(&failure), None);
        }
    }

    #[test]
    fn another_kind_or_another_message_is_another_way_to_fail() {
        for other in [
            failed("b", FailureKind::Panicked, "no such file"),
            failed("b", FailureKind::Error, "no such folder"),
        ] {
            let mut patience = first(2);
            assert_eq!(
                patience.saw_failure(&failed("a", FailureKind::Error, "no such file")),
                None
            );
            assert_eq!(patience.saw_failure(&other), None);
            assert_eq!(patience.saw_failure(&other), None, "they are not the first");
        }
    }

    #[test]
    fn a_run_that_was_not_trained_is_not_counted_among_the_first() {
        let mut patience = first(2);
        let failure = failed("a", FailureKind::OutOfMemory, "it needs 9 GiB");
        assert_eq!(patience.saw_refusal(&failure), None);
        assert_eq!(patience.saw_refusal(&failure), None);
        assert_eq!(patience.saw_failure(&failure), None);
        assert!(patience.saw_failure(&failure).is_some());
    }

    #[test]
    fn stop_at_once_stops_at_the_first_failure_even_after_a_success() {
        let mut patience = Patience::new(OnFailure::StopAtOnce);
        patience.saw_no_failure();
        let failure = failed("a", FailureKind::Error, "no such file");
        assert_eq!(patience.saw_failure(&failure), Some(StoppedEarly::Failure(failure)));
    }
}
