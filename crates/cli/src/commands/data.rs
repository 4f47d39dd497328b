//! `ablate data`: which datasets are there, which files are missing or altered, and how to get them.

use ablate_data::{FileState, FileStatus, Source, datasets};
use ablate_report::{Field, Grid};

use crate::args::{Common, Data};
use crate::commands::query::render_grid;
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Data, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let mut rows = Vec::new();
    let mut missing = 0;
    for source in datasets::ALL.iter().copied() {
        for status in source.status(&common.data) {
            let (state, place) = said(&status);
            missing += usize::from(matches!(status.state, FileState::Missing { .. }));
            rows.push(row(source, status.file.name, state, place));
        }
    }
    let columns = ["dataset", "checksum", "file", "state", "where"].map(str::to_owned).to_vec();
    terminal.data(&render_grid(&Grid { columns, rows }, args.format, terminal))?;
    if missing > 0 {
        let folder = common.data.display();
        terminal.message(&format!("get what is missing: scripts/fetch_data.sh {folder}"));
    }
    Ok(Exit::Done)
}

fn row(source: &Source, file: &str, state: &str, place: String) -> Vec<Field> {
    let text =
        [source.name.to_owned(), source.checksum(), file.to_owned(), state.to_owned(), place];
    text.map(Field::Text).to_vec()
}

/// A file's state in a word, and where it is or what is wrong with it.
fn said(status: &FileStatus) -> (&'static str, String) {
    match &status.state {
        FileState::Embedded => ("there", "in the program".to_owned()),
        FileState::Right { path } => ("there", path.display().to_string()),
        FileState::Missing { looked } => {
            let first = looked.first().map(|path| path.display().to_string()).unwrap_or_default();
            ("missing", format!("looked for {first} and {} more", looked.len().saturating_sub(1)))
        }
        FileState::Altered { path, found } => {
            let (path, expected) = (path.display(), status.file.sha256);
            ("altered", format!("{path}: expected sha256 {expected}, found {found}"))
        }
        FileState::Broken { path, error } => ("broken", format!("{}: {error}", path.display())),
    }
}
