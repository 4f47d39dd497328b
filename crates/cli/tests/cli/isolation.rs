//! Runs in processes of their own, and runs and sweeps that are given so much time.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::bench::{Bench, SMALL, wait_until};
use crate::store::{count_in, results, rows};

#[test]
fn runs_in_processes_of_their_own_have_the_same_bits() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--isolate", "--jobs", "2"]).expect(0);
    assert_eq!(results(&bench.store()), results(&Bench::swept().store()));
}

/// The children of a process that train.
fn children(parent: u32) -> Vec<String> {
    let path = format!("/proc/{parent}/task");
    let threads = fs::read_dir(path).into_iter().flatten().flatten();
    let children = threads.filter_map(|it| fs::read_to_string(it.path().join("children")).ok());
    children
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

#[test]
fn a_process_that_dies_takes_its_run_and_nothing_else() {
    for (signal, kind, said) in
        [("KILL", "out-of-memory", "signal 9"), ("ABRT", "error", "signal 6 (SIGABRT)")]
    {
        let bench = Bench::with_long(2, 2_000);
        let short = ["--set", "epochs=1000"];
        let args = [&["sweep", "long.toml", "--isolate", "--jobs", "1"], &short[..]].concat();
        let sweep = bench.start(&args);
        wait_until("a run is training", || count_in(&bench.store(), "running") == 1);
        wait_until("it has a process", || !children(sweep.0.id()).is_empty());
        let child = children(sweep.0.id()).remove(0);
        Command::new("sh").args(["-c", "kill -s $0 $1", signal, &child]).status().unwrap();
        sweep.end(Duration::from_secs(60)).expect(3).says(&["1 finished, 1 failed"]);
        let failed = "SELECT failure, failure_message FROM run WHERE state = 'failed'";
        let failed = rows(&bench.store(), failed).remove(0);
        assert!(failed.starts_with(kind) && failed.contains(said), "{failed}");
        bench.ablate(&args).expect(0).says(&["1 finished"]);
    }
}

#[test]
fn a_run_that_gets_no_more_memory_fails_alone() {
    let bench = Bench::with_long(2, 2_000);
    let program = env!("CARGO_BIN_EXE_ablate");
    let line = format!(
        "ulimit -v 1000000; exec '{program}' sweep long.toml --isolate --jobs 1 \
         --set epochs=2 --set 'width=[16, 10000]' --set depth=2"
    );
    let mut command = Command::new("sh");
    let template = bench.command(&[]);
    command.args(["-c", &line]).current_dir(template.get_current_dir().unwrap()).env_clear();
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let ended = crate::bench::Ended::of(command.output().unwrap()).expect(3);
    assert!(ended.stderr.contains("2 finished, 2 failed"), "{}", ended.stderr);
    let kinds = rows(&bench.store(), "SELECT DISTINCT failure FROM run WHERE state = 'failed'");
    assert_eq!(kinds, ["out-of-memory"]);
    // What its process said last is in its log.
    for id in rows(&bench.store(), "SELECT id FROM run WHERE state = 'failed'") {
        let log =
            fs::read_to_string(bench.path(&format!("store.artifacts/logs/{id}.log"))).unwrap();
        let died = log.find("memory allocation of").expect("it said so");
        assert!(log.rfind("out-of-memory: ").is_some_and(|told| told > died), "{log}");
    }
}

#[test]
fn a_stop_reaches_a_run_in_a_process_of_its_own_which_goes_on_later() {
    let whole = Bench::with_long(2, 2_000);
    whole.ablate(&["sweep", "long.toml"]).expect(0);
    let bench = Bench::with_long(2, 2_000);
    let sweep = bench.start(&["sweep", "long.toml", "--isolate", "--jobs", "1"]);
    wait_until("a run is training", || count_in(&bench.store(), "running") == 1);
    std::thread::sleep(Duration::from_millis(500));
    let child = children(sweep.0.id());
    sweep.signal("INT");
    sweep.end(Duration::from_secs(10)).expect(130).says(&["1 interrupted", "go on with: "]);
    assert_eq!(fs::read_dir(bench.path("store.artifacts/checkpoints")).unwrap().count(), 1);
    // A child whose parent is killed does not train on for nobody.
    let sweep = bench.start(&["sweep", "long.toml", "--isolate", "--jobs", "1"]);
    wait_until("it has a process", || !children(sweep.0.id()).is_empty());
    let orphan = children(sweep.0.id());
    sweep.kill();
    wait_until("the children are gone", || {
        child.iter().chain(&orphan).all(|pid| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        })
    });
    bench.ablate(&["sweep", "long.toml"]).expect(0);
    assert_eq!(results(&bench.store()), results(&whole.store()));
}

#[test]
fn a_run_that_takes_longer_than_it_was_given_has_timed_out_and_later_goes_on() {
    let whole = Bench::with_long(2, 2_000);
    whole.ablate(&["sweep", "long.toml"]).expect(0);
    let bench = Bench::with_long(2, 2_000);
    let ended = bench.ablate(&["sweep", "long.toml", "--run-timeout", "300ms"]).expect(3);
    ended.says(&["timed-out", "longer than the 300ms it was given", "2 failed"]);
    let kinds = rows(&bench.store(), "SELECT state, failure, count(*) FROM run");
    assert_eq!(kinds, ["failed|timed-out|2"]);
    bench.ablate(&["sweep", "long.toml", "--log", "info"]).expect(0).says(&["from a checkpoint"]);
    assert_eq!(results(&bench.store()), results(&whole.store()));
}

#[test]
fn a_sweep_whose_time_is_up_stops_and_says_how_to_go_on() {
    let bench = Bench::with_long(2, 2_000);
    let args = ["sweep", "long.toml", "--jobs", "1", "--set", "epochs=1000000"];
    bench.ablate(&[&args[..], &["--timeout", "2s"]].concat()).expect(3).says(&[
        "1 interrupted, 1 not started",
        "the time that it was given is up",
        "go on with: ablate sweep long.toml --jobs 1 --set epochs=1000000 --timeout 2s",
    ]);
    bench.ablate(&["sweep", "long.toml", "--timeout", "5"]).expect(2).says(&["1h30m"]);
}
