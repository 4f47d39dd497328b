//! What a run is expected to need: floating-point operations counted from the matrix products, two
//! for a multiplication and an addition, and bytes of memory at its peak.

use ablate_sweep::Cost;

use crate::network::Moment;
use crate::optimizer::Rule;
use crate::probes::{self, Probe};
use crate::settings::{FineTuning, LayerPretraining, Pretraining, Settings};

/// Operations of a step an example for an autoencoder of `inputs` and `outputs` units: five products
/// (two forward, three backward, the input's gradient not being needed).
pub(crate) fn autoencoding(inputs: usize, outputs: usize) -> f64 {
    10.0 * inputs as f64 * outputs as f64
}

/// Operations of one pass over `examples` examples that trains layers of that `shape` (inputs and
/// outputs of each): three products a layer, but two for the lowest, whose input needs no gradient.
pub(crate) fn pass(shape: &[(usize, usize)], examples: usize) -> f64 {
    let lowest = shape.first().map_or(0.0, |(below, above)| 2.0 * (below * above) as f64);
    examples as f64 * (6.0 * weights(shape) - lowest)
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
        2.0 * examples as f64
            * weights(&shape(self.inputs, &[self.widths, &[self.classes]].concat()))
    }

    /// Operations of a forward pass of the test images.
    pub(crate) fn test_pass(&self) -> f64 {
        self.pass(self.test)
    }
}

/// The whole run on `examples` training images of `inputs` pixels and `classes` classes, with
/// `tested` images each to validate and to test on at most, scores and those of `requested` included.
pub(crate) fn of_run(
    settings: &Settings,
    (inputs, classes): (usize, usize),
    (examples, tested): (usize, usize),
    requested: &[&'static Probe],
) -> Cost {
    let labelled = settings.labels.map_or(examples, |labels| labels.min(examples));
    let learned = match settings.fine_tuning {
        FineTuning::Reconstruction(_) => examples,
        FineTuning::Supervised(_) | FineTuning::Frozen { .. } => labelled,
    };
    let trained = trained(settings, inputs, classes);
    let mut flop = pretraining(settings, (inputs, classes), (examples, labelled));
    let validation = 2.0 * tested as f64 * weights(&trained);
    flop += f64::from(settings.epochs) * (pass(&trained, learned) + validation);
    let test = settings.test_size.map_or(tested, |size| size.min(tested));
    let extent = Extent { inputs, widths: &settings.widths, classes, train: examples, test };
    flop += scoring(&extent, requested);
    Cost { flop, bytes: bytes(settings, (inputs, classes), examples) }
}

fn pretraining(
    settings: &Settings,
    (inputs, classes): (usize, usize),
    (examples, labelled): (usize, usize),
) -> f64 {
    let hidden = shape(inputs, &settings.widths);
    match &settings.pretraining {
        Pretraining::None => 0.0,
        Pretraining::Greedy(layers) | Pretraining::Marginals(layers) => {
            let layers = layers.iter().zip(hidden);
            let of_layer = |(layer, (below, above)): (&LayerPretraining, _)| {
                f64::from(layer.epochs) * examples as f64 * layer.objective.work(below, above)
            };
            layers.map(of_layer).sum()
        }
        Pretraining::SupervisedGreedy { layers, course } => {
            let of_layer = |(below, above)| pass(&[(below, above), (above, classes)], labelled);
            f64::from(course.epochs) * hidden.into_iter().take(*layers).map(of_layer).sum::<f64>()
        }
        Pretraining::Joint { course, .. } => {
            f64::from(course.epochs) * pass(&unrolled(settings, inputs), examples)
        }
    }
}

/// Operations of the scores: what `requested` measures and what is measured of every run.
fn scoring(extent: &Extent<'_>, requested: &[&'static Probe]) -> f64 {
    probes::at_training(requested).map(|probe| (probe.work)(extent)).sum()
}

/// Those of the scores at one moment.
pub(crate) fn scoring_at(moment: Moment, extent: &Extent<'_>, requested: &[&'static Probe]) -> f64 {
    let then = probes::at_training(requested).filter(|probe| probe.moments.contains(&moment));
    then.map(|probe| (probe.work)(extent) / probe.moments.len() as f64).sum()
}

/// Weights (Candle's and the engine's, with optimizer state), codes of the training images that the
/// next layer learns from and the linear probe reads, images with labels and spaced test images, and
/// activations.
fn bytes(settings: &Settings, (inputs, classes): (usize, usize), examples: usize) -> u64 {
    let deep = matches!(settings.pretraining, Pretraining::Joint { .. })
        || matches!(settings.fine_tuning, FineTuning::Reconstruction(_));
    let mut shape = classifying(settings, inputs, classes);
    if deep {
        shape.extend(unrolled(settings, inputs).into_iter().skip(settings.widths.len()));
    }
    let widest = settings.widths.iter().copied().max().unwrap_or(0) as f64;
    let tuning = (2.0 + averages(settings.optimizer)) * weights(&shape);
    let learned = tuning.max(pretraining_weights(settings, inputs, &shape));
    let codes = 2.0 * examples as f64 * widest;
    let labelled = settings.labels.map_or(0.0, |labels| (labels * inputs) as f64);
    let spaced = settings.test_size.map_or(0.0, |size| (size * inputs) as f64);
    let rows = settings.batch_size.max(crate::batches::EVALUATION_ROWS) as f64;
    let sides: usize = shape.iter().map(|(below, above)| below + above).sum();
    let activations = 8.0 * rows * sides as f64;
    let above = settings.widths.len().saturating_sub(1) as f64;
    let jacobians = (1.0 + above) * widest * widest;
    (4.0 * (learned + codes + labelled + spaced + activations + jacobians)) as u64
}

/// How many numbers `rule` keeps for each weight.
fn averages(rule: Rule) -> f64 {
    match rule {
        Rule::Sgd { momentum: 0.0, .. } => 0.0,
        Rule::Sgd { .. } => 1.0,
        Rule::Adam { .. } => 2.0,
    }
}

/// The network of `shape`, the decoders of its pretrained layers, and what training one of them keeps.
fn pretraining_weights(settings: &Settings, inputs: usize, shape: &[(usize, usize)]) -> f64 {
    let layers = match &settings.pretraining {
        Pretraining::Greedy(layers) | Pretraining::Marginals(layers) => layers.as_slice(),
        Pretraining::None | Pretraining::SupervisedGreedy { .. } | Pretraining::Joint { .. } => &[],
    };
    let (mut held, mut most) = (weights(shape), 0.0_f64);
    for (layer, (below, above)) in layers.iter().zip(self::shape(inputs, &settings.widths)) {
        let own = (below * above) as f64;
        let decoder = if layer.tied { 0.0 } else { own };
        held += decoder;
        let beside = layer.objective.beside(below, above);
        most = most.max((1.0 + averages(layer.optimizer)) * (own + decoder + beside));
    }
    held + most
}

/// What fine-tuning trains.
fn trained(settings: &Settings, inputs: usize, classes: usize) -> Vec<(usize, usize)> {
    match settings.fine_tuning {
        FineTuning::Supervised(_) => classifying(settings, inputs, classes),
        FineTuning::Frozen { .. } => {
            classifying(settings, inputs, classes).split_off(settings.widths.len())
        }
        FineTuning::Reconstruction(_) => unrolled(settings, inputs),
    }
}

/// From the input to the logits.
fn classifying(settings: &Settings, inputs: usize, classes: usize) -> Vec<(usize, usize)> {
    let mut widths = settings.widths.clone();
    if let FineTuning::Frozen { classifier: Some(width) } = settings.fine_tuning {
        widths.push(width);
    }
    widths.push(classes);
    shape(inputs, &widths)
}

/// From the input to the top codes and back.
fn unrolled(settings: &Settings, inputs: usize) -> Vec<(usize, usize)> {
    let up = shape(inputs, &settings.widths);
    let down = up.iter().rev().map(|&(below, above)| (above, below));
    up.iter().copied().chain(down).collect()
}

/// Inputs and outputs of layers of those `widths`.
fn shape(inputs: usize, widths: &[usize]) -> Vec<(usize, usize)> {
    let mut below = inputs;
    widths.iter().map(|&width| (std::mem::replace(&mut below, width), width)).collect()
}

fn weights(shape: &[(usize, usize)]) -> f64 {
    shape.iter().map(|(below, above)| (below * above) as f64).sum()
}
