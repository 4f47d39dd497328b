//! The workers. Each is a thread with a rayon pool of one thread beside it, on which it trains one
//! run after another.
//!
//! Training code asks rayon for threads without being told to (Candle's kernels do), and gets
//! them from the pool it is called in. A pool of one thread for each worker therefore bounds the
//! threads that compute by the number of workers, and lets nothing of one training run on the
//! thread of another. The workers themselves are not tasks of a pool: a pool's thread that waits
//! for another pool takes up its own pool's next task meanwhile, so that more runs than workers
//! would train at once.

use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use ablate_sweep::run::{Ending, Progress};
use ablate_sweep::{Failure, FailureKind, Outcome, RunId, RunPlan};
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::error::RunnerError;
use crate::panics;
use crate::settings::{Limits, Stop};
use crate::trainer::Trainer;

/// Stack of a thread that trains: eight times the usual, since going back through a deep graph of
/// operations recurses. It costs addresses, and memory only as far as it is used.
const STACK_BYTES: usize = 16 << 20;

/// The workers, and what each of them has in hand. Dropping it lets them end.
pub(crate) struct Crew {
    workers: Vec<Worker>,
    reports: Receiver<Report>,
}

struct Worker {
    orders: Sender<RunPlan>,
    held: Option<Held>,
}

/// A run in the hands of a worker.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    pub(crate) run: RunId,
    pub(crate) attempt: u32,
}

/// What comes back from a worker about the run it holds.
pub(crate) enum News {
    Progress(Progress),
    Ended { ending: Result<Outcome, Ending>, seconds: f64 },
}

struct Report {
    worker: usize,
    news: News,
}

impl Crew {
    /// Starts `size` workers, which end their trainings early once one of `stops` is requested or their
    /// time is up.
    pub(crate) fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        size: usize,
        trainer: &'env dyn Trainer,
        stops: &[Stop; 2],
        limits: Limits,
    ) -> Result<Crew, RunnerError> {
        let (sender, reports) = channel();
        let start = |worker| {
            let (orders, incoming) = channel();
            let (stops, reports) = (stops.clone(), sender.clone());
            let desk = Desk { worker, trainer, stops, limits, reports };
            let pool = one_thread(worker)?;
            let name = format!("worker-{worker}");
            thread::Builder::new()
                .name(name)
                .spawn_scoped(scope, move || desk.work(&pool, incoming))?;
            Ok(Worker { orders, held: None })
        };
        let workers = (0..size)
            .map(|worker| start(worker).map_err(|source| RunnerError::Threads { worker, source }))
            .collect::<Result<_, _>>()?;
        Ok(Crew { workers, reports })
    }

    /// The first worker that has nothing in hand.
    pub(crate) fn idle_worker(&self) -> Option<usize> {
        self.workers.iter().position(|worker| worker.held.is_none())
    }

    /// Whether no worker has anything in hand.
    pub(crate) fn is_idle(&self) -> bool {
        self.workers.iter().all(|worker| worker.held.is_none())
    }

    /// Hands `plan` to an idle worker.
    pub(crate) fn hand(&mut self, worker: usize, plan: &RunPlan, attempt: u32) {
        let worker = &mut self.workers[worker];
        worker.held = Some(Held { run: plan.id.clone(), attempt });
        worker.orders.send(plan.clone()).expect("a worker waits for orders until the crew is gone");
    }

    /// Waits for the next news, and says about which run they are. Some worker must be busy.
    pub(crate) fn wait(&mut self) -> (Held, News) {
        let Report { worker, news } =
            self.reports.recv().expect("a worker that is busy reports how its run ended");
        let held = &mut self.workers[worker].held;
        let held = match &news {
            News::Progress(_) => held.clone(),
            News::Ended { .. } => held.take(),
        };
        (held.expect("a worker reports on the run in its hands"), news)
    }
}

/// A rayon pool of one thread, as every training has around it.
pub(crate) fn one_thread(worker: usize) -> io::Result<ThreadPool> {
    ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(STACK_BYTES)
        .thread_name(move |_| format!("training-{worker}"))
        .build()
        .map_err(io::Error::other)
}

/// What a worker has before it.
struct Desk<'env> {
    worker: usize,
    trainer: &'env dyn Trainer,
    stops: [Stop; 2],
    limits: Limits,
    reports: Sender<Report>,
}

impl Desk<'_> {
    fn work(&self, pool: &ThreadPool, orders: Receiver<RunPlan>) {
        for plan in orders {
            let began = Instant::now();
            let ending = pool.install(|| self.train(&plan));
            let seconds = began.elapsed().as_secs_f64();
            if !self.report(News::Ended { ending, seconds }) {
                return;
            }
        }
    }

    /// Trains one run; whatever goes wrong becomes an [`Ending`].
    fn train(&self, plan: &RunPlan) -> Result<Outcome, Ending> {
        let began = Instant::now();
        let mut timed_out = None;
        let mut watch = |progress: &Progress| {
            let heard = self.report(News::Progress(progress.clone()));
            if !heard || self.stops.iter().any(Stop::requested) || self.limits.sweep_is_over() {
                return ControlFlow::Break(());
            }
            match self.limits.run {
                Some(limit) if began.elapsed() >= limit => {
                    timed_out = Some(too_long(limit, progress));
                    ControlFlow::Break(())
                }
                _ => ControlFlow::Continue(()),
            }
        };
        let ending = panics::catch(|| self.trainer.train(plan, &mut watch));
        match (ending, timed_out) {
            (Ok(Err(Ending::Interrupted)), Some(failure)) => Err(Ending::Failed(failure)),
            (Ok(ending), _) => ending.and_then(finite),
            (Err(message), _) => Err(Ending::Failed(Failure {
                kind: FailureKind::Panicked,
                message,
                curves: Vec::new(),
            })),
        }
    }

    /// Whether somebody is there to hear it: if not, the sweep has come apart, and nobody will
    /// want the result.
    fn report(&self, news: News) -> bool {
        self.reports.send(Report { worker: self.worker, news }).is_ok()
    }
}

/// The failure of a run whose time was up when it stood at `progress`.
fn too_long(limit: Duration, progress: &Progress) -> Failure {
    let Progress { stage, epoch, epochs, loss, done } = progress;
    let message = format!(
        "it took longer than the {limit:?} it was given: {stage}, {epoch} of {epochs} epochs done, \
         loss {loss}, {:.0} % of the run; what it has come to is kept, and tried again it goes on \
         from there",
        done * 100.0
    );
    Failure { kind: FailureKind::TimedOut, message, curves: Vec::new() }
}

/// `outcome`, unless one of its scores is no number: such a run has diverged, whatever it says.
fn finite(outcome: Outcome) -> Result<Outcome, Ending> {
    let strange = outcome.scores.iter().find(|(_, score)| !score.is_finite());
    let Some((name, score)) = strange else { return Ok(outcome) };
    let message = format!("the score {name} is {score} after epoch {}", outcome.epochs);
    let curves = outcome.curves;
    Err(Ending::Failed(Failure { kind: FailureKind::Diverged, message, curves }))
}
