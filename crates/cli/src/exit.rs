//! How the program ends: its exit codes, and errors that are the user's to mend.

use std::fmt;
use std::process::ExitCode;

use ablate_records::RecordsError;

/// How a command that did not fail has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything that was asked for is done.
    Done,
    /// Not every run is finished: some failed, or another process holds them. Or a run differs from
    /// what another store, another training or another measurement says, or is damaged.
    Unfinished,
    /// A claim is refuted or undecided.
    Unsupported,
    /// Ctrl-C.
    Interrupted,
    /// SIGTERM.
    Terminated,
}

impl Exit {
    /// Of two ways to have ended, the one that says more is left to do.
    pub(crate) fn worse(self, other: Exit) -> Exit {
        if self.number() >= other.number() { self } else { other }
    }

    fn number(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Unfinished | Exit::Unsupported => 3,
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
const ERROR: u8 = 1;

/// Exit code of an error that lies in what was typed or in the experiment file.
pub(crate) const USAGE: u8 = 2;

/// The exit code of an error: [`USAGE`] where what was typed can be mended.
pub(crate) fn code_of(error: &anyhow::Error) -> u8 {
    let typed = |cause: &(dyn std::error::Error + 'static)| match cause.downcast_ref() {
        Some(
            RecordsError::UnknownRun { .. }
            | RecordsError::AmbiguousRun { .. }
            | RecordsError::NotFinished { .. }
            | RecordsError::UnknownExperiment { .. }
            | RecordsError::UnknownColumn { .. }
            | RecordsError::UnknownCurve { .. }
            | RecordsError::EmptyTag
            | RecordsError::Incomparable { .. }
            | RecordsError::SqlRefused { .. }
            | RecordsError::SqlInvalid { .. },
        ) => true,
        Some(_) => false,
        None => cause.is::<Usage>(),
    };
    if error.chain().any(typed) { USAGE } else { ERROR }
}

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
