//! Are two sides the same within a margin? Two one-sided t-tests over the differences of pairs: that
//! their mean lies above `-margin` and that it lies below `margin`; `p` is the larger of the two.
//! A difference that is not significant shows no equality; this does.
//!
//! Schuirmann (1987), "A comparison of the two one-sided tests procedure and the power approach".

use super::{mean, sd, t_two_sided_p};

/// The p-value for the hypothesis that the mean of `differences` lies outside `-margin` to `margin`;
/// `None` for fewer than two, or differences without spread.
pub fn equivalence_p(differences: &[f64], margin: f64) -> Option<f64> {
    let above = t_above(differences, -margin)?;
    let below = -t_above(differences, margin)?;
    Some(upper_tail(above, differences.len()).max(upper_tail(below, differences.len())))
}

/// The two-sided p-value of the t-test for a mean of `differences` of `value`; `None` as above.
pub fn t_test_p(differences: &[f64], value: f64) -> Option<f64> {
    Some(t_two_sided_p(t_above(differences, value)?, differences.len() - 1))
}

fn t_above(differences: &[f64], value: f64) -> Option<f64> {
    let spread = sd(differences).filter(|sd| *sd > 0.0)?;
    let error = spread / (differences.len() as f64).sqrt();
    Some((mean(differences)? - value) / error)
}

fn upper_tail(t: f64, n: usize) -> f64 {
    let half = t_two_sided_p(t, n - 1) / 2.0;
    if t > 0.0 { half } else { 1.0 - half }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{estimate, paired_test};

    #[test]
    fn without_spread_there_is_no_test() {
        assert_eq!(equivalence_p(&[0.1], 1.0), None);
        assert_eq!(equivalence_p(&[0.1; 4], 1.0), None);
    }

    #[test]
    fn against_0_it_is_the_paired_test() {
        let d = [0.3, -0.1, 0.25, 0.4];
        assert_eq!(t_test_p(&d, 0.0), paired_test(&d).unwrap().p);
    }

    proptest! {
        #[test]
        fn p_is_below_5_percent_exactly_when_the_90_percent_interval_lies_within_the_margin(
            d in prop::collection::vec(-1.0..1.0_f64, 2..10),
            margin in 0.01..2.0_f64,
        ) {
            if let Some(p) = equivalence_p(&d, margin) {
                prop_assume!((p - 0.05).abs() > 1e-9);
                let interval = estimate(&d, 0.9).unwrap().interval.unwrap();
                prop_assert_eq!(p < 0.05, -margin < interval.low && interval.high < margin);
            }
        }
    }
}
