//! `ablate report`: the page of an experiment as one file.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use ablate_records::Store;
use anyhow::Context;

use crate::args::{Common, Report};
use crate::dashboard::Exhibits;
use crate::exit::{Exit, Usage};
use crate::terminal::Terminal;

pub(crate) fn run(args: &Report, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let exhibits = Exhibits::new(common.data.clone());
    let page = ablate_dashboard::report(&store, &exhibits, &args.experiment).map_err(Usage)?;
    let named = || -> Result<PathBuf, Usage> {
        // The name comes from the store, which may be anybody's: it must not lead elsewhere.
        let plain = |c: char| c.is_alphanumeric() || "-_. ".contains(c);
        match args.experiment.chars().all(plain) && !args.experiment.starts_with('.') {
            true => Ok(PathBuf::from(format!("{}.html", args.experiment))),
            false => {
                Err(Usage("the experiment's name makes no file name: give one with -o".into()))
            }
        }
    };
    let path = args.output.clone().map_or_else(named, Ok)?;
    let shown = path.display();
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).create_new(!args.force);
    let mut file = match options.open(&path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let why = format!("{shown} is there already: --force replaces it, -o names another");
            return Err(Usage(why).into());
        }
        other => other.with_context(|| format!("cannot write {shown}"))?,
    };
    file.write_all(page.as_bytes()).with_context(|| format!("cannot write {shown}"))?;
    terminal.data(&format!("{shown}\n"))?;
    Ok(Exit::Done)
}
