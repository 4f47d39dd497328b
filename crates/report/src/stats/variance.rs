//! Does one side of pairs spread less than the other? The Pitman-Morgan test: the variances of `x`
//! and `y` are equal exactly when `x + y` and `x - y` are uncorrelated, so the test is that of their
//! correlation `r`, `t = r sqrt((n - 2) / (1 - r^2))`. With `c` the correlation of `x` and `y`, the
//! ratio of variances `F` has the interval `F (K -+ sqrt(K^2 - 1))`, `K = 1 + 2 (1 - c^2) t^2 / (n - 2)`
//! at the quantile `t` of `n - 2` degrees of freedom. It takes the values to be normal.
//!
//! Pitman (1939), "A note on normal correlation"; Morgan (1939), "A test for the significance of the
//! difference between the two variances in a sample from a normal bivariate population".

use super::{Interval, pearson, sd, t_quantile, t_two_sided_p};

/// What pairs say about the spread of either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpreadTest {
    /// The standard deviations of the two sides.
    pub sds: [f64; 2],
    /// The first over the second.
    pub ratio: f64,
    /// Where the true ratio lies.
    pub interval: Interval,
    /// Two-sided p for equal spreads.
    pub p: f64,
    /// How many pairs.
    pub n: usize,
}

/// The test over pairs; `None` for fewer than three, or a side without spread.
pub fn spread_test(x: &[f64], y: &[f64], level: f64) -> Option<SpreadTest> {
    let n = x.len();
    (n >= 3 && y.len() == n).then_some(())?;
    let correlation = pearson(x, y)?;
    let sds = [sd(x)?, sd(y)?];
    let ratio = sds[0] / sds[1];
    let (sums, differences): (Vec<f64>, Vec<f64>) =
        x.iter().zip(y).map(|(x, y)| (x + y, x - y)).unzip();
    // Sides that differ by a constant, or mirror each other, have the same spread.
    let r = pearson(&sums, &differences).unwrap_or(0.0);
    let freedom = (n - 2) as f64;
    let t = r * (freedom / (1.0 - r * r)).sqrt();
    let quantile = t_quantile(level, n - 2);
    let k = 1.0 + 2.0 * (1.0 - correlation * correlation) * quantile * quantile / freedom;
    let reach = (k + (k * k - 1.0).sqrt()).sqrt();
    let interval = Interval { low: ratio / reach, high: ratio * reach, level };
    Some(SpreadTest { sds, ratio, interval, p: t_two_sided_p(t, n - 2), n })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const X: [f64; 6] = [4.1, 4.3, 3.9, 4.0, 4.2, 4.4];
    const Y: [f64; 6] = [6.2, 7.9, 5.1, 5.0, 8.8, 6.0];

    #[test]
    fn one_side_has_no_spread_so_there_is_no_test() {
        assert_eq!(spread_test(&X[..2], &Y[..2], 0.95), None);
        assert_eq!(spread_test(&[1.0; 4], &Y[..4], 0.95), None);
        assert_eq!(spread_test(&X, &Y[..4], 0.95), None);
    }

    #[test]
    fn sides_that_differ_by_a_constant_spread_alike() {
        let moved: Vec<f64> = X.iter().map(|x| x + 1.0).collect();
        let found = spread_test(&X, &moved, 0.95).unwrap();
        assert!((found.ratio - 1.0).abs() < 1e-12 && found.p > 0.999);
    }

    proptest! {
        #[test]
        fn p_is_below_5_percent_exactly_when_the_interval_excludes_1(
            pairs in prop::collection::vec((-1.0..1.0_f64, -3.0..3.0_f64), 3..12),
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
            if let Some(found) = spread_test(&x, &y, 0.95) {
                prop_assume!((found.p - 0.05).abs() > 1e-6);
                prop_assert_eq!(found.p < 0.05, !found.interval.contains(1.0));
                let turned = spread_test(&y, &x, 0.95).unwrap();
                prop_assert!((turned.ratio * found.ratio - 1.0).abs() < 1e-9);
                prop_assert!((turned.p - found.p).abs() < 1e-9);
            }
        }
    }
}
