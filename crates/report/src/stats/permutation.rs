//! The sign-flip permutation test on a mean: if neither side were better, each difference could as
//! well have had the other sign, so `p` is the share of all `2^n` choices of signs whose sum is at
//! least as far from 0 as the one found.
//!
//! Fisher (1935), "The Design of Experiments", section 21. Beyond [`EXACT_UP_TO`] differences the
//! choices are sampled, and `p = (1 + hits) / (1 + samples)`: Phipson and Smyth (2010),
//! "Permutation p-values should never be zero".

use super::stream::SplitMix64;

/// Up to this many differences every choice of signs is looked at; the result is exact.
pub const EXACT_UP_TO: usize = 20;

/// How many choices are sampled beyond that; the standard error of p is at most 0.0016.
pub const RESAMPLES: u64 = 99_999;

/// Sums closer than this, relative to the sum of all magnitudes, count as equal: the same sum in
/// another order of addition must not look smaller.
const ROUNDING: f64 = 1e-12;

/// Two-sided p, in (0, 1], for the hypothesis that the differences are symmetric around 0. With
/// `n` of them it is never below `2 / 2^n`: 0.25 for 3, 0.0625 for 5, 0.002 for 10.
pub fn sign_flip_p(differences: &[f64]) -> f64 {
    let found: f64 = differences.iter().sum();
    let size: f64 = differences.iter().map(|difference| difference.abs()).sum();
    let bar = found.abs() - ROUNDING * size;
    if differences.len() <= EXACT_UP_TO {
        exact(differences, bar)
    } else {
        sampled(differences, bar)
    }
}

/// The sums of either half under every choice of its signs; each choice of all signs is one sum of
/// the first half plus one of the second, so no rounding error piles up over a million choices.
fn exact(differences: &[f64], bar: f64) -> f64 {
    let (first, second) = differences.split_at(differences.len() / 2);
    let (first, second) = (signed_sums(first), signed_sums(second));
    let hits: usize = first
        .iter()
        .map(|left| second.iter().filter(|right| (left + **right).abs() >= bar).count())
        .sum();
    hits as f64 / (first.len() * second.len()) as f64
}

fn signed_sums(differences: &[f64]) -> Vec<f64> {
    differences.iter().fold(vec![0.0], |sums, difference| {
        sums.iter().flat_map(|sum| [sum + difference, sum - difference]).collect()
    })
}

fn sampled(differences: &[f64], bar: f64) -> f64 {
    let mut signs = SplitMix64::new();
    let mut hits = 0_u64;
    for _ in 0..RESAMPLES {
        let mut sum = 0.0;
        for chunk in differences.chunks(64) {
            let mut bits = signs.next();
            for difference in chunk {
                sum += if bits & 1 == 0 { *difference } else { -difference };
                bits >>= 1;
            }
        }
        hits += u64::from(sum.abs() >= bar);
    }
    (hits + 1) as f64 / (RESAMPLES + 1) as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEN: [f64; 10] = [0.3, -0.1, 0.25, 0.4, -0.05, 0.15, 0.2, 0.35, -0.2, 0.1];

    #[test]
    fn the_exact_test_agrees_with_scipy() {
        // mean = lambda a, b, axis: numpy.mean(a - b, axis=axis)
        // scipy.stats.permutation_test((d, numpy.zeros(len(d))), mean, vectorized=True,
        //     permutation_type="samples", n_resamples=numpy.inf).pvalue
        assert_eq!(sign_flip_p(&[-0.0021, 0.0004, -0.0054, -0.0025, -0.0031]), 0.125);
        assert_eq!(sign_flip_p(&TEN), 0.0703125);
    }

    #[test]
    fn differences_that_all_point_one_way_reach_the_smallest_p() {
        assert_eq!(sign_flip_p(&[0.1, 0.2, 0.3]), 0.25);
        assert_eq!(sign_flip_p(&[0.1; 5]), 2.0 / 32.0);
    }

    #[test]
    fn equal_scores_give_p_of_1() {
        assert_eq!(sign_flip_p(&[0.0; 4]), 1.0);
        assert_eq!(sign_flip_p(&[0.0; 30]), 1.0);
    }

    #[test]
    fn twenty_differences_are_exact_and_more_are_sampled_close_to_the_truth() {
        assert_eq!(sign_flip_p(&[1.0; 20]), 2.0 / f64::from(1_u32 << 20));
        // Differences of 0 change no sum, so the exact p of 10 is also that of 30 with 20 zeros.
        let padded: Vec<f64> = TEN.into_iter().chain([0.0; 20]).collect();
        assert!((sign_flip_p(&padded) - 0.0703125).abs() < 0.004);
        assert_eq!(sign_flip_p(&padded), sign_flip_p(&padded));
    }

    proptest! {
        #[test]
        fn p_lies_in_its_range_and_ignores_order(
            d in prop::collection::vec(-1.0..1.0_f64, 1..10),
        ) {
            let p = sign_flip_p(&d);
            let backwards: Vec<f64> = d.iter().rev().copied().collect();
            prop_assert!(p >= 2.0 / 2.0_f64.powi(d.len() as i32) && p <= 1.0);
            prop_assert_eq!(p, sign_flip_p(&backwards));
        }
    }
}
