//! What a parameter may be: the values it takes, how a value is brought into the form that is
//! stored, and the phrase that says so to a person.

use std::fmt;
use std::ops::Bound;
use std::str::Split;

use crate::names::nearest;
use crate::value::Value;

/// The names in `text`: one for all layers, or several joined by `+`, one a layer, the lowest first.
pub fn layer_names(text: &str) -> Split<'_, char> {
    text.split('+')
}

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// `true` or `false`.
    Bool,
    /// A whole number from `min` to `max`, or the one word that stands outside the numbers
    /// (`"all"`, `"never"`).
    Int {
        /// The smallest number allowed.
        min: i64,
        /// The largest number allowed.
        max: i64,
        /// A word allowed instead of a number.
        word: Option<&'static str>,
    },
    /// A real number between two bounds.
    Float {
        /// The lower bound.
        min: Bound<f64>,
        /// The upper bound.
        max: Bound<f64>,
    },
    /// One of these names.
    Choice(Vec<&'static str>),
    /// One of these names, or a path, which has a `/` or ends in one of `endings`.
    ChoiceOrPath {
        /// The names.
        names: Vec<&'static str>,
        /// What a path without a `/` ends in.
        endings: &'static [&'static str],
    },
    /// One of these names, or several of them joined by `+`, one a layer.
    LayerChoice(Vec<&'static str>),
    /// A whole number from `min` to `max`, or a list of them, one a layer.
    Widths {
        /// The smallest number allowed.
        min: i64,
        /// The largest number allowed.
        max: i64,
    },
}

impl Domain {
    /// `value` as this domain stores it: a whole number given for a real one becomes real.
    /// The error says what would be valid.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        let accepted = match (self, value) {
            (Domain::Bool, Value::Bool(_)) => Some(value.clone()),
            (Domain::Int { min, max, .. }, Value::Int(whole)) => {
                (min..=max).contains(&whole).then(|| value.clone())
            }
            (Domain::Int { word: Some(word), .. }, Value::Text(text)) => {
                (text == word).then(|| value.clone())
            }
            (Domain::Float { min, max }, Value::Int(_) | Value::Float(_)) => {
                let real = value.as_float().filter(|real| real.is_finite());
                real.filter(|real| within(*real, *min, *max)).map(|real| Value::Float(real + 0.0))
            }
            (Domain::Choice(names), Value::Text(text)) => {
                names.contains(&text.as_str()).then(|| value.clone())
            }
            (Domain::ChoiceOrPath { names, endings }, Value::Text(text)) => {
                let path = text.contains('/') || endings.iter().any(|end| text.ends_with(end));
                (path || names.contains(&text.as_str())).then(|| value.clone())
            }
            (Domain::LayerChoice(names), Value::Text(text)) => {
                layer_names(text).all(|name| names.contains(&name)).then(|| value.clone())
            }
            (Domain::Widths { min, max }, Value::Int(whole)) => {
                (min..=max).contains(&whole).then(|| value.clone())
            }
            (Domain::Widths { min, max }, Value::List(items)) => (!items.is_empty()
                && items.iter().all(|whole| (min..=max).contains(&whole)))
            .then(|| value.clone()),
            _ => None,
        };
        accepted.ok_or_else(|| self.to_string())
    }

    /// The names that it takes.
    pub fn names(&self) -> &[&'static str] {
        match self {
            Domain::Choice(names)
            | Domain::ChoiceOrPath { names, .. }
            | Domain::LayerChoice(names) => names,
            Domain::Bool | Domain::Int { .. } | Domain::Float { .. } | Domain::Widths { .. } => &[],
        }
    }

    /// The text that `wrong` was probably meant to be.
    pub(crate) fn nearest(&self, wrong: &Value) -> Option<String> {
        let meant = |name| nearest(name, self.names().iter().copied());
        match (self, wrong.as_text()?) {
            (Domain::LayerChoice(_), joined) => {
                let names: Option<Vec<&str>> = layer_names(joined).map(meant).collect();
                names.map(|names| names.join("+"))
            }
            (_, name) => meant(name).map(str::to_owned),
        }
    }
}

fn within(real: f64, min: Bound<f64>, max: Bound<f64>) -> bool {
    let above = match min {
        Bound::Included(low) => real >= low,
        Bound::Excluded(low) => real > low,
        Bound::Unbounded => true,
    };
    let below = match max {
        Bound::Included(high) => real <= high,
        Bound::Excluded(high) => real < high,
        Bound::Unbounded => true,
    };
    above && below
}

/// What would be valid, as a phrase: `a number in (0, 1]`, `one of "sgd", "adam"`.
impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Bool => write!(out, "true or false"),
            Domain::Int { min, max, word } => {
                if *max == i64::MAX {
                    write!(out, "a whole number of at least {min}")?;
                } else {
                    write!(out, "a whole number from {min} to {max}")?;
                }
                word.map_or(Ok(()), |word| write!(out, " or \"{word}\""))
            }
            Domain::Float { min, max } => match (min, max) {
                (Bound::Unbounded, Bound::Unbounded) => write!(out, "a number"),
                (Bound::Included(low), Bound::Unbounded) => {
                    write!(out, "a number of at least {low}")
                }
                (Bound::Excluded(low), Bound::Unbounded) => write!(out, "a number above {low}"),
                _ => write!(out, "a number in {}, {}", lower(*min), upper(*max)),
            },
            Domain::Choice(names) => write!(out, "one of {}", quoted(names)),
            Domain::ChoiceOrPath { names, endings } => {
                let (names, endings) = (quoted(names), endings.join(" or "));
                write!(out, "one of {names}, or a path (with a /, or ending in {endings})")
            }
            Domain::LayerChoice(names) => {
                write!(out, "one of {}, or several joined by \"+\", one a layer", quoted(names))
            }
            Domain::Widths { min, max } => {
                write!(out, "a whole number from {min} to {max}, or a list of them, one a layer")
            }
        }
    }
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    names.join(", ")
}

fn lower(bound: Bound<f64>) -> String {
    match bound {
        Bound::Included(low) => format!("[{low}"),
        Bound::Excluded(low) => format!("({low}"),
        Bound::Unbounded => "(-inf".to_owned(),
    }
}

fn upper(bound: Bound<f64>) -> String {
    match bound {
        Bound::Included(high) => format!("{high}]"),
        Bound::Excluded(high) => format!("{high})"),
        Bound::Unbounded => "inf)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_says_what_is_valid() {
        let float = |min, max| Domain::Float { min, max }.to_string();
        assert_eq!(float(Bound::Excluded(0.0), Bound::Included(1.0)), "a number in (0, 1]");
        assert_eq!(float(Bound::Unbounded, Bound::Excluded(2.0)), "a number in (-inf, 2)");
        assert_eq!(float(Bound::Excluded(0.0), Bound::Unbounded), "a number above 0");
        let patience = Domain::Int { min: 1, max: i64::MAX, word: Some("never") };
        assert_eq!(patience.to_string(), "a whole number of at least 1 or \"never\"");
        assert_eq!(Domain::Choice(vec!["sgd", "adam"]).to_string(), "one of \"sgd\", \"adam\"");
    }

    #[test]
    fn a_name_or_a_path_is_taken_and_a_name_that_is_neither_is_not() {
        let domain = Domain::ChoiceOrPath { names: vec!["digits"], endings: &[".npz", ".npy"] };
        for path in ["digits", "letters.npz", "letters-images.npy", "./letters", "../a b/c"] {
            assert!(domain.check(&Value::Text(path.into())).is_ok(), "{path}");
        }
        for wrong in ["digit", "letters", "letters.csv", ""] {
            assert_eq!(
                domain.check(&Value::Text(wrong.into())).unwrap_err(),
                "one of \"digits\", or a path (with a /, or ending in .npz or .npy)"
            );
        }
    }

    #[test]
    fn a_domain_takes_its_bounds_and_its_word_and_nothing_of_another_kind() {
        let share = Domain::Float { min: Bound::Excluded(0.0), max: Bound::Included(1.0) };
        assert_eq!(share.check(&Value::Int(1)), Ok(Value::Float(1.0)));
        let patience = Domain::Int { min: 1, max: 9, word: Some("never") };
        assert!(patience.check(&Value::Text("never".into())).is_ok());
        let widths = Domain::Widths { min: 1, max: 9 };
        assert!(widths.check(&Value::List(vec![9, 1])).is_ok());
        for (domain, value) in [
            (&share, Value::Float(0.0)),
            (&share, Value::Float(f64::NAN)),
            (&share, Value::Float(1.0 + f64::EPSILON)),
            (&share, Value::Text("1".into())),
            (&patience, Value::Int(10)),
            (&patience, Value::Float(1.0)),
            (&patience, Value::Text("ever".into())),
            (&widths, Value::List(vec![])),
            (&widths, Value::List(vec![1, 0])),
            (&Domain::Bool, Value::Int(1)),
        ] {
            assert_eq!(domain.check(&value), Err(domain.to_string()), "{value}");
        }
    }
}
