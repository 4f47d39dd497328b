//! Sweeps from start to end: what they print, what they store, and what a second one does.

use std::time::Duration;

use crate::bench::{Bench, SMALL, SMALL_RUNS, sweep_of_small};
use crate::store::{count_in, results, rows};

#[test]
fn a_sweep_prints_its_table_and_verdict_and_tells_the_rest_on_stderr() {
    let said = &sweep_of_small().said;
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert!(lines[0].starts_with("errors"), "{}", said.stdout);
    for row in ["none", "denoising", "contractive"] {
        assert!(lines.iter().any(|line| line.contains(row)), "{row}: {}", said.stdout);
    }
    let verdicts = lines.iter().filter(|line| line.starts_with("depth 2: greedy"));
    assert_eq!(verdicts.count(), 2, "the best of the cells, and their mean: {}", said.stdout);
    for message in [
        "Does pretraining help",
        "18 runs, 0 done",
        "18 finished",
        "next: ablate compare small --db store.db\n",
    ] {
        assert!(said.stderr.contains(message), "{message}: {}", said.stderr);
        assert!(!said.stdout.contains(message), "{message}: {}", said.stdout);
    }
    assert!(!said.stdout.contains('\u{1b}') && !said.stderr.contains('\u{1b}'));
}

#[test]
fn started_again_it_trains_nothing_and_prints_the_same_bytes() {
    let bench = Bench::swept();
    let trained = "SELECT id, attempt, started_at, ended_at FROM runs ORDER BY id";
    let before = rows(&bench.store(), trained);
    let again = bench.ablate(&["sweep", "small.toml"]).expect(0);
    assert_eq!(again.stdout, sweep_of_small().said.stdout);
    assert_eq!(rows(&bench.store(), trained), before);
    again.says(&["18 done, nothing to train"]);
}

#[test]
fn results_do_not_depend_on_how_many_train_at_a_time() {
    let alone = Bench::with(&[("small.toml", SMALL)]);
    let said = alone.ablate(&["sweep", "small.toml", "--jobs", "1"]).expect(0);
    let (one, two) = (results(&alone.store()), results(&Bench::swept().store()));
    assert!(one.len() > 2 * SMALL_RUNS, "scores of every run, and several curves");
    assert_eq!(one, two);
    assert_eq!(said.stdout, sweep_of_small().said.stdout);
}

#[test]
fn two_sweeps_at_the_same_time_on_a_fresh_store_train_every_run_once() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let sweep = || bench.start(&["sweep", "small.toml", "--jobs", "1"]);
    let both = [sweep(), sweep()].map(|sweep| sweep.end(Duration::from_secs(60)).expect(0));
    let attempts = rows(&bench.store(), "SELECT DISTINCT state, attempt FROM run");
    assert_eq!(attempts, ["finished|1"], "{both:#?}");
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
    let sessions = rows(&bench.store(), "SELECT count(DISTINCT session) FROM run");
    assert_eq!(sessions, ["2"], "neither waited for the other to end: {both:#?}");
}

#[test]
fn an_experiment_that_grows_trains_only_what_is_new() {
    let bench = Bench::swept();
    let begun = "SELECT id, attempt, started_at FROM runs WHERE seed < 3 ORDER BY id";
    let before = rows(&bench.store(), begun);
    bench.write("small.toml", SMALL.replace("seeds = 3", "seeds = 4"));
    bench.ablate(&["sweep", "small.toml"]).expect(0).says(&["18 done, 6 to train", "6 finished"]);
    assert_eq!(rows(&bench.store(), begun), before);
    assert_eq!(count_in(&bench.store(), "finished"), 24);
}

#[test]
fn a_run_that_another_experiment_has_trained_is_not_trained_again() {
    let bench = Bench::swept();
    let part = SMALL
        .replace("depth = [1, 2]", "depth = 2")
        .replace("[variant.denoising]\nsigma = 0.2\n", "");
    bench.write("part.toml", part);
    bench.ablate(&["sweep", "part.toml"]).expect(0).says(&["6 done, nothing to train"]);
    let shared = bench.ask("experiment == 'part' and pretraining == 'greedy'", "id");
    bench.ablate(&["show", &shared]).expect(0).prints(&["part, small"]);
}

#[test]
fn an_override_is_kept_with_the_experiment() {
    let bench = Bench::swept();
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1"]).expect(0).says(&["9 done, nothing"]);
    let by_name = bench.ablate(&["plan", "small", "--format", "json"]).expect(0).json();
    assert_eq!(by_name["runs"], 9, "the store has it as it was last swept");
    let by_file = bench.ablate(&["plan", "small.toml", "--format", "json"]).expect(0).json();
    assert_eq!(by_file["runs"], SMALL_RUNS);
}

#[test]
fn a_run_that_diverges_is_a_row_with_its_reason_and_the_others_finish() {
    let bench = Bench::with_a_failed_run();
    let rows = rows(
        &bench.store(),
        "SELECT learning_rate, state, failure, failure_message, test_error IS NULL FROM runs ORDER BY 1",
    );
    assert!(rows[0].starts_with("0.1|finished|||0"), "{rows:?}");
    assert!(rows[1].starts_with("1e30|failed|diverged|fine-tuning, epoch 1, step "), "{rows:?}");
    assert!(rows[1].ends_with("|1"), "a score is absent, never a number: {rows:?}");
    bench.ablate(&["query"]).expect(0).prints(&["1e30", "failed", "diverged"]);
    bench.ablate(&["table", "diverging"]).expect(0).prints(&["failed", "diverged"]);
}

#[test]
fn a_failed_run_is_tried_again_by_the_next_sweep() {
    let bench = Bench::with_a_failed_run();
    bench.ablate(&["sweep", "diverging.toml"]).expect(3).says(&["1 done, 1 to train", "1 failed"]);
    let attempts = rows(&bench.store(), "SELECT state, attempt FROM run ORDER BY state");
    assert_eq!(attempts, ["failed|2", "finished|1"]);
}

/// Twelve runs, each of which diverges.
const HOPELESS: &str = r#"
[experiment]
question = "Does everything diverge?"
seeds = 12

[grid]
train_size = 200
width = 16
activation = "linear"
pretraining = "none"
epochs = 2
learning_rate = 1e30
"#;

#[test]
fn a_sweep_whose_runs_all_fail_in_the_same_way_is_stopped() {
    let bench = Bench::with(&[("hopeless.toml", HOPELESS)]);
    let said = bench.ablate(&["sweep", "hopeless.toml", "--jobs", "1"]).expect(3);
    said.says(&["2 not started", "the first 10 runs all failed in the same way", "diverged"]);
    assert_eq!(rows(&bench.store(), "SELECT state, count(*) FROM run"), ["failed|10"]);
}

#[test]
fn fail_fast_stops_at_the_first_failure() {
    let bench = Bench::with(&[("hopeless.toml", HOPELESS)]);
    let said = bench.ablate(&["sweep", "hopeless.toml", "--jobs", "1", "--fail-fast"]).expect(3);
    said.says(&["1 failed, 11 not started", "stopped early"]);
    assert_eq!(rows(&bench.store(), "SELECT state, count(*) FROM run"), ["failed|1"]);
}

#[test]
fn the_store_is_where_the_option_says_else_the_environment_else_in_results() {
    let bench = Bench::with_tiny(1);
    let mut by_default = bench.command(&["sweep", "tiny.toml"]);
    assert!(by_default.env_remove("ABLATE_DB").status().unwrap().success());
    assert_eq!(count_in(&bench.path("results/ablate.db"), "finished"), 1);
    assert!(!bench.store().exists());
    bench.ablate(&["sweep", "tiny.toml"]).expect(0);
    assert_eq!(count_in(&bench.store(), "finished"), 1);
    bench.ablate(&["sweep", "tiny.toml", "--db", "new/other.db", "--durable"]).expect(0);
    assert_eq!(count_in(&bench.path("new/other.db"), "finished"), 1);
}

#[test]
fn a_run_says_where_it_comes_from() {
    let bench = Bench::with_tiny(1);
    bench.ablate(&["sweep", "tiny.toml", "--jobs", "1"]).expect(0);
    let session =
        rows(&bench.store(), "SELECT command, version, jobs, cores > 0, pid > 0 FROM session");
    let [command, version, jobs, "1", "1"] = session[0].split('|').collect::<Vec<_>>()[..] else {
        panic!("{session:?}");
    };
    assert!(command.ends_with("sweep tiny.toml --jobs 1"), "{command}");
    assert_eq!((version, jobs), (env!("CARGO_PKG_VERSION"), "1"));
    let provenance = rows(&bench.store(), "SELECT data_checksum, training_version FROM runs");
    assert_eq!(provenance[0].split('|').map(str::len).next(), Some(16), "{provenance:?}");
}
