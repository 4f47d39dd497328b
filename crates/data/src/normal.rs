//! Standard normal numbers from random words: `z = sqrt(-2 ln u) (cos t, sin t)` with u in (0, 1]
//! and t uniform on the circle (Box and Muller 1958, Ann. Math. Stat. 29:610). It is written in
//! additions, multiplications, one division and one square root of `f32`, which IEEE 754 rounds
//! alike everywhere: no machine's mathematical library can change a bit of it, and the compiler
//! can do several pairs at a time.

use std::f32::consts::{FRAC_PI_2, LN_2};

/// Two independent standard normal numbers from two independent random words.
///
/// The upper 31 bits of `radius` make u, so |z| is at most sqrt(2 ln 2^32) = 6.66; its lowest bit
/// chooses the half of the circle, and `angle` the place on that half. Each result is within 4e-6
/// of the exact formula, or within 4e-4 where the two lie within 0.05 of the origin.
#[inline(always)]
pub(crate) fn pair(radius: u32, angle: u32) -> (f32, f32) {
    let u = ((radius >> 1) as i32 as f32 + 0.5) * (0.5f32).powi(31);
    let r = (-2.0 * ln(u)).sqrt();
    let signed = f32::from_bits(r.to_bits() ^ (radius << 31));
    let (sin, cos) = sin_cos(angle as i32 as f32 * (0.5f32).powi(31));
    (signed * cos, signed * sin)
}

/// The normal numbers of consecutive pairs of `words`, in order. Both slices are equally long.
#[inline(always)]
pub(crate) fn fill(words: &[u32; 64], out: &mut [f32; 64]) {
    let (words, _) = words.as_chunks::<2>();
    let (out, _) = out.as_chunks_mut::<2>();
    for (z, word) in out.iter_mut().zip(words) {
        (z[0], z[1]) = pair(word[0], word[1]);
    }
}

/// ln u for a normal `u` > 0: u = m 2^k with m in [sqrt(1/2), sqrt 2), and
/// ln m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...) with s = (m - 1) / (m + 1), |s| < 0.172.
#[inline(always)]
fn ln(u: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const ONE: u32 = 0x3f80_0000;
    let shifted = u.to_bits().wrapping_add(ONE - SQRT_HALF);
    let k = ((shifted >> 23) as i32 - 127) as f32;
    let m = f32::from_bits((shifted & 0x007f_ffff) + SQRT_HALF);
    let s = (m - 1.0) / (m + 1.0);
    let series = polynomial(s * s, [1.0, 1.0 / 3.0, 1.0 / 5.0, 1.0 / 7.0, 1.0 / 9.0]);
    k * LN_2 + 2.0 * s * series
}

/// Sine and cosine of `quarters` quarter turns, `quarters` in [-1, 1], by their Taylor series.
#[inline(always)]
fn sin_cos(quarters: f32) -> (f32, f32) {
    const SIN: [f32; 6] =
        [1.0, -1.0 / 6.0, 1.0 / 120.0, -1.0 / 5_040.0, 1.0 / 362_880.0, -1.0 / 39_916_800.0];
    const COS: [f32; 7] = [
        1.0,
        -1.0 / 2.0,
        1.0 / 24.0,
        -1.0 / 720.0,
        1.0 / 40_320.0,
        -1.0 / 3_628_800.0,
        1.0 / 479_001_600.0,
    ];
    let angle = quarters * FRAC_PI_2;
    let square = angle * angle;
    (angle * polynomial(square, SIN), polynomial(square, COS))
}

/// The polynomial with these coefficients, the constant one first, at `x` (Horner's rule).
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    coefficients.into_iter().rev().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula in the head of this file, by the machine's own library in double precision.
    fn exact(radius: u32, angle: u32) -> (f64, f64) {
        let u = (f64::from(radius >> 1) + 0.5) * 2f64.powi(-31);
        let r = (-2.0 * u.ln()).sqrt() * if radius & 1 == 1 { -1.0 } else { 1.0 };
        let t = f64::from(angle as i32) * 2f64.powi(-31) * std::f64::consts::FRAC_PI_2;
        (r * t.cos(), r * t.sin())
    }

    fn assert_close(radius: u32, angle: u32) {
        let (first, second) = pair(radius, angle);
        let (exact_first, exact_second) = exact(radius, angle);
        let error =
            (f64::from(first) - exact_first).abs().max((f64::from(second) - exact_second).abs());
        // Close to u = 1 the distance 1 - u is rounded to a multiple of 2^-24, which moves a
        // radius of that size itself.
        let allowed = if exact_first.hypot(exact_second) > 0.05 { 4e-6 } else { 4e-4 };
        assert!(error < allowed, "{radius:#x} {angle:#x}: {first} {second}, off by {error:e}");
    }

    #[test]
    fn pairs_agree_with_the_formula_in_double_precision() {
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            assert_close((state >> 32) as u32, state as u32 ^ (state >> 40) as u32);
        }
    }

    #[test]
    fn pairs_agree_with_the_formula_at_the_ends_of_the_words() {
        let ends = [0, 1, 2, 3, 0x7fff_ffff, 0x8000_0000, 0x8000_0001, 0xffff_fffe, 0xffff_ffff];
        for radius in ends {
            for angle in ends {
                assert_close(radius, angle);
            }
        }
    }

    #[test]
    fn the_largest_number_is_the_root_of_two_ln_two_to_the_32() {
        let (largest, _) = pair(0, 0);
        assert!((largest - 6.6604).abs() < 1e-4, "{largest}");
    }

    #[test]
    fn a_block_is_its_pairs_one_after_another() {
        let words: [u32; 64] = std::array::from_fn(|i| (i as u32).wrapping_mul(0x9e37_79b9));
        let mut out = [0.0; 64];
        fill(&words, &mut out);
        for i in 0..32 {
            assert_eq!((out[2 * i], out[2 * i + 1]), pair(words[2 * i], words[2 * i + 1]));
        }
    }
}
