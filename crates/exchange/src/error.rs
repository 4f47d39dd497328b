//! What can go wrong between this program and others.

use std::io;
use std::path::PathBuf;

/// An error of the exchange with other programs.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the file system said.
        source: io::Error,
    },
    /// The address of a server is not one that can be called.
    #[error(
        "{address:?} is no address of a server: write http://HOST:PORT, such as \
             http://127.0.0.1:5000"
    )]
    Address {
        /// What was given.
        address: String,
    },
    /// The server cannot be reached, or hangs up.
    #[error("no answer from {address}: {source}")]
    Unreachable {
        /// Its address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// The server does not do what it is asked to.
    #[error("{address} refused {call}: {answer}")]
    Refused {
        /// Its address.
        address: String,
        /// What it was asked.
        call: String,
        /// What it said.
        answer: String,
    },
}
