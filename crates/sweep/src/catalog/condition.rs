//! When a parameter means something, or has another default.

use std::fmt;

use crate::domain::layer_names;
use crate::params::Params;
use crate::value::Value;

/// "Parameter `param` is one of `any_of`", or "is none of them", or another condition. A parameter that
/// means nothing itself fulfils none.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The parameter looked at.
    pub param: &'static str,
    /// Its values that fulfil the condition, or do not, as they print.
    pub any_of: Vec<&'static str>,
    /// Whether those values are the ones that do not.
    pub not: bool,
    /// What fulfils it as well.
    pub or: Option<Box<Condition>>,
}

impl Condition {
    /// "`param` is `value`".
    pub fn is(param: &'static str, value: &'static str) -> Condition {
        Condition::any(param, &[value])
    }

    /// "`param` is one of `any_of`".
    pub fn any(param: &'static str, any_of: &[&'static str]) -> Condition {
        Condition { param, any_of: any_of.to_vec(), not: false, or: None }
    }

    /// "`param` is anything but `value`".
    pub fn is_not(param: &'static str, value: &'static str) -> Condition {
        Condition { not: true, ..Condition::is(param, value) }
    }

    /// The same, fulfilled as well where `other` is.
    pub fn or(self, other: Condition) -> Condition {
        Condition { or: Some(Box::new(other)), ..self }
    }

    /// Whether `params` fulfil it. Of names joined by `+`, one that does is enough.
    pub fn holds(&self, params: &Params) -> bool {
        let named = |value: &Value| match value {
            Value::Text(text) => layer_names(text).any(|name| self.any_of.contains(&name)),
            other => self.any_of.contains(&other.to_string().as_str()),
        };
        let fulfils = |value: &Value| named(value) != self.not;
        params.get(self.param).is_some_and(fulfils)
            || self.or.as_ref().is_some_and(|other| other.holds(params))
    }
}

/// As a phrase: `depth is not 0`, `pretraining is "greedy" or "joint"`.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |name: &&str| match name.parse::<f64>() {
            Ok(_) => (*name).to_owned(),
            Err(_) => format!("\"{name}\""),
        };
        let names: Vec<String> = self.any_of.iter().map(quoted).collect();
        let not = if self.not { "not " } else { "" };
        write!(out, "{} is {not}{}", self.param, names.join(" or "))?;
        self.or.as_ref().map_or(Ok(()), |other| write!(out, ", or {other}"))
    }
}
