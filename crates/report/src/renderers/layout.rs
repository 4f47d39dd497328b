//! What text, Markdown and LaTeX share: the words of every cell, the digits of every column, the
//! levels of the header, and the legend. Nothing is escaped yet.

use crate::label::Label;
use ablate_sweep::{Spread, Statistic, Trust};

use crate::number::{Precision, decimals, p_value, plain, unit_suffix};
use crate::stats::{Estimate, FEWEST_FOR_BOOTSTRAP, Interval, LEVEL};
use crate::table::{Absence, Cell, Column, Counts, Mark, Measured, Quoted, Row, Table};

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
    marks: Marks,
    /// What its estimates are.
    statistic: Statistic,
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
    /// What stands between it and what follows: ` ± `, or a blank before the ends of an interval.
    pub(super) between: &'static str,
    /// The half-width or the ends; `?` for a mean without interval, empty for what is no mean.
    pub(super) spread: String,
    /// The sign of a value that is quoted at second hand: `†`, `‡`, or nothing.
    pub(super) sign: &'static str,
    /// Its n, where that is not what the legend says.
    pub(super) n: Option<usize>,
    pub(super) mark: Option<Mark>,
}

impl Shown {
    /// The value with its spread.
    pub(super) fn text(&self) -> String {
        if self.spread.is_empty() {
            self.value.clone()
        } else {
            format!("{}{}{}", self.value, self.between, self.spread)
        }
    }
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
                let estimates: Vec<Estimate> =
                    cells.filter_map(|cell| wide(cell, table.spread)).collect();
                Precision::of(&table.columns[at].unit, estimates.iter())
            })
            .collect();
        let printed: Vec<[usize; 2]> = (0..table.columns.len())
            .map(|at| printed_decimals(table.rows.iter().map(|row| &row.cells[at])))
            .collect();
        let row = |row: &Row| LaidRow {
            labels: row.labels.iter().map(Label::to_string).collect(),
            cells: row
                .cells
                .iter()
                .zip(&precisions)
                .zip(&printed)
                .map(|((cell, precision), printed)| match cell {
                    Cell::Measured(measured) => {
                        of_seeds(measured, table.spread, *precision, common)
                    }
                    Cell::Quoted(quoted) => quote(quoted.as_ref(), *printed),
                    other => shown(other, table.spread, *precision),
                })
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
            statistic: table.statistic,
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
    let leaf = |column: &Column| match column.source {
        Some(_) => column.heading.clone(),
        None => format!("{}{}", column.heading, unit_suffix(&column.unit)),
    };
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

/// A cell that is no statistic over seeds and not quoted.
fn shown(cell: &Cell, spread: Spread, precision: Precision) -> Shown {
    let words = |value: String| Shown { value, ..Shown::default() };
    match cell {
        Cell::Estimate(estimate) => interval(estimate, spread, precision),
        Cell::Absent(Absence::NotPlanned) | Cell::Measured(_) | Cell::Quoted(_) => Shown::default(),
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
    half(estimate.mean, estimate.half_width(), precision)
}

/// An estimate with the half-width of its interval, or where that need not be even, with its ends.
fn interval(estimate: &Estimate, spread: Spread, precision: Precision) -> Shown {
    match (spread, estimate.interval) {
        (Spread::Bca, Some(Interval { low, high, .. })) => Shown {
            between: " ",
            spread: format!("[{}, {}]", precision.show(low), precision.show(high)),
            ..mean(estimate, precision)
        },
        (Spread::T | Spread::Sd | Spread::Bca, _) => mean(estimate, precision),
    }
}

fn half(value: f64, half: Option<f64>, precision: Precision) -> Shown {
    Shown {
        value: precision.show(value),
        between: " ± ",
        spread: half.map_or("?".to_owned(), |half| precision.show(half)),
        ..Shown::default()
    }
}

fn of_seeds(
    measured: &Measured,
    spread: Spread,
    precision: Precision,
    common: Option<usize>,
) -> Shown {
    let estimate = &measured.estimate;
    let shown = match spread {
        Spread::T | Spread::Bca => interval(estimate, spread, precision),
        Spread::Sd => half(estimate.mean, measured.sd, precision),
    };
    let n = Some(estimate.n).filter(|n| Some(*n) != common);
    Shown { n, mark: measured.mark, ..shown }
}

/// The estimate whose interval decides the digits: where standard deviations are shown, theirs.
fn wide(cell: &Cell, spread: Spread) -> Option<Estimate> {
    let estimate = *cell.estimate()?;
    match (cell, spread) {
        (Cell::Measured(measured), Spread::Sd) => {
            let around = |sd: f64| Interval {
                low: estimate.mean - sd,
                high: estimate.mean + sd,
                level: LEVEL,
            };
            Some(Estimate { interval: measured.sd.map(around), ..estimate })
        }
        _ => Some(estimate),
    }
}

/// How many digits stand behind the point of a column's printed values, and of their spreads.
fn printed_decimals<'a>(cells: impl Iterator<Item = &'a Cell>) -> [usize; 2] {
    let quoted = cells.filter_map(|cell| match cell {
        Cell::Quoted(quoted) => quoted.as_ref(),
        _ => None,
    });
    quoted.fold([0, 0], |[value, spread], quoted| {
        [value.max(decimals(quoted.value)), spread.max(quoted.spread.map_or(0, decimals))]
    })
}

/// A printed value with the digits that it was printed with: 1.4 beside 1.78 was 1.40.
fn quote(quoted: Option<&Quoted>, [decimals, of_spread]: [usize; 2]) -> Shown {
    let Some(quoted) = quoted else { return Shown::default() };
    Shown {
        value: plain(quoted.value, decimals),
        between: " ± ",
        spread: quoted.spread.map_or_else(String::new, |spread| plain(spread, of_spread)),
        sign: match quoted.trust {
            Trust::Read => "",
            Trust::Secondary => "‡",
            Trust::Memory => "†",
        },
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
            let shown = statistic(table.statistic);
            let shown = match table.spread {
                Spread::T => format!("{shown} ± half-width of its {level}% t interval"),
                Spread::Sd => format!("{shown} ± standard deviation"),
                Spread::Bca => format!("{shown} [its {level}% BCa bootstrap interval]"),
            };
            legend.push(format!(
                "{shown} over {seeds}{}",
                if cells().filter_map(Cell::measured).all(|cell| cell.estimate.n == n) {
                    ""
                } else {
                    "; (n) where it is another number"
                }
            ));
        }
        (Counts::OwnColumn, _) if has_mean => {
            legend.push(match table.statistic {
                Statistic::Mean => {
                    format!("mean ± half-width of its {level}% t interval over the pairs")
                }
                other => {
                    format!("{} [its {level}% bootstrap interval] over the pairs", statistic(other))
                }
            });
        }
        (Counts::BelowAndBeside | Counts::OwnColumn, Some(_) | None) => {}
    }
    if table.spread == Spread::Bca && common.is_some_and(|n| n < FEWEST_FOR_BOOTSTRAP) {
        legend.push(format!(
            "a bootstrap interval of fewer than {FEWEST_FOR_BOOTSTRAP} values is too narrow"
        ));
    }
    let unknown = |cell: &Cell| match (cell, table.spread) {
        (Cell::Measured(measured), Spread::Sd) => measured.sd.is_none(),
        _ => cell.estimate().is_some_and(|estimate| estimate.interval.is_none()),
    };
    if cells().any(unknown) {
        legend.push(match table.spread {
            Spread::Sd => "± ?: a single value has no standard deviation".to_owned(),
            Spread::T | Spread::Bca => {
                "± ?: no interval from a single value, or from values that all agree".to_owned()
            }
        });
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

impl Layout {
    /// What the marks mean, where `best` and `tie` say how they look.
    pub(super) fn marks_legend(&self, best: &str, tie: &str) -> Option<String> {
        let alpha = crate::tables::ALPHA;
        let test = match self.statistic {
            Statistic::Mean => "paired t",
            Statistic::Median | Statistic::Iqm => "signed ranks",
        };
        let best = format!("{best} best {} of its column", statistic(self.statistic));
        match self.marks {
            Marks::None => None,
            Marks::Best => Some(best),
            Marks::BestAndTies => Some(format!(
                "{best}; {tie} not told apart from it ({test} over shared seeds, Holm-corrected \
                 within the column, p >= {alpha})"
            )),
        }
    }
}

/// The statistic in a sentence.
fn statistic(statistic: Statistic) -> &'static str {
    match statistic {
        Statistic::Mean => "mean",
        Statistic::Median => "median",
        Statistic::Iqm => "interquartile mean",
    }
}
