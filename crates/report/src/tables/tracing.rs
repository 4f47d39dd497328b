//! From a cell back to its runs: every trial that fell into it, whether it is the one shown, and every
//! run of each, with what it came to.

use ablate_sweep::Catalog;
use ablate_sweep::specs::TableSpec;

use crate::error::ReportError;
use crate::grid::{Field, Grid};
use crate::label::Label;
use crate::number::counted;
use crate::run_set::{RunSet, TrialRuns};
use crate::table::{Column, Table};

use super::cells::Pick;
use super::{Request, filled};

/// A cell by the numbers of its row and its column, both from 1, as the table shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The row, from 1.
    pub row: usize,
    /// The column behind the labels, from 1.
    pub column: usize,
}

/// The runs behind the cell at `place` of the table that `spec` asks for, a line each.
///
/// # Errors
/// As [`super::build`], and a place that the table does not have.
pub fn behind(
    set: &RunSet,
    spec: &TableSpec,
    catalog: &Catalog,
    place: Place,
) -> Result<Grid, ReportError> {
    let request = Request::check(spec, catalog)?;
    let trials = request.filter(set)?;
    let (table, picks) = filled(&request, &trials, catalog);
    let (row, column) = (place.row.checked_sub(1), place.column.checked_sub(1));
    let found = row.zip(column).and_then(|(row, column)| {
        let found = table.columns.get(column)?;
        Some((picks.get(row)?, group(&table, column), found))
    });
    let Some((in_row, group, column)) = found else {
        return Err(ReportError::NoCell {
            place: request.place.clone(),
            row: place.row,
            column: place.column,
            rows: table.rows.iter().map(|row| words(&table.keys, &row.labels)).collect(),
            columns: table.columns.iter().map(|column| heading(&table, column)).collect(),
        });
    };
    if let Some(source) = &column.source {
        return Err(ReportError::QuotedCell { source_of: source.clone() });
    }
    Ok(runs(&in_row[group], &column.heading, &spec.select))
}

/// Which group of columns the one at `at` belongs to: columns of one group have the same labels.
fn group(table: &Table, at: usize) -> usize {
    table.columns[..=at].windows(2).filter(|pair| pair[0].labels != pair[1].labels).count()
}

fn runs(pick: &Pick<'_>, metric: &str, select: &str) -> Grid {
    let mut columns = ["run", "trial", "shown", "seed", "state"].map(str::to_owned).to_vec();
    columns.push(metric.to_owned());
    if select != metric {
        columns.push(select.to_owned());
    }
    let mut rows = Vec::new();
    for member in &pick.members {
        let is_shown = pick.chosen.is_some_and(|chosen| chosen.trial.id == member.trial.id);
        let shown = if is_shown { "yes" } else { "no" };
        rows.extend(member.seeds.iter().map(|seed| line(member, shown, *seed, &columns[5..])));
    }
    Grid { columns, rows }
}

fn line(member: &TrialRuns, shown: &str, seed: u64, metrics: &[String]) -> Vec<Field> {
    let run = member.run(seed);
    let text = |text: String| Field::Text(text);
    let state = match run {
        None => "not run",
        Some(run) => match &run.failure {
            Some((kind, _)) => kind.word(),
            None => run.state.word(),
        },
    };
    let mut fields = vec![
        run.map_or(Field::Null, |run| text(run.id.to_string())),
        text(member.trial.id.to_string()),
        text(shown.to_owned()),
        Field::Int(i64::try_from(seed).unwrap_or(i64::MAX)),
        text(state.to_owned()),
    ];
    fields.extend(
        metrics
            .iter()
            .map(|metric| Field::real(run.and_then(|run| run.scores.get(metric).copied()))),
    );
    fields
}

fn words(keys: &[String], labels: &[Label]) -> String {
    let pairs = keys.iter().map(String::as_str).zip(labels.iter().map(ToString::to_string));
    crate::label::phrase(pairs.filter(|(_, label)| label != "-"))
}

fn heading(table: &Table, column: &Column) -> String {
    let labels = words(&table.column_keys, &column.labels);
    if labels.is_empty() { column.heading.clone() } else { format!("{labels}, {}", column.heading) }
}

/// `3 rows: 1 none; 2 greedy ...`, as an error lists what there is.
pub(crate) fn listed(what: &str, names: &[String]) -> String {
    /// More names than this are counted, not listed.
    const MOST: usize = 20;
    let shown = names.iter().enumerate().take(MOST);
    let mut listed: Vec<String> = shown.map(|(at, name)| format!("{} {name}", at + 1)).collect();
    if names.len() > MOST {
        listed.push(format!("and {} more", names.len() - MOST));
    }
    format!("{}: {}", counted(names.len(), what), listed.join("; "))
}
