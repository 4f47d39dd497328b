//! Deleting: all of a run goes, and nothing of others.

use std::fs;

use ablate_records::{Depth, Query, RecordsError};
use ablate_sweep::{Artifact, Outcome, RunId, RunPlan, RunState};

use crate::fixtures::*;

/// How many rows every table has that holds something of runs.
fn rows(fixture: &Fixture) -> Vec<i64> {
    let count = |table: &str| {
        let count = format!("SELECT count(*) FROM {table}");
        fixture.client().query_row(&count, [], |row| row.get(0)).unwrap()
    };
    ["run", "score", "curve", "artifact", "tag", "trial", "trial_params"].map(count).to_vec()
}

fn finish_with_files(fixture: &mut Fixture, plan: &RunPlan, files: &[&str]) {
    let artifact = |(index, file): (usize, &&str)| Artifact {
        role: format!("layer {index}"),
        file: (*file).to_owned(),
        hash: "cd".repeat(32),
        bytes: 5,
        reused: false,
    };
    for file in files {
        fixture.store.artifact_folder().write(file, b"bytes").unwrap();
    }
    let artifacts = files.iter().enumerate().map(artifact).collect();
    let attempt = fixture.claim(plan);
    let outcome = Outcome { artifacts, ..outcome(0.25) };
    fixture.store.finish(&plan.id, attempt, &outcome, 1.0).unwrap();
}

fn files(fixture: &Fixture) -> Vec<String> {
    let files = fixture.store.artifact_folder().files().unwrap();
    files.into_iter().map(|stored| stored.file).collect()
}

#[test]
fn all_of_a_run_goes_and_files_that_others_name_stay() {
    let mut fixture = Fixture::new();
    let (kept, doomed) = (plan(1, 0), greedy(2, 0.5, 0));
    finish_with_files(&mut fixture, &kept, &["networks/a", "layers/shared"]);
    let before = rows(&fixture);
    finish_with_files(&mut fixture, &doomed, &["networks/b", "layers/shared"]);
    fixture.store.tag(std::slice::from_ref(&doomed.id), &["x".to_owned()], &[]).unwrap();
    fixture
        .store
        .save_experiment(&crate::experiments::record("depth"), std::slice::from_ref(&doomed))
        .unwrap();
    let said = fixture.store.doomed(std::slice::from_ref(&doomed.id)).unwrap();
    assert_eq!((said.runs, said.finished), (1, 1));
    assert_eq!(said.experiments, ["depth"]);
    assert_eq!(said.files.iter().map(|f| f.file.as_str()).collect::<Vec<_>>(), ["networks/b"]);
    assert_eq!(fixture.store.delete(std::slice::from_ref(&doomed.id)).unwrap(), said);
    assert_eq!(rows(&fixture), before);
    assert!(fixture.store.check(Depth::Store).unwrap().is_whole(), "the seals went too");
    assert_eq!(files(&fixture), ["layers/shared", "networks/a"]);
    let planned = fixture.store.members("depth").unwrap();
    assert_eq!(planned, std::slice::from_ref(&doomed.id), "it is still planned");
    fixture.finish(&doomed, 0.5);
}

#[test]
fn the_run_that_was_superseded_is_current_again() {
    let mut fixture = Fixture::new();
    let version = |training: &str| RunPlan::new(trial(&[]), 0, "data-1", training);
    for training in ["1", "2", "3"] {
        fixture.finish(&version(training), 0.1);
    }
    fixture.store.delete(&[version("1").id]).unwrap();
    let current = |fixture: &Fixture| -> String {
        let current = "SELECT training_version FROM run WHERE current = 1";
        fixture.client().query_row(current, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(current(&fixture), "3");
    fixture.store.delete(&[version("3").id]).unwrap();
    assert_eq!(current(&fixture), "2");
}

#[test]
fn a_run_that_is_being_trained_and_one_that_is_not_there_stop_all_of_it() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(1, 0), 0.1);
    fixture.claim(&plan(1, 1));
    let error = fixture.store.delete(&[plan(1, 0).id, plan(1, 1).id]).unwrap_err();
    assert!(matches!(error, RecordsError::BeingTrained { .. }), "{error}");
    let unknown = RunId("0123456789abcdef".into());
    let error = fixture.store.delete(&[plan(1, 0).id, unknown]).unwrap_err();
    assert!(matches!(error, RecordsError::UnknownRun { .. }), "{error}");
    assert_eq!(fixture.store.count(&Query::default()).unwrap(), 2);
}

#[test]
fn files_that_no_run_names_are_found_and_removed() {
    let mut fixture = Fixture::new();
    assert!(fixture.store.strays().unwrap().is_empty(), "there is no folder yet");
    finish_with_files(&mut fixture, &plan(1, 0), &["networks/a"]);
    let folder = fixture.store.artifact_folder();
    folder.write("layers/left", b"left").unwrap();
    // What an interrupted run goes on from stays; what a finished one went on from has no use.
    let attempt = fixture.claim(&plan(1, 1));
    fixture.store.interrupt(&plan(1, 1).id, attempt).unwrap();
    let waiting = plan(1, 1).id.checkpoint_file();
    folder.write(&waiting, b"half").unwrap();
    let before = plan(1, 1).id.previous_checkpoint_file();
    folder.write(&before, b"quarter").unwrap();
    let done = plan(1, 0).id.checkpoint_file();
    folder.write(&done, b"all").unwrap();
    fs::write(folder.root().join("layers/.7-0.partial"), "half").unwrap();
    // A log stays as long as its run.
    let logs = [plan(1, 0), plan(1, 1), plan(1, 2)].map(|plan| plan.id.log_file());
    logs.iter().for_each(|log| folder.write(log, b"begun").unwrap());
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", folder.root().join("layers/link")).unwrap();
    let strays: Vec<_> = fixture.store.strays().unwrap().into_iter().map(|f| f.file).collect();
    assert_eq!(strays, [&done, "layers/.7-0.partial", "layers/left", &logs[2]]);
    assert_eq!(fixture.store.remove_strays().unwrap().len(), 4);
    let mut logs = [&logs[0], &logs[1]];
    logs.sort();
    assert_eq!(files(&fixture), [&before, &waiting, logs[0], logs[1], "networks/a"]);
    let gone = fixture.store.delete(&[plan(1, 0).id]).unwrap();
    let gone: Vec<_> = gone.files.into_iter().map(|stored| stored.file).collect();
    assert_eq!(gone, ["networks/a", &plan(1, 0).id.log_file()]);
    assert_eq!(files(&fixture), [before, waiting, plan(1, 1).id.log_file()]);
}

#[test]
fn files_stay_while_a_run_may_be_writing_them() {
    let mut fixture = Fixture::new();
    fixture.claim(&plan(1, 0));
    fixture.store.artifact_folder().write("layers/new", b"new").unwrap();
    let error = fixture.store.remove_strays().unwrap_err();
    assert!(matches!(error, RecordsError::BeingTrained { .. }), "{error}");
    fixture.client().execute("UPDATE session SET boot_id = 'an earlier one'", []).unwrap();
    assert_eq!(fixture.store.remove_strays().unwrap().len(), 1);
    let state = fixture.store.runs(&[plan(1, 0).id]).unwrap().remove(0).state;
    assert_eq!(state, RunState::Running, "that is for the next sweep to say");
}
