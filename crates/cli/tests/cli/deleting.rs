//! `delete` and `gc`: what goes, and that it is said and asked first.

use crate::bench::{Bench, SMALL_RUNS};
use crate::store::{count, meddle};

/// With `small.toml`, swept with weights beside the store.
fn with_weights() -> Bench {
    let bench = Bench::with(&[("small.toml", crate::bench::SMALL)]);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1", "--set", "seeds=2"]).expect(0);
    bench
}

fn files(bench: &Bench) -> usize {
    let folders = std::fs::read_dir(bench.path("store.artifacts")).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

#[test]
fn nothing_is_deleted_unless_somebody_agrees() {
    let bench = Bench::swept();
    let said = bench.ablate(&["delete", "--where", "depth == 2"]).expect(2);
    said.says(&["9 runs will be deleted, 9 of them finished", "planned by small", "--yes"]);
    assert_eq!(count(&bench.store(), "SELECT count(*) FROM run"), SMALL_RUNS);
}

#[test]
fn deleted_runs_are_gone_with_their_weights_and_a_sweep_trains_them_again() {
    let bench = with_weights();
    let (all, id) = (files(&bench), bench.ask("pretraining == 'greedy'", "id"));
    bench.ablate(&["delete", &id, "--yes"]).expect(0).says(&["1 run deleted", "file"]);
    assert!(files(&bench) < all);
    assert_eq!(count(&bench.store(), "SELECT count(*) FROM run"), 5);
    bench.ablate(&["show", &id]).expect(2).says(&["no run"]);
    bench.ablate(&["check", "--artifacts"]).expect(0);
    bench.ablate(&["sweep", "small.toml", "--set", "depth=1", "--set", "seeds=2"]).expect(0);
    assert_eq!(files(&bench), all);
    bench.ablate(&["verify", &id]).expect(0);
    bench.ablate(&["delete", "--where", "seed == 9", "--yes"]).expect(0).says(&["0 runs"]);
}

#[test]
fn files_that_no_run_names_are_listed_and_then_removed() {
    let bench = with_weights();
    let all = files(&bench);
    bench.write("store.artifacts/layers/stray\u{1b}.safetensors", "left");
    bench.write("store.artifacts/layers/.7-0.partial", "half");
    let listed = bench.ablate(&["gc", "--dry-run"]).expect(0);
    assert_eq!(listed.stdout, "layers/.7-0.partial\nlayers/stray\\u{1b}.safetensors\n");
    listed.says(&["2 files, 1 MB would go"]);
    assert_eq!(files(&bench), all + 2);
    bench.ablate(&["gc"]).expect(0).says(&["2 files, 1 MB removed"]);
    assert_eq!(files(&bench), all);
    bench.ablate(&["gc"]).expect(0).says(&["no files removed"]);
}

#[test]
fn what_another_machine_may_be_training_stays() {
    let bench = Bench::swept();
    meddle(
        &bench.store(),
        "UPDATE run SET state = 'running', ended_at = NULL, weights_hash = NULL WHERE key = 1;
         UPDATE session SET host = 'elsewhere'",
    );
    for args in [&["delete", "--where", "seed == 0", "--yes"][..], &["gc"]] {
        bench.ablate(args).expect(1).says(&["on elsewhere is at work"]);
    }
    assert_eq!(count(&bench.store(), "SELECT count(*) FROM run"), SMALL_RUNS);
}
