//! Bad nights: sweeps that are killed again and again, run into limits, are suspended, or are many. What
//! `scripts/faults.sh` does hundreds of times is done here some times.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::bench::{Bench, Ended, SMALL, SMALL_RUNS, Started, wait_until};
use crate::store::{count, count_in, results, rows};

const ENOUGH: Duration = Duration::from_secs(120);

/// The store of `bench` holds what a sweep of [`SMALL`] that nothing happened to holds, and is whole.
#[track_caller]
fn is_as_if_nothing_had_happened(bench: &Bench) {
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
    assert_eq!(rows(&bench.store(), "PRAGMA integrity_check"), ["ok"]);
    bench.ablate(&["check", "--artifacts"]).expect(0);
}

#[test]
fn a_dozen_kills_at_any_moment_lose_nothing_and_train_nothing_twice() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let acknowledged = "SELECT id, attempt, ended_at FROM runs WHERE state = 'finished'";
    let mut seen = Vec::new();
    for kill in 0..12_u64 {
        let sweep = bench.start(&["sweep", "small.toml", "--jobs", "2"]);
        // Not in order, so that early and late moments fall on full and on empty stores.
        std::thread::sleep(Duration::from_millis(kill * 59 % 12 * 25));
        if count(&bench.store(), "SELECT count(*) FROM run") > 0 {
            seen.extend(rows(&bench.store(), acknowledged));
        }
        sweep.kill();
    }
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    let whole = rows(&bench.store(), acknowledged);
    assert_eq!(whole.len(), SMALL_RUNS);
    for run in seen {
        assert!(whole.contains(&run), "{run} was finished, and trained again or lost");
    }
    is_as_if_nothing_had_happened(&bench);
}

#[test]
fn a_kill_while_a_checkpoint_is_written_changes_no_bit() {
    let whole = Bench::with_long(3, 500);
    whole.ablate(&["sweep", "long.toml"]).expect(0);
    let bench = Bench::with_long(3, 500);
    for microseconds in [0, 300, 1_000, 2_000, 4_000, 8_000] {
        let sweep = bench.start(&["sweep", "long.toml", "--jobs", "2"]);
        wait_until("a run is training, or none is left", || {
            count_in(&bench.store(), "running") > 0 || count_in(&bench.store(), "finished") == 3
        });
        std::thread::sleep(Duration::from_millis(20));
        // Upon which it keeps a checkpoint.
        sweep.signal("TERM");
        std::thread::sleep(Duration::from_micros(microseconds));
        sweep.kill();
    }
    bench.ablate(&["sweep", "long.toml"]).expect(0);
    assert_eq!(results(&bench.store()), results(&whole.store()));
    bench.ablate(&["check", "--artifacts"]).expect(0);
}

/// Calls `ablate sweep small.toml` where no file may have more than `blocks` of 512 bytes.
fn within_blocks(bench: &Bench, blocks: usize) -> Ended {
    let program = env!("CARGO_BIN_EXE_ablate");
    let line = format!("ulimit -f {blocks}; exec '{program}' sweep small.toml --jobs 2");
    let mut command = Command::new("sh");
    let template = bench.command(&[]);
    command.args(["-c", &line]).current_dir(template.get_current_dir().unwrap()).env_clear();
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Ended::of(command.output().unwrap())
}

#[test]
fn a_limit_of_file_size_is_told_in_one_line_and_takes_nothing_with_it() {
    for blocks in [1, 40, 160, 400, 700] {
        let bench = Bench::with(&[("small.toml", SMALL)]);
        let limited = within_blocks(&bench, blocks);
        let errors = limited.stderr.lines().filter(|line| line.starts_with("error")).count();
        let code = limited.code.expect("no signal ends it");
        assert!([1, 3].contains(&code), "{blocks} blocks: {limited:#?}");
        if code == 1 {
            assert_eq!(errors, 1, "{blocks} blocks: {limited:#?}");
            limited.says(&["nothing stored before is lost", "ulimit -f"]);
        } else {
            // Runs failed because their weights could not be kept.
            limited.says(&["File too large"]);
        }
        let finished = "SELECT id, attempt, ended_at FROM runs WHERE state = 'finished'";
        let before = match count_in(&bench.store(), "finished") {
            0 => Vec::new(),
            _ => rows(&bench.store(), finished),
        };
        bench.ablate(&["sweep", "small.toml"]).expect(0);
        let after = rows(&bench.store(), finished);
        assert!(before.iter().all(|run| after.contains(run)), "{blocks} blocks: {before:?}");
        is_as_if_nothing_had_happened(&bench);
    }
}

#[test]
fn sixteen_processes_at_once_on_a_fresh_store_train_every_run_once() {
    for _ in 0..3 {
        let bench = Bench::with_tiny(16);
        let start = |_| bench.start(&["sweep", "tiny.toml", "--jobs", "1"]);
        let all: Vec<Started> = (0..16).map(start).collect();
        for sweep in all {
            let ended = sweep.end(ENOUGH).expect(0);
            assert!(!ended.stderr.contains("locked"), "{ended:#?}");
        }
        let states = rows(&bench.store(), "SELECT state, attempt, count(*) FROM run");
        assert_eq!(states, ["finished|1|16"]);
        bench.ablate(&["check", "--artifacts"]).expect(0);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_suspended_process_holds_is_waited_for_and_never_taken() {
    let bench = Bench::with_long(3, 500);
    let sweep = || bench.start(&["sweep", "long.toml", "--jobs", "1"]);
    let suspended = sweep();
    wait_until("a run is training", || count_in(&bench.store(), "running") == 1);
    suspended.signal("STOP");
    let other = sweep();
    wait_until("the others are finished", || count_in(&bench.store(), "finished") == 2);
    // It looks for what is left behind twice a second.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(count_in(&bench.store(), "running"), 1, "a suspended process is alive");
    suspended.signal("CONT");
    suspended.end(ENOUGH).expect(0);
    other.end(ENOUGH).expect(0).says(&["waiting for another process to end 1 run"]);
    let states = rows(&bench.store(), "SELECT state, attempt, count(*) FROM run");
    assert_eq!(states, ["finished|1|3"]);
}

#[test]
fn a_store_whose_migration_was_killed_is_migrated_by_the_next_start() {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("../records/tests/stores");
    for (schema, microseconds) in (1..6).zip([0, 500, 1_500, 3_000, 6_000]) {
        let old = stores.join(format!("v{schema}.db"));
        let migrated = || {
            let bench = Bench::with_tiny(16);
            fs::copy(&old, bench.store()).unwrap();
            bench
        };
        let whole = migrated();
        whole.ablate(&["sweep", "tiny.toml"]).expect(0);
        let killed = migrated();
        let sweep = killed.start(&["sweep", "tiny.toml"]);
        let backup = killed.path(&format!("store.db.schema-{schema}.backup"));
        let partial = killed.path(&format!("store.db.schema-{schema}.backup.partial"));
        wait_until("a backup is begun", || backup.exists() || partial.exists());
        std::thread::sleep(Duration::from_micros(microseconds));
        sweep.kill();
        killed.ablate(&["sweep", "tiny.toml"]).expect(0);
        killed.ablate(&["check"]).expect(0);
        assert_eq!(results(&killed.store()), results(&whole.store()), "schema {schema}");
        assert!(backup.exists() && !partial.exists(), "schema {schema}");
    }
}
