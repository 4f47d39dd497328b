//! Ctrl-C and SIGTERM: the first asks the sweep to stop, a second one stops at once. And the signal of a
//! file that has become too large, which is to be an error and not an end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;

use ablate_runner::Stop;
use anyhow::Context;
use signal_hook::consts::{SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;

use crate::exit::Exit;
use crate::terminal::Terminal;

/// Which signal has been heard, if any.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<AtomicI32>);

impl Heard {
    /// How the program ends because of it.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match self.0.load(Ordering::Relaxed) {
            0 => None,
            SIGTERM => Some(Exit::Terminated),
            _ => Some(Exit::Interrupted),
        }
    }
}

/// Listens from now on: the first signal requests `stop`, the second ends the process.
pub(crate) fn listen(stop: &Stop, terminal: &Terminal) -> anyhow::Result<Heard> {
    let heard = Heard::default();
    let mut signals = Signals::new([SIGINT, SIGTERM]).context("cannot listen for signals")?;
    let (stop, terminal, told) = (stop.clone(), terminal.clone(), heard.clone());
    let listener = move || {
        for signal in signals.forever() {
            if told.0.swap(signal, Ordering::Relaxed) != 0 {
                // The store is safe: what was not committed is not there, and the runs in flight
                // are found to be interrupted at the next start.
                std::process::exit(128 + signal);
            }
            stop.request();
            terminal.message("stopping: what is running ends now; once more stops at once");
        }
    };
    thread::Builder::new()
        .name("signals".into())
        .spawn(listener)
        .context("cannot start a thread")?;
    Ok(heard)
}

/// From now on, writing past a limit of file size (`ulimit -f`) fails as writing to a full disk does. Unheard,
/// the signal would end the process before anybody could say so.
pub(crate) fn outlive_limits_of_file_size() -> io::Result<()> {
    // Nobody need know that it was heard: the write that caused it fails.
    let heard = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGXFSZ, heard).map(drop)
}
