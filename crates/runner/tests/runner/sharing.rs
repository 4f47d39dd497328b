//! Several sweeps on one store, and a sweep whose process is killed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ablate_runner::{Event, Stop};
use ablate_sweep::{RunId, RunState};

use crate::mock::{Bench, Mock, grid, ids, open, settings};

#[test]
fn two_sweeps_at_once_over_one_store_train_every_run_once() {
    let bench = Bench::new();
    let tasks = grid(15, 2);
    bench.open();
    let sweep = || {
        let trainer = Mock::with(|_, _| thread::sleep(Duration::from_millis(1)));
        let (summary, _) = bench.sweep(tasks.clone(), &trainer, &settings(2));
        (summary, trainer.begun())
    };
    let ((one, begun_by_one), (two, begun_by_two)) = thread::scope(|scope| {
        let other = scope.spawn(sweep);
        (sweep(), other.join().unwrap())
    });
    let all = [begun_by_one, begun_by_two].concat();
    assert_eq!(all.len(), 30, "no run is trained twice");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), ids(&tasks).into_iter().collect());
    for summary in [one, two] {
        let left_alone = summary.elsewhere.len() + summary.already_finished.len();
        assert_eq!(summary.finished.len() + left_alone, 30);
        assert_eq!(summary.stopped_early, None);
    }
    assert!(bench.runs(&tasks).iter().all(|run| run.state == RunState::Finished));
}

#[test]
fn a_run_that_trains_elsewhere_is_left_alone() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = grid(3, 1);
    let (mut other, session) = bench.open();
    other.claim(session, &tasks[1].plan, None).unwrap();
    let (summary, events) = bench.sweep(tasks.clone(), &trainer, &settings(1));
    assert_eq!(summary.elsewhere, ids(&tasks[1..2]));
    assert_eq!(trainer.begun(), ids(&[tasks[0].clone(), tasks[2].clone()]));
    assert!(events.contains(&Event::Elsewhere { run: tasks[1].plan.id.clone() }));
}

#[test]
fn a_run_that_was_taken_over_while_it_trained_is_left_to_the_other() {
    let bench = Bench::new();
    let tasks = grid(3, 1);
    let (path, stolen) = (bench.path(), tasks[1].plan.id.clone());
    let trainer = Mock::with(move |plan, epoch| {
        if plan.id == stolen && epoch == 1 {
            open(path.clone()).0.interrupt(&stolen, 1).unwrap();
        }
    });
    let (summary, _) = bench.sweep(tasks.clone(), &trainer, &settings(1));
    assert_eq!(summary.elsewhere, ids(&tasks[1..2]));
    assert_eq!(summary.finished.len(), 2, "the others go on");
    assert_eq!(bench.run(&tasks[1]).state, RunState::Interrupted);
}

const STORE_OF_CHILD: &str = "ABLATE_RUNNER_TEST_STORE";

/// The sweep of the process that is killed below; it says which runs are finished. Without the
/// variable this is the test run itself, which has nothing to do here.
#[test]
fn the_sweep_of_a_process_that_is_killed() {
    let Some(path) = std::env::var_os(STORE_OF_CHILD).map(PathBuf::from) else { return };
    let (mut store, session) = open(path);
    // The last ten never end in time, so that it is always killed in the midst of some.
    let trainer = Mock::with(|plan, _| {
        let endless = plan.trial.params.count("cell") >= Some(20);
        thread::sleep(Duration::from_millis(if endless { 10_000 } else { 3 }));
    });
    let mut say_finished = |event| {
        if let Event::Finished { run, .. } = event {
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nfinished {run}").and_then(|()| out.flush()).unwrap();
        }
    };
    let (tasks, stop) = (grid(30, 1), Stop::default());
    ablate_runner::run(
        tasks,
        &trainer,
        &mut store,
        session,
        &settings(3),
        &stop,
        &mut say_finished,
    )
    .unwrap();
}

/// Sweeps in another process, kills it after `lines` runs, and returns those it said were finished.
fn killed_after(lines: usize, bench: &Bench) -> Vec<RunId> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sharing::the_sweep_of_a_process_that_is_killed", "--nocapture"])
        .env(STORE_OF_CHILD, bench.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let name = |line: String| line.strip_prefix("finished ").map(|run| RunId(run.to_owned()));
    let mut finished: Vec<RunId> = said.by_ref().filter_map(name).take(lines).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    finished.extend(said.filter_map(name));
    finished
}

#[test]
fn after_a_kill_nothing_announced_is_lost_and_the_next_sweep_completes_the_rest() {
    let tasks = grid(30, 1);
    let whole = Bench::new();
    whole.sweep(tasks.clone(), &Mock::default(), &settings(2));
    for lines in [1, 5, 14] {
        let bench = Bench::new();
        let announced = killed_after(lines, &bench);
        assert!((lines..=20).contains(&announced.len()), "{}", announced.len());
        let (mut store, _) = bench.open();
        assert!(!store.recover().unwrap().is_empty(), "runs were in flight");
        let trainer = Mock::default();
        let (summary, _) = bench.sweep(tasks.clone(), &trainer, &settings(2));
        let begun = trainer.begun();
        assert!(announced.iter().all(|run| !begun.contains(run)));
        assert_eq!(summary.elsewhere, []);
        assert_eq!(summary.finished.len() + summary.already_finished.len(), 30);
        assert_eq!(bench.runs(&tasks), whole.runs(&tasks));
    }
}
