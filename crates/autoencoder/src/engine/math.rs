//! The functions of a network in additions, multiplications, fused multiplications and divisions of
//! `f32`, without a branch or a call, so that the compiler can do many values at a time and every
//! machine gives the same bits. Where a machine has no fused multiplication the same bits take long.
//! NaN goes in and comes out: a training that diverges must not look healthy.

use std::f32::consts::{LN_2, LOG2_E};

/// exp(x) for x <= 0, to within 2 units in the last place; below -87 it stays at exp(-87), 1.6e-38.
#[inline(always)]
pub(super) fn exp_of_negative(x: f32) -> f32 {
    // Adding 1.5 * 2^23 leaves the nearest whole number in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, the upper with zeros enough for n ln 2 to be exact.
    const LN_2_UPPER: f32 = 0.693_359_4;
    const LN_2_LOWER: f32 = -2.121_944_4e-4;
    const { assert!((LN_2_UPPER + LN_2_LOWER) == LN_2) };
    let x = if x < -87.0 { -87.0 } else { x };
    let shifted = x.mul_add(LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = n.mul_add(-LN_2_LOWER, n.mul_add(-LN_2_UPPER, x));
    // exp(r) = 1 + r + r^2 p(r) on |r| <= ln 2 / 2 (Cephes, expf).
    let p = polynomial(
        r,
        [0.5, 1.666_666_5e-1, 4.166_579_6e-2, 8.333_452e-3, 1.398_2e-3, 1.987_569_2e-4],
    );
    let fraction = p.mul_add(r * r, r) + 1.0;
    fraction * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
}

/// exp(x), which stays between exp(-87) and exp(87).
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let e = exp_of_negative(-x.abs());
    if x > 0.0 { 1.0 / e } else { e }
}

/// 1 / (1 + exp(-z)).
#[inline(always)]
pub(super) fn sigmoid(z: f32) -> f32 {
    let e = exp_of_negative(-z.abs());
    (if z < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// sigmoid(z), and softplus(z) = ln(1 + exp(z)), which share their exponential.
#[inline(always)]
pub(super) fn sigmoid_and_softplus(z: f32) -> (f32, f32) {
    let e = exp_of_negative(-z.abs());
    let sigmoid = (if z < 0.0 { e } else { 1.0 }) / (1.0 + e);
    // ln(1 + e) / e on [0, 1], the polynomial of degree 8 with the least relative error: 3.3e-8.
    let p = polynomial(
        e,
        [
            1.0,
            -4.999_965e-1,
            3.332_132_5e-1,
            -2.485_716_3e-1,
            1.915_365_6e-1,
            -1.375_380_5e-1,
            7.920_457e-2,
            -3.006_581e-2,
            5.364_829e-3,
        ],
    );
    let positive = if z < 0.0 { 0.0 } else { z };
    (sigmoid, p.mul_add(e, positive))
}

/// tanh(z): (1 - exp(-2|z|)) / (1 + exp(-2|z|)) with the sign of z, and an odd polynomial where that
/// would cancel.
#[inline(always)]
pub(super) fn tanh(z: f32) -> f32 {
    let magnitude = z.abs();
    let e = exp_of_negative(-2.0 * magnitude);
    let outer = ((1.0 - e) / (1.0 + e)).copysign(z);
    // Cephes, tanhf.
    let q = z * z;
    let p = polynomial(
        q,
        [-3.333_328e-1, 1.333_144_2e-1, -5.373_971_6e-2, 2.063_909e-2, -5.704_988_7e-3],
    );
    let inner = (z * q).mul_add(p, z);
    if magnitude < 0.625 { inner } else { outer }
}

/// The square root of x >= 0, to within 2 units in the last place, 0 being 0: three steps of Newton's
/// from the well-known first guess at 1 / sqrt(x). The machine's own root, exact as it is, holds up
/// the division that mostly follows.
#[inline(always)]
pub(super) fn sqrt(x: f32) -> f32 {
    let mut inverse = f32::from_bits(0x5f37_59df - (x.to_bits() >> 1));
    let half = 0.5 * x;
    for _ in 0..3 {
        inverse *= (half * inverse).mul_add(-inverse, 1.5);
    }
    x * inverse
}

/// The polynomial with these coefficients, the constant one first, at `x` (Horner's rule).
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let mut sum = coefficients[N - 1];
    for coefficient in coefficients[..N - 1].iter().rev() {
        sum = sum.mul_add(x, *coefficient);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The largest error of `found` against `exact` over many z in +-`range`, in units in the last
    /// place of the exact value.
    fn worst(range: f32, found: impl Fn(f32) -> f32, exact: impl Fn(f64) -> f64) -> f64 {
        let mut worst = 0.0_f64;
        for step in -400_000..=400_000 {
            let z = range * (step as f32 / 400_000.0);
            let exact = exact(f64::from(z));
            let unit = f64::from((exact as f32).abs().max(f32::MIN_POSITIVE).next_up())
                - f64::from((exact as f32).abs().max(f32::MIN_POSITIVE));
            worst = worst.max((f64::from(found(z)) - exact).abs() / unit);
        }
        worst
    }

    #[test]
    fn functions_agree_with_double_precision_to_a_few_last_places() {
        let sigmoid_exact = |z: f64| 1.0 / (1.0 + (-z).exp());
        let softplus_exact = |z: f64| z.max(0.0) + (-z.abs()).exp().ln_1p();
        let exp = worst(86.0, |z| exp_of_negative(-z.abs()), |z| (-z.abs()).exp());
        assert!(exp < 2.0, "exp: {exp}");
        let either = worst(86.0, super::exp, f64::exp);
        assert!(either < 3.0, "exp of either sign: {either}");
        for range in [1.0, 10.0, 80.0] {
            let sigmoid_error = worst(range, sigmoid, sigmoid_exact);
            assert!(sigmoid_error < 3.0, "sigmoid, {range}: {sigmoid_error}");
            let both = worst(range, |z| sigmoid_and_softplus(z).0, sigmoid_exact);
            assert_eq!(both, sigmoid_error);
            let softplus = worst(range, |z| sigmoid_and_softplus(z).1, softplus_exact);
            assert!(softplus < 4.0, "softplus, {range}: {softplus}");
            let tanh_error = worst(range, tanh, f64::tanh);
            assert!(tanh_error < 3.0, "tanh, {range}: {tanh_error}");
        }
    }

    #[test]
    fn roots_agree_with_double_precision_over_the_whole_range() {
        let mut x = 1e-37_f32;
        while x < 1e37 {
            let exact = f64::from(x).sqrt();
            let error = (f64::from(sqrt(x)) / exact - 1.0).abs();
            assert!(error < 3e-7, "sqrt({x}) is {error} off");
            x *= 1.0003;
        }
        assert_eq!(sqrt(0.0), 0.0);
        assert!(sqrt(f32::NAN).is_nan() && sqrt(f32::MIN_POSITIVE / 64.0) < 1e-19);
    }

    #[test]
    fn far_out_they_end_where_they_should() {
        assert_eq!((sigmoid(1e30), tanh(1e30), tanh(-1e30)), (1.0, 1.0, -1.0));
        assert!(sigmoid(-1e30) < 1e-37);
        assert_eq!(sigmoid_and_softplus(f32::INFINITY).1, f32::INFINITY);
        assert!(sigmoid_and_softplus(f32::NEG_INFINITY).1 < 1e-37);
        assert_eq!((sigmoid(0.0), tanh(0.0), tanh(-0.0)), (0.5, 0.0, -0.0));
    }

    #[test]
    fn nan_comes_out_as_nan() {
        let (sigmoid_found, softplus) = sigmoid_and_softplus(f32::NAN);
        for found in [sigmoid(f32::NAN), tanh(f32::NAN), exp(f32::NAN), sigmoid_found, softplus] {
            assert!(found.is_nan());
        }
        assert!(exp_of_negative(f32::NAN).is_nan());
    }
}
