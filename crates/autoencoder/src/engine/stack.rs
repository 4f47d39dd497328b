//! A network of dense layers by hand, and its forward pass for evaluation.

use candle_core::Result;

use super::dense::Dense;
use super::kernels;
use super::matrix::{Band, Matrix};
use super::state::State;
use crate::activation::Activation;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::finetuning::Examples;
use crate::network::{self, Network, Route};
use crate::tensors::{Damage, Tensors};

/// Layers one above another, the output layer last.
#[derive(Debug)]
pub(crate) struct Stack {
    pub(super) layers: Vec<Dense>,
    /// The units of each.
    pub(super) units: Vec<Activation>,
    /// How many of them, from the first, are hidden layers of the network.
    hidden: usize,
}

/// Room for the codes of some rows, of every layer: the last has logits or reconstructions.
#[derive(Debug)]
pub(crate) struct Evaluation {
    pub(super) codes: Vec<Matrix>,
}

/// How far some examples are from what they should be, summed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Misses {
    /// The loss: of classes, cross-entropy in nats.
    pub(crate) loss: f64,
    /// How many are classified wrongly; none where nothing is classified.
    pub(crate) wrong: usize,
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

    pub(super) fn of_rows(stack: &Stack, rows: usize) -> Evaluation {
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

    /// The codes of hidden layer number `layer` for `input`, at most [`EVALUATION_ROWS`] rows.
    pub(crate) fn codes_of(&mut self, stack: &Stack, input: Rows<'_>, layer: usize) -> Band<'_> {
        stack.forward(input.band(), &mut self.codes);
        self.codes[layer].top(input.len())
    }

    /// The squared differences between all `images` and what `stack` makes of them, summed.
    pub(crate) fn squared_error(&mut self, stack: &Stack, images: Rows<'_>) -> f64 {
        let chunks = images.chunks(EVALUATION_ROWS);
        chunks.map(|images| self.distance(stack, images.band(), images)).sum()
    }

    /// The squared differences between `images`, at most [`EVALUATION_ROWS`], and what `stack` makes of
    /// `input`, summed.
    pub(crate) fn distance(&mut self, stack: &Stack, input: Band<'_>, images: Rows<'_>) -> f64 {
        stack.forward(input, &mut self.codes);
        let outputs = self.codes.last().expect("a stack has an output layer");
        let made: Vec<f32> = outputs.lines(images.len()).flatten().copied().collect();
        kernels::sum_of(
            &made,
            images.values(),
            #[inline(always)]
            |r, x| (r - x) * (r - x),
        )
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
