//! What a run is expected to need: floating-point operations counted from the matrix products, two
//! for a multiplication and an addition, and bytes of memory at its peak.

use ablate_sweep::Cost;

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
    let sizes = sizes(settings, inputs, classes);
    let lowest = sizes.first().map_or(0.0, |(below, above)| 2.0 * below * above);
    examples as f64 * (6.0 * weights(&sizes) - lowest)
}

/// The whole run on `examples` training images of `inputs` pixels and `classes` classes, with
/// `tested` images each to validate and to test on, scores included.
pub(crate) fn of_run(
    settings: &Settings,
    (inputs, classes): (usize, usize),
    examples: usize,
    tested: usize,
) -> Cost {
    let sizes = sizes(settings, inputs, classes);
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
    flop += scoring(settings, inputs, classes, examples, tested);
    Cost { flop, bytes: bytes(settings, &sizes, examples) }
}

/// Operations of the scores: the test set under every perturbation, codes for the linear probe
/// before and after fine-tuning, and the Jacobian's products.
pub(crate) fn scoring(
    settings: &Settings,
    inputs: usize,
    classes: usize,
    examples: usize,
    tested: usize,
) -> f64 {
    let forward = 2.0 * weights(&sizes(settings, inputs, classes));
    let perturbed = crate::probes::robustness::perturbations().count() as f64;
    let top = settings.widths.last().copied().unwrap_or(0) as f64;
    let probe = 6.0 * top * classes as f64 * crate::probes::linear::EPOCHS as f64;
    let jacobian: f64 = settings.widths.windows(2).map(|w| 4.0 * (w[0] * w[1]) as f64 * top).sum();
    forward * (tested as f64 * (perturbed + 4.0) + examples as f64 * 3.0)
        + 2.0 * probe * examples as f64
        + 2.0 * jacobian * crate::probes::jacobian::EXAMPLES as f64
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
fn sizes(settings: &Settings, inputs: usize, classes: usize) -> Vec<(f64, f64)> {
    let mut below = inputs as f64;
    let widths = settings.widths.iter().chain([&classes]);
    widths.map(|&width| (std::mem::replace(&mut below, width as f64), width as f64)).collect()
}

fn weights(sizes: &[(f64, f64)]) -> f64 {
    sizes.iter().map(|(below, above)| below * above).sum()
}
