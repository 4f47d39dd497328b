//! A curve within one line of text.

const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// `values` as a bar a place, from the lowest of them to the highest, in `width` places: padded where
/// there are fewer values, and of each equal share the last one where there are more. What is not
/// finite leaves its place empty.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let shares = values.len().min(width);
    let shown: Vec<f64> =
        (1..=shares).map(|share| values[share * values.len() / shares - 1]).collect();
    let finite = || shown.iter().copied().filter(|value| value.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let bar = |value: f64| {
        if !value.is_finite() {
            return ' ';
        }
        // Halves, because the span of the largest numbers is infinite.
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        let top = (LEVELS.len() - 1) as f64;
        // Where all are alike the share is NaN, which is 0 as a whole number.
        LEVELS[(share * top).round() as usize]
    };
    let bars: String = shown.iter().copied().map(bar).collect();
    format!("{bars:<width$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_runs_from_its_lowest_to_its_highest_value() {
        assert_eq!(sparkline(&[7.0, 4.0, 0.0], 4), "█▅▁ ");
        assert_eq!(sparkline(&[1.0, 1.0], 2), "▁▁");
        assert_eq!(sparkline(&[], 3), "   ");
        assert_eq!(sparkline(&[f64::NAN, 1.0, f64::INFINITY, 2.0], 4), " ▁ █");
        assert_eq!(sparkline(&[f64::MAX, f64::MIN], 2), "█▁");
    }

    #[test]
    fn more_values_than_places_are_shown_by_the_last_of_each_share() {
        let falling: Vec<f64> = (0..100).map(|at| f64::from(100 - at)).collect();
        let line = sparkline(&falling, 8);
        assert_eq!(line.chars().count(), 8);
        assert!(line.starts_with('█') && line.ends_with('▁'), "{line}");
    }
}
