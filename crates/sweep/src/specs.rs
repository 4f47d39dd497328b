//! What an experiment file declares about its answer: tables and the paired comparison.

use crate::filter::Filter;
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
