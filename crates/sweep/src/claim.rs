//! What an experiment file expects to find: a statement about runs that they can support or refute.

use crate::filter::Filter;

/// One `[[claim]]` of an experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimSpec {
    /// Its name, unlike that of any other claim of the file.
    pub name: String,
    /// What the statement is about.
    pub metric: String,
    /// What is claimed.
    pub statement: Statement,
    /// The parameters for every value of which it is claimed; may be empty.
    pub by: Vec<String>,
    /// Which trials are looked at; all of them without it.
    pub filter: Option<Filter>,
    /// What stands for an arm that has several cells.
    pub cells: Cells,
    /// The metric, measured on validation images, by which the best cell of an arm is chosen.
    pub select: String,
    /// Where the expectation comes from, if the file says so.
    pub source: Option<String>,
}

/// What is claimed of a metric. An arm is a set of trials, given by a filter.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// The first arm is lower than the second.
    Below([Filter; 2]),
    /// The first arm is higher than the second.
    Above([Filter; 2]),
    /// The two arms differ by less than a margin, in units of the metric.
    Equal {
        /// The arms.
        arms: [Filter; 2],
        /// The margin, above 0.
        margin: f64,
    },
    /// The first arm spreads less over seeds than the second.
    LessSpread([Filter; 2]),
    /// The first arm minus the second grows along a parameter.
    GapGrows {
        /// The arms.
        arms: [Filter; 2],
        /// The parameter, of numbers.
        along: String,
    },
    /// It rises along a parameter of numbers.
    Rising(String),
    /// It falls along a parameter of numbers.
    Falling(String),
    /// Along a parameter of numbers, an inner value is better than both ends.
    InnerOptimum(String),
    /// The order of the arms agrees with that of given numbers.
    RankCorrelation {
        /// Three arms or more.
        arms: Vec<Filter>,
        /// A number an arm.
        values: Vec<f64>,
        /// Spearman's r is at least this.
        at_least: f64,
    },
}

impl Statement {
    /// The words of every kind, as a file writes them.
    pub const KINDS: [&'static str; 9] = [
        "below",
        "above",
        "equal",
        "less-spread",
        "gap-grows",
        "rising",
        "falling",
        "inner-optimum",
        "rank-correlation",
    ];

    /// The word of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Statement::Below(_) => "below",
            Statement::Above(_) => "above",
            Statement::Equal { .. } => "equal",
            Statement::LessSpread(_) => "less-spread",
            Statement::GapGrows { .. } => "gap-grows",
            Statement::Rising(_) => "rising",
            Statement::Falling(_) => "falling",
            Statement::InnerOptimum(_) => "inner-optimum",
            Statement::RankCorrelation { .. } => "rank-correlation",
        }
    }
}

/// What stands for an arm that has several cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    /// The one that is best on validation images.
    #[default]
    Best,
    /// Their mean within each seed.
    Mean,
}

impl Cells {
    /// The words, as a file writes them.
    pub const WORDS: [&'static str; 2] = ["best", "mean"];

    /// What this word says.
    pub fn from_word(word: &str) -> Option<Cells> {
        match word {
            "best" => Some(Cells::Best),
            "mean" => Some(Cells::Mean),
            _ => None,
        }
    }
}
