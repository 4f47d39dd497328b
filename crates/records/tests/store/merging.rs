//! Merging stores: nothing twice, nothing lost, whatever the order.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use ablate_records::{Depth, Durability, Merged, Query, Store};
use ablate_sweep::{Artifact, Direction, Outcome, RunPlan, RunState, Split, Value};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::experiments::record;
use crate::fixtures::*;
use crate::kill::assert_whole;

/// All that a store says, but for the numbers of rows and the names of files: a line each.
pub(crate) fn dump(path: &Path) -> Vec<String> {
    let client = rusqlite::Connection::open(path).unwrap();
    let mut metrics = lines(&client, "SELECT name FROM metric ORDER BY name");
    metrics.retain(|name| !name.is_empty());
    let scores: String = metrics.iter().map(|name| format!(", m.\"{name}\"")).collect();
    let runs = format!(
        "SELECT r.id, t.id, t.params, t.baseline, r.seed, r.data_checksum, r.training_version,
             r.state, r.current, s.id, r.attempt, r.begun, r.ended, r.started_at, r.ended_at, r.seconds, r.failure,
             r.failure_message, r.epochs, r.best_epoch, r.weights_hash, r.content_hash{scores}
         FROM run AS r JOIN trial AS t ON t.key = r.trial JOIN session AS s ON s.key = r.session
         LEFT JOIN score AS m ON m.run = r.key ORDER BY r.id"
    );
    let queries = [
        &runs,
        "SELECT r.id, c.name, c.series FROM curve AS c JOIN run AS r ON r.key = c.run ORDER BY 1, 2",
        "SELECT r.id, name, axis, at, series FROM profile AS p JOIN run AS r ON r.key = p.run
         ORDER BY 1, 2",
        "SELECT r.id, role, hash, bytes FROM artifact AS a JOIN run AS r ON r.key = a.run
         ORDER BY 1, 2",
        "SELECT name, question, text, overrides, hash, swept, first_swept, last_swept FROM experiment
         ORDER BY name",
        "SELECT experiment, position, run FROM members ORDER BY 1, 2",
        "SELECT run, tag FROM tags ORDER BY 1, 2",
    ];
    queries.iter().flat_map(|query| lines(&client, query)).collect()
}

fn lines(client: &rusqlite::Connection, query: &str) -> Vec<String> {
    let mut statement = client.prepare(query).unwrap();
    let columns = statement.column_count();
    let line = |row: &rusqlite::Row<'_>| {
        let cells = (0..columns).map(|index| match row.get(index).unwrap() {
            rusqlite::types::Value::Text(text) => text,
            other => format!("{other:?}"),
        });
        Ok(cells.collect::<Vec<_>>().join("|"))
    };
    statement.query_map([], line).unwrap().collect::<Result<_, _>>().unwrap()
}

fn merge(into: &Path, from: &Path) -> Merged {
    let mut store = Store::open(into, Durability::Normal).unwrap();
    store.merge(&Store::open_any_schema(from).unwrap()).unwrap()
}

fn copy_of(store: &Path, to: &Path) {
    let client = rusqlite::Connection::open(store).unwrap();
    client.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
}

#[test]
fn the_log_of_a_run_goes_with_the_end_that_stands() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    let plans = [plan(1, 0), plan(2, 0), plan(3, 0), plan(4, 0)];
    let [new, better, worse, running] = &plans;
    there.finish(new, 0.1);
    here.fail(better, "diverged");
    there.finish(better, 0.2);
    here.finish(worse, 0.3);
    there.fail(worse, "diverged");
    here.claim(running);
    there.finish(running, 0.4);
    for (store, text) in [(&here, "here"), (&there, "there")] {
        for plan in &plans {
            let folder = store.store.artifact_folder();
            folder.write(&plan.id.log_file(), text.as_bytes()).unwrap();
        }
    }
    here.store.artifact_folder().remove(&new.id.log_file()).unwrap();
    merge(here.store.path(), there.store.path());
    let log = |run: &RunPlan| {
        let log = here.store.artifact_folder().read(&run.id.log_file()).unwrap();
        String::from_utf8(log.unwrap()).unwrap()
    };
    assert_eq!(plans.each_ref().map(log), ["there", "there", "here", "here"]);
}

#[test]
fn what_is_new_comes_and_merging_again_changes_nothing() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    here.finish(&plan(1, 0), 0.1);
    let plans = [greedy(2, 0.5, 0), plan(2, 0), plan(3, 0), plan(1, 0)];
    there.store.save_experiment(&record("depth"), &plans).unwrap();
    there.finish(&plans[0], 0.25);
    there.finish(&plans[1], 0.5);
    there.fail(&plans[2], "diverged");
    there.finish(&plans[3], 0.1);
    let merged = merge(here.store.path(), there.store.path());
    assert_eq!((merged.added, merged.known, merged.experiments), (3, 1, 1));
    let run = here.store.runs(&[plans[0].id.clone()]).unwrap().remove(0);
    assert_eq!((run.state, run.scores), (RunState::Finished, outcome(0.25).scores));
    assert_eq!(here.store.curves(&run.id).unwrap(), outcome(0.25).curves);
    assert_eq!(here.store.members("depth").unwrap().len(), 4);
    assert_eq!(here.store.count(&Query::default()).unwrap(), 4);
    let before = dump(here.store.path());
    let again = merge(here.store.path(), there.store.path());
    assert_eq!(again, Merged { known: 4, ..Merged::default() });
    assert_eq!(dump(here.store.path()), before);
    assert!(here.store.check(Depth::Store).unwrap().is_whole());
}

#[test]
fn one_run_with_other_bits_is_told_and_not_taken() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    here.finish(&plan(1, 0), 0.1);
    let mut other = outcome(0.1);
    other.scores.insert("test_error".into(), 0.1 + 1e-17 + 1e-16);
    other.curves[0].values[2] = 0.25;
    other.weights_hash = "ef".repeat(32);
    let attempt = there.claim(&plan(1, 0));
    there.store.finish(&plan(1, 0).id, attempt, &other, 1.0).unwrap();
    let before = dump(here.store.path());
    let merged = merge(here.store.path(), there.store.path());
    assert_eq!(merged.conflicts.len(), 1);
    assert_eq!(merged.conflicts[0].run, plan(1, 0).id);
    let (ours, theirs) = ("ab".repeat(32), "ef".repeat(32));
    assert_eq!(
        merged.conflicts[0].differences,
        [
            format!("weights_hash: {ours} here, {theirs} there"),
            "curve train_loss, epoch 3: 0.3333333333333333 here, 0.25 there".to_owned(),
            "test_error: 0.1 here, 0.10000000000000012 there".to_owned(),
        ]
    );
    assert_eq!(dump(here.store.path()), before);
}

#[test]
fn a_finished_run_wins_and_one_that_is_being_trained_is_left_alone() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    here.fail(&plan(1, 0), "no memory");
    let attempt = here.claim(&plan(1, 1));
    here.store.interrupt(&plan(1, 1).id, attempt).unwrap();
    here.claim(&plan(1, 2));
    for seed in 0..3 {
        there.finish(&plan(1, seed), 0.1);
    }
    there.claim(&plan(1, 3));
    let merged = merge(here.store.path(), there.store.path());
    assert_eq!((merged.replaced, merged.running, merged.added), (2, 2, 0));
    let states = |fixture: &Fixture| {
        let ids: Vec<_> = (0..4).map(|seed| plan(1, seed).id).collect();
        fixture.store.runs(&ids).unwrap().into_iter().map(|run| run.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&here), [RunState::Finished, RunState::Finished, RunState::Running]);
    // And the other way round the worse does not replace the better.
    let merged = merge(there.store.path(), here.store.path());
    assert_eq!((merged.replaced, merged.known, merged.running), (0, 2, 1));
}

#[test]
fn scores_and_parameters_that_one_store_lacks_come_from_the_other() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    let mut wider = catalog();
    wider.metrics.push(metric("robust_error", Direction::Lower, Split::Test));
    there.store.declare(&wider).unwrap();
    here.finish(&plan(1, 0), 0.1);
    let mut more = outcome(0.1);
    more.scores.insert("robust_error".into(), 0.5);
    let attempt = there.claim(&plan(1, 0));
    there.store.finish(&plan(1, 0).id, attempt, &more, 1.0).unwrap();
    let merged = merge(here.store.path(), there.store.path());
    assert_eq!((merged.completed, merged.conflicts.len()), (1, 0));
    assert_eq!(here.store.runs(&[plan(1, 0).id]).unwrap()[0].scores, more.scores);
    assert_eq!(merge(here.store.path(), there.store.path()).completed, 0);
}

fn finish_with_file(fixture: &mut Fixture, plan: &RunPlan, file: &str, bytes: &[u8]) {
    fixture.store.artifact_folder().write(file, bytes).unwrap();
    let hash = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let (role, file) = ("layer 1".to_owned(), file.to_owned());
    let artifact = Artifact { role, file, hash, bytes: bytes.len() as u64, reused: false };
    let attempt = fixture.claim(plan);
    let outcome = Outcome { artifacts: vec![artifact], ..outcome(0.1) };
    fixture.store.finish(&plan.id, attempt, &outcome, 1.0).unwrap();
}

#[test]
fn files_are_copied_and_checked_and_two_of_one_name_are_both_kept() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    finish_with_file(&mut here, &plan(1, 0), "layers/a.safetensors", b"ours");
    finish_with_file(&mut there, &plan(1, 1), "layers/a.safetensors", b"theirs");
    finish_with_file(&mut there, &plan(1, 2), "layers/b.safetensors", b"new");
    finish_with_file(&mut there, &plan(1, 3), "layers/c.safetensors", b"hurt later");
    finish_with_file(&mut there, &plan(1, 4), "layers/d.safetensors", b"gone later");
    let folder = there.store.artifact_folder();
    folder.write("layers/c.safetensors", b"hurt").unwrap();
    folder.remove("layers/d.safetensors").unwrap();
    let merged = merge(here.store.path(), there.store.path());
    assert_eq!((merged.added, merged.files), (4, 2));
    assert_eq!(merged.missing_files, ["layers/c.safetensors", "layers/d.safetensors"]);
    let held = |seed| -> Vec<u8> {
        let artifact = here.store.artifacts(&plan(1, seed).id).unwrap().remove(0);
        here.store.artifact_folder().read(&artifact.file).unwrap().unwrap()
    };
    assert_eq!((held(0), held(1), held(2)), (b"ours".into(), b"theirs".into(), b"new".into()));
    assert!(here.store.artifacts(&plan(1, 3).id).unwrap().is_empty());
    assert!(here.store.check(Depth::Artifacts).unwrap().is_whole());
}

#[test]
fn a_file_name_in_a_foreign_store_leads_nowhere_else() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    let attempt = there.claim(&plan(1, 0));
    let mut wicked = artifacts();
    wicked[0].file = "../../outside".into();
    let outcome = Outcome { artifacts: wicked, ..outcome(0.1) };
    there.store.finish(&plan(1, 0).id, attempt, &outcome, 1.0).unwrap();
    let merged = here.store.merge(&there.store).unwrap();
    assert_eq!((merged.added, merged.missing_files.len()), (1, 2));
}

#[test]
fn a_store_of_an_earlier_schema_is_read_without_touching_it() {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    for schema in 1..=4 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        fs::copy(stores.join(format!("v{schema}.db")), &path).unwrap();
        let before = fs::read(&path).unwrap();
        let fixture = Fixture::new();
        let merged = merge(fixture.store.path(), &path);
        assert_eq!((merged.added, merged.experiments), (4, 1), "schema {schema}");
        assert_eq!(
            fixture.store.runs(&[greedy(2, 0.5, 0).id]).unwrap()[0].scores["test_error"],
            0.25
        );
        assert!(fs::read(&path).unwrap() == before, "schema {schema} was touched");
        let beside: Vec<PathBuf> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(beside.iter().all(|path| !path.to_string_lossy().contains("backup")), "{beside:?}");
    }
}

#[test]
fn a_run_that_was_changed_behind_the_back_of_the_other_store_is_not_taken() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    there.finish(&plan(1, 0), 0.1);
    there.finish(&plan(1, 1), 0.1);
    there.client().execute("UPDATE score SET test_error = 0.01 WHERE run = 1", []).unwrap();
    let merged = here.store.merge(&there.store).unwrap();
    assert_eq!((merged.added, merged.damaged), (1, vec![plan(1, 0).id]));
}

/// What one machine did to one of a few runs.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Finish,
    FinishWithMore,
    Fail,
    Interrupt,
}

fn deeds() -> impl Strategy<Value = Vec<(u8, Deed)>> {
    let deed = prop_oneof![
        Just(Deed::Finish),
        Just(Deed::FinishWithMore),
        Just(Deed::Fail),
        Just(Deed::Interrupt)
    ];
    proptest::collection::vec((0..5_u8, deed), 0..6)
}

/// Runs of two trials, one of which has runs under two states of the data.
fn some_plan(number: u8) -> RunPlan {
    let data = if number == 4 { "data-2" } else { "data-1" };
    let depth = [("depth", Value::Int(if number < 3 { 1 } else { 2 }))];
    let seed = if number < 3 { u64::from(number) } else { 0 };
    RunPlan::new(trial(&depth), seed, data, "training-1")
}

fn done(deeds: &[(u8, Deed)]) -> Fixture {
    let mut fixture = Fixture::new();
    let plans: Vec<RunPlan> = deeds.iter().map(|(number, _)| some_plan(*number)).collect();
    let mut planned = plans.clone();
    planned.sort_by(|left, right| left.id.cmp(&right.id));
    planned.dedup();
    fixture.store.save_experiment(&record("depth"), &planned).unwrap();
    for (plan, (number, deed)) in plans.iter().zip(deeds) {
        let claimed = fixture.store.claim(fixture.session, plan, None).unwrap();
        let ablate_records::Claim::Claimed { attempt } = claimed else { continue };
        let error = f64::from(*number) / 8.0;
        match deed {
            Deed::Finish => fixture.store.finish(&plan.id, attempt, &outcome(error), 1.0).unwrap(),
            Deed::FinishWithMore => {
                let mut more = outcome(error);
                more.scores.insert("saturation".into(), 0.5);
                fixture.store.finish(&plan.id, attempt, &more, 2.0).unwrap();
            }
            Deed::Fail => fixture.store.fail(&plan.id, attempt, &failure("no"), 0.5).unwrap(),
            Deed::Interrupt => fixture.store.interrupt(&plan.id, attempt).unwrap(),
        }
    }
    fixture
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn any_order_and_any_repetition_of_merges_gives_the_same_store(
        deeds in proptest::array::uniform3(deeds())
    ) {
        let [a, b, c] = deeds.map(|deeds| done(&deeds));
        let folder = tempfile::tempdir().unwrap();
        let paths = [&a, &b, &c].map(|fixture| fixture.store.path().to_owned());
        let merged = |name: &str, first: usize, rest: &[usize]| {
            let into = folder.path().join(name);
            copy_of(&paths[first], &into);
            for next in rest {
                let merged = merge(&into, &paths[*next]);
                assert_eq!((merged.conflicts, merged.damaged), (vec![], vec![]));
            }
            dump(&into)
        };
        let reference = merged("abc", 0, &[1, 2]);
        prop_assert_eq!(&merged("cabac", 2, &[0, 1, 0, 2]), &reference);
        prop_assert_eq!(&merged("bca", 1, &[2, 0]), &reference);
    }
}

/// Names the store that a child process merges into, and the one it merges from.
const CHILD: &str = "ABLATE_RECORDS_MERGING_CHILD";

/// Not a test: what the child processes of the next one do, until they are killed.
#[test]
fn child_merges_until_it_is_killed() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let folder = Path::new(&folder);
    merge(&folder.join("into.db"), &folder.join("from.db"));
}

#[test]
fn a_merge_that_is_killed_leaves_whole_runs_and_merging_again_completes_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut from = Fixture::new();
    for seed in 0..40 {
        let bytes = seed.to_string();
        let file = format!("layers/{seed}.safetensors");
        finish_with_file(&mut from, &plan(1, seed), &file, bytes.as_bytes());
    }
    copy_of(from.store.path(), &folder.path().join("from.db"));
    let files = from.store.artifact_folder();
    fs::rename(files.root(), folder.path().join("from.artifacts")).unwrap();
    let into = folder.path().join("into.db");
    for round in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "merging::child_merges_until_it_is_killed"])
            .env(CHILD, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(10 + 12 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        if into.exists() {
            let store = Store::open(&into, Durability::Normal).unwrap();
            let health = store.check(Depth::Artifacts).unwrap();
            assert!(health.is_whole(), "round {round}: {:?}", health.hurts);
            assert_whole(&into);
        }
    }
    merge(&into, &folder.path().join("from.db"));
    assert_eq!(dump(&into), dump(&folder.path().join("from.db")));
    assert_eq!(merge(&into, &folder.path().join("from.db")).known, 40);
}

#[test]
fn what_is_said_of_a_run_comes_with_it_and_a_note_here_stays() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    let tags = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    for seed in 0..3 {
        there.finish(&plan(1, seed), 0.25);
    }
    here.finish(&plan(1, 0), 0.25);
    here.finish(&plan(1, 1), 0.25);
    let ids: Vec<_> = (0..3).map(|seed| plan(1, seed).id).collect();
    here.store.tag(&ids[..1], &tags(&["ours", "both"]), &[]).unwrap();
    here.store.note(&ids[0], Some("our note")).unwrap();
    there.store.tag(&ids, &tags(&["theirs", "both"]), &[]).unwrap();
    for run in &ids {
        there.store.note(run, Some("their note")).unwrap();
    }
    here.store.merge(&there.store).unwrap();
    here.store.merge(&there.store).unwrap();
    let said = |seed: usize| {
        let marks = here.store.marks(&ids[seed]).unwrap();
        (marks.tags.join(" "), marks.note.unwrap_or_default())
    };
    assert_eq!(said(0), ("both ours theirs".to_owned(), "our note".to_owned()));
    assert_eq!(said(1), ("both theirs".to_owned(), "their note".to_owned()));
    assert_eq!(said(2), said(1));
    assert!(here.store.check(Depth::Store).unwrap().is_whole());
}
