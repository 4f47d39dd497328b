//! The higher-order contractive autoencoder (CAE+H): besides the encoder's Jacobian J, how much it
//! changes nearby is penalized, by n_c samples of noise a step:
//! L + lambda/2 ||J(x)||_F^2 + gamma E ||J(x) - J(x + e)||_F^2 with e ~ N(0, sigma^2 I). As sigma goes
//! to 0, the last term over sigma^2 goes to gamma times the squared norm of the Hessian. Its J is a
//! diagonal times W, so ||J(x) - J(x + e)||_F^2 = sum_j (g_j - g'_j)^2 S_j with g_j = dh_j/dz_j and
//! S_j = sum_k W_jk^2. (Rifai et al. write lambda where this writes lambda/2.)

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Autoencoding, Decoder, Encoding, Penalty, Pull, Variant, contractive};
use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::autoencoding::Neighbours;
use crate::engine::wide;

pub(super) const VARIANT: Variant = Variant {
    name: "contractive-h",
    summary: "penalty on the Jacobian of the codes and on its change nearby (CAE+H)",
    formula: "L + lambda/2 ||J(x)||_F^2 + gamma E ||J(x) - J(x + e)||_F^2, e ~ N(0, sigma^2 I)",
    source: "Rifai, Mesnil, Vincent, Muller, Bengio, Dauphin, Glorot 2011 (ECML)",
    version: 2,
    params: || {
        let strength = || Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
        vec![
            Param::new("lambda", strength(), Value::Float(0.1), "strength of the first penalty"),
            Param::new(
                "gamma",
                strength(),
                Value::Float(0.1),
                "strength of the second penalty; 0 is the contractive autoencoder",
            ),
            Param::new(
                "sigma",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Included(10.0) },
                Value::Float(0.1),
                "standard deviation of the noise between the two Jacobians",
            ),
            Param::new(
                "noise_samples",
                Domain::Int { min: 1, max: 1000, word: None },
                Value::Int(4),
                "noisy copies of each example a step (n_c)",
            ),
        ]
    },
    objective: |params| {
        let first = contractive::penalty(params.float("lambda")?);
        let (gamma, sigma) = (params.float("gamma")?, params.float("sigma")?);
        // Without the second penalty it is what the first alone makes of it.
        if gamma * sigma == 0.0 {
            return Some(first.objective());
        }
        let copies = params.count("noise_samples")?;
        Some(Box::new(Autoencoding {
            penalty: Some(with_change(first, gamma)),
            neighbours: Some(Neighbours { copies, sigma }),
            ..Autoencoding::default()
        }))
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// `first` plus gamma times the change of the Jacobian towards the noisy copies.
fn with_change(first: Penalty, gamma: f64) -> Penalty {
    let Penalty { graph, by_hand } = first;
    let whole = Penalty::new(move |pass| {
        let change = change_of_jacobian(pass.autoencoder, pass.code, pass.near)?;
        graph(pass)? + (change * gamma)?
    });
    let Some(by_hand) = by_hand else { return whole };
    whole.by_hand(move |encoding, pull| by_hand(encoding, pull) + steady(gamma, encoding, pull))
}

/// Mean over the examples and their noisy copies of ||J(x) - J(x~)||_F^2, from their codes.
fn change_of_jacobian(layer: &Autoencoder, code: &Tensor, near: &[Tensor]) -> Result<Tensor> {
    let here = layer.activation.slope(code)?;
    let mut changes = here.zeros_like()?;
    for near in near {
        changes = (changes + (&here - layer.activation.slope(near)?)?.sqr()?)?;
    }
    let sizes = layer.encoder.weight.sqr()?.sum(1)?;
    // The changes are summed over the examples first: the product with S is then over units only.
    let changes = (changes.mean(0)? / near.len() as f64)?;
    (changes * sizes)?.sum_all()
}

/// The second penalty by hand. With d = g - g' its gradient by h is 2 gamma d S_j dg/dh, that by h' of the
/// noisy copy -2 gamma d S_j dg'/dh', and that by W_jk at constant codes 2 gamma d^2 W_jk.
fn steady(gamma: f64, encoding: &Encoding<'_>, pull: &mut Pull<'_>) -> f64 {
    match encoding.activation {
        Activation::Sigmoid => steady_with(
            gamma,
            encoding,
            pull,
            #[inline(always)]
            |h| (h * (1.0 - h), 1.0 - 2.0 * h),
        ),
        Activation::Tanh => steady_with(
            gamma,
            encoding,
            pull,
            #[inline(always)]
            |h| (1.0 - h * h, -2.0 * h),
        ),
        Activation::Relu => steady_with(
            gamma,
            encoding,
            pull,
            #[inline(always)]
            |h| (if h > 0.0 { 1.0 } else { 0.0 }, 0.0),
        ),
        Activation::Linear => steady_with(
            gamma,
            encoding,
            pull,
            #[inline(always)]
            |_| (1.0, 0.0),
        ),
    }
}

#[inline(always)]
fn steady_with(
    gamma: f64,
    encoding: &Encoding<'_>,
    pull: &mut Pull<'_>,
    slope_and_its_own: impl Fn(f32) -> (f32, f32) + Copy,
) -> f64 {
    #[inline(always)]
    fn one(
        (code, near, squares): (&[f32], &[f32], &[f32]),
        (pull, near_pull): (&mut [f32], &mut [f32]),
        sums: &mut [f32],
        strength: f32,
        slope_and_its_own: impl Fn(f32) -> (f32, f32),
    ) {
        let units = code.len();
        let (near, squares, sums) = (&near[..units], &squares[..units], &mut sums[..units]);
        let (pull, near_pull) = (&mut pull[..units], &mut near_pull[..units]);
        for unit in 0..units {
            let (here, its_own) = slope_and_its_own(code[unit]);
            let (there, own_there) = slope_and_its_own(near[unit]);
            let difference = here - there;
            pull[unit] += strength * squares[unit] * difference * its_own;
            near_pull[unit] -= strength * squares[unit] * difference * own_there;
            sums[unit] += difference * difference;
        }
    }
    let (squares, copies) = (encoding.squares, encoding.copies());
    let strength = 2.0 * gamma / copies as f64;
    let mut sums = vec![0.0_f32; squares.len()];
    for copy in 0..copies {
        let codes = encoding.codes().zip(encoding.codes_of_copy(copy));
        let pulls = pull.codes_of_copy(copy);
        let sums = &mut sums[..];
        wide(
            #[inline(always)]
            || {
                for ((code, near), pulls) in codes.zip(pulls) {
                    one((code, near, squares), pulls, sums, strength as f32, slope_and_its_own);
                }
            },
        );
    }
    let share = strength / encoding.examples() as f64;
    let mut value = 0.0;
    for ((decay, square), sum) in pull.decay.iter_mut().zip(squares).zip(sums) {
        value += f64::from(sum) * f64::from(*square);
        *decay += (share * f64::from(sum)) as f32;
    }
    share / 2.0 * value
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use candle_core::Device;

    use super::*;
    use crate::autoencoder::small;
    use crate::reconstruction::Reconstruction;

    const INPUTS: usize = 7;

    fn layer() -> Autoencoder {
        small((5, INPUTS), Some(()), Activation::Sigmoid, Reconstruction::SquaredError, 11)
    }

    fn example() -> Vec<f64> {
        let mut stream = Stream::new(5, "test/example", &[]);
        (0..INPUTS).map(|_| f64::from(stream.normal())).collect()
    }

    fn row(values: &[f64]) -> Tensor {
        Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap()
    }

    /// dh/dx by central differences: units x inputs, row by row.
    fn jacobian(layer: &Autoencoder, x: &[f64]) -> Vec<f64> {
        let codes = |input: usize, step: f64| -> Vec<f64> {
            let mut moved = x.to_vec();
            moved[input] += step;
            layer.encode(&row(&moved)).unwrap().squeeze(0).unwrap().to_vec1().unwrap()
        };
        let column = |input| {
            let (up, down) = (codes(input, 1e-5), codes(input, -1e-5));
            up.into_iter().zip(down).map(|(up, down)| (up - down) / 2e-5).collect::<Vec<_>>()
        };
        (0..INPUTS).flat_map(column).collect()
    }

    #[test]
    fn the_value_is_the_squared_difference_of_two_explicit_jacobians() {
        let (layer, x) = (layer(), example());
        let near: Vec<f64> =
            x.iter().enumerate().map(|(i, x)| x + 0.3 * (i as f64 - 2.5)).collect();
        let (here, there) = (jacobian(&layer, &x), jacobian(&layer, &near));
        let expected: f64 = here.iter().zip(&there).map(|(a, b)| (a - b).powi(2)).sum();
        let codes = |x: &[f64]| layer.encode(&row(x)).unwrap();
        let found = change_of_jacobian(&layer, &codes(&x), &[codes(&near)]).unwrap();
        let found = found.to_scalar::<f64>().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-7, "{found}, expected {expected}");
    }

    /// E ||J(x) - J(x + e)||_F^2 / s^2 -> ||H||_F^2 = sum_j g_j^2 (1 - 2 h_j)^2 S_j^2 as s -> 0.
    #[test]
    fn for_small_noise_it_tends_to_the_squared_norm_of_the_hessian() {
        let (layer, x) = (layer(), example());
        let code: Vec<f64> = layer.encode(&row(&x)).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
        let weights: Vec<Vec<f64>> = layer.encoder.weight.to_vec2().unwrap();
        let of_unit = |(h, w): (&f64, &Vec<f64>)| {
            let size: f64 = w.iter().map(|w| w * w).sum();
            (h * (1.0 - h) * (1.0 - 2.0 * h) * size).powi(2)
        };
        let expected: f64 = code.iter().zip(&weights).map(of_unit).sum();
        let (samples, s) = (20_000, 0.01);
        let mut stream = Stream::new(5, "test/noise", &[]);
        let mut moved = || x.iter().map(|x| x + s * f64::from(stream.normal())).collect::<Vec<_>>();
        let moved: Vec<f64> = (0..samples).flat_map(|_| moved()).collect();
        let moved = Tensor::from_vec(moved, (samples, INPUTS), &Device::Cpu).unwrap();
        let clean = row(&x).broadcast_as((samples, INPUTS)).unwrap().contiguous().unwrap();
        let codes = |x: &Tensor| layer.encode(x).unwrap();
        let found = change_of_jacobian(&layer, &codes(&clean), &[codes(&moved)]).unwrap();
        let found = found.to_scalar::<f64>().unwrap() / (s * s);
        assert!((found / expected - 1.0).abs() < 0.02, "{found}, expected {expected}");
    }
}
