//! The weights of runs, kept beside the store.

use std::fs;
use std::path::Path;

use crate::bench::{Bench, SMALL};
use crate::store::rows;

fn swept(args: &[&str]) -> Bench {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&[&["sweep", "small.toml"], args].concat()).expect(0);
    bench
}

fn files(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn every_run_has_a_network_and_layers_that_runs_share_are_one_file() {
    let bench = swept(&["--jobs", "1"]);
    let folder = bench.path("store.artifacts");
    assert_eq!(files(&folder.join("networks")), 18);
    // Two variants and three seeds; the layers of depth 2 begin with those of depth 1.
    assert_eq!(files(&folder.join("layers")), 2 * 3 * 2);
    let count = "SELECT count(*), sum(reused) FROM artifacts WHERE role LIKE 'layer%'";
    assert_eq!(rows(&bench.store(), count), ["18|6"]);
    for row in rows(&bench.store(), "SELECT file || '|' || bytes FROM artifacts") {
        let (file, bytes) = row.split_once('|').unwrap();
        assert_eq!(fs::metadata(folder.join(file)).unwrap().len().to_string(), bytes, "{file}");
    }
    let deep = bench.ask("variant == 'denoising' and depth == 2", "id");
    bench.ablate(&["show", &deep]).expect(0).prints(&[
        &format!("networks/{deep}.safetensors, "),
        "layer 1 ",
        "layer 2 ",
    ]);
    let run = bench.ablate(&["show", &deep, "--format", "json"]).expect(0).json();
    assert_eq!(run["artifacts"][0]["role"], "network");
}

#[test]
fn without_weights_nothing_is_kept_and_every_score_is_the_same() {
    let (with, without) = (swept(&[]), swept(&["--no-weights"]));
    assert!(!without.path("store.artifacts").exists());
    let scores = "SELECT id, test_error, jacobian_norm, robust_error, weights_hash FROM runs
                  ORDER BY id";
    assert_eq!(rows(&with.store(), scores), rows(&without.store(), scores));
    assert_eq!(rows(&without.store(), "SELECT count(*) FROM artifacts"), ["0"]);
}
