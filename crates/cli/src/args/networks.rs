//! What looks at the networks of finished runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::GridFormat;

#[derive(Debug, Args)]
pub(crate) struct Probe {
    /// Which finished runs: ids, the beginnings of ids, or filters such as "experiment == 'depth'"
    #[arg(value_name = "RUN|FILTER", required = true)]
    pub(crate) runs: Vec<String>,
    /// By which probe; `ablate list probes` names them. May be given several times
    #[arg(long = "probe", value_name = "NAME", required = true)]
    pub(crate) probes: Vec<String>,
    /// Runs at a time, one thread each; as many as there are cores if not given
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<std::num::NonZeroUsize>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}

/// Of which run a picture is, and where it goes.
#[derive(Debug, Args)]
pub(crate) struct Picture {
    /// The finished run's id, or the beginning of it
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The file to write; named after the command and the run, in the current folder, if not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
    /// How many times larger each pixel is drawn
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=32))]
    pub(crate) zoom: u16,
}

#[derive(Debug, Args)]
pub(crate) struct Filters {
    #[command(flatten)]
    pub(crate) picture: Picture,
    /// Of which hidden layer, from 1; higher ones are drawn as weights of the pixels, multiplied down
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) layer: usize,
    /// Before fine-tuning or after
    #[arg(long, value_enum, default_value_t = Moment::Initial)]
    pub(crate) weights: Moment,
    /// How many units, from the first
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) units: usize,
}

/// A run's two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Moment {
    /// As fine-tuning found them: pretrained, or at their random start.
    Initial,
    /// As fine-tuning left them.
    Tuned,
}

#[derive(Debug, Args)]
pub(crate) struct Reconstruct {
    #[command(flatten)]
    pub(crate) picture: Picture,
    /// How many test images, from the first
    #[arg(long, value_name = "N", default_value_t = 12)]
    pub(crate) images: usize,
    /// By which corruption; the one that the run was trained against if not given, or else gaussian
    #[arg(long, value_name = "NAME")]
    pub(crate) corruption: Option<String>,
    /// How severe it is
    #[arg(long, value_name = "SEVERITY", requires = "corruption")]
    pub(crate) severity: Option<f32>,
}

#[derive(Debug, Args)]
pub(crate) struct Samples {
    #[command(flatten)]
    pub(crate) picture: Picture,
    /// How many images
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) images: u16,
    /// Steps of the Gibbs chain that leads to each, where the model is one of chains (rbm)
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) gibbs_steps: u32,
    /// Seed of the draws; the run's if not given
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
}
