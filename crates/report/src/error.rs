//! What can be wrong with a request for a table or a comparison. Runs that failed or are missing are
//! no errors: they are shown.

use thiserror::Error;

use crate::tables::listed;

/// A table or comparison that cannot be made as it was asked for.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum ReportError {
    /// A name in rows, columns, axis or `by` that the catalog does not know.
    #[error("{place}: no parameter is called {name:?}; {}", meant(name, known, "parameters"))]
    UnknownParam {
        /// Which key of which table or comparison.
        place: String,
        /// The name found.
        name: String,
        /// The parameters there are.
        known: Vec<String>,
    },
    /// A metric that the catalog does not know.
    #[error("{place}: no metric is called {name:?}; {}", meant(name, known, "metrics"))]
    UnknownMetric {
        /// Which key of which table or comparison.
        place: String,
        /// The name found.
        name: String,
        /// The metrics there are.
        known: Vec<String>,
    },
    /// Selection by a metric that was not measured on validation images, or that has no direction.
    #[error(
        "{place}: {name} cannot select: {fault}; a metric measured on validation images that has \
         a better direction can: {}", known.join(", ")
    )]
    CannotSelect {
        /// Which key of which table or comparison.
        place: String,
        /// The metric found.
        name: String,
        /// What it lacks.
        fault: &'static str,
        /// The metrics that can.
        known: Vec<String>,
    },
    /// One parameter in two places of the same table or comparison.
    #[error("{place}: {name} is given twice; each parameter can label one place only")]
    GivenTwice {
        /// Which table or comparison.
        place: String,
        /// The parameter.
        name: String,
    },
    /// A table without metrics.
    #[error("{place}: no metric is given; name at least one")]
    NoMetric {
        /// Which table.
        place: String,
    },
    /// A plan without trials.
    #[error("{place}: the plan has no trials; there is nothing to report on")]
    EmptyPlan {
        /// Which table or comparison.
        place: String,
    },
    /// A filter that leaves no trial to report on.
    #[error("{place}: none of the {planned} planned trials matches {filter:?}")]
    NoTrials {
        /// Which table.
        place: String,
        /// How many trials the plan has.
        planned: usize,
        /// The filter's text.
        filter: String,
    },
    /// A plot of what no finished run has.
    #[error("{place}: no finished run has {what}")]
    NothingToPlot {
        /// Which plot.
        place: String,
        /// What is not there.
        what: String,
    },
    /// A plot with more groups than can be told apart.
    #[error(
        "{place}: {count} groups are too many to tell apart (at most {most}); filter, or name fewer parameters in by"
    )]
    TooManyGroups {
        /// Which plot.
        place: String,
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
    },
    /// A cell that a table does not have.
    #[error(
        "{place} has no row {row} and column {column}: it has {}, and {}",
        listed("row", rows),
        listed("column", columns)
    )]
    NoCell {
        /// Which table.
        place: String,
        /// The row asked for, from 1.
        row: usize,
        /// The column asked for, from 1.
        column: usize,
        /// The rows there are.
        rows: Vec<String>,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// A cell whose value others printed.
    #[error("no runs of ours are behind this cell: it is quoted from {source_of}")]
    QuotedCell {
        /// Where it is printed.
        source_of: String,
    },
    /// An axis that no planned trial has.
    #[error("comparison: {axis} means nothing in any planned trial; compare along one that varies")]
    NoAxis {
        /// The axis compared along.
        axis: String,
    },
    /// A baseline that no planned trial has.
    #[error("comparison: no planned trial has {axis} = {baseline}; it takes {}", found.join(", "))]
    NoBaseline {
        /// The axis compared along.
        axis: String,
        /// The baseline asked for.
        baseline: String,
        /// The values that the axis takes in the plan.
        found: Vec<String>,
    },
    /// An axis with a single value: nothing differs from the baseline.
    #[error(
        "comparison: {axis} is {baseline} in every planned trial; it takes two values to compare"
    )]
    OneValue {
        /// The axis compared along.
        axis: String,
        /// Its only value.
        baseline: String,
    },
}

/// What `name` was probably meant to be, or what there is: a few are named, many are not.
fn meant(name: &str, known: &[String], what: &str) -> String {
    const FEW: usize = 12;
    let alike = ablate_sweep::alike(name, known.iter().map(String::as_str));
    match alike.as_slice() {
        [] if known.len() > FEW => format!("`ablate list {what}` has them all"),
        [] => format!("there are {}", known.join(", ")),
        alike => format!("did you mean {}?", alike[..alike.len().min(3)].join(", ")),
    }
}
