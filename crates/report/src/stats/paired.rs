//! The paired t-test: `t = mean(d) / (sd(d) / sqrt(n))` over the differences `d` of `n` pairs, and
//! Cohen's `dz = mean(d) / sd(d)`.
//!
//! Cohen (1988), "Statistical Power Analysis for the Behavioral Sciences", section 2.3.5.

use super::{Estimate, LEVEL, estimate, sd, sign_flip_p, t_two_sided_p};

/// A difference below this share of its operands is rounding, not a difference.
const ROUNDING: f64 = 1e-12;

/// What `differences`, one a pair, say about their mean; `None` without any.
pub fn paired_test(differences: &[f64]) -> Option<PairedTest> {
    let difference = estimate(differences, LEVEL)?;
    let n = differences.len();
    let dz = sd(differences).filter(|sd| *sd > 0.0).map(|sd| difference.mean / sd);
    Some(PairedTest {
        difference,
        dz,
        p: dz.map(|dz| t_two_sided_p(dz * (n as f64).sqrt(), n - 1)),
        permutation_p: (n >= 2).then(|| sign_flip_p(differences)),
    })
}

/// What the differences of `n` pairs say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedTest {
    /// Their mean, with its t interval at [`LEVEL`].
    pub difference: Estimate,
    /// Cohen's dz: the mean in units of the differences' own spread. `None` without spread.
    pub dz: Option<f64>,
    /// Two-sided p of the t-test for a mean of 0. `None` without spread: a single pair, or
    /// differences that all agree, give no t.
    pub p: Option<f64>,
    /// Two-sided p of [`sign_flip_p`]. `None` below two pairs.
    pub permutation_p: Option<f64>,
}

/// `ours - baseline`, and exactly 0 where the two agree but for rounding, so that a test never
/// runs on the last bits of equal scores.
pub fn difference(ours: f64, baseline: f64) -> f64 {
    let difference = ours - baseline;
    let rounding = ROUNDING * ours.abs().max(baseline.abs());
    if difference.abs() <= rounding { 0.0 } else { difference }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_test_agrees_with_scipy() {
        // x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419]; y = [0.0391, 0.0402, 0.0377, 0.0380, 0.0388]
        // r = scipy.stats.ttest_rel(y, x); r.pvalue; r.confidence_interval(0.95)
        // d = numpy.subtract(y, x); d.mean() / d.std(ddof=1)
        let x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419];
        let y = [0.0391, 0.0402, 0.0377, 0.0380, 0.0388];
        let d: Vec<f64> = y.iter().zip(x).map(|(y, x)| difference(*y, x)).collect();
        let found = paired_test(&d).unwrap();
        let interval = found.difference.interval.unwrap();
        assert!((found.p.unwrap() - 0.052523999914088966).abs() < 1e-12);
        assert!((interval.low - -0.005124630313228258).abs() < 1e-12);
        assert!((interval.high - 4.4630313228257064e-05).abs() < 1e-12);
        assert!((found.dz.unwrap() - -1.2202234645690453).abs() < 1e-11);
    }

    #[test]
    fn two_pairs_agree_with_the_closed_form() {
        // For n = 2 and differences a, b: t = (a + b) / |a - b|, and p = 1 - 2 atan(t) / pi.
        let p = paired_test(&[1.0, 3.0]).unwrap().p.unwrap();
        assert!((p - (1.0 - 2.0 * 2.0_f64.atan() / std::f64::consts::PI)).abs() < 1e-14);
    }

    #[test]
    fn differences_without_spread_have_no_t_and_no_interval() {
        for d in [&[0.01][..], &[0.01; 5], &[0.0; 5]] {
            let found = paired_test(d).unwrap();
            assert_eq!((found.p, found.dz, found.difference.interval), (None, None, None));
        }
        assert_eq!(paired_test(&[]), None);
    }

    #[test]
    fn rounding_is_no_difference() {
        assert_eq!(difference(0.1 + 0.2, 0.3), 0.0);
        assert!(difference(0.3001, 0.3) > 0.0);
        assert_eq!(difference(0.0, 0.0), 0.0);
    }

    proptest! {
        #[test]
        fn p_is_below_5_percent_exactly_when_the_interval_excludes_0(
            d in prop::collection::vec(-1.0..2.0_f64, 2..12),
        ) {
            let found = paired_test(&d).unwrap();
            if let (Some(p), Some(interval)) = (found.p, found.difference.interval) {
                prop_assume!((p - 0.05).abs() > 1e-9);
                prop_assert_eq!(p < 0.05, !interval.contains(0.0));
            }
        }

        #[test]
        fn swapping_sides_flips_the_difference_and_keeps_p(
            d in prop::collection::vec(-1.0..2.0_f64, 2..12),
        ) {
            let swapped: Vec<f64> = d.iter().map(|d| -d).collect();
            let (one, other) = (paired_test(&d).unwrap(), paired_test(&swapped).unwrap());
            prop_assert_eq!(one.permutation_p, other.permutation_p);
            prop_assert!((one.difference.mean + other.difference.mean).abs() < 1e-15);
            prop_assert_eq!(one.p, other.p);
        }
    }
}
