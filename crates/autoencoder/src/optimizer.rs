//! Stochastic gradient descent with momentum, and Adam. Candle's own SGD has no momentum; both are
//! written here over Candle tensors so that their state is plain and their order of updates fixed.
//! What trains by hand uses the same rules over the engine's buffers (`engine/update.rs`).

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};

use crate::tensors::{Damage, Tensors};

/// Which update, with its constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rule {
    /// v <- momentum v + g, w <- w - rate v (as PyTorch's SGD).
    Sgd {
        /// The learning rate.
        rate: f64,
        /// 0 is plain gradient descent.
        momentum: f64,
    },
    /// Kingma and Ba 2015 with beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8.
    Adam {
        /// The learning rate.
        rate: f64,
    },
}

impl Rule {
    /// The learning rate.
    pub fn rate(self) -> f64 {
        match self {
            Rule::Sgd { rate, .. } | Rule::Adam { rate } => rate,
        }
    }
}

/// The constants of Adam.
pub(crate) struct Adam;

impl Adam {
    /// How much of the mean gradient stays from step to step.
    pub(crate) const BETA_1: f64 = 0.9;
    /// How much of the mean squared gradient stays.
    pub(crate) const BETA_2: f64 = 0.999;
    /// Keeps the division finite.
    pub(crate) const EPSILON: f64 = 1e-8;
}

/// A rule and the state it keeps for each variable.
#[derive(Debug)]
pub struct Optimizer {
    rule: Rule,
    slots: Vec<Slot>,
    steps: i32,
}

#[derive(Debug)]
struct Slot {
    var: Var,
    first: Option<Tensor>,
    second: Option<Tensor>,
}

impl Optimizer {
    /// An optimizer of `vars` that has made no step yet.
    pub fn new(rule: Rule, vars: Vec<Var>) -> Optimizer {
        let slots = vars.into_iter().map(|var| Slot { var, first: None, second: None }).collect();
        Optimizer { rule, slots, steps: 0 }
    }

    /// One step down the gradients of `loss`; variables that it does not depend on stay.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn descend(&mut self, loss: &Tensor) -> Result<()> {
        let gradients = loss.backward()?;
        self.steps += 1;
        for slot in &mut self.slots {
            slot.update(self.rule, self.steps, &gradients)?;
        }
        Ok(())
    }

    /// Puts the variables away, with all that the rule keeps of them.
    pub(crate) fn save(&self, name: &str, into: &mut Tensors) -> Result<()> {
        into.put_series(&format!("{name}.steps"), &[f64::from(self.steps)]);
        for (number, Slot { var, first, second }) in self.slots.iter().enumerate() {
            into.put(&format!("{name}.{number}"), var)?;
            for (word, average) in [(FIRST, first), (SECOND, second)] {
                if let Some(average) = average {
                    into.put(&format!("{name}.{number}.{word}"), average)?;
                }
            }
        }
        Ok(())
    }

    /// Takes up what [`Optimizer::save`] has put away, variables included.
    pub(crate) fn restore(
        &mut self,
        name: &str,
        from: &Tensors,
    ) -> std::result::Result<(), Damage> {
        self.steps =
            from.series(&format!("{name}.steps"))?.first().map_or(0, |&count| count as i32);
        for (number, slot) in self.slots.iter_mut().enumerate() {
            let shape = slot.var.dims().to_vec();
            slot.var.set(from.var(&format!("{name}.{number}"), &shape)?.as_tensor())?;
            let average = |word: &str| {
                let name = format!("{name}.{number}.{word}");
                let found = from.has(&name).then(|| from.var(&name, &shape));
                found.transpose().map(|found| found.map(|var| var.as_detached_tensor()))
            };
            (slot.first, slot.second) = (average(FIRST)?, average(SECOND)?);
        }
        Ok(())
    }
}

/// What the averages of a variable are called where they are put away.
const FIRST: &str = "first";
const SECOND: &str = "second";

impl Slot {
    fn update(&mut self, rule: Rule, steps: i32, gradients: &GradStore) -> Result<()> {
        let Some(gradient) = gradients.get(&self.var) else { return Ok(()) };
        let change = match rule {
            Rule::Sgd { rate, momentum: 0.0 } => (gradient * rate)?,
            Rule::Sgd { rate, momentum } => {
                let velocity = match &self.first {
                    Some(velocity) => ((velocity * momentum)? + gradient)?,
                    None => gradient.clone(),
                };
                let change = (&velocity * rate)?;
                self.first = Some(velocity.detach());
                change
            }
            Rule::Adam { rate } => {
                let first = mix(self.first.as_ref(), gradient, Adam::BETA_1)?;
                let second = mix(self.second.as_ref(), &gradient.sqr()?, Adam::BETA_2)?;
                let size = rate / (1.0 - Adam::BETA_1.powi(steps));
                let scale =
                    ((&second / (1.0 - Adam::BETA_2.powi(steps)))?.sqrt()? + Adam::EPSILON)?;
                let change = ((&first * size)? / scale)?;
                (self.first, self.second) = (Some(first.detach()), Some(second.detach()));
                change
            }
        };
        self.var.set(&(self.var.as_tensor() - change)?)
    }
}

/// beta old + (1 - beta) new, where a missing old is 0.
fn mix(old: Option<&Tensor>, new: &Tensor, beta: f64) -> Result<Tensor> {
    let fresh = (new * (1.0 - beta))?;
    old.map_or(Ok(fresh.clone()), |old| (old * beta)? + fresh)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// Follows f(w) = (w0^2 + 10 w1^2) / 2 from (1, 1) for three steps.
    fn descend(rule: Rule) -> Vec<f64> {
        let w = Var::new(&[1.0_f64, 1.0], &Device::Cpu).unwrap();
        let scale = Tensor::new(&[0.5_f64, 5.0], &Device::Cpu).unwrap();
        let mut optimizer = Optimizer::new(rule, vec![w.clone()]);
        for _ in 0..3 {
            let loss = (w.as_tensor().sqr().unwrap() * &scale).unwrap().sum_all().unwrap();
            optimizer.descend(&loss).unwrap();
        }
        w.to_vec1().unwrap()
    }

    fn assert_close(found: &[f64], expected: [f64; 2]) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{found:?}, expected {expected:?}");
        }
    }

    // The expected numbers are the update rules written out, a coordinate at a time.
    #[test]
    fn plain_sgd_shrinks_each_coordinate_by_its_own_factor() {
        let found = descend(Rule::Sgd { rate: 0.05, momentum: 0.0 });
        assert_close(&found, [0.95_f64.powi(3), 0.5_f64.powi(3)]);
    }

    #[test]
    fn momentum_adds_a_share_of_the_last_velocity() {
        let (mut w, mut v) = ([1.0, 1.0], [0.0, 0.0]);
        for _ in 0..3 {
            for (i, curvature) in [1.0, 10.0].into_iter().enumerate() {
                v[i] = 0.9 * v[i] + curvature * w[i];
                w[i] -= 0.05 * v[i];
            }
        }
        assert_close(&descend(Rule::Sgd { rate: 0.05, momentum: 0.9 }), w);
    }

    #[test]
    fn adam_moves_by_its_rate_at_first_whatever_the_scale() {
        let found = descend(Rule::Adam { rate: 0.05 });
        let (mut w, mut m, mut v) = ([1.0_f64, 1.0], [0.0, 0.0], [0.0, 0.0]);
        for t in 1..=3 {
            for (i, curvature) in [1.0, 10.0].into_iter().enumerate() {
                let g = curvature * w[i];
                m[i] = 0.9 * m[i] + 0.1 * g;
                v[i] = 0.999 * v[i] + 0.001 * g * g;
                let (m_hat, v_hat) =
                    (m[i] / (1.0 - 0.9_f64.powi(t)), v[i] / (1.0 - 0.999_f64.powi(t)));
                w[i] -= 0.05 * m_hat / (v_hat.sqrt() + 1e-8);
            }
        }
        assert_close(&found, w);
        assert!((found[0] - found[1]).abs() < 0.01, "the scale of the gradient hardly matters");
    }
    /// Fits y = W x + b to four points of y = 3 x_0 + x_1 - 2 from zero by least squares, a rule at a
    /// time; what `after` does beside each step is given the weights before and after it.
    fn regression(rule: Rule, steps: usize, after: impl Fn(&Tensor, &Var)) -> Vec<f64> {
        let device = &Device::Cpu;
        let x = Tensor::new(&[[2.0_f64, 1.0], [7.0, 4.0], [-4.0, 12.0], [5.0, 8.0]], device);
        let (x, y) = (x.unwrap(), Tensor::new(&[5.0_f64, 23.0, -2.0, 21.0], device).unwrap());
        let w = Var::new(&[0.0_f64, 0.0], device).unwrap();
        let b = Var::new(&[0.0_f64], device).unwrap();
        let mut optimizer = Optimizer::new(rule, vec![w.clone(), b.clone()]);
        for _ in 0..steps {
            let before = [&w, &b].map(|var| var.as_tensor().copy().unwrap());
            let column = w.as_tensor().unsqueeze(1).unwrap();
            let fitted = x.matmul(&column).unwrap().squeeze(1).unwrap();
            let miss = fitted.broadcast_add(&b).unwrap().sub(&y).unwrap();
            optimizer.descend(&miss.sqr().unwrap().sum_all().unwrap()).unwrap();
            [&w, &b].into_iter().zip(before).for_each(|(var, before)| after(&before, var));
        }
        [w, b].iter().flat_map(|var| var.to_vec1().unwrap()).collect()
    }

    /// The expected numbers are PyTorch's, as Candle's own tests (candle-nn/tests/optim.rs) print
    /// and round them:
    ///
    /// ```text
    /// xs = torch.tensor([[2., 1.], [7., 4.], [-4., 12.], [5., 8.]])
    /// ys = xs.matmul(torch.tensor([[3., 1.]]).t()) - 2.
    /// m = torch.nn.Linear(2, 1)    # weight and bias set to zero
    /// optim.SGD(m.parameters(), lr=0.004, momentum=0.)    # 1000 steps, or
    /// optim.AdamW(m.parameters(), lr=0.1)    # 100 steps
    /// for each step: loss = ((m(xs) - ys) ** 2).sum(); loss.backward(); optimizer.step()
    /// ```
    ///
    /// AdamW is Adam and, beside it, weights that shrink by lr * 0.01 of what they were.
    #[test]
    fn sgd_and_adam_give_the_numbers_of_pytorch() {
        let sgd = regression(Rule::Sgd { rate: 0.004, momentum: 0.0 }, 1000, |_, _| ());
        for (found, expected) in sgd.iter().zip([2.998_319_6, 0.997_902_04, -1.979_690_2]) {
            assert!((found - expected).abs() < 1e-5, "{sgd:?}");
        }
        let adam = regression(Rule::Adam { rate: 0.1 }, 100, |before, var| {
            let shrunk = (var.as_tensor() - (before * (0.1 * 0.01)).unwrap()).unwrap();
            var.set(&shrunk).unwrap();
        });
        for (found, expected) in adam.iter().zip([2.7257, 0.7097, 0.7873]) {
            assert!((found - expected).abs() < 1e-4, "{adam:?}");
        }
    }
}
