//! Real, small trainings on the embedded digits.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use ablate_data::datasets;
use ablate_sweep::{Params, RunPlan, Value};

use super::*;
use crate::catalog::{catalog, training_version};
use crate::probes::{self, Occasion};
use crate::variants;

pub(super) static DIGITS: LazyLock<Dataset> = LazyLock::new(|| {
    datasets::find("mnist-5k").unwrap().load(Path::new("no folder is needed")).unwrap()
});

/// A small trial with `changes` made to it: two layers of 32, 400 images, a few epochs.
pub(super) fn plan(changes: &[(&str, Value)]) -> RunPlan {
    let small = [
        ("train_size", Value::Int(400)),
        ("depth", Value::Int(2)),
        ("width", Value::Int(32)),
        ("epochs", Value::Int(6)),
        ("pretraining_epochs", Value::Int(2)),
        ("batch_size", Value::Int(20)),
    ];
    let pairs = small.iter().chain(changes);
    let given: Params = pairs.map(|(name, value)| ((*name).into(), value.clone())).collect();
    let trial = catalog().resolve(&given).unwrap();
    let version = training_version(&trial.params);
    RunPlan::new(Arc::new(trial), 1, &DIGITS.checksum, &version)
}

pub(super) fn text(word: &str) -> Value {
    Value::Text(word.into())
}

fn outcome(changes: &[(&str, Value)]) -> Outcome {
    train(&plan(changes), &DIGITS, None, &[], &mut |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn the_same_plan_gives_the_same_bits_in_a_pool_of_any_size() {
    for variant in ["denoising", "rbm", "adversarial"] {
        let variant = [("variant", text(variant))];
        let here = outcome(&variant);
        for threads in [1, 2, 3] {
            let pool = rayon_pool(threads);
            assert_eq!(pool.install(|| outcome(&variant)), here, "{variant:?}, {threads} threads");
        }
    }
}

fn rayon_pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

#[test]
fn another_seed_gives_another_network() {
    let first = plan(&[]);
    let second = RunPlan { seed: 2, ..first.clone() };
    let hash = |plan| {
        train(plan, &DIGITS, None, &[], &mut |_| ControlFlow::Continue(())).unwrap().weights_hash
    };
    assert_ne!(hash(&first), hash(&second));
}

/// Training never looks at them; what is measured of 300 are the errors of 300.
#[test]
fn how_many_test_images_are_scored_changes_scores_on_them_only() {
    let (all, some) = (outcome(&[]), outcome(&[("test_size", Value::Int(300))]));
    assert_eq!((&some.weights_hash, &some.curves), (&all.weights_hash, &all.curves));
    let score = |outcome: &Outcome, name: &str| outcome.scores[name];
    for name in ["valid_error", "train_error"] {
        assert_eq!(score(&some, name), score(&all, name), "{name}");
    }
    assert_ne!(score(&some, "test_loss"), score(&all, "test_loss"));
    let wrong = 300.0 * score(&some, "test_error");
    assert!((wrong - wrong.round()).abs() < 1e-9, "{wrong}");
}

#[test]
fn zero_strength_trains_the_basic_autoencoder_to_the_bit() {
    let basic = outcome(&[]).weights_hash;
    for (variant, strength) in [
        ("weight-decay", "lambda"),
        ("sparse-kl", "lambda"),
        ("sparse-l1", "lambda"),
        ("denoising", "sigma"),
        ("contractive", "lambda"),
        ("adversarial", "lambda"),
    ] {
        let tied = ("tied", Value::Bool(true));
        let zero = outcome(&[("variant", text(variant)), (strength, Value::Float(0.0)), tied]);
        assert_eq!(zero.weights_hash, basic, "{variant}");
    }
    // So is the higher-order one the contractive one.
    let contractive = outcome(&[("variant", text("contractive"))]).weights_hash;
    let no_change = [("variant", text("contractive-h")), ("gamma", Value::Float(0.0))];
    assert_eq!(outcome(&no_change).weights_hash, contractive);
}

/// With linear units the Jacobian is the weights. (Batches of 16, of which a mean is exact.)
#[test]
fn contraction_of_linear_units_trains_as_weight_decay_to_the_bit() {
    let trained = |variant, lambda| {
        let changes = [
            ("variant", text(variant)),
            ("lambda", Value::Float(lambda)),
            ("activation", text("linear")),
            ("reconstruction", text("squared-error")),
            ("batch_size", Value::Int(16)),
            ("pretraining_learning_rate", Value::Float(5e-4)),
            ("learning_rate", Value::Float(0.01)),
        ];
        outcome(&changes).weights_hash
    };
    let contractive = trained("contractive", 0.01);
    assert_eq!(contractive, trained("weight-decay", 0.01));
    assert_ne!(contractive, trained("weight-decay", 0.0));
}

#[test]
fn every_variant_learns_and_emits_every_metric_that_is_declared() {
    let always = probes::ALL.iter().filter(|probe| probe.occasion == Occasion::Always);
    let declared: BTreeSet<String> =
        always.flat_map(|probe| (probe.metrics)()).map(|metric| metric.name).collect();
    let unrolled = outcome(&[("fine_tuning", text("reconstruction"))]);
    for variant in variants::ALL {
        for tied in [true, false] {
            let outcome = outcome(&[
                ("variant", text(variant.name)),
                ("tied", Value::Bool(tied)),
                ("optimizer", text("adam")),
                ("learning_rate", Value::Float(0.02)),
            ]);
            let emitted = outcome.scores.keys().chain(unrolled.scores.keys());
            let emitted: BTreeSet<String> = emitted.cloned().collect();
            assert_eq!(emitted, declared, "{}", variant.name);
            assert!(outcome.scores.values().all(|score| score.is_finite()));
            let layer = outcome.curves.iter().find(|curve| curve.name == "layer_1_loss").unwrap();
            // What chains reach moves with what is learned: their contrast need not fall.
            let falls = layer.values[1] < layer.values[0] || variant.name == "rbm";
            assert!(falls, "{}: {:?}", variant.name, layer.values);
            // Guessing is wrong nine times in ten.
            assert!(outcome.scores["test_error"] < 0.5, "{}", outcome.scores["test_error"]);
        }
    }
}

#[test]
fn a_probe_on_request_adds_its_metrics_and_changes_nothing_else() {
    let catalog = catalog();
    let plain = outcome(&[]);
    for probe in probes::ALL.iter().filter(|probe| probe.occasion == Occasion::OnRequest) {
        let watch = &mut |_: &_| ControlFlow::Continue(());
        let more = train(&plan(&[]), &DIGITS, None, &[probe], watch).unwrap();
        let entry = catalog.probes.iter().find(|entry| entry.name == probe.name).unwrap();
        assert!(more.scores.contains_key(&entry.metrics[0]), "{}", probe.name);
        let mut scores = more.scores.clone();
        scores.retain(|name, score| {
            assert!(score.is_finite(), "{name}");
            !entry.metrics.contains(name)
        });
        assert_eq!(Outcome { scores, profiles: Vec::new(), ..more }, plain, "{}", probe.name);
    }
}

#[test]
fn without_pretraining_there_is_no_reconstruction_to_score() {
    let outcome = outcome(&[("pretraining", text("none"))]);
    assert!(!outcome.scores.contains_key("reconstruction_error"));
    assert!(outcome.curves.iter().all(|curve| !curve.name.starts_with("layer")));
}

#[test]
fn adam_momentum_and_other_units_train_too() {
    let squared = ("reconstruction", text("squared-error"));
    for changes in [
        vec![("optimizer", text("adam"))],
        vec![("momentum", Value::Float(0.9)), ("learning_rate", Value::Float(0.1))],
        vec![("activation", text("tanh")), squared.clone(), ("optimizer", text("adam"))],
        vec![("activation", text("relu")), squared, ("optimizer", text("adam"))],
        vec![("initialization", text("glorot"))],
        vec![("initialization", text("he"))],
    ] {
        let outcome = outcome(&changes);
        let losses = outcome.curves.iter().find(|curve| curve.name == "train_loss").unwrap();
        assert!(losses.values[5] < losses.values[0], "{changes:?}: {:?}", losses.values);
    }
}

#[test]
fn the_best_epoch_on_validation_is_kept_and_patience_ends_the_rest() {
    let changes = [
        ("epochs", Value::Int(60)),
        ("patience", Value::Int(3)),
        ("learning_rate", Value::Float(1.0)),
    ];
    let outcome = outcome(&changes);
    let errors = &outcome.curves.iter().find(|curve| curve.name == "valid_error").unwrap().values;
    let best = errors.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(outcome.scores["valid_error"], best);
    assert_eq!(errors[outcome.best_epoch as usize - 1], best);
    assert_eq!(outcome.epochs, outcome.best_epoch + 3);
}

#[test]
fn a_run_that_diverges_says_where_and_keeps_its_curves() {
    let changes = [
        ("learning_rate", Value::Float(1e30)),
        ("activation", text("linear")),
        ("reconstruction", text("squared-error")),
        ("pretraining_learning_rate", Value::Float(1e-4)),
    ];
    let ending =
        train(&plan(&changes), &DIGITS, None, &[], &mut |_| ControlFlow::Continue(())).unwrap_err();
    let Ending::Failed(failure) = ending else { panic!("interrupted") };
    assert_eq!(failure.kind, FailureKind::Diverged);
    assert!(failure.message.starts_with("fine-tuning, epoch 1, step "), "{}", failure.message);
    assert_eq!(failure.curves.len(), 2, "the layers' curves");
}

#[test]
fn a_run_that_is_told_to_stop_stops_there() {
    let mut told = Vec::new();
    let ending = train(&plan(&[]), &DIGITS, None, &[], &mut |progress| {
        if progress.epoch > 0 {
            told.push((progress.stage.clone(), progress.epoch));
        }
        if progress.stage == "layer 2" && progress.epoch > 0 {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    assert_eq!(ending, Err(Ending::Interrupted));
    // A slow machine reports within epochs too.
    told.dedup();
    assert_eq!(told, [("layer 1".into(), 1), ("layer 1".into(), 2), ("layer 2".into(), 1)]);
}

#[test]
fn progress_rises_from_nothing_to_the_share_before_scoring() {
    let mut last = 0.0;
    let watch = &mut |progress: &ablate_sweep::Progress| {
        assert!(progress.done >= last && progress.done <= 1.0);
        last = progress.done;
        ControlFlow::Continue(())
    };
    train(&plan(&[]), &DIGITS, None, &[], watch).unwrap();
    assert!(last > 0.0, "{last}");
}
