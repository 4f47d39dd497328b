//! The resolved parameters of a trial: every parameter that means something for it, each with a
//! checked value, sorted by name.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::value::Value;

/// Names to values, sorted by name, so that neither the order of keys in the file nor that of the
/// axes can show.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(BTreeMap<String, Value>);

impl Params {
    /// The value of `name`, or `None` where the parameter means nothing for this trial.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Sets `name` to `value`.
    pub fn set(&mut self, name: impl Into<String>, value: Value) {
        self.0.insert(name.into(), value);
    }

    /// Takes `name` out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.remove(name)
    }

    /// The number `name`; a whole number counts as a real one.
    pub fn float(&self, name: &str) -> Option<f64> {
        self.get(name).and_then(Value::as_float)
    }

    /// The whole number `name`, where it is one and not negative.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.get(name) {
            Some(Value::Int(whole)) => usize::try_from(*whole).ok(),
            _ => None,
        }
    }

    /// The text `name`.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(Value::as_text)
    }

    /// The switch `name`.
    pub fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name) {
            Some(Value::Bool(flag)) => Some(*flag),
            _ => None,
        }
    }

    /// Names and values, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// How many parameters there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One JSON object, keys sorted, floats to the bit: what the store keeps.
    pub fn to_json(&self) -> Json {
        Json::Object(
            self.iter()
                .map(|(name, value)| (name.to_owned(), value.to_json()))
                .collect::<Map<_, _>>(),
        )
    }

    /// The parameters that [`Params::to_json`] wrote, or `None` for any other JSON.
    pub fn from_json(json: &Json) -> Option<Params> {
        json.as_object()?
            .iter()
            .map(|(name, value)| Some((name.clone(), Value::from_json(value)?)))
            .collect::<Option<BTreeMap<_, _>>>()
            .map(Params)
    }
}

impl FromIterator<(String, Value)> for Params {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(pairs: I) -> Self {
        Params(pairs.into_iter().collect())
    }
}
