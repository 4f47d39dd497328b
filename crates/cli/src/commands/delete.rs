//! `ablate delete`: takes runs out of the store, after saying what goes and asking.

use std::io::{self, BufRead, IsTerminal, Write};

use ablate_records::{Archive, Doomed, Durability, Store, StoredFile};
use ablate_report::visible;

use crate::args::{Common, Delete};
use crate::chosen;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Delete, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let mut store = Store::open_existing(&common.db, Durability::Normal)?;
    let (named, filter) = (&args.chosen.runs, args.chosen.filter.as_deref());
    let runs = chosen::runs(&store, named, filter, Archive::Closed)?;
    if runs.is_empty() {
        terminal.message("0 runs: nothing to delete");
        return Ok(Exit::Done);
    }
    if !args.yes {
        let doomed = store.doomed(&runs)?;
        said(&doomed).iter().for_each(|line| terminal.error(&visible(line)));
        if !agreed()? {
            terminal.message("nothing was deleted");
            return Ok(Exit::Done);
        }
    }
    let gone = store.delete(&runs)?;
    let (runs, files) = (format::count(gone.runs as usize, "run"), files_said(&gone.files));
    terminal.message(&format!("{runs} deleted, {files}"));
    Ok(Exit::Done)
}

/// What would go, for a person to decide.
fn said(doomed: &Doomed) -> Vec<String> {
    let mut lines = vec![format!(
        "{} will be deleted, {} of them finished, with their scores, curves, tags and notes",
        format::count(doomed.runs as usize, "run"),
        doomed.finished
    )];
    lines.push(format!("weights that no other run uses, and logs: {}", files_said(&doomed.files)));
    if !doomed.experiments.is_empty() {
        let experiments = doomed.experiments.join(", ");
        lines.push(format!("planned by {experiments}, whose next sweep trains them again"));
    }
    lines
}

/// `2 files, 3 MB`.
pub(crate) fn files_said(files: &[StoredFile]) -> String {
    let bytes = files.iter().map(|stored| stored.bytes).sum();
    match files.len() {
        0 => "no files".to_owned(),
        count => format!("{}, {}", format::count(count, "file"), format::bytes(bytes)),
    }
}

/// Asks whoever sits at the terminal; without one nobody can answer.
fn agreed() -> anyhow::Result<bool> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return Err(Usage("nobody is there to ask: --yes deletes them".to_owned()).into());
    }
    let mut stderr = io::stderr().lock();
    write!(stderr, "delete? [y/N] ")?;
    stderr.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
