//! A plain sheet: what a query returns, in the order in which it returned it.

use std::cmp::Ordering;

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
    /// Sorts the rows by the columns of these names, the first one first: the smallest value on top, or
    /// the largest where `-` stands before the name. What is missing stays last, and equal rows stay
    /// as they were.
    ///
    /// # Errors
    /// A name that no column has, in words.
    pub fn sort(&mut self, names: &[String]) -> Result<(), String> {
        let mut places = Vec::new();
        for name in names {
            let (bare, falls) = match name.strip_prefix('-') {
                Some(bare) => (bare, true),
                None => (name.as_str(), false),
            };
            let place = self.columns.iter().position(|column| column == bare);
            let known =
                || format!("no column {bare} to sort by: there is {}", self.columns.join(", "));
            places.push((place.ok_or_else(known)?, falls));
        }
        self.rows.sort_by(|left, right| {
            let orders = places.iter().map(|&(place, falls)| {
                let (left, right) = (&left[place], &right[place]);
                let order = left.order(right);
                let absent = *left == Field::Null || *right == Field::Null;
                if falls && !absent { order.reverse() } else { order }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
        Ok(())
    }

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
    pub fn words(&self) -> String {
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

    /// Numbers by size, then texts by letters, then what is missing.
    fn order(&self, other: &Field) -> Ordering {
        let number = |field: &Field| match field {
            Field::Int(whole) => Some(*whole as f64),
            Field::Real(real) => Some(*real),
            Field::Null | Field::Text(_) => None,
        };
        let rank = |field: &Field| match field {
            Field::Int(_) | Field::Real(_) => 0,
            Field::Text(_) => 1,
            Field::Null => 2,
        };
        match (self, other) {
            (Field::Text(left), Field::Text(right)) => left.cmp(right),
            _ => match (number(self), number(other)) {
                (Some(left), Some(right)) => left.total_cmp(&right),
                _ => rank(self).cmp(&rank(other)),
            },
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
