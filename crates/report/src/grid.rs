//! A plain sheet: what a query returns, in the order in which it returned it.

use ablate_sweep::Value;

use crate::number::{exact, rounded};

/// Named columns and rows of fields, each row with one field a column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Field>>,
}

impl Grid {
    /// Whether a column holds numbers, apart from what is absent, and so stands to the right.
    pub(crate) fn is_numeric(&self, column: usize) -> bool {
        let fields = || self.rows.iter().filter_map(|row| row.get(column));
        fields().any(Field::is_number)
            && fields().all(|field| field.is_number() || *field == Field::Null)
    }
}

/// One field of a [`Grid`], with SQLite's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Absent: empty in CSV, `null` in JSON, `-` for people.
    Null,
    /// A whole number.
    Int(i64),
    /// A real number; it may be infinite.
    Real(f64),
    /// Any text, line breaks and control characters included.
    Text(String),
}

impl Field {
    /// A number that may be absent.
    pub(crate) fn real(value: Option<f64>) -> Field {
        value.map_or(Field::Null, Field::Real)
    }

    /// A count that may be absent.
    pub(crate) fn count(value: Option<usize>) -> Field {
        value.map_or(Field::Null, |count| Field::Int(i64::try_from(count).unwrap_or(i64::MAX)))
    }

    /// As people read it: real numbers to six significant digits, text as it is, not yet escaped
    /// for any format.
    pub(crate) fn words(&self) -> String {
        match self {
            Field::Real(real) => exact(rounded(*real)),
            Field::Null | Field::Int(_) | Field::Text(_) => self.exactly(),
        }
    }

    /// As programs read it: real numbers with every bit.
    pub(crate) fn exactly(&self) -> String {
        match self {
            Field::Null => "-".to_owned(),
            Field::Int(whole) => whole.to_string(),
            Field::Real(real) => exact(*real),
            Field::Text(text) => text.clone(),
        }
    }

    fn is_number(&self) -> bool {
        match self {
            Field::Int(_) | Field::Real(_) => true,
            Field::Null | Field::Text(_) => false,
        }
    }
}

impl From<Option<Value>> for Field {
    fn from(value: Option<Value>) -> Field {
        match value {
            None => Field::Null,
            Some(Value::Int(whole)) => Field::Int(whole),
            Some(Value::Float(real)) => Field::Real(real),
            Some(Value::Text(text)) => Field::Text(text),
            Some(other @ (Value::Bool(_) | Value::List(_))) => Field::Text(other.to_string()),
        }
    }
}
