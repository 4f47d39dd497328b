//! How numbers are shown to people: as many digits as the interval supports (two significant digits
//! of its half-width), the same in a whole column; fractions as percent.

use crate::stats::{Estimate, median};

/// Digits behind the point are never more than this.
const MOST_DECIMALS: i32 = 8;

/// How one column shows its numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Precision {
    factor: f64,
    decimals: usize,
}

impl Precision {
    /// The precision for `estimates` of a metric with this unit. The median half-width decides, so
    /// that one very narrow interval does not drown the column in digits; it may add two at most.
    /// Without intervals, the largest value is shown with four significant digits.
    pub(crate) fn of<'a>(unit: &str, estimates: impl Iterator<Item = &'a Estimate>) -> Precision {
        let factor = factor(unit);
        let (mut halves, mut largest) = (Vec::new(), 0.0_f64);
        for estimate in estimates {
            halves.extend(estimate.half_width().map(|half| half * factor));
            largest = largest.max((estimate.mean * factor).abs());
        }
        let narrowest = halves.iter().copied().fold(f64::INFINITY, f64::min);
        let decimals = match median(&halves) {
            Some(typical) => {
                let wanted = 1 - exponent(typical);
                wanted.max((-exponent(narrowest)).min(wanted + 2))
            }
            None => 3 - exponent(largest),
        };
        let decimals = usize::try_from(decimals.clamp(0, MOST_DECIMALS)).unwrap_or(0);
        Precision { factor, decimals }
    }

    /// `value` as the column shows it.
    pub(crate) fn show(self, value: f64) -> String {
        plain(value * self.factor, self.decimals)
    }

    /// The same with its sign, a plus included; what rounds to 0 has none.
    pub(crate) fn signed(self, value: f64) -> String {
        let text = self.show(value);
        let above = value > 0.0 && text.chars().any(|c| matches!(c, '1'..='9'));
        if above { format!("+{text}") } else { text }
    }
}

/// `1 trial`, `3 trials`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// `value` with `decimals` digits behind the point. What would be unreadably long is shown in
/// powers of ten, and a negative number that rounds to 0 loses its sign.
pub(crate) fn plain(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e9 {
        return format!("{value:.3e}");
    }
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.to_owned(),
        Some(_) | None => text,
    }
}

/// How many digits stand behind the point in the shortest text that reads back to `value`.
pub(crate) fn decimals(value: f64) -> usize {
    let text = value.to_string();
    text.split_once('.').map_or(0, |(_, digits)| digits.len())
}

/// The shortest text that reads back to the same bits; powers of ten only where the plain digits
/// would be long.
pub(crate) fn exact(value: f64) -> String {
    let plain = value == 0.0 || (1e-6..1e15).contains(&value.abs()) || !value.is_finite();
    if plain { format!("{value}") } else { format!("{value:e}") }
}

/// `value` to six significant digits.
pub(crate) fn rounded(value: f64) -> f64 {
    // Formatting rounds correctly, and reading back is exact.
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A p-value: three digits, and never 0.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
}

/// A p-value in a sentence, behind its name: `p = 0.012`, `p < 0.001`.
pub(crate) fn p_phrase(name: &str, p: f64) -> String {
    if p < 0.001 { format!("{name} < 0.001") } else { format!("{name} = {p:.3}") }
}

/// The unit behind a heading, in parentheses; a plain number has none.
pub(crate) fn unit_suffix(unit: &str) -> String {
    match unit {
        "fraction" => " (%)".to_owned(),
        "1" | "" => String::new(),
        other => format!(" ({other})"),
    }
}

/// What one unit of a difference is called in a sentence, with a space before it.
pub(crate) fn unit_phrase(unit: &str) -> String {
    match unit {
        "fraction" => " percentage points".to_owned(),
        "1" | "" => String::new(),
        other => format!(" {other}"),
    }
}

/// By what a number of this unit is multiplied to be shown.
pub(crate) fn factor(unit: &str) -> f64 {
    if unit == "fraction" { 100.0 } else { 1.0 }
}

/// The power of ten of the first digit, once rounded to two digits; 0 for 0.
fn exponent(value: f64) -> i32 {
    let text = format!("{value:.1e}");
    text.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Interval, LEVEL};

    fn estimate(mean: f64, half: f64) -> Estimate {
        let interval = Interval { low: mean - half, high: mean + half, level: LEVEL };
        Estimate { mean, interval: Some(interval), n: 5 }
    }

    #[test]
    fn two_digits_of_the_half_width_decide_for_the_whole_column() {
        let column = [estimate(0.0414, 0.0017), estimate(0.0403, 0.0021), estimate(0.5, 0.11)];
        let precision = Precision::of("fraction", column.iter());
        assert_eq!(precision.show(0.0414), "4.14");
        assert_eq!(precision.show(0.5), "50.00");
        assert_eq!(Precision::of("1", column.iter()).show(0.0414), "0.0414");
        assert_eq!(Precision::of("1", [estimate(1234.5, 38.0)].iter()).show(1234.5), "1234");
    }

    #[test]
    fn a_narrow_interval_adds_two_digits_at_most() {
        let column = [estimate(1.0, 0.1), estimate(1.0, 0.1), estimate(1.0, 1e-7)];
        assert_eq!(Precision::of("1", column.iter()).show(1.0), "1.0000");
    }

    #[test]
    fn without_intervals_the_largest_value_has_four_digits() {
        let column = [Estimate { mean: 12.3456, interval: None, n: 1 }];
        assert_eq!(Precision::of("1", column.iter()).show(12.3456), "12.35");
        let zero = [Estimate { mean: 0.0, interval: None, n: 1 }];
        assert_eq!(Precision::of("1", zero.iter()).show(0.0), "0.000");
    }

    #[test]
    fn an_exact_number_reads_back_to_the_same_bits() {
        for value in [0.1 + 0.2, -0.0024000000000000007, 1e300, 5e-324, 1e15, -0.0, 3.0] {
            let text = exact(value);
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), value.to_bits(), "{text}");
            assert!(text.len() <= 24, "{text}");
        }
    }

    #[test]
    fn a_signed_number_shows_its_plus_and_zero_shows_none() {
        let precision = Precision::of("fraction", [estimate(0.04, 0.0017)].iter());
        let signed = [0.0057, -0.0015, 0.0, 0.00001, -0.00001].map(|value| precision.signed(value));
        assert_eq!(signed, ["+0.57", "-0.15", "0.00", "0.00", "0.00"]);
    }

    #[test]
    fn one_thing_is_singular() {
        let counts = [0, 1, 2].map(|count| counted(count, "trial"));
        assert_eq!(counts, ["0 trials", "1 trial", "2 trials"]);
    }

    #[test]
    fn extreme_numbers_stay_short_and_zero_has_no_sign() {
        assert_eq!(plain(1e300, 2), "1.000e300");
        assert_eq!(plain(-0.0001, 2), "0.00");
        assert_eq!(plain(-0.01, 2), "-0.01");
        assert_eq!((p_value(0.0), p_value(1.0)), ("<0.001".to_owned(), "1.000".to_owned()));
    }
}
