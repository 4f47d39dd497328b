//! Kinds of pretraining and of fine-tuning: what must be equal to the bit, and what each leaves behind.

use std::ops::ControlFlow;

use ablate_sweep::{Outcome, Value};

use super::tests::{DIGITS, plan, text};
use super::train;

fn outcome(changes: &[(&str, Value)]) -> Outcome {
    train(&plan(changes), &DIGITS, None, &[], &mut |_| ControlFlow::Continue(())).unwrap()
}

fn curve<'a>(outcome: &'a Outcome, name: &str) -> &'a [f64] {
    let found = outcome.curves.iter().find(|curve| curve.name == name);
    found.map_or(&[], |curve| &curve.values)
}

/// What learns much in few epochs.
fn fast() -> [(&'static str, Value); 2] {
    [("optimizer", text("adam")), ("learning_rate", Value::Float(0.02))]
}

const NONE: (&str, &str) = ("pretraining", "none");

fn with(words: &[(&'static str, &str)]) -> Vec<(&'static str, Value)> {
    words.iter().map(|(name, word)| (*name, text(word))).collect()
}

#[test]
fn every_pretraining_for_no_epochs_equals_none_to_the_bit() {
    let none = outcome(&with(&[NONE]));
    for kind in ["greedy", "supervised-greedy", "joint"] {
        let idle = outcome(&[("pretraining", text(kind)), ("pretraining_epochs", Value::Int(0))]);
        assert_eq!(idle.weights_hash, none.weights_hash, "{kind}");
        assert_eq!(idle.scores["test_loss"], none.scores["test_loss"], "{kind}");
    }
}

/// A classifier of the pixels has no codes: frozen or not is one, and nothing is said of codes.
#[test]
fn depth_0_is_a_classifier_of_the_pixels() {
    let pixels = |fine_tuning| {
        let depth = ("depth", Value::Int(0));
        outcome(&[vec![depth, ("fine_tuning", text(fine_tuning))], fast().into()].concat())
    };
    let (whole, frozen) = (pixels("supervised"), pixels("frozen"));
    assert_eq!(frozen.weights_hash, whole.weights_hash);
    assert_eq!(frozen.scores, whole.scores);
    assert!(whole.scores["test_error"] < 0.3, "{}", whole.scores["test_error"]);
    // What is learned last reads the same pixels as what it started from.
    assert_eq!(whole.scores["linear_probe_error"], whole.scores["initial_linear_probe_error"]);
    for of_codes in ["jacobian_norm", "saturation", "sparsity", "reconstruction_error"] {
        assert_eq!(whole.scores.get(of_codes), None, "{of_codes}");
    }
}

#[test]
fn every_pretraining_learns_and_starts_fine_tuning_elsewhere() {
    let none = outcome(&[with(&[NONE]), fast().into()].concat());
    for (kind, losses) in [
        ("supervised-greedy", "layer_2_loss"),
        ("marginals", "layer_2_loss"),
        ("joint", "autoencoder_loss"),
    ] {
        let mut changes = with(&[("pretraining", kind)]);
        changes.extend(fast());
        let found = outcome(&changes);
        let losses = curve(&found, losses);
        assert!(losses[1] < losses[0], "{kind}: {losses:?}");
        assert_ne!(found.weights_hash, none.weights_hash, "{kind}");
        let decodes = found.scores.contains_key("reconstruction_error");
        assert_eq!(decodes, kind == "joint", "{kind}");
        // Guessing is wrong nine times in ten.
        assert!(found.scores["test_error"] < 0.5, "{kind}: {}", found.scores["test_error"]);
    }
}

#[test]
fn the_first_k_layers_are_pretrained_as_they_are_among_all() {
    let all = outcome(&[]);
    let lowest = outcome(&[("pretrained_layers", Value::Int(1))]);
    assert_eq!(curve(&lowest, "layer_1_loss"), curve(&all, "layer_1_loss"));
    assert_eq!(curve(&lowest, "layer_2_loss"), [0.0; 0]);
    assert_ne!(lowest.weights_hash, all.weights_hash);
}

#[test]
fn few_labels_leave_pretraining_as_it_is() {
    let all = outcome(&[]);
    let few = outcome(&[("labels", Value::Int(50))]);
    assert_eq!(curve(&few, "layer_2_loss"), curve(&all, "layer_2_loss"));
    assert_eq!(few.scores["initial_jacobian_norm"], all.scores["initial_jacobian_norm"]);
    assert_ne!(few.weights_hash, all.weights_hash);
    let supervised = [("pretraining", text("supervised-greedy")), ("labels", Value::Int(50))];
    let supervised = outcome(&supervised);
    let all = outcome(&with(&[("pretraining", "supervised-greedy")]));
    assert_ne!(curve(&supervised, "layer_1_loss"), curve(&all, "layer_1_loss"));
}

#[test]
fn frozen_codes_stay_and_the_classifier_on_them_learns() {
    for width in [text("none"), Value::Int(20)] {
        let frozen = [("fine_tuning", text("frozen")), ("classifier_width", width)];
        let found = outcome(&frozen);
        for name in ["jacobian_norm", "sparsity", "saturation", "linear_probe_error"] {
            assert_eq!(found.scores[name], found.scores[&format!("initial_{name}")], "{name}");
        }
        let losses = curve(&found, "train_loss");
        assert!(losses[5] < losses[0], "{losses:?}");
        // What validation chose by the codes is what the whole network makes of the images.
        let best = curve(&found, "valid_error")[found.best_epoch as usize - 1];
        assert_eq!(found.scores["valid_error"], best);
    }
}

#[test]
fn a_deep_autoencoder_reconstructs_and_classifies_nothing() {
    for pretraining in ["none", "greedy", "joint"] {
        let changes = with(&[("pretraining", pretraining), ("fine_tuning", "reconstruction")]);
        let found = outcome(&changes);
        for absent in ["test_error", "valid_loss", "robust_error"] {
            assert!(!found.scores.contains_key(absent), "{pretraining}: {absent}");
        }
        let errors = curve(&found, "valid_squared_error");
        assert!(errors[5] < errors[0], "{pretraining}: {errors:?}");
        assert_eq!(found.scores["valid_squared_error"], errors[found.best_epoch as usize - 1]);
        if let Some(before) = found.scores.get("reconstruction_error") {
            let after = found.scores["test_squared_error"];
            assert!(after < *before, "{pretraining}: {before} became {after}");
        }
    }
}

/// The decoder of the pretrained layers is where fine-tuning starts.
#[test]
fn a_deep_autoencoder_without_fine_tuning_is_the_pretrained_stack() {
    for pretraining in ["greedy", "joint"] {
        let mut changes = with(&[("pretraining", pretraining), ("fine_tuning", "reconstruction")]);
        changes.push(("epochs", Value::Int(0)));
        let found = outcome(&changes);
        assert_eq!(found.scores["test_squared_error"], found.scores["reconstruction_error"]);
    }
}

#[test]
fn dropout_and_decay_of_nothing_change_nothing_and_of_something_do() {
    let with = |name: &'static str, share| {
        let [adam, rate] = fast();
        outcome(&[("pretraining", text("none")), adam, rate, (name, Value::Float(share))])
    };
    let plain = with("weight_decay", 0.0).weights_hash;
    for (name, share) in [("dropout", 0.3), ("input_dropout", 0.2), ("weight_decay", 1e-3)] {
        assert_eq!(with(name, 0.0).weights_hash, plain, "{name}");
        let some = with(name, share);
        assert_ne!(some.weights_hash, plain, "{name}");
        assert!(some.scores["test_error"] < 0.5, "{name}: {}", some.scores["test_error"]);
    }
}

#[test]
fn a_linear_code_layer_under_sigmoid_ones_trains() {
    let linear =
        outcome(&with(&[("code_activation", "linear"), ("fine_tuning", "reconstruction")]));
    assert_eq!(linear.scores["saturation"], 0.0);
    let errors = curve(&linear, "valid_squared_error");
    assert!(errors[5] < errors[0], "{errors:?}");
}
