//! The open set of probes: what is measured of a trained network. To add one, write
//! `probes/<name>.rs` and name it in [`ALL`]; its metrics then exist in the store, in filters, in
//! tables and in `ablate list metrics`. A probe measures every run, or those that ask for it: while
//! they are trained, or at any time later from the weights they left. Either gives the same bits.

pub(crate) mod activity;
pub(crate) mod attacks;
pub(crate) mod classification;
pub(crate) mod contraction;
pub(crate) mod jacobian;
pub(crate) mod linear;
pub(crate) mod lipschitz;
pub(crate) mod mnist_c;
pub(crate) mod reconstruction;
pub(crate) mod robustness;
pub(crate) mod severity;
pub(crate) mod spectrum;

use std::fmt;

use ablate_sweep::{Direction, Measured, Metric, Params, Relative, Split};

use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::cost::Extent;
use crate::engine::Stack;
use crate::finetuning::Examples;
use crate::journal::Halt;
use crate::network::{Moment, Network};
use crate::settings::{FineTuning, Settings};

/// Every probe, in the order in which they are listed.
pub const ALL: &[&Probe] = &[
    &classification::PROBE,
    &reconstruction::PROBE,
    &linear::PROBE,
    &jacobian::PROBE,
    &activity::PROBE,
    &robustness::PROBE,
    &severity::PROBE,
    &mnist_c::PROBE,
    &attacks::PROBE,
    &contraction::PROBE,
    &lipschitz::PROBE,
    &spectrum::PROBE,
];

/// A probe.
pub struct Probe {
    /// Its one name.
    pub name: &'static str,
    /// One line: what it measures.
    pub summary: &'static str,
    /// What it is computed by.
    pub formula: &'static str,
    /// Where it was described.
    pub source: &'static str,
    /// Whether it measures every run.
    pub occasion: Occasion,
    /// Which networks it measures; it emits nothing of others.
    pub networks: Networks,
    /// When in their lives: as fine-tuning found them, as it left them, or both.
    pub moments: &'static [Moment],
    /// The metrics that it emits. Where it runs on request, the first of them every network has that was
    /// measured.
    pub metrics: fn() -> Vec<Metric>,
    /// Floating-point operations that it takes on a network of that extent.
    pub(crate) work: fn(&Extent<'_>) -> f64,
    measure: fn(&Subject<'_>, &mut Measured) -> Result<(), Halt>,
}

/// When a probe runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// At the end of every training.
    Always,
    /// Where an experiment or a command asks for it.
    OnRequest,
}

/// Which networks a probe measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Networks {
    /// All.
    All,
    /// Those that were trained to classify, which deep autoencoders were not.
    Classifiers,
    /// Those with hidden layers, whose codes are looked at.
    Layered,
}

/// The probe of that name.
pub fn find(name: &str) -> Option<&'static Probe> {
    ALL.iter().copied().find(|probe| probe.name == name)
}

impl Probe {
    /// Whether it measures what a trial with `params` trains.
    pub fn applies_to(&self, params: &Params) -> bool {
        let Ok(settings) = Settings::read(params) else { return true };
        let classifies = !matches!(settings.fine_tuning, FineTuning::Reconstruction(_));
        self.networks.hold(classifies, !settings.widths.is_empty())
    }

    /// What it costs on an ordinary network (784-1000-10, 10 000 images to train and to test on), in
    /// forward passes of all test images.
    pub fn passes(&self) -> f64 {
        let ordinary =
            Extent { inputs: 784, widths: &[1000], classes: 10, train: 10_000, test: 10_000 };
        (self.work)(&ordinary) / ordinary.test_pass()
    }
}

impl Networks {
    /// Whether a network is among them that `classifies`, or has hidden layers.
    fn hold(self, classifies: bool, layered: bool) -> bool {
        match self {
            Networks::All => true,
            Networks::Classifiers => classifies,
            Networks::Layered => layered,
        }
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Probe").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A network at one moment, and what it may be measured on.
pub(crate) struct Subject<'a> {
    pub(crate) sitter: Sitter<'a>,
    pub(crate) moment: Moment,
    /// The autoencoders of its pretrained layers, which fine-tuning has no part in: none of a network
    /// that is tuned, or where no layer was pretrained as one.
    pub(crate) autoencoders: &'a [Autoencoder],
    pub(crate) on: Material<'a>,
}

/// What networks are measured on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Material<'a> {
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

impl<'a> Subject<'a> {
    /// `network` as fine-tuning found it, of which the lowest layers were pretrained as `autoencoders`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn initial(
        network: &'a Network,
        autoencoders: &'a [Autoencoder],
        on: Material<'a>,
    ) -> candle_core::Result<Subject<'a>> {
        let sitter = Sitter::new(network)?;
        Ok(Subject { sitter, moment: Moment::Initial, autoencoders, on })
    }

    /// `network` as fine-tuning left it.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn tuned(
        network: &'a Network,
        on: Material<'a>,
    ) -> candle_core::Result<Subject<'a>> {
        let sitter = Sitter::new(network)?;
        Ok(Subject { sitter, moment: Moment::Tuned, autoencoders: &[], on })
    }
}

impl<'a> Sitter<'a> {
    pub(crate) fn new(network: &'a Network) -> candle_core::Result<Sitter<'a>> {
        Ok(Sitter { network, stack: Stack::load(network)? })
    }

    /// Whether its output layer has been trained: a deep autoencoder's has not.
    pub(crate) fn classifies(&self) -> bool {
        self.network.decoder.is_none()
    }
}

/// The probes that measure every run, and those of `requested` that do not.
pub(crate) fn at_training(requested: &[&'static Probe]) -> impl Iterator<Item = &'static Probe> {
    ALL.iter().copied().filter(|probe| match probe.occasion {
        Occasion::Always => true,
        Occasion::OnRequest => requested.iter().any(|asked| asked.name == probe.name),
    })
}

/// Adds to `found` what `probes` find of `subject`.
pub(crate) fn measure<'p>(
    subject: &Subject<'_>,
    probes: impl IntoIterator<Item = &'p Probe>,
    found: &mut Measured,
) -> Result<(), Halt> {
    let classifies = subject.sitter.classifies();
    let layered = !subject.sitter.network.hidden.is_empty();
    let applies = |probe: &&Probe| {
        probe.moments.contains(&subject.moment) && probe.networks.hold(classifies, layered)
    };
    for probe in probes.into_iter().filter(applies) {
        let began = std::time::Instant::now();
        (probe.measure)(subject, found)?;
        tracing::debug!(probe = probe.name, seconds = began.elapsed().as_secs_f64());
    }
    Ok(())
}

/// At most `most` images, evenly spaced, row by row.
fn spread(images: Rows<'_>, most: usize) -> Vec<f32> {
    images.gather(&evenly(images.len(), most))
}

/// At most `most` numbers below `count`, evenly spaced.
fn evenly(count: usize, most: usize) -> Vec<u32> {
    (0..count as u32).step_by(count.div_ceil(most).max(1)).collect()
}

/// Everything that follows for a run from its scores and its baseline's.
pub(crate) fn relative() -> Vec<Relative> {
    robustness::relative().into_iter().chain(mnist_c::relative()).collect()
}

/// `<of>_mce` and `<of>_relative_mce`, over groups of errors, one a corruption.
fn corruption_errors(of: &str, under: &str, groups: Vec<Vec<String>>) -> [Relative; 2] {
    let metric = |name: &str, what: &str| {
        let summary = format!(
            "test error under {under}{what} as a share of the unpretrained network's, mean over \
             corruptions"
        );
        on_test(&format!("{of}_{name}"), "baseline = 100", Direction::Lower, &summary)
    };
    [
        Relative { metric: metric("mce", ""), groups: groups.clone(), minus: None },
        Relative {
            metric: metric("relative_mce", " beyond the clean one"),
            groups,
            minus: Some("test_error".into()),
        },
    ]
}

/// The decimal that `value` was written as.
fn decimal(value: f32) -> f64 {
    (f64::from(value) * 1e6).round() / 1e6
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
pub(crate) mod tests {
    use ablate_data::Stream;
    use candle_core::{Device, Tensor, Var};

    use super::*;
    use crate::activation::Activation;
    use crate::network::Dense;

    /// A network of these widths, the input's first, with 3 classes: normal weights and biases, or
    /// the lowest layer's as given, outputs x inputs, and no bias there.
    pub(crate) fn sitter(
        widths: &[usize],
        activation: Activation,
        lowest: Option<&[f32]>,
    ) -> Network {
        let draw = |count: usize, number: u64| {
            let mut values = vec![0.0; count];
            Stream::new(3, "test/sitter", &[number]).fill_normal(&mut values);
            values
        };
        let var = |values: Vec<f32>, shape: &[usize]| {
            Var::from_tensor(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap()).unwrap()
        };
        let layer = |number: usize, below: usize, above: usize| match lowest {
            Some(weights) if number == 0 => Dense {
                weight: var(weights.to_vec(), &[above, below]),
                bias: var(vec![0.0; above], &[above]),
            },
            _ => Dense {
                weight: var(draw(below * above, number as u64), &[above, below]),
                bias: var(draw(above, 50 + number as u64), &[above]),
            },
        };
        let pairs = widths.windows(2).enumerate();
        let hidden = pairs.map(|(number, pair)| layer(number, pair[0], pair[1])).collect();
        Network::of(hidden, activation, layer(99, widths[widths.len() - 1], 3))
    }

    #[test]
    fn metric_names_are_well_formed_and_each_stands_once() {
        let measured = ALL.iter().flat_map(|probe| (probe.metrics)());
        let relative = relative().into_iter().map(|relative| relative.metric);
        let mut names: Vec<String> = measured.chain(relative).map(|metric| metric.name).collect();
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
    fn what_is_relative_rests_on_metrics_that_are_measured() {
        let measured: Vec<String> =
            ALL.iter().flat_map(|probe| (probe.metrics)()).map(|metric| metric.name).collect();
        for relative in relative() {
            for name in relative.groups.iter().flatten().chain(&relative.minus) {
                assert!(measured.contains(name), "{} rests on {name}", relative.metric.name);
            }
        }
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
