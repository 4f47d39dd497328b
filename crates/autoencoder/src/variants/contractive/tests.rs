//! Oracles of the contractive penalty: an explicit Jacobian (which catches (sum_k W_jk)^2 written
//! for sum_k W_jk^2, a mistake that a gradient check passes), and exact identities of its gradient
//! R = lambda/2 sum_j g_j^2 S_j for one example:
//! dR/dW_ji = lambda g_j^2 W_ji + x_i dR/db_j, and dR/db_j = lambda g_j^2 (1 - 2 h_j) S_j.

use ablate_data::Stream;
use candle_core::Device;

use super::*;
use crate::activation::Activation;
use crate::autoencoder::{Autoencoder, small};
use crate::reconstruction::Reconstruction;

const LAMBDA: f64 = 0.7;
const OUTPUTS: usize = 9;
const INPUTS: usize = 11;

fn example() -> Tensor {
    let mut stream = Stream::new(5, "test/example", &[]);
    let values: Vec<f64> = (0..INPUTS).map(|_| f64::from(stream.normal())).collect();
    Tensor::from_vec(values, (1, INPUTS), &Device::Cpu).unwrap()
}

fn autoencoder(activation: Activation) -> Autoencoder {
    small((OUTPUTS, INPUTS), Some(()), activation, Reconstruction::SquaredError, 11)
}

fn penalty(autoencoder: &Autoencoder, x: &Tensor) -> Tensor {
    let code = autoencoder.encode(x).unwrap();
    (super::penalty(LAMBDA).graph)(&Pass { autoencoder, code: &code, near: &[] }).unwrap()
}

/// Values and gradients of everything that the identities name.
struct Parts {
    w: Vec<Vec<f64>>,
    b: Vec<f64>,
    h: Vec<f64>,
    x: Vec<f64>,
    dw: Vec<Vec<f64>>,
    db: Vec<f64>,
}

fn parts(autoencoder: &Autoencoder, x: &Tensor) -> Parts {
    let gradients = penalty(autoencoder, x).backward().unwrap();
    let (weight, bias) = (&autoencoder.encoder.weight, &autoencoder.encoder.bias);
    Parts {
        w: weight.to_vec2().unwrap(),
        b: bias.to_vec1().unwrap(),
        h: autoencoder.encode(x).unwrap().squeeze(0).unwrap().to_vec1().unwrap(),
        x: x.squeeze(0).unwrap().to_vec1().unwrap(),
        dw: gradients.get(weight).unwrap().to_vec2().unwrap(),
        db: gradients.get(bias).unwrap().to_vec1().unwrap(),
    }
}

#[test]
fn the_value_is_half_lambda_times_the_explicit_jacobian() {
    for activation in Activation::ALL {
        let (autoencoder, x) = (autoencoder(activation), example());
        let codes = |input: usize, step: f64| -> Vec<f64> {
            let mut values: Vec<f64> = x.squeeze(0).unwrap().to_vec1().unwrap();
            values[input] += step;
            let moved = Tensor::from_vec(values, (1, INPUTS), &Device::Cpu).unwrap();
            autoencoder.encode(&moved).unwrap().squeeze(0).unwrap().to_vec1().unwrap()
        };
        let mut squares = 0.0;
        for input in 0..INPUTS {
            let (up, down) = (codes(input, 1e-5), codes(input, -1e-5));
            squares += up.iter().zip(&down).map(|(u, d)| ((u - d) / 2e-5).powi(2)).sum::<f64>();
        }
        let (found, expected) =
            (penalty(&autoencoder, &x).to_scalar::<f64>().unwrap(), LAMBDA / 2.0 * squares);
        assert!(
            (found / expected - 1.0).abs() < 1e-8,
            "{}: {found}, expected {expected}",
            activation.word()
        );
    }
}

#[test]
fn the_gradient_fulfils_the_identities_of_the_closed_form() {
    let autoencoder = autoencoder(Activation::Sigmoid);
    let Parts { w, b, h, x, dw, db } = parts(&autoencoder, &example());
    for j in 0..OUTPUTS {
        let g = h[j] * (1.0 - h[j]);
        let size: f64 = w[j].iter().map(|weight| weight * weight).sum();
        let z: f64 = w[j].iter().zip(&x).map(|(weight, input)| weight * input).sum::<f64>() + b[j];
        for i in 0..INPUTS {
            let explicit = dw[j][i] - x[i] * db[j];
            assert!((explicit - LAMBDA * g * g * w[j][i]).abs() < 1e-13);
        }
        let along: f64 = w[j].iter().zip(&dw[j]).map(|(weight, slope)| weight * slope).sum();
        let expected = LAMBDA * g * g * size * (1.0 + (1.0 - 2.0 * h[j]) * (z - b[j]));
        assert!((along - expected).abs() < 1e-12);
        let through = LAMBDA * g * g * (1.0 - 2.0 * h[j]) * size;
        assert!((db[j] - through).abs() < 1e-13);
        // Descent pushes each unit further into its saturation.
        assert_eq!(db[j] > 0.0, z < 0.0);
    }
}

#[test]
fn at_zero_preactivation_only_the_explicit_term_is_left() {
    let autoencoder = autoencoder(Activation::Sigmoid);
    autoencoder.encoder.bias.set(&autoencoder.encoder.bias.zeros_like().unwrap()).unwrap();
    let Parts { w, dw, db, .. } = parts(&autoencoder, &example().zeros_like().unwrap());
    for j in 0..OUTPUTS {
        assert_eq!(db[j], 0.0);
        for i in 0..INPUTS {
            assert!((dw[j][i] - LAMBDA * w[j][i] / 16.0).abs() < 1e-15);
        }
    }
}

#[test]
fn with_linear_units_it_is_weight_decay() {
    let (autoencoder, x) = (autoencoder(Activation::Linear), example());
    let weight = &autoencoder.encoder.weight;
    let w: Vec<Vec<f64>> = weight.to_vec2().unwrap();
    let squares: f64 = w.iter().flatten().map(|weight| weight * weight).sum();
    let penalty = penalty(&autoencoder, &x);
    let value = penalty.to_scalar::<f64>().unwrap();
    assert!((value - LAMBDA / 2.0 * squares).abs() < 1e-12);
    let dw: Vec<Vec<f64>> = penalty.backward().unwrap().get(weight).unwrap().to_vec2().unwrap();
    for (weights, slopes) in w.iter().zip(&dw) {
        for (weight, slope) in weights.iter().zip(slopes) {
            assert!((slope - LAMBDA * weight).abs() < 1e-14);
        }
    }
}

#[test]
fn the_expected_shift_under_small_noise_tends_to_the_penalty() {
    // E ||h(x + e) - h(x)||^2 / s^2 -> ||J||_F^2 for e ~ N(0, s^2 I), s -> 0.
    let (autoencoder, x) = (autoencoder(Activation::Sigmoid), example());
    let (samples, s) = (20_000, 0.01);
    let mut stream = Stream::new(5, "test/noise", &[]);
    let noise: Vec<f64> = (0..samples * INPUTS).map(|_| s * f64::from(stream.normal())).collect();
    let noise = Tensor::from_vec(noise, (samples, INPUTS), &Device::Cpu).unwrap();
    let moved = autoencoder.encode(&noise.broadcast_add(&x).unwrap()).unwrap();
    let shift = moved.broadcast_sub(&autoencoder.encode(&x).unwrap()).unwrap().sqr().unwrap();
    let shift = shift.sum_all().unwrap().to_scalar::<f64>().unwrap() / samples as f64 / (s * s);
    let expected = penalty(&autoencoder, &x).to_scalar::<f64>().unwrap() * 2.0 / LAMBDA;
    assert!((shift / expected - 1.0).abs() < 0.02, "{shift}, expected {expected}");
}
