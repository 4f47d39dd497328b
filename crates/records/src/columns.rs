//! The columns of the view `runs`: a few that every store has, one a declared parameter, one a
//! declared metric; and the type of each.

use ablate_sweep::{Direction, Domain};
use rusqlite::Connection;

use crate::declaration::Declared;
use crate::error::Trouble;
use crate::views;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Whole numbers.
    Integer,
    /// Real numbers.
    Real,
    /// Text.
    Text,
    /// A moment: UTC, ISO 8601 with milliseconds, so that its text sorts as it does.
    Time,
    /// 0 or 1.
    Flag,
    /// Numbers or text, row by row.
    Any,
}

impl ColumnType {
    const ALL: [ColumnType; 6] = [
        ColumnType::Integer,
        ColumnType::Real,
        ColumnType::Text,
        ColumnType::Time,
        ColumnType::Flag,
        ColumnType::Any,
    ];

    /// Its word in the table `parameter`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            ColumnType::Integer => "integer",
            ColumnType::Real => "real",
            ColumnType::Text => "text",
            ColumnType::Time => "time",
            ColumnType::Flag => "flag",
            ColumnType::Any => "any",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<ColumnType> {
        ColumnType::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// Its type in a STRICT table.
    pub(crate) fn sql(self) -> &'static str {
        match self {
            ColumnType::Integer | ColumnType::Flag => "INTEGER",
            ColumnType::Real => "REAL",
            ColumnType::Text | ColumnType::Time => "TEXT",
            ColumnType::Any => "ANY",
        }
    }

    pub(crate) fn of(domain: &Domain) -> ColumnType {
        match domain {
            Domain::Bool => ColumnType::Flag,
            Domain::Int { word: None, .. } => ColumnType::Integer,
            Domain::Int { word: Some(_), .. } | Domain::Widths { .. } => ColumnType::Any,
            Domain::Float { .. } => ColumnType::Real,
            Domain::Choice(_) | Domain::ChoiceOrPath { .. } | Domain::LayerChoice(_) => {
                ColumnType::Text
            }
        }
    }

    /// The narrowest type that holds whatever either holds.
    pub(crate) fn join(self, other: ColumnType) -> ColumnType {
        match (self, other) {
            (left, right) if left == right => left,
            (ColumnType::Integer, ColumnType::Real) | (ColumnType::Real, ColumnType::Integer) => {
                ColumnType::Real
            }
            _ => ColumnType::Any,
        }
    }
}

/// Where a column comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Every store has it.
    Fixed,
    /// A parameter.
    Param,
    /// A metric, and which way is better.
    Score(Direction),
}

/// One column of the view `runs`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    pub(crate) role: Role,
}

/// Every column of the view `runs`, in its order.
pub(crate) fn all(connection: &Connection) -> Result<Vec<Column>, Trouble> {
    let declared = Declared::in_store(connection)?;
    let fixed = |list: &[views::FixedColumn]| {
        list.iter()
            .map(|column| Column {
                name: column.name.to_owned(),
                kind: column.kind,
                role: Role::Fixed,
            })
            .collect::<Vec<_>>()
    };
    let mut columns = fixed(views::FIRST);
    columns.extend(declared.params.into_iter().map(|param| Column {
        name: param.name,
        kind: param.kind,
        role: Role::Param,
    }));
    columns.extend(declared.metrics.into_iter().map(|metric| Column {
        kind: ColumnType::Real,
        role: Role::Score(metric.direction()),
        name: metric.name,
    }));
    columns.extend(fixed(views::LAST));
    Ok(columns)
}

/// The names of every declared metric, in the order of declaration.
pub(crate) fn metric_names(connection: &Connection) -> Result<Vec<String>, Trouble> {
    let mut statement = connection.prepare_cached("SELECT name FROM metric ORDER BY position")?;
    let names = statement.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// `name` as an SQL identifier, whatever is in it.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
