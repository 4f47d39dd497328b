//! `ablate note`: what a person notes of a run.

use ablate_records::{Durability, Store};
use ablate_report::visible;

use crate::args::{Common, Note};
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Note, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let Some(text) = &args.text else {
        let store = Store::open_read_only(&common.db)?;
        let run = store.find_run(&args.run)?.id;
        let note = store.marks(&run)?.note.unwrap_or_default();
        // Line by line: a note may have several, and nothing in it reaches the terminal as a command.
        let lines: Vec<String> = note.lines().map(visible).collect();
        terminal.data(&lines.join("\n"))?;
        return Ok(Exit::Done);
    };
    let mut store = Store::open_existing(&common.db, Durability::Normal)?;
    let run = store.find_run(&args.run)?.id;
    store.note(&run, (!text.is_empty()).then_some(text))?;
    Ok(Exit::Done)
}
