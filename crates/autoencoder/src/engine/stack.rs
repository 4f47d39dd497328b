//! The classifying network by hand: hidden layers and a softmax on top, its forward pass for
//! evaluation, and a step of its fine-tuning. With logits z of the top layer and cross-entropy l:
//!
//! ```text
//! D_L = dl/dz = softmax(z) - onehot(y),   D_(k-1) = (D_k W_k^T) * dh_(k-1)/dz_(k-1)
//! dL/dW_k = h_(k-1)^T D_k / n,   dL/db_k = sum D_k / n
//! ```

use candle_core::Result;

use super::dense::Dense;
use super::kernels;
use super::matrix::{Band, Matrix};
use super::update::{BiasDescent, Step, WeightDescent};
use crate::activation::Activation;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::finetuning::Examples;
use crate::network::{self, Network};
use crate::optimizer::Rule;

/// The layers of a network, the output layer last.
#[derive(Debug)]
pub(crate) struct Stack {
    layers: Vec<Dense>,
    activation: Activation,
}

/// Room for the codes of some rows: of every hidden layer, and logits.
#[derive(Debug)]
pub(crate) struct Evaluation {
    codes: Vec<Matrix>,
}

/// How far some examples are from their labels, summed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Misses {
    /// Cross-entropy in nats.
    pub(crate) loss: f64,
    /// How many are classified wrongly.
    pub(crate) wrong: usize,
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
    /// Codes of every hidden layer, and logits, which become the top D.
    codes: Vec<Matrix>,
    /// D of every hidden layer.
    deltas: Vec<Matrix>,
    no_decay: Vec<f32>,
}

impl Stack {
    /// The layers of `network`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(network: &Network) -> Result<Stack> {
        let load = |layer: &network::Dense| Dense::load(&layer.weight, &layer.bias);
        let layers = network.hidden.iter().chain([&network.output]).map(load);
        Ok(Stack { layers: layers.collect::<Result<_>>()?, activation: network.activation })
    }

    /// A single output layer, all zeros.
    pub(crate) fn readout(inputs: usize, classes: usize) -> Stack {
        Stack { layers: vec![Dense::zeros(inputs, classes)], activation: Activation::Linear }
    }

    /// Puts the weights back into the variables of `network`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn store(&self, network: &Network) -> Result<()> {
        let layers = network.hidden.iter().chain([&network.output]);
        self.layers
            .iter()
            .zip(layers)
            .try_for_each(|(own, layer)| own.store(&layer.weight, &layer.bias))
    }

    /// A copy of its own.
    pub(crate) fn duplicate(&self) -> Stack {
        let layers = self.layers.iter().map(|layer| Dense::zeros(layer.inputs(), layer.outputs()));
        let mut copy = Stack { layers: layers.collect(), activation: self.activation };
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

    /// The hidden units.
    pub(super) fn activation(&self) -> Activation {
        self.activation
    }

    /// The hidden layers, from the input up.
    pub(crate) fn hidden(&self) -> &[Dense] {
        self.layers.split_last().map_or(&[], |(_, hidden)| hidden)
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
        self.layers.last().map_or(0, Dense::inputs)
    }

    /// Codes of every hidden layer and, in `codes` last, the logits of `input`.
    pub(super) fn forward(&self, input: Band<'_>, codes: &mut [Matrix]) {
        for (number, layer) in self.layers.iter().enumerate() {
            let (below, above) = codes.split_at_mut(number);
            let x = below.last().map_or(input, |codes| codes.top(input.count()));
            let mut z = above[0].top_mut(input.count());
            layer.multiply(x, z.reborrow());
            if number + 1 < self.layers.len() {
                kernels::activate(z, &layer.bias, self.activation);
            } else {
                kernels::shift(z, &layer.bias);
            }
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
        let hidden = &self.codes[..self.codes.len() - 1];
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
}

impl NetworkStep {
    /// From `stack`, for at most `rows` examples a step.
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
            no_decay: vec![0.0; widest],
            stack,
        }
    }

    /// The network as it is now.
    pub(crate) fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The network as it came to be.
    pub(crate) fn into_stack(self) -> Stack {
        self.stack
    }

    /// How the examples that `which` names compare with their labels; the next step is over them.
    pub(crate) fn forward(&mut self, examples: Examples<'_>, which: &[u32]) -> Misses {
        self.examples = which.len();
        for (row, &number) in self.input.lines_mut(which.len()).zip(which) {
            row.copy_from_slice(examples.images.row(number));
        }
        self.labels.clear();
        self.labels.extend(which.iter().map(|&number| examples.labels[number as usize]));
        self.stack.forward(self.input.top(which.len()), &mut self.codes);
        let logits = self.codes.last_mut().expect("a stack has an output layer");
        let (loss, wrong) = kernels::softmax(logits.top_mut(which.len()), &self.labels);
        Misses { loss, wrong }
    }

    /// One step down the gradient of the mean cross-entropy of the last [`NetworkStep::forward`].
    pub(crate) fn descend(&mut self) {
        self.steps += 1;
        let (examples, activation) = (self.examples, self.stack.activation);
        let step = Step::new(self.rule, self.steps, examples);
        let (codes, logits) = self.codes.split_at_mut(self.deltas.len());
        let (_, top) = self.descents.last_mut().expect("a stack has an output layer");
        kernels::sum_rows(logits[0].top(examples), &mut top.gradient);
        for number in (0..self.descents.len()).rev() {
            let layer = &mut self.stack.layers[number];
            let (lower, upper) = self.deltas.split_at_mut(number);
            let above = upper.first().unwrap_or(&logits[0]).top(examples);
            let (below, descents) = (codes[..number].last(), &mut self.descents[..=number]);
            let [rest @ .., (weights, bias)] = descents else { continue };
            if let (Some(code), Some(delta), Some((_, below_bias))) =
                (below, lower.last_mut(), rest.last_mut())
            {
                let mut delta = delta.top_mut(examples);
                layer.multiply_back(above, delta.reborrow());
                kernels::through(activation, delta, code.top(examples), &mut below_bias.gradient);
            }
            let below = below.unwrap_or(&self.input).top(examples);
            let operands = (below.view(), above.padded_view());
            let decay = &self.no_decay[..layer.outputs()];
            weights.descend(&mut layer.weights, step, operands, decay, None);
            bias.descend(&mut layer.bias, step);
        }
    }
}
