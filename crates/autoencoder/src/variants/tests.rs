//! What must hold for every variant.

use ablate_data::{Shape, Stream};
use ablate_sweep::{Params, Value};
use candle_core::{DType, Device, Var};

use super::*;
use crate::activation::Activation;
use crate::autoencoder::{Autoencoder, small};
use crate::reconstruction::Reconstruction;

/// Every objective worth telling apart: each variant with its defaults, and each value of a choice.
pub(crate) fn objectives(activation: Activation) -> Vec<(String, Objective)> {
    let mut found = Vec::new();
    for variant in ALL {
        let declared = (variant.params)();
        let choices: Vec<_> = declared
            .iter()
            .filter_map(|param| match &param.domain {
                ablate_sweep::Domain::Choice(names) => Some((param.name, names.clone())),
                _ => None,
            })
            .collect();
        let (choice, names) = choices.first().cloned().unwrap_or(("none", vec!["defaults"]));
        for name in names {
            // A mean activation is a probability only for sigmoid units; the catalog says so too.
            if variant.name == "sparse-kl" && activation != Activation::Sigmoid {
                continue;
            }
            let mut params: Params = declared
                .iter()
                .map(|param| (param.name.to_owned(), param.default.clone()))
                .collect();
            params.set(choice, Value::Text(name.into()));
            let objective = (variant.objective)(&params).unwrap();
            found.push((format!("{} {choice}={name}", variant.name), objective));
        }
    }
    found
}

fn batch(examples: usize, inputs: usize) -> Tensor {
    let mut stream = Stream::new(7, "test/batch", &[]);
    let values: Vec<f64> = (0..examples * inputs).map(|_| f64::from(stream.uniform())).collect();
    Tensor::from_vec(values, (examples, inputs), &Device::Cpu).unwrap()
}

fn corrupted(objective: &Objective, clean: &Tensor) -> Tensor {
    let Some((corruption, severity)) = objective.corruption else { return clean.clone() };
    let (examples, inputs) = clean.dims2().unwrap();
    let mut values: Vec<f32> =
        clean.flatten_all().unwrap().to_dtype(DType::F32).unwrap().to_vec1().unwrap();
    let mut stream = Stream::new(7, "test/corruption", &[]);
    corruption.apply(&mut values, Shape::flat(inputs), severity, &mut stream);
    let seen = Tensor::from_vec(values, (examples, inputs), &Device::Cpu).unwrap();
    seen.to_dtype(DType::F64).unwrap()
}

/// The largest difference between gradient and central differences, over the largest gradient.
fn gradient_error(autoencoder: &Autoencoder, objective: &Objective) -> f64 {
    let clean = batch(4, 6);
    let seen = corrupted(objective, &clean);
    let loss = || autoencoder.objective(&seen, &clean, objective.penalty.as_ref()).unwrap();
    let gradients = loss().backward().unwrap();
    let (mut worst, mut largest) = (0.0_f64, 0.0_f64);
    for var in autoencoder.vars() {
        let exact: Vec<f64> =
            gradients.get(&var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        for (place, exact) in exact.into_iter().enumerate() {
            let at = |step: f64| nudged(&var, place, step, || loss().to_scalar::<f64>().unwrap());
            let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
            worst = worst.max((exact - difference).abs());
            largest = largest.max(exact.abs());
        }
    }
    worst / largest
}

fn nudged(var: &Var, place: usize, step: f64, read: impl Fn() -> f64) -> f64 {
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
    for activation in Activation::ALL {
        for reconstruction in Reconstruction::ALL {
            for tied in [Some(()), None] {
                let autoencoder = small((5, 6), tied, activation, reconstruction, 3);
                for (name, objective) in objectives(activation) {
                    let error = gradient_error(&autoencoder, &objective);
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
    let clean = batch(4, 6);
    let autoencoder = small((5, 6), None, Activation::Sigmoid, Reconstruction::CrossEntropy, 3);
    let gradients = |objective: &Objective| -> Vec<f64> {
        let seen = corrupted(objective, &clean);
        let loss = autoencoder.objective(&seen, &clean, objective.penalty.as_ref()).unwrap();
        let gradients = loss.backward().unwrap();
        let of = |var: &Var| gradients.get(var).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        autoencoder.vars().iter().flat_map(of).collect()
    };
    let basic = gradients(&Objective::default());
    for variant in ALL {
        let mut params: Params = (variant.params)()
            .iter()
            .map(|param| (param.name.to_owned(), param.default.clone()))
            .collect();
        for strength in ["lambda", "sigma", "fraction"] {
            params.set(strength, Value::Float(0.0));
        }
        let zero = gradients(&(variant.objective)(&params).unwrap());
        assert_eq!(basic, zero, "{}", variant.name);
    }
}

#[test]
fn names_are_well_formed_and_each_stands_once() {
    let mut names: Vec<_> = ALL.iter().map(|variant| variant.name).collect();
    assert!(names.iter().all(|name| name.chars().all(|c| c.is_ascii_lowercase() || c == '-')));
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

#[test]
fn the_page_of_the_variants_has_a_section_each_with_formula_and_parameters() {
    let page = include_str!("../../VARIANTS.md");
    for variant in ALL {
        let section = page.split("\n## ").find(|section| section.starts_with(variant.name));
        let section = section.unwrap_or_else(|| panic!("{} has no section", variant.name));
        assert!(section.contains(&format!("`{}`", variant.formula)), "{}", variant.formula);
        for param in (variant.params)() {
            let row = format!("| `{}` |", param.name);
            let row = section.lines().find(|line| line.starts_with(&row));
            let row = row.unwrap_or_else(|| panic!("{} {}", variant.name, param.name));
            let default = row.split('|').nth(3).unwrap().trim().trim_matches('`').to_owned();
            assert_eq!(default, param.default.to_string(), "{} {}", variant.name, param.name);
        }
    }
}
