//! Oracles of the Boltzmann machine, on models small enough for every state to be visited: the
//! partition function, the exact gradient of the likelihood (held against differences of the
//! likelihood itself), and the exact distribution that k Gibbs steps lead to.

use candle_core::{Device, Tensor, Var};

use super::*;
use crate::activation::Activation;
use crate::network;

const VISIBLE: usize = 4;
const HIDDEN: usize = 3;
const EXAMPLES: usize = 20_000;

/// A model in double precision: W (hidden x visible), b, c.
#[derive(Clone)]
struct Model {
    w: [[f64; VISIBLE]; HIDDEN],
    b: [f64; HIDDEN],
    c: [f64; VISIBLE],
}

type Visible = [f64; VISIBLE];

/// Gradients by W and b and c, or the expectations that they are differences of.
#[derive(Clone, Debug)]
struct Moments {
    w: [[f64; VISIBLE]; HIDDEN],
    b: [f64; HIDDEN],
    c: [f64; VISIBLE],
}

fn model(scale: f64) -> Model {
    let mut stream = Stream::new(1, "test/model", &[]);
    let mut draw = |scale: f64| scale * f64::from(stream.normal());
    Model {
        w: std::array::from_fn(|_| std::array::from_fn(|_| draw(scale))),
        b: std::array::from_fn(|_| draw(0.5)),
        c: std::array::from_fn(|_| draw(0.5)),
    }
}

/// 0s and 1s, the lowest bit first.
fn bits<const N: usize>(number: usize) -> [f64; N] {
    std::array::from_fn(|bit| f64::from(u8::from(number >> bit & 1 == 1)))
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl Model {
    /// p(h = 1 | v).
    fn hidden(&self, v: &Visible) -> [f64; HIDDEN] {
        std::array::from_fn(|j| {
            sigmoid(self.b[j] + self.w[j].iter().zip(v).map(|(w, v)| w * v).sum::<f64>())
        })
    }

    /// W^T h + c.
    fn visible(&self, h: &[f64; HIDDEN]) -> Visible {
        std::array::from_fn(|i| self.c[i] + (0..HIDDEN).map(|j| self.w[j][i] * h[j]).sum::<f64>())
    }

    /// log sum_h exp(-E(v, h)) for binary units, by visiting every h.
    fn minus_free_energy(&self, v: &Visible) -> f64 {
        let of_hidden = |number| {
            let h: [f64; HIDDEN] = bits(number);
            let visible = self.visible(&h);
            let joint: f64 = visible.iter().zip(v).map(|(z, v)| z * v).sum();
            joint + self.b.iter().zip(h).map(|(b, h)| b * h).sum::<f64>()
        };
        (0..1 << HIDDEN).map(|number| f64::exp(of_hidden(number))).sum::<f64>().ln()
    }

    /// E[v p(h|v)], E[p(h|v)] and E[v] under a distribution over the binary v.
    fn moments(&self, distribution: &[f64]) -> Moments {
        let mut found = Moments { w: Default::default(), b: [0.0; HIDDEN], c: [0.0; VISIBLE] };
        for (number, probability) in distribution.iter().enumerate() {
            let v: Visible = bits(number);
            found.add(*probability, &v, &self.hidden(&v));
        }
        found
    }

    /// p(v) of the binary model.
    fn distribution(&self) -> Vec<f64> {
        let weights: Vec<f64> =
            (0..1 << VISIBLE).map(|v| self.minus_free_energy(&bits(v)).exp()).collect();
        let partition: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / partition).collect()
    }

    /// Where a Gibbs step leads from a distribution over the binary v.
    fn gibbs(&self, distribution: &[f64]) -> Vec<f64> {
        let mut next = vec![0.0; 1 << VISIBLE];
        let of_bits = |p: &[f64], bits: &[f64]| -> f64 {
            p.iter().zip(bits).map(|(p, bit)| if *bit == 1.0 { *p } else { 1.0 - p }).product()
        };
        for (from, probability) in distribution.iter().enumerate() {
            let p = self.hidden(&bits(from));
            for hidden in 0..1 << HIDDEN {
                let h: [f64; HIDDEN] = bits(hidden);
                let means = self.visible(&h).map(sigmoid);
                for (to, next) in next.iter_mut().enumerate() {
                    let v: Visible = bits(to);
                    *next += probability * of_bits(&p, &h) * of_bits(&means, &v);
                }
            }
        }
        next
    }

    fn layer(&self, reconstruction: Reconstruction) -> Autoencoder {
        let var = |values: &[f64]| {
            let values: Vec<f32> = values.iter().map(|value| *value as f32).collect();
            Var::from_tensor(&Tensor::new(values, &Device::Cpu).unwrap()).unwrap()
        };
        let weight = var(&self.w.concat()).as_tensor().reshape((HIDDEN, VISIBLE)).unwrap();
        let weight = Var::from_tensor(&weight).unwrap();
        Autoencoder {
            encoder: network::Dense { weight, bias: var(&self.b) },
            activation: Activation::Sigmoid,
            decoder: None,
            decoder_bias: var(&self.c),
            reconstruction,
        }
    }

    /// The same with one parameter moved, for differences.
    fn nudged(&self, number: usize, step: f64) -> Model {
        let mut model = self.clone();
        match number.checked_sub(HIDDEN * VISIBLE) {
            None => model.w[number / VISIBLE][number % VISIBLE] += step,
            Some(bias) if bias < HIDDEN => model.b[bias] += step,
            Some(bias) => model.c[bias - HIDDEN] += step,
        }
        model
    }
}

impl Moments {
    fn add(&mut self, weight: f64, v: &Visible, p: &[f64; HIDDEN]) {
        for ((row, sum), p) in self.w.iter_mut().zip(&mut self.b).zip(p) {
            *sum += weight * p;
            row.iter_mut().zip(v).for_each(|(sum, v)| *sum += weight * v * p);
        }
        self.c.iter_mut().zip(v).for_each(|(sum, v)| *sum += weight * v);
    }

    /// All in one row: W, b, c.
    fn flat(&self) -> Vec<f64> {
        self.w.iter().flatten().chain(&self.b).chain(&self.c).copied().collect()
    }

    fn minus(&self, other: &Moments) -> Vec<f64> {
        self.flat().iter().zip(other.flat()).map(|(a, b)| a - b).collect()
    }
}

/// The examples: four patterns, some more often than others.
fn data() -> Vec<f64> {
    let mut distribution = vec![0.0; 1 << VISIBLE];
    for (pattern, share) in [(0b0011, 0.4), (0b1100, 0.3), (0b0111, 0.2), (0b1000, 0.1)] {
        distribution[pattern] = share;
    }
    distribution
}

/// As many rows of each pattern as `data` says.
fn rows() -> Vec<f32> {
    let data = data();
    let of_pattern = |(number, share): (usize, &f64)| {
        let v: Visible = bits(number);
        vec![v; (share * EXAMPLES as f64).round() as usize]
    };
    let rows: Vec<Visible> = data.iter().enumerate().flat_map(of_pattern).collect();
    assert_eq!(rows.len(), EXAMPLES);
    rows.concat().into_iter().map(|value| value as f32).collect()
}

/// The gradients that steps without descent find, averaged over the last `counted` of them.
fn sampled(model: &Model, reconstruction: Reconstruction, gibbs: Gibbs, steps: u64) -> Vec<f64> {
    let layer = model.layer(reconstruction);
    let rule = Rule::Sgd { rate: 0.1, momentum: 0.0 };
    let mut step = BoltzmannStep::load(&layer, rule, EXAMPLES, 0.0).unwrap();
    let (rows, which) = (rows(), (0..EXAMPLES as u32).collect::<Vec<_>>());
    for number in 0..steps {
        step.hidden_descent.1.gradient.fill(0.0);
        step.visible_descent.gradient.fill(0.0);
        step.gather(Rows::new(&rows, VISIBLE), &which);
        step.objective(gibbs, Stream::new(1, "test/gibbs", &[number]));
    }
    let mut weights = vec![0.0; HIDDEN * VISIBLE];
    let pairs = step.visible.lines(2 * EXAMPLES).zip(step.probabilities.lines(2 * EXAMPLES));
    for (v, p) in pairs {
        for (place, weight) in weights.iter_mut().enumerate() {
            *weight += f64::from(v[place % VISIBLE]) * f64::from(p[place / VISIBLE]);
        }
    }
    let biases = step.hidden_descent.1.gradient.iter().chain(&step.visible_descent.gradient);
    let sums = weights.into_iter().chain(biases.map(|sum| f64::from(*sum)));
    sums.map(|sum| sum / EXAMPLES as f64).collect()
}

fn largest(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// Five standard errors of a mean of values within 1.
const NOISE: f64 = 5.0 * 0.5 / 141.4;

#[test]
fn the_exact_gradient_is_that_of_the_likelihood() {
    let model = model(1.5);
    // The mean of log p(v) = -F(v) - log Z.
    let likelihood = |model: &Model| -> f64 {
        let partition: f64 =
            (0..1 << VISIBLE).map(|v| model.minus_free_energy(&bits(v)).exp()).sum();
        let data = data();
        let energies = data.iter().enumerate().map(|(v, p)| p * model.minus_free_energy(&bits(v)));
        energies.sum::<f64>() - partition.ln()
    };
    let exact = model.moments(&data()).minus(&model.moments(&model.distribution()));
    for (number, exact) in exact.into_iter().enumerate() {
        let (up, down) = (model.nudged(number, 1e-5), model.nudged(number, -1e-5));
        let difference = (likelihood(&up) - likelihood(&down)) / 2e-5;
        assert!((difference - exact).abs() < 1e-8, "{number}: {difference}, {exact}");
    }
}

#[test]
fn k_steps_give_the_exact_expectation_of_contrastive_divergence() {
    let model = model(1.5);
    for steps in [1, 2, 5] {
        let mut distribution = data();
        for _ in 0..steps {
            distribution = model.gibbs(&distribution);
        }
        let expected = model.moments(&distribution).minus(&model.moments(&data()));
        let gibbs = Gibbs { steps, chain: Chain::Data };
        let found = sampled(&model, Reconstruction::CrossEntropy, gibbs, 1);
        let error = largest(&found, &expected);
        assert!(error < NOISE, "CD-{steps}: {error}");
    }
}

#[test]
fn contrastive_divergence_tends_to_the_exact_gradient_as_k_grows() {
    let model = model(1.5);
    let exact = model.moments(&model.distribution()).minus(&model.moments(&data()));
    let gibbs = |steps| Gibbs { steps, chain: Chain::Data };
    let error =
        |steps| largest(&sampled(&model, Reconstruction::CrossEntropy, gibbs(steps), 1), &exact);
    let (one, four, many) = (error(1), error(4), error(40));
    assert!(one > 4.0 * NOISE && one > four, "CD-1 is biased: {one}, CD-4: {four}");
    assert!(many < NOISE, "CD-40: {many}");
}

#[test]
fn persistent_chains_come_to_the_exact_gradient_a_step_at_a_time() {
    let model = model(1.5);
    let exact = model.moments(&model.distribution()).minus(&model.moments(&data()));
    let gibbs = Gibbs { steps: 1, chain: Chain::Persistent };
    let error =
        |steps| largest(&sampled(&model, Reconstruction::CrossEntropy, gibbs, steps), &exact);
    assert!(error(1) > 4.0 * NOISE);
    assert!(error(40) < NOISE);
}

/// With Gaussian visible units p(h) is proportional to exp(b h + c W^T h + |W^T h|^2 / 2), and v
/// given h is N(W^T h + c, I).
#[test]
fn with_gaussian_visible_units_it_tends_to_the_exact_gradient_too() {
    let model = model(0.6);
    let log_weight = |model: &Model, h: &[f64; HIDDEN]| -> f64 {
        let pushed: Vec<f64> = model.visible(h).iter().zip(model.c).map(|(z, c)| z - c).collect();
        let along: f64 = pushed.iter().zip(model.c).map(|(z, c)| z * c + z * z / 2.0).sum();
        along + model.b.iter().zip(h).map(|(b, h)| b * h).sum::<f64>()
    };
    let weights: Vec<f64> = (0..1 << HIDDEN).map(|h| log_weight(&model, &bits(h)).exp()).collect();
    let partition: f64 = weights.iter().sum();
    let mut expected = Moments { w: Default::default(), b: [0.0; HIDDEN], c: [0.0; VISIBLE] };
    for (number, weight) in weights.iter().enumerate() {
        let h: [f64; HIDDEN] = bits(number);
        expected.add(weight / partition, &model.visible(&h), &h);
    }
    let exact = expected.minus(&model.moments(&data()));
    let gibbs = |steps| Gibbs { steps, chain: Chain::Data };
    let error =
        |steps| largest(&sampled(&model, Reconstruction::SquaredError, gibbs(steps), 1), &exact);
    let (one, many) = (error(1), error(40));
    // Gaussian units vary more than binary ones.
    assert!(many < 3.0 * NOISE && one > 2.0 * many, "CD-1: {one}, CD-40: {many}");
}
