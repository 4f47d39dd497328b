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
//! above E and D above h in memory, so the two sums over n rows are one over 2 n. Noisy copies of the
//! examples, whose codes a penalty may look at, lie above x~, and their D above that of the examples.

use ablate_data::Stream;
use candle_core::{Result, Var};

use super::changes::{Changes, Encoding, Pull};
use super::dense::{Dense, multiply, multiply_transposed, store_bias};
use super::kernels;
use super::matrix::{Band, Matrix};
use super::state::{LayerStep, State};
use super::update::{BiasDescent, Step, WeightDescent};
use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::autoencoding::{Noise, keep_largest};
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::tensors::{Damage, Tensors};

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
    /// The copies above x~ above E, each as many rows as there are examples or copies of them.
    below: Matrix,
    /// D of the copies above D above h.
    above: Matrix,
    /// Noisy copies of each example.
    copies: usize,
    /// h of the copies.
    near: Matrix,
    /// Losses summed over the examples, an input each.
    losses: Vec<f32>,
    /// Room for one code.
    room: Vec<f32>,
    /// No bias.
    unshifted: Vec<f32>,
}

/// What a penalty reads of the weights and asks of them.
#[derive(Debug)]
struct Penalized {
    /// Whether a penalty reads the squares.
    read: bool,
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
            read: false,
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
                copies: 0,
                near: Matrix::zeros(0, outputs),
                losses: vec![0.0; inputs],
                room: Vec::with_capacity(outputs),
                unshifted: vec![0.0; outputs],
            },
            penalized,
        };
        step.sum_squares();
        Ok(step)
    }

    /// The same, with `copies` noisy copies of each example beside it.
    pub(crate) fn with_copies(mut self, copies: usize) -> AutoencoderStep {
        let Batch { below, above, near, copies: count, .. } = &mut self.batch;
        let rows = below.rows() / 2;
        *below = Matrix::zeros((copies + 2) * rows, below.columns());
        *above = Matrix::zeros((copies + 2) * rows, above.columns());
        *near = Matrix::zeros(copies * rows, near.columns());
        *count = copies;
        self
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
        let [_, seen, _] = self.batch.below.parts(self.batch.counts());
        for (row, &number) in seen.into_lines().zip(which) {
            row.copy_from_slice(inputs.row(number));
        }
    }

    /// Draws the copies: examples with Gaussian noise of standard deviation `sigma` on them.
    pub(crate) fn scatter(&mut self, sigma: f32, mut stream: Stream) {
        let (examples, counts) = (self.batch.examples, self.batch.counts());
        let [mut near, seen, _] = self.batch.below.parts(counts);
        for (number, row) in near.lines_mut().enumerate() {
            stream.fill_normal(row);
            let example = seen.share().row(number % examples);
            row.iter_mut().zip(example).for_each(|(value, x)| *value = x + sigma * *value);
        }
    }

    /// How many codes an example has.
    pub(crate) fn outputs(&self) -> usize {
        self.encoder.outputs()
    }

    /// Corrupts what the encoder will see.
    pub(crate) fn corrupt(&mut self, noise: &Noise, mut stream: Stream) {
        let inputs = self.encoder.inputs();
        let (counts, copies) = (self.batch.counts(), self.batch.copies);
        let Batch { examples, clean, corrupted, weights, weighed, below, .. } = &mut self.batch;
        let rows = below.rows() / (copies + 2);
        let [_, mut seen, _] = below.parts(counts);
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

    /// The mean objective of the batch, with all its gradients but the weights'.
    pub(crate) fn objective(&mut self, changes: Changes<'_>) -> f64 {
        let Changes { penalty, kept, mut latents } = changes;
        let counts = self.batch.counts();
        let (batch, penalized) = (&mut self.batch, &mut self.penalized);
        let examples = batch.examples;
        let [near_seen, seen, mut output] = batch.below.parts(counts);
        let [mut near_pull, mut pull, mut code] = batch.above.parts(counts);
        self.encoder.multiply(seen.share(), code.reborrow());
        let mut value = 0.0;
        match &mut latents {
            None => kernels::activate(code.reborrow(), &self.encoder.bias, self.activation),
            Some(latents) => {
                kernels::shift(code.reborrow(), &self.encoder.bias);
                value += latents.pass(seen.share(), code.reborrow());
                kernels::activate(code.reborrow(), &batch.unshifted, self.activation);
            }
        }
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
        value += kernels::total(&batch.losses) / examples as f64;
        penalized.read = penalty.is_some();
        let sums = &mut self.encoder_descent.1.gradient;
        if let Some(penalty) = penalty {
            let mut near = batch.near.top_mut(near_seen.count());
            if batch.copies > 0 {
                self.encoder.multiply(near_seen.share(), near.reborrow());
                kernels::activate(near.reborrow(), &self.encoder.bias, self.activation);
                near_pull.lines_mut().for_each(|row| row.fill(0.0));
            }
            let encoding = Encoding {
                activation: self.activation,
                squares: &penalized.squares,
                decoder_squares: kernels::total(&penalized.decoder_squares),
                code: code.share(),
                near: near.share(),
            };
            penalized.decay.fill(0.0);
            let mut decoder_decay = 0.0;
            let (decay, into) = (&mut penalized.decay, &mut decoder_decay);
            let (code, near) = (pull.reborrow(), near_pull.reborrow());
            value += penalty(&encoding, &mut Pull { decay, decoder_decay: into, code, near });
            penalized.decoder_decay.fill(decoder_decay);
            kernels::through(self.activation, near_pull, encoding.near, sums);
        }
        kernels::through(self.activation, pull.reborrow(), code.share(), sums);
        if let Some(latents) = latents {
            latents.pass_back(pull.reborrow());
            sums.fill(0.0);
            kernels::sum_rows(pull.share(), sums);
        }
        value
    }

    /// The latents of the batch under the weights as they are now, in place of its codes: after
    /// [`LayerStep::descend`].
    pub(crate) fn latents(&mut self) -> Band<'_> {
        let counts = self.batch.counts();
        let [_, seen, _] = self.batch.below.parts(counts);
        let [_, _, mut z] = self.batch.above.parts(counts);
        self.encoder.multiply(seen.share(), z.reborrow());
        kernels::shift(z.reborrow(), &self.encoder.bias);
        z.into_share()
    }

    /// What the encoder sees of the batch.
    pub(crate) fn seen(&mut self) -> Band<'_> {
        let [_, seen, _] = self.batch.below.parts(self.batch.counts());
        seen.into_share()
    }
}

impl Batch {
    /// How many rows the copies, the examples, and what belongs to the examples have.
    fn counts(&self) -> [usize; 3] {
        [self.copies * self.examples, self.examples, self.examples]
    }
}

impl LayerStep for AutoencoderStep {
    fn descend(&mut self) {
        self.steps += 1;
        let examples = self.batch.examples;
        let step = Step::new(self.rule, self.steps, examples);
        let (penalized, counts) = (&mut self.penalized, self.batch.counts());
        let (below, above) = (&mut self.batch.below, &mut self.batch.above);
        let (weights, bias) = &mut self.encoder_descent;
        let squares = penalized.read.then_some(penalized.squares.as_mut_slice());
        let rows = match &mut self.decoder {
            None => counts.iter().sum(),
            Some((matrix, descent)) => {
                let [_, _, output] = below.parts(counts);
                let [_, _, code] = above.parts(counts);
                let operands = (code.share().view(), output.share().padded_view());
                let squares = penalized.read.then_some(penalized.decoder_squares.as_mut_slice());
                descent.descend(matrix, step, operands, &penalized.decoder_decay, squares);
                counts[0] + examples
            }
        };
        let operands = (below.top(rows).view(), above.top(rows).padded_view());
        weights.descend(&mut self.encoder.weights, step, operands, &penalized.decay, squares);
        bias.descend(&mut self.encoder.bias, step);
        self.decoder_bias_descent.descend(&mut self.decoder_bias, step);
    }

    fn store(&self, layer: &Autoencoder) -> Result<()> {
        self.encoder.store(&layer.encoder.weight, &layer.encoder.bias)?;
        if let (Some((weights, _)), Some(var)) = (&self.decoder, &layer.decoder) {
            weights.transpose_into(var)?;
        }
        store_bias(&self.decoder_bias, &layer.decoder_bias)
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
