//! A small catalog and a handmade set of runs that has everything a report must cope with: a tie, a
//! choice of lambda, a run that failed, a trial that failed altogether and one that was never run.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ablate_sweep::specs::{ComparisonSpec, TableSpec};
use ablate_sweep::{
    Catalog, Condition, Direction, Domain, FailureKind, Metric, Param, Params, Run, RunId,
    RunState, Split, Spread, Statistic, Trial, Value, VariantEntry,
};

use crate::run_set::{RunSet, TrialRuns};

/// What became of one seed: validation and test error, a failure, or nothing yet.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seed {
    Scored(f64, f64),
    Failed(FailureKind),
    NotRun,
}

use Seed::{Failed, NotRun, Scored};

/// `pretraining`, `depth` and, with pretraining, a variant with a lambda or none.
pub(crate) fn catalog() -> Catalog {
    let greedy = || Condition::is("pretraining", "greedy");
    let choice = |names: &[&'static str]| Domain::Choice(names.to_vec());
    let text = |text: &str| Value::Text(text.into());
    let lambda = Param::new(
        "lambda",
        Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
        Value::Float(0.1),
        "strength of the penalty",
    );
    let names = ["basic", "contractive", "sparse"];
    let variant = Param::new("variant", choice(&names), text("basic"), "the objective");
    let pretraining = choice(&["none", "greedy"]);
    Catalog {
        params: vec![
            Param::new("pretraining", pretraining, text("none"), "greedy, layer by layer, or none"),
            variant.only_when(greedy()),
            Param::new(
                "depth",
                Domain::Int { min: 1, max: 8, word: None },
                Value::Int(1),
                "number of hidden layers",
            ),
        ],
        variants: vec![
            VariantEntry { name: "basic", summary: "no penalty", params: vec![] },
            VariantEntry {
                name: "contractive",
                summary: "penalizes the Jacobian",
                params: vec![lambda.clone()],
            },
            VariantEntry { name: "sparse", summary: "penalizes activity", params: vec![lambda] },
        ],
        rules: vec![],
        metrics: vec![
            metric("valid_error", "fraction", Direction::Lower, Split::Valid),
            metric("test_error", "fraction", Direction::Lower, Split::Test),
            metric("test_accuracy", "fraction", Direction::Higher, Split::Test),
            metric("saturation", "1", Direction::Neither, Split::Valid),
        ],
        relative: vec![],
        probes: vec![],
    }
}

/// `optimizer` and a learning rate whose default depends on it: 0.1, and 0.001 for adam.
pub(crate) fn optimizers() -> Catalog {
    let positive = Domain::Float { min: Bound::Excluded(0.0), max: Bound::Unbounded };
    let names = Domain::Choice(vec!["sgd", "adam"]);
    let rate = Param::new("learning_rate", positive, Value::Float(0.1), "step size");
    Catalog {
        params: vec![
            Param::new("optimizer", names, Value::Text("sgd".into()), "the rule of the step"),
            rate.default_when(Condition::is("optimizer", "adam"), Value::Float(0.001)),
        ],
        variants: vec![],
        ..catalog()
    }
}

fn metric(name: &str, unit: &'static str, direction: Direction, split: Split) -> Metric {
    Metric { name: name.into(), unit, direction, split, summary: "made up".into() }
}

/// Eight trials with five seeds each.
pub(crate) fn set() -> RunSet {
    let diverged = Failed(FailureKind::Diverged);
    set_of(&[
        (
            "pretraining=none depth=1",
            &[(41, 42), (40, 41), (42, 44), (41, 41), (43, 42)].map(scored),
        ),
        (
            "pretraining=none depth=3",
            &[(52, 55), (49, 51), (53, 54), (50, 52), (51, 53)].map(scored),
        ),
        (
            "pretraining=greedy variant=basic depth=1",
            &[(38, 39), (39, 40), (40, 40), (38, 39), (39, 41)].map(scored),
        ),
        (
            "pretraining=greedy variant=basic depth=3",
            &[(36, 37), (35, 36), (36, 38), (35, 36), (37, 38)].map(scored),
        ),
        (
            "pretraining=greedy variant=contractive lambda=0.1 depth=1",
            &[(37, 39), (38, 38), (39, 41), (38, 40), (38, 40)].map(scored),
        ),
        (
            "pretraining=greedy variant=contractive lambda=1.0 depth=1",
            &[(39, 36), (40, 37), (41, 38), (39, 37), (40, 38)].map(scored),
        ),
        (
            "pretraining=greedy variant=contractive lambda=0.1 depth=3",
            &[(33, 34), (32, 33), (34, 36), (32, 33), (33, 35)].map(scored),
        ),
        (
            "pretraining=greedy variant=contractive lambda=1.0 depth=3",
            &[scored((30, 31)), diverged, scored((31, 32)), diverged, scored((30, 31))],
        ),
        ("pretraining=greedy variant=sparse lambda=0.1 depth=1", &[NotRun; 5]),
        ("pretraining=greedy variant=sparse lambda=0.1 depth=3", &[diverged; 5]),
    ])
}

fn scored((valid, test): (u32, u32)) -> Seed {
    Scored(f64::from(valid) / 1000.0, f64::from(test) / 1000.0)
}

/// A set of the given trials, each written as `name=value name=value`, with seeds 0, 1, 2 ...
pub(crate) fn set_of(trials: &[(&str, &[Seed])]) -> RunSet {
    set_in(&catalog(), trials)
}

/// The same, of the trials of another catalog.
pub(crate) fn set_in(catalog: &Catalog, trials: &[(&str, &[Seed])]) -> RunSet {
    RunSet {
        trials: trials
            .iter()
            .map(|(params, seeds)| {
                let trial = catalog.resolve(&parse(params)).expect("the fixture is valid");
                trial_runs(Arc::new(trial), seeds)
            })
            .collect(),
    }
}

fn parse(text: &str) -> Params {
    let value = |text: &str| match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => Value::Int(whole),
        (Err(_), Ok(real)) => Value::Float(real),
        (Err(_), Err(_)) => Value::Text(text.to_owned()),
    };
    let pairs = text.split(' ').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, text)| (name.to_owned(), value(text))).collect()
}

/// The runs of `trial` with seeds 0, 1, 2 ...
pub(crate) fn trial_runs(trial: Arc<Trial>, seeds: &[Seed]) -> TrialRuns {
    let runs = seeds.iter().zip(0_u64..).filter_map(|(end, seed)| {
        let (state, scores, failure) = match *end {
            NotRun => return None,
            Failed(kind) => (RunState::Failed, vec![], Some((kind, "epoch 3".to_owned()))),
            Scored(valid, test) => (
                RunState::Finished,
                vec![
                    ("valid_error", valid),
                    ("test_error", test),
                    ("test_accuracy", 1.0 - test),
                    ("saturation", 100.0 * valid),
                ],
                None,
            ),
        };
        Some(Run {
            id: RunId(format!("{}-{seed}", &trial.id.0[..4])),
            trial: trial.id.clone(),
            seed,
            state,
            params: trial.params.clone(),
            scores: scores
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect::<BTreeMap<_, _>>(),
            failure,
            data_checksum: "data".into(),
            training_version: "1".into(),
            kept: None,
            seconds: None,
        })
    });
    TrialRuns {
        runs: runs.collect(),
        seeds: (0..seeds.len() as u64).collect(),
        trial: trial.clone(),
    }
}

/// Pretraining and variant by depth.
pub(crate) fn table_spec() -> TableSpec {
    TableSpec {
        name: "depth".into(),
        rows: vec!["pretraining".into(), "variant".into()],
        columns: vec!["depth".into()],
        metrics: vec!["test_error".into()],
        filter: None,
        select: "valid_error".into(),
        statistic: Statistic::Mean,
        spread: Spread::T,
        papers: vec![],
    }
}

/// Greedy against no pretraining, by depth.
pub(crate) fn comparison_spec() -> ComparisonSpec {
    ComparisonSpec {
        axis: "pretraining".into(),
        baseline: Some(Value::Text("none".into())),
        metric: "test_error".into(),
        by: vec!["depth".into()],
        select: "valid_error".into(),
    }
}
