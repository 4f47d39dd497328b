//! Words and plan: the text of an experiment file becomes an [`Experiment`], then [`Trial`]s, then
//! [`RunPlan`]s. Pure: this crate knows no files, no Candle, no SQL and no terminal.
//!
//! The flow is `TOML text -> ExperimentFile (private) -> Experiment -> Expansion -> [RunPlan]`, and
//! what the words mean is said once, in the modules [`value`], [`params`], [`catalog`], [`metric`]
//! and [`run`].

pub mod catalog;
pub mod filter;
pub mod metric;
pub mod params;
pub mod run;
pub mod specs;
pub mod value;

pub use catalog::{Catalog, Condition, Domain, Param, Rule, VariantEntry};
pub use metric::{Direction, Metric, Split};
pub use params::Params;
pub use run::{
    Curve, Failure, FailureKind, Outcome, Run, RunId, RunPlan, RunState, Trial, TrialId,
};
pub use value::Value;
