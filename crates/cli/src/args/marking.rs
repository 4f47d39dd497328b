//! What says something of runs, or takes them away.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Tag {
    /// Ids of runs, and what to do with them: `+good` gives a tag, `-good` takes it away
    #[arg(value_name = "RUN | +TAG | -TAG", required = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<String>,
    /// Every run that a filter finds
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Note {
    /// The run's id, or the beginning of it
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// What is to be noted, in the place of what was; an empty text takes the note away
    #[arg(value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) text: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Archive {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Back into sight
    #[arg(long)]
    pub(crate) undo: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Delete {
    #[command(flatten)]
    pub(crate) chosen: Chosen,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// Only say what would go
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Which runs: named one by one, or found by a filter.
#[derive(Debug, Args)]
pub(crate) struct Chosen {
    /// Ids of runs, or the beginnings of them
    #[arg(value_name = "RUN", required_unless_present = "filter")]
    pub(crate) runs: Vec<String>,
    /// Every run that a filter finds
    #[arg(long = "where", value_name = "FILTER")]
    pub(crate) filter: Option<String>,
}
