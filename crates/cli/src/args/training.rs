//! What trains runs, tells what would be trained, or trains them again.

use clap::{Args, ValueEnum};

use crate::args::Target;

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Trainings at a time, one thread each; as many as there are cores if not given
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// Stop the sweep at the first run that fails
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Train also what a process that cannot be seen from here holds (another machine, another
    /// container): only where it is known to be gone
    #[arg(long)]
    pub(crate) take_over: bool,
    /// Keep no weights: nothing is written beside the store, and layers that several runs share are
    /// trained by each of them
    #[arg(long)]
    pub(crate) no_weights: bool,
    /// Wait for the disk at every commit: slower, and a power cut loses nothing at all
    #[arg(long)]
    pub(crate) durable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Trainings at a time, for the estimate of time and memory
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = PlanFormat::Table)]
    pub(crate) format: PlanFormat,
    /// List every run; without it, trials with the same reason are one line
    #[arg(long)]
    pub(crate) all: bool,
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// To read.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Ids of finished runs, or the beginnings of them
    #[arg(value_name = "RUN", required = true)]
    pub(crate) runs: Vec<String>,
}
