//! Options of the command that draws pictures of results.

use std::path::PathBuf;

use ablate_sweep::plots::PlotKind;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

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
    #[arg(long, value_parser = kinds())]
    pub(crate) kind: Option<PlotKind>,
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

/// Reads a kind of plot by its word, and lists all of them.
fn kinds() -> impl TypedValueParser<Value = PlotKind> {
    let listed = PlotKind::ALL.map(|kind| PossibleValue::new(kind.word()).help(kind.summary()));
    PossibleValuesParser::new(listed)
        .try_map(|word| PlotKind::from_word(&word).ok_or("there is no such kind"))
}
