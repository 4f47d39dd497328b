//! Every objective against its formula, written out in plain sums over numbers in double precision,
//! from the parameters of a trial on: what a factor of two in an objective and in its step by hand alike
//! would slip by.

use ablate_data::{Shape, corruptions};
use candle_core::DType;

use super::*;
use crate::sampling;
use crate::variants::{adversarial, rbm};

const EXAMPLES: usize = 4;
const INPUTS: usize = 6;
const UNITS: usize = 5;
const MOMENT: Moment = Moment { seed: 7, layer: 0, epoch: 1, epochs: 2, step: 0 };

type Rows = Vec<Vec<f64>>;

fn layer() -> Autoencoder {
    small((UNITS, INPUTS), None, Activation::Sigmoid, Reconstruction::CrossEntropy, 3)
}

/// Numbers between 0 and 1, as single precision has them.
fn examples() -> Tensor {
    batch(EXAMPLES, INPUTS).to_dtype(DType::F32).unwrap().to_dtype(DType::F64).unwrap()
}

fn objective(name: &str, changes: &[(&str, Value)]) -> Box<dyn Objective> {
    let variant = find(name).unwrap();
    let mut params = defaults(variant);
    changes.iter().for_each(|(name, value)| params.set(*name, value.clone()));
    (variant.objective)(&params).unwrap()
}

/// The objective that Candle computes.
fn found(name: &str, changes: &[(&str, Value)]) -> f64 {
    let (layer, objective) = (layer(), objective(name, changes));
    let mut graph = objective.graph(&layer, &START).unwrap();
    graph.draw(&examples(), &MOMENT).unwrap();
    graph.objective(&examples()).unwrap().to_scalar().unwrap()
}

fn assert_close(found: f64, expected: f64, what: &str) {
    assert!((found / expected - 1.0).abs() < 1e-12, "{what}: {found}, expected {expected}");
}

fn sigmoid(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn squares(rows: &Rows) -> f64 {
    rows.iter().map(|row| dot(row, row)).sum()
}

/// The layer's numbers.
struct Plain {
    w: Rows,
    b: Vec<f64>,
    decoder: Rows,
    c: Vec<f64>,
    x: Rows,
}

impl Plain {
    fn new() -> Plain {
        let layer = layer();
        Plain {
            w: layer.encoder.weight.to_vec2().unwrap(),
            b: layer.encoder.bias.to_vec1().unwrap(),
            decoder: layer.decoder.as_ref().unwrap().to_vec2().unwrap(),
            c: layer.decoder_bias.to_vec1().unwrap(),
            x: examples().to_vec2().unwrap(),
        }
    }

    fn latents(&self, x: &[f64]) -> Vec<f64> {
        self.w.iter().zip(&self.b).map(|(w, b)| dot(w, x) + b).collect()
    }

    fn code(&self, x: &[f64]) -> Vec<f64> {
        self.latents(x).into_iter().map(sigmoid).collect()
    }

    /// J row by row, units x inputs.
    fn jacobian(&self, x: &[f64]) -> Rows {
        let row = |(w, h): (&Vec<f64>, f64)| w.iter().map(|w| h * (1.0 - h) * w).collect();
        self.w.iter().zip(self.code(x)).map(row).collect()
    }

    /// The cross-entropy of each input of `x` rebuilt from `code`.
    fn losses(&self, code: &[f64], x: &[f64]) -> Vec<f64> {
        let rebuilt = self.decoder.iter().zip(&self.c).map(|(d, c)| sigmoid(dot(d, code) + c));
        rebuilt.zip(x).map(|(r, x)| -(x * r.ln() + (1.0 - x) * (1.0 - r).ln())).collect()
    }

    /// The mean over the examples of `of` their number and values.
    fn mean(&self, of: impl Fn(usize, &[f64]) -> f64) -> f64 {
        self.x.iter().enumerate().map(|(n, x)| of(n, x)).sum::<f64>() / EXAMPLES as f64
    }

    /// L, where the decoder sees what `code` makes of each example.
    fn reconstruction(&self, code: impl Fn(usize, &[f64]) -> Vec<f64>) -> f64 {
        self.mean(|n, x| self.losses(&code(n, x), x).iter().sum())
    }

    fn basic(&self) -> f64 {
        self.reconstruction(|_, x| self.code(x))
    }
}

#[test]
fn penalties_are_their_formulas() {
    let plain = Plain::new();
    let lambda = || ("lambda", Value::Float(0.7));
    assert_close(found("basic", &[]), plain.basic(), "basic");

    let decay = 0.7 / 2.0 * (squares(&plain.w) + squares(&plain.decoder));
    assert_close(found("weight-decay", &[lambda()]), plain.basic() + decay, "weight-decay");

    let l1 = 0.7 * plain.mean(|_, x| plain.code(x).iter().sum());
    assert_close(found("sparse-l1", &[lambda()]), plain.basic() + l1, "sparse-l1");

    let rho = 0.2_f64;
    let divergence = |unit: usize| {
        let mean = plain.mean(|_, x| plain.code(x)[unit]);
        rho * (rho / mean).ln() + (1.0 - rho) * ((1.0 - rho) / (1.0 - mean)).ln()
    };
    let kl = 0.7 * (0..UNITS).map(divergence).sum::<f64>();
    let target = ("target", Value::Float(rho));
    assert_close(found("sparse-kl", &[lambda(), target]), plain.basic() + kl, "sparse-kl");

    let contraction = 0.7 / 2.0 * plain.mean(|_, x| squares(&plain.jacobian(x)));
    assert_close(found("contractive", &[lambda()]), plain.basic() + contraction, "contractive");

    let sigma = 0.5;
    let mut stream = MOMENT.stream("noise");
    let mut copy = || -> Rows {
        let noise = sampling::normal((EXAMPLES, INPUTS), &mut stream).unwrap();
        noise.to_dtype(DType::F64).unwrap().to_vec2().unwrap()
    };
    let copies = [copy(), copy(), copy()];
    let change = |copy: &Rows| {
        plain.mean(|n, x| {
            let near: Vec<f64> = x.iter().zip(&copy[n]).map(|(x, e)| x + sigma * e).collect();
            let rows = plain.jacobian(x).into_iter().zip(plain.jacobian(&near));
            rows.map(|(a, b)| a.iter().zip(&b).map(|(a, b)| (a - b).powi(2)).sum::<f64>()).sum()
        })
    };
    let higher = 2.0 * copies.iter().map(change).sum::<f64>() / 3.0;
    let changes = [
        lambda(),
        ("gamma", Value::Float(2.0)),
        ("sigma", Value::Float(sigma)),
        ("noise_samples", Value::Int(3)),
    ];
    let expected = plain.basic() + contraction + higher;
    assert_close(found("contractive-h", &changes), expected, "contractive-h");
}

#[test]
fn what_encoder_and_decoder_see_is_what_the_formulas_say() {
    let plain = Plain::new();
    let largest = |_: usize, x: &[f64]| {
        let code = plain.code(x);
        let mut sorted = code.clone();
        sorted.sort_by(|a, b| b.total_cmp(a));
        code.into_iter().map(|h| if h >= sorted[1] { h } else { 0.0 }).collect()
    };
    let two = [("k", Value::Int(2)), ("annealing", Value::Float(0.0))];
    assert_close(found("k-sparse", &two), plain.reconstruction(largest), "k-sparse");

    let mut seen =
        examples().flatten_all().unwrap().to_dtype(DType::F32).unwrap().to_vec1().unwrap();
    let masking = corruptions::find("masking").unwrap();
    masking.apply(&mut seen, Shape::flat(INPUTS), 0.4, &mut MOMENT.stream("corruption"));
    let seen: Rows =
        seen.chunks(INPUTS).map(|x| x.iter().map(|&x: &f32| x.into()).collect()).collect();
    let weighed = plain.mean(|n, x| {
        let losses = plain.losses(&plain.code(&seen[n]), x);
        // No example has a 0 of its own.
        let weight = |seen: &f64| if *seen == 0.0 { 0.75 } else { 0.25 };
        losses.iter().zip(&seen[n]).map(|(loss, seen)| weight(seen) * loss).sum()
    });
    let changes = [
        ("corruption", Value::Text("masking".into())),
        ("fraction", Value::Float(0.4)),
        ("alpha", Value::Float(0.75)),
        ("beta", Value::Float(0.25)),
    ];
    assert_close(found("denoising", &changes), weighed, "denoising");
}

/// With another variance for each latent, as training would give them.
#[test]
fn the_variational_bound_is_its_formula() {
    let (plain, layer, vae) =
        (Plain::new(), layer(), objective("vae", &[("beta", Value::Float(3.0))]));
    let mut graph = vae.graph(&layer, &START).unwrap();
    graph.draw(&examples(), &MOMENT).unwrap();
    let vars = graph.vars();
    let [.., _, bias] = vars.as_slice() else { panic!("there are V and c") };
    let logarithms: Vec<f64> = (0..UNITS).map(|unit| 0.4 * unit as f64 - 1.0).collect();
    bias.set(&Tensor::new(logarithms.as_slice(), &Device::Cpu).unwrap()).unwrap();
    let noise = sampling::normal((EXAMPLES, UNITS), &mut MOMENT.stream("latent")).unwrap();
    let noise: Rows = noise.to_dtype(DType::F64).unwrap().to_vec2().unwrap();
    let code = |n: usize, x: &[f64]| {
        let spread = logarithms.iter().zip(&noise[n]).map(|(l, e)| (l / 2.0).exp() * e);
        plain.latents(x).iter().zip(spread).map(|(mean, spread)| sigmoid(mean + spread)).collect()
    };
    let divergence = plain.mean(|_, x| {
        let terms = plain.latents(x).into_iter().zip(&logarithms);
        terms.map(|(m, l)| 0.5 * (m * m + l.exp() - l - 1.0)).sum()
    });
    let found = graph.objective(&examples()).unwrap().to_scalar::<f64>().unwrap();
    assert_close(found, plain.reconstruction(code) + 3.0 * divergence, "vae");
}

#[test]
fn the_pull_of_the_discriminator_is_its_formula() {
    let (plain, layer) = (Plain::new(), layer());
    let discriminator = adversarial::Discriminator::new(&layer, 7, &START).unwrap();
    let latents = plain.x.iter().map(|x| Tensor::new(plain.latents(x), &Device::Cpu).unwrap());
    let latents = Tensor::stack(&latents.collect::<Vec<_>>(), 0).unwrap();
    let logits = discriminator.logits(&latents).unwrap().squeeze(1).unwrap();
    let logits = logits.to_vec1::<f64>().unwrap();
    let surprise = plain.mean(|n, _| -sigmoid(logits[n]).ln());
    let changes = [("lambda", Value::Float(4.0)), ("discriminator_width", Value::Int(7))];
    assert_close(found("adversarial", &changes), plain.basic() + 4.0 * surprise, "adversarial");
}

/// F(v) = -log sum_h exp(-E(v, h)), by visiting every h.
#[test]
fn the_free_energy_is_a_sum_over_all_hidden_states() {
    let plain = Plain::new();
    for reconstruction in Reconstruction::ALL {
        let layer = small((UNITS, INPUTS), Some(()), Activation::Sigmoid, reconstruction, 3);
        let energy = |v: &[f64], h: &[f64]| {
            let visible = match reconstruction {
                Reconstruction::CrossEntropy => -dot(&plain.c, v),
                Reconstruction::SquaredError => {
                    plain.c.iter().zip(v).map(|(c, v)| (v - c).powi(2) / 2.0).sum()
                }
            };
            visible
                - dot(&plain.b, h)
                - plain.w.iter().zip(h).map(|(w, h)| h * dot(w, v)).sum::<f64>()
        };
        let free = plain.mean(|_, v| {
            let of = |state: usize| {
                let h: Vec<f64> = (0..UNITS).map(|j| (state >> j & 1) as f64).collect();
                (-energy(v, &h)).exp()
            };
            -(0..1 << UNITS).map(of).sum::<f64>().ln()
        });
        let found = rbm::free_energy(&layer, &examples()).unwrap().to_scalar::<f64>().unwrap();
        assert_close(found, free, reconstruction.word());
    }
    let decay = found("rbm", &[("lambda", Value::Float(0.7))]) - found("rbm", &[]);
    assert!((decay - 0.7 / 2.0 * squares(&plain.w)).abs() < 1e-12, "{decay}");
}
