//! `ablate sweep`: trains every run of an experiment that is not done yet, records it, and prints the
//! table and the verdict that answer the experiment's question.

use std::num::{NonZeroU32, NonZeroUsize};
use std::thread;

use ablate_records::{Durability, Standing, Store};
use ablate_runner::{OnFailure, Settings, Stop, StoppedEarly, Summary, Task};
use ablate_sweep::{Catalog, RunPlan};
use anyhow::Context;

use crate::args::{Common, Sweep, TableFormat};
use crate::commands::table;
use crate::exit::Exit;
use crate::format;
use crate::laboratory::Laboratory;
use crate::prepared::{Prepared, baseline};
use crate::progress::Screen;
use crate::provenance;
use crate::signals;
use crate::terminal::Terminal;

/// A sweep whose first runs all fail in the same way is stopped after this many of them.
const SAME_FAILURES: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

pub(crate) fn run(args: &Sweep, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let jobs = jobs(args.jobs);
    let durability = if args.durable { Durability::Full } else { Durability::Normal };
    let mut store = Store::open(&common.db, durability)?;
    store.declare(&catalog)?;
    for run in store.recover()? {
        tracing::warn!(%run, "its process is gone: it counts as interrupted");
    }
    store.save_experiment(&prepared.record, &prepared.plans)?;
    let waiting = waiting(&prepared, &store)?;
    announce(&prepared, &waiting, &laboratory, &store, jobs, terminal)?;
    let exit = if waiting.is_empty() {
        Exit::Done
    } else {
        Prepared::check_data(waiting.iter().copied(), &laboratory)?;
        let session = store.begin_session(&provenance::session(jobs.get()))?;
        let stop = Stop::default();
        let heard = signals::listen(&stop, terminal)?;
        let tasks = tasks(&waiting, &catalog);
        let on_failure = if args.fail_fast {
            OnFailure::StopAtOnce
        } else {
            OnFailure::StopIfFirst(SAME_FAILURES)
        };
        let settings = Settings { jobs, memory: None, on_failure };
        let mut screen =
            Screen::new(terminal, waiting.iter().copied(), &prepared.expansion.telling);
        let show = &mut |event| screen.show(&event);
        let summary =
            ablate_runner::run(tasks, &laboratory, &mut store, session, &settings, &stop, show);
        screen.close();
        let summary = summary.context("the sweep was stopped; what was finished is safe")?;
        conclude(&summary, &prepared, common, terminal);
        heard.exit().unwrap_or(if summary.failed.is_empty() {
            Exit::Done
        } else {
            Exit::SomeFailed
        })
    };
    match exit {
        Exit::Done | Exit::SomeFailed => answer(&prepared, &store, &catalog, common, terminal)?,
        Exit::Interrupted | Exit::Terminated => {
            terminal.message(&format!("go on with: {}", provenance::command()));
        }
    }
    Ok(exit)
}

/// As many trainings at a time as were asked for, or as there are cores.
pub(crate) fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.unwrap_or_else(cores)
}

/// The runs that are not finished. A run that failed is tried again: whoever starts the sweep a
/// second time has seen the failure and asks for it.
fn waiting<'a>(prepared: &'a Prepared, store: &Store) -> anyhow::Result<Vec<&'a RunPlan>> {
    let standings = store.standings(&prepared.plans)?;
    let pairs = prepared.plans.iter().zip(standings);
    Ok(pairs
        .filter(|(_, standing)| *standing != Standing::Finished)
        .map(|(plan, _)| plan)
        .collect())
}

fn tasks(waiting: &[&RunPlan], catalog: &Catalog) -> Vec<Task> {
    let task =
        |plan: &&RunPlan| Task { plan: (*plan).clone(), baseline: baseline(&plan.trial, catalog) };
    waiting.iter().map(task).collect()
}

/// Says what is about to happen, and what it is expected to take.
fn announce(
    prepared: &Prepared,
    waiting: &[&RunPlan],
    laboratory: &Laboratory,
    store: &Store,
    jobs: NonZeroUsize,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let (trials, runs) = (prepared.expansion.trials.len(), prepared.plans.len());
    terminal.message(&format!("{}: {}", prepared.record.name, prepared.record.question));
    let done = runs - waiting.len();
    let mut line = format!(
        "{} x {} = {}, {done} done",
        format::count(trials, "trial"),
        format::count(prepared.experiment.seeds.len(), "seed"),
        format::count(runs, "run"),
    );
    if waiting.is_empty() {
        line.push_str(", nothing to train");
    } else {
        let estimate = super::plan::Estimate::of(waiting, laboratory, store, jobs)?;
        line.push_str(&format!(", {} to train: {estimate}", waiting.len()));
    }
    terminal.message(&line);
    Ok(())
}

/// Says what the sweep came to.
fn conclude(summary: &Summary, prepared: &Prepared, common: &Common, terminal: &Terminal) {
    let seconds = std::time::Duration::from_secs_f64(summary.seconds);
    let mut parts = vec![format!("{} finished", summary.finished.len())];
    let others = [
        (summary.failed.len(), "failed"),
        (summary.interrupted.len(), "interrupted"),
        (summary.elsewhere.len(), "trained by another process"),
        (summary.not_started.len(), "not started"),
    ];
    parts.extend(
        others
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}")),
    );
    terminal.message(&format!("{} in {}", parts.join(", "), format::duration(seconds)));
    match &summary.stopped_early {
        None | Some(StoppedEarly::Requested) => {}
        Some(reason) => terminal.error(&format!("stopped early: {reason}")),
    }
    if !summary.failed.is_empty() {
        let filter = format!("{} and state == 'failed'", runs_of(prepared));
        let why = typed(&["query", &filter, "--columns", "id,failure,failure_message"], common);
        terminal.message(&format!("see why: {why}"));
    }
}

/// Prints the first table of the experiment and its comparison, and says what to type next.
fn answer(
    prepared: &Prepared,
    store: &Store,
    catalog: &Catalog,
    common: &Common,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let set = prepared.run_set(store)?;
    let first = prepared.experiment.tables.first();
    let mut parts: Vec<String> = Vec::new();
    if let Some(spec) = first {
        let built = ablate_report::tables::build(&set, spec, catalog)?;
        parts.push(table::render(&built, TableFormat::Text, terminal));
    }
    if let Some(spec) = &prepared.experiment.comparison {
        let comparison = ablate_report::compare(&set, spec, catalog)?;
        parts.push(format!("{}\n", comparison.sentences().join("\n")));
    }
    terminal.data(&parts.join("\n"))?;
    terminal.message(&next(prepared, common));
    Ok(())
}

fn next(prepared: &Prepared, common: &Common) -> String {
    let next = if prepared.experiment.comparison.is_some() {
        typed(&["compare", &prepared.record.name], common)
    } else {
        typed(&["query", &runs_of(prepared)], common)
    };
    format!("next: {next}")
}

/// The filter that finds the runs of the experiment.
fn runs_of(prepared: &Prepared) -> String {
    format!("experiment == '{}'", prepared.record.name.replace('\'', "''"))
}

/// A command on this store, as it can be typed.
fn typed(words: &[&str], common: &Common) -> String {
    let db = common.db.to_string_lossy();
    let store: &[&str] = if db == "results/ablate.db" { &[] } else { &["--db", &db] };
    let words = ["ablate"].iter().chain(words).chain(store);
    words.map(|word| format::shell_word(word)).collect::<Vec<_>>().join(" ")
}
