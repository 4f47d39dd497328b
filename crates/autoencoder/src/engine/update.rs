//! The optimizer's part of a step, in place. A weight matrix is taken a panel of rows at a time, so
//! that everything done to a panel (its product, decay, moments, squared norms) finds it in the
//! cache: without moments the gradient is accumulated straight into the weights by the product,
//! with them it exists for one panel only.

use super::kernels::{add_squares, wide};
use super::math;
use super::matrix::{BandMut, Matrix};
use super::negligible::unfaded;
use super::products::{View, product};
use super::state::State;
use crate::optimizer::{Adam, Rule};
use crate::tensors::{Damage, Tensors};

/// Values of a panel at most: few enough for a panel to stay in the second-level cache beside what
/// belongs to it.
const PANEL: usize = 1 << 15;

/// Rows of a panel of `weights`: a multiple of what the kernels of the products take at a time (6).
fn panel_rows(weights: &Matrix) -> usize {
    (PANEL / weights.columns().max(1)).next_multiple_of(48).min(weights.rows())
}

/// One step of the optimizer: its rule, and how much of the summed gradient counts (one over the number of
/// examples).
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    rule: Rule,
    share: f64,
    unbiased: Unbiased,
}

/// What makes up for averages that began at 0 (Kingma and Ba 2015, algorithm 1), of Adam: once a step, for
/// a power costs as much as a row of a small matrix.
#[derive(Clone, Copy, Debug)]
struct Unbiased {
    /// rate / (1 - beta_1^t)
    size: f32,
    /// 1 / (1 - beta_2^t)
    widening: f32,
}

/// What a rule keeps for a weight matrix, and room for the gradient of a panel.
#[derive(Debug)]
pub(super) struct WeightDescent {
    moments: Moments<Matrix>,
    gradient: Matrix,
}

/// What a rule keeps for a bias, and its summed gradient.
#[derive(Debug)]
pub(super) struct BiasDescent {
    moments: Moments<Vec<f32>>,
    /// The gradient summed over the examples, to be filled before each step.
    pub(super) gradient: Vec<f32>,
}

/// The running averages of a rule.
#[derive(Debug)]
enum Moments<T> {
    None,
    Velocity(T),
    Both(T, T),
}

impl<T> Moments<T> {
    fn of(rule: Rule, zeros: impl Fn() -> T) -> Moments<T> {
        match rule {
            Rule::Sgd { momentum: 0.0, .. } => Moments::None,
            Rule::Sgd { .. } => Moments::Velocity(zeros()),
            Rule::Adam { .. } => Moments::Both(zeros(), zeros()),
        }
    }
}

impl<T: State> State for Moments<T> {
    fn save(&self, name: &str, into: &mut Tensors) {
        match self {
            Moments::None => {}
            Moments::Velocity(velocity) => velocity.save(&format!("{name}.velocity"), into),
            Moments::Both(first, second) => {
                first.save(&format!("{name}.first"), into);
                second.save(&format!("{name}.second"), into);
            }
        }
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        match self {
            Moments::None => Ok(()),
            Moments::Velocity(velocity) => velocity.restore(&format!("{name}.velocity"), from),
            Moments::Both(first, second) => {
                first.restore(&format!("{name}.first"), from)?;
                second.restore(&format!("{name}.second"), from)
            }
        }
    }
}

impl State for WeightDescent {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.moments.save(name, into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        self.moments.restore(name, from)
    }
}

impl State for BiasDescent {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.moments.save(name, into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        // A step that was broken off has left some of its gradient.
        self.gradient.fill(0.0);
        self.moments.restore(name, from)
    }
}

impl Step {
    /// Step `number`, counted from 1, over `examples` examples.
    pub(super) fn new(rule: Rule, number: i32, examples: usize) -> Step {
        let unbiased = Unbiased {
            size: (rule.rate() / (1.0 - Adam::BETA_1.powi(number))) as f32,
            widening: (1.0 / (1.0 - Adam::BETA_2.powi(number))) as f32,
        };
        Step { rule, share: 1.0 / examples as f64, unbiased }
    }
}

impl WeightDescent {
    /// For weights of that shape.
    pub(super) fn new(rule: Rule, weights: &Matrix) -> WeightDescent {
        let zeros = || Matrix::zeros(weights.rows(), weights.columns());
        WeightDescent {
            moments: Moments::of(rule, zeros),
            gradient: Matrix::zeros(panel_rows(weights), weights.columns()),
        }
    }

    /// Descends along `below`^T `above` (examples x inputs, examples x outputs) plus `decay`, a
    /// factor for each column, times the weights. Leaves the sums of the new weights' squares, a
    /// column each, in `squares` if they are asked for.
    pub(super) fn descend(
        &mut self,
        weights: &mut Matrix,
        step: Step,
        (below, above): (View<'_>, View<'_>),
        decay: &[f32],
        mut squares: Option<&mut [f32]>,
    ) {
        let (below, size) = (below.t(), panel_rows(weights));
        if let Some(squares) = squares.as_deref_mut() {
            squares.fill(0.0);
        }
        for start in (0..weights.rows()).step_by(size) {
            let rows = start..(start + size).min(weights.rows());
            let operands = (below.rows(rows.clone()), above);
            let mut panel = weights.band_mut(rows.clone());
            match &mut self.moments {
                Moments::None => step.accumulate(panel.reborrow(), operands, decay),
                Moments::Velocity(velocities) => {
                    let gradient = step.gradient(&mut self.gradient, operands);
                    let lines = panel.lines_mut().zip(gradient.into_lines());
                    let velocities = velocities.band_mut(rows).into_lines();
                    wide(
                        #[inline(always)]
                        || {
                            for ((row, gradient), velocity) in lines.zip(velocities) {
                                step.with_momentum(row, gradient, velocity, decay);
                            }
                        },
                    );
                }
                Moments::Both(first, second) => {
                    let gradient = step.gradient(&mut self.gradient, operands);
                    let lines = panel.lines_mut().zip(gradient.into_lines());
                    let first = first.band_mut(rows.clone()).into_lines();
                    let moments = first.zip(second.band_mut(rows).into_lines());
                    wide(
                        #[inline(always)]
                        || {
                            for ((row, gradient), moments) in lines.zip(moments) {
                                step.with_adam(row, gradient, moments, decay);
                            }
                        },
                    );
                }
            }
            if let Some(squares) = squares.as_deref_mut() {
                add_squares(panel.share(), squares);
            }
        }
    }
}

impl BiasDescent {
    /// For a bias of that many values.
    pub(super) fn new(rule: Rule, count: usize) -> BiasDescent {
        BiasDescent { moments: Moments::of(rule, || vec![0.0; count]), gradient: vec![0.0; count] }
    }

    /// Descends along the gradient, which is used up.
    pub(super) fn descend(&mut self, bias: &mut [f32], step: Step) {
        let (share, gradient) = (step.share as f32, &mut self.gradient);
        gradient.iter_mut().for_each(|value| *value *= share);
        match &mut self.moments {
            Moments::None => {
                let rate = step.rule.rate() as f32;
                for (value, gradient) in bias.iter_mut().zip(gradient.iter()) {
                    *value -= rate * gradient;
                }
            }
            Moments::Velocity(velocity) => {
                wide(
                    #[inline(always)]
                    || step.with_momentum(bias, gradient, velocity, &[]),
                );
            }
            Moments::Both(first, second) => {
                wide(
                    #[inline(always)]
                    || step.with_adam(bias, gradient, (first, second), &[]),
                );
            }
        }
        gradient.fill(0.0);
    }
}

impl Step {
    /// Plain descent of a panel: decay, then the gradient straight into the weights.
    fn accumulate(self, mut panel: BandMut<'_>, (a, b): (View<'_>, View<'_>), decay: &[f32]) {
        let rate = self.rule.rate();
        if decay.iter().any(|&decay| decay != 0.0) {
            let rate = rate as f32;
            wide(
                #[inline(always)]
                || {
                    for row in panel.lines_mut() {
                        shrink(row, decay, rate);
                    }
                },
            );
        }
        product(panel.padded_view_mut(), 1.0, (-rate * self.share) as f32, a, b);
    }

    /// The mean gradient of a panel.
    fn gradient<'a>(self, room: &'a mut Matrix, (a, b): (View<'_>, View<'_>)) -> BandMut<'a> {
        let mut gradient = room.top_mut(a.count());
        product(gradient.padded_view_mut(), 0.0, self.share as f32, a, b);
        gradient
    }

    #[inline(always)]
    fn with_momentum(self, w: &mut [f32], g: &mut [f32], v: &mut [f32], decay: &[f32]) {
        let Rule::Sgd { rate, momentum } = self.rule else { return };
        let (rate, momentum) = (rate as f32, momentum as f32);
        add_decay(g, w, decay);
        let count = w.len();
        let (g, v) = (&g[..count], &mut v[..count]);
        for i in 0..count {
            v[i] = unfaded(momentum * v[i] + g[i]);
            w[i] -= rate * v[i];
        }
    }

    #[inline(always)]
    fn with_adam(
        self,
        w: &mut [f32],
        g: &mut [f32],
        (m, v): (&mut [f32], &mut [f32]),
        decay: &[f32],
    ) {
        let Unbiased { size, widening } = self.unbiased;
        let (beta_1, beta_2) = (Adam::BETA_1 as f32, Adam::BETA_2 as f32);
        let (new_1, new_2) = ((1.0 - Adam::BETA_1) as f32, (1.0 - Adam::BETA_2) as f32);
        let epsilon = Adam::EPSILON as f32;
        add_decay(g, w, decay);
        let count = w.len();
        let (g, m, v) = (&g[..count], &mut m[..count], &mut v[..count]);
        for i in 0..count {
            m[i] = unfaded(beta_1 * m[i] + new_1 * g[i]);
            v[i] = unfaded(beta_2 * v[i] + new_2 * (g[i] * g[i]));
            w[i] -= size * m[i] / (math::sqrt(v[i] * widening) + epsilon);
        }
    }
}

/// w - rate decay w, in place.
#[inline(always)]
fn shrink(w: &mut [f32], decay: &[f32], rate: f32) {
    for (w, decay) in w.iter_mut().zip(decay) {
        *w = unfaded(*w * (1.0 - rate * decay));
    }
}

/// g + decay w, in place.
#[inline(always)]
fn add_decay(g: &mut [f32], w: &[f32], decay: &[f32]) {
    for ((g, w), decay) in g.iter_mut().zip(w).zip(decay) {
        *g += decay * w;
    }
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;

    use super::*;

    #[test]
    fn averages_and_weights_that_fade_end_at_nothing() {
        let mut stream = Stream::new(1, "test/fading", &[]);
        for rule in [Rule::Sgd { rate: 0.05, momentum: 0.9 }, Rule::Adam { rate: 0.01 }] {
            let mut bias = vec![0.5_f32; 37];
            let mut descent = BiasDescent::new(rule, bias.len());
            stream.fill_normal(&mut descent.gradient);
            for number in 1..=2000 {
                descent.descend(&mut bias, Step::new(rule, number, 4));
            }
            let (Moments::Velocity(average) | Moments::Both(average, _)) = &descent.moments else {
                panic!("{rule:?} keeps averages");
            };
            assert!(average.iter().all(|value| *value == 0.0), "{rule:?}: {average:?}");
            assert!(bias.iter().all(|value| value.is_normal()));
        }
        let mut weights = [0.5_f32; 5];
        (0..2000).for_each(|_| shrink(&mut weights, &[1.0; 5], 0.1));
        assert_eq!(weights, [0.0; 5]);
    }

    /// Each rule as its paper writes it, in f64, a weight at a time.
    fn by_definition(rule: Rule, gradients: &[f64]) -> f64 {
        let (mut w, mut m, mut v) = (0.5, 0.0, 0.0);
        for (step, g) in gradients.iter().enumerate() {
            match rule {
                Rule::Sgd { rate, momentum } => {
                    m = momentum * m + g;
                    w -= rate * m;
                }
                Rule::Adam { rate } => {
                    let t = step as i32 + 1;
                    m = 0.9 * m + 0.1 * g;
                    v = 0.999 * v + 0.001 * g * g;
                    let (m_hat, v_hat) =
                        (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
                    w -= rate * m_hat / (v_hat.sqrt() + 1e-8);
                }
            }
        }
        w
    }

    #[test]
    fn every_rule_follows_its_definition_in_double_precision() {
        let (count, steps, examples) = (37, 60, 4);
        for rule in [
            Rule::Sgd { rate: 0.1, momentum: 0.0 },
            Rule::Sgd { rate: 0.05, momentum: 0.9 },
            Rule::Adam { rate: 0.01 },
        ] {
            let mut bias = vec![0.5_f32; count];
            let mut descent = BiasDescent::new(rule, count);
            let mut stream = Stream::new(1, "test/gradients", &[]);
            let mut gradients = vec![Vec::new(); count];
            for number in 1..=steps {
                stream.fill_normal(&mut descent.gradient);
                for (seen, gradient) in gradients.iter_mut().zip(&descent.gradient) {
                    seen.push(f64::from(*gradient) / examples as f64);
                }
                descent.descend(&mut bias, Step::new(rule, number, examples));
            }
            for (found, gradients) in bias.iter().zip(&gradients) {
                let expected = by_definition(rule, gradients);
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 2e-6, "{rule:?}: {found}, expected {expected}");
            }
        }
    }
}
