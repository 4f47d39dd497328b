//! How the program ends: its exit codes, and errors that are the user's to mend.

use std::fmt;
use std::process::ExitCode;

/// How a command that did not fail has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is done.
    Done,
    /// The sweep went through, but some of its runs failed, or a verified run differs.
    SomeFailed,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::SomeFailed => 3,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.number())
    }
}

/// Exit code of an error.
pub(crate) const ERROR: u8 = 1;

/// Exit code of an error that lies in what was typed or in the experiment file.
pub(crate) const USAGE: u8 = 2;

/// Something that the user typed or wrote is not valid; the message says what would be.
#[derive(Debug)]
pub(crate) struct Usage(pub(crate) String);

impl fmt::Display for Usage {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// A rendered diagnostic that already says everything, such as the mistakes of an experiment file.
#[derive(Debug)]
pub(crate) struct Diagnosed(pub(crate) String);

impl fmt::Display for Diagnosed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for Diagnosed {}
