//! What an experiment file expects to find: a statement about runs that they can support or refute.

use crate::filter::Filter;
use crate::run::Curve;

/// One `[[claim]]` of an experiment file.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimSpec {
    /// Its name, unlike that of any other claim of the file.
    pub name: String,
    /// What the statement is about.
    pub metric: String,
    /// When in a training it is taken; without it, of the trained network.
    pub at: Option<Milestone>,
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

/// The end of the first epoch after which a curve has come to a level: fallen to it where lower is
/// better, risen to it where higher is. So runs are compared where they are equally far.
#[derive(Clone, Debug, PartialEq)]
pub struct Milestone {
    /// The curve.
    pub curve: String,
    /// The level, finite.
    pub level: f64,
    /// Whether it is come to from above.
    pub falling: bool,
}

impl Milestone {
    /// The value of `metric` at this milestone, both from `curves`; `None` where the level is never come
    /// to, one of the curves is missing, or the value is not finite.
    pub fn value(&self, metric: &str, curves: &[Curve]) -> Option<f64> {
        let values = |name: &str| curves.iter().find(|curve| curve.name == name);
        let reached = |value: &f64| match self.falling {
            true => *value <= self.level,
            false => *value >= self.level,
        };
        let epoch = values(&self.curve)?.values.iter().position(reached)?;
        values(metric)?.values.get(epoch).copied().filter(|value| value.is_finite())
    }
}

impl ClaimSpec {
    /// What the statement is about, with the milestone: the name under which the values of runs stand.
    pub fn measured(&self) -> String {
        match &self.at {
            None => self.metric.clone(),
            Some(at) => format!("{} at {} {}", self.metric, at.curve, at.level),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(curve: &str, level: f64, falling: bool) -> Milestone {
        Milestone { curve: curve.into(), level, falling }
    }

    #[test]
    fn a_milestone_is_the_first_epoch_that_comes_to_its_level() {
        let curve =
            |name: &str, values: &[f64]| Curve { name: name.into(), values: values.to_vec() };
        let curves = [
            curve("train_loss", &[f64::NAN, 2.0, 0.5, 0.7, 0.1]),
            curve("accuracy", &[0.1, 0.4, 0.9]),
            curve("valid_loss", &[1.0, 2.0, 3.0, f64::INFINITY]),
        ];
        assert_eq!(at("train_loss", 0.5, true).value("valid_loss", &curves), Some(3.0));
        assert_eq!(at("accuracy", 0.4, false).value("valid_loss", &curves), Some(2.0));
        for (curve, level) in [("train_loss", 0.05), ("train_loss", 0.1), ("other", 1.0)] {
            assert_eq!(at(curve, level, true).value("valid_loss", &curves), None);
        }
        assert_eq!(at("train_loss", 0.5, true).value("other", &curves), None);
        // Reached, but the other curve is not finite there.
        assert_eq!(at("valid_loss", 3.0, false).value("valid_loss", &curves[2..]), Some(3.0));
    }
}
