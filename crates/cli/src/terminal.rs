//! The terminal: data to stdout, messages and progress to stderr, colors where they are wanted, and
//! a reader that has gone away (`| head`) is no error.

use std::io::{self, IsTerminal, Write};

use ablate_report::visible;
use indicatif::{MultiProgress, ProgressDrawTarget};
use tracing_subscriber::fmt::MakeWriter;

use crate::args::{ColorChoice, Common};

/// Where output goes, and how it may look.
#[derive(Clone, Debug)]
pub(crate) struct Terminal {
    stdout_color: Look,
    stderr_color: Look,
    messages: Messages,
    /// The bars at the foot of the screen; hidden where stderr is no terminal.
    pub(crate) bars: MultiProgress,
}

/// Whether text is colored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// With ANSI sequences.
    Colored,
    /// Without.
    Plain,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Messages {
    Shown,
    Quiet,
}

impl Terminal {
    pub(crate) fn new(common: &Common) -> Terminal {
        let (stdout, stderr) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let live = stderr && !dumb && !common.quiet;
        let target = if live { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Terminal {
            stdout_color: look(common.color, stdout && !dumb),
            stderr_color: look(common.color, stderr && !dumb),
            messages: if common.quiet { Messages::Quiet } else { Messages::Shown },
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// One without colours, messages and bars: for work whose answer goes elsewhere.
    pub(crate) fn silent() -> Terminal {
        Terminal {
            stdout_color: Look::Plain,
            stderr_color: Look::Plain,
            messages: Messages::Quiet,
            bars: MultiProgress::with_draw_target(ProgressDrawTarget::hidden()),
        }
    }

    /// Whether bars can be drawn.
    pub(crate) fn is_live(&self) -> bool {
        !self.bars.is_hidden()
    }

    /// How many columns stdout has, if it is a terminal.
    pub(crate) fn columns(&self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0))
    }

    /// How many columns stderr has, if it is a terminal.
    pub(crate) fn stderr_columns(&self) -> Option<usize> {
        terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0))
    }

    /// How stdout may look.
    pub(crate) fn stdout_look(&self) -> Look {
        self.stdout_color
    }

    /// How stderr may look.
    pub(crate) fn stderr_look(&self) -> Look {
        self.stderr_color
    }

    /// Prints data.
    pub(crate) fn data(&self, text: &str) -> anyhow::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(text.as_bytes())?;
        if !text.is_empty() && !text.ends_with('\n') {
            stdout.write_all(b"\n")?;
        }
        Ok(stdout.flush()?)
    }

    /// Prints a message, above the bars if there are any. What it quotes may come from anywhere, so
    /// nothing in it reaches the terminal as a command. A stderr that is gone is nobody's loss.
    pub(crate) fn message(&self, text: &str) {
        if self.messages == Messages::Shown {
            self.error(&visible(text));
        }
    }

    /// Prints a message that is shown even when quiet.
    pub(crate) fn error(&self, text: &str) {
        self.bars.suspend(|| {
            let _gone = writeln!(io::stderr().lock(), "{text}");
        });
    }
}

fn look(choice: ColorChoice, terminal: bool) -> Look {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => Look::Colored,
        ColorChoice::Never => Look::Plain,
        ColorChoice::Auto if terminal && !unwanted => Look::Colored,
        ColorChoice::Auto => Look::Plain,
    }
}

/// Log lines go above the bars.
impl<'a> MakeWriter<'a> for Terminal {
    type Writer = LogLine<'a>;

    fn make_writer(&'a self) -> LogLine<'a> {
        LogLine(&self.bars)
    }
}

/// One log line on its way to stderr, which may be gone.
#[derive(Debug)]
pub(crate) struct LogLine<'a>(&'a MultiProgress);

impl Write for LogLine<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.suspend(|| {
            let _gone = io::stderr().lock().write_all(bytes);
        });
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
