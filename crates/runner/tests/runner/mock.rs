//! A trainer that takes its outcome from the trial's parameters, so that everything but training
//! is real; and a folder with a store in it to run sweeps on.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use ablate_records::{Durability, Session, SessionId, Store};
use ablate_runner::{
    Event, Limits, OnFailure, RunnerError, Settings, Stop, Summary, Task, Trainer,
};
use ablate_sweep::run::{Cost, Ending, Progress};
use ablate_sweep::{
    Catalog, Curve, Direction, Domain, Failure, FailureKind, Metric, Outcome, Param, Params, Run,
    RunId, RunPlan, Split, Value,
};

/// The parameters that the mock trainer obeys, and the one metric it measures.
pub(crate) fn catalog() -> Catalog {
    let whole = || Domain::Int { min: 0, max: i64::MAX, word: None };
    let ends = ["well", "in-error", "in-panic", "in-deep-panic", "in-nan", "undeclared"];
    let ends = Domain::Choice(ends.to_vec());
    Catalog {
        params: vec![
            Param::new("ends", ends, Value::Text("well".into()), "how the run ends"),
            Param::new("cell", whole(), Value::Int(0), "tells trials apart"),
            Param::new("epochs", whole(), Value::Int(2), "epochs of training"),
            Param::new("flop", whole(), Value::Int(1), "what it costs"),
            Param::new("bytes", whole(), Value::Int(1), "memory at its peak"),
        ],
        metrics: vec![Metric {
            name: "test_error".into(),
            unit: "fraction",
            direction: Direction::Lower,
            split: Split::Test,
            summary: "a number drawn from the seed".into(),
        }],
        ..Catalog::default()
    }
}

/// A run of the trial that `given` names.
pub(crate) fn task(seed: u64, given: &[(&str, Value)]) -> Task {
    let given: Params = given.iter().map(|(name, value)| ((*name).into(), value.clone())).collect();
    let trial = catalog().resolve(&given).unwrap();
    Task { plan: RunPlan::new(Arc::new(trial), seed, "data-1", "training-1"), baseline: None }
}

/// Runs that end well: so many trials, with so many seeds each.
pub(crate) fn grid(trials: i64, seeds: u64) -> Vec<Task> {
    let cells = (0..trials).flat_map(|number| (1..=seeds).map(move |seed| (number, seed)));
    cells.map(|(number, seed)| task(seed, &[("cell", Value::Int(number))])).collect()
}

/// A run of seed 1 that ends so.
pub(crate) fn ending(number: i64, ends: &str) -> Task {
    task(1, &[("cell", Value::Int(number)), ("ends", Value::Text(ends.into()))])
}

pub(crate) fn ids(tasks: &[Task]) -> Vec<RunId> {
    tasks.iter().map(|task| task.plan.id.clone()).collect()
}

/// As many jobs as said, plenty of memory, and failures stop nothing.
pub(crate) fn settings(jobs: usize) -> Settings {
    let jobs = NonZeroUsize::new(jobs).unwrap();
    Settings {
        jobs,
        memory: Some(u64::MAX),
        on_failure: OnFailure::GoOn,
        limits: Limits::default(),
    }
}

/// What happens at the end of an epoch of a run.
type AtEpoch = Box<dyn Fn(&RunPlan, u32) + Send + Sync>;

/// Obeys the parameters of the trial, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct Mock {
    /// Called at the end of every epoch, before the runner is told.
    pub(crate) at_epoch: Option<AtEpoch>,
    /// What runs share.
    shared: Option<fn(&RunPlan) -> Vec<String>>,
    /// Runs in the order in which their training began.
    pub(crate) begun: Mutex<Vec<RunId>>,
    /// The threads that rayon said a training had.
    pub(crate) threads: Mutex<BTreeSet<usize>>,
    training: AtomicUsize,
    most: AtomicUsize,
}

impl Mock {
    /// A mock that does so at the end of every epoch.
    pub(crate) fn with(at_epoch: impl Fn(&RunPlan, u32) + Send + Sync + 'static) -> Mock {
        Mock { at_epoch: Some(Box::new(at_epoch)), ..Mock::default() }
    }

    /// A mock whose runs share what `shared` says.
    pub(crate) fn sharing(shared: fn(&RunPlan) -> Vec<String>) -> Mock {
        Mock { shared: Some(shared), ..Mock::default() }
    }

    pub(crate) fn begun(&self) -> Vec<RunId> {
        self.begun.lock().unwrap().clone()
    }

    /// How many trainings there were at once, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn epochs(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending> {
        let epochs = plan.trial.params.count("epochs").unwrap() as u32;
        let mut losses = Vec::new();
        for epoch in 1..=epochs {
            losses.push(chance(plan, u64::from(epoch)));
            if let Some(at_epoch) = &self.at_epoch {
                at_epoch(plan, epoch);
            }
            let done = f64::from(epoch) / f64::from(epochs);
            let stage = "fine-tuning".to_owned();
            let loss = losses[losses.len() - 1];
            if watch(&Progress { stage, epoch, epochs, done, loss }).is_break() {
                return Err(Ending::Interrupted);
            }
        }
        self.end(plan, epochs, vec![Curve { name: "train_loss".into(), values: losses }])
    }

    fn end(&self, plan: &RunPlan, epochs: u32, curves: Vec<Curve>) -> Result<Outcome, Ending> {
        let (name, score) = match plan.trial.params.text("ends").unwrap() {
            "in-error" => {
                let message = format!("no such file in epoch {epochs}");
                return Err(Ending::Failed(Failure { kind: FailureKind::Error, message, curves }));
            }
            "in-panic" => panic!("layer {} is empty", 3),
            "in-deep-panic" => {
                rayon::join(|| (), panicking);
                unreachable!("rayon passes the panic on");
            }
            "in-nan" => ("test_error", f64::NAN),
            "undeclared" => ("nobody_declared_this", 0.5),
            _ => ("test_error", chance(plan, 0)),
        };
        Ok(Outcome {
            scores: BTreeMap::from([(name.to_owned(), score)]),
            profiles: Vec::new(),
            curves,
            epochs,
            best_epoch: epochs,
            weights_hash: format!("{:016x}", chance(plan, 99).to_bits()),
            artifacts: Vec::new(),
        })
    }
}

impl Trainer for Mock {
    fn train(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending> {
        self.begun.lock().unwrap().push(plan.id.clone());
        self.threads.lock().unwrap().insert(rayon::current_num_threads());
        let now = self.training.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let leave = Leave(&self.training);
        let ending = self.epochs(plan, watch);
        drop(leave);
        ending
    }

    fn shared_files(&self, plan: &RunPlan) -> Vec<String> {
        self.shared.map_or_else(Vec::new, |shared| shared(plan))
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        let params = &plan.trial.params;
        Cost { flop: params.float("flop").unwrap(), bytes: params.count("bytes").unwrap() as u64 }
    }
}

fn panicking() {
    panic!("a task of the training panicked");
}

/// Counts a training out, however it ends.
struct Leave<'a>(&'a AtomicUsize);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A number in [0, 1) that depends on seed, trial and purpose alone (splitmix64).
fn chance(plan: &RunPlan, purpose: u64) -> f64 {
    let number = plan.trial.params.count("cell").unwrap() as u64;
    let mut state = plan.seed ^ (number << 20) ^ (purpose << 40);
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((state ^ (state >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A folder with a store in it.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("runs.db")
    }

    pub(crate) fn open(&self) -> (Store, SessionId) {
        open(self.path())
    }

    /// A sweep that nothing stops, and what was told of it.
    pub(crate) fn sweep(
        &self,
        tasks: Vec<Task>,
        trainer: &Mock,
        settings: &Settings,
    ) -> (Summary, Vec<Event>) {
        self.sweep_until(&Stop::default(), tasks, trainer, settings)
    }

    /// A sweep that `stop` may stop, and what was told of it.
    pub(crate) fn sweep_until(
        &self,
        stop: &Stop,
        tasks: Vec<Task>,
        trainer: &Mock,
        settings: &Settings,
    ) -> (Summary, Vec<Event>) {
        let (ending, events) = self.try_sweep(stop, tasks, trainer, settings);
        (ending.unwrap(), events)
    }

    /// A sweep that may come to nothing.
    pub(crate) fn try_sweep(
        &self,
        stop: &Stop,
        tasks: Vec<Task>,
        trainer: &Mock,
        settings: &Settings,
    ) -> (Result<Summary, RunnerError>, Vec<Event>) {
        let (mut store, session) = self.open();
        let mut events = Vec::new();
        let mut observe = |event| events.push(event);
        let ending =
            ablate_runner::run(tasks, trainer, &mut store, session, settings, stop, &mut observe);
        (ending, events)
    }

    /// The stored runs of `tasks`, in the order of `tasks`, their durations left out.
    pub(crate) fn runs(&self, tasks: &[Task]) -> Vec<Run> {
        let (store, _) = self.open();
        let runs = store.runs(&ids(tasks)).unwrap().into_iter();
        let mut runs: BTreeMap<RunId, Run> = runs.map(|run| (run.id.clone(), run)).collect();
        let in_order = tasks.iter().filter_map(|task| runs.remove(&task.plan.id));
        in_order.map(|run| Run { seconds: None, ..run }).collect()
    }

    pub(crate) fn run(&self, task: &Task) -> Run {
        self.runs(std::slice::from_ref(task)).remove(0)
    }

    pub(crate) fn curves(&self, task: &Task) -> Vec<Curve> {
        self.open().0.curves(&task.plan.id).unwrap()
    }
}

/// Opens the store at `path` as a process that sweeps does.
pub(crate) fn open(path: PathBuf) -> (Store, SessionId) {
    let mut store = Store::open(&path, Durability::Normal).unwrap();
    store.declare(&catalog()).unwrap();
    let session = store.begin_session(&Session::default()).unwrap();
    (store, session)
}
