//! What shows a store to people: the dashboard and its pages as files.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// The port; 0 takes any that is free
    #[arg(long, value_name = "N", default_value_t = 7878)]
    pub(crate) port: u16,
    /// The address to listen at. Any but this machine's own can be reached by others, who then need
    /// the token that is printed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: IpAddr,
    /// Ask for a token on this machine too: its other users reach the same address
    #[arg(long)]
    pub(crate) token: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The name of an experiment in the store
    #[arg(value_name = "EXPERIMENT")]
    pub(crate) experiment: String,
    /// The file to write; named after the experiment, in the current folder, if not given
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}
