//! `ablate merge`: takes the runs of other stores into this one.

use ablate_records::{Durability, Merged, Store};

use crate::args::{Common, Merge};
use crate::exit::Exit;
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Merge, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    // A name that is mistyped is found before anything is written.
    let others = args.others.iter().map(Store::open_any_schema).collect::<Result<Vec<_>, _>>()?;
    let mut store = Store::open(&common.db, Durability::Normal)?;
    let mut exit = Exit::Done;
    for other in others {
        let merged = store.merge(&other)?;
        terminal.data(&report(&other.path().display().to_string(), &merged))?;
        if !merged.conflicts.is_empty() || !merged.damaged.is_empty() {
            exit = Exit::Unfinished;
        }
    }
    Ok(exit)
}

/// What was taken in one line, and a paragraph for whatever was not.
pub(crate) fn report(other: &str, merged: &Merged) -> String {
    let counts = [
        (merged.added, "added"),
        (merged.replaced, "replaced by a better or later end"),
        (merged.completed, "completed with scores or files"),
        (merged.known, "known already"),
        (merged.running, "being trained and left alone"),
        (merged.conflicts.len() as u64, "DIFFERENT and left alone"),
        (merged.damaged.len() as u64, "DAMAGED there and left alone"),
    ];
    let mut parts: Vec<String> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", format::count(count as usize, "run")))
        .collect();
    for (count, what) in [(merged.experiments, "experiment"), (merged.files, "file")] {
        if count > 0 {
            parts.push(format!("{} taken", format::count(count as usize, what)));
        }
    }
    if parts.is_empty() {
        parts.push("nothing in it".to_owned());
    }
    let mut lines = vec![format!("{other}: {}", parts.join(", "))];
    for conflict in &merged.conflicts {
        lines.push(format!("  {}  differs", conflict.run));
        lines.extend(conflict.differences.iter().map(|difference| format!("    {difference}")));
    }
    lines
        .extend(merged.damaged.iter().map(|run| format!("  {run}  is not what was written there")));
    let missing = merged.missing_files.iter();
    lines.extend(missing.map(|file| format!("  {file}  is not there as it was written")));
    lines.iter().map(|line| ablate_report::visible(line)).collect::<Vec<_>>().join("\n")
}
