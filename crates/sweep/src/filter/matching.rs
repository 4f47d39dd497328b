//! What a filter says of given values. Two-valued logic: a comparison with a missing value is
//! false, and so is one between kinds that cannot be compared, such as a name and a number.

use std::cmp::Ordering;

use super::{Comparator, Expr, Filter, Name, Operand};
use crate::params::Params;
use crate::value::Value;

impl Filter {
    /// Whether it holds for a cell of the grid, which has parameters and no curves yet.
    pub fn holds_for(&self, params: &Params) -> bool {
        self.expr.matches(&|name| match name.reading {
            None => params.get(&name.text).cloned(),
            Some(_) => None,
        })
    }
}

impl Expr {
    /// Whether it holds where names (curves included) have the values that `lookup` gives; `None`
    /// is missing.
    pub fn matches(&self, lookup: &dyn Fn(&Name) -> Option<Value>) -> bool {
        match self {
            Expr::And(left, right) => left.matches(lookup) && right.matches(lookup),
            Expr::Or(left, right) => left.matches(lookup) || right.matches(lookup),
            Expr::Not(inner) => !inner.matches(lookup),
            Expr::Compare(left, comparator, right) => {
                let order = match (left.value(lookup), right.value(lookup)) {
                    (Some(left), Some(right)) => compare(&left, &right),
                    (None, _) | (_, None) => None,
                };
                comparator.accepts(order)
            }
            Expr::In(name, values) => lookup(name).is_some_and(|found| {
                values.iter().any(|value| compare(&found, value) == Some(Ordering::Equal))
            }),
            Expr::Like(name, pattern) => lookup(name)
                .is_some_and(|found| found.as_text().is_some_and(|text| like(text, pattern))),
            Expr::Missing(name) => lookup(name).is_none(),
        }
    }

    /// Every name in it, in the order of the text, as often as it stands there.
    pub fn names(&self) -> Vec<&Name> {
        match self {
            Expr::And(left, right) | Expr::Or(left, right) => {
                let mut names = left.names();
                names.extend(right.names());
                names
            }
            Expr::Not(inner) => inner.names(),
            Expr::Compare(left, _, right) => {
                [left, right].into_iter().filter_map(Operand::name).collect()
            }
            Expr::In(name, _) | Expr::Like(name, _) | Expr::Missing(name) => vec![name],
        }
    }
}

impl Operand {
    fn value(&self, lookup: &dyn Fn(&Name) -> Option<Value>) -> Option<Value> {
        match self {
            Operand::Name(name) => lookup(name),
            Operand::Value(value) => Some(value.clone()),
        }
    }

    fn name(&self) -> Option<&Name> {
        match self {
            Operand::Name(name) => Some(name),
            Operand::Value(_) => None,
        }
    }
}

impl Comparator {
    /// Whether it accepts sides in this order; `None` where they cannot be compared.
    fn accepts(self, order: Option<Ordering>) -> bool {
        match self {
            Comparator::Equal => order == Some(Ordering::Equal),
            Comparator::NotEqual => order != Some(Ordering::Equal),
            Comparator::Less => order == Some(Ordering::Less),
            Comparator::LessOrEqual => order.is_some_and(Ordering::is_le),
            Comparator::Greater => order == Some(Ordering::Greater),
            Comparator::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}

/// Numbers by size, texts by letters, switches with `false` first, lists item by item.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.cmp(right)),
        (Value::List(left), Value::List(right)) => Some(left.cmp(right)),
        _ => left.as_float()?.partial_cmp(&right.as_float()?),
    }
}

/// Whether `pattern` covers all of `text`. Only the latest `%` is ever taken back, so the time is
/// at most the product of the two lengths.
fn like(text: &str, pattern: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut in_pattern) = (0, 0);
    let mut latest: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(in_pattern) {
            Some('%') => {
                latest = Some((at, in_pattern));
                in_pattern += 1;
            }
            Some(wanted) if *wanted == '_' || *wanted == text[at] => {
                at += 1;
                in_pattern += 1;
            }
            Some(_) | None => {
                let Some((from, percent)) = latest else { return false };
                latest = Some((from + 1, percent));
                at = from + 1;
                in_pattern = percent + 1;
            }
        }
    }
    pattern[in_pattern..].iter().all(|rest| *rest == '%')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::metric::Direction;

    fn holds(text: &str) -> bool {
        let lookup = |name: &Name| match name.text.as_str() {
            "train_loss" => {
                let curve = [2.0, 0.5, 1.0];
                name.reading?.of(&curve, Direction::Lower, Some(2)).map(Value::Float)
            }
            "depth" => Some(Value::Int(3)),
            "lambda" => Some(Value::Float(0.1)),
            "variant" => Some(Value::Text("contractive".into())),
            "tied" => Some(Value::Bool(true)),
            "width" => Some(Value::List(vec![500, 250])),
            _ => None,
        };
        Filter::parse(text).unwrap().expr.matches(&lookup)
    }

    #[test]
    fn comparisons_hold_by_size_and_by_letters() {
        for text in [
            "depth == 3",
            "depth == 3.0",
            "3 <= depth",
            "lambda < 1",
            "lambda in [1, 0.1]",
            "variant == 'contractive'",
            "variant > \"basic\"",
            "tied == true",
            "depth != 4 and not depth > 3",
            "variant like 'contr%e'",
            "variant not like 'Contr%'",
            "depth > lambda",
            "(depth == 1 or depth == 3) and tied != false",
            "best(train_loss) < last(train_loss) and at(train_loss, 1) in [2]",
            "at(train_loss, 9) is missing and at(train_loss, best_epoch) == 0.5",
        ] {
            assert!(holds(text), "{text}");
        }
    }

    #[test]
    fn a_comparison_with_a_missing_value_is_false_and_its_negation_true() {
        for text in ["sigma == 1", "sigma < 1", "sigma >= 1", "sigma in [1]", "sigma like '%'"] {
            assert!(!holds(text), "{text}");
            assert!(holds(&format!("not {text}")), "not {text}");
        }
        assert!(holds("sigma != 1"));
        assert!(holds("sigma is missing and depth is not missing"));
        assert!(!holds("sigma == sigma"));
    }

    #[test]
    fn kinds_that_cannot_be_compared_are_unequal() {
        for text in ["depth == 'three'", "depth < 'three'", "tied == 1", "width == 500"] {
            assert!(!holds(text), "{text}");
        }
    }

    /// The definition of `like`, without regard for time.
    fn like_by_definition(text: &[char], pattern: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('%', rest)) => (0..=text.len()).any(|at| like_by_definition(&text[at..], rest)),
            Some((wanted, rest)) => text.split_first().is_some_and(|(first, text)| {
                (*wanted == '_' || wanted == first) && like_by_definition(text, rest)
            }),
        }
    }

    proptest! {
        #[test]
        fn like_agrees_with_its_definition(text in "[abµ]{0,8}", pattern in "[abµ%_]{0,6}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(
                like(&text, &pattern),
                like_by_definition(&letters(&text), &letters(&pattern))
            );
        }
    }

    #[test]
    fn a_pattern_of_many_percents_is_not_slow() {
        assert!(!like(&"a".repeat(20_000), &"%a".repeat(50).replace("a", "b")));
    }
}
