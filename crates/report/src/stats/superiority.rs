//! The probability of improvement: the share of all pairs (one value of ours, one of theirs) in
//! which ours is better, a tie counting one half; `U / (n m)` with the Mann-Whitney `U`. And the
//! performance profile: the share of values that are better than a threshold, over all thresholds;
//! a side whose profile lies above the other's everywhere is better whatever is asked for.
//!
//! Agarwal et al. (2021), "Deep Reinforcement Learning at the Edge of the Statistical Precipice".

use ablate_sweep::Direction;

/// How probable it is that a run of ours beats one of theirs, from 0 to 1; 0.5 says nothing.
/// `None` if a side is empty, or if the metric has no better direction.
pub fn probability_of_improvement(
    ours: &[f64],
    theirs: &[f64],
    direction: Direction,
) -> Option<f64> {
    let better = match direction {
        Direction::Lower => std::cmp::Ordering::Less,
        Direction::Higher => std::cmp::Ordering::Greater,
        Direction::Neither => return None,
    };
    if ours.is_empty() || theirs.is_empty() {
        return None;
    }
    let pairs = ours.iter().flat_map(|ours| theirs.iter().map(move |theirs| (ours, theirs)));
    let wins: f64 = pairs
        .map(|(ours, theirs)| match ours.partial_cmp(theirs) {
            Some(std::cmp::Ordering::Equal) => 0.5,
            Some(order) if order == better => 1.0,
            Some(_) | None => 0.0,
        })
        .sum();
    Some(wins / (ours.len() * theirs.len()) as f64)
}

/// The share of `values` that are better than `threshold`, from 0 to 1. `None` without values, or if
/// the metric has no better direction.
pub fn profile(values: &[f64], threshold: f64, direction: Direction) -> Option<f64> {
    let better = |value: &&f64| match direction {
        Direction::Lower => **value < threshold,
        Direction::Higher => **value > threshold,
        Direction::Neither => false,
    };
    let defined = !values.is_empty() && direction != Direction::Neither;
    defined.then(|| values.iter().filter(better).count() as f64 / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_mann_whitney() {
        // x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419]; y = [0.0405, 0.0402, 0.0419, 0.043]
        // scipy.stats.mannwhitneyu(x, y).statistic / 20 gives 0.5; with y[3] = 0.05, 0.45
        let x = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419];
        let y = [0.0405, 0.0402, 0.0419, 0.043];
        assert_eq!(probability_of_improvement(&x, &y, Direction::Higher), Some(0.5));
        let y = [0.0405, 0.0402, 0.0419, 0.05];
        assert_eq!(probability_of_improvement(&x, &y, Direction::Higher), Some(0.45));
        assert_eq!(probability_of_improvement(&x, &y, Direction::Lower), Some(0.55));
    }

    #[test]
    fn a_profile_is_the_share_of_values_that_are_better_than_its_threshold() {
        let values = [0.1, 0.2, 0.2, 0.4];
        let at = |threshold, direction| profile(&values, threshold, direction).unwrap();
        assert_eq!((at(0.2, Direction::Lower), at(0.2, Direction::Higher)), (0.25, 0.25));
        assert_eq!((at(0.05, Direction::Lower), at(1.0, Direction::Lower)), (0.0, 1.0));
        assert_eq!(profile(&[], 0.5, Direction::Lower), None);
        assert_eq!(profile(&values, 0.5, Direction::Neither), None);
    }

    #[test]
    fn without_values_or_direction_it_is_undefined() {
        assert_eq!(probability_of_improvement(&[], &[1.0], Direction::Lower), None);
        assert_eq!(probability_of_improvement(&[1.0], &[1.0], Direction::Neither), None);
    }
}
