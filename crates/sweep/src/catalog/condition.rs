//! When a parameter means something, or has another default.

use std::fmt;

use crate::domain::layer_names;
use crate::params::Params;
use crate::value::Value;

/// "Parameter `param` is one of `any_of`", or another condition. A parameter that means nothing itself
/// fulfils none.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The parameter looked at.
    pub param: &'static str,
    /// Its values that fulfil the condition, as they print.
    pub any_of: Vec<&'static str>,
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
        Condition { param, any_of: any_of.to_vec(), or: None }
    }

    /// The same, fulfilled as well where `other` is.
    pub fn or(self, other: Condition) -> Condition {
        Condition { or: Some(Box::new(other)), ..self }
    }

    /// Whether `params` fulfil it. Of names joined by `+`, one that does is enough.
    pub fn holds(&self, params: &Params) -> bool {
        let fulfils = |value: &Value| match value {
            Value::Text(text) => layer_names(text).any(|name| self.any_of.contains(&name)),
            other => self.any_of.contains(&other.to_string().as_str()),
        };
        params.get(self.param).is_some_and(fulfils)
            || self.or.as_ref().is_some_and(|other| other.holds(params))
    }
}

/// As a phrase: `pretraining is "greedy" or "joint"`.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.any_of.iter().map(|name| format!("\"{name}\"")).collect();
        write!(out, "{} is {}", self.param, names.join(" or "))?;
        self.or.as_ref().map_or(Ok(()), |other| write!(out, ", or {other}"))
    }
}
