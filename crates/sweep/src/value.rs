//! A parameter's value: what a TOML scalar or an inner array becomes once it has been checked.

use std::fmt;

use serde_json::Value as Json;

/// One value of one parameter. Floats are finite: the parser refuses NaN and infinity.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A finite real number.
    Float(f64),
    /// A name, such as a variant's or a dataset's.
    Text(String),
    /// Several whole numbers as one value, such as the widths of the layers.
    List(Vec<i64>),
}

impl Value {
    /// A value as it is typed: a number, true or false, or a name.
    pub fn typed(text: &str) -> Value {
        if let Ok(whole) = text.parse() {
            return Value::Int(whole);
        }
        match text.parse::<f64>() {
            Ok(real) if real.is_finite() => Value::Float(real),
            _ => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                name => Value::Text(name.to_owned()),
            },
        }
    }

    /// The number, if this is one; whole numbers count as real ones.
    pub fn as_float(&self) -> Option<f64> {
        match self {
            Value::Int(whole) => Some(*whole as f64),
            Value::Float(real) => Some(*real),
            Value::Bool(_) | Value::Text(_) | Value::List(_) => None,
        }
    }

    /// The name, if this is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::List(_) => None,
        }
    }

    /// The value as JSON; floats keep every bit.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Bool(flag) => Json::from(*flag),
            Value::Int(whole) => Json::from(*whole),
            Value::Float(real) => Json::from(*real),
            Value::Text(text) => Json::from(text.as_str()),
            Value::List(items) => Json::from(items.as_slice()),
        }
    }

    /// The value that [`Value::to_json`] wrote, or `None` for JSON that no value writes.
    pub fn from_json(json: &Json) -> Option<Value> {
        match json {
            Json::Bool(flag) => Some(Value::Bool(*flag)),
            Json::Number(number) => match number.as_i64() {
                Some(whole) => Some(Value::Int(whole)),
                None => number.as_f64().map(Value::Float),
            },
            Json::String(text) => Some(Value::Text(text.clone())),
            Json::Array(items) => {
                items.iter().map(Json::as_i64).collect::<Option<_>>().map(Value::List)
            }
            Json::Null | Json::Object(_) => None,
        }
    }

    /// The order that tables and axes use: numbers by size, names by letters, kinds kept apart.
    pub fn order(&self, other: &Value) -> std::cmp::Ordering {
        match (self.as_float(), other.as_float()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => (self.kind_rank(), self.to_string()).cmp(&(other.kind_rank(), other.to_string())),
        }
    }

    fn kind_rank(&self) -> u8 {
        match self {
            Value::Bool(_) => 0,
            Value::Int(_) | Value::Float(_) => 1,
            Value::Text(_) => 2,
            Value::List(_) => 3,
        }
    }
}

/// As a person writes it in an experiment file, names without quotes. Two different values of one
/// parameter never print alike: floats print the shortest text that reads back to the same bits.
impl fmt::Display for Value {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(flag) => write!(out, "{flag}"),
            Value::Int(whole) => write!(out, "{whole}"),
            Value::Float(real) => {
                let plain = real.to_string();
                if plain.len() <= 12 { out.write_str(&plain) } else { write!(out, "{real:e}") }
            }
            Value::Text(text) => out.write_str(text),
            Value::List(items) => {
                let items: Vec<String> = items.iter().map(i64::to_string).collect();
                write!(out, "[{}]", items.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_survives_json() {
        let values = [
            Value::Bool(true),
            Value::Int(-3),
            Value::Float(0.1 + 0.2),
            Value::Float(1.0),
            Value::Text("salt-and-pepper".into()),
            Value::List(vec![500, 250]),
        ];
        for value in values {
            let text = value.to_json().to_string();
            let back = Value::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back, value, "through {text}");
        }
    }

    #[test]
    fn a_float_prints_short_and_reads_back_to_the_same_bits() {
        for real in [0.1, 1.0, 1e-7, 0.1 + 0.2, 1e300, f64::MIN_POSITIVE] {
            let text = Value::Float(real).to_string();
            assert_eq!(text.parse::<f64>().unwrap().to_bits(), real.to_bits(), "{text}");
        }
    }
}
