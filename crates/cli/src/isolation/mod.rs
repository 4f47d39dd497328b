//! Trainings in processes of their own, so that what takes a process down, an abort, a stack that
//! overflows, the system's killer of processes that take too much memory, takes one run and not the
//! sweep. A child is this program again: it reads what to train from its stdin, says how far it is on
//! its stdout, and stops, keeping a checkpoint, when its stdin is closed. So a parent that is killed
//! leaves no child behind that trains for nobody.

mod child;
mod wire;

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use ablate_runner::Trainer;
use ablate_sweep::{Cost, Ending, Failure, FailureKind, Outcome, Progress, RunPlan};

use crate::laboratory::Laboratory;
use crate::run_log;
use crate::terminal::Terminal;

pub(crate) use child::run as train_alone;
pub(crate) use wire::Request;

/// How often a child that is silent is thought of.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How long a child that was asked to stop may take before it is killed.
const GRACE: Duration = Duration::from_secs(30);

/// How many of a child's last lines on stderr are kept for the reason why it died.
const LAST_WORDS: usize = 6;

/// What Rust's exit code of a panic is.
const PANICKED: i32 = 101;

/// Trains every run in a process of its own.
#[derive(Debug)]
pub(crate) struct Isolated<'a> {
    pub(crate) laboratory: &'a Laboratory,
    pub(crate) terminal: &'a Terminal,
    /// Which log lines children show.
    pub(crate) log: &'a str,
}

impl Trainer for Isolated<'_> {
    fn train(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending> {
        let unable = |error: io::Error| {
            failed(FailureKind::Error, format!("its process could not be started: {error}"))
        };
        let (mut child, stdin) = self.start(plan).map_err(unable)?;
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let (heard, last_words) = thread::scope(|scope| {
            let (sender, said) = channel();
            let words = sender.clone();
            scope.spawn(move || {
                for line in lines(stdout) {
                    let said = serde_json::from_str(&line).ok();
                    if let Some(said) = said.as_ref().and_then(wire::Said::from_json)
                        && sender.send(Word::Said(said)).is_err()
                    {
                        break;
                    }
                }
            });
            scope.spawn(move || {
                for line in lines(stderr) {
                    if words.send(Word::Logged(line)).is_err() {
                        break;
                    }
                }
            });
            self.listen(&mut child, stdin, &said, watch)
        });
        let status = child.wait().map_err(unable)?;
        match heard {
            Heard::Ended(ending) => ending,
            Heard::Killed => Err(Ending::Interrupted),
            Heard::Nothing => Err(obituary(status, &last_words)),
        }
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        let cost = self.laboratory.cost(plan);
        // Nothing is shared: each has the dataset, and the program's own few megabytes.
        let dataset = self.laboratory.dataset_bytes(plan);
        Cost { bytes: cost.bytes.saturating_add(dataset).saturating_add(16 << 20), ..cost }
    }

    fn shared_files(&self, plan: &RunPlan) -> Vec<String> {
        self.laboratory.shared_files(plan)
    }
}

impl Isolated<'_> {
    /// Starts a child in a process group of its own, since Ctrl-C is for the parent to hear, and tells it
    /// what to train.
    fn start(&self, plan: &RunPlan) -> io::Result<(Child, Option<ChildStdin>)> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--log", self.log, "--color", "never", child::COMMAND])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take();
        if let Some(pipe) = &mut stdin {
            // A child that is gone already has no use for it; its end says why.
            let _gone = writeln!(pipe, "{}", self.laboratory.request(plan).to_json());
        }
        Ok((child, stdin))
    }

    /// Listens to a child until its pipes are closed; shows what it says on stderr, and returns the last of
    /// it. `watch` is asked several times a second, whether or not there is news, and its `Break` closes
    /// the child's stdin.
    fn listen(
        &self,
        child: &mut Child,
        mut stdin: Option<ChildStdin>,
        said: &Receiver<Word>,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> (Heard, Vec<String>) {
        let mut last: Option<Progress> = None;
        let mut asked: Option<Instant> = None;
        let mut heard = Heard::Nothing;
        let mut last_words = VecDeque::new();
        loop {
            match said.recv_timeout(LOOK_AGAIN) {
                Ok(Word::Said(wire::Said::Ended(ending))) => heard = Heard::Ended(ending),
                Ok(Word::Said(wire::Said::Progress(progress))) => last = Some(progress),
                Ok(Word::Logged(line)) => {
                    let line = ablate_report::visible(&line).to_string();
                    self.terminal.error(&line);
                    run_log::say(&line);
                    last_words.push_back(line);
                    if last_words.len() > LAST_WORDS {
                        last_words.pop_front();
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return (heard, last_words.into()),
            }
            match asked {
                None if last.as_ref().is_some_and(|progress| watch(progress).is_break()) => {
                    drop(stdin.take());
                    asked = Some(Instant::now());
                }
                Some(asked) if asked.elapsed() > GRACE => {
                    let _gone = child.kill();
                    heard = Heard::Killed;
                }
                _ => {}
            }
        }
    }
}

/// What comes from a child.
enum Word {
    /// On its stdout.
    Said(wire::Said),
    /// A line on its stderr.
    Logged(String),
}

/// What was heard of a child until its pipes were closed.
enum Heard {
    Ended(Result<Outcome, Ending>),
    /// It was asked to stop, did not, and was killed for it.
    Killed,
    Nothing,
}

/// Why a child that said nothing of its end has ended.
fn obituary(status: ExitStatus, last_words: &[String]) -> Ending {
    let said = last_words.join("; ");
    let with = |what: String| if said.is_empty() { what } else { format!("{what}: {said}") };
    if status.code() == Some(PANICKED) {
        return failed(FailureKind::Panicked, with("it panicked in its process".into()));
    }
    let (kind, what) = match status.signal() {
        _ if said.contains("memory allocation of") => {
            (FailureKind::OutOfMemory, "its process got no more memory".to_owned())
        }
        Some(9) => (
            FailureKind::OutOfMemory,
            "its process was killed by signal 9, which is how the system ends one when memory runs \
             out"
            .to_owned(),
        ),
        Some(signal) => {
            (FailureKind::Error, format!("its process was killed by signal {signal}{}", name(signal)))
        }
        None => (FailureKind::Error, format!("its process ended by itself ({status})")),
    };
    failed(kind, with(what))
}

/// The signals that a process brings upon itself, by name.
fn name(signal: i32) -> &'static str {
    match signal {
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        7 => " (SIGBUS)",
        8 => " (SIGFPE)",
        11 => " (SIGSEGV)",
        15 => " (SIGTERM)",
        24 => " (SIGXCPU)",
        25 => " (SIGXFSZ)",
        _ => "",
    }
}

fn failed(kind: FailureKind, message: String) -> Ending {
    Ending::Failed(Failure { kind, message, curves: Vec::new() })
}

/// The lines of a pipe until it is closed, whatever bytes they hold.
fn lines(pipe: Option<impl Read>) -> impl Iterator<Item = String> {
    let pipe = pipe.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n'));
    pipe.map_while(Result::ok).map(|line| String::from_utf8_lossy(&line).into_owned())
}
