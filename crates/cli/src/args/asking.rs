//! What asks the store for runs.

use clap::{Args, ValueEnum};

use crate::args::GridFormat;

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// A filter: "variant == 'contractive' and depth >= 2 and test_error < 0.1"
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Which columns, separated by commas; `all` for every one, `filled` for those in which a run has a
    /// value
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// One row a group of runs that are equal in these columns, separated by commas: statistics over
    /// their seeds
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) group_by: Vec<String>,
    /// Statistics of these metrics, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        default_value = "test_error",
        requires = "group_by"
    )]
    pub(crate) metric: Vec<String>,
    /// Sort by these columns, separated by commas; `-test_error` is descending
    #[arg(long, value_name = "NAMES", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) sort: Vec<String>,
    /// At most this many rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Sql {
    /// One SELECT statement on the views `runs`, `curves`, `pairs`
    #[arg(value_name = "SELECT")]
    pub(crate) statement: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
    /// At most this many rows
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) limit: usize,
    /// Give up after this many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60.0)]
    pub(crate) timeout: f64,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The run's id, or the beginning of it
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A run's id, or the beginning of it
    #[arg(value_name = "RUN")]
    pub(crate) left: String,
    /// Another's
    #[arg(value_name = "RUN")]
    pub(crate) right: String,
    /// Every line of code that differs, not only how many in which file
    #[arg(long)]
    pub(crate) patch: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = ShowFormat::Text)]
    pub(crate) format: ShowFormat,
}

/// Formats of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// To read.
    Text,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Listed,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}

/// A registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// Objectives of the autoencoder.
    Variants,
    /// What can be done to an input.
    Corruptions,
    /// What measures a trained network.
    Probes,
    /// Images.
    Datasets,
    /// What is measured.
    Metrics,
    /// What a grid can name.
    Parameters,
    /// What has been swept into the store.
    Experiments,
}

#[derive(Debug, Args)]
pub(crate) struct Data {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}
