//! The commands, one a file: each reads its arguments, asks the other crates, and prints.

pub(crate) mod check;
pub(crate) mod claims;
pub(crate) mod compare;
pub(crate) mod data;
pub(crate) mod export;
pub(crate) mod filters;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod merge;
pub(crate) mod plan;
pub(crate) mod probe;
pub(crate) mod query;
pub(crate) mod reconstruct;
pub(crate) mod show;
pub(crate) mod sql;
pub(crate) mod sweep;
pub(crate) mod table;
pub(crate) mod verify;
pub(crate) mod weights;
