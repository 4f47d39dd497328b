//! From values to pixels, and the round numbers at which an axis is marked.

use crate::number::{decimals, plain};

/// An axis for numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    /// Whether only whole numbers mean something on it.
    whole: bool,
    /// The pixels of `low` and `high`.
    from: f64,
    to: f64,
}

impl Scale {
    /// The scale on which `values` (finite; above 0 if `log`) lie between the pixels `from` and
    /// `to`, with a little room at either end; `None` without values.
    pub(super) fn around(
        values: impl Iterator<Item = f64>,
        log: bool,
        (from, to): (f64, f64),
    ) -> Option<Scale> {
        let mut whole = true;
        let on_axis = |value: f64| if log { value.log10() } else { value };
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values {
            whole &= value.fract() == 0.0;
            (low, high) = (low.min(on_axis(value)), high.max(on_axis(value)));
        }
        if low > high {
            return None;
        }
        // Halves keep the span of very large values finite.
        let half = high / 2.0 - low / 2.0;
        let room = match half > 0.0 {
            true => half * 0.1,
            false if log => 0.5,
            false if low == 0.0 => 1.0,
            false => low.abs() * 0.1,
        };
        // Room for the smallest numbers of all is too small to be told from none.
        let room = room.max(f64::MIN_POSITIVE);
        let (low, high) = (low - room, high + room);
        let (low, high) = (low.max(f64::MIN / 4.0), high.min(f64::MAX / 4.0));
        Some(Scale { low, high, log, whole, from, to })
    }

    /// Whether a value can stand on an axis at all.
    pub(super) fn bears(log: bool, value: f64) -> bool {
        value.is_finite() && (!log || value > 0.0)
    }

    /// The pixel of `value`; what lies outside is drawn at the edge.
    pub(super) fn at(&self, value: f64) -> f64 {
        let value = match self.log {
            true if value > 0.0 => value.log10(),
            true => self.low,
            false => value,
        };
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// What stands at its two ends.
    pub(super) fn ends(&self) -> (f64, f64) {
        match self.log {
            true => (10_f64.powf(self.low), 10_f64.powf(self.high)),
            false => (self.low, self.high),
        }
    }

    /// Whether it is logarithmic.
    pub(super) fn is_log(&self) -> bool {
        self.log
    }

    /// Whether `value` lies outside, so that it is drawn at the edge.
    pub(super) fn cuts(&self, value: f64) -> bool {
        let value = if self.log { value.max(0.0).log10() } else { value };
        !(self.low..=self.high).contains(&value)
    }

    /// About `wanted` round numbers on the axis, ascending, with their texts.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        let mut values = match self.log {
            true => powers(self.low, self.high, wanted),
            false => round(self.low, self.high, wanted),
        };
        if self.whole && values.iter().filter(|value| value.fract() == 0.0).count() > 1 {
            values.retain(|value| value.fract() == 0.0);
        }
        let digits = values.iter().map(|value| decimals(*value)).max().unwrap_or(0);
        values.iter().map(|value| (*value, text(*value, digits, self.log))).collect()
    }
}

fn text(value: f64, digits: usize, log: bool) -> String {
    match value.abs() {
        large if large >= 1e5 || (large < 1e-4 && large > 0.0) => format!("{value:e}"),
        _ if log => format!("{value}"),
        _ => plain(value, digits.min(8)),
    }
}

/// Multiples of 1, 2 or 5 times a power of ten.
fn round(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let rough = (high / wanted as f64) - (low / wanted as f64);
    let power = rough.log10().floor();
    let digit =
        [1.0, 2.0, 5.0].into_iter().find(|digit| times_power(*digit, power) >= rough * 0.999);
    let (digit, power) = digit.map_or((1.0, power + 1.0), |digit| (digit, power));
    let step = times_power(digit, power);
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    let count = (last - first).clamp(-1.0, 50.0) as i64;
    (0..=count).map(|at| times_power((first + at as f64) * digit, power)).collect()
}

/// `digits` times ten to the `power`, as exactly as its decimal text is.
fn times_power(digits: f64, power: f64) -> f64 {
    format!("{digits}e{power}").parse().unwrap_or(digits * 10_f64.powf(power))
}

/// Powers of ten, with 3 times them where they are few, or 2 and 5 times.
fn powers(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let decades = high - low;
    let every = (decades / wanted as f64).ceil().max(1.0);
    let digits: &[f64] = match decades {
        ..1.5 => &[1.0, 2.0, 5.0],
        1.5..3.0 => &[1.0, 3.0],
        _ => &[1.0],
    };
    let first = (low / every).floor() * every;
    let count = ((high - first) / every).floor().clamp(0.0, 50.0) as usize;
    let exponents = (0..=count).map(|at| first + at as f64 * every);
    let values = exponents
        .flat_map(|exponent| digits.iter().map(move |digit| times_power(*digit, exponent)));
    values.filter(|value| (low..=high).contains(&value.log10())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(low: f64, high: f64, log: bool) -> Vec<String> {
        let scale = Scale { low, high, log, whole: false, from: 0.0, to: 1.0 };
        scale.ticks(5).into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn ticks_are_round_and_written_alike() {
        assert_eq!(texts(0.0, 1.0, false), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(3.1, 9.7, false), ["4", "6", "8"]);
        assert_eq!(texts(-0.05, 0.31, false), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(texts(0.0, 1.2e6, false), ["0", "5e5", "1e6"]);
        assert_eq!(texts(97.5, 98.2, false), ["97.6", "97.8", "98.0", "98.2"]);
    }

    #[test]
    fn whole_numbers_have_no_marks_between_them() {
        let scale = Scale::around([1.0, 3.0].into_iter(), false, (0.0, 1.0)).unwrap();
        let ticks: Vec<String> = scale.ticks(6).into_iter().map(|(_, text)| text).collect();
        assert_eq!(ticks, ["1", "2", "3"]);
    }

    #[test]
    fn a_log_axis_is_marked_at_powers_of_ten() {
        assert_eq!(texts(-3.0, 1.0, true), ["0.001", "0.01", "0.1", "1", "10"]);
        assert_eq!(texts(-0.4, 0.75, true), ["0.5", "1", "2", "5"]);
        assert_eq!(texts(0.45, 1.99, true), ["3", "10", "30"]);
        assert_eq!(texts(-12.0, 0.0, true).len(), 5);
    }

    #[test]
    fn values_stand_between_the_ends() {
        let scale = Scale::around([1.0, 3.0].into_iter(), false, (100.0, 0.0)).unwrap();
        assert_eq!(scale.at(2.0), 50.0);
        assert_eq!((scale.at(-9.0), scale.at(9.0)), (100.0, 0.0));
        assert!(scale.cuts(9.0) && !scale.cuts(3.0));
        let log = Scale::around([0.01, 1.0].into_iter(), true, (0.0, 10.0)).unwrap();
        assert!((log.at(0.1) - 5.0).abs() < 1e-12);
        assert_eq!(log.at(0.0), 0.0);
        assert_eq!(Scale::around(std::iter::empty(), false, (0.0, 1.0)), None);
    }

    #[test]
    fn one_value_and_extreme_ones_have_a_scale() {
        for values in [vec![0.0], vec![-7.0], vec![5e-324], vec![f64::MAX, f64::MIN], vec![1e300]] {
            let scale = Scale::around(values.iter().copied(), false, (0.0, 100.0)).unwrap();
            for value in values {
                assert!((0.0..=100.0).contains(&scale.at(value)), "{value:e}: {scale:?}");
            }
            assert!(scale.ticks(5).len() < 20);
        }
    }

    proptest! {
        #[test]
        fn ticks_lie_on_the_axis_and_are_few(
            low in -1e6..1e6_f64, span in 1e-3..1e6_f64, wanted in 2..8_usize
        ) {
            let (high, from, to) = (low + span, 0.0, 1.0);
            let scale = Scale { low, high, log: false, whole: false, from, to };
            let ticks = scale.ticks(wanted);
            prop_assert!(ticks.len() <= wanted + 2, "{ticks:?}");
            prop_assert!(ticks.iter().all(|(value, _)| (low - 1e-6..=low + span + 1e-6).contains(value)));
            let mut texts: Vec<&String> = ticks.iter().map(|(_, text)| text).collect();
            texts.dedup();
            prop_assert!(texts.len() == ticks.len() || low.abs() > 1e4, "{ticks:?}");
        }
    }
}
