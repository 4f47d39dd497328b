//! The probability of improvement: the share of all pairs (one value of ours, one of theirs) in
//! which ours is better, a tie counting one half; `U / (n m)` with the Mann-Whitney `U`.
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
    fn without_values_or_direction_it_is_undefined() {
        assert_eq!(probability_of_improvement(&[], &[1.0], Direction::Lower), None);
        assert_eq!(probability_of_improvement(&[1.0], &[1.0], Direction::Neither), None);
    }
}
