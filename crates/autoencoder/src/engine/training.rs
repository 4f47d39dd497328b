//! A step of a network's training by hand. It ends in a softmax over classes or in reconstructions of
//! its input. With preactivations z of the top layer, loss l and weight decay d:
//!
//! ```text
//! D_L = dl/dz, for the softmax softmax(z) - onehot(y);   D_(k-1) = (D_k W_k^T) * dh_(k-1)/dz_(k-1)
//! dL/dW_k = h_(k-1)^T D_k / n + d W_k,   dL/db_k = sum D_k / n
//! ```
//!
//! Under dropout (Srivastava et al. 2014) the layer above sees m * h, where each unit's m is 0 with
//! the probability of dropping it and else one over that of keeping it, so that nothing need be scaled
//! afterwards; D_(k-1) is then multiplied by m as well.

use ablate_data::Stream;

use super::dense::Dense;
use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::negligible;
use super::stack::{Evaluation, Misses, Stack};
use super::state::State;
use super::update::{BiasDescent, Step, WeightDescent};
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::settings::Dropout;
use crate::tensors::{Damage, Tensors};

/// A network in training.
#[derive(Debug)]
pub(crate) struct NetworkStep {
    stack: Stack,
    rule: Rule,
    steps: i32,
    descents: Vec<(WeightDescent, BiasDescent)>,
    /// Rows of the input.
    examples: usize,
    /// What the loss is a mean over.
    judged: usize,
    input: Matrix,
    labels: Vec<u8>,
    /// Codes of every layer; those of the last become the top D.
    codes: Vec<Matrix>,
    /// D of every layer but the last.
    deltas: Vec<Matrix>,
    /// What each layer sees of what lies below it, where some of that is dropped.
    thinned: Vec<Option<Thinned>>,
    /// Losses of reconstructions summed over the examples, an input each.
    losses: Vec<f32>,
    decay: Vec<f32>,
}

/// What dropout leaves of the values that a layer sees.
#[derive(Debug)]
struct Thinned {
    /// The share that is dropped.
    dropped: f32,
    mask: Matrix,
    values: Matrix,
}

impl NetworkStep {
    /// From `stack`, for at most `rows` examples a step, without decay and dropout.
    pub(crate) fn new(stack: Stack, rule: Rule, rows: usize) -> NetworkStep {
        let descents = stack.layers.iter().map(|layer| {
            (WeightDescent::new(rule, &layer.weights), BiasDescent::new(rule, layer.outputs()))
        });
        let hidden = &stack.layers[..stack.layers.len() - 1];
        let widest = stack.layers.iter().map(Dense::outputs).max().unwrap_or(0);
        NetworkStep {
            rule,
            steps: 0,
            descents: descents.collect(),
            examples: 0,
            judged: 0,
            input: Matrix::zeros(rows, stack.inputs()),
            labels: Vec::with_capacity(rows),
            codes: Evaluation::of_rows(&stack, rows).codes,
            deltas: hidden.iter().map(|layer| Matrix::zeros(rows, layer.outputs())).collect(),
            thinned: stack.layers.iter().map(|_| None).collect(),
            losses: Vec::new(),
            decay: vec![0.0; widest],
            stack,
        }
    }

    /// The same, with a penalty of `decay` / 2 times the sum of the squared weights.
    pub(crate) fn with_decay(mut self, decay: f64) -> NetworkStep {
        self.decay.fill(decay as f32);
        self
    }

    /// The same, with some of what each layer sees left out.
    pub(crate) fn with_dropout(mut self, Dropout { inputs, hidden }: Dropout) -> NetworkStep {
        let rows = self.input.rows();
        for (number, (room, layer)) in self.thinned.iter_mut().zip(&self.stack.layers).enumerate() {
            *room = Thinned::new(if number == 0 { inputs } else { hidden }, rows, layer.inputs());
        }
        self
    }

    /// The network as it is now.
    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The network as it came to be.
    pub(crate) fn into_stack(self) -> Stack {
        self.stack
    }

    /// The next step is over the rows of `images` that `which` names.
    pub(crate) fn gather(&mut self, images: Rows<'_>, which: &[u32]) {
        (self.examples, self.judged) = (which.len(), which.len());
        for (row, &number) in self.input.lines_mut(which.len()).zip(which) {
            row.copy_from_slice(images.row(number));
        }
    }

    /// Draws what dropout leaves out of the step over the gathered examples, from the inputs up.
    pub(crate) fn thin(&mut self, stream: &mut Stream) {
        let examples = self.examples;
        self.thinned.iter_mut().flatten().for_each(|thinned| thinned.draw(examples, stream));
    }

    /// How the gathered examples compare with their labels.
    pub(crate) fn classify(&mut self, labels: &[u8], which: &[u32]) -> Misses {
        self.labels.clear();
        self.labels.extend(which.iter().map(|&number| labels[number as usize]));
        self.forward();
        let Output { mut z, bias, gradient } =
            Output::of((&self.stack, self.examples), &mut self.codes, &mut self.descents);
        kernels::shift(z.reborrow(), bias);
        let (loss, wrong) = kernels::softmax(z.reborrow(), &self.labels);
        negligible::settle(z.reborrow());
        kernels::sum_rows(z.share(), gradient);
        Misses { loss, wrong }
    }

    /// How the reconstructions of the gathered examples compare with them.
    pub(crate) fn reconstruct(&mut self, reconstruction: Reconstruction) -> Misses {
        self.losses.clear();
        self.losses.resize(self.stack.inputs(), 0.0);
        self.forward();
        let Output { z, bias, gradient } =
            Output::of((&self.stack, self.examples), &mut self.codes, &mut self.descents);
        let (clean, sums) = (self.input.top(self.examples), (gradient, &mut self.losses[..]));
        kernels::reconstruct(reconstruction, z, clean, None, bias, sums);
        Misses { loss: kernels::total(&self.losses), wrong: 0 }
    }

    /// How well the outputs, as logits of probabilities, tell two kinds of examples apart, of which there
    /// are as many: each comes with the probabilities it should have. The mean over the pairs of both
    /// cross-entropies.
    pub(crate) fn tell(&mut self, one: (Band<'_>, Band<'_>), other: (Band<'_>, Band<'_>)) -> f64 {
        let count = one.0.count();
        (self.examples, self.judged) = (2 * count, count);
        let rows = self.input.lines_mut(2 * count);
        rows.zip(one.0.lines().chain(other.0.lines()))
            .for_each(|(to, from)| to.copy_from_slice(from));
        self.losses.clear();
        self.losses.resize(self.stack.classes(), 0.0);
        self.forward();
        let Output { z, bias, gradient } =
            Output::of((&self.stack, self.examples), &mut self.codes, &mut self.descents);
        let [upper, lower] = z.split([count, count]);
        for (z, truth) in [(upper, one.1), (lower, other.1)] {
            let sums = (&mut *gradient, &mut self.losses[..]);
            kernels::reconstruct(Reconstruction::CrossEntropy, z, truth, None, bias, sums);
        }
        kernels::total(&self.losses) / count as f64
    }

    /// Codes of every layer but the last, of which the preactivations without the bias.
    fn forward(&mut self) {
        let (examples, last) = (self.examples, self.stack.layers.len() - 1);
        for (number, layer) in self.stack.layers.iter().enumerate() {
            let (below, above) = self.codes.split_at_mut(number);
            let mut x = below.last().unwrap_or(&self.input).top(examples);
            if let Some(thinned) = &mut self.thinned[number] {
                thinned.apply(x);
                x = thinned.values.top(examples);
            }
            let mut z = above[0].top_mut(examples);
            layer.multiply(x, z.reborrow());
            if number < last {
                kernels::activate(z, &layer.bias, self.stack.units[number]);
            }
        }
    }

    /// One step down the gradient of the mean loss of the last [`NetworkStep::classify`],
    /// [`NetworkStep::reconstruct`] or [`NetworkStep::tell`].
    pub(crate) fn descend(&mut self) {
        self.steps += 1;
        let examples = self.examples;
        let step = Step::new(self.rule, self.steps, self.judged);
        let (codes, outputs) = self.codes.split_at_mut(self.deltas.len());
        for number in (0..self.descents.len()).rev() {
            let layer = &mut self.stack.layers[number];
            let (lower, upper) = self.deltas.split_at_mut(number);
            let above = upper.first().unwrap_or(&outputs[0]).top(examples);
            let (below, descents) = (codes[..number].last(), &mut self.descents[..=number]);
            let [rest @ .., (weights, bias)] = descents else { continue };
            let thinned = self.thinned[number].as_ref();
            if let (Some(code), Some(delta), Some((_, below_bias))) =
                (below, lower.last_mut(), rest.last_mut())
            {
                let (mut delta, units) = (delta.top_mut(examples), self.stack.units[number - 1]);
                layer.multiply_back(above, delta.reborrow());
                if let Some(Thinned { mask, .. }) = thinned {
                    kernels::multiply(delta.reborrow(), mask.top(examples));
                }
                kernels::through(units, delta, code.top(examples), &mut below_bias.gradient);
            }
            let below = below.unwrap_or(&self.input);
            let below = thinned.map_or(below, |thinned| &thinned.values).top(examples);
            let operands = (below.view(), above.padded_view());
            let decay = &self.decay[..layer.outputs()];
            weights.descend(&mut layer.weights, step, operands, decay, None);
            bias.descend(&mut layer.bias, step);
        }
    }
}

impl Thinned {
    fn new(dropped: f64, rows: usize, columns: usize) -> Option<Thinned> {
        let room = || Matrix::zeros(rows, columns);
        (dropped > 0.0).then(|| Thinned { dropped: dropped as f32, mask: room(), values: room() })
    }

    fn draw(&mut self, examples: usize, stream: &mut Stream) {
        let (dropped, kept) = (self.dropped, 1.0 / (1.0 - self.dropped));
        for row in self.mask.lines_mut(examples) {
            stream.fill_uniform(row);
            row.iter_mut().for_each(|m| *m = if *m < dropped { 0.0 } else { kept });
        }
    }

    fn apply(&mut self, values: Band<'_>) {
        let examples = values.count();
        let rows = self.values.lines_mut(examples).zip(values.lines());
        rows.for_each(|(to, from)| to.copy_from_slice(from));
        kernels::multiply(self.values.top_mut(examples), self.mask.top(examples));
    }
}

/// What a loss reads and leaves behind: preactivations without their bias, which become the top D,
/// and the room for the bias's gradient, which is empty.
struct Output<'a> {
    z: BandMut<'a>,
    bias: &'a [f32],
    gradient: &'a mut [f32],
}

impl<'a> Output<'a> {
    fn of(
        (stack, examples): (&'a Stack, usize),
        codes: &'a mut [Matrix],
        descents: &'a mut [(WeightDescent, BiasDescent)],
    ) -> Output<'a> {
        let (Some(layer), Some(codes), Some((_, descent))) =
            (stack.layers.last(), codes.last_mut(), descents.last_mut())
        else {
            unreachable!("a stack has an output layer")
        };
        descent.gradient.fill(0.0);
        Output { z: codes.top_mut(examples), bias: &layer.bias, gradient: &mut descent.gradient }
    }
}

impl State for NetworkStep {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.steps.save(&format!("{name}.steps"), into);
        self.stack.save(&format!("{name}.stack"), into);
        self.descents.save(&format!("{name}.descents"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.steps.restore(&format!("{name}.steps"), from)?;
        self.stack.restore(&format!("{name}.stack"), from)?;
        self.descents.restore(&format!("{name}.descents"), from)
    }
}
