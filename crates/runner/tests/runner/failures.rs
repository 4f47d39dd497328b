//! Sweeps in which runs fail: what is stored of them, and what it means for the others.

use std::num::NonZeroU32;
use std::time::Duration;

use ablate_runner::{Event, OnFailure, RunnerError, Settings, Stop, StoppedEarly};
use ablate_sweep::{FailureKind, RunState, Value};

use crate::mock::{Bench, Mock, ending, grid, settings, task};

#[test]
fn failures_and_panics_are_rows_with_reasons_while_the_others_finish() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let bad = ["in-error", "in-panic", "in-deep-panic", "in-nan"].map(|ends| ending(0, ends));
    let tasks = [bad.to_vec(), grid(6, 1)].concat();
    let (summary, events) = bench.sweep(tasks, &trainer, &settings(2));
    assert_eq!((summary.failed.len(), summary.finished.len()), (4, 6));
    assert_eq!(summary.stopped_early, None);
    let told = events.iter().filter(|event| matches!(event, Event::Failed { .. })).count();
    assert_eq!(told, 4);

    let failures = bad.each_ref().map(|task| {
        let run = bench.run(task);
        assert_eq!(run.state, RunState::Failed);
        assert!(run.scores.is_empty());
        run.failure.unwrap()
    });
    assert_eq!(failures[0], (FailureKind::Error, "no such file in epoch 2".to_owned()));
    let (kind, message) = &failures[1];
    assert_eq!(*kind, FailureKind::Panicked);
    assert!(message.contains("mock.rs:") && message.contains("layer 3 is empty"), "{message}");
    let (kind, message) = &failures[2];
    assert_eq!(*kind, FailureKind::Panicked);
    assert!(message.contains("a task of the training panicked"), "{message}");
    let (kind, message) = &failures[3];
    assert_eq!(*kind, FailureKind::Diverged);
    assert_eq!(message, "the score test_error is NaN after epoch 2");
}

#[test]
fn the_curves_of_a_failed_run_are_kept() {
    let bench = Bench::new();
    let tasks = ["in-error", "in-nan"].map(|ends| ending(0, ends));
    bench.sweep(tasks.to_vec(), &Mock::default(), &settings(1));
    for task in tasks {
        assert_eq!(bench.curves(&task)[0].values.len(), 2);
    }
}

#[test]
fn the_next_sweep_tries_what_failed_again_and_nothing_else() {
    let bench = Bench::new();
    let tasks = [grid(3, 1), vec![ending(0, "in-error")]].concat();
    bench.sweep(tasks.clone(), &Mock::default(), &settings(2));
    let trainer = Mock::default();
    let (summary, events) = bench.sweep(tasks.clone(), &trainer, &settings(2));
    assert_eq!(trainer.begun(), [tasks[3].plan.id.clone()]);
    assert_eq!(summary.already_finished.len(), 3);
    let again = events.iter().any(|event| matches!(event, Event::Started { attempt: 2, .. }));
    assert!(again, "{events:?}");
}

#[test]
fn a_sweep_whose_first_runs_all_fail_alike_stops_and_says_so() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = (0..50).map(|number| ending(number, "in-panic")).collect();
    let on_failure = OnFailure::StopIfFirst(NonZeroU32::new(3).unwrap());
    let (summary, _) = bench.sweep(tasks, &trainer, &Settings { on_failure, ..settings(2) });
    let Some(StoppedEarly::SameFailure { count: 3, first }) = &summary.stopped_early else {
        panic!("{:?}", summary.stopped_early);
    };
    assert!(first.message.contains("layer 3 is empty"), "{first}");
    // What was training beside the third failure came to its own end.
    assert!((3..=4).contains(&summary.failed.len()), "{:?}", summary.failed);
    assert_eq!(summary.failed.len() + summary.not_started.len(), 50);
    assert_eq!(trainer.begun().len(), summary.failed.len());
}

#[test]
fn runs_that_fail_alike_after_a_success_do_not_stop_the_sweep() {
    let bench = Bench::new();
    let failing = (0..9).map(|number| ending(number, "in-error"));
    let tasks = grid(1, 1).into_iter().chain(failing).collect();
    let on_failure = OnFailure::StopIfFirst(NonZeroU32::new(2).unwrap());
    let settings = Settings { on_failure, ..settings(1) };
    let (summary, _) = bench.sweep(tasks, &Mock::default(), &settings);
    assert_eq!((summary.finished.len(), summary.failed.len()), (1, 9));
    assert_eq!(summary.stopped_early, None);
}

#[test]
fn stop_at_once_starts_nothing_after_the_first_failure() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = [grid(1, 1), vec![ending(0, "in-error")], grid(5, 2)].concat();
    let on_failure = OnFailure::StopAtOnce;
    let (summary, _) = bench.sweep(tasks, &trainer, &Settings { on_failure, ..settings(1) });
    assert_eq!((summary.finished.len(), summary.failed.len()), (1, 1));
    assert_eq!(summary.not_started.len(), 9);
    let reason = summary.stopped_early.unwrap();
    assert_eq!(reason, StoppedEarly::Failure(summary.failed[0].clone()));
}

#[test]
fn a_store_that_refuses_ends_the_sweep_and_what_trains_beside_is_asked_to_stop() {
    let bench = Bench::new();
    let refused = ending(0, "undeclared");
    // The other run goes on for so long that only a request can end it in time.
    let long = task(1, &[("epochs", Value::Int(100_000))]);
    let trainer = Mock::with(|plan, _| {
        if plan.trial.params.count("epochs") == Some(100_000) {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let tasks = [vec![refused.clone(), long.clone()], grid(4, 2)].concat();
    let (ending, events) = bench.try_sweep(&Stop::default(), tasks, &trainer, &settings(2));
    let Err(RunnerError::Store { doing: "finish", run, .. }) = ending else {
        panic!("{ending:?}");
    };
    assert_eq!(run, refused.plan.id);
    assert_eq!(trainer.begun().len(), 2, "nothing is started any more");
    assert_eq!(bench.run(&long).state, RunState::Interrupted);
    assert!(events.contains(&Event::Interrupted { run: long.plan.id }));
}
