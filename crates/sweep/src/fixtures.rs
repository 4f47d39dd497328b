//! The catalog that this crate's tests use: a small one of the same make as the real one.

use std::ops::Bound;

use crate::catalog::{Breach, Catalog, Condition, Domain, Param, ProbeEntry, Rule, VariantEntry};
use crate::expansion::Expansion;
use crate::experiment::{Experiment, Limit, Source};
use crate::metric::{Direction, Metric, Split};
use crate::mistakes::Mistakes;
use crate::overrides::Override;
use crate::params::Params;
use crate::value::Value;

/// Reads `text` as the experiment `test` with the given `--set`s.
pub(crate) fn read(text: &str, sets: &[&str]) -> Result<Experiment, Mistakes> {
    let overrides: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    Experiment::read(Source { name: "test", path: "test.toml", text }, &overrides, &catalog())
}

/// Reads `body` below an `[experiment]` with one seed, and expands it.
pub(crate) fn expand(body: &str) -> Result<Expansion, Mistakes> {
    let text = format!("[experiment]\nquestion = \"Which?\"\nseeds = 1\n{body}");
    read(&text, &[])?.expand(&catalog(), Limit::default())
}

/// The values of `names` in every trial, one line a trial; `-` is missing.
pub(crate) fn lines(expansion: &Expansion, names: &[&str]) -> Vec<String> {
    let cell = |params: &Params, name: &str| {
        params.get(name).map_or_else(|| "-".to_owned(), Value::to_string)
    };
    let line =
        |params: &Params| names.iter().map(|name| cell(params, name)).collect::<Vec<_>>().join(" ");
    expansion.trials.iter().map(|trial| line(&trial.params)).collect()
}

/// Parameters, variants, a rule and metrics.
pub(crate) fn catalog() -> Catalog {
    let greedy = || Condition::is("pretraining", "greedy");
    let variants = vec!["basic", "contractive", "sparse", "denoising"];
    Catalog {
        params: vec![
            Param::new("dataset", choice(&["mnist-5k", "digits"]), text("mnist-5k"), "the images"),
            Param::new("depth", int(1, 10), Value::Int(2), "hidden layers"),
            Param::new("width", Domain::Widths { min: 1, max: 4096 }, Value::Int(200), "units"),
            Param::new("pretraining", choice(&["none", "greedy"]), text("none"), "how it starts"),
            Param::new("variant", Domain::LayerChoice(variants), text("basic"), "the objective")
                .only_when(greedy()),
            Param::new("epochs", int(1, 10_000), Value::Int(20), "passes over the images"),
            Param::new("optimizer", choice(&["sgd", "adam"]), text("sgd"), "the optimizer"),
            Param::new("learning_rate", positive(), Value::Float(0.1), "step size")
                .default_when(Condition::is("optimizer", "adam"), Value::Float(0.001)),
            Param::new("momentum", share(), Value::Float(0.0), "share of the last step")
                .only_when(Condition::is("optimizer", "sgd")),
            Param::new("tied", Domain::Bool, Value::Bool(false), "whether weights are tied"),
            Param::new(
                "patience",
                Domain::Int { min: 1, max: 1000, word: Some("never") },
                text("never"),
                "epochs without improvement",
            ),
        ],
        variants: vec![
            VariantEntry { name: "basic", summary: "none", params: vec![] },
            VariantEntry {
                name: "contractive",
                summary: "Jacobian norm",
                params: vec![Param::new("lambda", strength(), Value::Float(0.1), "strength")],
            },
            VariantEntry {
                name: "sparse",
                summary: "KL divergence",
                params: vec![
                    Param::new("lambda", share(), Value::Float(0.5), "strength"),
                    Param::new("target", share(), Value::Float(0.05), "mean activation"),
                ],
            },
            VariantEntry {
                name: "denoising",
                summary: "clean from corrupted",
                params: vec![
                    Param::new(
                        "corruption",
                        choice(&["gaussian", "masking", "salt-and-pepper"]),
                        text("gaussian"),
                        "q(x~ | x)",
                    ),
                    Param::new("sigma", positive(), Value::Float(0.3), "standard deviation")
                        .only_when(Condition::is("corruption", "gaussian")),
                    Param::new("fraction", share(), Value::Float(0.25), "pixels")
                        .only_when(Condition::any("corruption", &["masking", "salt-and-pepper"])),
                ],
            },
        ],
        rules: vec![Rule(widths_match_depth)],
        metrics: vec![
            metric("test_error", Split::Test, Direction::Lower),
            metric("valid_error", Split::Valid, Direction::Lower),
            metric("valid_spread", Split::Valid, Direction::Neither),
        ],
        relative: vec![],
        probes: vec![ProbeEntry { name: "spread", metrics: vec!["valid_spread".into()] }],
    }
}

/// A list of widths has one a layer; a list of equal ones is the same as the one number.
fn widths_match_depth(params: &mut Params) -> Result<(), Breach> {
    let Some(Value::List(widths)) = params.get("width").cloned() else { return Ok(()) };
    let depth = params.count("depth").unwrap_or(0);
    if widths.len() != depth {
        return Err(Breach {
            params: vec!["width".to_owned(), "depth".to_owned()],
            message: format!("width lists {} layers, but depth is {depth}", widths.len()),
        });
    }
    if widths.iter().all(|width| *width == widths[0]) {
        params.set("width", Value::Int(widths[0]));
    }
    Ok(())
}

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn choice(names: &[&'static str]) -> Domain {
    Domain::Choice(names.to_vec())
}

fn int(min: i64, max: i64) -> Domain {
    Domain::Int { min, max, word: None }
}

fn positive() -> Domain {
    Domain::Float { min: Bound::Excluded(0.0), max: Bound::Unbounded }
}

fn strength() -> Domain {
    Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded }
}

fn share() -> Domain {
    Domain::Float { min: Bound::Included(0.0), max: Bound::Included(1.0) }
}

fn metric(name: &str, split: Split, direction: Direction) -> Metric {
    Metric { name: name.to_owned(), unit: "fraction", direction, split, summary: String::new() }
}
