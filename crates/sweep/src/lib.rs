//! Words and plan: the text of an experiment file becomes an [`Experiment`], then [`Trial`]s, then
//! [`RunPlan`]s. Pure: this crate knows no files, no Candle, no SQL and no terminal.
//!
//! The flow is `TOML text -> ExperimentFile (private) -> Experiment -> Expansion -> [RunPlan]`, and
//! what the words mean is said once, in the modules [`value`], [`params`], [`catalog`], [`metric`]
//! and [`run`].

mod axis;
pub mod catalog;
pub mod claim;
mod domain;
pub mod expansion;
pub mod experiment;
pub mod filter;
#[cfg(test)]
mod fixtures;
pub mod metric;
mod mistakes;
mod names;
pub mod overrides;
pub mod params;
pub mod plots;
mod relative;
pub mod run;
pub mod specs;
pub mod value;

pub use catalog::{Catalog, Condition, Domain, Param, ProbeEntry, Rule, VariantEntry};
pub use domain::layer_names;
pub use expansion::Expansion;
pub use experiment::{Experiment, Limit, Source};
pub use filter::{Filter, FilterError};
pub use metric::{Direction, Metric, Split};
pub use mistakes::{Color, Mistakes};
pub use names::{alike, nearest};
pub use overrides::Override;
pub use params::Params;
pub use plots::{Drawing, LogAxes, PlotKeys, PlotKind, PlotSpec, SeriesKind, Shown};
pub use relative::Relative;
pub use run::{
    Artifact, Cost, Curve, Ending, Failure, FailureKind, Kept, Measured, Outcome, Profile,
    Progress, Run, RunId, RunPlan, RunState, Trial, TrialId,
};
pub use specs::{ComparisonSpec, Paper, PaperValue, Spread, Statistic, TableSpec, Trust};
pub use value::Value;
