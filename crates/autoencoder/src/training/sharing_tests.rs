//! Layers that several runs share, and weights that come back from their files.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::sync::Mutex;

use ablate_sweep::{Outcome, RunPlan, Value};

use super::tests::{DIGITS, plan, text};
use super::train;
use crate::probes::{self, Occasion, Probe};
use crate::shelf::{LATER, Shelf};
use crate::stored::{Stored, pretrained};

#[derive(Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl Memory {
    pub(super) fn files(&self) -> Vec<String> {
        self.0.lock().unwrap().keys().cloned().collect()
    }

    /// Flips a bit of every file whose name begins so.
    pub(super) fn hurt(&self, beginning: &str) {
        for (file, bytes) in self.0.lock().unwrap().iter_mut() {
            if file.starts_with(beginning) {
                *bytes.last_mut().unwrap() ^= 1;
            }
        }
    }
}

impl Shelf for Memory {
    fn fetch(&self, file: &str) -> Option<Vec<u8>> {
        self.0.lock().unwrap().get(file).cloned()
    }

    fn keep(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().insert(file.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn rename(&self, file: &str, other: &str) -> io::Result<()> {
        let mut files = self.0.lock().unwrap();
        if let Some(bytes) = files.remove(file) {
            files.insert(other.to_owned(), bytes);
        }
        Ok(())
    }

    fn discard(&self, file: &str) {
        self.0.lock().unwrap().remove(file);
    }
}

fn trained(plan: &RunPlan, shelf: Option<&dyn Shelf>) -> Outcome {
    train(plan, &DIGITS, shelf, &[], &mut |_| ControlFlow::Continue(())).unwrap()
}

fn reused(outcome: &Outcome) -> Vec<&str> {
    let reused = outcome.artifacts.iter().filter(|artifact| artifact.reused);
    reused.map(|artifact| artifact.role.as_str()).collect()
}

#[test]
fn layers_that_runs_share_are_trained_once_and_give_the_same_bits() {
    let shelf = Memory::default();
    let shallow = plan(&[("depth", Value::Int(1)), ("variant", text("denoising"))]);
    let deep = plan(&[("variant", text("denoising")), ("tied", Value::Bool(true))]);
    let slower = plan(&[("variant", text("denoising")), ("learning_rate", Value::Float(0.1))]);
    for (plan, expected) in
        [(&shallow, vec![]), (&deep, vec!["layer 1"]), (&slower, vec!["layer 1", "layer 2"])]
    {
        let shared = trained(plan, Some(&shelf));
        assert_eq!(reused(&shared), expected);
        let apart = trained(plan, None);
        assert_eq!(apart, Outcome { artifacts: Vec::new(), ..shared });
    }
}

/// Another value of every parameter that is said to reach no layer leaves the layers' bytes as they
/// are, even where they are trained anew.
#[test]
fn what_does_not_reach_a_layer_leaves_its_bytes() {
    let layers = |changes: &[(&str, Value)]| {
        let shelf = Memory::default();
        trained(&plan(changes), Some(&shelf));
        let files = shelf.0.into_inner().unwrap().into_iter();
        files.filter(|(file, _)| file.starts_with("layers/")).collect::<BTreeMap<_, _>>()
    };
    let plain = layers(&[]);
    assert_eq!(plain.len(), 2);
    let frozen = ("fine_tuning", text("frozen"));
    for later in LATER {
        let changes = match later {
            "pretrained_layers" => vec![(later, Value::Int(1))],
            "fine_tuning" => vec![(later, text("reconstruction"))],
            "classifier_width" => vec![frozen.clone(), (later, Value::Int(5))],
            "test_size" => vec![(later, Value::Int(100))],
            "epochs" | "patience" => vec![(later, Value::Int(2))],
            _ => vec![(later, Value::Float(0.25))],
        };
        let found = layers(&changes);
        assert!(!found.is_empty() && found.iter().all(|(file, bytes)| plain[file] == *bytes));
        assert!(found.len() == 2 || later == "pretrained_layers", "{later}");
    }
    let few = layers(&[("labels", Value::Int(20))]);
    assert_eq!(few, plain);
    let drawn = layers(&[("pretraining", text("marginals"))]);
    assert_eq!(drawn, plain);
}

#[test]
fn every_stage_finds_what_another_run_has_pretrained() {
    for (pretraining, parts) in [
        ("supervised-greedy", vec!["layer 1", "layer 2"]),
        ("marginals", vec!["layer 1", "layer 2"]),
        ("joint", vec!["autoencoder"]),
    ] {
        let shelf = Memory::default();
        let plan = plan(&[("pretraining", text(pretraining))]);
        let first = trained(&plan, Some(&shelf));
        assert!(reused(&first).is_empty());
        let second = trained(&plan, Some(&shelf));
        assert_eq!(reused(&second), parts);
        assert_eq!(
            Outcome { artifacts: Vec::new(), ..second },
            Outcome { artifacts: Vec::new(), ..first }
        );
    }
}

#[test]
fn what_reaches_a_layer_tells_it_apart() {
    let shelf = Memory::default();
    trained(&plan(&[]), Some(&shelf));
    for change in [
        ("variant", text("contractive")),
        ("pretraining_learning_rate", Value::Float(0.01)),
        ("train_size", Value::Int(300)),
        ("batch_size", Value::Int(10)),
        ("tied", Value::Bool(false)),
        ("width", Value::List(vec![31, 32])),
        ("pretraining", text("supervised-greedy")),
    ] {
        let name = change.0;
        assert!(reused(&trained(&plan(&[change]), Some(&shelf))).is_empty(), "{name}");
    }
    let other_seed = RunPlan { seed: 2, ..plan(&[]) };
    assert!(reused(&trained(&other_seed, Some(&shelf))).is_empty());
    let upper = plan(&[("width", Value::List(vec![32, 31]))]);
    assert_eq!(reused(&trained(&upper, Some(&shelf))), ["layer 1"]);
    let linear = plan(&[("code_activation", text("linear"))]);
    assert_eq!(reused(&trained(&linear, Some(&shelf))), ["layer 1"]);
}

#[test]
fn a_layer_does_not_depend_on_the_variants_above_it() {
    let shelf = Memory::default();
    let of = |variants: &str| plan(&[("variant", text(variants))]);
    for (variants, expected) in [
        ("rbm", vec![]),
        ("rbm+denoising", vec!["layer 1"]),
        ("denoising+contractive", vec![]),
        ("denoising", vec!["layer 1"]),
        ("contractive+denoising", vec![]),
        ("denoising+rbm", vec!["layer 1"]),
    ] {
        let shared = trained(&of(variants), Some(&shelf));
        assert_eq!(reused(&shared), expected, "{variants}");
        let apart = trained(&of(variants), None);
        assert_eq!(apart, Outcome { artifacts: Vec::new(), ..shared }, "{variants}");
    }
}

#[test]
fn a_damaged_layer_is_trained_again() {
    let shelf = Memory::default();
    let whole = trained(&plan(&[]), Some(&shelf));
    shelf.hurt("");
    assert_eq!(trained(&plan(&[]), Some(&shelf)), whole);
    assert_eq!(reused(&trained(&plan(&[]), Some(&shelf))), ["layer 1", "layer 2"]);
}

#[test]
fn a_finished_run_comes_back_from_its_files_and_every_probe_finds_the_same_bits() {
    let untied = ("tied", Value::Bool(false));
    let pretraining = |word: &str| ("pretraining", text(word));
    for changes in [
        vec![untied],
        vec![pretraining("none"), ("fine_tuning", text("reconstruction"))],
        vec![pretraining("supervised-greedy")],
        vec![pretraining("marginals"), ("test_size", Value::Int(300))],
        vec![pretraining("joint"), ("code_activation", text("linear"))],
        vec![
            ("fine_tuning", text("frozen")),
            ("classifier_width", Value::Int(7)),
            ("labels", Value::Int(60)),
        ],
    ] {
        let shelf = Memory::default();
        let plan = plan(&changes);
        let outcome = trained(&plan, Some(&shelf));
        let bytes = |role: &str| {
            let found = outcome.artifacts.iter().find(|artifact| artifact.role == role);
            shelf.fetch(&found.unwrap().file).unwrap()
        };
        let parts = pretrained(&plan.trial.params).unwrap();
        let parts: Vec<_> = parts.iter().map(|part| bytes(part)).collect();
        let stored = Stored::read(&plan, (784, 10), &bytes("network"), &parts).unwrap();
        assert_eq!(stored.network.hash().unwrap(), outcome.weights_hash);
        assert_ne!(stored.initial.hash().unwrap(), outcome.weights_hash);
        let probes: Vec<&Probe> = probes::ALL.to_vec();
        let measured = stored.measure(&plan, &DIGITS, &probes).unwrap();
        let watch = &mut |_: &_| ControlFlow::Continue(());
        let at_training = train(&plan, &DIGITS, None, &probes, watch).unwrap();
        assert_eq!(measured.scores, at_training.scores, "{changes:?}");
        assert_eq!(measured.profiles, at_training.profiles, "{changes:?}");
        for probe in probes.iter().filter(|probe| probe.occasion == Occasion::OnRequest) {
            let first = &(probe.metrics)()[0].name;
            let found = measured.scores.contains_key(first);
            assert_eq!(found, probe.applies_to(&plan.trial.params), "{first}: {changes:?}");
        }
        let refused = Stored::read(&plan, (783, 10), &bytes("network"), &parts).unwrap_err();
        assert!(refused.contains("hidden.0.weight: F32 [32, 784]"), "{refused}");
    }
}
