//! Sweeps that are killed or asked to stop, and what the next start makes of what they left.

use std::io::{BufRead, BufReader};
use std::time::{Duration, Instant};

use crate::bench::{Bench, SMALL, SMALL_RUNS, sweep_of_small, wait_until};
use crate::store::{count_in, meddle, results, rows};

/// Three runs of about half a second each.
const LONG: &str = r#"
[experiment]
question = "Does a long training end when it is asked to?"
seeds = 3

[grid]
train_size = 200
width = 16
pretraining = "none"
epochs = 500
patience = "never"
"#;

#[test]
fn a_sweep_killed_at_several_moments_trains_every_run_once_in_the_end() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let store = bench.store();
    let finished = "SELECT id, attempt, ended_at FROM runs WHERE state = 'finished'";
    let mut seen: Vec<String> = Vec::new();
    let moments: [(&str, &dyn Fn() -> bool); 4] = [
        ("the file is there", &|| store.exists()),
        ("a run is training", &|| count_in(&store, "running") > 0),
        ("three runs are finished", &|| count_in(&store, "finished") >= 3),
        ("eight runs are finished", &|| count_in(&store, "finished") >= 8),
    ];
    for (moment, has_come) in moments {
        let sweep = bench.start(&["sweep", "small.toml", "--jobs", "2"]);
        wait_until(moment, has_come);
        // What a reader has seen finished is what the sweep may have told.
        if moment.ends_with("finished") {
            seen.extend(rows(&store, finished));
        }
        sweep.kill();
    }
    assert!(!seen.is_empty());
    let last = bench.ablate(&["sweep", "small.toml"]).expect(0);
    let whole = rows(&store, finished);
    assert_eq!(whole.len(), SMALL_RUNS, "every cell is there once");
    for run in seen {
        assert!(whole.contains(&run), "{run} was finished, and trained again or lost");
    }
    assert_eq!(rows(&store, "PRAGMA integrity_check"), ["ok"]);
    assert_eq!(results(&store), results(&Bench::swept().store()));
    assert_eq!(last.stdout, sweep_of_small().said.stdout);
}

#[test]
fn a_killed_run_is_planned_again_with_the_reason() {
    let bench = Bench::with(&[("long.toml", LONG)]);
    let sweep = bench.start(&["sweep", "long.toml", "--jobs", "1"]);
    wait_until("a run is training", || count_in(&bench.store(), "running") == 1);
    let alive = bench.ablate(&["plan", "long.toml", "--format", "json"]).expect(0).json();
    sweep.kill();
    let dead = bench.ablate(&["plan", "long.toml", "--format", "json"]).expect(0).json();
    let first = |plan: &serde_json::Value| {
        let cell = &plan["cells"][0];
        (cell["state"].to_string(), cell["reason"].to_string(), plan["to_run"].clone())
    };
    let (state, reason, to_run) = first(&alive);
    assert_eq!((state.as_str(), to_run), ("\"running\"", 2.into()), "{reason}");
    assert!(reason.contains("being trained by process"), "{reason}");
    let (_, reason, to_run) = first(&dead);
    assert_eq!(to_run, 3, "{reason}");
    assert!(reason.contains("is gone"), "{reason}");
}

/// Stops a sweep with `signal`, and completes it.
#[track_caller]
fn stops_and_goes_on(signal: &str, code: i32) {
    let bench = Bench::with(&[("long.toml", LONG)]);
    let sweep = bench.start(&["sweep", "long.toml", "--jobs", "2"]);
    wait_until("two runs are training", || count_in(&bench.store(), "running") == 2);
    sweep.signal(signal);
    let said = sweep.end(Duration::from_secs(10)).expect(code);
    assert_eq!(said.stdout, "", "an unfinished sweep answers nothing");
    said.says(&[
        "stopping",
        "2 interrupted, 1 not started",
        "go on with: ablate sweep long.toml --jobs 2\n",
    ]);
    let left = rows(&bench.store(), "SELECT state, count(*) FROM run GROUP BY 1");
    assert_eq!(left, ["interrupted|2"]);

    bench.ablate(&["sweep", "long.toml"]).expect(0).says(&["0 done, 3 to train", "3 finished"]);
    let ended = rows(&bench.store(), "SELECT state, attempt FROM run ORDER BY attempt");
    assert_eq!(ended, ["finished|1", "finished|2", "finished|2"]);
}

#[test]
fn ctrl_c_stops_the_sweep_and_the_next_start_completes_it() {
    stops_and_goes_on("INT", 130);
}

#[test]
fn sigterm_stops_the_sweep_and_the_next_start_completes_it() {
    stops_and_goes_on("TERM", 143);
}

/// A run in which several seconds pass between two moments at which it could stop.
const SLOW: &str = r#"
[experiment]
question = "Does a second signal end what the first could not?"
seeds = 1

[grid]
pretraining = "none"
depth = 3
width = 2000
batch_size = 1000
epochs = 1000
"#;

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let bench = Bench::with(&[("slow.toml", SLOW)]);
    let mut sweep = bench.start(&["sweep", "slow.toml", "--jobs", "1"]);
    wait_until("the run is training", || count_in(&bench.store(), "running") == 1);
    sweep.signal("INT");
    let messages = BufReader::new(sweep.0.stderr.take().unwrap()).lines();
    let heard = messages.map(Result::unwrap).any(|line| line.starts_with("stopping"));
    assert!(heard, "the first signal is answered");
    let asked = Instant::now();
    sweep.signal("INT");
    sweep.end(Duration::from_secs(5)).expect(130);
    assert!(asked.elapsed() < Duration::from_secs(2), "{:?}", asked.elapsed());

    // Nobody was left to say so, but it can be seen.
    let plan = bench.ablate(&["plan", "slow.toml", "--format", "json"]).expect(0).json();
    let reason = plan["cells"][0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("interrupted"), "{reason}");
}

#[test]
fn a_run_that_is_stopped_or_killed_goes_on_where_it_was_and_ends_in_the_same_bits() {
    let longer = LONG.replace("epochs = 500", "epochs = 1500").replace("seeds = 3", "seeds = 1");
    let whole = Bench::with(&[("long.toml", &longer)]);
    whole.ablate(&["sweep", "long.toml"]).expect(0);
    let bench = Bench::with(&[("long.toml", &longer)]);
    let checkpoints = bench.path("store.artifacts/checkpoints");
    let sweep = bench.start(&["sweep", "long.toml"]);
    wait_until("a run is training", || count_in(&bench.store(), "running") == 1);
    std::thread::sleep(Duration::from_millis(300));
    sweep.signal("TERM");
    sweep.end(Duration::from_secs(10)).expect(143).says(&["go on with: "]);
    assert_eq!(std::fs::read_dir(&checkpoints).unwrap().count(), 1);
    // What a crash interrupts later goes on from the same checkpoint.
    let sweep = bench.start(&["sweep", "long.toml"]);
    wait_until("it is training again", || count_in(&bench.store(), "running") == 1);
    sweep.kill();
    let last = bench.ablate(&["sweep", "long.toml", "--log", "info"]).expect(0);
    last.says(&["going on from a checkpoint"]);
    assert_eq!(std::fs::read_dir(&checkpoints).unwrap().count(), 0, "it is no longer needed");
    let log = format!("store.artifacts/logs/{}.log", bench.ask("seed == 0", "id"));
    let log = std::fs::read_to_string(bench.path(&log)).unwrap();
    // The second attempt may have been killed before it said a word.
    for (part, times) in [
        (" begun by process ", 2..=3),
        (" stopped before its end\n", 1..=1),
        (" INFO going on from a checkpoint", 1..=2),
        (" trained in ", 1..=1),
    ] {
        assert!(times.contains(&log.matches(part).count()), "{part:?} in\n{log}");
    }
    assert_eq!(results(&bench.store()), results(&whole.store()));
}

#[test]
fn what_another_machine_holds_is_left_alone_until_it_is_taken_over() {
    let bench = Bench::swept();
    meddle(
        &bench.store(),
        "DELETE FROM score WHERE run = 1; DELETE FROM curve WHERE run = 1;
         DELETE FROM profile WHERE run = 1; DELETE FROM artifact WHERE run = 1;
         UPDATE run SET state = 'running', ended_at = NULL, weights_hash = NULL WHERE key = 1;
         UPDATE session SET host = 'elsewhere'",
    );
    let held = bench.ablate(&["sweep", "small.toml"]).expect(3);
    held.says(&["1 run held by a process that cannot be seen from here", "--take-over"]);
    assert_eq!(count_in(&bench.store(), "running"), 1);
    bench.ablate(&["sweep", "small.toml", "--take-over"]).expect(0);
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
}
