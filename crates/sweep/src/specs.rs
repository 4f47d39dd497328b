//! What an experiment file declares about its answer: tables and the paired comparison.

use crate::filter::Filter;
use crate::params::Params;
use crate::value::Value;

/// What a cell shows of the values of its seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Statistic {
    /// The mean.
    #[default]
    Mean,
    /// The middle value.
    Median,
    /// The interquartile mean: the mean without the lowest and the highest quarter.
    Iqm,
}

impl Statistic {
    /// Every statistic.
    pub const ALL: [Statistic; 3] = [Statistic::Mean, Statistic::Median, Statistic::Iqm];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Statistic::Mean => "mean",
            Statistic::Median => "median",
            Statistic::Iqm => "iqm",
        }
    }

    /// The statistic whose word this is.
    pub fn from_word(word: &str) -> Option<Statistic> {
        Statistic::ALL.into_iter().find(|statistic| statistic.word() == word)
    }
}

/// What stands behind the statistic of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Spread {
    /// The half-width of the t interval of a mean.
    #[default]
    T,
    /// The ends of the BCa bootstrap interval of the statistic.
    Bca,
    /// The standard deviation of the values.
    Sd,
}

impl Spread {
    /// Every spread.
    pub const ALL: [Spread; 3] = [Spread::T, Spread::Bca, Spread::Sd];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Spread::T => "t",
            Spread::Bca => "bca",
            Spread::Sd => "sd",
        }
    }

    /// The spread whose word this is.
    pub fn from_word(word: &str) -> Option<Spread> {
        Spread::ALL.into_iter().find(|spread| spread.word() == word)
    }
}

/// One `[[table.paper]]`: what others printed, to stand beside what we found.
#[derive(Clone, Debug, PartialEq)]
pub struct Paper {
    /// Where the values are printed.
    pub source: String,
    /// Which of the table's metrics they are values of.
    pub metric: String,
    /// The values.
    pub values: Vec<PaperValue>,
}

/// One printed value.
#[derive(Clone, Debug, PartialEq)]
pub struct PaperValue {
    /// The values of the row and column parameters of the cell that it belongs to.
    pub labels: Params,
    /// The value as it is printed: percent, where the table shows percent.
    pub value: f64,
    /// What is printed behind its plus-minus sign, whatever that means there.
    pub spread: Option<f64>,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// How far a quoted value can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Read in the source itself.
    Read,
    /// Read in another work that quotes the source.
    Secondary,
    /// Quoted from memory.
    Memory,
}

impl Trust {
    /// Every degree, the most trusted first.
    pub const ALL: [Trust; 3] = [Trust::Read, Trust::Secondary, Trust::Memory];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Trust::Read => "read",
            Trust::Secondary => "secondary",
            Trust::Memory => "memory",
        }
    }

    /// The degree whose word this is.
    pub fn from_word(word: &str) -> Option<Trust> {
        Trust::ALL.into_iter().find(|trust| trust.word() == word)
    }
}

/// One `[[table]]` of an experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSpec {
    /// Its name, by which `ablate table EXPERIMENT NAME` finds it.
    pub name: String,
    /// The parameters whose values label the rows, the outermost first.
    pub rows: Vec<String>,
    /// The parameters whose values label the columns, the outermost first; may be empty.
    pub columns: Vec<String>,
    /// The metrics shown; with several, each column is split into one a metric.
    pub metrics: Vec<String>,
    /// Which trials are looked at; all of them without it.
    pub filter: Option<Filter>,
    /// The metric, measured on validation images, by which the parameters that are neither rows
    /// nor columns are chosen within each cell.
    pub select: String,
    /// What a cell shows of the values of its seeds.
    pub statistic: Statistic,
    /// What stands behind it.
    pub spread: Spread,
    /// What others printed.
    pub papers: Vec<Paper>,
}

/// The `[compare]` of an experiment file: runs paired by seed along one axis.
#[derive(Clone, Debug, PartialEq)]
pub struct ComparisonSpec {
    /// The axis along which runs are paired, such as `pretraining`.
    pub axis: String,
    /// The value of the axis that the others are compared with, such as `none`; without it, the
    /// first value that the axis takes in the experiment.
    pub baseline: Option<Value>,
    /// What is compared.
    pub metric: String,
    /// The parameters whose values split the summary, such as `depth`; may be empty.
    pub by: Vec<String>,
    /// As in [`TableSpec::select`]: by which the parameters outside `axis` and `by` are chosen.
    pub select: String,
}
