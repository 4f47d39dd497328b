//! The log of a run: a file beside its weights that says when it was begun, how far it is, what was warned
//! of on its way and how its training ended. A further attempt goes on below. The dashboard shows its end.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use ablate_records::ArtifactFolder;
use ablate_report::visible;
use ablate_runner::Trainer;
use ablate_sweep::{Cost, Ending, Outcome, Progress, RunPlan};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::Context;

/// An epoch is told of, once, if the last one told is older than this, or the last of its stage: a run of
/// seconds leaves a few lines, and so does one of a thousand quick epochs.
const PAUSE: Duration = Duration::from_secs(1);

thread_local! {
    /// The log of the run that this thread trains, if it has one.
    static OPEN: RefCell<Option<File>> = const { RefCell::new(None) };
}

/// Keeps a log of each run that `trainer` trains.
pub(crate) struct Logged<'a> {
    pub(crate) trainer: &'a dyn Trainer,
    pub(crate) folder: ArtifactFolder,
}

impl Trainer for Logged<'_> {
    fn train(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending> {
        let _log = Log::open(&self.folder, plan);
        let began = Instant::now();
        let mut epochs = Epochs::default();
        let ending = self.trainer.train(plan, &mut |progress| {
            if epochs.are_told_of(progress) {
                let Progress { stage, epoch, epochs, loss, done } = progress;
                let share = (done * 100.0).floor();
                say(&format!(
                    "{stage}: epoch {epoch} of {epochs}, loss {loss:.4} ({share} % done)"
                ));
            }
            watch(progress)
        });
        match &ending {
            Ok(_) => say(&format!("trained in {:.1} s", began.elapsed().as_secs_f64())),
            Err(Ending::Interrupted) => say("stopped before its end"),
            Err(Ending::Failed(failure)) => {
                say(&format!("{}: {}", failure.kind.word(), failure.message));
            }
        }
        ending
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        self.trainer.cost(plan)
    }

    fn shared_files(&self, plan: &RunPlan) -> Vec<String> {
        self.trainer.shared_files(plan)
    }
}

/// The open log of this thread's run, until it is dropped. A log that cannot be written is nobody's loss
/// but its reader's.
struct Log;

impl Log {
    fn open(folder: &ArtifactFolder, plan: &RunPlan) -> Log {
        match folder.append(&plan.id.log_file()) {
            Ok(file) => OPEN.set(Some(file)),
            Err(error) => tracing::warn!(run = %plan.id, %error, "no log of it is kept"),
        }
        say(&format!(
            "begun by process {}, ablate {}",
            std::process::id(),
            env!("CARGO_PKG_VERSION")
        ));
        Log
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if thread::panicking() {
            say("panicked");
        }
        OPEN.set(None);
    }
}

/// Adds a line with the time to the log of this thread's run, if it has one.
pub(crate) fn say(text: &str) {
    OPEN.with_borrow_mut(|log| {
        let Some(file) = log else { return };
        let mut line = String::new();
        let _untimed = SystemTime.format_time(&mut Writer::new(&mut line));
        let _unwritten = writeln!(line, " {}", visible(text));
        // At once and as a whole, so that a reader sees lines; what a full disk says, the store says.
        let _lost = file.write_all(line.as_bytes());
    });
}

/// Which epochs are told of.
#[derive(Default)]
struct Epochs {
    last: Option<(String, u32, Instant)>,
}

impl Epochs {
    fn are_told_of(&mut self, progress: &Progress) -> bool {
        let Progress { stage, epoch, epochs, .. } = progress;
        let news = match &self.last {
            Some((told, at, _)) if told == stage && at == epoch => false,
            Some((told, _, when)) => told != stage || epoch == epochs || when.elapsed() >= PAUSE,
            None => true,
        };
        if news {
            self.last = Some((stage.clone(), *epoch, Instant::now()));
        }
        news
    }
}

/// Writes what the training code logs into the log of the run, as well as to where it goes anyway.
pub(crate) struct Beside;

impl<S: Subscriber> Layer<S> for Beside {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() <= Level::INFO {
            let mut words = Words(event.metadata().level().to_string());
            event.record(&mut words);
            say(&words.0);
        }
    }
}

/// The message of an event and its fields.
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _infallible = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_last_epochs_of_a_stage_are_told_and_no_flood_between() {
        let mut epochs = Epochs::default();
        let mut told = Vec::new();
        for (stage, last) in [("layer 1", 500), ("fine-tuning", 1)] {
            for epoch in 1..=last {
                let (stage, epochs_in_all) = (stage.to_owned(), last);
                let progress =
                    Progress { stage, epoch, epochs: epochs_in_all, done: 0.5, loss: 0.1 };
                if epochs.are_told_of(&progress) {
                    told.push((progress.stage.clone(), epoch));
                }
                assert!(!epochs.are_told_of(&progress), "once");
            }
        }
        let expected = [("layer 1", 1), ("layer 1", 500), ("fine-tuning", 1)];
        assert_eq!(told, expected.map(|(stage, epoch)| (stage.to_owned(), epoch)));
    }
}
