//! `ablate completions` and `ablate man`: made from the definitions of the commands, so that they
//! cannot say anything else.

use anyhow::Context;
use clap::CommandFactory;

use crate::args::{Cli, Completions, Man};
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn completions(args: &Completions, terminal: &Terminal) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ablate", &mut script);
    terminal.data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

pub(crate) fn pages(args: &Man, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = &args.folder;
    let failed = || format!("cannot write manual pages to {}", folder.display());
    std::fs::create_dir_all(folder).with_context(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).with_context(failed)?;
    terminal.message(&format!("read them with: man -l {}", folder.join("ablate.1").display()));
    Ok(Exit::Done)
}
