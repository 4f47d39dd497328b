//! `ablate collect`: folds what the tasks of a launch have come to into the store.

use ablate_cluster::collect::{Collected, collect};
use ablate_cluster::plan::Plan;
use ablate_cluster::{ClusterError, Folder, disk};
use ablate_records::{Durability, Store};
use ablate_sweep::RunPlan;
use anyhow::bail;

use crate::args::{Collect, Common};
use crate::exit::Exit;
use crate::format;
use crate::progress;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Collect, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = Folder::at(&args.dir)?;
    let plan = readable_plan(&folder)?;
    if args.no_create && !common.db.exists() {
        bail!(
            "{} is not on this machine: collect where it is, by `ablate collect {}`",
            common.db.display(),
            format::shell_word(&folder.root().to_string_lossy())
        );
    }
    warn_of_network(common, terminal);
    let mut store = Store::open(&common.db, Durability::Normal)?;
    store.declare(&ablate_autoencoder::catalog())?;
    store.recover()?;
    let bar = progress::shards(terminal);
    let collected = collect(&folder, &mut store, |read, of| {
        bar.set_length(of as u64);
        bar.set_position(read as u64);
    });
    bar.finish_and_clear();
    let collected = collected?;
    let mut plan = match plan {
        Ok(plan) => plan,
        Err(error) => {
            // The shards say what came of the runs, but not which there are.
            terminal.data(&report(&collected))?;
            return Err(error.into());
        }
    };
    if store.experiment(&plan.header.experiment.name)?.is_none() {
        // Into a store that is not the one it was launched from.
        let mut first = Plan::open(&folder, 1)?;
        let mut runs: Vec<RunPlan> = Vec::new();
        for task in 0..first.tasks() {
            runs.extend(first.slice(task)?.into_iter().map(|(plan, _)| plan));
        }
        store.save_experiment(&plan.header.experiment, &runs)?;
    }
    terminal.data(&report(&collected))?;
    let members = plan.members()?;
    let left = members.len() - store.finished(&members)?.len();
    if left > 0 {
        terminal.message(&format!(
            "{left} of {} not finished yet: see `ablate status {}`",
            format::count(members.len(), "run"),
            format::shell_word(&args.dir.to_string_lossy())
        ));
    }
    let agree = collected.taken.differing.is_empty();
    Ok(if agree && left == 0 { Exit::Done } else { Exit::Unfinished })
}

/// The latest plan that can be read, or why the latest cannot: what the shards tell is taken all the same.
fn readable_plan(folder: &Folder) -> Result<Result<Plan, ClusterError>, ClusterError> {
    let latest = folder.current()?;
    let newest = Plan::open(folder, latest);
    Ok(newest.or_else(|error| {
        let mut earlier = (1..latest).rev().map(|generation| Plan::open(folder, generation));
        earlier.find_map(Result::ok).ok_or(error)
    }))
}

/// Says so where the store lies on a file system whose locks do not hold across machines.
pub(super) fn warn_of_network(common: &Common, terminal: &Terminal) {
    if let Some(kind) = disk::network_file_system(&common.db) {
        terminal.error(&format!(
            "warning: {} lies on {kind}, where SQLite's locks cannot be relied on: keep the store on a \
             local disk (--db), or let nothing else use it meanwhile",
            common.db.display()
        ));
    }
}

fn report(Collected { taken, shards, damaged }: &Collected) -> String {
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
    if *damaged > 0 {
        parts.push(format!("{} DAMAGED and left out", format::count(*damaged as usize, "line")));
    }
    if parts.is_empty() {
        parts.push("nothing has ended yet".to_owned());
    }
    let mut lines = vec![format!("{}: {}", format::count(*shards, "shard"), parts.join(", "))];
    for conflict in &taken.differing {
        lines.push(format!("  {}  is not deterministic", conflict.run));
        lines.extend(conflict.differences.iter().map(|difference| format!("    {difference}")));
    }
    let missing = taken.missing_files.iter();
    lines.extend(missing.map(|file| format!("  {file}  is not there as it was written")));
    lines.iter().map(|line| ablate_report::visible(line)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use ablate_records::{Conflict, TakenIn};
    use ablate_sweep::RunId;

    use super::*;

    #[test]
    fn ends_with_different_bits_and_files_that_are_not_there_are_told() {
        let conflict = Conflict {
            run: RunId("0123456789abcdef".to_owned()),
            differences: vec!["test_error: 0.25 here, 0.5 there".to_owned()],
        };
        let taken = TakenIn {
            added: 2,
            known: 1,
            missing_files: ["networks/a.safetensors".to_owned()].into(),
            differing: vec![conflict],
            ..TakenIn::default()
        };
        let lines = [
            "3 shards: 2 runs added, 1 run known already, 1 run finished twice with DIFFERENT bits, \
             1 line DAMAGED and left out",
            "  0123456789abcdef  is not deterministic",
            "    test_error: 0.25 here, 0.5 there",
            "  networks/a.safetensors  is not there as it was written",
        ];
        assert_eq!(report(&Collected { taken, shards: 3, damaged: 1 }), lines.join("\n"));
    }
}
