//! A table of an experiment: trials fall into cells by the values of the row and column parameters,
//! one trial stands for each cell, and its seeds are aggregated into a mean with its interval.

pub(crate) use cells::only;
pub(crate) use marks::{ALPHA, FEWEST_PAIRS};
pub(crate) use tracing::listed;
pub use tracing::{Place, behind};

mod cells;
mod marks;
mod notes;
mod papers;
mod tracing;

use ablate_sweep::specs::TableSpec;
use ablate_sweep::{Catalog, Metric, Trial};

use crate::error::ReportError;
use crate::label::{Label, groups};
use crate::run_set::{RunSet, TrialRuns};
use crate::selection::{Selector, check_params, find_metric};
use crate::table::{Cell, Column, Counts, Row, Table};

use cells::Pick;

/// The table that `spec` asks for.
///
/// Rows and columns are the distinct values of their parameters among the planned trials, so what
/// has not been run is there, too. Where several trials fall into a cell, the one with the best mean
/// of `spec.select` stands for it. Within each column the best mean is marked by the metric's
/// direction, and so is what a paired test cannot tell from it.
///
/// # Errors
/// Unknown or doubled parameters, unknown metrics, a `select` that was not measured on validation
/// images, or a filter that leaves no trial.
pub fn build(set: &RunSet, spec: &TableSpec, catalog: &Catalog) -> Result<Table, ReportError> {
    let request = Request::check(spec, catalog)?;
    let trials = request.filter(set)?;
    Ok(filled(&request, &trials, catalog).0)
}

/// The table, and what fell into the cell of every row and every group of columns.
fn filled<'a>(
    request: &Request<'_>,
    trials: &[&'a TrialRuns],
    catalog: &Catalog,
) -> (Table, Vec<Vec<Pick<'a>>>) {
    let spec = request.spec;
    let plain: Vec<&Trial> = trials.iter().map(|trial| trial.trial.as_ref()).collect();
    let (rows, columns) = (groups(&plain, &spec.rows), groups(&plain, &spec.columns));
    let picks: Vec<Vec<Pick<'a>>> = rows
        .iter()
        .map(|(_, in_row)| {
            let cell = |in_column: &[usize]| {
                let members = in_row.iter().filter(|at| in_column.binary_search(at).is_ok());
                let members: Vec<&'a TrialRuns> = members.map(|at| trials[*at]).collect();
                Pick::new(&members, &request.selector, catalog)
            };
            columns.iter().map(|(_, in_column)| cell(in_column)).collect()
        })
        .collect();

    let labels: Vec<Vec<Label>> = columns.into_iter().map(|(labels, _)| labels).collect();
    let mut table = Table {
        name: spec.name.clone(),
        keys: spec.rows.clone(),
        column_keys: spec.columns.clone(),
        columns: Vec::new(),
        rows: rows.into_iter().map(|(labels, _)| Row { labels, cells: Vec::new() }).collect(),
        counts: Counts::BelowAndBeside,
        statistic: spec.statistic,
        spread: spec.spread,
        notes: Vec::new(),
    };
    for (at, labels) in labels.iter().enumerate() {
        for metric in &request.metrics {
            table.columns.push(Column {
                labels: labels.clone(),
                heading: metric.name.clone(),
                unit: metric.unit.to_owned(),
                source: None,
            });
            let picks: Vec<&Pick<'_>> = picks.iter().map(|row| &row[at]).collect();
            for (row, cell) in table.rows.iter_mut().zip(column(&picks, metric, spec)) {
                row.cells.push(cell);
            }
            papers::columns(&mut table, spec, labels, metric);
        }
    }
    table.notes = notes::notes(&table, &labels, &picks, &request.selector);
    table.notes.extend(papers::notes(&table, spec, &labels));
    (table, picks)
}

/// One column of cells, marked.
fn column(picks: &[&Pick<'_>], metric: &Metric, spec: &TableSpec) -> Vec<Cell> {
    let mut cells: Vec<Cell> = picks.iter().map(|pick| pick.cell(&metric.name, spec)).collect();
    marks::mark(&mut cells, metric.direction, spec.statistic);
    cells
}

/// A specification whose names have been looked up.
struct Request<'a> {
    spec: &'a TableSpec,
    place: String,
    metrics: Vec<&'a Metric>,
    selector: Selector,
}

impl<'a> Request<'a> {
    fn check(spec: &'a TableSpec, catalog: &'a Catalog) -> Result<Request<'a>, ReportError> {
        let place = format!("table {:?}", spec.name);
        check_params(&place, spec.rows.iter().chain(&spec.columns), catalog)?;
        if spec.metrics.is_empty() {
            return Err(ReportError::NoMetric { place });
        }
        let metrics = spec.metrics.iter().map(|name| find_metric(&place, name, catalog));
        let metrics = metrics.collect::<Result<_, _>>()?;
        let selector = Selector::new(&place, &spec.select, catalog)?;
        Ok(Request { spec, place, metrics, selector })
    }

    /// The trials that the filter lets through, in plan order.
    fn filter<'b>(&self, set: &'b RunSet) -> Result<Vec<&'b TrialRuns>, ReportError> {
        let passes = |runs: &&TrialRuns| {
            self.spec.filter.as_ref().is_none_or(|filter| filter.holds_for(&runs.trial.params))
        };
        let trials: Vec<&TrialRuns> = set.trials.iter().filter(passes).collect();
        match &self.spec.filter {
            _ if !trials.is_empty() => Ok(trials),
            Some(filter) if !set.trials.is_empty() => Err(ReportError::NoTrials {
                place: self.place.clone(),
                planned: set.trials.len(),
                filter: filter.text.clone(),
            }),
            Some(_) | None => Err(ReportError::EmptyPlan { place: self.place.clone() }),
        }
    }
}

#[cfg(test)]
mod tests;
