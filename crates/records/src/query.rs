//! Queries over the flat view `runs`: which rows, which columns, in which order.

use std::collections::HashSet;

use ablate_sweep::filter::Filter;
use rusqlite::{Connection, params_from_iter};

use crate::columns::{self, Column, Role, quoted};
use crate::error::{RecordsError, Trouble};
use crate::filter::{Condition, EXPERIMENT, column, compile};
use crate::rows::{Cell, Rows};
use crate::store::Store;

impl Store {
    /// The runs that `query` asks for. Superseded runs (the same trial and seed was finished since
    /// on other data or under a later training version) are left out, unless the filter names
    /// `current`. What is missing sorts last, whichever the order; ties keep the order in which the
    /// runs were first begun.
    ///
    /// # Errors
    /// [`RecordsError::UnknownColumn`] and [`RecordsError::Incomparable`], with the place in the
    /// filter's text.
    pub fn query(&self, query: &Query) -> Result<Rows, RecordsError> {
        self.read("query the runs", |snapshot| {
            let known = columns::all(snapshot)?;
            let named = named_in(query, &known)?;
            let condition = condition(query.filter.as_ref(), &known)?;
            let found = select(snapshot, query, &named, &condition)?;
            Ok(match query.columns {
                Columns::Telling => telling(found, query, &known),
                Columns::All | Columns::Named(_) => found,
            })
        })
    }

    /// How many runs [`Store::query`] finds for `filter` without a limit.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub fn count(&self, filter: Option<&Filter>) -> Result<u64, RecordsError> {
        self.read("count the runs", |snapshot| {
            let Condition { sql, values } = condition(filter, &columns::all(snapshot)?)?;
            let count = format!("SELECT count(*) FROM runs WHERE {sql}");
            let found: i64 =
                snapshot.query_row(&count, params_from_iter(values), |row| row.get(0))?;
            Ok(found.unsigned_abs())
        })
    }

    /// The columns that queries, filters and sorting know, and what each holds.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn columns(&self) -> Result<Vec<(String, crate::ColumnType)>, RecordsError> {
        self.read("read the columns", |snapshot| {
            let known = columns::all(snapshot)?;
            Ok(known.into_iter().map(|column| (column.name, column.kind)).collect())
        })
    }
}

/// Which runs, and what of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Which runs; all of them without it. Besides the columns it may ask for
    /// `experiment == 'name'`: the runs that an experiment plans.
    pub filter: Option<Filter>,
    /// What is shown of each.
    pub columns: Columns,
    /// By which columns, the first one first.
    pub sort: Vec<(String, Order)>,
    /// How many rows at most.
    pub limit: Option<usize>,
}

/// Which columns a query shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Columns {
    /// Those that tell the rows found apart: name, state and seed, the parameters that differ, the
    /// first few metrics that any row has, why runs failed, and whatever the filter or the order
    /// names.
    #[default]
    Telling,
    /// All of them.
    All,
    /// These.
    Named(Vec<String>),
}

/// A direction of sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// How many metrics [`Columns::Telling`] shows: as many as fit a terminal beside parameters.
const TELLING_METRICS: usize = 6;

fn named_in(query: &Query, known: &[Column]) -> Result<Vec<String>, RecordsError> {
    match &query.columns {
        Columns::Telling | Columns::All => {
            Ok(known.iter().map(|column| column.name.clone()).collect())
        }
        Columns::Named(names) => {
            names.iter().map(|name| Ok(column(known, name, None)?.name.clone())).collect()
        }
    }
}

fn condition(filter: Option<&Filter>, known: &[Column]) -> Result<Condition, RecordsError> {
    let Some(filter) = filter else {
        return Ok(Condition { sql: "current = 1".to_owned(), values: Vec::new() });
    };
    let Condition { sql, values } = compile(filter, known)?;
    let asks_for_superseded = filter.expr.names().iter().any(|name| name.text == "current");
    let sql = if asks_for_superseded { sql } else { format!("current = 1 AND {sql}") };
    Ok(Condition { sql, values })
}

fn select(
    snapshot: &Connection,
    query: &Query,
    names: &[String],
    condition: &Condition,
) -> Result<Rows, Trouble> {
    let known = columns::all(snapshot)?;
    let mut order = String::new();
    for (name, direction) in &query.sort {
        let name = quoted(&column(&known, name, None)?.name);
        let word = match direction {
            Order::Ascending => "ASC",
            Order::Descending => "DESC",
        };
        order.push_str(&format!("{name} IS NULL, {name} {word}, "));
    }
    // One row more than asked for tells whether there are others.
    let limit = query.limit.map_or(-1, |limit| i64::try_from(limit).map_or(-1, |limit| limit + 1));
    let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let sql = format!(
        "SELECT {} FROM runs WHERE {} ORDER BY {order} number LIMIT {limit}",
        listed.join(", "),
        condition.sql
    );
    let mut statement = snapshot.prepare(&sql)?;
    let mut cursor = statement.query(params_from_iter(&condition.values))?;
    let mut rows = Vec::new();
    while let Some(row) = cursor.next()? {
        let cells = (0..names.len()).map(|index| Ok(Cell::of(row.get_ref(index)?)));
        rows.push(cells.collect::<Result<Vec<_>, rusqlite::Error>>()?);
    }
    let limit = query.limit.unwrap_or(usize::MAX);
    let truncated = rows.len() > limit;
    rows.truncate(limit);
    Ok(Rows { columns: names.to_vec(), rows, truncated })
}

/// Leaves only the columns that tell the rows apart.
fn telling(found: Rows, query: &Query, known: &[Column]) -> Rows {
    let mut asked: HashSet<&str> = query.sort.iter().map(|(name, _)| name.as_str()).collect();
    let filter_names = query.filter.iter().flat_map(|filter| filter.expr.names());
    asked.extend(filter_names.map(|name| name.text.as_str()).filter(|name| *name != EXPERIMENT));
    let mut metrics = 0;
    let mut kept = Vec::new();
    for (index, column) in known.iter().enumerate() {
        let any = || found.rows.iter().any(|row| row[index] != Cell::Null);
        // A parameter that some rows lack tells no more than the one that decides whether they do.
        let differs = || {
            let mut present =
                found.rows.iter().map(|row| &row[index]).filter(|c| **c != Cell::Null);
            let first = present.next();
            present.any(|cell| Some(cell) != first)
        };
        let shown = asked.contains(column.name.as_str())
            || match column.role {
                Role::Fixed => match column.name.as_str() {
                    "id" | "state" | "seed" => true,
                    "failure" => any(),
                    _ => false,
                },
                Role::Param => differs(),
                Role::Score => metrics < TELLING_METRICS && any(),
            };
        if shown {
            metrics += usize::from(column.role == Role::Score);
            kept.push(index);
        }
    }
    Rows {
        columns: kept.iter().map(|index| found.columns[*index].clone()).collect(),
        rows: found
            .rows
            .into_iter()
            .map(|row| kept.iter().map(|index| row[*index].clone()).collect())
            .collect(),
        truncated: found.truncated,
    }
}
