//! `ablate sweep`: trains every run of an experiment that is not done yet, records it, and prints the
//! table and the verdict that answer the experiment's question.

use std::collections::HashMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::thread;
use std::time::{Duration, Instant};

use ablate_autoencoder::probes::Probe;
use ablate_records::{Archive, Durability, Owner, Standing, Store};
use ablate_report::{Format, claims, tables};
use ablate_runner::{Limits, OnFailure, Settings, Stop, StoppedEarly, Summary, Task, Trainer};
use ablate_sweep::{Catalog, RunId, RunPlan, RunState};
use anyhow::Context;

use crate::args::{Common, Sweep, TableFormat};
use crate::commands::{query, table};
use crate::exit::Exit;
use crate::format;
use crate::isolation::Isolated;
use crate::laboratory::Laboratory;
use crate::measuring;
use crate::prepared::{Prepared, baseline};
use crate::progress::{Best, Screen, label};
use crate::provenance;
use crate::run_log::Logged;
use crate::signals;
use crate::terminal::Terminal;

/// A sweep whose first runs all fail in the same way is stopped after this many of them.
const SAME_FAILURES: NonZeroU32 = NonZeroU32::new(10).expect("ten is not zero");

/// How often runs that another process holds are looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(crate) fn run(args: &Sweep, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let until = args.timeout.and_then(|given| Instant::now().checked_add(given));
    let catalog = ablate_autoencoder::catalog();
    let mut laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let requested = prepared.requested();
    laboratory = laboratory.requesting(requested.clone());
    prepared.warn_of_what_cannot_be_answered(&catalog, terminal);
    let jobs = jobs(args.jobs);
    if args.jobs.is_some_and(|asked| asked > jobs) {
        terminal.message(&format!("--jobs lowered to {jobs}: there are no more cores"));
    }
    let durability = if args.durable { Durability::Full } else { Durability::Normal };
    let mut store = Store::open(&common.db, durability)?;
    store.declare(&catalog)?;
    if !args.no_weights {
        laboratory = laboratory.keeping_weights(store.artifact_folder());
    }
    recover(&mut store, &prepared.plans, args)?;
    let waiting = waiting(&prepared.plans, &store)?;
    // Only a sweep that can begin may take the place of the one before it.
    Prepared::check_data(waiting.iter().copied(), &laboratory)?;
    store.save_experiment(&prepared.record, &prepared.plans)?;
    announce(&prepared, &waiting, &laboratory, &store, jobs, terminal)?;
    let mut exit = if waiting.is_empty() {
        Exit::Done
    } else {
        let on_failure = if args.fail_fast {
            OnFailure::StopAtOnce
        } else {
            OnFailure::StopIfFirst(SAME_FAILURES)
        };
        let limits = Limits { run: args.run_timeout, until };
        let settings = Settings { jobs, memory: None, on_failure, limits };
        let log = common.log.as_str();
        let isolated = Isolated { laboratory: &laboratory, terminal, log };
        let trainer: &dyn Trainer = if args.isolate { &isolated } else { &laboratory };
        let logged = Logged { trainer, folder: store.artifact_folder() };
        let trainer = if args.no_weights { trainer } else { &logged };
        let (prepared, catalog) = (&prepared, &catalog);
        let sweep = Sweeping { prepared, catalog, trainer, common, terminal };
        train(waiting, &sweep, &mut store, &settings)?
    };
    if exit == Exit::Done || exit == Exit::Unfinished {
        exit = exit.worse(measure(&prepared, &requested, &laboratory, &mut store, jobs, terminal)?);
    }
    match exit {
        Exit::Done | Exit::Unfinished | Exit::Unsupported => {
            answer(&prepared, &store, &catalog, &laboratory, common, terminal)?;
        }
        Exit::Interrupted | Exit::Terminated => {
            terminal.message(&format!("go on with: {}", provenance::command()));
        }
    }
    Ok(exit)
}

/// As many trainings at a time as were asked for, or as there are cores, and never more than that:
/// each keeps a core busy.
pub(crate) fn jobs(asked: Option<NonZeroUsize>) -> NonZeroUsize {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    asked.map_or(cores, |asked| asked.min(cores))
}

/// Measures the finished runs of the experiment that have not been measured by every one of its probes:
/// they were trained before it asked for them.
fn measure(
    prepared: &Prepared,
    requested: &[&'static Probe],
    laboratory: &Laboratory,
    store: &mut Store,
    jobs: NonZeroUsize,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let sittings = prepared.unmeasured(requested, store, laboratory)?;
    if sittings.is_empty() {
        return Ok(Exit::Done);
    }
    let names: Vec<&str> = requested.iter().map(|probe| probe.name).collect();
    let runs = format::count(sittings.len(), "finished run");
    terminal.message(&format!("{runs} to measure by {}", names.join(", ")));
    let (results, exit) = measuring::measure(&sittings, laboratory, store, jobs, terminal)?;
    measuring::conclude(&results, terminal);
    Ok(exit)
}

/// Frees the runs of processes that are gone, and with `--take-over` of those that cannot be seen.
fn recover(store: &mut Store, plans: &[RunPlan], args: &Sweep) -> anyhow::Result<()> {
    for run in store.recover()? {
        tracing::warn!(%run, "its process is gone: it counts as interrupted");
    }
    if args.take_over {
        let standings = store.standings(plans)?;
        let unseen = |standing: &Standing| {
            matches!(standing, Standing::Running { owner: Owner::OutOfSight, .. })
        };
        let held = plans.iter().zip(&standings).filter(|(_, standing)| unseen(standing));
        let held: Vec<RunId> = held.map(|(plan, _)| plan.id.clone()).collect();
        store.release(&held)?;
    }
    Ok(())
}

/// The best run that finished before, by the metric that selects in the first table.
fn best(sweep: &Sweeping<'_>, store: &Store) -> anyhow::Result<Best> {
    let Prepared { plans, experiment, expansion, .. } = sweep.prepared;
    let select = experiment.tables.first().and_then(|table| sweep.catalog.metric(&table.select));
    let mut best = Best::by(select.context("every file has a table, and its metric is known")?);
    // Nobody sees it where no lines can be drawn.
    if sweep.terminal.is_live() {
        let labels: HashMap<&RunId, &RunPlan> = plans.iter().map(|plan| (&plan.id, plan)).collect();
        let ids: Vec<RunId> = plans.iter().map(|plan| plan.id.clone()).collect();
        for run in store.runs(&ids)?.iter().filter(|run| run.state == RunState::Finished) {
            best.see(&run.scores, &label(labels[&run.id], &expansion.telling));
        }
    }
    Ok(best)
}

/// The runs that are not finished. A run that failed is tried again: whoever starts the sweep a
/// second time has seen the failure and asks for it.
fn waiting<'a>(plans: &'a [RunPlan], store: &Store) -> anyhow::Result<Vec<&'a RunPlan>> {
    let standings = store.standings(plans)?;
    let pairs = plans.iter().zip(standings);
    Ok(pairs
        .filter(|(_, standing)| *standing != Standing::Finished)
        .map(|(plan, _)| plan)
        .collect())
}

/// What stays the same while a sweep runs.
struct Sweeping<'a> {
    prepared: &'a Prepared,
    catalog: &'a Catalog,
    trainer: &'a dyn Trainer,
    common: &'a Common,
    terminal: &'a Terminal,
}

/// Trains `waiting`, and whatever of it other processes leave behind.
fn train<'a>(
    mut waiting: Vec<&'a RunPlan>,
    sweep: &Sweeping<'a>,
    store: &mut Store,
    settings: &Settings,
) -> anyhow::Result<Exit> {
    let Sweeping { prepared, catalog, trainer, common, terminal } = *sweep;
    let session = store.begin_session(&provenance::session(settings.jobs.get()))?;
    let stop = Stop::default();
    let heard = signals::listen(&stop, terminal)?;
    let mut exit = Exit::Done;
    loop {
        let tasks = tasks(&waiting, catalog);
        let (telling, best) = (&prepared.expansion.telling, best(sweep, store)?);
        let mut screen = Screen::new(terminal, waiting.iter().copied(), telling, best);
        let show = &mut |event| screen.show(&event);
        let summary = ablate_runner::run(tasks, trainer, store, session, settings, &stop, show);
        screen.close();
        let summary = summary.context("the sweep was stopped; what was finished is safe")?;
        conclude(&summary, prepared, common, terminal);
        if let Some(exit) = heard.exit() {
            return Ok(exit);
        }
        if !summary.failed.is_empty() || summary.stopped_early.is_some() {
            exit = Exit::Unfinished;
        }
        if summary.stopped_early.is_some() || summary.elsewhere.is_empty() {
            return Ok(exit);
        }
        let held = |plan: &&RunPlan| summary.elsewhere.contains(&plan.id);
        let held: Vec<&RunPlan> = waiting.into_iter().filter(held).collect();
        waiting = left_behind(&held, store, &stop, settings.limits, terminal)?;
        if let Some(exit) = heard.exit() {
            return Ok(exit);
        }
        if waiting.is_empty() {
            let done = self::waiting(&prepared.plans, store)?.is_empty();
            return Ok(if done { exit } else { Exit::Unfinished });
        }
    }
}

/// Waits until other processes have ended the runs they `held`; returns those that they left behind.
/// Processes that cannot be seen from here are not waited for.
fn left_behind<'a>(
    held: &[&'a RunPlan],
    store: &mut Store,
    stop: &Stop,
    limits: Limits,
    terminal: &Terminal,
) -> anyhow::Result<Vec<&'a RunPlan>> {
    let plans: Vec<RunPlan> = held.iter().map(|plan| (*plan).clone()).collect();
    let mut told = false;
    while !stop.requested() && !limits.sweep_is_over() {
        store.recover()?;
        let (mut free, mut alive, mut unseen) = (Vec::new(), 0, 0);
        for (plan, standing) in held.iter().zip(store.standings(&plans)?) {
            match standing {
                Standing::Running { owner: Owner::Alive, .. } => alive += 1,
                Standing::Running { owner: Owner::OutOfSight, .. } => unseen += 1,
                // What failed there would fail here.
                Standing::Finished | Standing::Failed { .. } => {}
                Standing::Running { owner: Owner::Gone, .. }
                | Standing::Missing
                | Standing::Interrupted
                | Standing::DataChanged { .. }
                | Standing::TrainingChanged { .. } => free.push(*plan),
            }
        }
        if !free.is_empty() || alive == 0 {
            if unseen > 0 {
                terminal.error(&format!(
                    "{} held by a process that cannot be seen from here; if it is gone, \
                     --take-over trains what it held",
                    format::count(unseen, "run")
                ));
            }
            return Ok(free);
        }
        if !told {
            told = true;
            let runs = format::count(alive, "run");
            terminal.message(&format!("waiting for another process to end {runs}"));
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(Vec::new())
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
        let estimate = super::plan::Estimate::read(waiting, laboratory, Some(store), jobs)?;
        line.push_str(&format!(", {} to train: {estimate}", waiting.len()));
    }
    terminal.message(&line);
    Ok(())
}

/// Says what the sweep came to.
fn conclude(summary: &Summary, prepared: &Prepared, common: &Common, terminal: &Terminal) {
    let seconds = Duration::from_secs_f64(summary.seconds);
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
    if summary.stopped_early == Some(StoppedEarly::TimeLimit) {
        terminal.message(&format!("go on with: {}", provenance::command()));
    }
    if !summary.failed.is_empty() {
        let filter = format!("{} and state == 'failed'", runs_of(prepared));
        let why = typed(&["query", &filter, "--columns", "id,failure,failure_message"], common);
        terminal.message(&format!("see why: {why}"));
    }
}

/// Prints the first table of the experiment, its comparison and its claims, and says what to type
/// next.
fn answer(
    prepared: &Prepared,
    store: &Store,
    catalog: &Catalog,
    laboratory: &Laboratory,
    common: &Common,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let set = prepared.run_set(store, Archive::Closed, catalog, laboratory, terminal)?;
    let mut parts: Vec<String> = Vec::new();
    // What cannot be built has been said before the sweep began.
    let first = prepared.experiment.tables.first();
    if let Some(Ok(built)) = first.map(|spec| tables::build(&set, spec, catalog)) {
        parts.push(table::render(&built, TableFormat::Text, terminal));
    }
    let comparison = prepared.experiment.comparison.as_ref();
    if let Some(Ok(found)) = comparison.map(|spec| ablate_report::compare(&set, spec, catalog)) {
        parts.push(format!("{}\n", found.sentences().join("\n")));
    }
    let claims = &prepared.experiment.claims;
    if let Some(judged) = claims::judge(&set, claims, catalog).ok().filter(|_| !claims.is_empty()) {
        parts.push(judged.render(Format::Text, query::style(terminal)));
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
    let words = words.iter().chain(store).map(|word| format::shell_word(word));
    std::iter::once(provenance::program()).chain(words).collect::<Vec<_>>().join(" ")
}
