//! Wilcoxon's signed-rank test: differences of 0 are dropped, the others ranked by their size, equal
//! sizes sharing the mean of their ranks; `W` is the sum of the ranks of the positive ones. If the
//! differences were symmetric around 0, each rank would stand on either side with probability 1/2.
//!
//! Wilcoxon (1945), "Individual comparisons by ranking methods". Up to [`RANKS_EXACT_UP_TO`]
//! differences the distribution of `W` is counted out, ties included; beyond, it is taken to be
//! normal with variance `(n (n + 1)(2 n + 1) - sum (t^3 - t) / 2) / 24` over groups of `t` ties.

use super::correlation::mid_ranks;
use statrs::function::erf::erfc;

/// Up to this many differences that are not 0 the p-value is exact.
pub const RANKS_EXACT_UP_TO: usize = 50;

/// Two-sided p, in (0, 1], for the hypothesis that the differences are symmetric around 0; `None`
/// without differences, and 1 where all of them are 0.
pub fn signed_rank_p(differences: &[f64]) -> Option<f64> {
    if differences.is_empty() {
        return None;
    }
    let moved: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let sizes: Vec<f64> = moved.iter().map(|difference| difference.abs()).collect();
    // Twice a rank is a whole number even where ties share one.
    let ranks: Vec<usize> =
        mid_ranks(&sizes).iter().map(|rank| (2.0 * rank).round() as usize).collect();
    let positive = moved.iter().zip(&ranks).filter(|(difference, _)| **difference > 0.0);
    let found: usize = positive.map(|(_, rank)| rank).sum();
    Some(if moved.len() <= RANKS_EXACT_UP_TO {
        exact(&ranks, found)
    } else {
        normal(&ranks, found)
    })
}

/// The share of all choices of signs whose sum of ranks is at least as far from the middle.
fn exact(ranks: &[usize], found: usize) -> f64 {
    let total: usize = ranks.iter().sum();
    let mut shares = vec![0.0_f64; total + 1];
    shares[0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        for sum in (0..=reached).rev() {
            shares[sum] /= 2.0;
            shares[sum + rank] += shares[sum];
        }
        reached += rank;
    }
    let tail = found.min(total - found);
    let lower: f64 = shares[..=tail].iter().sum();
    (2.0 * lower).min(1.0)
}

fn normal(ranks: &[usize], found: usize) -> f64 {
    let n = ranks.len() as f64;
    let mut sorted = ranks.to_vec();
    sorted.sort_unstable();
    let ties: f64 = sorted.chunk_by(|left, right| left == right).map(tie_excess).sum();
    let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
    let z = (found as f64 / 2.0 - n * (n + 1.0) / 4.0) / variance.sqrt();
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

fn tie_excess(tied: &[usize]) -> f64 {
    let count = tied.len() as f64;
    count.powi(3) - count
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::sign_flip_p;

    #[test]
    fn differences_that_all_point_one_way_reach_the_smallest_p() {
        assert_eq!(signed_rank_p(&[0.1, 0.2, 0.3]), Some(0.25));
        assert_eq!(signed_rank_p(&[-3.0, -1.0, -2.0, -9.0, -7.0]), Some(2.0 / 32.0));
    }

    #[test]
    fn differences_of_0_say_nothing() {
        assert_eq!(signed_rank_p(&[]), None);
        assert_eq!(signed_rank_p(&[0.0; 4]), Some(1.0));
        assert_eq!(signed_rank_p(&[0.0, 0.1, 0.2, 0.3]), signed_rank_p(&[0.1, 0.2, 0.3]));
    }

    #[test]
    fn on_ranks_it_is_the_sign_flip_test() {
        let d = [1.0, -2.0, 3.0, 4.0, -5.0, 6.0, 7.0, 8.0];
        assert!((signed_rank_p(&d).unwrap() - sign_flip_p(&d)).abs() < 1e-15);
    }

    #[test]
    fn the_normal_distribution_takes_over_without_a_jump() {
        let d: Vec<f64> =
            (1_i32..=50).map(|k| f64::from(if k % 3 == 0 { -k } else { k })).collect();
        let ranks: Vec<usize> = (1..=50).map(|rank| 2 * rank).collect();
        let found = d.iter().filter(|d| **d > 0.0).map(|d| 2 * *d as usize).sum();
        let (exact, normal) = (exact(&ranks, found), normal(&ranks, found));
        assert!((exact - normal).abs() < 0.002, "{exact} {normal}");
    }

    proptest! {
        #[test]
        fn p_depends_neither_on_the_scale_nor_on_the_side(
            d in prop::collection::vec(-1.0..1.0_f64, 1..30),
        ) {
            let p = signed_rank_p(&d).unwrap();
            prop_assert!(p > 0.0 && p <= 1.0);
            let turned: Vec<f64> = d.iter().map(|d| -2.0 * d).collect();
            prop_assert_eq!(signed_rank_p(&turned), Some(p));
        }
    }
}
