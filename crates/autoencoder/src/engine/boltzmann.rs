//! A step of a restricted Boltzmann machine by hand. For n rows v with p = sigmoid(v W + b), and the
//! rows v' that Gibbs chains lead to with p' = sigmoid(v' W + b), the gradients of F(v) - F(v') at
//! constant v' are
//!
//! ```text
//! dL/dW = (v'^T p' - v^T p) / n,  dL/db = sum (p' - p) / n,  dL/dc = sum (v' - v) / n
//! ```
//!
//! v lies above v' and -p above p' in memory, so that the first is one product over 2 n rows. With one
//! Gibbs step these are the five products of an autoencoder's step.

use ablate_data::Stream;
use candle_core::Result;

use super::dense::{Dense, store_bias};
use super::kernels::{self, wide};
use super::math;
use super::matrix::{Band, BandMut, Matrix};
use super::negligible;
use super::state::{LayerStep, State};
use super::update::{BiasDescent, Step, WeightDescent};
use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::tensors::{Damage, Tensors};

/// How v' is come by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gibbs {
    /// Steps of the chain; at least one.
    pub(crate) steps: usize,
    pub(crate) chain: Chain,
}

/// Where a chain goes on from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chain {
    /// The examples.
    Data,
    /// Where the last step left it; at first the examples.
    Persistent,
}

/// A restricted Boltzmann machine in training.
#[derive(Debug)]
pub(crate) struct BoltzmannStep {
    /// The visible units: binary for cross-entropy, Gaussian for squared error.
    reconstruction: Reconstruction,
    rule: Rule,
    steps: i32,
    hidden: Dense,
    hidden_descent: (WeightDescent, BiasDescent),
    visible_bias: Vec<f32>,
    visible_descent: BiasDescent,
    examples: usize,
    /// v above v', each as many rows as there are examples.
    visible: Matrix,
    /// -p above p'.
    probabilities: Matrix,
    /// Hidden states of the chains.
    states: Matrix,
    started: bool,
    /// Weight decay, the same for each unit, and the sums of the units' squared weights.
    decay: Vec<f32>,
    squares: Vec<f32>,
    room: Vec<f32>,
}

impl BoltzmannStep {
    /// From the variables of `layer`, for at most `rows` examples a step, with weights decaying by
    /// `decay`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(
        layer: &Autoencoder,
        rule: Rule,
        rows: usize,
        decay: f64,
    ) -> Result<BoltzmannStep> {
        let hidden = Dense::load(&layer.encoder.weight, &layer.encoder.bias)?;
        let (inputs, outputs) = (hidden.inputs(), hidden.outputs());
        let mut squares = vec![0.0; outputs];
        kernels::add_squares(hidden.weights.top(inputs), &mut squares);
        Ok(BoltzmannStep {
            reconstruction: layer.reconstruction,
            rule,
            steps: 0,
            hidden_descent: (
                WeightDescent::new(rule, &hidden.weights),
                BiasDescent::new(rule, outputs),
            ),
            hidden,
            visible_bias: layer.decoder_bias.to_vec1()?,
            visible_descent: BiasDescent::new(rule, inputs),
            examples: 0,
            visible: Matrix::zeros(2 * rows, inputs),
            probabilities: Matrix::zeros(2 * rows, outputs),
            states: Matrix::zeros(rows, outputs),
            started: false,
            decay: vec![decay as f32; outputs],
            squares,
            room: vec![0.0; inputs.max(outputs)],
        })
    }

    /// The next step is over the rows of `inputs` that `which` names.
    pub(crate) fn gather(&mut self, inputs: Rows<'_>, which: &[u32]) {
        self.examples = which.len();
        for (row, &number) in self.visible.lines_mut(which.len()).zip(which) {
            row.copy_from_slice(inputs.row(number));
        }
    }

    /// The mean of F(v) - F(v') over the batch plus the decay's penalty, with all its gradients but
    /// the weights'.
    pub(crate) fn objective(&mut self, gibbs: Gibbs, mut stream: Stream) -> f64 {
        let examples = self.examples;
        let (bias, room) = (&self.hidden.bias, &mut self.room);
        let [v, mut reached] = self.visible.parts([examples; 2]);
        let [mut p, mut p_reached] = self.probabilities.parts([examples; 2]);
        let mut states = self.states.top_mut(examples);
        self.hidden.multiply(v.share(), p.reborrow());
        let hidden_energy = fire(p.reborrow(), bias, room);
        if gibbs.chain == Chain::Data || !self.started {
            draw_states(p.share(), states.reborrow(), room, &mut stream);
        }
        let mut hidden_energy_reached = 0.0;
        for step in 1..=gibbs.steps {
            self.hidden.multiply_back(states.share(), reached.reborrow());
            let units = self.reconstruction.units();
            kernels::activate_exactly(reached.reborrow(), &self.visible_bias, units);
            draw_visible(self.reconstruction, reached.reborrow(), room, &mut stream);
            self.hidden.multiply(reached.share(), p_reached.reborrow());
            hidden_energy_reached = fire(p_reached.reborrow(), bias, room);
            if step < gibbs.steps || gibbs.chain == Chain::Persistent {
                draw_states(p_reached.share(), states.reborrow(), room, &mut stream);
            }
        }
        self.started = gibbs.chain == Chain::Persistent;
        negligible::settle(p.reborrow());
        negligible::settle(p_reached.reborrow());
        negate(p.reborrow());
        let hidden_gradient = &mut self.hidden_descent.1.gradient;
        kernels::sum_rows(p.share(), hidden_gradient);
        kernels::sum_rows(p_reached.share(), hidden_gradient);
        let gradient = &mut self.visible_descent.gradient;
        kernels::sum_rows(v.share(), gradient);
        gradient.iter_mut().for_each(|sum| *sum = -*sum);
        kernels::sum_rows(reached.share(), gradient);
        let visible_energy = match self.reconstruction {
            // -c v + c v', summed over the examples.
            Reconstruction::CrossEntropy => dot(&self.visible_bias, gradient),
            Reconstruction::SquaredError => {
                half_squares(v.share(), &self.visible_bias)
                    - half_squares(reached.share(), &self.visible_bias)
            }
        };
        let energy = visible_energy + hidden_energy - hidden_energy_reached;
        let decay = f64::from(self.decay.first().copied().unwrap_or(0.0));
        energy / examples as f64 + decay / 2.0 * kernels::total(&self.squares)
    }
}

impl LayerStep for BoltzmannStep {
    fn descend(&mut self) {
        self.steps += 1;
        let step = Step::new(self.rule, self.steps, self.examples);
        let rows = 2 * self.examples;
        let operands = (self.visible.top(rows).view(), self.probabilities.top(rows).padded_view());
        let decays = self.decay.iter().any(|&decay| decay != 0.0);
        let squares = decays.then_some(self.squares.as_mut_slice());
        let (weights, bias) = &mut self.hidden_descent;
        weights.descend(&mut self.hidden.weights, step, operands, &self.decay, squares);
        bias.descend(&mut self.hidden.bias, step);
        self.visible_descent.descend(&mut self.visible_bias, step);
    }

    fn store(&self, layer: &Autoencoder) -> Result<()> {
        self.hidden.store(&layer.encoder.weight, &layer.encoder.bias)?;
        store_bias(&self.visible_bias, &layer.decoder_bias)
    }
}

/// sigmoid(z + b), in place. Returns -sum softplus(z + b), the hidden units' part of the summed free
/// energies.
fn fire(z: BandMut<'_>, bias: &[f32], room: &mut [f32]) -> f64 {
    #[inline(always)]
    fn one(row: &mut [f32], bias: &[f32], sums: &mut [f32]) {
        let columns = row.len();
        let (bias, sums) = (&bias[..columns], &mut sums[..columns]);
        for column in 0..columns {
            let (sigmoid, softplus) = math::sigmoid_and_softplus(row[column] + bias[column]);
            row[column] = sigmoid;
            sums[column] += softplus;
        }
    }
    let sums = &mut room[..bias.len()];
    sums.fill(0.0);
    wide(
        #[inline(always)]
        || {
            for row in z.into_lines() {
                one(row, bias, sums);
            }
        },
    );
    -kernels::total(sums)
}

/// 1 with the probabilities given, else 0.
fn draw_states(p: Band<'_>, states: BandMut<'_>, room: &mut [f32], stream: &mut Stream) {
    for (p, states) in p.lines().zip(states.into_lines()) {
        let draws = &mut room[..p.len()];
        stream.fill_uniform(draws);
        for ((state, draw), p) in states.iter_mut().zip(&*draws).zip(p) {
            *state = f32::from(u8::from(draw < p));
        }
    }
}

/// Visible units drawn, in place of their means.
fn draw_visible(
    reconstruction: Reconstruction,
    means: BandMut<'_>,
    room: &mut [f32],
    stream: &mut Stream,
) {
    for means in means.into_lines() {
        let draws = &mut room[..means.len()];
        match reconstruction {
            Reconstruction::CrossEntropy => {
                stream.fill_uniform(draws);
                for (mean, draw) in means.iter_mut().zip(&*draws) {
                    *mean = f32::from(u8::from(*draw < *mean));
                }
            }
            Reconstruction::SquaredError => {
                stream.fill_normal(draws);
                means.iter_mut().zip(&*draws).for_each(|(mean, draw)| *mean += draw);
            }
        }
    }
}

fn negate(band: BandMut<'_>) {
    wide(
        #[inline(always)]
        || {
            for row in band.into_lines() {
                for value in row {
                    *value = -*value;
                }
            }
        },
    );
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    kernels::sum_of(
        a,
        b,
        #[inline(always)]
        |a, b| a * b,
    )
}

/// sum |v - c|^2 / 2 over the rows.
fn half_squares(v: Band<'_>, c: &[f32]) -> f64 {
    let squares = |v| {
        kernels::sum_of(
            v,
            c,
            #[inline(always)]
            |v, c| (v - c) * (v - c),
        )
    };
    v.lines().map(squares).sum::<f64>() / 2.0
}

impl State for BoltzmannStep {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.steps.save(&format!("{name}.steps"), into);
        self.hidden.save(&format!("{name}.hidden"), into);
        self.hidden_descent.save(&format!("{name}.hidden_descent"), into);
        self.visible_bias.save(&format!("{name}.visible_bias"), into);
        self.visible_descent.save(&format!("{name}.visible_descent"), into);
        if self.started {
            self.states.save(&format!("{name}.states"), into);
        }
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.steps.restore(&format!("{name}.steps"), from)?;
        self.hidden.restore(&format!("{name}.hidden"), from)?;
        self.hidden_descent.restore(&format!("{name}.hidden_descent"), from)?;
        self.visible_bias.restore(&format!("{name}.visible_bias"), from)?;
        self.visible_descent.restore(&format!("{name}.visible_descent"), from)?;
        let states = format!("{name}.states");
        self.started = from.has(&states);
        if self.started {
            self.states.restore(&states, from)?;
        }
        self.squares.fill(0.0);
        kernels::add_squares(self.hidden.weights.top(self.hidden.inputs()), &mut self.squares);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
