//! Results that come in and go out.

use std::fs;

use crate::bench::{Bench, SMALL, SMALL_RUNS};
use crate::store::{count_in, meddle, results};

#[test]
fn halves_of_a_sweep_merge_into_the_whole_and_nothing_is_trained_again() {
    let (left, right) =
        (Bench::with(&[("small.toml", SMALL)]), Bench::with(&[("small.toml", SMALL)]));
    left.ablate(&["sweep", "small.toml", "--set", "depth=1"]).expect(0);
    right.ablate(&["sweep", "small.toml"]).expect(0);
    let other = right.store();
    let other = other.to_str().unwrap();
    left.ablate(&["merge", other]).expect(0).prints(&["9 runs added, 9 runs known already"]);
    left.ablate(&["merge", other]).expect(0).prints(&["18 runs known already"]);
    assert_eq!(results(&left.store()), results(&right.store()));
    left.ablate(&["check", "--artifacts"]).expect(0).prints(&["18 runs, all as written"]);
    let again = left.ablate(&["sweep", "small.toml"]).expect(0);
    assert_eq!(again.stdout, right.ablate(&["sweep", "small.toml"]).expect(0).stdout);
    assert_eq!(count_in(&left.store(), "finished"), SMALL_RUNS);
}

#[test]
fn a_run_that_differs_is_shown_and_the_exit_code_says_so() {
    let bench = Bench::swept();
    fs::copy(bench.store(), bench.path("other.db")).unwrap();
    let id = bench.ask("seed == 1 and depth == 2", "id");
    // As another machine would have it: with hashes of its own.
    meddle(
        &bench.path("other.db"),
        "UPDATE score SET test_error = 0.5; UPDATE run SET content_hash = ''",
    );
    let merged = bench.ablate(&["merge", "other.db"]).expect(3);
    merged.prints(&["18 runs DAMAGED there and left alone", &format!("{id}  is not what was")]);
    bench.ablate(&["merge", "nowhere.db"]).expect(1).says(&["there is no store at"]);
    bench.ablate(&["merge"]).expect(2);
}

#[test]
fn damage_is_said_with_its_runs_and_the_rest_is_saved() {
    let bench = Bench::swept();
    let id = bench.ask("seed == 1 and depth == 2", "id");
    bench.ablate(&["check"]).expect(0);
    let change = format!(
        "UPDATE score SET test_error = 0 WHERE run = (SELECT key FROM run WHERE id = '{id}')"
    );
    meddle(&bench.store(), &change);
    let checked = bench.ablate(&["check"]).expect(3);
    checked.prints(&["18 runs, 1 of them hurt", &format!("run {id}"), "does not hold what was"]);
    bench.ablate(&["check", "--salvage", "saved.db"]).expect(3).prints(&["17 runs added"]);
    bench.ablate(&["check", "--db", "saved.db"]).expect(0).prints(&["17 runs, all as written"]);
    bench.ablate(&["check", "--salvage", "saved.db"]).expect(2).says(&["such a file already"]);
    // The next sweep trains what was hurt.
    bench.ablate(&["sweep", "small.toml", "--db", "saved.db"]).expect(0);
    assert_eq!(count_in(&bench.path("saved.db"), "finished"), SMALL_RUNS);
}

#[test]
fn sheets_come_out_in_every_format_and_nothing_is_written_over() {
    let bench = Bench::swept();
    for (format, file) in
        [("csv", "runs.csv"), ("jsonl", "runs.jsonl"), ("parquet", "runs.parquet")]
    {
        let args = ["export", "depth == 2", "--format", format, "-o", format];
        bench.ablate(&args).expect(0).says(&["9 runs in"]);
        assert!(fs::metadata(bench.path(format).join(file)).unwrap().len() > 1_000);
        bench.ablate(&args).expect(2).says(&["the folder is not empty"]);
    }
    let runs = fs::read_to_string(bench.path("csv/runs.csv")).unwrap();
    assert_eq!(runs.lines().count(), 10);
    let curves = fs::read_to_string(bench.path("jsonl/curves.jsonl")).unwrap();
    let point: serde_json::Value = serde_json::from_str(curves.lines().next().unwrap()).unwrap();
    assert_eq!(point["epoch"], 1);
    bench.ablate(&["export", "dpth == 2", "--format", "csv", "-o", "no"]).expect(2);
    assert!(!bench.path("no").exists());
}

#[test]
fn every_run_has_a_folder_for_tensorboard() {
    let bench = Bench::swept();
    bench.ablate(&["export", "--format", "tensorboard", "-o", "tb"]).expect(0);
    assert_eq!(fs::read_dir(bench.path("tb")).unwrap().count(), SMALL_RUNS);
    let address = "https://example.org";
    bench.ablate(&["export", "--format", "mlflow", "-o", address]).expect(2).says(&["http://"]);
}

#[test]
fn weights_go_out_with_examples_once() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=2", "--set", "seeds=1"]).expect(0);
    let id = bench.ask("pretraining == 'none'", "id");
    bench.ablate(&["weights", &id, "-o", "a.safetensors"]).expect(0);
    let bytes = fs::read(bench.path("a.safetensors")).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let head: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    assert_eq!(head["__metadata__"]["run"], id.as_str());
    assert_eq!(head["hidden.1.weight"]["shape"], serde_json::json!([16, 16]));
    assert_eq!(head["example.logits"]["shape"], serde_json::json!([100, 10]));
    bench.ablate(&["weights", &id, "-o", "a.safetensors"]).expect(1);
    let swept = Bench::swept();
    let id = swept.ask("pretraining == 'none'", "id");
    swept.ablate(&["weights", &id, "-o", "b.safetensors"]).expect(1).says(&["is gone"]);
}

/// A baseline that was computed elsewhere, for the networks of depth 1 and for one of depth 3.
const THEIRS: &str = "pretraining,depth,width,train_size,batch_size,epochs,seed,test_error\n\
                      none,3,16,200,10,2,0,0.25\n\
                      none,3,16,200,10,2,1,0.75\n";

#[test]
fn imported_runs_stand_in_the_tables_and_are_never_verified() {
    let bench = Bench::swept();
    bench.write("theirs.csv", THEIRS);
    let import = ["import", "theirs.csv", "--experiment", "small"];
    bench.ablate(&import).expect(0).says(&["2 runs added"]);
    bench.ablate(&import).expect(0).says(&["0 runs added, 0 replaced, 2 known already"]);
    let table = bench.ablate(&["table", "small", "errors"]).expect(0);
    table.prints(&["depth 3", "50"]);
    let id = bench.ask("depth == 3 and seed == 0", "id");
    bench.ablate(&["show", &id]).expect(0).prints(&["imported from", "theirs.csv"]);
    bench.ablate(&["verify", &id]).expect(2).says(&["was imported"]);
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    bench.ablate(&["table", "small", "errors"]).expect(0).prints(&["depth 3"]);
    bench.write("theirs.csv", THEIRS.replace("0.75", "0.5"));
    bench.ablate(&import).expect(2).says(&["theirs.csv: line 3, column 1", "--replace"]);
    bench.ablate(&[&import[..], &["--replace"]].concat()).expect(0).says(&["1 replaced"]);
    bench.ablate(&["check"]).expect(0);
}

#[test]
fn mistakes_of_a_table_are_told_at_once() {
    let bench = Bench::swept();
    bench.write("bad.csv", "dpth,seed,test_error\n1,0,0.5\n1,x,0.5\n1,1,nan\n");
    let said = bench.ablate(&["import", "bad.csv", "--experiment", "small"]).expect(2);
    said.says(&[
        "bad.csv: line 1, column 1: \"dpth\" is neither a parameter nor a metric; did you mean `depth`?",
        "bad.csv: line 3, column 3: \"x\" is no seed",
        "bad.csv: line 4, column 5: \"nan\" is no score",
        "error: 3 mistakes",
    ]);
    bench.write("good.csv", THEIRS);
    bench.ablate(&["import", "good.csv", "--experiment", "smal"]).expect(2).says(&["it has small"]);
    bench.ablate(&["import", "none.csv", "--experiment", "small"]).expect(2);
}
