//! What text, Markdown and LaTeX share: the words of every cell, the digits of every column, the
//! levels of the header, and the legend. Nothing is escaped yet.

use crate::label::Label;
use crate::number::{Precision, p_value, plain, unit_suffix};
use crate::stats::{Estimate, LEVEL};
use crate::table::{Absence, Cell, Column, Counts, Mark, Row, Table};

/// A table in words.
pub(super) struct Layout {
    pub(super) title: String,
    /// The headings over the row labels.
    pub(super) keys: Vec<String>,
    /// Levels of column headings, the outermost first, one entry a column each.
    pub(super) header: Vec<Vec<String>>,
    pub(super) rows: Vec<LaidRow>,
    /// How to read a cell.
    pub(super) legend: Vec<String>,
    /// Which marks there are.
    pub(super) marks: Marks,
    /// What the table itself has to say.
    pub(super) notes: Vec<String>,
}

/// One row in words.
pub(super) struct LaidRow {
    pub(super) labels: Vec<String>,
    pub(super) cells: Vec<Shown>,
}

/// One cell in words.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Shown {
    /// The mean, or whatever else the cell holds.
    pub(super) value: String,
    /// The half-width; `?` for a mean without interval, empty for what is no mean.
    pub(super) spread: String,
    /// Its n, where that is not what the legend says.
    pub(super) n: Option<usize>,
    pub(super) mark: Option<Mark>,
}

/// Which marks a table uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marks {
    None,
    Best,
    BestAndTies,
}

impl Layout {
    pub(super) fn new(table: &Table) -> Layout {
        let common = common_n(table);
        let precisions: Vec<Precision> = (0..table.columns.len())
            .map(|at| {
                let cells = table.rows.iter().map(|row| &row.cells[at]);
                Precision::of(&table.columns[at].unit, cells.filter_map(Cell::estimate))
            })
            .collect();
        let row = |row: &Row| LaidRow {
            labels: row.labels.iter().map(Label::to_string).collect(),
            cells: row
                .cells
                .iter()
                .zip(&precisions)
                .map(|(cell, precision)| shown(cell, *precision, common))
                .collect(),
        };
        let (title, header) = headings(table);
        Layout {
            title,
            keys: table.keys.clone(),
            header,
            rows: table.rows.iter().map(row).collect(),
            legend: legend(table, common),
            marks: marks(table),
            notes: table.notes.clone(),
        }
    }

    /// The row labels of the row at `at`, those that repeat the row above left blank.
    pub(super) fn fresh_labels(&self, at: usize) -> Vec<String> {
        let labels = &self.rows[at].labels;
        let above = at.checked_sub(1).map(|above| &self.rows[above].labels);
        let same = above.map_or(0, |above| {
            labels.iter().zip(above).take_while(|(label, above)| label == above).count()
        });
        let blank = |(place, label): (usize, &String)| {
            if place < same { String::new() } else { label.clone() }
        };
        labels.iter().enumerate().map(blank).collect()
    }
}

/// The number of seeds behind most cells; of equally frequent ones, the largest.
fn common_n(table: &Table) -> Option<usize> {
    let cells = table.rows.iter().flat_map(|row| &row.cells).filter_map(Cell::measured);
    let counts: Vec<usize> = cells.map(|cell| cell.estimate.n).collect();
    let frequency = |n: usize| counts.iter().filter(|other| **other == n).count();
    counts.iter().copied().max_by_key(|n| (frequency(*n), *n))
}

/// The title, with the metric where all columns have the same, and the levels of the header.
fn headings(table: &Table) -> (String, Vec<Vec<String>>) {
    let leaf = |column: &Column| format!("{}{}", column.heading, unit_suffix(&column.unit));
    let mut header: Vec<Vec<String>> = (0..table.column_keys.len())
        .map(|key| {
            let heading = |column: &Column| heading(&table.column_keys[key], &column.labels[key]);
            table.columns.iter().map(heading).collect()
        })
        .collect();
    let leaves: Vec<String> = table.columns.iter().map(leaf).collect();
    let one_metric = leaves.windows(2).all(|pair| pair[0] == pair[1]);
    match leaves.first() {
        Some(metric) if one_metric && !table.column_keys.is_empty() => {
            (format!("{}: {metric}", table.name), header)
        }
        Some(_) | None => {
            header.push(leaves);
            (table.name.clone(), header)
        }
    }
}

/// `depth 3`, but a name alone, since `pretraining greedy` says no more than `greedy`.
fn heading(key: &str, label: &Label) -> String {
    match &label.0 {
        Some(value) if value.as_text().is_some() => value.to_string(),
        Some(_) | None => format!("{key} {label}"),
    }
}

fn shown(cell: &Cell, precision: Precision, common: Option<usize>) -> Shown {
    let words = |value: String| Shown { value, ..Shown::default() };
    match cell {
        Cell::Measured(measured) => Shown {
            n: Some(measured.estimate.n).filter(|n| Some(*n) != common),
            mark: measured.mark,
            ..mean(&measured.estimate, precision)
        },
        Cell::Estimate(estimate) => mean(estimate, precision),
        Cell::Absent(Absence::NotPlanned) => Shown::default(),
        Cell::Absent(Absence::Failed { runs }) => words(format!("failed ({runs})")),
        Cell::Absent(Absence::NotMeasured) => words("-".to_owned()),
        Cell::Absent(absence @ Absence::NotRun) => words(absence.word().to_owned()),
        Cell::Count(count) => words(count.to_string()),
        Cell::P(p) => words(p.map_or("-".to_owned(), p_value)),
        Cell::Effect(effect) => words(effect.map_or("-".to_owned(), |effect| plain(effect, 2))),
        Cell::Word(word) => words(word.clone()),
    }
}

fn mean(estimate: &Estimate, precision: Precision) -> Shown {
    let half = estimate.half_width();
    Shown {
        value: precision.show(estimate.mean),
        spread: half.map_or("?".to_owned(), |half| precision.show(half)),
        ..Shown::default()
    }
}

/// How a cell reads, in the order in which a reader wonders.
fn legend(table: &Table, common: Option<usize>) -> Vec<String> {
    let mut legend = Vec::new();
    let cells = || table.rows.iter().flat_map(|row| &row.cells);
    let has_mean = cells().any(|cell| cell.estimate().is_some());
    let level = 100.0 * LEVEL;
    match (table.counts, common) {
        (Counts::BelowAndBeside, Some(n)) => {
            let seeds = if n == 1 { "1 seed" } else { &format!("{n} seeds") };
            legend.push(format!(
                "mean ± half-width of its {level}% t interval over {seeds}{}",
                if cells().filter_map(Cell::measured).all(|cell| cell.estimate.n == n) {
                    ""
                } else {
                    "; (n) where it is another number"
                }
            ));
        }
        (Counts::OwnColumn, _) if has_mean => {
            legend.push(format!("mean ± half-width of its {level}% t interval over the pairs"));
        }
        (Counts::BelowAndBeside | Counts::OwnColumn, Some(_) | None) => {}
    }
    if cells().filter_map(Cell::estimate).any(|estimate| estimate.interval.is_none()) {
        legend
            .push("± ?: no interval from a single value, or from values that all agree".to_owned());
    }
    if cells().any(|cell| matches!(cell, Cell::Absent(Absence::NotPlanned))) {
        legend.push("an empty cell is not in the plan".to_owned());
    }
    if cells().any(|cell| matches!(cell, Cell::Absent(Absence::NotMeasured))) {
        legend.push("a cell with - has finished runs, but none with this metric".to_owned());
    }
    legend
}

fn marks(table: &Table) -> Marks {
    let cells = table.rows.iter().flat_map(|row| &row.cells).filter_map(Cell::measured);
    let marks: Vec<Mark> = cells.filter_map(|cell| cell.mark).collect();
    match (marks.contains(&Mark::Best), marks.contains(&Mark::Tie)) {
        (_, true) => Marks::BestAndTies,
        (true, false) => Marks::Best,
        (false, false) => Marks::None,
    }
}

impl Marks {
    /// What the marks mean, where `best` and `tie` say how they look.
    pub(super) fn legend(self, best: &str, tie: &str) -> Option<String> {
        let alpha = crate::tables::ALPHA;
        match self {
            Marks::None => None,
            Marks::Best => Some(format!("{best} best mean of its column")),
            Marks::BestAndTies => Some(format!(
                "{best} best mean of its column; {tie} not told apart from it (paired t over \
                 shared seeds, Holm-corrected within the column, p >= {alpha})"
            )),
        }
    }
}
