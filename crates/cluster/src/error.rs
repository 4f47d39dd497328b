//! What can go wrong with the files of a campaign and with its engine.

use std::io;
use std::path::PathBuf;

use ablate_records::RecordsError;

/// An error with the place it lies at.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A file or folder cannot be used.
    #[error("cannot {doing} {path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What was being done with it.
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// A plan is not as it was written.
    #[error("{path}: {message}", path = path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        message: String,
    },
    /// Nothing was ever launched in the folder.
    #[error("no plan in {path}: `ablate launch FILE --dir {path}` makes one", path = path.display())]
    NoPlan {
        /// The folder.
        path: PathBuf,
    },
    /// The store cannot take what a shard tells.
    #[error(transparent)]
    Store(#[from] RecordsError),
    /// A command of the engine failed.
    #[error("{command}: {message}")]
    Engine {
        /// What was called.
        command: String,
        /// What it said.
        message: String,
    },
}

impl ClusterError {
    pub(crate) fn file(
        path: impl Into<PathBuf>,
        doing: &'static str,
    ) -> impl FnOnce(io::Error) -> ClusterError {
        let path = path.into();
        move |source| ClusterError::File { path, doing, source }
    }
}
