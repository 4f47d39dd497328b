//! Where values lie and how far they spread: `mean = sum x / n`, `sd^2 = sum (x - mean)^2 / (n - 1)`,
//! and the interquartile mean, the mean of what is left when a quarter of the values, rounded down,
//! is cut off at either end: it withstands outliers like the median and wastes fewer values.
//!
//! Agarwal et al. (2021), "Deep Reinforcement Learning at the Edge of the Statistical Precipice".

use ablate_sweep::Statistic;

/// A spread below this share of the largest value is rounding, not spread.
const ROUNDING: f64 = 1e-12;

/// The arithmetic mean, or `None` without values. Equal values give exactly that value.
pub fn mean(values: &[f64]) -> Option<f64> {
    let (first, rest) = values.split_first()?;
    // Summing distances from the first value keeps equal values exact and large offsets harmless.
    let excess: f64 = rest.iter().map(|value| value - first).sum();
    Some(first + excess / values.len() as f64)
}

/// The sample standard deviation (denominator `n - 1`), or `None` below two values. Values that
/// agree but for rounding have an sd of exactly 0.
pub fn sd(values: &[f64]) -> Option<f64> {
    if values.len() < 2 {
        return None;
    }
    let mean = mean(values)?;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let sd = (squares / (values.len() - 1) as f64).sqrt();
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    Some(if sd <= ROUNDING * largest { 0.0 } else { sd })
}

/// The middle value, or the mean of the two middle ones; `None` without values.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = sorted[sorted.len() / 2 - 1];
    Some(lower + (upper - lower) / 2.0)
}

/// The interquartile mean; `None` without values. Of up to three values it is the mean.
pub fn iqm(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let cut = sorted.len() / 4;
    mean(&sorted[cut..sorted.len() - cut])
}

/// The statistic of that name; `None` without values.
pub fn location(values: &[f64], statistic: Statistic) -> Option<f64> {
    match statistic {
        Statistic::Mean => mean(values),
        Statistic::Median => median(values),
        Statistic::Iqm => iqm(values),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419]
    // numpy.mean(x), numpy.std(x, ddof=1), numpy.median(x)
    const X: [f64; 5] = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419];

    #[test]
    fn mean_sd_and_median_agree_with_numpy() {
        assert!((mean(&X).unwrap() - 0.041299999999999996).abs() < 1e-15);
        assert!((sd(&X).unwrap() - 0.0012747548783981952).abs() < 1e-15);
        assert_eq!(median(&X), Some(0.0412));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn too_few_values_have_no_statistic() {
        assert_eq!((mean(&[]), median(&[]), sd(&[]), sd(&[1.0])), (None, None, None, None));
        assert_eq!(iqm(&[]), None);
    }

    #[test]
    fn the_interquartile_mean_agrees_with_scipy() {
        // scipy.stats.trim_mean(x, 0.25)
        assert!((iqm(&X).unwrap() - 0.0412).abs() < 1e-15);
        assert!((iqm(&[9.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, -50.0]).unwrap() - 3.5).abs() < 1e-15);
        assert_eq!(iqm(&[1.0, 2.0, 6.0]), Some(3.0));
    }

    #[test]
    fn values_that_agree_but_for_rounding_have_no_spread() {
        assert_eq!(sd(&[0.1; 7]), Some(0.0));
        assert_eq!(sd(&[0.3, 0.1 + 0.2, 0.3]), Some(0.0));
        assert_eq!(mean(&[0.1; 7]), Some(0.1));
    }

    proptest! {
        #[test]
        fn shifting_moves_the_mean_and_keeps_the_sd(
            values in prop::collection::vec(-10.0..10.0_f64, 2..20),
            shift in -100.0..100.0_f64,
        ) {
            let moved: Vec<f64> = values.iter().map(|value| value + shift).collect();
            prop_assert!((mean(&moved).unwrap() - mean(&values).unwrap() - shift).abs() < 1e-10);
            prop_assert!((sd(&moved).unwrap() - sd(&values).unwrap()).abs() < 1e-10);
        }

        #[test]
        fn the_median_has_as_many_values_below_as_above(
            values in prop::collection::vec(-10.0..10.0_f64, 1..20),
        ) {
            let middle = median(&values).unwrap();
            let below = values.iter().filter(|value| **value < middle).count();
            let above = values.iter().filter(|value| **value > middle).count();
            prop_assert_eq!(below, above);
        }
    }
}
