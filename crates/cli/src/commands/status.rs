//! `ablate status`: how far a launch is, from what its tasks have written and one question to SLURM.

use std::collections::{BTreeMap, BTreeSet};

use ablate_cluster::{Folder, plan, shard, slurm};
use ablate_sweep::RunId;

use crate::args::{Common, Status};
use crate::exit::Exit;
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Status, _common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = Folder::at(&args.dir)?;
    let generation = folder.current()?;
    let plan = plan::Plan::open(&folder, generation)?;
    let mut seen = Seen::default();
    for path in folder.shards()? {
        seen.add(shard::account(&path)?);
    }
    seen.settle();
    let mut lines = vec![format!(
        "{}: generation {generation}, {} in {}",
        ablate_report::visible(&plan.header.experiment.name),
        format::count(usize::try_from(plan.runs())?, "run"),
        format::count(plan.tasks(), "task"),
    )];
    let launched = usize::try_from(plan::Plan::open(&folder, 1)?.runs())?;
    let ended = seen.finished.len() + seen.failed.len();
    lines.push(format!(
        "{} launched: {} finished, {} failed, {} interrupted, {} begun and without an end, {} not begun",
        format::count(launched, "run"),
        seen.finished.len(),
        seen.failed.len(),
        seen.interrupted.len(),
        seen.open.len(),
        launched.saturating_sub(ended + seen.interrupted.len() + seen.open.len()),
    ));
    lines.push(format!(
        "{}: {} ended in order, {} still writing or lost",
        format::count(seen.attempts, "attempt"),
        seen.sealed,
        seen.attempts - seen.sealed,
    ));
    if seen.damaged > 0 {
        lines.push(format!("{} damaged", format::count(usize::try_from(seen.damaged)?, "line")));
    }
    let jobs = slurm::submitted(&folder, generation)?;
    if !jobs.is_empty() {
        lines.extend(queue(&jobs));
    }
    terminal.data(&lines.join("\n"))?;
    Ok(if seen.finished.len() >= launched { Exit::Done } else { Exit::Unfinished })
}

/// What SLURM says of the jobs, told as lines.
fn queue(jobs: &[String]) -> Vec<String> {
    let queued = match slurm::queue(jobs) {
        Ok(queued) => queued,
        Err(error) => return vec![format!("SLURM cannot be asked: {error}")],
    };
    let mut states: BTreeMap<&str, usize> = BTreeMap::new();
    for task in &queued {
        *states.entry(&task.state).or_default() += 1;
    }
    let states: Vec<String> =
        states.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
    let states = if states.is_empty() { "nothing".to_owned() } else { states.join(", ") };
    let mut lines = vec![format!("in SLURM's queue (jobs {}): {states}", jobs.join(", "))];
    for task in &queued {
        if task.reason.contains("held") {
            lines.push(format!(
                "  {} is held ({}): scontrol release {}",
                task.job, task.reason, task.job
            ));
        } else if task.reason.contains("DependencyNeverSatisfied") {
            lines.push(format!("  {} will never start: collect by hand", task.job));
        }
    }
    lines
}

/// What all shards together tell.
#[derive(Default)]
struct Seen {
    finished: BTreeSet<RunId>,
    failed: BTreeSet<RunId>,
    interrupted: BTreeSet<RunId>,
    open: BTreeSet<RunId>,
    attempts: usize,
    sealed: usize,
    damaged: u64,
}

impl Seen {
    fn add(&mut self, account: shard::Account) {
        self.finished.extend(account.finished);
        self.failed.extend(account.failed);
        self.interrupted.extend(account.interrupted.into_keys());
        self.open.extend(account.open);
        self.attempts += 1;
        self.sealed += usize::from(account.sealed.is_some());
        self.damaged += account.damaged;
    }

    /// Each run counts once, by its best end.
    fn settle(&mut self) {
        let Seen { finished, failed, interrupted, open, .. } = self;
        failed.retain(|run| !finished.contains(run));
        open.retain(|run| !finished.contains(run) && !failed.contains(run));
        interrupted
            .retain(|run| ![&*finished, &*failed, &*open].iter().any(|runs| runs.contains(run)));
    }
}
