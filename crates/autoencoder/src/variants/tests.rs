//! What must hold for every variant.

mod formulas;

use ablate_data::Stream;
use ablate_sweep::{Domain, Experiment, Limit, Param, Params, Source, Value};
use candle_core::{Device, Var};

use super::*;
use crate::activation::Activation;
use crate::autoencoder::small;
use crate::learner::{Moment, Start};
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;

/// What the tests start their trainings with.
pub(crate) const START: Start =
    Start { rule: Rule::Sgd { rate: 0.1, momentum: 0.0 }, rows: 8, seed: 1, layer: 0 };

/// Every objective worth telling apart: each variant with its defaults and with each value of a
/// choice, and what its numbers make of it besides; as far as the catalog allows it for these units
/// and decoders.
pub(crate) fn objectives(
    activation: Activation,
    tied: Option<()>,
) -> Vec<(String, Box<dyn Objective>)> {
    let mut found = Vec::new();
    for variant in ALL {
        let sigmoid_only = ["sparse-kl", "rbm"].contains(&variant.name);
        if sigmoid_only && activation != Activation::Sigmoid
            || variant.decoder == Decoder::Symmetric && tied.is_none()
        {
            continue;
        }
        for (name, changes) in settings(variant) {
            let mut params = defaults(variant);
            changes.into_iter().for_each(|(name, value)| params.set(name, value));
            found.push((name, (variant.objective)(&params).unwrap()));
        }
    }
    found
}

type Changes = Vec<(&'static str, Value)>;

/// Ways to set `variant`, with a name each.
fn settings(variant: &Variant) -> Vec<(String, Changes)> {
    let mut found: Vec<(String, Changes)> = Vec::new();
    for param in (variant.params)() {
        if let Domain::Choice(names) = param.domain {
            let set = |name: &str| (param.name, Value::Text(name.into()));
            found.extend(
                names.iter().map(|name| {
                    (format!("{} {}={name}", variant.name, param.name), vec![set(name)])
                }),
            );
        }
    }
    if found.is_empty() {
        found.push((variant.name.to_owned(), Vec::new()));
    }
    let more: Changes = match variant.name {
        "denoising" => vec![
            ("corruption", Value::Text("salt-and-pepper".into())),
            ("alpha", Value::Float(0.7)),
            ("beta", Value::Float(0.2)),
        ],
        "k-sparse" => vec![("k", Value::Int(2)), ("annealing", Value::Float(0.0))],
        "contractive-h" => vec![
            ("gamma", Value::Float(2.0)),
            ("sigma", Value::Float(0.5)),
            ("noise_samples", Value::Int(3)),
        ],
        "vae" => vec![("beta", Value::Float(3.0))],
        "adversarial" => {
            vec![("lambda", Value::Float(4.0)), ("discriminator_width", Value::Int(7))]
        }
        "rbm" => vec![("gibbs_steps", Value::Int(3)), ("lambda", Value::Float(0.1))],
        _ => return found,
    };
    found.push((format!("{} {more:?}", variant.name), more));
    found
}

fn defaults(variant: &Variant) -> Params {
    let params = (variant.params)();
    params.iter().map(|param| (param.name.to_owned(), param.default.clone())).collect()
}

pub(crate) fn batch(examples: usize, inputs: usize) -> Tensor {
    let mut stream = Stream::new(7, "test/batch", &[]);
    let values: Vec<f64> = (0..examples * inputs).map(|_| f64::from(stream.uniform())).collect();
    Tensor::from_vec(values, (examples, inputs), &Device::Cpu).unwrap()
}

/// The largest difference between gradient and central differences, over the largest gradient.
pub(crate) fn gradient_error(vars: &[Var], loss: impl Fn() -> Tensor) -> f64 {
    let gradients = loss().backward().unwrap();
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for var in vars {
        let exact: Vec<f64> = gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (place, exact) in exact.into_iter().enumerate() {
            let at = |step: f64| nudged(var, place, step, || loss().to_scalar::<f64>().unwrap());
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            worst = worst.max((exact - difference).abs());
            largest = largest.max(exact.abs());
        }
    }
    worst / largest
}

pub(crate) fn nudged(var: &Var, place: usize, step: f64, read: impl Fn() -> f64) -> f64 {
    let before = var.as_tensor().copy().unwrap();
    let mut values: Vec<f64> = before.flatten_all().unwrap().to_vec1().unwrap();
    values[place] += step;
    var.set(&Tensor::from_vec(values, before.dims(), &Device::Cpu).unwrap()).unwrap();
    let value = read();
    var.set(&before).unwrap();
    value
}

#[test]
fn every_gradient_agrees_with_finite_differences() {
    let (clean, moment) = (batch(4, 6), Moment { seed: 7, layer: 0, epoch: 2, epochs: 4, step: 0 });
    for activation in Activation::ALL {
        for reconstruction in Reconstruction::ALL {
            for tied in [Some(()), None] {
                let autoencoder = small((5, 6), tied, activation, reconstruction, 3);
                for (name, objective) in objectives(activation, tied) {
                    let mut graph = objective.graph(&autoencoder, &START).unwrap();
                    graph.draw(&clean, &moment).unwrap();
                    let error = gradient_error(&graph.vars(), || graph.objective(&clean).unwrap());
                    assert!(
                        error < 1e-7,
                        "{name}, {}, {}, tied {}: {error}",
                        activation.word(),
                        reconstruction.word(),
                        tied.is_some()
                    );
                }
            }
        }
    }
}

#[test]
fn zero_strength_equals_the_basic_autoencoder_to_the_bit() {
    let (clean, moment) = (batch(4, 6), Moment { seed: 7, layer: 0, epoch: 1, epochs: 4, step: 0 });
    let autoencoder = small((5, 6), None, Activation::Sigmoid, Reconstruction::CrossEntropy, 3);
    let gradients = |objective: &dyn Objective| -> Vec<f64> {
        let mut graph = objective.graph(&autoencoder, &START).unwrap();
        graph.draw(&clean, &moment).unwrap();
        let gradients = graph.objective(&clean).unwrap().backward().unwrap();
        let of = |var: &Var| gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        autoencoder.vars().iter().flat_map(of).collect()
    };
    let basic = gradients(&Autoencoding::default());
    // These two model how inputs come about, and are no reconstruction plus something.
    let reconstructing = |name| !["rbm", "vae"].contains(&name);
    for variant in ALL.iter().filter(|variant| reconstructing(variant.name)) {
        let mut params = defaults(variant);
        for strength in ["lambda", "gamma", "sigma", "fraction"] {
            params.set(strength, Value::Float(0.0));
        }
        params.set("k", Value::Int(5));
        let zero = gradients((variant.objective)(&params).unwrap().as_ref());
        assert_eq!(basic, zero, "{}", variant.name);
    }
}

/// Two operations a product of weight, input and example.
#[test]
fn the_work_of_a_step_counts_its_products() {
    let (inputs, outputs) = (30, 20);
    let products = |name: &str, changes: &[(&str, Value)]| {
        let variant = find(name).unwrap();
        let mut params = defaults(variant);
        changes.iter().for_each(|(name, value)| params.set(*name, value.clone()));
        let objective = (variant.objective)(&params).unwrap();
        objective.work(inputs, outputs) / (2 * inputs * outputs) as f64
    };
    for name in ["basic", "contractive", "denoising", "rbm"] {
        assert_eq!(products(name, &[]), 5.0, "{name}");
    }
    assert_eq!(products("rbm", &[("gibbs_steps", Value::Int(10))]), 23.0);
    assert_eq!(products("contractive-h", &[("noise_samples", Value::Int(3))]), 11.0);
    assert_eq!(products("contractive-h", &[("gamma", Value::Int(0))]), 5.0);
    assert_eq!(products("vae", &[]), 7.0);
    assert!(products("adversarial", &[]) > 6.0);
    assert_eq!(products("adversarial", &[("lambda", Value::Int(0))]), 5.0);
}

#[test]
fn names_are_well_formed_and_each_stands_once() {
    let mut names: Vec<_> = ALL.iter().map(|variant| variant.name).collect();
    assert!(names.iter().all(|name| {
        name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), ALL.len());
}

#[test]
fn every_file_of_the_folder_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/variants");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().replace('_', "-");
        if path.is_file() && stem != "mod" && stem != "tests" {
            assert!(find(&stem).is_some(), "{stem} is not in variants::ALL");
        }
    }
}

fn page(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

#[test]
fn every_variant_has_a_page_with_its_formula_parameters_and_source() {
    for variant in ALL {
        let page = page(&format!("variants/{}.md", variant.name));
        let mut lines =
            vec![format!("# {}\n\n`{}`\n", variant.name, variant.formula), variant.source.into()];
        for param in (variant.params)() {
            let Param { name, domain, default, summary, .. } = &param;
            lines.push(format!("| `{name}` | {domain} | {default} | {summary} |\n"));
        }
        for heading in ["Parameters", "Source", "What to expect", "Held by"] {
            lines.push(format!("\n## {heading}\n\n"));
        }
        for line in lines {
            assert!(page.contains(&line), "variants/{}.md: {line}", variant.name);
        }
    }
}

#[test]
fn every_page_of_a_variant_and_every_picture_is_linked() {
    let index = page("VARIANTS.md");
    let folder = |name: &str| {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let names = std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
    };
    let pages = folder("variants");
    for file in &pages {
        let name = file.strip_suffix(".md").unwrap_or_else(|| panic!("{file} is no page"));
        let formula = find(name).unwrap_or_else(|| panic!("there is no variant {name}")).formula;
        let row = format!("- [`{name}`](variants/{file}): `{formula}`\n");
        assert!(index.contains(&row), "VARIANTS.md: {row}");
    }
    let all =
        pages.iter().map(|file| page(&format!("variants/{file}"))).collect::<String>() + &index;
    for picture in folder("pictures") {
        assert!(all.contains(&format!("pictures/{picture})")), "{picture} is on no page");
    }
}

#[test]
fn the_experiment_of_every_variant_names_them_all() {
    let text = include_str!("../../../../experiments/every-variant.toml");
    let source = Source { name: "every-variant", path: "experiments/every-variant.toml", text };
    let catalog = crate::catalog();
    let experiment = Experiment::read(source, &[], &catalog).unwrap();
    let trials = experiment.expand(&catalog, Limit::default()).unwrap().trials;
    let of = |name, word| trials.iter().any(|trial| trial.params.text(name) == Some(word));
    assert!(of("pretraining", "none"));
    for variant in ALL {
        assert!(of("variant", variant.name), "{} is missing", variant.name);
    }
}
