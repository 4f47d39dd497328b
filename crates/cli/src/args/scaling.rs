//! What sends a sweep to an engine that runs tasks on many machines, and brings back what they did.

use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::training::time;

#[derive(Debug, Args)]
pub(crate) struct Launch {
    /// An experiment file, or the name of an experiment in the store
    #[arg(value_name = "EXPERIMENT", required_unless_present = "resume")]
    pub(crate) experiment: Option<String>,
    /// Replace a parameter everywhere: `--set depth=2`
    #[arg(long = "set", value_name = "KEY=VALUE", conflicts_with = "resume")]
    pub(crate) set: Vec<String>,
    /// The most runs that an experiment may expand to
    #[arg(long, value_name = "N", conflicts_with = "resume")]
    pub(crate) max_runs: Option<u64>,
    /// A folder that all machines see, for the plan and for what the tasks leave
    #[arg(
        long,
        value_name = "FOLDER",
        required_unless_present = "resume",
        conflicts_with = "resume"
    )]
    pub(crate) dir: Option<PathBuf>,
    /// Launch once more what was launched in this folder and is neither finished there nor in the store
    #[arg(long, value_name = "FOLDER", conflicts_with = "experiment")]
    pub(crate) resume: Option<PathBuf>,
    /// What runs the tasks
    #[arg(long, value_enum, default_value_t = Executor::Slurm)]
    pub(crate) executor: Executor,
    /// Runs a task: a number, or `auto` for about half an hour each
    #[arg(long, value_name = "K", default_value = "auto")]
    pub(crate) chunk: String,
    /// At most so many tasks at once
    #[arg(long, value_name = "P")]
    pub(crate) max_parallel: Option<NonZeroU32>,
    /// One more argument of sbatch, such as `--sbatch-arg=--time=4:00:00`; may be given several times
    #[arg(long, value_name = "ARG", allow_hyphen_values = true)]
    pub(crate) sbatch_arg: Vec<String>,
    /// How long to wait before a submission that SLURM refused for now is tried again; then twice as long
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = time)]
    pub(crate) pause: Duration,
    /// Keep no weights and no checkpoints
    #[arg(long, conflicts_with = "resume")]
    pub(crate) no_weights: bool,
    /// Only show what would be submitted: nothing is written and nothing called
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What runs tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Executor {
    /// SLURM: the tasks are submitted as one array, and a job that collects behind them.
    Slurm,
    /// GNU parallel: the plan is written, and the command printed.
    Parallel,
    /// HyperQueue: likewise.
    Hyperqueue,
    /// Kubernetes: the plan is written, and the manifest of an indexed Job printed.
    K8s,
}

#[derive(Debug, Args)]
pub(crate) struct Worker {
    /// The folder of the launch
    #[arg(value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// Which task; else ABLATE_TASK, SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX or HQ_TASK_ID says it
    #[arg(long, value_name = "INDEX")]
    pub(crate) task: Option<u32>,
    /// Which generation of the plan; the latest if not given
    #[arg(long, value_name = "N")]
    pub(crate) generation: Option<NonZeroU32>,
    /// Trainings at a time; SLURM_CPUS_PER_TASK, or as many as there are cores, if not given
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

#[derive(Debug, Args)]
pub(crate) struct Status {
    /// The folder of the launch
    #[arg(value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Collect {
    /// The folder of the launch
    #[arg(value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
    /// Only into a store that is there already: the job behind a launch may run on a machine that does not
    /// see the disk on which the store lies
    #[arg(long)]
    pub(crate) no_create: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Cancel {
    /// The folder of the launch
    #[arg(value_name = "FOLDER")]
    pub(crate) dir: PathBuf,
}
