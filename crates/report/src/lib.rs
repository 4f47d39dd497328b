//! Runs to statistics, to tables, comparisons and claims, to text, Markdown, LaTeX, HTML, CSV and
//! JSON. Pure: this crate knows no files, no SQL, no Candle and no terminal; it returns strings.
//!
//! The flow is `RunSet -> Table | Comparison | Claims -> render(Format, Style) -> String`.
//! [`tables::build`] aggregates over seeds, [`comparison::compare`] pairs runs by seed along one axis,
//! and the two end in the same [`Table`] model, which the renderers share; [`claims::judge`] holds
//! what an experiment states against its runs. [`Grid`] is the plain sheet of a query, [`groups`] one
//! of statistics over seeds, [`plot`] draws curves on a terminal, [`charts`] draws pictures, and
//! [`importance()`] weighs axes. What the numbers mean is told in `METHOD.md`.

pub mod charts;
pub mod claims;
pub mod comparison;
mod error;
mod grid;
pub mod groups;
mod importance;
mod label;
mod number;
pub mod plot;
mod renderers;
mod run_set;
mod selection;
pub mod stats;
mod table;
pub mod tables;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod method;

pub use comparison::{Comparison, compare};
pub use error::ReportError;
pub use grid::{Field, Grid};
pub use groups::Group;
pub use importance::{Importance, importance};
pub use label::Label;
pub use renderers::{Emphasis, Format, Style, painted, visible};
pub use run_set::{RunSet, Score, TrialRuns};
pub use stats::{Estimate, Interval};
pub use table::{Absence, Cell, Choice, Column, Counts, Mark, Measured, Quoted, Row, Table};
