//! A sweep on many machines. An engine that exists (SLURM, GNU parallel, ...) starts tasks; each trains
//! its share of a plan and leaves a log of what came of it; whoever collects reads the logs.
//!
//! Nothing on the shared file system is ever locked or written by two processes: a plan is written once
//! and renamed into its place, and each attempt at a task appends to a [`Shard`](shard::Shard) of its
//! own. So whatever the engine does (a task twice at once, again, or never), what was finished is there
//! once it was synced, and reading it in any order, any number of times, comes to the same.
//!
//! This crate knows neither Candle nor SQL nor the terminal.

pub mod collect;
pub mod disk;
mod error;
mod folder;
mod framed;
pub mod moment;
pub mod plan;
pub mod shard;
pub mod slurm;
mod words;

pub use error::ClusterError;
pub use folder::Folder;
