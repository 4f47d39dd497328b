//! What answers an experiment's question: its tables, comparisons and claims.

use clap::Args;

use crate::args::{TableFormat, Target};

#[derive(Debug, Args)]
pub(crate) struct Table {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Which of its tables, if it declares several; all of them if not given
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// List the runs behind one cell instead, by its row and its column (behind the labels), both
    /// counted from 1
    #[arg(long, value_name = "ROW,COLUMN", requires = "name")]
    pub(crate) cell: Option<String>,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Compare {
    #[command(flatten)]
    pub(crate) target: Target,
    /// The parameter along which runs are paired
    #[arg(long, value_name = "PARAMETER")]
    pub(crate) axis: Option<String>,
    /// The value of the axis that the others are compared with
    #[arg(long, value_name = "VALUE")]
    pub(crate) baseline: Option<String>,
    /// What is compared
    #[arg(long, value_name = "METRIC")]
    pub(crate) metric: Option<String>,
    /// Parameters whose values split the summary, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Claims {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
}
