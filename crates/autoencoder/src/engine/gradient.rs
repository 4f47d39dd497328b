//! Gradients by the input: of each row's own cross-entropy, for attacks, and of a linear function of
//! its top codes, J^T v, for everything that follows the Jacobian without writing it down. Backward as
//! in `stack`, with one more product instead of those for the weights.

use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::stack::Stack;
use crate::batches::Rows;

/// Room for the gradients of some rows.
#[derive(Debug)]
pub(crate) struct InputGradient {
    /// Codes of every layer; the last has logits.
    codes: Vec<Matrix>,
    /// The gradients by the preactivations of every layer but the last.
    deltas: Vec<Matrix>,
    input: Matrix,
    /// Sums that nobody asks for.
    sums: Vec<f32>,
}

impl InputGradient {
    /// Room for `rows` rows through `stack`.
    pub(crate) fn new(stack: &Stack, rows: usize) -> InputGradient {
        let outputs = || stack.layers().iter().map(|layer| layer.outputs());
        let room = |width| Matrix::zeros(rows, width);
        InputGradient {
            codes: outputs().map(room).collect(),
            deltas: outputs().take(stack.layers().len() - 1).map(room).collect(),
            input: room(stack.inputs()),
            sums: vec![0.0; outputs().max().unwrap_or(0)],
        }
    }

    /// dl/dx of each row of `input`, where l is its cross-entropy with its label.
    pub(crate) fn of_loss(&mut self, stack: &Stack, input: Rows<'_>, labels: &[u8]) -> Band<'_> {
        self.of_logits(stack, input.band(), |logits| {
            kernels::softmax(logits, labels);
        })
    }

    /// The gradient by each row of `input` of what has the gradient by its logits that `judge` makes of
    /// them, in place.
    pub(crate) fn of_logits(
        &mut self,
        stack: &Stack,
        input: Band<'_>,
        judge: impl FnOnce(BandMut<'_>),
    ) -> Band<'_> {
        stack.forward(input, &mut self.codes);
        let logits = self.codes.last_mut().expect("a stack has an output layer");
        judge(logits.top_mut(input.count()));
        self.descend(stack, input.count(), stack.layers().len() - 1)
    }

    /// J^T v of each row of `input`, where J is the Jacobian of its top codes and v is what `pull`
    /// makes of them, in place. The stack has a hidden layer.
    pub(crate) fn of_codes(
        &mut self,
        stack: &Stack,
        input: Rows<'_>,
        pull: impl FnOnce(BandMut<'_>),
    ) -> Band<'_> {
        stack.forward(input.band(), &mut self.codes);
        let (count, top) = (input.len(), stack.hidden().len() - 1);
        let code = self.codes[top].top(count);
        let mut delta = self.deltas[top].top_mut(count);
        for (delta, code) in delta.lines_mut().zip(code.lines()) {
            delta.copy_from_slice(code);
        }
        pull(delta.reborrow());
        kernels::through_exactly(stack.units(top), delta, code, &mut self.sums[..stack.top()]);
        self.descend(stack, count, top)
    }

    /// From the gradient by the preactivations of layer `from`, which is in its place, to that by the
    /// input.
    fn descend(&mut self, stack: &Stack, count: usize, from: usize) -> Band<'_> {
        let (codes, logits) = self.codes.split_at(self.deltas.len());
        for number in (1..=from).rev() {
            let (lower, upper) = self.deltas.split_at_mut(number);
            let above = upper.first().unwrap_or(&logits[0]).top(count);
            let mut delta = lower[number - 1].top_mut(count);
            stack.layers()[number].multiply_back(above, delta.reborrow());
            let sums = &mut self.sums[..stack.layers()[number].inputs()];
            let code = codes[number - 1].top(count);
            kernels::through_exactly(stack.units(number - 1), delta, code, sums);
        }
        let above = self.deltas.first().unwrap_or(&logits[0]).top(count);
        stack.layers()[0].multiply_back(above, self.input.top_mut(count));
        self.input.top(count)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor, Var};

    use super::*;
    use crate::activation::Activation;
    use crate::network::Network;
    use crate::probes::tests::sitter;

    const LABELS: [u8; 4] = [0, 2, 1, 2];

    fn input(width: usize) -> Vec<f32> {
        (0..4 * width).map(|place| (place as f32 * 0.618).fract()).collect()
    }

    /// Candle's gradient of the summed `of` (rows x n), by its input.
    fn by_graph(
        network: &Network,
        x: &[f32],
        width: usize,
        of: impl FnOnce(&Network, &Tensor) -> Tensor,
    ) -> Vec<f32> {
        let x = Tensor::from_vec(x.to_vec(), (4, width), &Device::Cpu).unwrap();
        let x = Var::from_tensor(&x).unwrap();
        let gradients = of(network, x.as_tensor()).sum_all().unwrap().backward().unwrap();
        gradients.get(x.as_tensor()).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    }

    fn each(check: impl Fn(&Network, &Stack, &[f32], usize)) {
        for activation in Activation::ALL {
            for widths in [vec![5, 4], vec![5, 4, 3], vec![5, 4, 7, 6]] {
                let network = sitter(&widths, activation, None);
                check(&network, &Stack::load(&network).unwrap(), &input(5), 5);
            }
        }
    }

    fn assert_close(found: Band<'_>, expected: &[f32], what: &Network) {
        for (found, expected) in found.lines().flatten().zip(expected) {
            let error = (found - expected).abs();
            assert!(error < 1e-5 * (1.0 + expected.abs()), "{found}, {expected}: {what:?}");
        }
    }

    #[test]
    fn the_gradient_of_the_loss_is_that_of_the_graph() {
        each(|network, stack, x, width| {
            let expected = by_graph(network, x, width, |network, x| {
                let likely = candle_nn::ops::log_softmax(&network.logits(x).unwrap(), 1).unwrap();
                let labels: Vec<u32> = LABELS.map(u32::from).to_vec();
                let labels = Tensor::from_vec(labels, (4, 1), &Device::Cpu).unwrap();
                likely.gather(&labels, 1).unwrap().neg().unwrap()
            });
            // More room than rows.
            let mut gradient = InputGradient::new(stack, 7);
            let found = gradient.of_loss(stack, Rows::new(x, width), &LABELS);
            assert_close(found, &expected, network);
        });
    }

    #[test]
    fn the_gradient_of_half_the_squared_code_is_that_of_the_graph() {
        each(|network, stack, x, width| {
            let expected = by_graph(network, x, width, |network, x| {
                let code = network.top_code(x).unwrap();
                (code.sqr().unwrap() * 0.5).unwrap().to_dtype(DType::F32).unwrap()
            });
            let mut gradient = InputGradient::new(stack, 4);
            let found = gradient.of_codes(stack, Rows::new(x, width), |_| ());
            assert_close(found, &expected, network);
        });
    }
}
