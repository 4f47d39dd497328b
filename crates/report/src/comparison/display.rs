//! A comparison as tables for people and as one flat sheet for programs.

use std::collections::BTreeMap;

use ablate_sweep::{Spread, Statistic, Trial, Value};

use crate::grid::{Field, Grid};
use crate::label::{Label, groups, labels, params_phrase};
use crate::number::counted;
use crate::stats::{Estimate, PairedTest};
use crate::table::{Cell, Column, Counts, Row, Table};

use super::{
    Comparison, Evidence, Further, Gap, Opponent, PairedCell, Scope, Side, SummaryRow, Trend,
};

impl Comparison {
    /// The summary as a table: a row a line, with both means, their difference and its tests.
    pub fn summary_table(&self) -> Table {
        let keys: Vec<String> =
            self.by.iter().chain([&self.axis]).cloned().chain(["cells".to_owned()]).collect();
        let rows = self.summary.iter().map(|row| {
            let mut labels = row.group.clone();
            labels.push(Label(Some(row.value.clone())));
            labels.push(Label(Some(Value::Text(self.cells_words(row)))));
            let mut cells = evidence_cells(row.evidence.as_ref());
            cells.insert(5, Cell::P(row.holm_p));
            cells.push(Cell::Word(row.verdict.word().to_owned()));
            Row { labels, cells }
        });
        let mut columns = self.columns();
        columns.insert(5, column("Holm p", "1"));
        columns.push(column("verdict", "1"));
        self.table(self.title(), keys, columns, rows.collect(), self.summary_notes())
    }

    /// Every cell as a table: a row a trial, by the parameters that tell the trials apart.
    pub fn cells_table(&self) -> Table {
        let keys = self.cell_keys();
        let rows = self.sorted_cells(&keys).into_iter().map(|cell| Row {
            labels: labels(&cell.trial, &keys),
            cells: evidence_cells(cell.evidence.as_ref()),
        });
        let title = format!("{}, every cell", self.title());
        self.table(title, keys.clone(), self.columns(), rows.collect(), self.gap_notes())
    }

    /// The trends, the summary and every cell as one sheet, a line each, all numbers as they are.
    pub fn grid(&self) -> Grid {
        let keys = self.cell_keys();
        let mut columns = vec!["scope".to_owned()];
        columns.extend(keys.iter().cloned());
        columns.extend(SHEET.iter().map(|name| (*name).to_owned()));
        let mut rows: Vec<Vec<Field>> =
            self.trends.iter().map(|trend| self.trend_line(trend, &keys)).collect();
        for row in &self.summary {
            rows.push(self.summary_line(row, &keys));
        }
        for cell in self.sorted_cells(&keys) {
            let labels = labels(&cell.trial, &keys);
            let runs: Vec<String> = cell
                .pairs
                .iter()
                .map(|pair| format!("{}:{}", pair.runs[0], pair.runs[1]))
                .collect();
            rows.push(self.line(
                "cell",
                labels,
                means(cell.evidence),
                cell.evidence.map(|evidence| evidence.test),
                &Tail {
                    left_out: Some(cell.left_out.len()),
                    runs: runs.join(" "),
                    ..Tail::default()
                },
            ));
        }
        Grid { columns, rows }
    }

    fn summary_line(&self, row: &SummaryRow, keys: &[String]) -> Vec<Field> {
        let chosen = match &row.scope {
            Scope::Chosen { cell, .. } => Some(&self.cells[*cell]),
            Scope::Mean { .. } | Scope::NoneChosen { .. } => None,
        };
        let scope = match &row.scope {
            Scope::Chosen { .. } | Scope::NoneChosen { .. } => "chosen",
            Scope::Mean { .. } => "mean",
        };
        let label = |key: &String| {
            let grouped = self.by.iter().position(|by| by == key).map(|at| row.group[at].clone());
            let own = (*key == self.axis).then(|| Label(Some(row.value.clone())));
            let of_cell = chosen.map(|cell| Label(cell.trial.params.get(key).cloned()));
            grouped.or(own).or(of_cell).unwrap_or(Label(None))
        };
        let labels = keys.iter().map(label).collect();
        self.line(
            scope,
            labels,
            means(row.evidence),
            row.evidence.map(|evidence| evidence.test),
            &Tail {
                holm_p: row.holm_p,
                verdict: Some(row.verdict.word()),
                further: self.further(row),
                ..Tail::default()
            },
        )
    }

    /// A trend has no one value of `by` and no means, only their difference.
    fn trend_line(&self, trend: &Trend, keys: &[String]) -> Vec<Field> {
        let own = |key: &String| Label((*key == self.axis).then(|| trend.value.clone()));
        let tail =
            Tail { holm_p: trend.holm_p, verdict: Some(trend.verdict.word()), ..Tail::default() };
        let test = trend.change.map(|change| change.test);
        self.line("trend", keys.iter().map(own).collect(), [None; 2], test, &tail)
    }

    fn line(
        &self,
        scope: &str,
        labels: Vec<Label>,
        means: [Option<Estimate>; 2],
        test: Option<PairedTest>,
        tail: &Tail,
    ) -> Vec<Field> {
        let [baseline, ours] = means.map(|mean| Field::real(mean.map(|mean| mean.mean)));
        let interval = test.and_then(|test| test.difference.interval);
        let bca = tail.further.and_then(|further| further.bca);
        let mut fields = vec![Field::Text(scope.to_owned())];
        fields.extend(labels.into_iter().map(|label| Field::from(label.0)));
        fields.extend([
            Field::Text(self.metric.name.clone()),
            Field::Text(self.baseline.to_string()),
            baseline,
            ours,
            Field::real(test.map(|test| test.difference.mean)),
            Field::real(interval.map(|interval| interval.low)),
            Field::real(interval.map(|interval| interval.high)),
            Field::count(Some(test.map_or(0, |test| test.difference.n))),
            Field::count(tail.left_out),
            Field::real(test.and_then(|test| test.p)),
            Field::real(tail.holm_p),
            Field::real(test.and_then(|test| test.permutation_p)),
            Field::real(test.and_then(|test| test.dz)),
            tail.verdict.map_or(Field::Null, |word| Field::Text(word.to_owned())),
            Field::real(tail.further.map(|further| further.median.mean)),
            Field::real(bca.map(|interval| interval.low)),
            Field::real(bca.map(|interval| interval.high)),
            Field::real(tail.further.and_then(|further| further.signed_rank_p)),
            Field::real(tail.further.and_then(|further| further.improvement)),
            if tail.runs.is_empty() { Field::Null } else { Field::Text(tail.runs.clone()) },
        ]);
        fields
    }

    /// Which cells a line of the summary is about, on both sides.
    pub(super) fn cells_words(&self, row: &SummaryRow) -> String {
        let ours = self.scope_words(&row.scope);
        match &row.opponent {
            Some(Opponent { params, telling, among: among @ 2.., .. }) => {
                let theirs = params_phrase(params, telling);
                format!("{ours}; {} best of {among}: {theirs}", self.baseline)
            }
            Some(_) | None => ours,
        }
    }

    fn scope_words(&self, scope: &Scope) -> String {
        match scope {
            Scope::Chosen { among: 1, .. } => "the only one".to_owned(),
            Scope::Chosen { params, among, .. } => {
                format!("best of {among}: {}", params_phrase(params, &self.varying))
            }
            Scope::Mean { cells, .. } => format!("mean of {}", cells.len()),
            Scope::NoneChosen { among } => format!("none of {among} chosen"),
        }
    }

    pub(super) fn title(&self) -> String {
        let value = &self.baseline;
        format!("{} by {}, against {value}", self.metric.name, self.axis)
    }

    /// The parameters that label a cell: `by` and the axis, then what else tells cells apart.
    fn cell_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.by.iter().chain([&self.axis]).cloned().collect();
        let others = self.varying.iter().filter(|name| !keys.contains(name)).cloned();
        keys.extend(others.collect::<Vec<_>>());
        keys
    }

    /// The cells in the order of their labels under `keys`.
    fn sorted_cells(&self, keys: &[String]) -> Vec<&PairedCell> {
        let trials: Vec<&Trial> = self.cells.iter().map(|cell| cell.trial.as_ref()).collect();
        let places = groups(&trials, keys).into_iter().flat_map(|(_, places)| places);
        places.map(|at| &self.cells[at]).collect()
    }

    /// Both means, the difference and its tests; the column of Holm's p stands before the sixth.
    fn columns(&self) -> Vec<Column> {
        let unit = self.metric.unit;
        vec![
            column(&self.baseline.to_string(), unit),
            column("ours", unit),
            column("difference", unit),
            column("pairs", "1"),
            column("p", "1"),
            column("flip p", "1"),
            column("dz", "1"),
        ]
    }

    pub(super) fn table(
        &self,
        name: String,
        keys: Vec<String>,
        columns: Vec<Column>,
        rows: Vec<Row>,
        notes: Vec<String>,
    ) -> Table {
        Table {
            name,
            keys,
            column_keys: vec![],
            columns,
            rows,
            counts: Counts::OwnColumn,
            statistic: Statistic::Mean,
            spread: Spread::T,
            notes,
        }
    }

    fn summary_notes(&self) -> Vec<String> {
        let tested = self.trends.iter().filter(|trend| trend.holm_p.is_some()).count();
        let trends = match tested {
            0 => String::new(),
            1 => format!(" and the trend along {}", self.by.join(", ")),
            more => format!(" and the {more} trends along {}", self.by.join(", ")),
        };
        let mut notes = vec![format!(
            "difference: ours minus baseline within pairs of one seed; p: paired t; Holm p: corrected \
             over these rows{trends}; flip p: sign-flip permutation; dz: mean over sd of the \
             differences"
        )];
        let chosen = |row: &SummaryRow| matches!(row.scope, Scope::Chosen { among: 2.., .. });
        if self.summary.iter().any(chosen) {
            let select = &self.select;
            notes.push(format!(
                "\"best of\" cells are chosen by mean {select}, never on test images"
            ));
        }
        let incomplete = self.summary.iter().map(|row| match row.scope {
            Scope::Mean { incomplete_seeds, .. } => incomplete_seeds,
            Scope::Chosen { .. } | Scope::NoneChosen { .. } => 0,
        });
        if incomplete.sum::<usize>() > 0 {
            notes.push(
                "a mean over cells counts only the seeds for which all of its cells have a pair"
                    .to_owned(),
            );
        }
        notes.extend(self.gap_notes());
        notes
    }

    /// What was left out, and why.
    fn gap_notes(&self) -> Vec<String> {
        let mut counts: BTreeMap<(Side, Gap), usize> = BTreeMap::new();
        for left_out in self.cells.iter().flat_map(|cell| &cell.left_out) {
            *counts.entry((left_out.side, left_out.gap)).or_default() += 1;
        }
        let mut notes = Vec::new();
        let total: usize = counts.values().sum();
        if total > 0 {
            let reasons = counts.iter().map(|((side, gap), count)| {
                let side = match side {
                    Side::Ours => "ours",
                    Side::Baseline => "baseline",
                };
                format!("{count} {side} {}", gap.word())
            });
            let reasons: Vec<String> = reasons.collect();
            let planned: usize =
                self.cells.iter().map(|cell| cell.pairs.len() + cell.left_out.len()).sum();
            let planned = counted(planned, "pair");
            notes.push(format!("left out {total} of {planned}: {}", reasons.join(", ")));
        }
        if !self.unpaired.is_empty() {
            let (axis, value) = (&self.axis, &self.baseline);
            let trials = counted(self.unpaired.len(), "trial");
            notes.push(format!(
                "left out {trials} whose partner with {axis} {value} is not planned"
            ));
        }
        notes
    }
}

/// The columns of the flat sheet behind the parameters.
const SHEET: [&str; 20] = [
    "metric",
    "baseline",
    "baseline_mean",
    "mean",
    "difference",
    "low",
    "high",
    "pairs",
    "left_out",
    "p",
    "holm_p",
    "flip_p",
    "dz",
    "verdict",
    "median_difference",
    "bca_low",
    "bca_high",
    "signed_rank_p",
    "improvement",
    "runs",
];

/// What only some lines of the sheet have.
#[derive(Default)]
struct Tail {
    left_out: Option<usize>,
    holm_p: Option<f64>,
    verdict: Option<&'static str>,
    further: Option<Further>,
    runs: String,
}

pub(super) fn column(heading: &str, unit: &str) -> Column {
    Column { labels: vec![], heading: heading.to_owned(), unit: unit.to_owned(), source: None }
}

/// The mean at the baseline, and ours.
fn means(evidence: Option<Evidence>) -> [Option<Estimate>; 2] {
    [evidence.map(|evidence| evidence.baseline), evidence.map(|evidence| evidence.ours)]
}

fn evidence_cells(evidence: Option<&Evidence>) -> Vec<Cell> {
    let estimate =
        |estimate: Option<Estimate>| estimate.map_or(Cell::Word("-".to_owned()), Cell::Estimate);
    let test = evidence.map(|evidence| evidence.test);
    vec![
        estimate(evidence.map(|evidence| evidence.baseline)),
        estimate(evidence.map(|evidence| evidence.ours)),
        estimate(test.map(|test| test.difference)),
        Cell::Count(test.map_or(0, |test| test.difference.n)),
        Cell::P(test.and_then(|test| test.p)),
        Cell::P(test.and_then(|test| test.permutation_p)),
        Cell::Effect(test.and_then(|test| test.dz)),
    ]
}
