//! Results to the formats of other programs, and results of other programs from CSV. This crate knows
//! no SQL, no Candle and no terminal; it is handed runs or sheets and gives bytes, or talks to a
//! server that is named to it.
//!
//! - [`sheet`]: runs, curves and profiles as CSV, JSON lines and [`parquet`];
//! - [`tensorboard`]: event files with curves, scores and hyperparameters;
//! - [`mlflow`]: through the REST interface of a tracking server;
//! - [`foreign`]: runs of others, from CSV.

mod error;
pub mod foreign;
pub mod mlflow;
pub mod parquet;
pub mod sheet;
pub mod tensorboard;
mod time;

use ablate_sweep::{Curve, Run};

pub use error::ExchangeError;
pub use sheet::{Kind, Sheet};

/// A run with all that goes along with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// Parameters, scores and how it ended.
    pub run: Run,
    /// Its curves.
    pub curves: Vec<Curve>,
    /// The experiments that plan it, by name.
    pub experiments: Vec<String>,
    /// When its last attempt began: UTC, ISO 8601.
    pub started_at: String,
    /// When that ended, likewise.
    pub ended_at: Option<String>,
    /// The commit of the working tree that trained it.
    pub git_commit: Option<String>,
}
