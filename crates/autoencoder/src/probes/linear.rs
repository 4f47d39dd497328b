//! The linear probe: multinomial logistic regression on frozen top codes, standardized by the
//! training images, fitted by Adam for a fixed number of epochs and tested on the test images. What
//! a linear readout finds in the codes, before any label has touched them and after.

use ablate_data::Stream;
use ablate_sweep::Direction;
use candle_core::{DType, Device, Tensor, Var};

use super::{Probe, before_and_after};
use crate::batches::{self, EVALUATION_ROWS, Rows};
use crate::finetuning::{Examples, score, targets};
use crate::journal::Halt;
use crate::network::{Dense, Network};
use crate::optimizer::{Optimizer, Rule};

/// Passes over the training codes.
pub(crate) const EPOCHS: u32 = 20;
const BATCH_SIZE: usize = 100;
const RATE: f64 = 0.01;

pub(super) const PROBE: Probe = Probe {
    name: "linear",
    summary: "logistic regression on the frozen top codes",
    formula: "mean [argmax_c (V h + a)_c != y], V and a fitted on training codes by Adam",
    metrics: || {
        let summary = "test error of a logistic regression on the frozen top codes";
        before_and_after("linear_probe_error", "fraction", Direction::Lower, summary).into()
    },
    measure: |subject, scores| {
        let networks = [
            ("linear_probe_error", subject.tuned),
            ("initial_linear_probe_error", subject.initial),
        ];
        for (name, network) in networks {
            let classes = network.output.bias.dim(0)?;
            let train = Standardized::codes(network, subject.train)?;
            let readout = fit(&train, subject.train.labels, classes, subject.seed)?;
            let test = train.same_scale(network, subject.test)?;
            let found = score(test.rows(), subject.test.labels, |codes| readout.forward(codes))?;
            scores.insert(name.into(), found.error);
        }
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
    fn codes(network: &Network, examples: Examples<'_>) -> Result<Standardized, Halt> {
        let mut values = top_codes(network, examples.images)?;
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
        Ok(Standardized { values, means, scales })
    }

    /// Codes of other examples, brought to the scale of these.
    fn same_scale(&self, network: &Network, examples: Examples<'_>) -> Result<Standardized, Halt> {
        let mut values = top_codes(network, examples.images)?;
        standardize(&mut values, &self.means, &self.scales);
        Ok(Standardized { values, means: self.means.clone(), scales: self.scales.clone() })
    }

    fn rows(&self) -> Rows<'_> {
        Rows::new(&self.values, self.means.len())
    }
}

fn standardize(values: &mut [f32], means: &[f32], scales: &[f32]) {
    for row in values.chunks_mut(means.len()) {
        for ((value, mean), scale) in row.iter_mut().zip(means).zip(scales) {
            *value = (*value - mean) * scale;
        }
    }
}

fn top_codes(network: &Network, images: Rows<'_>) -> Result<Vec<f32>, Halt> {
    let mut codes = Vec::new();
    for batch in images.tensors(EVALUATION_ROWS) {
        codes.extend(network.top_code(&batch?)?.detach().flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(codes)
}

fn fit(codes: &Standardized, labels: &[u8], classes: usize, seed: u64) -> Result<Dense, Halt> {
    let (rows, cpu) = (codes.rows(), &Device::Cpu);
    let readout = Dense {
        weight: Var::zeros((classes, rows.width()), DType::F32, cpu)?,
        bias: Var::zeros(classes, DType::F32, cpu)?,
    };
    let vars = vec![readout.weight.clone(), readout.bias.clone()];
    let mut optimizer = Optimizer::new(Rule::Adam { rate: RATE }, vars);
    for epoch in 1..=EPOCHS {
        let mut order = Stream::new(seed, "probes/linear/order", &[u64::from(epoch)]);
        for batch in batches::shuffled(rows.len(), BATCH_SIZE, &mut order) {
            let codes: Tensor = batches::tensor(rows.gather(&batch), rows.width())?;
            let labels: Vec<u8> = batch.iter().map(|&row| labels[row as usize]).collect();
            let logits = readout.forward(&codes)?;
            optimizer.descend(&candle_nn::loss::cross_entropy(&logits, &targets(&labels)?)?)?;
        }
    }
    Ok(readout)
}
