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
