//! `ablate cancel`: takes the tasks of a launch out of SLURM's queue.

use ablate_cluster::{Folder, slurm};

use crate::args::{Cancel, Common};
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Cancel, _common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let folder = Folder::at(&args.dir)?;
    let mut jobs = Vec::new();
    for generation in 1..=folder.current()? {
        jobs.extend(slurm::submitted(&folder, generation)?);
    }
    if jobs.is_empty() {
        return Err(Usage(format!(
            "nothing in {} was submitted to SLURM; what another engine runs, it alone can stop",
            args.dir.display()
        ))
        .into());
    }
    slurm::cancel(&jobs)?;
    let dir = format::shell_word(&args.dir.to_string_lossy());
    terminal.message(&format!("cancelled {}", jobs.join(" and ")));
    terminal.message(&format!("what was finished is kept: ablate collect {dir}"));
    terminal.message(&format!("go on with: ablate launch --resume {dir}"));
    Ok(Exit::Done)
}
