//! A mean with its interval by Student's t: `mean +- t(level, n - 1) * sd / sqrt(n)`.
//!
//! Student (1908), "The probable error of a mean".

use super::{mean, sd, t_quantile};

/// The level of every interval that tables and comparisons show.
pub const LEVEL: f64 = 0.95;

/// The mean of `values` with its t interval at `level`, in (0, 1); `None` without values.
pub fn estimate(values: &[f64], level: f64) -> Option<Estimate> {
    let mean = mean(values)?;
    let n = values.len();
    let interval = sd(values).filter(|sd| *sd > 0.0).map(|sd| {
        let half = t_quantile(level, n - 1) * sd / (n as f64).sqrt();
        Interval { low: mean - half, high: mean + half, level }
    });
    Some(Estimate { mean, interval, n })
}

/// A mean (or the statistic that a table shows in its place), how well it is known, and from how
/// many values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Where the true mean lies, or `None` where the values cannot tell: there is only one, or they
    /// all agree, and an interval of width 0 would claim certainty.
    pub interval: Option<Interval>,
    /// How many values, at least 1.
    pub n: usize,
}

impl Estimate {
    /// Half the interval's width.
    pub fn half_width(&self) -> Option<f64> {
        self.interval.map(|interval| (interval.high - interval.low) / 2.0)
    }
}

/// An interval that covers the true value in a share `level` of all repetitions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Its coverage, in (0, 1).
    pub level: f64,
}

impl Interval {
    /// Whether `value` lies in it, ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_interval_agrees_with_scipy() {
        // x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419]; n = len(x)
        // scipy.stats.t.interval(0.95, n - 1, numpy.mean(x), numpy.std(x, ddof=1) / n**0.5)
        let found = estimate(&[0.0412, 0.0398, 0.0431, 0.0405, 0.0419], 0.95).unwrap();
        let interval = found.interval.unwrap();
        assert!((interval.low - 0.03971718276095834).abs() < 1e-15);
        assert!((interval.high - 0.04288281723904165).abs() < 1e-15);
        assert_eq!(found.n, 5);
    }

    #[test]
    fn two_values_span_12_7_times_half_their_distance() {
        // For n = 2, sd / sqrt(2) is half the distance, and t(0.95, 1) = tan(0.95 pi / 2).
        let interval = estimate(&[1.0, 3.0], 0.95).unwrap().interval.unwrap();
        let t = (0.95 * std::f64::consts::FRAC_PI_2).tan();
        assert!((interval.high - (2.0 + t)).abs() < 1e-11);
        assert!((interval.low - (2.0 - t)).abs() < 1e-11);
    }

    #[test]
    fn one_value_and_equal_values_have_no_interval() {
        assert_eq!(estimate(&[], 0.95), None);
        assert_eq!(estimate(&[0.25], 0.95), Some(Estimate { mean: 0.25, interval: None, n: 1 }));
        assert_eq!(estimate(&[0.1; 3], 0.95), Some(Estimate { mean: 0.1, interval: None, n: 3 }));
    }

    proptest! {
        #[test]
        fn the_interval_contains_its_mean_and_grows_with_the_level(
            values in prop::collection::vec(-10.0..10.0_f64, 2..12),
        ) {
            let narrow = estimate(&values, 0.9).unwrap();
            let wide = estimate(&values, 0.99).unwrap();
            if let (Some(inner), Some(outer)) = (narrow.interval, wide.interval) {
                prop_assert!(inner.contains(narrow.mean));
                prop_assert!(outer.low < inner.low && inner.high < outer.high);
            }
        }
    }
}
