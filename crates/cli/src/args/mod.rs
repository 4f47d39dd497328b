//! What may be typed: commands, options and their help. Exit codes stand at the end of `--help`.

mod answers;
mod asking;
mod exchanging;
mod manual;
mod marking;
mod networks;
mod plotting;
mod scaling;
mod showing;
#[cfg(test)]
mod tests;
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use answers::{Claims, Compare, Table};
pub(crate) use asking::{Data, Diff, List, Listed, Query, Show, ShowFormat, Sql};
pub(crate) use exchanging::{Check, Export, ExportFormat, Import, Merge, Weights};
pub(crate) use manual::{Completions, Man};
pub(crate) use marking::{Archive, Delete, Gc, Note, Tag};
pub(crate) use networks::{Filters, Moment, Picture, Probe, Reconstruct, Samples};
pub(crate) use plotting::Plot;
pub(crate) use scaling::{Cancel, Collect, Executor, Launch, Status, Worker};
pub(crate) use showing::{Report, Serve};
pub(crate) use training::{Plan, PlanFormat, Sweep, Verify};

/// Experiments in representation learning: one TOML file asks a question, a sweep answers it.
#[derive(Debug, Parser)]
#[command(
    name = "ablate",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    after_help = "Data goes to stdout, progress and messages to stderr.\n\n\
                  Exit codes: 0 done; 1 error; 2 bad usage or experiment file;\n\
                  3 some runs failed, are unfinished, differ or are damaged, or a claim is not supported;\n\
                  130 or 143 stopped by Ctrl-C or SIGTERM (start again to go on).",
    after_long_help = "Examples:\n  \
        ablate plan experiments/first-look.toml        what would run, and why\n  \
        ablate sweep experiments/first-look.toml       run it, and print its table\n  \
        ablate query \"depth >= 2 and test_error < 0.1\" --sort test_error --limit 10\n  \
        ablate compare first-look --axis pretraining   paired by seed\n  \
        ablate table first-look --format latex         the table, for the paper\n\n\
        Exit codes: 0 done; 1 error; 2 bad usage or experiment file;\n\
        3 some runs failed, are unfinished, differ or are damaged, or a claim is not supported;\n\
        130 or 143 stopped by Ctrl-C or SIGTERM (start again to go on)."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The results: one SQLite file
    #[arg(
        long,
        global = true,
        env = "ABLATE_DB",
        default_value = "results/ablate.db",
        value_name = "FILE"
    )]
    pub(crate) db: PathBuf,
    /// The folder of the full datasets (the embedded ones need none)
    #[arg(long, global = true, env = "ABLATE_DATA", default_value = "data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Colors on the terminal; NO_COLOR turns them off too
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// Which log lines are shown on stderr, such as `info` or `ablate_runner=debug`
    #[arg(long, global = true, env = "ABLATE_LOG", default_value = "warn", value_name = "FILTER")]
    pub(crate) log: String,
    /// No progress and no messages, only errors
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// When to color.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// A command.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train every run of an experiment that is not done yet, then print its table and verdict
    Sweep(Sweep),
    /// Show what an experiment expands to: for each run, whether it will be trained and why
    Plan(Plan),
    /// Send the runs of an experiment to a cluster as tasks: SLURM, or another engine
    Launch(Launch),
    /// Do one task of a launch: what an engine starts
    Worker(Worker),
    /// How far a launch is, from what its tasks have written
    Status(Status),
    /// Fold what the tasks of a launch have finished into the store: any time, any number of times
    Collect(Collect),
    /// Take the tasks of a launch out of SLURM's queue
    Cancel(Cancel),
    /// One row a run, filtered and sorted: every parameter and metric is a column; or statistics over
    /// seeds, one row a group
    Query(Query),
    /// Ask the results in SQL, read-only, on the views that SCHEMA.md describes
    Sql(Sql),
    /// Everything about one run: parameters, provenance, curves, scores
    Show(Show),
    /// Show the store in a browser on this machine: experiments, runs, curves, comparisons
    Serve(Serve),
    /// Write the page of an experiment as one self-contained HTML file
    Report(Report),
    /// Pair runs by seed along one axis: differences with intervals and tests
    Compare(Compare),
    /// Hold the claims of an experiment against its runs: supported, refuted or undecided
    Claims(Claims),
    /// Print a table that an experiment declares: means and intervals over seeds
    Table(Table),
    /// Draw a plot that an experiment declares, or another, as an SVG picture
    Plot(Box<Plot>),
    /// Measure finished runs from their kept weights: by a probe that runs on request, or once more
    Probe(Probe),
    /// Draw the learned features of a run as a PNG picture: a tile a unit
    Filters(Filters),
    /// Draw test images, what the run's corruption makes of them, and their reconstructions
    Reconstruct(Reconstruct),
    /// Draw images from a run whose layers were pretrained as a generative model, as a PNG picture
    Samples(Samples),
    /// Train a finished run again and compare every bit of curves, weights and scores
    Verify(Verify),
    /// Take the runs of other stores into this one: only what is new, in any order
    Merge(Merge),
    /// Is the store what was written? Every row and, if asked for, every file is compared
    Check(Check),
    /// Hand runs to other programs: CSV, JSON lines, Parquet, TensorBoard, MLflow
    Export(Export),
    /// Hand a run's network to other programs: safetensors with the names of PyTorch
    Weights(Weights),
    /// Take runs that were trained elsewhere, from CSV, into the tables of an experiment
    Import(Import),
    /// List what can be named in an experiment file
    List(List),
    /// Show which datasets are there and which files are missing
    Data(Data),
    /// Give runs tags, or take them away
    Tag(Tag),
    /// Show or write the note of a run
    Note(Note),
    /// Put runs out of sight of queries, tables and comparisons, or back
    Archive(Archive),
    /// Take runs out of the store, and the weights that no other run uses
    Delete(Delete),
    /// Take away files beside the store that no run names
    Gc(Gc),
    /// How two runs differ: parameters, origin, code, scores
    Diff(Diff),
    /// Print what completes commands in a shell
    Completions(Completions),
    /// Write the manual pages
    Man(Man),
    /// Train one run for a sweep that isolates its runs
    #[command(hide = true)]
    TrainAlone,
}

/// Which experiment: a file, or the name of one that was swept.
#[derive(Debug, Args)]
pub(crate) struct Target {
    /// An experiment file, or the name of an experiment in the store
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: String,
    /// Replace a parameter everywhere: `--set depth=2`, `--set 'lambda=[0.1, 1]'`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// The most runs that an experiment may expand to
    #[arg(long, value_name = "N")]
    pub(crate) max_runs: Option<u64>,
}

/// Formats of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GridFormat {
    /// To read.
    Table,
    /// Comma-separated values.
    Csv,
    /// An array of objects, one a row.
    Json,
    /// Markdown.
    Md,
}

/// Formats of an ablation table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TableFormat {
    /// To read on a terminal.
    Text,
    /// Markdown.
    Md,
    /// Comma-separated values, a row a cell.
    Csv,
    /// LaTeX with booktabs.
    Latex,
    /// An HTML table.
    Html,
    /// Everything, run ids and choices included.
    Json,
}
