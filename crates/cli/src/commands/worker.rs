//! `ablate worker`: one attempt at one task of a launch, and all that a task runs.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;

use ablate_autoencoder::probes;
use ablate_cluster::shard::{self, Sealed, Shard};
use ablate_cluster::{ClusterError, Folder, plan, slurm};
use ablate_records::{Durability, Session, Store};
use ablate_runner::{Event, Limits, OnFailure, Settings, Stop, Task, Trainer};
use ablate_sweep::{RunId, RunPlan};
use anyhow::{Context, bail};
use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::args::{Common, Worker};
use crate::commands::sweep;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::laboratory::Laboratory;
use crate::provenance;
use crate::run_log::Logged;
use crate::scratch::Scratch;
use crate::terminal::Terminal;

/// A task puts itself back into the queue until so many attempts in a row came no further.
const FRUITLESS: usize = 3;

pub(crate) fn run(args: &Worker, _common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let task = match args.task {
        Some(task) => task,
        None => task_of_environment()?,
    };
    let stop = Stop::default();
    let heard = listen(&stop)?;
    let folder = Folder::at(&args.dir)?;
    let generation = args.generation.map_or_else(|| folder.current(), |it| Ok(it.get()))?;
    let mut plan = plan::Plan::open(&folder, generation)?;
    let mut waiting = plan.slice(task as usize)?;
    let earlier = folder.shards_of(generation, task)?;
    let earlier = earlier.iter().map(|path| shard::account(path));
    let earlier = earlier.collect::<Result<Vec<_>, ClusterError>>()?;
    let ended =
        |run: &RunId| earlier.iter().any(|it| it.finished.contains(run) || it.failed.contains(run));
    waiting.retain(|(plan, _)| !ended(&plan.id));
    let laboratory = laboratory(&plan.header, &folder);
    check_plans(&waiting, &laboratory)?;
    let jobs = sweep::jobs(args.jobs.or_else(cpus_of_task));
    let session = provenance::session(jobs.get());
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.as_deref().map(str::trim);
    let after = earlier.iter().map(|it| it.stamp).max().unwrap_or(0);
    let shard = Shard::begin(&folder, generation, task, &session, host, after)?;
    terminal.message(&format!("task {task}: {} to train", format::count(waiting.len(), "run")));
    let logged = Logged { trainer: &laboratory, folder: folder.artifacts() };
    let trainer: &dyn Trainer = if plan.header.keeps_weights { &logged } else { &laboratory };
    let left = train(&waiting, shard, trainer, (jobs, &session), (&stop, &heard), terminal)?;
    let signal = heard.load(Ordering::Relaxed);
    if left == 0 {
        return Ok(Exit::Done);
    }
    if signal == SIGUSR1 {
        go_on_later(&folder, generation, task, terminal)?;
    }
    Ok(match signal {
        0 => Exit::Unfinished,
        SIGINT => Exit::Interrupted,
        _ => Exit::Terminated,
    })
}

/// Which task this is, by what the engine says.
fn task_of_environment() -> anyhow::Result<u32> {
    const NAMES: [&str; 4] =
        ["ABLATE_TASK", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "HQ_TASK_ID"];
    let set = NAMES.iter().find_map(|name| Some((name, std::env::var(name).ok()?)));
    let Some((name, value)) = set else {
        let names = NAMES.join(", ");
        return Err(Usage(format!("which task? Give --task, or set one of {names}")).into());
    };
    value.trim().parse().map_err(|_| Usage(format!("{name} is {value:?}, no number")).into())
}

/// How many trainings at once SLURM has given the task room for.
fn cpus_of_task() -> Option<NonZeroUsize> {
    std::env::var("SLURM_ARRAY_TASK_ID").ok()?;
    let cpus = std::env::var("SLURM_CPUS_PER_TASK").ok().and_then(|text| text.parse().ok());
    Some(cpus.unwrap_or(NonZeroUsize::MIN))
}

/// What trains the runs of a plan.
pub(super) fn laboratory(header: &plan::Header, folder: &Folder) -> Laboratory {
    let requested = header.probes.iter().filter_map(|name| probes::find(name)).collect();
    let laboratory = Laboratory::new(PathBuf::from(&header.data)).requesting(requested);
    if let Some(beside) = &header.beside {
        laboratory.beside(Path::new(beside));
    }
    match header.keeps_weights {
        true => laboratory.keeping_weights(folder.artifacts()),
        false => laboratory,
    }
}

/// This program must mean by the plan what the one that launched it meant.
fn check_plans(waiting: &[plan::Planned], laboratory: &Laboratory) -> anyhow::Result<()> {
    for (plan, _) in waiting {
        let here = laboratory.plan(&plan.trial, plan.seed);
        if here.id != plan.id {
            bail!(
                "run {} would be another here: data {:.12} and training version {} when it was \
                 launched, {:.12} and {} on this machine",
                plan.id,
                plan.data_checksum,
                plan.training_version,
                here.data_checksum,
                here.training_version
            );
        }
    }
    Ok(())
}

/// USR1 (the time ends), TERM and INT all ask to stop. None ends the process: what it trains is written
/// down first, and an engine that waits no longer kills it.
fn listen(stop: &Stop) -> anyhow::Result<Arc<AtomicI32>> {
    let heard = Arc::new(AtomicI32::new(0));
    let signals = Signals::new([SIGUSR1, SIGTERM, SIGINT]);
    let mut signals = signals.context("cannot listen for signals")?;
    let (stop, told) = (stop.clone(), Arc::clone(&heard));
    let listener = move || {
        for signal in signals.forever() {
            // A task that is taken away does not put itself back.
            if told.load(Ordering::Relaxed) != SIGTERM {
                told.store(signal, Ordering::Relaxed);
            }
            stop.request();
        }
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(listener)
        .context("cannot start a thread")?;
    Ok(heard)
}

/// Trains `waiting` and writes to `shard` what becomes of each; how many are not finished.
fn train(
    waiting: &[plan::Planned],
    mut shard: Shard,
    trainer: &dyn Trainer,
    (jobs, session): (NonZeroUsize, &Session),
    (stop, heard): (&Stop, &AtomicI32),
    terminal: &Terminal,
) -> anyhow::Result<usize> {
    // Claims are kept in a store of this process's own, on the machine's own disk.
    let scratch = Scratch::new()?;
    let mut store = Store::open(scratch.path().join("claims.db"), Durability::Normal)?;
    store.declare(&ablate_autoencoder::catalog())?;
    let session = store.begin_session(session)?;
    let by_id: BTreeMap<&RunId, &plan::Planned> =
        waiting.iter().map(|planned| (&planned.0.id, planned)).collect();
    let mut finished: BTreeSet<RunId> = BTreeSet::new();
    let mut done: BTreeMap<RunId, f64> = BTreeMap::new();
    let mut trouble: Option<ClusterError> = None;
    let mut observe = |event: Event| {
        let told = match event {
            Event::Started { run, .. } => shard.start(&run),
            Event::Progress { run, progress } => {
                done.insert(run, progress.done);
                Ok(())
            }
            Event::Finished { run, outcome, seconds } => {
                let told = shard.end(by_id[&run], &Ok(outcome), seconds);
                finished.insert(run);
                told
            }
            Event::Failed { run, failure, seconds } => {
                terminal.error(&format!("{run} failed: {}", failure.message));
                shard.end(by_id[&run], &Err(failure), seconds)
            }
            Event::Interrupted { run } => {
                shard.interrupt(&run, done.get(&run).copied().unwrap_or(0.0))
            }
            Event::Planned { .. } | Event::AlreadyFinished { .. } | Event::Elsewhere { .. } => {
                Ok(())
            }
        };
        if let Err(error) = told {
            // What cannot be written down need not be trained.
            stop.request();
            trouble.get_or_insert(error);
        }
    };
    let tasks = waiting
        .iter()
        .map(|(plan, baseline)| Task { plan: RunPlan::clone(plan), baseline: baseline.clone() });
    let settings =
        Settings { jobs, memory: None, on_failure: OnFailure::GoOn, limits: Limits::default() };
    ablate_runner::run(
        tasks.collect(),
        trainer,
        &mut store,
        session,
        &settings,
        stop,
        &mut observe,
    )?;
    if let Some(error) = trouble {
        return Err(error.into());
    }
    shard.seal(match heard.load(Ordering::Relaxed) {
        0 => Sealed::Done,
        SIGUSR1 => Sealed::OutOfTime,
        _ => Sealed::Stopped,
    })?;
    Ok(waiting.len() - finished.len())
}

/// Puts the task back into SLURM's queue, unless the last attempts came to nothing: a run that does not
/// fit into the time limit would be begun for ever.
fn go_on_later(
    folder: &Folder,
    generation: u32,
    task: u32,
    terminal: &Terminal,
) -> anyhow::Result<()> {
    let attempts = folder.shards_of(generation, task)?;
    let attempts = attempts.iter().map(|path| shard::account(path));
    let mut attempts = attempts.collect::<Result<Vec<_>, ClusterError>>()?;
    attempts.retain(|attempt| attempt.sealed == Some(Sealed::OutOfTime));
    attempts.sort_by_key(|attempt| attempt.stamp);
    if fruitless(&attempts) >= FRUITLESS {
        bail!(
            "the time limit came {FRUITLESS} times and the task came no further: give it more time \
             (--sbatch-arg=--time=...) with `ablate launch --resume`"
        );
    }
    terminal.message("out of time: back into the queue");
    slurm::requeue_this()?;
    Ok(())
}

/// How many of the last attempts finished nothing and broke off no later than one before them.
fn fruitless(attempts: &[shard::Account]) -> usize {
    let (mut furthest, mut count) = (BTreeMap::<&RunId, f64>::new(), 0);
    for attempt in attempts {
        let mut further = !attempt.finished.is_empty();
        for (run, done) in &attempt.interrupted {
            let before = furthest.entry(run).or_insert(0.0);
            further |= *done > *before;
            *before = before.max(*done);
        }
        count = if further { 0 } else { count + 1 };
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(finished: &[&str], broken_off: &[(&str, f64)]) -> shard::Account {
        let id = |run: &str| RunId(run.to_owned());
        shard::Account {
            finished: finished.iter().map(|run| id(run)).collect(),
            interrupted: broken_off.iter().map(|(run, done)| (id(run), *done)).collect(),
            ..shard::Account::default()
        }
    }

    #[test]
    fn attempts_are_in_vain_that_finish_nothing_and_come_no_further_than_those_before() {
        let first = attempt(&[], &[("a", 0.5)]);
        let same = attempt(&[], &[("a", 0.5)]);
        let back = attempt(&[], &[("a", 0.25)]);
        let nothing = attempt(&[], &[]);
        assert_eq!(fruitless(&[]), 0);
        assert_eq!(fruitless(&[first.clone(), same.clone(), back.clone(), nothing]), 3);
        let further = attempt(&[], &[("a", 0.75)]);
        assert_eq!(fruitless(&[first.clone(), same.clone(), further, back]), 1);
        let other = attempt(&["b"], &[("a", 0.5)]);
        assert_eq!(fruitless(&[first, same, other]), 0);
    }
}
