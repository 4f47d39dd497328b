//! The linear probe: multinomial logistic regression on frozen top codes, standardized by the
//! training images, fitted by Adam for a fixed number of epochs and tested on the test images. What
//! a linear readout finds in the codes, before any label has touched them and after.

use ablate_data::Stream;
use ablate_sweep::Direction;

use super::{Moment, Networks, Occasion, Probe, Sitter, before_and_after};
use crate::batches::{self, Rows};
use crate::engine::{Evaluation, NetworkStep, Stack};
use crate::finetuning::Examples;
use crate::optimizer::Rule;

/// Passes over the training codes.
const EPOCHS: u32 = 20;
const BATCH_SIZE: usize = 100;
const RATE: f64 = 0.01;

pub(super) const PROBE: Probe = Probe {
    name: "linear",
    summary: "logistic regression on the frozen top codes",
    formula: "mean [argmax_c (V h + a)_c != y], V and a fitted on training codes by Adam",
    source: "Alain and Bengio 2016",
    occasion: Occasion::Always,
    networks: Networks::All,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| {
        let codes = extent.pass(extent.train) + extent.test_pass();
        2.0 * (codes + work((extent.top(), extent.classes), extent.train))
    },
    metrics: || {
        let summary = "test error of a logistic regression on the frozen top codes";
        before_and_after("linear_probe_error", "fraction", Direction::Lower, summary).into()
    },
    measure: |subject, found| {
        let Sitter { network, stack } = &subject.sitter;
        let classes = network.output.bias.dim(0)?;
        let train = Standardized::codes(stack, subject.on.train);
        let readout = fit(train.examples(subject.on.train.labels), classes, subject.on.seed);
        let test = train.same_scale(stack, subject.on.test);
        let test = test.examples(subject.on.test.labels);
        let misses = Evaluation::new(&readout).classify(&readout, test);
        let error = misses.wrong as f64 / test.labels.len() as f64;
        found.scores.insert(subject.moment.name("linear_probe_error"), error);
        Ok(())
    },
};

/// Codes, row by row, brought to mean 0 and standard deviation 1 a unit.
struct Standardized {
    values: Vec<f32>,
    means: Vec<f32>,
    scales: Vec<f32>,
}

impl Standardized {
    fn codes(stack: &Stack, examples: Examples<'_>) -> Standardized {
        let mut values = stack.codes(examples.images);
        let (count, width) = (examples.images.len(), values.len() / examples.images.len());
        let (mut means, mut squares) = (vec![0.0_f64; width], vec![0.0_f64; width]);
        for row in values.chunks(width) {
            for ((mean, square), &value) in means.iter_mut().zip(&mut squares).zip(row) {
                *mean += f64::from(value) / count as f64;
                *square += f64::from(value).powi(2) / count as f64;
            }
        }
        // A unit that never varies says nothing; dividing by 1 leaves it at 0.
        let deviation = |(mean, square): (&f64, &f64)| {
            let deviation = (square - mean * mean).max(0.0).sqrt();
            if deviation > 1e-6 { (1.0 / deviation) as f32 } else { 1.0 }
        };
        let scales: Vec<f32> = means.iter().zip(&squares).map(deviation).collect();
        let means: Vec<f32> = means.into_iter().map(|mean| mean as f32).collect();
        standardize(&mut values, &means, &scales);
        Standardized { values, means, scales }
    }

    /// Codes of other examples, brought to the scale of these.
    fn same_scale(&self, stack: &Stack, examples: Examples<'_>) -> Standardized {
        let mut values = stack.codes(examples.images);
        standardize(&mut values, &self.means, &self.scales);
        Standardized { values, means: self.means.clone(), scales: self.scales.clone() }
    }

    fn examples<'a>(&'a self, labels: &'a [u8]) -> Examples<'a> {
        Examples { images: Rows::new(&self.values, self.means.len()), labels }
    }
}

fn standardize(values: &mut [f32], means: &[f32], scales: &[f32]) {
    for row in values.chunks_mut(means.len()) {
        for ((value, mean), scale) in row.iter_mut().zip(means).zip(scales) {
            *value = (*value - mean) * scale;
        }
    }
}

/// Operations of fitting a readout of that shape to so many examples.
pub(super) fn work((inputs, classes): (usize, usize), examples: usize) -> f64 {
    6.0 * (inputs * classes) as f64 * f64::from(EPOCHS) * examples as f64
}

/// The readout of `codes` that [`EPOCHS`] epochs of Adam come to.
pub(super) fn fit(codes: Examples<'_>, classes: usize, seed: u64) -> Stack {
    let readout = Stack::readout(codes.images.width(), classes);
    let mut step = NetworkStep::new(readout, Rule::Adam { rate: RATE }, BATCH_SIZE);
    for epoch in 1..=EPOCHS {
        let mut order = Stream::new(seed, "probes/linear/order", &[u64::from(epoch)]);
        for batch in batches::shuffled(codes.images.len(), BATCH_SIZE, &mut order) {
            step.gather(codes.images, &batch);
            step.classify(codes.labels, &batch);
            step.descend();
        }
    }
    step.into_stack()
}
