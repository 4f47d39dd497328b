//! Sweeps with little memory.

use std::sync::Barrier;

use ablate_runner::{Event, Lowered, OnFailure, Settings, StoppedEarly, Task};
use ablate_sweep::{FailureKind, RunState, Value};

use crate::mock::{Bench, Mock, settings, task};

/// Runs that need so many bytes each.
fn runs_of(peaks: &[i64]) -> Vec<Task> {
    let numbered = (0..).zip(peaks);
    numbered
        .map(|(number, peak)| {
            task(1, &[("cell", Value::Int(number)), ("bytes", Value::Int(*peak))])
        })
        .collect()
}

#[test]
fn jobs_are_lowered_until_the_largest_runs_fit_together() {
    let bench = Bench::new();
    let together = Barrier::new(2);
    let trainer = Mock::with(move |_, _| {
        together.wait();
    });
    let settings = Settings { memory: Some(75), ..settings(4) };
    let (summary, events) = bench.sweep(runs_of(&[10, 40, 20, 30, 10, 10]), &trainer, &settings);
    let reason = Lowered::Memory { runs: 3, needed: 90, available: 75 };
    assert_eq!((summary.jobs.asked, summary.jobs.used), (4, 2));
    assert_eq!(summary.jobs.lowered, Some(reason));
    assert_eq!(trainer.most_at_once(), 2);
    assert_eq!(summary.finished.len(), 6);
    let Event::Planned { jobs, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(*jobs, summary.jobs, "it is told at the start");
}

#[test]
fn a_run_that_does_not_fit_by_itself_fails_unstarted_with_the_arithmetic() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = runs_of(&[3000, 5, 5]);
    let settings = Settings { memory: Some(2048), ..settings(2) };
    let (summary, events) = bench.sweep(tasks.clone(), &trainer, &settings);
    assert_eq!((summary.failed.len(), summary.finished.len()), (1, 2));
    assert_eq!(trainer.begun().len(), 2);
    let run = bench.run(&tasks[0]);
    assert_eq!(run.state, RunState::Failed);
    let (kind, message) = run.failure.unwrap();
    assert_eq!(kind, FailureKind::OutOfMemory);
    assert_eq!(
        message,
        "not started: it needs 2.9 KiB at its peak, and 2.0 KiB are available to trainings; \
         smaller batches or layers need less"
    );
    let started =
        |event: &Event| matches!(event, Event::Started { run, .. } if *run == tasks[0].plan.id);
    assert!(!events.iter().any(started), "{events:?}");
}

#[test]
fn a_sweep_of_which_nothing_fits_fails_every_run_and_ends() {
    let bench = Bench::new();
    let settings = Settings { memory: Some(0), ..settings(2) };
    let (summary, _) = bench.sweep(runs_of(&[1, 2, 3]), &Mock::default(), &settings);
    assert_eq!((summary.failed.len(), summary.jobs.used), (3, 0));
}

#[test]
fn with_stop_at_once_a_run_that_does_not_fit_stops_the_sweep() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let settings = Settings { memory: Some(10), on_failure: OnFailure::StopAtOnce, ..settings(2) };
    let (summary, _) = bench.sweep(runs_of(&[1, 2, 30, 40]), &trainer, &settings);
    assert!(matches!(summary.stopped_early, Some(StoppedEarly::Failure(_))));
    assert_eq!((summary.failed.len(), summary.not_started.len()), (1, 3));
    assert_eq!(trainer.begun(), []);
}

#[test]
fn without_a_limit_the_machine_is_asked_and_small_runs_fit() {
    let settings = Settings { memory: None, ..settings(2) };
    let (summary, _) = Bench::new().sweep(runs_of(&[1, 1]), &Mock::default(), &settings);
    assert_eq!((summary.finished.len(), summary.jobs.used), (2, 2));
}
