//! What goes between stores, and to and from other programs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// Stores, which are only read; those of earlier releases too
    #[arg(value_name = "OTHER.db", required = true)]
    pub(crate) others: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Read the files of all runs, too
    #[arg(long)]
    pub(crate) artifacts: bool,
    /// Copy what is whole to a new store
    #[arg(long, value_name = "NEW.db")]
    pub(crate) salvage: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Which runs, as for `query`; all current ones if not given
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
    /// For which program
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// A new folder; for MLflow the address of its server, such as http://127.0.0.1:5000
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: PathBuf,
}

/// Formats of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// runs.csv, curves.csv and profiles.csv.
    Csv,
    /// The same as JSON, an object a line.
    Jsonl,
    /// The same as Parquet, typed.
    Parquet,
    /// A folder of event files a run, with hyperparameters.
    Tensorboard,
    /// Through the REST interface of a running server.
    Mlflow,
}

#[derive(Debug, Args)]
pub(crate) struct Weights {
    /// The run's id, or the beginning of it
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// A new file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// One row a run: columns for parameters, `seed` and metrics
    #[arg(value_name = "CSV")]
    pub(crate) file: PathBuf,
    /// The experiment in whose tables they are to stand, by its name in the store
    #[arg(long, value_name = "NAME")]
    pub(crate) experiment: String,
    /// Give runs that were imported before the scores of this file
    #[arg(long)]
    pub(crate) replace: bool,
}
