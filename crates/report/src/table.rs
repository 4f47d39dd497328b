//! The table that every renderer shows: labelled rows and columns of cells that know their interval,
//! their n, their runs and, where something is missing, why.

use ablate_sweep::{Params, RunId, Spread, Statistic, TrialId, Trust};

use crate::label::Label;
use crate::run_set::Score;
use crate::stats::Estimate;

/// A table, ready to be rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Its name: one word or a short phrase.
    pub name: String,
    /// What the row labels are: names of parameters.
    pub keys: Vec<String>,
    /// What the column labels are: names of parameters, the outermost first.
    pub column_keys: Vec<String>,
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with one label a key and one cell a column.
    pub rows: Vec<Row>,
    /// How it shows over how many replicates a cell was computed.
    pub counts: Counts,
    /// What its estimates are.
    pub statistic: Statistic,
    /// What it shows of how well they are known.
    pub spread: Spread,
    /// What a reader has to know, one sentence each.
    pub notes: Vec<String>,
}

/// Where the number of replicates behind a cell is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Seeds: once below the table, and beside each cell that has another number.
    BelowAndBeside,
    /// Pairs: in a column of their own.
    OwnColumn,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// One label a column key.
    pub labels: Vec<Label>,
    /// The metric, or what else the column holds.
    pub heading: String,
    /// The unit of its numbers, as the metric declares it; `1` for plain numbers.
    pub unit: String,
    /// Where its numbers are printed, if they are not ours.
    pub source: Option<String>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One label a key.
    pub labels: Vec<Label>,
    /// One cell a column.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// A mean over seeds.
    Measured(Box<Measured>),
    /// A mean that comes from a comparison.
    Estimate(Estimate),
    /// Nothing to show, and why.
    Absent(Absence),
    /// A number of pairs.
    Count(usize),
    /// A p-value, or `None` where the test is undefined.
    P(Option<f64>),
    /// An effect size, or `None` where it is undefined.
    Effect(Option<f64>),
    /// A word.
    Word(String),
    /// What others printed, or `None` where they printed nothing.
    Quoted(Option<Quoted>),
}

impl Cell {
    /// The mean over seeds in it, if it has one.
    pub fn measured(&self) -> Option<&Measured> {
        match self {
            Cell::Measured(measured) => Some(measured),
            Cell::Estimate(_)
            | Cell::Absent(_)
            | Cell::Count(_)
            | Cell::P(_)
            | Cell::Effect(_)
            | Cell::Word(_)
            | Cell::Quoted(_) => None,
        }
    }

    /// The same, to be marked.
    pub(crate) fn measured_mut(&mut self) -> Option<&mut Measured> {
        match self {
            Cell::Measured(measured) => Some(measured),
            Cell::Estimate(_)
            | Cell::Absent(_)
            | Cell::Count(_)
            | Cell::P(_)
            | Cell::Effect(_)
            | Cell::Word(_)
            | Cell::Quoted(_) => None,
        }
    }

    /// The estimate in it, if it has one.
    pub fn estimate(&self) -> Option<&Estimate> {
        match self {
            Cell::Measured(measured) => Some(&measured.estimate),
            Cell::Estimate(estimate) => Some(estimate),
            Cell::Absent(_)
            | Cell::Count(_)
            | Cell::P(_)
            | Cell::Effect(_)
            | Cell::Word(_)
            | Cell::Quoted(_) => None,
        }
    }
}

/// A value that others printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quoted {
    /// The value as it is printed: percent, where the table shows percent.
    pub value: f64,
    /// What is printed behind its plus-minus sign.
    pub spread: Option<f64>,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// Why a cell has no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// The plan has no trial here.
    NotPlanned,
    /// Planned, but no run has ended yet: never started, still running, or interrupted.
    NotRun,
    /// Runs have failed and none has finished.
    Failed {
        /// How many failed.
        runs: usize,
    },
    /// Runs have finished, but none has this metric, or none has the metric that selects.
    NotMeasured,
}

impl Absence {
    /// Its one word or two, as data formats give it.
    pub fn word(self) -> &'static str {
        match self {
            Absence::NotPlanned => "not planned",
            Absence::NotRun => "not run",
            Absence::Failed { .. } => "failed",
            Absence::NotMeasured => "not measured",
        }
    }
}

/// A mean over seeds and what is behind it.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The table's statistic, its interval (none where the table shows standard deviations) and its n.
    pub estimate: Estimate,
    /// The standard deviation over seeds; `None` for a single one.
    pub sd: Option<f64>,
    /// How many seeds were planned.
    pub planned: usize,
    /// How many of these runs failed.
    pub failed: usize,
    /// How it stands to the best of its column; `None` where the metric has no better direction.
    pub mark: Option<Mark>,
    /// The trial shown.
    pub trial: TrialId,
    /// What was chosen, where several trials fell into this cell.
    pub choice: Option<Choice>,
    /// The values behind the mean.
    pub scores: Vec<Score>,
}

impl Measured {
    /// The runs behind the mean.
    pub fn runs(&self) -> impl Iterator<Item = &RunId> {
        self.scores.iter().map(|score| &score.run)
    }
}

/// How a cell stands to the best of its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The best mean.
    Best,
    /// Not told apart from the best by a paired test, or equal to it in every seed.
    Tie,
    /// Told apart from the best.
    Worse,
    /// Not tested against the best: fewer than three shared seeds, or differences without spread.
    Untested,
}

impl Mark {
    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Mark::Best => "best",
            Mark::Tie => "tie",
            Mark::Worse => "worse",
            Mark::Untested => "untested",
        }
    }
}

/// Which of several trials a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// The values of the parameters that told the trials apart, where they mean something.
    pub params: Params,
    /// How many trials there were.
    pub among: usize,
    /// The metric that chose.
    pub by: String,
}
