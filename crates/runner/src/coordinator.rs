//! The coordinator: holds the store, claims runs, hands them out and writes what came of them.

use std::collections::VecDeque;
use std::thread;
use std::time::Instant;

use ablate_records::{Claim, RecordsError, SessionId, Store};
use ablate_sweep::run::Ending;
use ablate_sweep::{Failure, FailureKind, Outcome, RunId};

use crate::budget;
use crate::crew::{Crew, Held, News};
use crate::error::RunnerError;
use crate::event::Event;
use crate::memory;
use crate::order::{self, Queued, Sharing};
use crate::patience::Patience;
use crate::settings::{Limits, Settings, Stop};
use crate::summary::{FailedRun, StoppedEarly, Summary};
use crate::trainer::{Task, Trainer};

/// Trains `tasks`, several at once, and stores what comes of each in one transaction as soon as it
/// ends. It returns when nothing is training any more.
///
/// Runs are started replicate by replicate (by ascending seed), within a replicate the most
/// expensive first, and such that two seldom make the same shared file at once; a run that occurs twice is trained once. A run that another process has
/// finished or is training is left alone, so any number of sweeps may share one store. A run that
/// fails is a row with its reason, and what it means for the others is up to
/// [`Settings::on_failure`]. `observe` is called on the calling thread, also while runs train: it
/// should return soon.
///
/// # Errors
/// [`RunnerError::Threads`] before anything was started; [`RunnerError::Store`] if the store fails,
/// a full disk for instance: nothing is started any more, the runs that train are asked to stop,
/// and what they come to is stored as far as the store permits.
///
/// # Panics
/// If [`Trainer::cost`] or `observe` panics. A panic of [`Trainer::train`] is a failed run.
pub fn run(
    tasks: Vec<Task>,
    trainer: &dyn Trainer,
    store: &mut Store,
    session: SessionId,
    settings: &Settings,
    stop: &Stop,
    observe: &mut dyn FnMut(Event),
) -> Result<Summary, RunnerError> {
    let began = Instant::now();
    let available = settings.memory.or_else(|| memory::available().map(|bytes| bytes / 10 * 9));
    let (queue, too_large) = budget::split(order::arrange(tasks, trainer), available);
    let peaks = queue.iter().map(|queued| queued.cost.bytes).collect();
    let jobs = budget::jobs(settings.jobs.get(), peaks, available);
    let costs = queue.iter().map(|queued| (queued.task.plan.id.clone(), queued.cost)).collect();
    observe(Event::Planned { jobs, costs });
    let halt = Stop::default();
    thread::scope(|scope| {
        let crew =
            Crew::start(scope, jobs.used, trainer, &[stop.clone(), halt.clone()], settings.limits)?;
        let mut coordinator = Coordinator {
            queue: queue.into(),
            sharing: Sharing::default(),
            crew,
            limits: settings.limits,
            store,
            session,
            stop,
            halt,
            patience: Patience::new(settings.on_failure),
            observe,
            summary: Summary::new(jobs),
        };
        coordinator.refuse(too_large, available.unwrap_or(u64::MAX))?;
        coordinator.work()?;
        Ok(coordinator.sum_up(began))
    })
}

struct Coordinator<'a> {
    queue: VecDeque<Queued>,
    sharing: Sharing,
    crew: Crew,
    limits: Limits,
    store: &'a mut Store,
    session: SessionId,
    /// The caller's request.
    stop: &'a Stop,
    /// Our own, for when the store fails; the caller's handle is not ours to set.
    halt: Stop,
    patience: Patience,
    observe: &'a mut dyn FnMut(Event),
    summary: Summary,
}

impl Coordinator<'_> {
    /// Hands out and takes in until nothing is left or the sweep ends early. After the first
    /// trouble with the store it goes on taking in: what the workers still bring may be stored.
    fn work(&mut self) -> Result<(), RunnerError> {
        let mut trouble = Ok(());
        loop {
            if trouble.is_ok() {
                trouble = self.hand_out();
            }
            if trouble.is_err() {
                self.halt.request();
            }
            if self.crew.is_idle() {
                return trouble;
            }
            trouble = trouble.and(self.take_in());
        }
    }

    /// Fails the runs that need more memory than there is, without starting them.
    fn refuse(&mut self, too_large: Vec<Queued>, available: u64) -> Result<(), RunnerError> {
        for Queued { task, cost, .. } in too_large {
            if !self.is_open() {
                self.summary.not_started.push(task.plan.id);
                continue;
            }
            let Some(attempt) = self.claim(&task)? else { continue };
            let failure = Failure {
                kind: FailureKind::OutOfMemory,
                message: budget::too_large(cost.bytes, available),
                curves: Vec::new(),
            };
            let reason = self.patience.saw_refusal(&failed_run(&task.plan.id, &failure));
            self.stop_for(reason);
            self.fail(Held { run: task.plan.id, attempt }, failure, 0.0)?;
        }
        Ok(())
    }

    /// Starts nothing more if there is a `reason`; the first one is the one that is told.
    fn stop_for(&mut self, reason: Option<StoppedEarly>) {
        self.summary.stopped_early = self.summary.stopped_early.take().or(reason);
    }

    fn is_open(&self) -> bool {
        !self.stop.requested()
            && !self.limits.sweep_is_over()
            && self.summary.stopped_early.is_none()
    }

    /// Claims runs and hands them to idle workers, as far as there are any of either.
    fn hand_out(&mut self) -> Result<(), RunnerError> {
        while let Some(worker) = self.crew.idle_worker()
            && self.is_open()
            && let Some(Queued { task, shares, .. }) = self.sharing.take_next(&mut self.queue)
        {
            if let Some(attempt) = self.claim(&task)? {
                self.crew.hand(worker, &task.plan, attempt);
                self.sharing.starts(&task.plan.id, shares);
                (self.observe)(Event::Started { run: task.plan.id, worker, attempt });
            }
        }
        Ok(())
    }

    /// The attempt that `task` was claimed for, or `None` if it is not ours to train.
    fn claim(&mut self, task: &Task) -> Result<Option<u32>, RunnerError> {
        let run = task.plan.id.clone();
        let claim = self.store.claim(self.session, &task.plan, task.baseline.as_ref());
        match claim.map_err(|source| trouble("claim", &run, source))? {
            Claim::Claimed { attempt } => return Ok(Some(attempt)),
            Claim::Finished => {
                self.summary.already_finished.push(run.clone());
                (self.observe)(Event::AlreadyFinished { run });
            }
            Claim::RunningElsewhere { .. } => {
                self.summary.elsewhere.push(run.clone());
                (self.observe)(Event::Elsewhere { run });
            }
        }
        Ok(None)
    }

    /// Waits for news and deals with them.
    fn take_in(&mut self) -> Result<(), RunnerError> {
        let (held, news) = self.crew.wait();
        if let News::Ended { .. } = news {
            self.sharing.ends(&held.run);
        }
        match (held, news) {
            (Held { run, .. }, News::Progress(progress)) => {
                (self.observe)(Event::Progress { run, progress });
                Ok(())
            }
            (held, News::Ended { ending: Ok(outcome), seconds }) => {
                self.patience.saw_no_failure();
                self.finish(held, outcome, seconds)
            }
            (held, News::Ended { ending: Err(Ending::Interrupted), .. }) => {
                self.patience.saw_no_failure();
                self.interrupt(held)
            }
            (held, News::Ended { ending: Err(Ending::Failed(failure)), seconds }) => {
                let reason = self.patience.saw_failure(&failed_run(&held.run, &failure));
                self.stop_for(reason);
                self.fail(held, failure, seconds)
            }
        }
    }

    fn finish(&mut self, held: Held, outcome: Outcome, seconds: f64) -> Result<(), RunnerError> {
        let Held { run, attempt } = held;
        let stored = self.store.finish(&run, attempt, &outcome, seconds);
        if self.was_stored("finish", &run, stored)? {
            self.summary.finished.push(run.clone());
            (self.observe)(Event::Finished { run, outcome, seconds });
        }
        Ok(())
    }

    fn fail(&mut self, held: Held, failure: Failure, seconds: f64) -> Result<(), RunnerError> {
        let Held { run, attempt } = held;
        let stored = self.store.fail(&run, attempt, &failure, seconds);
        if self.was_stored("fail", &run, stored)? {
            self.summary.failed.push(failed_run(&run, &failure));
            (self.observe)(Event::Failed { run, failure, seconds });
        }
        Ok(())
    }

    fn interrupt(&mut self, held: Held) -> Result<(), RunnerError> {
        let Held { run, attempt } = held;
        let stored = self.store.interrupt(&run, attempt);
        if self.was_stored("interrupt", &run, stored)? {
            self.summary.interrupted.push(run.clone());
            (self.observe)(Event::Interrupted { run });
        }
        Ok(())
    }

    /// Whether the ending of `run` was stored. If the row is somebody else's by now, it is theirs
    /// to end, and no reason to stop the other runs.
    fn was_stored(
        &mut self,
        doing: &'static str,
        run: &RunId,
        stored: Result<(), RecordsError>,
    ) -> Result<bool, RunnerError> {
        match stored {
            Ok(()) => Ok(true),
            Err(RecordsError::NotHeld { .. }) => {
                tracing::warn!(%run, doing, "the run was taken over by another process");
                self.summary.elsewhere.push(run.clone());
                (self.observe)(Event::Elsewhere { run: run.clone() });
                Ok(false)
            }
            Err(source) => Err(trouble(doing, run, source)),
        }
    }

    fn sum_up(self, began: Instant) -> Summary {
        let mut summary = self.summary;
        summary.not_started.extend(self.queue.into_iter().map(|queued| queued.task.plan.id));
        let undone = !summary.interrupted.is_empty() || !summary.not_started.is_empty();
        if undone && self.stop.requested() {
            summary.stopped_early.get_or_insert(StoppedEarly::Requested);
        } else if undone && self.limits.sweep_is_over() {
            summary.stopped_early.get_or_insert(StoppedEarly::TimeLimit);
        }
        summary.seconds = began.elapsed().as_secs_f64();
        summary
    }
}

fn failed_run(run: &RunId, failure: &Failure) -> FailedRun {
    FailedRun { run: run.clone(), kind: failure.kind, message: failure.message.clone() }
}

fn trouble(doing: &'static str, run: &RunId, source: RecordsError) -> RunnerError {
    RunnerError::Store { doing, run: run.clone(), source: Box::new(source) }
}
