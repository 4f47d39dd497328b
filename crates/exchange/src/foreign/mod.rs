//! Runs of other programs, from CSV: one row a run, with columns for parameters, `seed` and metrics,
//! by the names that the catalog gives them. A parameter without a column, or with an empty cell, has
//! its default; an empty metric was not measured. All mistakes are reported at once, each at its line
//! and column.

mod csv;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use ablate_sweep::{Catalog, Params, Trial, TrialId, Value, nearest};

use self::csv::{Cell, Record};

/// A run that was trained elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignRun {
    /// What its parameters name.
    pub trial: Arc<Trial>,
    /// Which replicate.
    pub seed: u64,
    /// What was measured.
    pub scores: BTreeMap<String, f64>,
    /// The line it stands on.
    pub line: usize,
}

/// Something in the file that is not valid, and what would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// The runs that `text` holds, in its order.
///
/// # Errors
/// Every mistake, in the order of the text; never an empty list.
pub fn read(text: &str, catalog: &Catalog) -> Result<Vec<ForeignRun>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let mut records = csv::records(text, &mut mistakes).into_iter();
    let Some(head) = records.next() else {
        mistakes.push(Mistake {
            line: 1,
            column: 1,
            message: "the file is empty: its first line names parameters, `seed` and metrics"
                .into(),
        });
        return Err(mistakes);
    };
    let columns = columns(&head, catalog, &mut mistakes);
    let mut runs = Vec::new();
    let mut seen: HashMap<(TrialId, u64), usize> = HashMap::new();
    for record in records {
        let Some(run) = run(&record, &columns, catalog, &mut mistakes) else { continue };
        match seen.insert((run.trial.id.clone(), run.seed), run.line) {
            None => runs.push(run),
            Some(line) => mistakes.push(record.mistake(format!(
                "the same parameters and seed as on line {line}: there is one run of each"
            ))),
        }
    }
    if runs.is_empty() && mistakes.is_empty() {
        mistakes.push(head.mistake("there is no run below the names of the columns".into()));
    }
    mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
    if mistakes.is_empty() { Ok(runs) } else { Err(mistakes) }
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq)]
enum Column {
    Seed,
    Param(String),
    Metric(String),
    /// Its name is a mistake, which has been reported.
    Unknown,
}

fn columns(head: &Record, catalog: &Catalog, mistakes: &mut Vec<Mistake>) -> Vec<Column> {
    let params = catalog.param_names();
    let metrics: Vec<&str> = catalog.metrics.iter().map(|metric| metric.name.as_str()).collect();
    let mut columns: Vec<Column> = Vec::new();
    for cell in &head.cells {
        let name = cell.text.trim();
        let column = if name == "seed" {
            Column::Seed
        } else if params.contains(&name) {
            Column::Param(name.to_owned())
        } else if metrics.contains(&name) {
            Column::Metric(name.to_owned())
        } else {
            let known = params.iter().chain(&metrics).copied().chain(["seed"]);
            let meant = nearest(name, known)
                .map_or(String::new(), |name| format!("; did you mean `{name}`?"));
            let message = format!("{name:.60?} is neither a parameter nor a metric{meant}");
            mistakes.push(cell.mistake(message));
            Column::Unknown
        };
        if column != Column::Unknown && columns.contains(&column) {
            mistakes.push(cell.mistake(format!("a second column `{name}`")));
        }
        columns.push(column);
    }
    let whole = !columns.contains(&Column::Unknown);
    if whole && !columns.contains(&Column::Seed) {
        mistakes.push(head.mistake("there is no column `seed`".into()));
    }
    if whole && !columns.iter().any(|column| matches!(column, Column::Metric(_))) {
        let message = "there is no column of a metric: `ablate list metrics` has them";
        mistakes.push(head.mistake(message.into()));
    }
    columns
}

/// The run of one line; `None` if it has mistakes, which are reported.
fn run(
    record: &Record,
    columns: &[Column],
    catalog: &Catalog,
    mistakes: &mut Vec<Mistake>,
) -> Option<ForeignRun> {
    let before = mistakes.len();
    if record.cells.len() != columns.len() {
        let (found, wanted) = (record.cells.len(), columns.len());
        mistakes.push(record.mistake(format!("{found} fields, where the first line has {wanted}")));
        return None;
    }
    let (mut params, mut scores, mut seed) = (Params::default(), BTreeMap::new(), None);
    let mut places: HashMap<&str, &Cell> = HashMap::new();
    for (column, cell) in columns.iter().zip(&record.cells) {
        let text = cell.text.trim();
        match column {
            Column::Seed => {
                match text.parse::<u64>().ok().filter(|seed| *seed <= i64::MAX as u64) {
                    Some(number) => seed = Some(number),
                    None => mistakes.push(cell.mistake(format!(
                        "{text:.40?} is no seed: a whole number from 0 to {}",
                        i64::MAX
                    ))),
                }
            }
            Column::Param(name) if !text.is_empty() => {
                params.set(name.clone(), value(text));
                places.insert(name, cell);
            }
            Column::Metric(name) if !text.is_empty() => {
                match text.parse::<f64>().ok().filter(|value| value.is_finite()) {
                    Some(value) => drop(scores.insert(name.clone(), value)),
                    None => mistakes.push(cell.mistake(format!(
                        "{text:.40?} is no score: a finite number, or nothing where nothing was \
                         measured"
                    ))),
                }
            }
            Column::Param(_) | Column::Metric(_) | Column::Unknown => {}
        }
    }
    let trial = match catalog.resolve(&params) {
        Ok(trial) => Some(Arc::new(trial)),
        Err(breaches) => {
            for breach in breaches {
                let cell = breach.params.iter().find_map(|name| places.get(name.as_str()));
                mistakes.push(match cell {
                    Some(cell) => cell.mistake(breach.message),
                    None => record.mistake(breach.message),
                });
            }
            None
        }
    };
    if scores.is_empty() && mistakes.len() == before {
        mistakes.push(record.mistake("nothing was measured".into()));
    }
    let (trial, seed) = (trial?, seed?);
    (mistakes.len() == before).then_some(ForeignRun { trial, seed, scores, line: record.line })
}

/// A cell as the value it most plainly is; the catalog says whether the parameter takes it.
fn value(text: &str) -> Value {
    if let Ok(whole) = text.parse() {
        return Value::Int(whole);
    }
    if let Some(real) = text.parse::<f64>().ok().filter(|real| real.is_finite()) {
        return Value::Float(real);
    }
    let list = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let items = list.and_then(|list| {
        list.split(',').map(|item| item.trim().parse().ok()).collect::<Option<Vec<i64>>>()
    });
    match (text, items) {
        (_, Some(items)) => Value::List(items),
        ("true" | "True" | "TRUE", None) => Value::Bool(true),
        ("false" | "False" | "FALSE", None) => Value::Bool(false),
        (text, None) => Value::Text(text.to_owned()),
    }
}

#[cfg(test)]
mod tests;
