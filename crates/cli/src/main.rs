//! The `ablate` program: reads arguments, wires the crates together, prints and exits. Nothing else
//! in the workspace does any of these.

mod args;
mod chosen;
mod commands;
mod dashboard;
mod exit;
mod format;
mod isolation;
mod laboratory;
mod measuring;
mod picture;
mod prepared;
mod progress;
mod provenance;
mod raster;
mod run_log;
mod scratch;
mod signals;
mod terminal;
mod text_file;

use std::io;
use std::process::ExitCode;

use clap::Parser;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::args::{Cli, Command, Common};
use crate::exit::{Diagnosed, Exit, Usage};
use crate::terminal::{Look, Terminal};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let terminal = Terminal::new(&cli.common);
    match log(&cli.common, &terminal).and_then(|()| run(&cli, &terminal)) {
        Ok(exit) => exit.into(),
        Err(error) => fail(&error, &terminal),
    }
}

fn run(cli: &Cli, terminal: &Terminal) -> anyhow::Result<Exit> {
    signals::outlive_limits_of_file_size()?;
    let common = &cli.common;
    match &cli.command {
        Command::Sweep(args) => commands::sweep::run(args, common, terminal),
        Command::Plan(args) => commands::plan::run(args, common, terminal),
        Command::Launch(args) => commands::launch::run(args, common, terminal),
        Command::Worker(args) => commands::worker::run(args, common, terminal),
        Command::Status(args) => commands::status::run(args, common, terminal),
        Command::Collect(args) => commands::collect::run(args, common, terminal),
        Command::Cancel(args) => commands::cancel::run(args, common, terminal),
        Command::Query(args) => commands::query::run(args, common, terminal),
        Command::Sql(args) => commands::sql::run(args, common, terminal),
        Command::Show(args) => commands::show::run(args, common, terminal),
        Command::Serve(args) => commands::serve::run(args, common, terminal),
        Command::Report(args) => commands::report::run(args, common, terminal),
        Command::Compare(args) => commands::compare::run(args, common, terminal),
        Command::Claims(args) => commands::claims::run(args, common, terminal),
        Command::Table(args) => commands::table::run(args, common, terminal),
        Command::Plot(args) => commands::plot::run(args, common, terminal),
        Command::Probe(args) => commands::probe::run(args, common, terminal),
        Command::Filters(args) => commands::filters::run(args, common, terminal),
        Command::Reconstruct(args) => commands::reconstruct::run(args, common, terminal),
        Command::Samples(args) => commands::samples::run(args, common, terminal),
        Command::Verify(args) => commands::verify::run(args, common, terminal),
        Command::Merge(args) => commands::merge::run(args, common, terminal),
        Command::Check(args) => commands::check::run(args, common, terminal),
        Command::Export(args) => commands::export::run(args, common, terminal),
        Command::Weights(args) => commands::weights::run(args, common, terminal),
        Command::Import(args) => commands::import::run(args, common, terminal),
        Command::List(args) => commands::list::run(args, common, terminal),
        Command::Data(args) => commands::data::run(args, common, terminal),
        Command::Tag(args) => commands::tag::run(args, common, terminal),
        Command::Note(args) => commands::note::run(args, common, terminal),
        Command::Archive(args) => commands::archive::run(args, common, terminal),
        Command::Delete(args) => commands::delete::run(args, common, terminal),
        Command::Gc(args) => commands::gc::run(args, common, terminal),
        Command::Diff(args) => commands::diff::run(args, common, terminal),
        Command::Completions(args) => commands::manual::completions(args, terminal),
        Command::Man(args) => commands::manual::pages(args, terminal),
        Command::TrainAlone => isolation::train_alone(),
    }
}

fn log(common: &Common, terminal: &Terminal) -> anyhow::Result<()> {
    let filter = EnvFilter::builder().parse(&common.log).map_err(|error| {
        Usage(format!("--log {}: {error}; try `info`, or `ablate_runner=debug`", common.log))
    })?;
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(terminal.stderr_look() == Look::Colored)
        .with_writer(terminal.clone())
        .with_filter(filter);
    let beside = run_log::Beside.with_filter(LevelFilter::INFO);
    tracing_subscriber::registry().with(lines).with(beside).init();
    Ok(())
}

/// The message of `error` and of what caused it, as far as that adds anything.
fn said(error: &anyhow::Error) -> String {
    let mut said = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !said.contains(&cause) {
            said.push_str(": ");
            said.push_str(&cause);
        }
    }
    said
}

/// Says what went wrong and gives the exit code for it.
fn fail(error: &anyhow::Error, terminal: &Terminal) -> ExitCode {
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        // Whoever was reading, such as `head`, has seen enough.
        return Exit::Done.into();
    }
    if let Some(Diagnosed(text)) = error.downcast_ref() {
        terminal.error(text.trim_end());
        return ExitCode::from(exit::USAGE);
    }
    let label = match terminal.stderr_look() {
        Look::Colored => "\u{1b}[1;31merror\u{1b}[0m",
        Look::Plain => "error",
    };
    // What a message quotes may come from anywhere; its own line breaks stay.
    let said: Vec<String> = said(error).lines().map(ablate_report::visible).collect();
    terminal.error(&format!("{label}: {}", said.join("\n")));
    ExitCode::from(exit::code_of(error))
}
