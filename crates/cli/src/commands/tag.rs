//! `ablate tag`: gives runs tags, and takes them away.

use ablate_records::{Archive, Durability, Store};

use crate::args::{Common, Tag};
use crate::chosen;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Tag, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let Words { runs, added, removed } = Words::of(&args.words)?;
    if added.is_empty() && removed.is_empty() {
        return Err(Usage("no tag is named: +TAG gives one, -TAG takes it away".into()).into());
    }
    if runs.is_empty() && args.filter.is_none() {
        return Err(Usage("no run is named: give ids, or --where FILTER".into()).into());
    }
    let mut store = Store::open_existing(&common.db, Durability::Normal)?;
    let runs = chosen::runs(&store, &runs, args.filter.as_deref(), Archive::Closed)?;
    store.tag(&runs, &added, &removed)?;
    terminal.message(&format!("{} tagged", format::count(runs.len(), "run")));
    Ok(Exit::Done)
}

/// What the words of the command line mean.
#[derive(Debug, Default, PartialEq)]
struct Words {
    runs: Vec<String>,
    added: Vec<String>,
    removed: Vec<String>,
}

impl Words {
    fn of(words: &[String]) -> Result<Words, Usage> {
        let mut sorted = Words::default();
        for word in words {
            if word.starts_with("--") {
                return Err(Usage(format!("{word}: options stand before the first run")));
            } else if let Some(tag) = word.strip_prefix('+') {
                sorted.added.push(tag.to_owned());
            } else if let Some(tag) = word.strip_prefix('-') {
                sorted.removed.push(tag.to_owned());
            } else {
                sorted.runs.push(word.clone());
            }
        }
        Ok(sorted)
    }
}
