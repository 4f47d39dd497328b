//! TOML values to axes: a scalar is one value, an array several (an inner array being one value,
//! a width a layer), a table a range.

use toml::Spanned;
use toml::de::DeValue;

use super::document::{Field, Spans, fields, kind};
use crate::axis::{Range, RawAxis, Spread, rounded};
use crate::mistakes::{Mistake, Place};
use crate::names::nearest;
use crate::value::Value;

/// The axis that `field` is.
pub(super) fn raw_axis(
    field: &Field<'_>,
    spans: &Spans,
    log: &mut Vec<Mistake>,
) -> Option<RawAxis> {
    match field.value {
        DeValue::Array(items) if items.is_empty() => {
            let title = format!("`{}` has no value", field.key);
            log.push(Mistake::new(&field.value_place, title).label("an axis has at least one"));
            None
        }
        DeValue::Array(items) => {
            let values: Vec<_> =
                items.iter().map(|item| value(field.key, item, spans, log)).collect();
            values.into_iter().collect::<Option<_>>().map(RawAxis::Listed)
        }
        DeValue::Table(_) => range(field, spans, log).map(RawAxis::Range),
        single => {
            let value = scalar(field.key, single, &field.value_place, log)?;
            Some(RawAxis::Listed(vec![(value, field.value_place.clone())]))
        }
    }
}

fn value(
    name: &str,
    item: &Spanned<DeValue<'_>>,
    spans: &Spans,
    log: &mut Vec<Mistake>,
) -> Option<(Value, Place)> {
    let place = spans.place(item.span());
    let value = match item.get_ref() {
        DeValue::Array(widths) => {
            let wholes = widths.iter().map(|width| whole(width.get_ref()));
            let list = wholes.collect::<Option<Vec<i64>>>();
            if list.is_none() {
                let title = format!("an array within the axis `{name}` has whole numbers only");
                log.push(Mistake::new(&place, title).label("such as [500, 250], one a layer"));
            }
            list.map(Value::List)
        }
        single => scalar(name, single, &place, log),
    };
    value.map(|value| (value, place))
}

/// A single value; text, number or switch.
pub(super) fn scalar(
    name: &str,
    value: &DeValue<'_>,
    place: &Place,
    log: &mut Vec<Mistake>,
) -> Option<Value> {
    let found = match value {
        DeValue::String(text) => Some(Value::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
        DeValue::Integer(_) => whole(value).map(Value::Int),
        DeValue::Float(number) => {
            let real = number.as_str().parse::<f64>().ok();
            real.filter(|real| real.is_finite()).map(Value::Float)
        }
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    };
    if found.is_none() {
        let problem = match value {
            DeValue::Integer(_) => "a whole number has at most 64 bits",
            DeValue::Float(_) => "numbers are finite",
            DeValue::Table(_) => "a range stands alone, not within an array",
            _ => "it takes a text, a number, true or false",
        };
        let title = format!("{} is no value for `{name}`", kind(value));
        log.push(Mistake::new(place, title).label(problem));
    }
    found
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

const RANGES: &str = "a range is { linear = [0, 1], n = 5 }, { log = [0.01, 1], n = 5 } or \
                      { from = 0, to = 1, step = 0.25 }";

/// The range that `field`, a table, is.
fn range(field: &Field<'_>, spans: &Spans, log: &mut Vec<Mistake>) -> Option<Range> {
    let table = field.value.as_table()?;
    let found = fields(table, spans);
    let known = ["linear", "log", "n", "from", "to", "step"];
    let odd: Vec<_> = found.iter().filter(|part| !known.contains(&part.key)).collect();
    if !odd.is_empty() {
        log.extend(odd.into_iter().map(|part| {
            let title = format!("unknown key `{}` in the range of `{}`", part.key, field.key);
            let mistake = Mistake::new(&part.key_place, title).help(RANGES);
            match nearest(part.key, known) {
                Some(near) => mistake.label(format!("did you mean `{near}`?")),
                None => mistake,
            }
        }));
        return None;
    }
    let get = |key: &str| found.iter().find(|part| part.key == key);
    let keys: Vec<&str> = known.into_iter().filter(|key| get(key).is_some()).collect();
    match (keys.as_slice(), get("linear"), get("log"), get("n")) {
        (["linear", "n"], Some(bounds), None, Some(n)) => {
            let (from, to) = bounds_of(bounds, spans, log)?;
            let (low, high) = (from.as_float()?, to.as_float()?);
            let spread = Spread::Linear { from: low, to: high };
            Some(Range { spread, from, to, n: length(n, log)? })
        }
        (["log", "n"], None, Some(bounds), Some(n)) => {
            let (from, to) = bounds_of(bounds, spans, log)?;
            let (low, high) = (from.as_float()?, to.as_float()?);
            if low <= 0.0 {
                let title =
                    format!("the log range of `{}` has a bound that is not above 0", field.key);
                log.push(Mistake::new(&bounds.value_place, title).label("0 has no logarithm"));
                return None;
            }
            let spread = Spread::Log { from: low, to: high };
            Some(Range { spread, from, to, n: length(n, log)? })
        }
        (["from", "to", "step"], ..) => steps(field, [get("from")?, get("to")?, get("step")?], log),
        _ => {
            let title = format!("the range of `{}` is not complete or mixes two kinds", field.key);
            log.push(Mistake::new(&field.value_place, title).help(RANGES));
            None
        }
    }
}

/// `[low, high]`, with low below high.
fn bounds_of(field: &Field<'_>, spans: &Spans, log: &mut Vec<Mistake>) -> Option<(Value, Value)> {
    let bounds = field.value.as_array().filter(|bounds| bounds.len() == 2);
    let Some(bounds) = bounds else {
        field.expected("two numbers, such as [0.01, 1]", log);
        return None;
    };
    let mut ends = bounds
        .iter()
        .map(|bound| number(field.key, bound.get_ref(), &spans.place(bound.span()), log));
    let (low, high) = (ends.next()?, ends.next()?);
    drop(ends);
    let (low, high) = (low?, high?);
    if low.as_float() >= high.as_float() {
        let title = format!("`{}` takes the lower bound first, then a higher one", field.key);
        log.push(Mistake::new(&field.value_place, title));
        return None;
    }
    Some((low, high))
}

fn number(name: &str, value: &DeValue<'_>, place: &Place, log: &mut Vec<Mistake>) -> Option<Value> {
    let found = scalar(name, value, place, log)?;
    if found.as_float().is_none() {
        log.push(Mistake::new(place, format!("`{name}` takes numbers")));
        return None;
    }
    Some(found)
}

fn length(field: &Field<'_>, log: &mut Vec<Mistake>) -> Option<u64> {
    let n = field.whole(2, i64::MAX, log)?;
    u64::try_from(n).ok()
}

/// `from`, `to` and `step`: the step must lead from the one to the other, up to rounding.
fn steps(field: &Field<'_>, parts: [&Field<'_>; 3], log: &mut Vec<Mistake>) -> Option<Range> {
    let values = parts.map(|part| number(part.key, part.value, &part.value_place, log));
    let [from, to, step] = values;
    let (from, to, step) = (from?, to?, step?);
    let (low, high, by) = (from.as_float()?, to.as_float()?, step.as_float()?);
    let steps = (high - low) / by;
    if by <= 0.0 || low >= high || !steps.is_finite() || steps > 1e18 {
        let title = format!("the range of `{}` leads nowhere", field.key);
        let label = "`from` is below `to`, and `step` above 0";
        log.push(Mistake::new(&field.value_place, title).label(label));
        return None;
    }
    if (steps - steps.round()).abs() > 1e-9 * steps.max(1.0) || steps < 0.5 {
        let last = Value::Float(rounded(low + steps.floor() * by, by * 1e-10));
        let title = format!("steps of {step} from {from} do not arrive at {to}");
        log.push(
            Mistake::new(&parts[1].value_place, title).label(format!("the last would be {last}")),
        );
        return None;
    }
    let n = steps.round() as u64 + 1;
    Some(Range { spread: Spread::Step { from: low, step: by }, from, to, n })
}
