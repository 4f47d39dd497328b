//! Spearman's rank correlation: Pearson's `r = sum (x - mx)(y - my) / sqrt(sum (x - mx)^2 sum (y -
//! my)^2)` of the ranks, equal values sharing the mean of their ranks. 1 is the same order, -1 the
//! opposite one; it asks nothing of the scale of either side.
//!
//! Spearman (1904), "The proof and measurement of association between two things".

use super::{mean, sd};

/// The correlation of the ranks of `x` and `y`, from -1 to 1; `None` for fewer than two values,
/// another number of them on either side, or a side whose values all agree.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    pearson(&mid_ranks(x), &mid_ranks(y))
}

/// The correlation of `x` and `y`, from -1 to 1; `None` as above.
pub fn pearson(x: &[f64], y: &[f64]) -> Option<f64> {
    let spread = |values: &[f64]| sd(values).is_some_and(|sd| sd > 0.0);
    (x.len() == y.len() && spread(x) && spread(y)).then_some(())?;
    let (mean_x, mean_y) = (mean(x)?, mean(y)?);
    let products = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>();
    let squares = |values: &[f64], mean: f64| -> f64 {
        values.iter().map(|value| (value - mean).powi(2)).sum()
    };
    Some((products / (squares(x, mean_x) * squares(y, mean_y)).sqrt()).clamp(-1.0, 1.0))
}

/// The rank of every value, from 1; equal values share the mean of their ranks.
pub(super) fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|left, right| values[*left].total_cmp(&values[*right]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tied in order.chunk_by(|left, right| values[*left] == values[*right]) {
        let rank = before as f64 + (tied.len() + 1) as f64 / 2.0;
        tied.iter().for_each(|at| ranks[*at] = rank);
        before += tied.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_values_share_the_mean_of_their_ranks() {
        assert_eq!(mid_ranks(&[0.3, 0.1, 0.3, 0.2]), [3.5, 1.0, 3.5, 2.0]);
        assert_eq!(mid_ranks(&[]), [0.0; 0]);
    }

    #[test]
    fn it_agrees_with_the_closed_form_where_there_are_no_ties() {
        // 1 - 6 sum d^2 / (n (n^2 - 1)) with d = 1, -1, 1, -1, 0 gives 0.8.
        let found = spearman(&[1.0, 2.0, 3.0, 4.0, 5.0], &[20.0, 10.0, 40.0, 30.0, 50.0]).unwrap();
        assert!((found - 0.8).abs() < 1e-15);
    }

    #[test]
    fn sides_that_cannot_be_correlated_have_no_correlation() {
        assert_eq!(spearman(&[1.0], &[2.0]), None);
        assert_eq!(spearman(&[1.0, 2.0], &[2.0]), None);
        assert_eq!(spearman(&[1.0, 1.0], &[2.0, 3.0]), None);
    }

    proptest! {
        #[test]
        fn only_the_order_counts(
            pairs in prop::collection::vec((-3.0..3.0_f64, -3.0..3.0_f64), 2..9),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            if let Some(found) = spearman(&x, &y) {
                let grown: Vec<f64> = x.iter().map(|x| x.exp()).collect();
                let turned: Vec<f64> = y.iter().map(|y| -y).collect();
                prop_assert_eq!(spearman(&grown, &y), Some(found));
                prop_assert!((spearman(&x, &turned).unwrap() + found).abs() < 1e-12);
            }
        }
    }
}
