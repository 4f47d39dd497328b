//! What a group of values comes to, for people and for group-by queries: where it lies, how far it
//! spreads, and how well its mean is known.

use super::{Estimate, LEVEL, estimate, iqm, median, sd};

/// The usual statistics of a group of values, at least one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The mean with its t interval at [`LEVEL`], and how many values there are.
    pub estimate: Estimate,
    /// The sample standard deviation; `None` for a single value.
    pub sd: Option<f64>,
    /// The middle value.
    pub median: f64,
    /// The interquartile mean.
    pub iqm: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
}

/// The statistics of `values`; `None` without any. Values are finite.
pub fn summary(values: &[f64]) -> Option<Summary> {
    Some(Summary {
        estimate: estimate(values, LEVEL)?,
        sd: sd(values),
        median: median(values)?,
        iqm: iqm(values)?,
        min: values.iter().copied().fold(f64::INFINITY, f64::min),
        max: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_every_statistic_and_no_values_have_none() {
        let found = summary(&[4.0, 1.0, 2.0, 3.0, 100.0]).unwrap();
        assert_eq!((found.estimate.n, found.estimate.mean, found.median), (5, 22.0, 3.0));
        assert_eq!((found.iqm, found.min, found.max), (3.0, 1.0, 100.0));
        assert_eq!(summary(&[2.0]).unwrap().sd, None);
        assert_eq!(summary(&[]), None);
    }
}
