//! `ablate archive`: puts runs out of sight, and back. They stay what they are: a sweep does not train
//! them again.

use ablate_records::{Archive as Scope, Archived, Durability, Store};

use crate::args::{Archive, Common};
use crate::chosen;
use crate::exit::Exit;
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Archive, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let mut store = Store::open_existing(&common.db, Durability::Normal)?;
    let (scope, archived, done) = if args.undo {
        (Scope::Open, Archived::No, "back in sight")
    } else {
        (Scope::Closed, Archived::Yes, "archived")
    };
    let runs = chosen::runs(&store, &args.chosen.runs, args.chosen.filter.as_deref(), scope)?;
    store.archive(&runs, archived)?;
    terminal.message(&format!("{} {done}", format::count(runs.len(), "run")));
    Ok(Exit::Done)
}
