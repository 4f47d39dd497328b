//! The open set of probes: what is measured of a trained network. To add one, write
//! `probes/<name>.rs` and name it in [`ALL`]; its metrics then exist in the store, in filters, in
//! tables and in `ablate list metrics`.

pub(crate) mod activity;
pub(crate) mod classification;
pub(crate) mod jacobian;
pub(crate) mod linear;
pub(crate) mod reconstruction;
pub(crate) mod robustness;

use std::collections::BTreeMap;
use std::fmt;

use ablate_sweep::{Direction, Metric, Split};

use crate::autoencoder::Autoencoder;
use crate::engine::Stack;
use crate::finetuning::Examples;
use crate::journal::Halt;
use crate::network::Network;

/// Every probe, in the order in which they are listed.
pub const ALL: &[&Probe] = &[
    &classification::PROBE,
    &reconstruction::PROBE,
    &linear::PROBE,
    &jacobian::PROBE,
    &activity::PROBE,
    &robustness::PROBE,
];

/// A probe.
pub struct Probe {
    /// Its one name.
    pub name: &'static str,
    /// One line: what it measures.
    pub summary: &'static str,
    /// What it is computed by.
    pub formula: &'static str,
    /// The metrics that it emits.
    pub metrics: fn() -> Vec<Metric>,
    measure: fn(&Subject<'_>, &mut Scores) -> Result<(), Halt>,
}

impl fmt::Debug for Probe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Probe").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A trained network and what it may be measured on.
pub(crate) struct Subject<'a> {
    /// The network as fine-tuning left it.
    pub(crate) tuned: Sitter<'a>,
    /// The network as fine-tuning found it: pretrained, or at its random start.
    pub(crate) initial: Sitter<'a>,
    /// The autoencoders of the pretrained layers; empty without pretraining.
    pub(crate) stack: &'a [Autoencoder],
    pub(crate) train: Examples<'a>,
    pub(crate) valid: Examples<'a>,
    pub(crate) test: Examples<'a>,
    /// The test images' rows and columns.
    pub(crate) shape: ablate_data::Shape,
    pub(crate) seed: u64,
}

/// A network to be measured.
pub(crate) struct Sitter<'a> {
    /// As Candle holds it.
    pub(crate) network: &'a Network,
    /// As the engine does.
    pub(crate) stack: Stack,
}

impl<'a> Sitter<'a> {
    pub(crate) fn new(network: &'a Network) -> candle_core::Result<Sitter<'a>> {
        Ok(Sitter { network, stack: Stack::load(network)? })
    }
}

/// Metric names to values.
pub(crate) type Scores = BTreeMap<String, f64>;

/// Every score of `subject`.
pub(crate) fn measure(subject: &Subject<'_>) -> Result<Scores, Halt> {
    let mut scores = Scores::new();
    for probe in ALL {
        (probe.measure)(subject, &mut scores)?;
    }
    Ok(scores)
}

/// A metric on the test images.
fn on_test(name: &str, unit: &'static str, direction: Direction, summary: &str) -> Metric {
    Metric { name: name.into(), unit, direction, split: Split::Test, summary: summary.into() }
}

/// The metric `name` of the network as fine-tuning left it, and `initial_<name>` of the network as
/// fine-tuning found it.
fn before_and_after(
    name: &str,
    unit: &'static str,
    direction: Direction,
    summary: &str,
) -> [Metric; 2] {
    [
        on_test(name, unit, direction, summary),
        on_test(
            &format!("initial_{name}"),
            unit,
            direction,
            &format!("{summary}, before fine-tuning"),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_names_are_well_formed_and_each_stands_once() {
        let mut names: Vec<String> =
            ALL.iter().flat_map(|probe| (probe.metrics)()).map(|metric| metric.name).collect();
        for name in &names {
            assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(plain), "{name}");
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn every_file_of_the_folder_is_in_the_list() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/probes");
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let listed = ALL.iter().any(|probe| probe.name.replace('-', "_") == stem);
            assert!(listed || stem == "mod", "{stem} is not in probes::ALL");
        }
    }

    #[test]
    fn the_page_of_the_probes_has_a_section_each() {
        let page = include_str!("../../PROBES.md");
        for probe in ALL {
            assert!(page.contains(&format!("\n## {}\n", probe.name)), "{}", probe.name);
        }
    }
}
