//! `kill -9` at any moment takes nothing that was acknowledged.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use ablate_records::{Durability, Standing, Store};
use ablate_sweep::{RunId, RunState};

use crate::fixtures::*;

/// Names the store that a child process works on.
const CHILD: &str = "ABLATE_RECORDS_CHILD";

/// Not a test: what the child processes of the others do, until they are killed.
#[test]
fn child_finishes_runs_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let mut store = Store::open(path, Durability::Normal).unwrap();
    store.declare(&catalog()).unwrap();
    let session = store.begin_session(&session()).unwrap();
    let say = |word: &str, run: &RunId| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{word} {run}").unwrap();
        out.flush().unwrap();
    };
    let abandoned = plan(9, u64::from(std::process::id()));
    claim(&mut store, session, &abandoned);
    say("claimed", &abandoned.id);
    for seed in 0.. {
        let plan = plan_of(
            &[("depth", ablate_sweep::Value::Int(1))],
            u64::from(std::process::id()) << 20 | seed,
        );
        let attempt = claim(&mut store, session, &plan);
        store.finish(&plan.id, attempt, &outcome(0.1), 1.0).unwrap();
        say("finished", &plan.id);
    }
}

fn spawn(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_finishes_runs_until_it_is_killed", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Kills the child `after` it has acknowledged its first word, and returns all that it had said.
fn kill_after(mut child: Child, after: Duration) -> Vec<(String, RunId)> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = Vec::new();
    let mut heard = |line: String| {
        if let Some((word @ ("claimed" | "finished"), run)) = line.split_once(' ') {
            said.push((word.to_owned(), RunId(run.to_owned())));
        }
    };
    for line in lines.by_ref() {
        let line = line.unwrap();
        let begun = line.starts_with("claimed ");
        heard(line);
        if begun {
            break;
        }
    }
    std::thread::sleep(after);
    child.kill().unwrap();
    child.wait().unwrap();
    lines.map_while(Result::ok).for_each(&mut heard);
    said
}

pub(crate) fn assert_whole(path: &Path) {
    let client = rusqlite::Connection::open(path).unwrap();
    let verdict: String =
        client.pragma_query_value(None, "integrity_check", |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
    let orphans: Vec<String> = client
        .prepare("PRAGMA foreign_key_check")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(orphans, [""; 0]);
}

#[test]
fn nothing_acknowledged_is_lost_and_stale_runs_are_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let mut acknowledged = 0;
    for round in 0..8 {
        let said = kill_after(spawn(&path), Duration::from_millis(3 + 11 * round));
        assert_whole(&path);
        let mut store = Store::open(&path, Durability::Normal).unwrap();
        let recovered = store.recover().unwrap();
        for (word, id) in said {
            if word == "finished" {
                acknowledged += 1;
                let run = store.runs(std::slice::from_ref(&id)).unwrap().remove(0);
                assert_eq!((run.state, run.scores.len()), (RunState::Finished, 2));
                assert_eq!(store.curves(&id).unwrap(), outcome(0.1).curves);
            } else if cfg!(target_os = "linux") {
                assert!(recovered.contains(&id), "round {round}: {id} was abandoned");
            }
        }
        assert_eq!(store.recover().unwrap(), []);
    }
    assert!(acknowledged > 0, "no child finished anything");
}

#[test]
fn a_store_whose_creation_was_killed_opens() {
    for delay in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        let mut child = spawn(&path);
        std::thread::sleep(Duration::from_millis(delay));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut store = Store::open(&path, Durability::Normal).unwrap();
        store.declare(&catalog()).unwrap();
        assert_whole(&path);
    }
}

/// What a power cut leaves when only a part of the log had reached the disk.
#[test]
fn a_log_cut_anywhere_leaves_the_runs_that_were_finished_first() {
    let mut fixture = Fixture::new();
    for seed in 0..20 {
        fixture.finish(&plan(1, seed), 0.1);
    }
    let path = fixture.store.path().to_owned();
    let log_of = |path: &Path| path.with_extension("db-wal");
    let log = fs::read(log_of(&path)).unwrap();
    for part in 0..24 {
        let copy = fixture.folder.path().join(format!("copy-{part}.db"));
        fs::copy(&path, &copy).unwrap();
        fs::write(log_of(&copy), &log[..log.len() * part / 24]).unwrap();
        let mut store = Store::open(&copy, Durability::Normal).unwrap();
        store.declare(&catalog()).unwrap();
        assert_whole(&copy);
        let plans: Vec<_> = (0..20).map(|seed| plan(1, seed)).collect();
        let finished: Vec<bool> = store
            .standings(&plans)
            .unwrap()
            .into_iter()
            .map(|standing| standing == Standing::Finished)
            .collect();
        assert!(finished.is_sorted_by(|earlier, later| earlier >= later), "{finished:?}");
    }
}
