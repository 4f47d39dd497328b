//! What a query gives back: named columns and rows of plain cells.

use rusqlite::types::ValueRef;

/// A table of cells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there were more rows than the limit let through.
    pub truncated: bool,
}

/// One value, as SQLite holds it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Nothing is known, or it means nothing here.
    Null,
    /// A whole number; flags are 0 and 1.
    Int(i64),
    /// A real number.
    Real(f64),
    /// Text.
    Text(String),
    /// Raw bytes, of which only the number is given.
    Blob(usize),
}

impl Cell {
    /// The cell that holds what SQLite gave; text that is not UTF-8 gets replacement characters.
    pub(crate) fn of(value: ValueRef<'_>) -> Cell {
        match value {
            ValueRef::Null => Cell::Null,
            ValueRef::Integer(whole) => Cell::Int(whole),
            ValueRef::Real(real) => Cell::Real(real),
            ValueRef::Text(bytes) => Cell::Text(String::from_utf8_lossy(bytes).into_owned()),
            ValueRef::Blob(bytes) => Cell::Blob(bytes.len()),
        }
    }
}
