//! `tag`, `note` and `archive`: what people say of runs.

use crate::bench::{Bench, SMALL_RUNS};
use crate::store::count;

fn ids(bench: &Bench, filter: &str) -> Vec<String> {
    let found = bench.ablate(&["query", filter, "--columns", "id", "--format", "csv"]).expect(0);
    found.csv().into_iter().skip(1).flatten().collect()
}

#[test]
fn tags_are_given_to_runs_named_or_found_and_taken_away() {
    let bench = Bench::swept();
    let deep = ids(&bench, "depth == 2");
    bench.ablate(&["tag", &deep[0], &deep[1][..12], "+good", "+odd one"]).expect(0);
    assert_eq!(ids(&bench, "tag == 'good'"), deep[..2]);
    bench.ablate(&["tag", &deep[0], "-good"]).expect(0);
    assert_eq!(ids(&bench, "tag == 'good'"), deep[1..2]);
    let found = bench.ablate(&["tag", "--where", "depth == 1", "+shallow"]).expect(0);
    found.says(&["9 runs tagged"]);
    assert_eq!(ids(&bench, "tag in ['shallow', 'odd one']").len(), 11);
    bench.ablate(&["show", &deep[1]]).expect(0).prints(&["good, odd one"]);
    let json = bench.ablate(&["show", &deep[1], "--format", "json"]).expect(0).json();
    assert_eq!(json["tags"], serde_json::json!(["good", "odd one"]));
}

#[test]
fn a_tag_command_that_says_too_little_says_what_it_lacks() {
    let bench = Bench::swept();
    let id = bench.ask("seed == 0", "id");
    bench.ablate(&["tag", &id]).expect(2).says(&["+TAG gives one"]);
    bench.ablate(&["tag", "+good"]).expect(2).says(&["no run is named"]);
    bench.ablate(&["tag", &id, "+"]).expect(2).says(&["empty"]);
    bench.ablate(&["tag", "zz", "+good"]).expect(2).says(&["no run \"zz\""]);
    let said = bench.ablate(&["tag", "--where", "dept == 1", "+good"]).expect(2);
    said.says(&["dept == 1\n^^^^\n", "did you mean depth"]);
    bench.ablate(&["tag", &id, "+good", "--db", "other.db"]).expect(2).says(&["before"]);
    assert_eq!(count(&bench.store(), "SELECT count(*) FROM tag"), 0);
}

#[test]
fn a_note_is_written_shown_and_taken_away() {
    let bench = Bench::swept();
    let id = bench.ask("seed == 0", "id");
    bench.ablate(&["note", &id, "- the one\nof the paper"]).expect(0);
    bench.ablate(&["note", &id]).expect(0).prints(&["- the one\nof the paper\n"]);
    bench.ablate(&["show", &id]).expect(0).prints(&["- the one\\nof the paper"]);
    assert_eq!(ids(&bench, "note like '%paper'"), [id.as_str()]);
    bench.ablate(&["note", &id, ""]).expect(0);
    assert_eq!(bench.ablate(&["note", &id]).expect(0).stdout, "");
    assert_eq!(ids(&bench, "note is missing").len(), SMALL_RUNS);
}

#[test]
fn archived_runs_are_hidden_from_queries_and_tables_and_not_trained_again() {
    let bench = Bench::swept();
    let table = |args: &[&str]| bench.ablate(&[&["table", "small", "errors"], args].concat());
    let whole = table(&[]).expect(0).stdout;
    bench.ablate(&["archive", "--where", "seed == 2"]).expect(0).says(&["6 runs archived"]);
    bench.ablate(&["query"]).expect(0).says(&["12 runs"]);
    bench.ablate(&["query", "--archived"]).expect(0).says(&["18 runs"]);
    bench.ablate(&["query", "archived == true"]).expect(0).says(&["6 runs"]);
    let fewer = table(&[]).expect(0).says(&["6 archived runs left out: --archived"]);
    assert_ne!(fewer.stdout, whole);
    assert_eq!(table(&["--archived"]).expect(0).stdout, whole);
    bench.ablate(&["sweep", "small.toml"]).expect(0).says(&["left out"]);
    assert_eq!(count(&bench.store(), "SELECT max(attempt) FROM run"), 1);
    let compare = ["compare", "small", "--axis", "pretraining", "--archived"];
    bench.ablate(&compare).expect(0).prints(&["n = 3"]);
    let export = ["export", "--format", "csv", "-o"];
    bench.ablate(&[&export[..], &["few"]].concat()).expect(0).says(&["12 runs in few"]);
    let all = [&export[..], &["all", "--archived"]].concat();
    bench.ablate(&all).expect(0).says(&["18 runs in all"]);
    bench.ablate(&["archive", "--undo", "--where", "archived == true"]).expect(0);
    assert_eq!(table(&[]).expect(0).stdout, whole);
}

#[test]
fn nothing_is_made_where_there_is_no_store() {
    let bench = Bench::with(&[]);
    for args in [&["tag", "ab", "+x"][..], &["note", "ab", "x"], &["archive", "ab"]] {
        bench.ablate(args).expect(1).says(&["there is no store"]);
    }
    assert!(!bench.store().exists());
}

#[test]
fn a_store_of_an_earlier_release_is_brought_up_to_date_first() {
    let bench = Bench::with(&[]);
    let old = concat!(env!("CARGO_MANIFEST_DIR"), "/../records/tests/stores/v1.db");
    std::fs::copy(old, bench.store()).unwrap();
    bench.ablate(&["query"]).expect(1).says(&["written by an older ablate"]);
    bench.ablate(&["archive", "--where", "state == 'failed'"]).expect(0).says(&["1 run archived"]);
    bench.ablate(&["query"]).expect(0).says(&["3 runs"]);
    assert!(bench.path("store.db.schema-1.backup").exists());
}
