//! Runs that are broken off and go on, to the same bits.

use std::ops::ControlFlow;

use ablate_sweep::{Ending, Outcome, RunPlan, Value};

use super::sharing_tests::Memory;
use super::tests::{DIGITS, plan, text};
use super::train;
use crate::shelf::Shelf;
use crate::tensors::Tensors;

/// Trains until `watch` has been asked `patience` times.
fn some(plan: &RunPlan, shelf: &dyn Shelf, patience: usize) -> Result<Outcome, Ending> {
    let mut left = patience;
    train(plan, &DIGITS, Some(shelf), &[], &mut |_| match left {
        0 => ControlFlow::Break(()),
        _ => {
            left -= 1;
            ControlFlow::Continue(())
        }
    })
}

/// Never broken off, and how often `watch` was asked.
fn whole(plan: &RunPlan) -> (Outcome, usize) {
    let mut asked = 0;
    let outcome = train(plan, &DIGITS, None, &[], &mut |_| {
        asked += 1;
        ControlFlow::Continue(())
    });
    (outcome.unwrap(), asked)
}

fn without_artifacts(outcome: Outcome) -> Outcome {
    Outcome { artifacts: Vec::new(), ..outcome }
}

/// Every way to train: learners by hand and by graph, with and without averages, with state of their
/// own, and every stage.
fn ways() -> Vec<Vec<(&'static str, Value)>> {
    let words = |pairs: &[(&'static str, &str)]| -> Vec<(&'static str, Value)> {
        pairs.iter().map(|(name, word)| (*name, text(word))).collect()
    };
    let adam = ("optimizer", "adam");
    let mut ways = vec![
        words(&[("variant", "denoising"), adam]),
        words(&[("variant", "contractive")]),
        words(&[("variant", "contractive-h")]),
        words(&[("variant", "k-sparse"), adam]),
        words(&[("variant", "rbm"), ("chain", "persistent")]),
        words(&[("variant", "vae"), adam]),
        words(&[("variant", "adversarial")]),
        words(&[("pretraining", "supervised-greedy"), adam]),
        words(&[("pretraining", "joint"), ("fine_tuning", "reconstruction")]),
        words(&[("fine_tuning", "frozen"), adam]),
    ];
    ways[1].push(("momentum", Value::Float(0.5)));
    ways[1].push(("tied", Value::Bool(false)));
    ways[7].push(("dropout", Value::Float(0.2)));
    ways
}

#[test]
fn a_run_that_is_broken_off_again_and_again_ends_in_the_same_bits() {
    for changes in ways() {
        let plan = plan(&changes);
        let (expected, asked) = whole(&plan);
        let (shelf, patience) = (Memory::default(), asked / 4 - 1);
        let mut stops = 0;
        let found = loop {
            match some(&plan, &shelf, patience) {
                Ok(outcome) => break outcome,
                Err(Ending::Interrupted) => stops += 1,
                Err(ending) => panic!("{changes:?}: {ending:?}"),
            }
            assert!(stops < 20, "{changes:?} makes no progress");
        };
        assert!(stops >= 3, "{changes:?}: only {stops} stops");
        assert_eq!(without_artifacts(found), expected, "{changes:?}");
        let left: Vec<String> =
            shelf.files().into_iter().filter(|f| f.starts_with("che")).collect();
        assert!(left.is_empty(), "a finished run needs no checkpoint: {left:?}");
    }
}

#[test]
fn a_stop_between_any_two_steps_loses_none() {
    let plan = plan(&[("variant", text("denoising")), ("epochs", Value::Int(2))]);
    let (expected, asked) = whole(&plan);
    for patience in (0..asked).step_by(asked / 25) {
        let shelf = Memory::default();
        assert_eq!(some(&plan, &shelf, patience), Err(Ending::Interrupted));
        let mut again = 0;
        let found = train(&plan, &DIGITS, Some(&shelf), &[], &mut |_| {
            again += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(without_artifacts(found.unwrap()), expected, "stopped after {patience}");
        assert!(again <= asked - patience, "{again} of {asked} after {patience}");
    }
}

/// Trains half, then three quarters, so that there are two checkpoints of the last stage.
fn with_two_checkpoints(plan: &RunPlan, asked: usize) -> Memory {
    let shelf = Memory::default();
    for patience in [asked / 2, asked / 4] {
        assert_eq!(some(plan, &shelf, patience), Err(Ending::Interrupted));
    }
    shelf
}

#[test]
fn a_damaged_checkpoint_costs_what_was_done_since_the_one_before() {
    let plan = plan(&[("epochs", Value::Int(12))]);
    let (expected, asked) = whole(&plan);
    let newest = plan.id.checkpoint_file();
    let steps_from = |hurt: &dyn Fn(&Memory)| {
        let shelf = with_two_checkpoints(&plan, asked);
        hurt(&shelf);
        let mut steps = 0;
        let found = train(&plan, &DIGITS, Some(&shelf), &[], &mut |_| {
            steps += 1;
            ControlFlow::Continue(())
        });
        assert_eq!(without_artifacts(found.unwrap()), expected);
        let left = shelf.files().into_iter().filter(|file| file.starts_with("checkpoints/"));
        assert_eq!(left.count(), 0, "a finished run needs none");
        steps
    };
    let from_newest = steps_from(&|_| {});
    let from_previous = steps_from(&|shelf| shelf.hurt(&newest));
    let from_missing = steps_from(&|shelf| shelf.discard(&newest));
    let from_none = steps_from(&|shelf| shelf.hurt("checkpoints/"));
    assert!(from_newest < from_previous && from_previous < from_none);
    assert_eq!(from_missing, from_previous, "a kill between the two renames");
}

/// As where tasks of a cluster are put back into the queue and come to another sort of node.
#[test]
fn a_checkpoint_from_other_vectors_is_put_aside_and_the_run_begins_again() {
    let plan = plan(&[]);
    let (expected, asked) = whole(&plan);
    let shelf = Memory::default();
    assert_eq!(some(&plan, &shelf, asked / 2), Err(Ending::Interrupted));
    let file = plan.id.checkpoint_file();
    let kept = Tensors::from_bytes(&shelf.fetch(&file).unwrap()).unwrap();
    let here = format!("simd.{}", crate::simd());
    assert!(kept.has(&here));
    shelf.keep(&file, &kept.renamed(&here, "simd.another").to_bytes()).unwrap();
    let mut again = 0;
    let found = train(&plan, &DIGITS, Some(&shelf), &[], &mut |_| {
        again += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(without_artifacts(found.unwrap()), expected);
    assert!(
        again > asked - asked / 2,
        "what was done before is not built upon: {again} of {asked}"
    );
}

#[test]
fn a_checkpoint_of_another_make_is_put_aside_and_the_run_begins_again() {
    let plan = plan(&[]);
    let (expected, asked) = whole(&plan);
    let shelf = Memory::default();
    assert_eq!(some(&plan, &shelf, asked / 2), Err(Ending::Interrupted));
    let file = plan.id.checkpoint_file();
    let whole = Tensors::from_bytes(&shelf.fetch(&file).unwrap()).unwrap();
    // Whole by its hash, but its tensors are gone.
    let mut other = Tensors::default();
    let stage = whole.names().find(|name| name.starts_with("stage.")).unwrap();
    other.put_series(stage, &whole.series(stage).unwrap());
    shelf.keep(&file, &other.to_bytes()).unwrap();
    let found = some(&plan, &shelf, usize::MAX).unwrap();
    assert_eq!(without_artifacts(found), expected);
}
