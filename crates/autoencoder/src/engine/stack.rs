//! A network of dense layers by hand: its forward pass for evaluation, and a step of its training. It
//! ends in a softmax over classes or in reconstructions of its input. With preactivations z of the top
//! layer, loss l and weight decay d:
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
use candle_core::Result;

use super::dense::Dense;
use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::state::State;
use super::update::{BiasDescent, Step, WeightDescent};
use crate::activation::Activation;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::finetuning::Examples;
use crate::network::{self, Network, Route};
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::settings::Dropout;
use crate::tensors::{Damage, Tensors};

/// Layers one above another, the output layer last.
#[derive(Debug)]
pub(crate) struct Stack {
    layers: Vec<Dense>,
    /// The units of each.
    units: Vec<Activation>,
    /// How many of them, from the first, are hidden layers of the network.
    hidden: usize,
}

/// Room for the codes of some rows, of every layer: the last has logits or reconstructions.
#[derive(Debug)]
pub(crate) struct Evaluation {
    codes: Vec<Matrix>,
}

/// How far some examples are from what they should be, summed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Misses {
    /// The loss: of classes, cross-entropy in nats.
    pub(crate) loss: f64,
    /// How many are classified wrongly; none where nothing is classified.
    pub(crate) wrong: usize,
}

/// What dropout leaves of the values that a layer sees.
#[derive(Debug)]
struct Thinned {
    /// The share that is dropped.
    dropped: f32,
    mask: Matrix,
    values: Matrix,
}

/// A network in training.
#[derive(Debug)]
pub(crate) struct NetworkStep {
    stack: Stack,
    rule: Rule,
    steps: i32,
    descents: Vec<(WeightDescent, BiasDescent)>,
    examples: usize,
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

impl Stack {
    /// The layers of `network` up to its logits.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(network: &Network) -> Result<Stack> {
        Stack::along(&network.classifying())
    }

    /// The layers of `route`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn along(route: &Route<'_>) -> Result<Stack> {
        let load = |(layer, _): &(&network::Dense, _)| Dense::load(&layer.weight, &layer.bias);
        Ok(Stack {
            layers: route.layers.iter().map(load).collect::<Result<_>>()?,
            units: route.layers.iter().map(|(_, units)| *units).collect(),
            hidden: route.hidden,
        })
    }

    /// A single output layer, all zeros.
    pub(crate) fn readout(inputs: usize, classes: usize) -> Stack {
        let layers = vec![Dense::zeros(inputs, classes)];
        Stack { layers, units: vec![Activation::Linear], hidden: 0 }
    }

    /// Layers with their units, as one.
    pub(crate) fn of(layers: Vec<(Dense, Activation)>) -> Stack {
        let (layers, units) = layers.into_iter().unzip();
        Stack { layers, units, hidden: 0 }
    }

    /// Puts the weights back into the variables of `route`, along which they were loaded.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn store(&self, route: &Route<'_>) -> Result<()> {
        self.layers
            .iter()
            .zip(&route.layers)
            .try_for_each(|(own, (layer, _))| own.store(&layer.weight, &layer.bias))
    }

    /// A copy of its own.
    pub(crate) fn duplicate(&self) -> Stack {
        let layers = self.layers.iter().map(|layer| Dense::zeros(layer.inputs(), layer.outputs()));
        let (units, hidden) = (self.units.clone(), self.hidden);
        let mut copy = Stack { layers: layers.collect(), units, hidden };
        copy.copy_from(self);
        copy
    }

    /// Takes the weights of `other`, which has the same shape.
    pub(crate) fn copy_from(&mut self, other: &Stack) {
        self.layers.iter_mut().zip(&other.layers).for_each(|(own, layer)| own.copy_from(layer));
    }

    /// Every layer, the output layer last.
    pub(super) fn layers(&self) -> &[Dense] {
        &self.layers
    }

    /// The hidden layers, from the input up.
    pub(crate) fn hidden(&self) -> &[Dense] {
        &self.layers[..self.hidden]
    }

    /// The units of hidden layer number `layer`.
    pub(crate) fn units(&self, layer: usize) -> Activation {
        self.units[layer]
    }

    /// Inputs and outputs of every layer.
    pub(crate) fn shape(&self) -> Vec<(usize, usize)> {
        self.layers.iter().map(|layer| (layer.inputs(), layer.outputs())).collect()
    }

    /// Inputs of the lowest layer.
    pub(crate) fn inputs(&self) -> usize {
        self.layers.first().map_or(0, Dense::inputs)
    }

    /// Outputs of the output layer.
    pub(crate) fn classes(&self) -> usize {
        self.layers.last().map_or(0, Dense::outputs)
    }

    /// Units of the top hidden layer, or inputs without one.
    pub(crate) fn top(&self) -> usize {
        self.hidden().last().map_or(self.inputs(), Dense::outputs)
    }

    /// What comes out at the top for all `images`, row by row.
    pub(crate) fn outputs(&self, images: Rows<'_>) -> Vec<f32> {
        let mut evaluation = Evaluation::new(self);
        let mut outputs = Vec::new();
        for batch in images.chunks(EVALUATION_ROWS) {
            self.forward(batch.band(), &mut evaluation.codes);
            let top = evaluation.codes.last().expect("a stack has an output layer");
            top.lines(batch.len()).for_each(|row| outputs.extend_from_slice(row));
        }
        outputs
    }

    /// The top codes of all `images`, row by row.
    pub(crate) fn codes(&self, images: Rows<'_>) -> Vec<f32> {
        let mut evaluation = Evaluation::new(self);
        let mut codes = Vec::with_capacity(images.len() * self.top());
        for batch in images.chunks(EVALUATION_ROWS) {
            let top = evaluation.top_codes(self, batch);
            top.lines().for_each(|code| codes.extend_from_slice(code));
        }
        codes
    }

    /// Codes of every layer for `input`.
    pub(super) fn forward(&self, input: Band<'_>, codes: &mut [Matrix]) {
        for (number, (layer, units)) in self.layers.iter().zip(&self.units).enumerate() {
            let (below, above) = codes.split_at_mut(number);
            let x = below.last().map_or(input, |codes| codes.top(input.count()));
            let mut z = above[0].top_mut(input.count());
            layer.multiply(x, z.reborrow());
            kernels::activate(z, &layer.bias, *units);
        }
    }
}

impl Evaluation {
    /// Room for [`EVALUATION_ROWS`] rows through `stack`.
    pub(crate) fn new(stack: &Stack) -> Evaluation {
        Evaluation::of_rows(stack, EVALUATION_ROWS)
    }

    fn of_rows(stack: &Stack, rows: usize) -> Evaluation {
        let codes = stack.layers.iter().map(|layer| Matrix::zeros(rows, layer.outputs()));
        Evaluation { codes: codes.collect() }
    }

    /// The top codes of `input`, at most [`EVALUATION_ROWS`] rows; the input itself where there is
    /// no hidden layer.
    pub(crate) fn top_codes<'a>(&'a mut self, stack: &Stack, input: Rows<'a>) -> Band<'a> {
        let input = input.band();
        stack.forward(input, &mut self.codes);
        let hidden = &self.codes[..stack.hidden];
        hidden.last().map_or(input, |codes| codes.top(input.count()))
    }

    /// The code of hidden layer `layer` for row `row` of the last input.
    pub(crate) fn code(&self, layer: usize, row: usize) -> &[f32] {
        self.codes[layer].row(row)
    }

    /// Which rows of `input` are classified otherwise than their labels say.
    pub(crate) fn missed(&mut self, stack: &Stack, input: Rows<'_>, labels: &[u8]) -> Vec<bool> {
        let mut missed = Vec::with_capacity(labels.len());
        for (rows, labels) in input.chunks(EVALUATION_ROWS).zip(labels.chunks(EVALUATION_ROWS)) {
            stack.forward(rows.band(), &mut self.codes);
            let logits = self.codes.last().expect("a stack has an output layer");
            let best = logits.lines(rows.len()).map(kernels::best_class);
            missed.extend(best.zip(labels).map(|(best, &label)| best != usize::from(label)));
        }
        missed
    }

    /// How the logits of the last input compare with `labels`. They are used up.
    pub(crate) fn misses(&mut self, labels: &[u8]) -> Misses {
        let logits = self.codes.last_mut().expect("a stack has an output layer");
        let (loss, wrong) = kernels::softmax(logits.top_mut(labels.len()), labels);
        Misses { loss, wrong }
    }

    /// How all of `examples` compare with their labels.
    pub(crate) fn classify(&mut self, stack: &Stack, examples: Examples<'_>) -> Misses {
        let mut sum = Misses::default();
        let labels = examples.labels.chunks(EVALUATION_ROWS);
        for (images, labels) in examples.images.chunks(EVALUATION_ROWS).zip(labels) {
            stack.forward(images.band(), &mut self.codes);
            let found = self.misses(labels);
            sum = Misses { loss: sum.loss + found.loss, wrong: sum.wrong + found.wrong };
        }
        sum
    }

    /// The squared differences between `images` and what `stack` makes of them, summed.
    pub(crate) fn squared_error(&mut self, stack: &Stack, images: Rows<'_>) -> f64 {
        let mut made = Vec::with_capacity(EVALUATION_ROWS * images.width());
        let errors = images.chunks(EVALUATION_ROWS).map(|images| {
            stack.forward(images.band(), &mut self.codes);
            let outputs = self.codes.last().expect("a stack has an output layer");
            made.clear();
            outputs.lines(images.len()).for_each(|row| made.extend_from_slice(row));
            kernels::sum_of(
                &made,
                images.values(),
                #[inline(always)]
                |r, x| (r - x) * (r - x),
            )
        });
        errors.sum()
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
        self.examples = which.len();
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

    /// One step down the gradient of the mean loss of the last [`NetworkStep::classify`] or
    /// [`NetworkStep::reconstruct`].
    pub(crate) fn descend(&mut self) {
        self.steps += 1;
        let examples = self.examples;
        let step = Step::new(self.rule, self.steps, examples);
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

impl State for Stack {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.layers.save(name, into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.layers.restore(name, from)
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
