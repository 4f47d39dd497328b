//! Sweeps that are stopped, and what the next one makes of it.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use ablate_runner::{Event, Limits, OnFailure, Settings, Stop, StoppedEarly};
use ablate_sweep::{FailureKind, RunState, Value};

use crate::mock::{Bench, Mock, ending, grid, ids, settings, task};

#[test]
fn a_stop_before_the_start_starts_nothing() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let stop = Stop::default();
    stop.request();
    let tasks = grid(3, 1);
    let (summary, _) = bench.sweep_until(&stop, tasks.clone(), &trainer, &settings(2));
    assert_eq!(trainer.begun(), []);
    assert_eq!(summary.not_started, ids(&tasks));
    assert_eq!(summary.stopped_early, Some(StoppedEarly::Requested));
}

/// Requests `stop` when the run of `number` has done an epoch.
fn stopping_at(number: usize, stop: &Stop) -> Mock {
    let stop = stop.clone();
    Mock::with(move |plan, _| {
        if plan.trial.params.count("cell") == Some(number) {
            stop.request();
        }
    })
}

#[test]
fn a_stop_interrupts_what_trains_and_starts_nothing_more() {
    let bench = Bench::new();
    let stop = Stop::default();
    let trainer = stopping_at(2, &stop);
    let tasks = grid(6, 1);
    let (summary, events) = bench.sweep_until(&stop, tasks.clone(), &trainer, &settings(1));
    assert_eq!(summary.finished, ids(&tasks[..2]));
    assert_eq!(summary.interrupted, ids(&tasks[2..3]));
    assert_eq!(summary.not_started, ids(&tasks[3..]));
    assert_eq!(summary.stopped_early, Some(StoppedEarly::Requested));
    assert_eq!(bench.run(&tasks[2]).state, RunState::Interrupted);
    assert_eq!(bench.runs(&tasks).len(), 3, "what was not started is no row");
    assert!(events.contains(&Event::Interrupted { run: tasks[2].plan.id.clone() }));
}

#[test]
fn a_stopped_sweep_goes_on_where_it_was_and_comes_to_the_same() {
    let tasks = grid(5, 2);
    let whole = Bench::new();
    whole.sweep(tasks.clone(), &Mock::default(), &settings(2));
    for jobs in [1, 3] {
        let bench = Bench::new();
        let stop = Stop::default();
        let trainer = stopping_at(3, &stop);
        let (first, _) = bench.sweep_until(&stop, tasks.clone(), &trainer, &settings(jobs));
        assert!(!first.finished.is_empty() || !first.interrupted.is_empty());
        let trainer = Mock::default();
        let (second, _) = bench.sweep(tasks.clone(), &trainer, &settings(jobs));
        assert_eq!(second.already_finished.len(), first.finished.len());
        let missing: BTreeSet<_> = first.interrupted.into_iter().chain(first.not_started).collect();
        assert_eq!(trainer.begun().into_iter().collect::<BTreeSet<_>>(), missing);
        assert_eq!(bench.runs(&tasks), whole.runs(&tasks));
    }
}

#[test]
fn a_run_that_was_done_when_the_stop_came_is_kept() {
    let bench = Bench::new();
    let stop = Stop::default();
    let trainer = Mock::default();
    let tasks = vec![task(1, &[("epochs", Value::Int(0))]); 1];
    let (mut store, session) = bench.open();
    let handle = stop.clone();
    let mut observe = |event| {
        if matches!(event, Event::Started { .. }) {
            handle.request();
        }
    };
    let summary = ablate_runner::run(
        tasks.clone(),
        &trainer,
        &mut store,
        session,
        &settings(1),
        &stop,
        &mut observe,
    )
    .unwrap();
    assert_eq!(summary.finished, ids(&tasks));
    assert_eq!(summary.stopped_early, None, "nothing was left to do");
}

#[test]
fn a_failure_that_stops_the_sweep_is_its_reason_even_if_a_stop_is_requested_later() {
    let bench = Bench::new();
    let stop = Stop::default();
    let tasks = [vec![ending(0, "in-error")], grid(3, 2)].concat();
    let (mut store, session) = bench.open();
    let handle = stop.clone();
    let mut observe = |event| {
        if matches!(event, Event::Failed { .. }) {
            handle.request();
        }
    };
    let settings = Settings { on_failure: OnFailure::StopAtOnce, ..settings(1) };
    let trainer = Mock::default();
    let summary =
        ablate_runner::run(tasks, &trainer, &mut store, session, &settings, &stop, &mut observe)
            .unwrap();
    assert!(matches!(summary.stopped_early, Some(StoppedEarly::Failure(_))));
}

#[test]
fn an_observer_that_panics_ends_the_sweep_instead_of_leaving_it_hanging() {
    let bench = Bench::new();
    let (mut store, session) = bench.open();
    let tasks = vec![task(1, &[("epochs", Value::Int(100_000))])];
    let trainer = Mock::with(|_, _| std::thread::sleep(Duration::from_millis(1)));
    let (settings, stop) = (settings(1), Stop::default());
    let mut observe = |event| {
        if matches!(event, Event::Progress { .. }) {
            // Not `panic!`, whose message would stand among those of the tests.
            resume_unwind(Box::new("the observer's own"));
        }
    };
    let ending = catch_unwind(AssertUnwindSafe(|| {
        ablate_runner::run(tasks, &trainer, &mut store, session, &settings, &stop, &mut observe)
    }));
    assert_eq!(ending.unwrap_err().downcast_ref(), Some(&"the observer's own"));
}

/// An epoch of every run takes `pause`.
fn slow(pause: Duration) -> Mock {
    Mock::with(move |_, _| std::thread::sleep(pause))
}

#[test]
fn a_run_that_takes_longer_than_it_was_given_has_timed_out_and_the_others_finish() {
    let (bench, trainer) = (Bench::new(), slow(Duration::from_millis(2)));
    let long = task(1, &[("cell", Value::Int(7)), ("epochs", Value::Int(100_000))]);
    let tasks = [vec![long.clone()], grid(3, 1)].concat();
    let limits = Limits { run: Some(Duration::from_millis(300)), until: None };
    let (summary, _) = bench.sweep(tasks, &trainer, &Settings { limits, ..settings(1) });
    assert_eq!((summary.finished.len(), summary.failed.len()), (3, 1));
    assert_eq!(summary.stopped_early, None);
    let (kind, message) = bench.run(&long).failure.unwrap();
    assert_eq!(kind, FailureKind::TimedOut);
    assert!(message.contains("longer than the 300ms it was given: fine-tuning, "), "{message}");
}

#[test]
fn a_sweep_whose_time_is_up_interrupts_what_trains_and_starts_nothing_more() {
    let (bench, trainer) = (Bench::new(), slow(Duration::from_millis(2)));
    let long = |number| task(1, &[("cell", Value::Int(number)), ("epochs", Value::Int(100_000))]);
    let tasks: Vec<_> = (0..4).map(long).collect();
    let limits = Limits { run: None, until: Some(Instant::now() + Duration::from_millis(200)) };
    let (summary, _) = bench.sweep(tasks, &trainer, &Settings { limits, ..settings(2) });
    assert_eq!((summary.interrupted.len(), summary.not_started.len()), (2, 2));
    assert_eq!(summary.stopped_early, Some(StoppedEarly::TimeLimit));
}
