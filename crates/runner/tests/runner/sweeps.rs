//! Sweeps that go well: what is trained, in which order, and what is stored and told.

use std::sync::Barrier;
use std::time::Duration;

use ablate_runner::{Event, Task, TimeLeft};
use ablate_sweep::{RunId, RunPlan, RunState, Value};

use crate::mock::{Bench, Mock, grid, ids, settings, task};

#[test]
fn every_run_is_finished_and_stored() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = grid(4, 3);
    let (summary, _) = bench.sweep(tasks.clone(), &trainer, &settings(3));
    assert_eq!(summary.finished.len(), 12);
    assert_eq!(summary.stopped_early, None);
    assert_eq!((summary.jobs.asked, summary.jobs.used), (3, 3));
    assert!(summary.seconds > 0.0);
    let runs = bench.runs(&tasks);
    assert_eq!(runs.len(), 12);
    assert!(runs.iter().all(|run| run.state == RunState::Finished && run.scores.len() == 1));
    assert_eq!(bench.curves(&tasks[5])[0].values.len(), 2);
}

#[test]
fn a_second_sweep_trains_nothing() {
    let bench = Bench::new();
    let tasks = grid(2, 2);
    bench.sweep(tasks.clone(), &Mock::default(), &settings(2));
    let trainer = Mock::default();
    let (summary, events) = bench.sweep(tasks, &trainer, &settings(2));
    assert_eq!(trainer.begun(), []);
    assert_eq!(summary.already_finished.len(), 4);
    assert_eq!(summary.stopped_early, None);
    assert!(matches!(events[1], Event::AlreadyFinished { .. }), "{events:?}");
}

#[test]
fn results_do_not_depend_on_jobs_or_on_the_order_of_tasks() {
    let tasks = grid(5, 3);
    let mut sweeps = Vec::new();
    for jobs in [1, 2, 4] {
        let bench = Bench::new();
        let mut shuffled = tasks.clone();
        shuffled.rotate_left(3 * jobs);
        shuffled.reverse();
        bench.sweep(shuffled, &Mock::default(), &settings(jobs));
        let curves: Vec<_> = tasks.iter().map(|task| bench.curves(task)).collect();
        sweeps.push((bench.runs(&tasks), curves));
    }
    assert_eq!(sweeps[0].0.len(), 15);
    assert_eq!(sweeps[0], sweeps[1]);
    assert_eq!(sweeps[0], sweeps[2]);
}

/// The runs of `tasks` that `jobs` workers are handed before any of them is done.
fn first_started(tasks: &[Task], shared: fn(&RunPlan) -> Vec<String>, jobs: usize) -> Vec<RunId> {
    let trainer = Mock::sharing(shared);
    let (summary, events) = Bench::new().sweep(tasks.to_vec(), &trainer, &settings(jobs));
    assert_eq!(summary.finished.len(), tasks.len());
    let started = events.into_iter().filter_map(|event| match event {
        Event::Started { run, .. } => Some(run),
        _ => None,
    });
    started.take(jobs).collect()
}

#[test]
fn runs_that_would_make_the_same_file_are_kept_apart_while_there_are_others() {
    // In the order of the plan: cells 0, 1 with seed 1, then with seed 2.
    let tasks: Vec<Task> = (1..=2)
        .flat_map(|seed| [0, 1].map(|cell| task(seed, &[("cell", Value::Int(cell))])))
        .collect();
    let planned = ids(&tasks);
    let by_seed = |plan: &RunPlan| vec![format!("layer of seed {}", plan.seed)];
    let chosen =
        |numbers: &[usize]| numbers.iter().map(|n| planned[*n].clone()).collect::<Vec<_>>();
    assert_eq!(first_started(&tasks, by_seed, 2), chosen(&[0, 2]));
    assert_eq!(first_started(&tasks, |_| Vec::new(), 2), chosen(&[0, 1]));
    assert_eq!(first_started(&tasks, by_seed, 3), chosen(&[0, 2, 1]), "no worker waits");
}

#[test]
fn runs_are_started_seed_by_seed_and_the_most_expensive_first() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let of = |seed, flop| task(seed, &[("flop", Value::Int(flop))]);
    let tasks = vec![of(10, 5), of(2, 1), of(10, 7), of(2, 9), of(2, 4)];
    let expected = ids(&[of(2, 9), of(2, 4), of(2, 1), of(10, 7), of(10, 5)]);
    let (_, events) = bench.sweep(tasks, &trainer, &settings(1));
    assert_eq!(trainer.begun(), expected);
    let Event::Planned { costs, .. } = &events[0] else { panic!("{events:?}") };
    assert_eq!(costs.iter().map(|(run, _)| run.clone()).collect::<Vec<_>>(), expected);
}

#[test]
fn runs_that_cost_the_same_keep_the_order_of_the_plan() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = grid(9, 1);
    bench.sweep(tasks.clone(), &trainer, &settings(1));
    assert_eq!(trainer.begun(), ids(&tasks));
}

#[test]
fn a_run_that_occurs_twice_is_trained_once() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = [grid(3, 1), grid(2, 1)].concat();
    let (summary, _) = bench.sweep(tasks, &trainer, &settings(2));
    assert_eq!(trainer.begun().len(), 3);
    assert_eq!((summary.finished.len(), summary.elsewhere.len()), (3, 0));
}

#[test]
fn a_plan_of_nothing_is_done_at_once() {
    let (summary, events) = Bench::new().sweep(Vec::new(), &Mock::default(), &settings(2));
    assert_eq!(summary.jobs.used, 0);
    assert_eq!(summary.stopped_early, None);
    assert!(matches!(&events[..], [Event::Planned { .. }]), "{events:?}");
}

#[test]
fn every_epoch_is_told_between_start_and_end_and_workers_have_small_numbers() {
    let (bench, trainer) = (Bench::new(), Mock::default());
    let tasks = grid(6, 1);
    let (_, events) = bench.sweep(tasks.clone(), &trainer, &settings(2));
    for run in ids(&tasks) {
        let story: Vec<&str> = events
            .iter()
            .filter_map(|event| match event {
                Event::Started { run: of, worker, attempt } if *of == run => {
                    assert!(*worker < 2 && *attempt == 1, "{event:?}");
                    Some("started")
                }
                Event::Progress { run: of, .. } if *of == run => Some("progress"),
                Event::Finished { run: of, outcome, .. } if *of == run => {
                    assert_eq!(outcome.scores.len(), 1);
                    Some("finished")
                }
                _ => None,
            })
            .collect();
        assert_eq!(story, ["started", "progress", "progress", "finished"]);
    }
}

#[test]
fn as_many_runs_train_at_once_as_there_are_jobs_and_each_has_one_thread() {
    for jobs in [1, 3] {
        let bench = Bench::new();
        let together = Barrier::new(jobs);
        let trainer = Mock::with(move |_, _| {
            together.wait();
            // A training that asks its pool for help must get none, and wait for nobody.
            let here = || std::thread::current().id();
            assert_eq!(rayon::join(here, here), (here(), here()));
        });
        let (summary, _) = bench.sweep(grid(6, 2), &trainer, &settings(jobs));
        assert_eq!(summary.finished.len(), 12, "{:?}", summary.failed);
        assert_eq!(trainer.most_at_once(), jobs);
        assert_eq!(trainer.threads.lock().unwrap().iter().copied().collect::<Vec<_>>(), [1]);
    }
}

#[test]
fn the_time_left_is_unknown_at_first_and_zero_at_the_end() {
    let trainer = Mock::with(|_, _| std::thread::sleep(Duration::from_millis(1)));
    let (_, events) = Bench::new().sweep(grid(4, 1), &trainer, &settings(2));
    let mut time_left = TimeLeft::default();
    let mut said = Vec::new();
    for (event, millisecond) in events.iter().zip(1..) {
        let at = Duration::from_millis(millisecond);
        time_left.observe(event, at);
        said.push(time_left.left(at));
    }
    assert_eq!(said[..3], [None, None, None], "planned and twice started");
    assert!(said[3..].iter().all(Option::is_some), "{said:?}");
    assert_eq!(said.last(), Some(&Some(Duration::ZERO)));
}
