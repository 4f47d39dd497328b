//! `ablate check`: is the store what was written, and if not, what is hurt and what can be saved?

use std::path::Path;

use ablate_records::{Depth, Durability, Health, Store};

use crate::args::{Check, Common};
use crate::commands::merge;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

/// More than this of what is wrong tells nobody more.
const SHOWN: usize = 100;

pub(crate) fn run(args: &Check, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let taken = args.salvage.as_deref().filter(|path| path.exists());
    if let Some(path) = taken {
        let message = format!("--salvage {}: there is such a file already", path.display());
        return Err(Usage(message).into());
    }
    let store = Store::open_read_only(&common.db)?;
    let health = store.check(if args.artifacts { Depth::Artifacts } else { Depth::Store })?;
    terminal.data(&report(&health, &common.db))?;
    if let Some(path) = &args.salvage {
        let mut saved = Store::open(path, Durability::Normal)?;
        let merged = saved.salvage(&store, &health)?;
        terminal.data(&merge::report(&format!("into {}", path.display()), &merged))?;
    } else if !health.is_whole() {
        terminal.message("save what is whole: ablate check --salvage NEW.db");
    }
    Ok(if health.is_whole() { Exit::Done } else { Exit::Unfinished })
}

fn report(health: &Health, path: &Path) -> String {
    let runs = format::count(health.runs as usize, "run");
    let path = path.display();
    if health.is_whole() {
        return ablate_report::visible(&format!("{path}: {runs}, all as written"));
    }
    let hurt = health.hurt_runs();
    let mut lines = vec![format!("{path}: {runs}, {} of them hurt", hurt.len())];
    lines.extend(hurt.iter().map(|run| format!("  run {run}")));
    lines.push("what is wrong:".to_owned());
    lines.extend(health.hurts.iter().take(SHOWN).map(|hurt| format!("  {hurt}")));
    if health.hurts.len() > SHOWN {
        lines.push(format!("  and {} more", health.hurts.len() - SHOWN));
    }
    lines.iter().map(|line| ablate_report::visible(line)).collect::<Vec<_>>().join("\n")
}
