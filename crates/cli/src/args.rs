//! What may be typed: commands, options and their help. Exit codes stand at the end of `--help`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// One row a run, filtered and sorted: every parameter and metric is a column; or statistics over
    /// seeds, one row a group
    Query(Query),
    /// Ask the results in SQL, read-only, on the views that SCHEMA.md describes
    Sql(Sql),
    /// Everything about one run: parameters, provenance, curves, scores
    Show(Show),
    /// Pair runs by seed along one axis: differences with intervals and tests
    Compare(Compare),
    /// Hold the claims of an experiment against its runs: supported, refuted or undecided
    Claims(Claims),
    /// Print a table that an experiment declares: means and intervals over seeds
    Table(Table),
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

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// A filter: "variant == 'contractive' and depth >= 2 and test_error < 0.1"
    #[arg(value_name = "FILTER")]
    pub(crate) filter: Option<String>,
    /// Which columns, separated by commas; `all` for every one
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
    /// How it is printed
    #[arg(long, value_enum, default_value_t = TableFormat::Text)]
    pub(crate) format: TableFormat,
}

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

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Ids of finished runs, or the beginnings of them
    #[arg(value_name = "RUN", required = true)]
    pub(crate) runs: Vec<String>,
}

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
    /// For which program
    #[arg(long, value_enum)]
    pub(crate) format: ExportFormat,
    /// A new folder; for MLflow the address of its server, such as http://127.0.0.1:5000
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: PathBuf,
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

#[derive(Debug, Args)]
pub(crate) struct List {
    /// What to list
    #[arg(value_enum)]
    pub(crate) what: Listed,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}

#[derive(Debug, Args)]
pub(crate) struct Data {
    /// How it is printed
    #[arg(long, value_enum, default_value_t = GridFormat::Table)]
    pub(crate) format: GridFormat,
}

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

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where to: one page a command
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
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

/// Formats of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// runs.csv and curves.csv.
    Csv,
    /// runs.jsonl and curves.jsonl, an object a line.
    Jsonl,
    /// runs.parquet and curves.parquet.
    Parquet,
    /// A folder of event files a run, with hyperparameters.
    Tensorboard,
    /// Through the REST interface of a running server.
    Mlflow,
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// To read.
    Table,
    /// For programs.
    Json,
}

/// Formats of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ShowFormat {
    /// To read.
    Text,
    /// For programs.
    Json,
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definitions_are_sound() {
        Cli::command().debug_assert();
    }

    /// Every command line that a page shows, as the words a shell makes of it.
    fn shown(page: &str) -> Vec<Vec<String>> {
        let page = page.replace("\\\n", " ");
        let lines = page.lines().map(|line| line.trim_start_matches("$ "));
        let lines = lines
            .map(|line| line.replace("cargo run --release --", "ablate").trim_start().to_owned());
        lines.filter(|line| line.starts_with("ablate ")).map(|line| words(&line)).collect()
    }

    fn words(line: &str) -> Vec<String> {
        let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
        for c in line.chars() {
            match (quote, c) {
                (Some(open), c) if c == open => quote = None,
                (None, '"' | '\'') => {
                    quote = Some(c);
                    word.get_or_insert_default();
                }
                (None, ' ') => words.extend(word.take()),
                (None, '#' | '|' | '>') if word.is_none() => break,
                (_, c) => word.get_or_insert_default().push(c),
            }
        }
        words.extend(word);
        words
    }

    #[test]
    fn every_command_that_a_page_shows_is_one() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let pages = [
            "README.md",
            "experiments/README.md",
            "scripts/README.md",
            "crates/exchange/EXCHANGE.md",
            "crates/cli/QUESTIONS.md",
            "crates/records/SCHEMA.md",
            "crates/report/METHOD.md",
            "crates/autoencoder/PROBES.md",
        ];
        let mut count = 0;
        for page in pages {
            let text = std::fs::read_to_string(root.join(page)).unwrap();
            for words in shown(&text) {
                count += 1;
                let parsed = Cli::try_parse_from(&words);
                assert!(parsed.is_ok(), "{page}: {words:?}: {}", parsed.unwrap_err());
            }
        }
        assert!(count >= 8, "only {count} commands were found in the pages");
    }
}
