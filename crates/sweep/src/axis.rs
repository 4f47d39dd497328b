//! An axis: the checked values of one parameter, in order. Ranges are lazy, so an axis of 10^12
//! values costs no more than one of three.
//!
//! The values of a range: `linear` has `from + i (to - from) / (n - 1)`, `log` has
//! `from (to / from)^(i / (n - 1))`, `from`/`to`/`step` has `from + i step`. The two ends are exact;
//! what lies between is rounded to the digits that matter beside its distance to the next value
//! (0.0316228, not 0.03162277660168379), or to whole numbers for a parameter that takes those.

use std::collections::HashMap;

use crate::catalog::Domain;
use crate::mistakes::{Mistake, Place};
use crate::value::Value;

/// Ranges up to this length are searched for values that rounding made equal; in longer ones such
/// values merge later, as equal trials do.
const MAX_SEARCHED: u64 = 10_000;

/// The checked values of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Axis {
    /// Listed; at least one.
    Listed(Vec<Value>),
    /// Computed.
    Range { range: Range, first: Value, last: Value, grain: Grain },
}

/// Whether a list may name a value twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Repeats {
    /// As a column of a `[[zip]]` may.
    Allowed,
    /// As an axis by itself may not.
    Refused,
}

impl Axis {
    /// Checks `raw`, as it stands at `place` for the parameter `name`, against `domain`.
    ///
    /// # Errors
    /// Every value that is not valid, or that stands there twice and may not.
    pub(crate) fn new(
        name: &str,
        raw: &RawAxis,
        place: &Place,
        (domain, repeats): (&Domain, Repeats),
    ) -> Result<Axis, Vec<Mistake>> {
        match raw {
            RawAxis::Listed(values) => listed(name, values, domain, repeats),
            RawAxis::Range(range) => computed(name, range, place, domain),
        }
    }

    /// How many values there are, at least one.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Axis::Listed(values) => values.len() as u64,
            Axis::Range { range, .. } => range.n,
        }
    }

    /// The value at `index`, which is less than the length.
    pub(crate) fn value(&self, index: u64) -> Value {
        match self {
            Axis::Listed(values) => values[index as usize].clone(),
            Axis::Range { first, .. } if index == 0 => first.clone(),
            Axis::Range { range, last, .. } if index + 1 == range.n => last.clone(),
            Axis::Range { range, grain, .. } => grain.value(range.real(index)),
        }
    }
}

/// An axis as it stands in the file, before anything is known of its parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RawAxis {
    Listed(Vec<(Value, Place)>),
    Range(Range),
}

impl RawAxis {
    /// How many values there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            RawAxis::Listed(values) => values.len() as u64,
            RawAxis::Range(range) => range.n,
        }
    }
}

/// Evenly spread values, `n` of them, at least two.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    pub(crate) spread: Spread,
    /// The first value, as it stands in the file.
    pub(crate) from: Value,
    /// The last value, as it stands in the file.
    pub(crate) to: Value,
    pub(crate) n: u64,
}

/// How the values of a range are spread; the bounds are finite, and above zero for `Log`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Spread {
    Linear { from: f64, to: f64 },
    Log { from: f64, to: f64 },
    Step { from: f64, step: f64 },
}

impl Range {
    /// The value at `index`, rounded beside its distance to the next.
    fn real(&self, index: u64) -> f64 {
        let share = index as f64 / (self.n - 1) as f64;
        match self.spread {
            Spread::Linear { from, to } => {
                let spacing = to / (self.n - 1) as f64 - from / (self.n - 1) as f64;
                rounded(from * (1.0 - share) + to * share, spacing * 1e-5)
            }
            Spread::Log { from, to } => {
                let (low, high) = (from.log10(), to.log10());
                let real = 10f64.powf(low + share * (high - low));
                let spacing = real * (10f64.powf((high - low) / (self.n - 1) as f64) - 1.0);
                rounded(real, spacing * 1e-5)
            }
            Spread::Step { from, step } => rounded(from + index as f64 * step, step * 1e-10),
        }
    }
}

/// Whether an axis has whole or real numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Grain {
    Whole,
    Real,
}

impl Grain {
    fn value(self, real: f64) -> Value {
        match self {
            Grain::Whole => Value::Int(real.round() as i64),
            Grain::Real => Value::Float(real + 0.0),
        }
    }
}

/// `real` to the decimal digit of `unit`: 0.0316227 to the unit 0.00002 is 0.03162. Done in text, so
/// that the result is the number a person would write, the same on every machine.
pub(crate) fn rounded(real: f64, unit: f64) -> f64 {
    if real == 0.0 || unit <= 0.0 || !unit.is_finite() {
        return real;
    }
    let digits = real.abs().log10().floor() - unit.log10().floor();
    if digits < 0.0 {
        return 0.0;
    }
    let text = format!("{real:.*e}", digits.min(16.0) as usize);
    text.parse().expect("a number that Rust printed reads back")
}

fn listed(
    name: &str,
    values: &[(Value, Place)],
    domain: &Domain,
    repeats: Repeats,
) -> Result<Axis, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut checked = Vec::new();
    let mut places: HashMap<String, &Place> = HashMap::new();
    for (value, place) in values {
        let value = match domain.check(value) {
            Ok(value) => value,
            Err(valid) => {
                mistakes.push(invalid(name, value, place, domain, &valid));
                continue;
            }
        };
        match places.get(&value.to_string()) {
            Some(first) if repeats == Repeats::Refused => mistakes.push(
                Mistake::new(place, format!("`{name}` has the value {value} twice"))
                    .label("again")
                    .also(first, "first"),
            ),
            _ => {
                places.insert(value.to_string(), place);
                checked.push(value);
            }
        }
    }
    if mistakes.is_empty() { Ok(Axis::Listed(checked)) } else { Err(mistakes) }
}

/// A mistake about a value that `domain` refused, saying what is `valid`.
pub(crate) fn invalid(
    name: &str,
    value: &Value,
    place: &Place,
    domain: &Domain,
    valid: &str,
) -> Mistake {
    let shown = match value {
        Value::Text(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    let mistake = Mistake::new(place, format!("{shown} is not valid for `{name}`"));
    match domain.nearest(value) {
        Some(near) => mistake
            .label(format!("did you mean \"{near}\"?"))
            .help(format!("`{name}` takes {valid}")),
        None => mistake.label(format!("it takes {valid}")),
    }
}

fn computed(
    name: &str,
    range: &Range,
    place: &Place,
    domain: &Domain,
) -> Result<Axis, Vec<Mistake>> {
    let grain = match domain {
        Domain::Int { .. } | Domain::Widths { .. } => Grain::Whole,
        Domain::Float { .. } => Grain::Real,
        Domain::Bool | Domain::Choice(_) | Domain::ChoiceOrPath { .. } | Domain::LayerChoice(_) => {
            let title = format!("`{name}` takes no numbers, so it has no range");
            return Err(vec![Mistake::new(place, title).label(format!("it takes {domain}"))]);
        }
    };
    let end = |value: &Value| {
        domain.check(value).map_err(|valid| vec![invalid(name, value, place, domain, &valid)])
    };
    let axis = Axis::Range {
        range: range.clone(),
        first: end(&range.from)?,
        last: end(&range.to)?,
        grain,
    };
    match (grain, &range.spread) {
        (Grain::Whole, Spread::Step { step, .. }) if step.fract() != 0.0 => {
            let title = format!("`{name}` takes whole numbers, so its step must be one");
            Err(vec![Mistake::new(place, title).label(format!("the step is {step}"))])
        }
        (Grain::Whole, _) if !distinct(&axis) => {
            let title = format!("{} whole numbers do not fit into this range", range.n);
            let help = "values are rounded to whole numbers: lower n or widen the range";
            Err(vec![Mistake::new(place, title).label("some would be equal").help(help)])
        }
        _ => Ok(axis),
    }
}

/// Whether rounding to whole numbers keeps the values apart. They are sorted, so equal ones are
/// neighbours.
fn distinct(axis: &Axis) -> bool {
    let searched = axis.len().min(MAX_SEARCHED);
    (1..searched).all(|index| axis.value(index) != axis.value(index - 1))
}

#[cfg(test)]
mod tests {
    use std::ops::Bound;

    use super::*;

    const HERE: Place = Place::File(0..0);

    fn float() -> Domain {
        Domain::Float { min: Bound::Unbounded, max: Bound::Unbounded }
    }

    fn int() -> Domain {
        Domain::Int { min: 0, max: i64::MAX, word: None }
    }

    fn range(spread: Spread, n: u64) -> RawAxis {
        let (from, to) = match spread {
            Spread::Linear { from, to } | Spread::Log { from, to } => (from, to),
            Spread::Step { from, step } => (from, from + (n - 1) as f64 * step),
        };
        RawAxis::Range(Range { spread, from: Value::Float(from), to: Value::Float(to), n })
    }

    fn printed(raw: &RawAxis, domain: &Domain) -> Vec<String> {
        let axis = Axis::new("x", raw, &HERE, (domain, Repeats::Refused)).unwrap();
        (0..axis.len()).map(|index| axis.value(index).to_string()).collect()
    }

    #[test]
    fn ranges_have_the_values_that_a_person_would_write() {
        let log = range(Spread::Log { from: 0.01, to: 1.0 }, 5);
        assert_eq!(printed(&log, &float()), ["0.01", "0.0316228", "0.1", "0.316228", "1"]);
        let linear = range(Spread::Linear { from: 0.0, to: 1.0 }, 11);
        assert_eq!(
            printed(&linear, &float()),
            ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1"]
        );
        let through_zero = range(Spread::Linear { from: -0.3, to: 0.3 }, 7);
        assert_eq!(
            printed(&through_zero, &float()),
            ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"]
        );
        let step = range(Spread::Step { from: 0.1, step: 0.123456789 }, 3);
        assert_eq!(printed(&step, &float())[1], "0.223456789");
    }

    #[test]
    fn a_range_of_a_whole_parameter_has_whole_numbers() {
        let whole = |spread, from, to, n| {
            RawAxis::Range(Range { spread, from: Value::Int(from), to: Value::Int(to), n })
        };
        let log = whole(Spread::Log { from: 10.0, to: 1000.0 }, 10, 1000, 5);
        assert_eq!(printed(&log, &int()), ["10", "32", "100", "316", "1000"]);
        let step = whole(Spread::Step { from: 1.0, step: 2.0 }, 1, 7, 4);
        assert_eq!(printed(&step, &int()), ["1", "3", "5", "7"]);
        let crowded = whole(Spread::Linear { from: 1.0, to: 3.0 }, 1, 3, 5);
        assert!(Axis::new("x", &crowded, &HERE, (&int(), Repeats::Refused)).is_err());
        let half = whole(Spread::Step { from: 1.0, step: 0.5 }, 1, 3, 5);
        assert!(Axis::new("x", &half, &HERE, (&int(), Repeats::Refused)).is_err());
    }

    #[test]
    fn a_range_of_a_million_million_values_is_not_allocated() {
        let axis = range(Spread::Log { from: 1e-9, to: 1.0 }, 1_000_000_000_000);
        let axis = Axis::new("x", &axis, &HERE, (&float(), Repeats::Refused)).unwrap();
        assert_eq!(axis.len(), 1_000_000_000_000);
        assert_ne!(axis.value(500_000_000_000), axis.value(500_000_000_001));
        assert_eq!(axis.value(999_999_999_999), Value::Float(1.0));
    }

    #[test]
    fn extreme_bounds_stay_finite() {
        for spread in [
            Spread::Linear { from: f64::MIN, to: f64::MAX },
            Spread::Log { from: f64::MIN_POSITIVE, to: f64::MAX },
            Spread::Linear { from: 0.0, to: f64::MIN_POSITIVE },
        ] {
            for value in printed(&range(spread, 7), &float()) {
                assert!(value.parse::<f64>().unwrap().is_finite());
            }
        }
    }

    #[test]
    fn values_that_are_equal_once_stored_are_duplicates() {
        let raw = RawAxis::Listed(vec![(Value::Int(1), HERE), (Value::Float(1.0), HERE)]);
        assert!(Axis::new("x", &raw, &HERE, (&float(), Repeats::Refused)).is_err());
        let allowed = Axis::new("x", &raw, &HERE, (&float(), Repeats::Allowed)).unwrap();
        assert_eq!(allowed.len(), 2);
    }
}
