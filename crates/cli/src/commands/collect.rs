//! `ablate collect`: folds what the tasks of a launch have come to into the store.

use ablate_cluster::{Folder, plan, shard, slurm};
use ablate_records::{Durability, Origin, Returned, Store, TakenIn};
use ablate_sweep::RunPlan;
use anyhow::Context;

use crate::args::{Collect, Common};
use crate::exit::Exit;
use crate::format;
use crate::terminal::Terminal;

/// How many runs go into one transaction.
const BATCH: usize = 500;

pub(crate) fn run(args: &Collect, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = Folder::at(&args.dir)?;
    let plan = plan::Plan::open(&folder, folder.current()?)?;
    if let Some(kind) = slurm::network_file_system(&common.db) {
        terminal.error(&format!(
            "warning: {} lies on {kind}, where SQLite's locks cannot be relied on: collect into a \
             store on a local disk, and let nothing else use it meanwhile",
            common.db.display()
        ));
    }
    let mut store = Store::open(&common.db, Durability::Normal)?;
    store.declare(&ablate_autoencoder::catalog())?;
    store.recover()?;
    let mut taken = TakenIn::default();
    let mut damaged = 0;
    let shards = folder.shards()?;
    for path in &shards {
        let mut batch =
            Batch { store: &mut store, folder: &folder, origin: None, runs: Vec::new() };
        let account = shard::read(path, |origin, returned| -> anyhow::Result<()> {
            taken = std::mem::take(&mut taken).with(batch.add(origin, returned)?);
            Ok(())
        });
        let account = account.with_context(|| format!("while reading {}", path.display()))?;
        taken = std::mem::take(&mut taken).with(batch.flush()?);
        damaged += account.damaged;
    }
    store.settle_current()?;
    if store.experiment(&plan.header.experiment.name)?.is_none() {
        // Into a store that is not the one it was launched from.
        let mut first = plan::Plan::open(&folder, 1)?;
        let mut runs: Vec<RunPlan> = Vec::new();
        for task in 0..first.tasks() {
            runs.extend(first.slice(task)?.into_iter().map(|(plan, _)| plan));
        }
        store.save_experiment(&plan.header.experiment, &runs)?;
    }
    terminal.data(&report(&taken, shards.len(), damaged))?;
    let left = unfinished(&plan, &store)?;
    if left > 0 {
        terminal.message(&format!(
            "{} of {} not finished yet: see `ablate status {}`",
            left,
            format::count(plan.header.members.len(), "run"),
            format::shell_word(&args.dir.to_string_lossy())
        ));
    }
    Ok(if taken.differing.is_empty() && left == 0 { Exit::Done } else { Exit::Unfinished })
}

/// How many runs of the experiment are not finished in the store.
fn unfinished(plan: &plan::Plan, store: &Store) -> anyhow::Result<usize> {
    let runs = store.runs(&plan.header.members)?;
    let finished = runs.iter().filter(|run| run.state == ablate_sweep::RunState::Finished).count();
    Ok(plan.header.members.len() - finished)
}

/// Runs of one shard on their way into the store.
struct Batch<'a> {
    store: &'a mut Store,
    folder: &'a Folder,
    origin: Option<Origin>,
    runs: Vec<Returned>,
}

impl Batch<'_> {
    fn add(&mut self, origin: &Origin, returned: Returned) -> anyhow::Result<TakenIn> {
        if self.origin.as_ref() != Some(origin) {
            self.origin = Some(origin.clone());
        }
        self.runs.push(returned);
        if self.runs.len() < BATCH { Ok(TakenIn::default()) } else { self.flush() }
    }

    fn flush(&mut self) -> anyhow::Result<TakenIn> {
        let Some(origin) = self.origin.as_ref().filter(|_| !self.runs.is_empty()) else {
            return Ok(TakenIn::default());
        };
        let taken = self.store.take_in(origin, &self.runs, &self.folder.artifacts())?;
        self.runs.clear();
        Ok(taken)
    }
}

fn report(taken: &TakenIn, shards: usize, damaged: u64) -> String {
    let counts = [
        (taken.added, "added"),
        (taken.replaced, "replaced by the end that stands"),
        (taken.known, "known already"),
        (taken.running, "being trained with this store and left alone"),
        (taken.differing.len() as u64, "finished twice with DIFFERENT bits"),
    ];
    let counts = counts.into_iter().filter(|(count, _)| *count > 0);
    let mut parts: Vec<String> = counts
        .map(|(count, what)| format!("{} {what}", format::count(count as usize, "run")))
        .collect();
    if taken.files > 0 {
        parts.push(format!("{} copied", format::count(taken.files as usize, "file")));
    }
    if damaged > 0 {
        parts.push(format!("{} DAMAGED and left out", format::count(damaged as usize, "line")));
    }
    if parts.is_empty() {
        parts.push("nothing has ended yet".to_owned());
    }
    let mut lines = vec![format!("{}: {}", format::count(shards, "shard"), parts.join(", "))];
    for conflict in &taken.differing {
        lines.push(format!("  {}  is not deterministic", conflict.run));
        lines.extend(conflict.differences.iter().map(|difference| format!("    {difference}")));
    }
    let missing = taken.missing_files.iter();
    lines.extend(missing.map(|file| format!("  {file}  is not there as it was written")));
    lines.iter().map(|line| ablate_report::visible(line)).collect::<Vec<_>>().join("\n")
}
