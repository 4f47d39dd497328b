//! Queries over the flat view `runs`: which rows, which columns, in which order.

use std::collections::HashSet;

use ablate_sweep::filter::Filter;
use rusqlite::{Connection, params_from_iter};

use crate::columns::{self, Column, Role, quoted};
use crate::error::{RecordsError, Trouble};
use crate::filter::{Condition, Membership, column, compile};
use crate::rows::{Cell, Rows, Total};
use crate::store::Store;

impl Store {
    /// The runs that `query` asks for. Superseded runs (the same trial and seed was finished since
    /// on other data or under a later training version) are left out, unless the filter names
    /// `current`; so are archived ones, unless it names `archived` or `query` opens the archive. What
    /// is missing sorts last, whichever the order; ties keep the order in which the runs were first
    /// begun.
    ///
    /// # Errors
    /// [`RecordsError::UnknownColumn`] and [`RecordsError::Incomparable`], with the place in the
    /// filter's text.
    pub fn query(&self, query: &Query) -> Result<Rows, RecordsError> {
        self.read("query the runs", |snapshot| {
            let known = columns::all(snapshot)?;
            let named = named_in(query, &known)?;
            let condition = condition(query, &known, snapshot)?;
            let found = select(snapshot, query, &known, &named, &condition)?;
            Ok(match query.columns {
                Columns::Telling => telling(found, query, &known),
                Columns::Filled => found.filled(),
                Columns::All | Columns::Named(_) => found,
            })
        })
    }

    /// How many runs [`Store::query`] finds for `query` without its limit.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub fn count(&self, query: &Query) -> Result<u64, RecordsError> {
        self.read("count the runs", |snapshot| {
            count(snapshot, &condition(query, &columns::all(snapshot)?, snapshot)?)
        })
    }

    /// The columns that [`Columns::Telling`] means for all runs that `query` finds, whatever its limit
    /// and offset, so that one page of them has the columns of every other. Of more runs than are to be
    /// counted, only so many are looked at.
    ///
    /// # Errors
    /// As [`Store::query`].
    pub fn telling(&self, query: &Query) -> Result<Vec<String>, RecordsError> {
        self.read("look at the columns", |snapshot| {
            let known = columns::all(snapshot)?;
            let condition = condition(query, &known, snapshot)?;
            telling_of_all(snapshot, query, &known, &condition)
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
    /// `experiment == 'name'`, the runs that an experiment plans, and `tag == 'name'`.
    pub filter: Option<Filter>,
    /// Whether archived runs are among them.
    pub archive: Archive,
    /// What is shown of each.
    pub columns: Columns,
    /// By which columns, the first one first.
    pub sort: Vec<(String, Order)>,
    /// How many rows at most.
    pub limit: Option<usize>,
    /// How many rows before them are passed over, if there is a limit.
    pub offset: usize,
    /// With a limit, how far all runs are counted: behind so many it is enough to know that there are
    /// more. To count a million takes longer than to show some of them.
    pub count_to: Option<u64>,
    /// Into how many groups runs may fall, where they are grouped: each takes memory.
    pub most_groups: Option<usize>,
}

/// Whether archived runs are looked at as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archive {
    /// They are out of sight.
    #[default]
    Closed,
    /// They are looked at like the others.
    Open,
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
    /// Those in which any row found has a value.
    Filled,
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
        Columns::Telling | Columns::All | Columns::Filled => {
            Ok(known.iter().map(|column| column.name.clone()).collect())
        }
        Columns::Named(names) => {
            names.iter().map(|name| Ok(column(known, name, None)?.name.clone())).collect()
        }
    }
}

/// The condition that `query` comes to, with what it leaves out without saying so.
pub(crate) fn condition(
    query: &Query,
    known: &[Column],
    snapshot: &Connection,
) -> Result<Condition, Trouble> {
    let mut condition = match &query.filter {
        Some(filter) => compile(filter, known, snapshot)?,
        None => Condition { sql: "1".to_owned(), values: Vec::new() },
    };
    let names = query.filter.iter().flat_map(|filter| filter.expr.names());
    let names: HashSet<&str> = names.map(|name| name.text.as_str()).collect();
    if !names.contains("archived") && query.archive == Archive::Closed {
        // Archived runs are few and have an index of their own: the others need not be read to be
        // told from them.
        let archived = "number IN (SELECT key FROM run WHERE archived = 1)";
        condition.sql = format!("NOT {archived} AND {}", condition.sql);
    }
    if !names.contains("current") {
        condition.sql = format!("current = 1 AND {}", condition.sql);
    }
    Ok(condition)
}

fn count(snapshot: &Connection, condition: &Condition) -> Result<u64, Trouble> {
    let count = format!("SELECT count(*) FROM runs WHERE {}", condition.sql);
    let values = params_from_iter(&condition.values);
    Ok(snapshot.query_row(&count, values, |row| row.get::<_, i64>(0))?.unsigned_abs())
}

fn select(
    snapshot: &Connection,
    query: &Query,
    known: &[Column],
    names: &[String],
    condition: &Condition,
) -> Result<Rows, Trouble> {
    let mut statement = snapshot.prepare(&statement(query, known, names, condition)?)?;
    let mut cursor = statement.query(params_from_iter(&condition.values))?;
    let (mut rows, mut counted) = (Vec::new(), None);
    while let Some(row) = cursor.next()? {
        let cells = (0..names.len()).map(|index| Ok(Cell::of(row.get_ref(index)?)));
        rows.push(cells.collect::<Result<Vec<_>, rusqlite::Error>>()?);
        if counts_beside(query) && counted.is_none() {
            counted = Some(row.get::<_, i64>(names.len())?.unsigned_abs());
        }
    }
    let total = match (query.limit, query.count_to, counted) {
        (Some(_), Some(most), _) => counted_to(snapshot, condition, most)?,
        (_, _, Some(counted)) => Total::Known(counted),
        (Some(0), None, None) => Total::Known(count(snapshot, condition)?),
        (_, _, None) => Total::Known(rows.len() as u64),
    };
    Ok(Rows { columns: names.to_vec(), rows, total })
}

/// Whether all runs are counted while they are sorted, as a column more.
fn counts_beside(query: &Query) -> bool {
    query.limit.is_some() && query.count_to.is_none()
}

/// How many runs there are, if they are no more than `most`.
fn counted_to(snapshot: &Connection, condition: &Condition, most: u64) -> Result<Total, Trouble> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
    let count =
        format!("SELECT count(*) FROM (SELECT 1 FROM runs WHERE {} LIMIT {limit})", condition.sql);
    let values = params_from_iter(&condition.values);
    let counted = snapshot.query_row(&count, values, |row| row.get::<_, i64>(0))?.unsigned_abs();
    Ok(if counted > most { Total::More } else { Total::Known(counted) })
}

/// The statement that selects the columns `names` of what `query` asks for. With a limit, runs are
/// sorted by their numbers alone, and only the first few are read whole; unless they are counted apart,
/// a column more says how many there are without the limit.
fn statement(
    query: &Query,
    known: &[Column],
    names: &[String],
    condition: &Condition,
) -> Result<String, RecordsError> {
    let mut order = String::from("ORDER BY ");
    for (name, direction) in &query.sort {
        let name = quoted(&column(known, name, None)?.name);
        let word = match direction {
            Order::Ascending => "ASC",
            Order::Descending => "DESC",
        };
        order.push_str(&format!("{name} IS NULL, {name} {word}, "));
    }
    order.push_str("number");
    let listed: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let (listed, condition) = (listed.join(", "), &condition.sql);
    let Some(limit) = query.limit else {
        return Ok(format!("SELECT {listed} FROM runs WHERE {condition} {order}"));
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
    let (total, all) =
        if counts_beside(query) { (", total", ", count(*) OVER ()") } else { ("", "") };
    Ok(format!(
        "WITH found (found{total}) AS MATERIALIZED
             (SELECT number{all} FROM runs WHERE {condition} {order} LIMIT {limit} OFFSET {offset})
         SELECT {listed}{total} FROM found CROSS JOIN runs ON number = found {order}"
    ))
}

/// The columns that the filter or the order names.
fn asked(query: &Query) -> HashSet<&str> {
    let mut asked: HashSet<&str> = query.sort.iter().map(|(name, _)| name.as_str()).collect();
    let filter_names = query.filter.iter().flat_map(|filter| filter.expr.names());
    let filter_names = filter_names.filter(|name| name.reading.is_none());
    asked.extend(filter_names.filter_map(|name| match Membership::named(name) {
        Some(membership) => membership.shown_as(),
        None => Some(name.text.as_str()),
    }));
    asked
}

/// The columns that every run has, of those that tell runs apart.
const SHOWN_ALWAYS: [&str; 3] = ["id", "state", "seed"];
/// Those of them that are shown where any run has a value.
const SHOWN_IF_SAID: [&str; 3] = ["failure", "tags", "note"];

/// What [`Columns::Telling`] comes to over all rows that `query` finds, whatever its limit: each
/// column is looked at by an aggregate, so that no row is kept in memory, and of the metrics no more than
/// it takes to find those that are shown.
fn telling_of_all(
    snapshot: &Connection,
    query: &Query,
    known: &[Column],
    condition: &Condition,
) -> Result<Vec<String>, Trouble> {
    let limit = match query.count_to {
        Some(most) => format!(" LIMIT {}", i64::try_from(most).unwrap_or(i64::MAX)),
        None => String::new(),
    };
    let found = format!("(SELECT * FROM runs WHERE {}{limit})", condition.sql);
    // What a row has to say of itself is not looked at where it is shown or left out anyway.
    let said = |column: &Column| {
        let name = quoted(&column.name);
        match column.role {
            Role::Param => format!("min({name}) IS NOT max({name})"),
            Role::Fixed if SHOWN_IF_SAID.contains(&column.name.as_str()) => {
                format!("max({name}) IS NOT NULL")
            }
            Role::Fixed => SHOWN_ALWAYS.contains(&column.name.as_str()).to_string(),
            Role::Score(_) => "false".to_owned(),
        }
    };
    let said: Vec<String> = known.iter().map(said).collect();
    let sql = format!("SELECT {} FROM {found}", said.join(", "));
    let flags = snapshot.query_row(&sql, params_from_iter(&condition.values), |row| {
        (0..known.len()).map(|index| row.get::<_, bool>(index)).collect::<Result<Vec<_>, _>>()
    })?;
    let measured = |name: &str| {
        let sql =
            format!("SELECT EXISTS (SELECT 1 FROM {found} WHERE {} IS NOT NULL)", quoted(name));
        snapshot.query_row(&sql, params_from_iter(&condition.values), |row| row.get::<_, bool>(0))
    };
    let asked = asked(query);
    let mut metrics = 0;
    let mut names = Vec::new();
    for (column, says) in known.iter().zip(flags) {
        let score = matches!(column.role, Role::Score(_));
        let shown = asked.contains(column.name.as_str())
            || says
            || (score && metrics < TELLING_METRICS && measured(&column.name)?);
        if shown {
            metrics += usize::from(score);
            names.push(column.name.clone());
        }
    }
    Ok(names)
}

/// Leaves only the columns that tell the rows apart.
fn telling(found: Rows, query: &Query, known: &[Column]) -> Rows {
    let asked = asked(query);
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
                Role::Fixed => {
                    let name = column.name.as_str();
                    SHOWN_ALWAYS.contains(&name) || (SHOWN_IF_SAID.contains(&name) && any())
                }
                Role::Param => differs(),
                Role::Score(_) => metrics < TELLING_METRICS && any(),
            };
        if shown {
            metrics += usize::from(matches!(column.role, Role::Score(_)));
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
        total: found.total,
    }
}

#[cfg(test)]
mod tests {
    use ablate_sweep::{Catalog, Direction, Domain, Metric, Param, Split, Value};

    use super::*;
    use crate::file::Durability;

    fn catalog() -> Catalog {
        let whole = Domain::Int { min: 0, max: 9, word: None };
        let metric = |name: &str| Metric {
            name: name.into(),
            unit: "fraction",
            direction: Direction::Lower,
            split: Split::Test,
            summary: String::new(),
        };
        Catalog {
            params: vec![Param::new("depth", whole, Value::Int(1), "layers")],
            variants: Vec::new(),
            rules: Vec::new(),
            relative: vec![],
            probes: Vec::new(),
            metrics: vec![metric("test_error"), metric("valid_error")],
        }
    }

    /// What SQLite says it does for a filter, a line a step.
    fn plan(store: &Store, filter: &str) -> Vec<String> {
        let filter = Some(Filter::parse(filter).unwrap());
        let sort = vec![("test_error".to_owned(), Order::Ascending)];
        let query = Query { filter, sort, limit: Some(20), ..Query::default() };
        let steps = store.read("explain a query", |snapshot| {
            let known = columns::all(snapshot)?;
            let condition = condition(&query, &known, snapshot)?;
            let names = ["id".to_owned(), "depth".to_owned(), "test_error".to_owned()];
            let sql =
                format!("EXPLAIN QUERY PLAN {}", statement(&query, &known, &names, &condition)?);
            let mut statement = snapshot.prepare(&sql)?;
            let steps =
                statement.query_map(params_from_iter(&condition.values), |row| row.get(3))?;
            Ok(steps.collect::<Result<Vec<String>, _>>()?)
        });
        steps.unwrap()
    }

    #[test]
    fn the_usual_queries_use_indexes() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path().join("store.db"), Durability::Normal).unwrap();
        store.declare(&catalog()).unwrap();
        for (filter, index) in [
            ("id == '0123456789abcdef'", "SEARCH r USING INDEX sqlite_autoindex_run_1 (id=?)"),
            ("state == 'failed'", "SEARCH r USING INDEX run_state (state=?)"),
            ("trial == '0123456789abcdef'", "SEARCH r USING INDEX run_current (trial=?)"),
            ("experiment == 'first-look'", "SEARCH m USING PRIMARY KEY (experiment=?)"),
            ("experiment == 'first-look'", "SEARCH r USING INDEX sqlite_autoindex_run_1 (id=?)"),
            ("tag == 'good'", "USING COVERING INDEX tag_name (name=?)"),
            ("tag == 'good'", "SEARCH r USING INTEGER PRIMARY KEY (rowid=?)"),
            ("depth == 3 and test_error < 0.1", "SEARCH p USING INTEGER PRIMARY KEY (rowid=?)"),
            ("depth == 3 and test_error < 0.1", "SEARCH m USING INTEGER PRIMARY KEY (rowid=?)"),
            ("depth == 3", "SCAN run USING COVERING INDEX run_archived"),
        ] {
            let plan = plan(&store, filter);
            assert!(plan.iter().any(|step| step.contains(index)), "{filter}: {plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("AUTOMATIC")), "{filter}: {plan:#?}");
        }
    }
}
