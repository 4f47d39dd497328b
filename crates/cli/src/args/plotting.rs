//! Options of the command that draws pictures of results.

use std::path::PathBuf;

use ablate_sweep::plots::PlotKind;
use clap::{Args, ValueEnum};

use crate::args::Target;

#[derive(Debug, Args)]
pub(crate) struct Plot {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Which of its plots; without it they are listed. With --kind, the title
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The file to write: SVG, or PNG if its name ends so; standard output if not given
    #[arg(long, short, value_name = "FILE", conflicts_with = "all")]
    pub(crate) output: Option<PathBuf>,
    /// Draw every plot of the experiment into this folder, each into the file of its name
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["name", "kind"])]
    pub(crate) all: Option<PathBuf>,
    /// Replace files that are there
    #[arg(long)]
    pub(crate) force: bool,
    /// Draw what the options below say, rather than what the experiment declares
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// The parameter along the horizontal axis; of a scatter plot, a metric or a parameter
    #[arg(long, value_name = "PARAMETER", requires = "kind")]
    pub(crate) x: Option<String>,
    /// The parameter along the vertical axis of a heat map
    #[arg(long, value_name = "PARAMETER", requires = "kind")]
    pub(crate) y: Option<String>,
    /// What is drawn
    #[arg(long, value_name = "METRIC", requires = "kind")]
    pub(crate) metric: Option<String>,
    /// The metrics that are the rows of a matrix, separated by commas
    #[arg(long, value_name = "METRICS", value_delimiter = ',', requires = "kind")]
    pub(crate) metrics: Vec<String>,
    /// The curve that is drawn, such as `valid_error`
    #[arg(long, value_name = "NAME", requires = "kind")]
    pub(crate) curve: Option<String>,
    /// The profile that is drawn, such as `contraction`
    #[arg(long, value_name = "NAME", requires = "kind")]
    pub(crate) profile: Option<String>,
    /// Parameters whose values tell lines or strips apart, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "kind")]
    pub(crate) by: Vec<String>,
    /// The parameters of parallel coordinates, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',', requires = "kind")]
    pub(crate) axes: Vec<String>,
    /// Which axes are logarithmic: `x`, `y` or `x,y`
    #[arg(long, value_name = "AXES", value_delimiter = ',', requires = "kind")]
    pub(crate) log_axes: Vec<String>,
    /// Which trials are looked at, such as `depth == 3`
    #[arg(long, value_name = "FILTER", requires = "kind")]
    pub(crate) filter: Option<String>,
    /// The metric on validation images that chooses where several trials would stand in one place
    #[arg(long, value_name = "METRIC", default_value = "valid_error", requires = "kind")]
    pub(crate) select: String,
    /// Archived runs too
    #[arg(long)]
    pub(crate) archived: bool,
}

/// Kinds of plots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A curve over epochs, with a band over seeds.
    Curve,
    /// A profile over its own axis, such as an error over the severity.
    Profile,
    /// A metric over a numeric parameter, with a band over seeds.
    Line,
    /// A metric by the values of a parameter: every seed, mean and interval.
    Strip,
    /// A metric by the values of a parameter: every seed, quartiles and median.
    Box,
    /// The mean of a metric over two parameters.
    Heat,
    /// The means of several metrics, a row each, by groups.
    Matrix,
    /// Two values of every run against each other.
    Scatter,
    /// A line a trial through its parameters to its metric.
    Parallel,
}

impl From<Kind> for PlotKind {
    fn from(kind: Kind) -> PlotKind {
        match kind {
            Kind::Curve => PlotKind::Curve,
            Kind::Profile => PlotKind::Profile,
            Kind::Line => PlotKind::Line,
            Kind::Strip => PlotKind::Strip,
            Kind::Box => PlotKind::Box,
            Kind::Heat => PlotKind::Heat,
            Kind::Matrix => PlotKind::Matrix,
            Kind::Scatter => PlotKind::Scatter,
            Kind::Parallel => PlotKind::Parallel,
        }
    }
}
