//! A step of an autoencoder by hand. For a batch of n clean rows x, seen as x~, with code
//! h = s(x~ W + b) and output z = h V + c (V = W^T where tied), reconstruction loss l and penalty P:
//!
//! ```text
//! E = dl/dz                                       n x inputs
//! D = (E V^T + n dP/dh) * dh/d(x~ W + b)          n x outputs
//! dL/dW = x~^T D / n + W diag(p),  dL/db = sum D / n,  dL/dc = sum E / n
//! dL/dV = h^T E / n + q V;  tied: dL/dW = (x~^T D + E^T h) / n + W diag(p)
//! ```
//!
//! where p and q are what a penalty pulls weights to 0 by. A tied gradient is one product: x~ lies
//! above E and D above h in memory, so the two sums over n rows are one over 2 n.

use ablate_data::Stream;
use candle_core::{Result, Var};

use super::dense::{Dense, multiply, multiply_transposed, store_bias};
use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::state::State;
use super::update::{BiasDescent, Step, WeightDescent};
use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::autoencoding::{Noise, keep_largest};
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::tensors::{Damage, Tensors};
use crate::variants::ByHand;

/// What the encoder made of a batch: what a penalty by hand may look at.
#[derive(Debug)]
pub struct Encoding<'a> {
    /// The units.
    pub activation: Activation,
    /// S_j = sum_k W_jk^2 for each unit j.
    pub squares: &'a [f32],
    /// The sum of the squares of the decoder's own weights; 0 where they are the encoder's.
    pub decoder_squares: f64,
    code: Band<'a>,
}

impl<'a> Encoding<'a> {
    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.code.count()
    }

    /// The sum of the squares of the encoder's weights.
    pub fn encoder_squares(&self) -> f64 {
        kernels::total(self.squares)
    }

    /// h for each example.
    pub fn codes(&self) -> impl Iterator<Item = &'a [f32]> {
        self.code.lines()
    }
}

/// Where a penalty by hand adds its gradient. All start at 0 but for the codes, which hold the
/// gradient of the reconstruction loss.
#[derive(Debug)]
pub struct Pull<'a> {
    /// p_j for each unit j: the penalty's gradient by W_jk at constant codes is p_j W_jk.
    pub decay: &'a mut [f32],
    /// q: its gradient by the decoder's own weights V is q V.
    pub decoder_decay: &'a mut f32,
    code: BandMut<'a>,
}

impl Pull<'_> {
    /// For each example, the gradient by h of the objective summed over the examples (not averaged).
    pub fn codes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.code.lines_mut()
    }

    /// The rows of [`Pull::codes`], and the decay beside them.
    pub fn codes_and_decay(&mut self) -> (impl Iterator<Item = &mut [f32]>, &mut [f32]) {
        (self.code.lines_mut(), self.decay)
    }
}

/// An autoencoder in training.
#[derive(Debug)]
pub(crate) struct AutoencoderStep {
    activation: Activation,
    reconstruction: Reconstruction,
    rule: Rule,
    steps: i32,
    encoder: Dense,
    encoder_descent: (WeightDescent, BiasDescent),
    /// The decoder's own weights, outputs x inputs.
    decoder: Option<(Matrix, WeightDescent)>,
    decoder_bias: Vec<f32>,
    decoder_bias_descent: BiasDescent,
    batch: Batch,
    penalized: Penalized,
}

/// The values of the examples of a step.
#[derive(Debug)]
struct Batch {
    examples: usize,
    /// x, where it is not what the encoder sees.
    clean: Option<Matrix>,
    corrupted: bool,
    /// How much each loss counts, where they do not count alike.
    weights: Option<Matrix>,
    weighed: bool,
    /// x~ above E, each as many rows as there are examples.
    below: Matrix,
    /// D above h.
    above: Matrix,
    /// Losses summed over the examples, an input each.
    losses: Vec<f32>,
    /// Room for one code.
    room: Vec<f32>,
}

/// What a penalty reads of the weights and asks of them.
#[derive(Debug)]
struct Penalized {
    squares: Vec<f32>,
    decoder_squares: Vec<f32>,
    decay: Vec<f32>,
    decoder_decay: Vec<f32>,
}

impl AutoencoderStep {
    /// From the variables of `autoencoder`, for at most `rows` examples a step.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(
        autoencoder: &Autoencoder,
        rule: Rule,
        rows: usize,
    ) -> Result<AutoencoderStep> {
        let encoder = Dense::load(&autoencoder.encoder.weight, &autoencoder.encoder.bias)?;
        let (inputs, outputs) = (encoder.inputs(), encoder.outputs());
        let own = |weight: &Var| -> Result<_> {
            let weights = Matrix::transposed(weight)?;
            let descent = WeightDescent::new(rule, &weights);
            Ok((weights, descent))
        };
        let decoder = autoencoder.decoder.as_ref().map(own).transpose()?;
        let penalized = Penalized {
            squares: vec![0.0; outputs],
            decoder_squares: vec![0.0; inputs],
            decay: vec![0.0; outputs],
            decoder_decay: vec![0.0; inputs],
        };
        let mut step = AutoencoderStep {
            activation: autoencoder.activation,
            reconstruction: autoencoder.reconstruction,
            rule,
            steps: 0,
            encoder_descent: (
                WeightDescent::new(rule, &encoder.weights),
                BiasDescent::new(rule, outputs),
            ),
            encoder,
            decoder,
            decoder_bias: autoencoder.decoder_bias.to_vec1()?,
            decoder_bias_descent: BiasDescent::new(rule, inputs),
            batch: Batch {
                examples: 0,
                clean: None,
                corrupted: false,
                weights: None,
                weighed: false,
                below: Matrix::zeros(2 * rows, inputs),
                above: Matrix::zeros(2 * rows, outputs),
                losses: vec![0.0; inputs],
                room: Vec::with_capacity(outputs),
            },
            penalized,
        };
        step.sum_squares();
        Ok(step)
    }

    /// Puts the weights back into the variables of `autoencoder`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn store(&self, autoencoder: &Autoencoder) -> Result<()> {
        self.encoder.store(&autoencoder.encoder.weight, &autoencoder.encoder.bias)?;
        if let (Some((weights, _)), Some(var)) = (&self.decoder, &autoencoder.decoder) {
            weights.transpose_into(var)?;
        }
        store_bias(&self.decoder_bias, &autoencoder.decoder_bias)
    }

    fn sum_squares(&mut self) {
        let Penalized { squares, decoder_squares, .. } = &mut self.penalized;
        squares.fill(0.0);
        kernels::add_squares(self.encoder.weights.top(self.encoder.inputs()), squares);
        if let Some((weights, _)) = &self.decoder {
            decoder_squares.fill(0.0);
            kernels::add_squares(weights.top(weights.rows()), decoder_squares);
        }
    }

    /// The next step is over the rows of `inputs` that `which` names; the encoder will see them as
    /// they are until [`AutoencoderStep::corrupt`].
    pub(crate) fn gather(&mut self, inputs: Rows<'_>, which: &[u32]) {
        (self.batch.examples, self.batch.corrupted) = (which.len(), false);
        self.batch.weighed = false;
        for (row, &number) in self.batch.below.lines_mut(which.len()).zip(which) {
            row.copy_from_slice(inputs.row(number));
        }
    }

    /// How many codes an example has.
    pub(crate) fn outputs(&self) -> usize {
        self.encoder.outputs()
    }

    /// Corrupts what the encoder will see.
    pub(crate) fn corrupt(&mut self, noise: &Noise, mut stream: Stream) {
        let inputs = self.encoder.inputs();
        let Batch { examples, clean, corrupted, weights, weighed, below, .. } = &mut self.batch;
        let (rows, mut seen) = (below.rows() / 2, below.top_mut(*examples));
        let clean = clean.get_or_insert_with(|| Matrix::zeros(rows, inputs));
        clean
            .lines_mut(*examples)
            .zip(seen.lines_mut())
            .for_each(|(x, row)| x.copy_from_slice(row));
        *corrupted = true;
        if let Some(emphasis) = noise.emphasis {
            let weights = weights.get_or_insert_with(|| Matrix::zeros(rows, inputs));
            let mut stream = stream.clone();
            for row in weights.lines_mut(*examples) {
                noise.weigh(emphasis, row, inputs, &mut stream);
            }
            *weighed = true;
        }
        // A batch is corrupted as its rows one after another are: whole is only faster.
        if let Some(rows) = seen.unpadded() {
            noise.corrupt(rows, inputs, &mut stream);
        } else {
            seen.into_lines().for_each(|row| noise.corrupt(row, inputs, &mut stream));
        }
    }

    /// The mean objective of the batch, with all its gradients but the weights'. The decoder sees the
    /// `kept` largest codes of each example, or all.
    pub(crate) fn objective(&mut self, penalty: Option<&ByHand>, kept: Option<usize>) -> f64 {
        let (batch, penalized) = (&mut self.batch, &mut self.penalized);
        let examples = batch.examples;
        let (seen, mut output) = batch.below.halves(examples);
        let (mut pull, mut code) = batch.above.halves(examples);
        self.encoder.multiply(seen.share(), code.reborrow());
        kernels::activate(code.reborrow(), &self.encoder.bias, self.activation);
        if let Some(k) = kept {
            code.lines_mut().for_each(|code| keep_largest(code, k, &mut batch.room));
        }
        match &self.decoder {
            Some((weights, _)) => multiply(weights, code.share(), &mut output),
            None => self.encoder.multiply_back(code.share(), output.reborrow()),
        }
        batch.losses.fill(0.0);
        let clean = batch.clean.as_ref().filter(|_| batch.corrupted);
        kernels::reconstruct(
            self.reconstruction,
            output.reborrow(),
            clean.map_or(seen.share(), |clean| clean.top(examples)),
            batch.weights.as_ref().filter(|_| batch.weighed).map(|weights| weights.top(examples)),
            &self.decoder_bias,
            (&mut self.decoder_bias_descent.gradient, &mut batch.losses),
        );
        match &self.decoder {
            Some((weights, _)) => multiply_transposed(weights, output.share(), &mut pull),
            None => self.encoder.multiply(output.share(), pull.reborrow()),
        }
        if kept.is_some() {
            // What the decoder has not seen learns nothing from it.
            for (pull, code) in pull.lines_mut().zip(code.share().lines()) {
                for (pull, h) in pull.iter_mut().zip(code) {
                    *pull = if *h == 0.0 { 0.0 } else { *pull };
                }
            }
        }
        let mut value = kernels::total(&batch.losses) / examples as f64;
        if let Some(penalty) = penalty {
            let encoding = Encoding {
                activation: self.activation,
                squares: &penalized.squares,
                decoder_squares: kernels::total(&penalized.decoder_squares),
                code: code.share(),
            };
            penalized.decay.fill(0.0);
            let mut decoder_decay = 0.0;
            let code = pull.reborrow();
            let (decay, into) = (&mut penalized.decay, &mut decoder_decay);
            value += penalty(&encoding, &mut Pull { decay, decoder_decay: into, code });
            penalized.decoder_decay.fill(decoder_decay);
        }
        let sums = &mut self.encoder_descent.1.gradient;
        kernels::through(self.activation, pull, code.share(), sums);
        value
    }

    /// One step down the gradients of the last [`AutoencoderStep::objective`].
    pub(crate) fn descend(&mut self, penalty: Option<&ByHand>) {
        self.steps += 1;
        let step = Step::new(self.rule, self.steps, self.batch.examples);
        let (penalized, examples) = (&mut self.penalized, self.batch.examples);
        let (below, above) = (&mut self.batch.below, &mut self.batch.above);
        let (weights, bias) = &mut self.encoder_descent;
        let squares = penalty.map(|_| penalized.squares.as_mut_slice());
        let rows = match &mut self.decoder {
            None => 2 * examples,
            Some((matrix, descent)) => {
                let (_, output) = below.halves(examples);
                let (_, code) = above.halves(examples);
                let operands = (code.share().view(), output.share().padded_view());
                let squares = penalty.map(|_| penalized.decoder_squares.as_mut_slice());
                descent.descend(matrix, step, operands, &penalized.decoder_decay, squares);
                examples
            }
        };
        let operands = (below.top(rows).view(), above.top(rows).padded_view());
        weights.descend(&mut self.encoder.weights, step, operands, &penalized.decay, squares);
        bias.descend(&mut self.encoder.bias, step);
        self.decoder_bias_descent.descend(&mut self.decoder_bias, step);
    }
}

impl State for AutoencoderStep {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.steps.save(&format!("{name}.steps"), into);
        self.encoder.save(&format!("{name}.encoder"), into);
        self.encoder_descent.save(&format!("{name}.encoder_descent"), into);
        if let Some(decoder) = &self.decoder {
            decoder.save(&format!("{name}.decoder"), into);
        }
        self.decoder_bias.save(&format!("{name}.decoder_bias"), into);
        self.decoder_bias_descent.save(&format!("{name}.decoder_bias_descent"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.steps.restore(&format!("{name}.steps"), from)?;
        self.encoder.restore(&format!("{name}.encoder"), from)?;
        self.encoder_descent.restore(&format!("{name}.encoder_descent"), from)?;
        if let Some(decoder) = &mut self.decoder {
            decoder.restore(&format!("{name}.decoder"), from)?;
        }
        self.decoder_bias.restore(&format!("{name}.decoder_bias"), from)?;
        self.decoder_bias_descent.restore(&format!("{name}.decoder_bias_descent"), from)?;
        self.sum_squares();
        Ok(())
    }
}
