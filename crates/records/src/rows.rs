//! What a query gives back: named columns and rows of plain cells.

use std::cmp::Ordering;

use rusqlite::types::ValueRef;

/// A table of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The rows, each as long as `columns`.
    pub rows: Vec<Vec<Cell>>,
    /// How many there are, those included that a limit left out.
    pub total: Total,
}

impl Rows {
    /// Without the columns in which no row has a value.
    pub(crate) fn filled(mut self) -> Rows {
        let filled: Vec<bool> = (0..self.columns.len())
            .map(|at| self.rows.iter().any(|row| row[at] != Cell::Null))
            .collect();
        // Every row is as long as the columns, so one round of the marks is one row.
        let mut marks = filled.iter().cycle();
        self.columns.retain(|_| marks.next() == Some(&true));
        self.rows.iter_mut().for_each(|row| row.retain(|_| marks.next() == Some(&true)));
        self
    }

    /// Whether there are more rows than the limit let through.
    pub fn truncated(&self) -> bool {
        match self.total {
            Total::Known(total) => total > self.rows.len() as u64,
            Total::More => true,
        }
    }
}

/// How many rows a query has without its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// They were counted.
    Known(u64),
    /// More than were read.
    More,
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
    /// The order of a sorted column: what is missing, numbers by size, texts by letters.
    pub fn order(&self, other: &Cell) -> Ordering {
        let rank = |cell: &Cell| match cell {
            Cell::Null => 0,
            Cell::Int(_) | Cell::Real(_) => 1,
            Cell::Text(_) => 2,
            Cell::Blob(_) => 3,
        };
        match (self, other) {
            (Cell::Int(left), Cell::Int(right)) => left.cmp(right),
            (Cell::Text(left), Cell::Text(right)) => left.cmp(right),
            (Cell::Blob(left), Cell::Blob(right)) => left.cmp(right),
            _ => match (self.number(), other.number()) {
                (Some(left), Some(right)) => left.total_cmp(&right),
                _ => rank(self).cmp(&rank(other)),
            },
        }
    }

    fn number(&self) -> Option<f64> {
        match self {
            Cell::Int(whole) => Some(*whole as f64),
            Cell::Real(real) => Some(*real),
            Cell::Null | Cell::Text(_) | Cell::Blob(_) => None,
        }
    }

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
