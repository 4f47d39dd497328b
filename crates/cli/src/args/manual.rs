//! What the shell knows of the program.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// For which shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Where to: one page a command
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}
