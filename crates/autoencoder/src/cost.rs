//! What a run is expected to need: floating-point operations counted from the matrix products, two
//! for a multiplication and an addition, and bytes of memory at its peak.

use ablate_sweep::Cost;

use crate::probes::{self, Probe};
use crate::settings::Settings;

/// Operations of one epoch over `examples` examples for an autoencoder of `inputs` and `outputs`
/// units: five products (two forward, three backward, the input's gradient not being needed).
pub(crate) fn autoencoder_epoch(examples: usize, inputs: usize, outputs: usize) -> f64 {
    10.0 * examples as f64 * inputs as f64 * outputs as f64
}

/// Operations of one epoch of fine-tuning over `examples` examples: three products a layer, but two
/// for the lowest, whose input needs no gradient.
pub(crate) fn tuning_epoch(
    settings: &Settings,
    (inputs, classes): (usize, usize),
    examples: usize,
) -> f64 {
    let sizes = sizes(&settings.widths, inputs, classes);
    let lowest = sizes.first().map_or(0.0, |(below, above)| 2.0 * below * above);
    examples as f64 * (6.0 * weights(&sizes) - lowest)
}

/// The shape of a network, and how many images it is trained and tested on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extent<'a> {
    pub(crate) inputs: usize,
    pub(crate) widths: &'a [usize],
    pub(crate) classes: usize,
    pub(crate) train: usize,
    pub(crate) test: usize,
}

impl Extent<'_> {
    /// Units of the top hidden layer.
    pub(crate) fn top(&self) -> usize {
        self.widths.last().copied().unwrap_or(self.inputs)
    }

    /// Operations of a forward pass of `examples` images.
    pub(crate) fn pass(&self, examples: usize) -> f64 {
        2.0 * examples as f64 * weights(&sizes(self.widths, self.inputs, self.classes))
    }

    /// Operations of a forward pass of the test images.
    pub(crate) fn test_pass(&self) -> f64 {
        self.pass(self.test)
    }
}

/// The whole run on `examples` training images of `inputs` pixels and `classes` classes, with
/// `tested` images each to validate and to test on, scores and those of `requested` included.
pub(crate) fn of_run(
    settings: &Settings,
    (inputs, classes): (usize, usize),
    (examples, tested): (usize, usize),
    requested: &[&'static Probe],
) -> Cost {
    let sizes = sizes(&settings.widths, inputs, classes);
    let hidden = &sizes[..sizes.len() - 1];
    let mut flop = 0.0;
    if let Some(pretraining) = &settings.pretraining {
        for (below, above) in hidden {
            flop += f64::from(pretraining.epochs)
                * autoencoder_epoch(examples, *below as usize, *above as usize);
        }
    }
    let tuning = tuning_epoch(settings, (inputs, classes), examples);
    let forward = 2.0 * weights(&sizes);
    flop += f64::from(settings.epochs) * (tuning + tested as f64 * forward);
    let extent =
        Extent { inputs, widths: &settings.widths, classes, train: examples, test: tested };
    flop += scoring(&extent, requested);
    Cost { flop, bytes: bytes(settings, &sizes, examples) }
}

/// Operations of the scores: what `requested` measures and what is measured of every run.
pub(crate) fn scoring(extent: &Extent<'_>, requested: &[&'static Probe]) -> f64 {
    probes::at_training(requested).map(|probe| (probe.work)(extent)).sum()
}

/// Weights (with gradients, optimizer state, the best epoch's and the unturned copy), codes of the
/// training images that the next layer learns from and the linear probe reads, and activations.
fn bytes(settings: &Settings, sizes: &[(f64, f64)], examples: usize) -> u64 {
    let widest = settings.widths.iter().copied().max().unwrap_or(0) as f64;
    let copies = 7.0;
    let codes = 2.0 * examples as f64 * widest;
    let rows = settings.batch_size.max(crate::batches::EVALUATION_ROWS) as f64;
    let activations = 8.0 * rows * sizes.iter().map(|(below, above)| below + above).sum::<f64>();
    let deep = settings.widths.len().saturating_sub(1) as f64;
    let jacobians = (1.0 + deep) * widest * widest;
    (4.0 * (copies * weights(sizes) + codes + activations + jacobians)) as u64
}

/// Inputs and outputs of every layer, the softmax included.
fn sizes(widths: &[usize], inputs: usize, classes: usize) -> Vec<(f64, f64)> {
    let mut below = inputs as f64;
    let widths = widths.iter().chain([&classes]);
    widths.map(|&width| (std::mem::replace(&mut below, width as f64), width as f64)).collect()
}

fn weights(sizes: &[(f64, f64)]) -> f64 {
    sizes.iter().map(|(below, above)| below * above).sum()
}
