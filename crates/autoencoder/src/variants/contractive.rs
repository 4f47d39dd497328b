//! The contractive autoencoder: codes that hardly move when the input does. The penalty is lambda/2
//! times the squared Frobenius norm of the encoder's Jacobian, in closed form for one layer: with
//! g_j = dh_j/dz_j and S_j = sum_k W_jk^2 it is lambda/2 sum_j g_j^2 S_j. (Rifai et al. 2011 write
//! lambda where this writes lambda/2.)

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Decoder, Encoding, Penalty, Pull, Variant};
use crate::activation::Activation;
use crate::autoencoder::Pass;
use crate::engine::wide;

pub(super) const VARIANT: Variant = Variant {
    name: "contractive",
    summary: "penalty on the Jacobian of the codes",
    formula: "L + lambda/2 sum_jk (dh_j/dx_k)^2",
    source: "Rifai, Vincent, Muller, Glorot, Bengio 2011 (with lambda/2 for their lambda)",
    version: 1,
    params: || {
        vec![Param::new(
            "lambda",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
            Value::Float(0.1),
            "strength of the penalty; 0 is the basic autoencoder",
        )]
    },
    objective: |params| {
        let lambda = params.float("lambda")?;
        Some(penalty(lambda).objective())
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// lambda/2 ||dh/dx||_F^2.
pub(super) fn penalty(lambda: f64) -> Penalty {
    Penalty::new(move |pass| squared_jacobian(pass)? * (lambda / 2.0))
        .by_hand(move |encoding, pull| contract(lambda, encoding, pull))
}

/// Mean over the examples of ||dh/dx||_F^2.
fn squared_jacobian(pass: &Pass<'_>) -> Result<Tensor> {
    let slopes = pass.autoencoder.activation.slope(pass.code)?;
    let sizes = pass.autoencoder.encoder.weight.sqr()?.sum(1)?;
    // The slopes are summed over the examples first: the product with S is then over units only.
    (slopes.sqr()?.mean(0)? * sizes)?.sum_all()
}

/// The penalty by hand. Its gradient reaches the weights by two ways, the squared norms and the
/// codes: dR/dW_jk = lambda mean(g_j^2) W_jk + lambda/n sum g_j (dg_j/dh_j) S_j dh_j/dW_jk. Leaving
/// out the second is the easy mistake.
fn contract(lambda: f64, encoding: &Encoding<'_>, pull: &mut Pull<'_>) -> f64 {
    // In terms of the codes: g, and g dg/dh.
    match encoding.activation {
        Activation::Sigmoid => contract_with(
            lambda,
            encoding,
            pull,
            #[inline(always)]
            |h| (h * (1.0 - h), 1.0 - 2.0 * h),
        ),
        Activation::Tanh => contract_with(
            lambda,
            encoding,
            pull,
            #[inline(always)]
            |h| (1.0 - h * h, -2.0 * h),
        ),
        Activation::Relu => contract_with(
            lambda,
            encoding,
            pull,
            #[inline(always)]
            |h| (if h > 0.0 { 1.0 } else { 0.0 }, 0.0),
        ),
        Activation::Linear => contract_with(
            lambda,
            encoding,
            pull,
            #[inline(always)]
            |_| (1.0, 0.0),
        ),
    }
}

#[inline(always)]
fn contract_with(
    lambda: f64,
    encoding: &Encoding<'_>,
    pull: &mut Pull<'_>,
    slope_and_its_own: impl Fn(f32) -> (f32, f32) + Copy,
) -> f64 {
    #[inline(always)]
    fn one(
        (code, squares): (&[f32], &[f32]),
        pull: &mut [f32],
        sums: &mut [f32],
        lambda: f32,
        slope_and_its_own: impl Fn(f32) -> (f32, f32),
    ) {
        let units = code.len();
        let (squares, pull, sums) = (&squares[..units], &mut pull[..units], &mut sums[..units]);
        for unit in 0..units {
            let (slope, its_own) = slope_and_its_own(code[unit]);
            pull[unit] += lambda * squares[unit] * slope * its_own;
            sums[unit] += slope * slope;
        }
    }
    let squares = encoding.squares;
    wide(
        #[inline(always)]
        || {
            let (rows, sums) = pull.codes_and_decay();
            for (code, pull) in encoding.codes().zip(rows) {
                one((code, squares), pull, sums, lambda as f32, slope_and_its_own);
            }
        },
    );
    let share = lambda / encoding.examples() as f64;
    let mut value = 0.0;
    for (decay, square) in pull.decay.iter_mut().zip(squares) {
        let slopes = f64::from(*decay);
        value += slopes * f64::from(*square);
        *decay = (share * slopes) as f32;
    }
    share / 2.0 * value
}

#[cfg(test)]
mod tests;
