//! Runs in groups, for statistics over their seeds: which values of a metric each group has.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::types::ValueRef;
use rusqlite::{Row, params_from_iter};

use crate::columns::{self, Column, ColumnType, quoted};
use crate::error::{RecordsError, Trouble};
use crate::filter::column;
use crate::query::{Query, condition};
use crate::rows::Cell;
use crate::store::Store;

impl Store {
    /// The runs that `query` finds, in groups that are equal in the columns `by`: for each group, what
    /// its runs have of the columns `metrics`. Numbers stand by size, texts by letters, what is
    /// missing first. Columns, order and limit of `query` are not looked at.
    ///
    /// # Errors
    /// As [`Store::query`]; [`RecordsError::Incomparable`] for a metric that is not a number;
    /// [`RecordsError::TooManyGroups`].
    pub fn groups(
        &self,
        query: &Query,
        by: &[String],
        metrics: &[String],
    ) -> Result<Vec<Group>, RecordsError> {
        self.read("group the runs", |snapshot| {
            let known = columns::all(snapshot)?;
            let mut listed = vec!["trial".to_owned(), "seed".to_owned()];
            for name in by {
                listed.push(quoted(&column(&known, name, None)?.name));
            }
            for name in metrics {
                listed.push(quoted(numeric(&known, name)?));
            }
            let condition = condition(query, &known, snapshot)?;
            let sql = format!(
                "SELECT {} FROM runs WHERE {} ORDER BY number",
                listed.join(", "),
                condition.sql
            );
            let mut groups = Collected::new(by.len(), metrics.len());
            let mut statement = snapshot.prepare(&sql)?;
            let mut rows = statement.query(params_from_iter(&condition.values))?;
            while let Some(row) = rows.next()? {
                groups.add(row)?;
                if let Some(most) = query.most_groups.filter(|most| groups.groups.len() > *most) {
                    return Err(RecordsError::TooManyGroups { most }.into());
                }
            }
            Ok(groups.sorted())
        })
    }
}

/// Runs that are equal in some columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The values in which they are equal.
    pub labels: Vec<Cell>,
    /// How many runs there are, whatever became of them.
    pub runs: usize,
    /// How many trials they belong to.
    pub trials: usize,
    /// For each metric, for each seed that has it (from the lowest up), its values: one a trial.
    pub values: Vec<Vec<Vec<f64>>>,
}

/// The column of that name, which must hold numbers.
fn numeric<'a>(known: &'a [Column], name: &str) -> Result<&'a str, RecordsError> {
    let column = column(known, name, None)?;
    match column.kind {
        ColumnType::Integer | ColumnType::Real => Ok(&column.name),
        ColumnType::Text | ColumnType::Time | ColumnType::Flag | ColumnType::Any => {
            let message = format!("`{name}` is not a number, so it has no mean over runs");
            Err(RecordsError::Incomparable { span: None, message })
        }
    }
}

/// A group that is being collected.
struct Open {
    labels: Vec<Cell>,
    runs: usize,
    trials: HashSet<String>,
    values: Vec<BTreeMap<i64, Vec<f64>>>,
}

/// The groups so far, and where each is found by its labels.
struct Collected {
    keys: usize,
    metrics: usize,
    groups: Vec<Open>,
    places: HashMap<Vec<u8>, usize>,
}

/// How many columns stand before the labels: the trial and the seed.
const BEFORE: usize = 2;

impl Collected {
    fn new(keys: usize, metrics: usize) -> Collected {
        Collected { keys, metrics, groups: Vec::new(), places: HashMap::new() }
    }

    fn add(&mut self, row: &Row<'_>) -> Result<(), Trouble> {
        let mut key = Vec::new();
        for index in 0..self.keys {
            encode(row.get_ref(BEFORE + index)?, &mut key);
        }
        let place = match self.places.get(&key) {
            Some(place) => *place,
            None => {
                let labels = (0..self.keys).map(|index| Ok(Cell::of(row.get_ref(BEFORE + index)?)));
                self.groups.push(Open {
                    labels: labels.collect::<Result<_, rusqlite::Error>>()?,
                    runs: 0,
                    trials: HashSet::new(),
                    values: vec![BTreeMap::new(); self.metrics],
                });
                self.places.insert(key, self.groups.len() - 1);
                self.groups.len() - 1
            }
        };
        let group = &mut self.groups[place];
        group.runs += 1;
        let trial = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        if !group.trials.contains(trial) {
            group.trials.insert(trial.to_owned());
        }
        let seed = row.get(1)?;
        for (index, values) in group.values.iter_mut().enumerate() {
            if let Some(value) = row.get::<_, Option<f64>>(BEFORE + self.keys + index)? {
                values.entry(seed).or_default().push(value);
            }
        }
        Ok(())
    }

    fn sorted(self) -> Vec<Group> {
        let closed = |open: Open| Group {
            labels: open.labels,
            runs: open.runs,
            trials: open.trials.len(),
            values: open.values.into_iter().map(|seeds| seeds.into_values().collect()).collect(),
        };
        let mut groups: Vec<Group> = self.groups.into_iter().map(closed).collect();
        groups.sort_by(|left, right| {
            let pairs = left.labels.iter().zip(&right.labels);
            pairs.map(|(left, right)| left.order(right)).fold(Ordering::Equal, Ordering::then)
        });
        groups
    }
}

/// Appends `value` so that different rows of values never become the same bytes.
fn encode(value: ValueRef<'_>, key: &mut Vec<u8>) {
    match value {
        ValueRef::Null => key.push(0),
        ValueRef::Integer(whole) => {
            key.push(1);
            key.extend(whole.to_le_bytes());
        }
        ValueRef::Real(real) => {
            key.push(2);
            key.extend(real.to_bits().to_le_bytes());
        }
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            key.push(3);
            key.extend((bytes.len() as u64).to_le_bytes());
            key.extend(bytes);
        }
    }
}
