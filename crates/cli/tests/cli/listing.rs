//! `list` and `data`: what can be named, and which files are there.

use std::fs;

use crate::bench::{Bench, SMALL};

#[test]
fn every_registry_is_listed_to_people_and_to_programs() {
    let bench = Bench::swept();
    for (what, member) in [
        ("variants", "contractive"),
        ("corruptions", "masking"),
        ("probes", "jacobian"),
        ("datasets", "mnist-5k"),
        ("metrics", "robust_error"),
        ("parameters", "learning_rate"),
        ("experiments", "small"),
    ] {
        bench.ablate(&["list", what]).expect(0).prints(&[member]);
        bench.ablate(&["list", what, "--format", "md"]).expect(0).prints(&[member, "| :--"]);
        let json = bench.ablate(&["list", what, "--format", "json"]).expect(0).json();
        let csv = bench.ablate(&["list", what, "--format", "csv"]).expect(0).csv();
        let rows = json.as_array().unwrap();
        assert_eq!(rows.len(), csv.len() - 1, "{what}");
        assert!(rows.iter().any(|row| row[&csv[0][0]] == member), "{what}: {rows:?}");
    }
}

#[test]
fn an_experiment_is_listed_with_how_far_it_is() {
    let bench = Bench::with_a_failed_run();
    let listed = bench.ablate(&["list", "experiments", "--format", "csv"]).expect(0).csv();
    assert_eq!(listed[1][..5], ["diverging", "2", "1", "1", "0"]);
}

/// The four files of a full dataset.
const FILES: [&str; 4] = [
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
];

fn states(bench: &Bench, dataset: &str) -> Vec<(String, String)> {
    let listed = bench.ablate(&["data", "--data", "data", "--format", "csv"]).expect(0).csv();
    assert_eq!(listed[0], ["dataset", "checksum", "file", "state", "where"]);
    let rows = listed.into_iter().filter(|row| row[0] == dataset);
    rows.map(|mut row| (row.remove(3), row.remove(3))).collect()
}

#[test]
fn embedded_data_are_there_and_missing_files_are_named() {
    let bench = Bench::with(&[]);
    for dataset in ["mnist-5k", "fashion-2k"] {
        assert!(states(&bench, dataset).iter().all(|(state, _)| state == "there"));
    }
    for dataset in ["mnist", "fashion-mnist"] {
        for ((state, place), file) in states(&bench, dataset).iter().zip(FILES) {
            assert_eq!(state, "missing");
            assert!(place.contains(&format!("data/{dataset}/{file}")), "{place}");
        }
    }
    bench.ablate(&["data"]).expect(0).says(&["scripts/fetch_data.sh data"]);
}

#[test]
fn files_that_are_not_the_published_ones_are_told_with_both_sums() {
    let bench = Bench::with(&[]);
    fs::create_dir_all(bench.path("data/mnist")).unwrap();
    bench.write("data/mnist/train-images-idx3-ubyte", "nothing like it");
    bench.write("data/mnist/train-labels-idx1-ubyte.gz", [0x1f, 0x8b, 0]);
    let states = states(&bench, "mnist");
    let (state, place) = &states[0];
    assert_eq!(state, "altered");
    assert!(place.contains("expected sha256 ") && place.contains("found "), "{place}");
    let (state, place) = &states[1];
    assert_eq!(state, "broken");
    assert!(place.contains("train-labels-idx1-ubyte.gz"), "{place}");
}

#[test]
fn a_sweep_on_broken_data_trains_nothing_and_says_expected_and_found() {
    let text = SMALL.replace("[grid]", "[grid]\ndataset = \"mnist\"");
    let bench = Bench::with(&[("full.toml", &text)]);
    let sweep = || bench.ablate(&["sweep", "full.toml", "--data", "data"]).expect(1);
    sweep().says(&["train-images-idx3-ubyte is missing", "scripts/fetch_data.sh"]);
    fs::create_dir_all(bench.path("data/mnist")).unwrap();
    let header = [0_u32, 60_000, 28, 28].map(u32::to_be_bytes).concat();
    for file in FILES {
        bench.write(&format!("data/mnist/{file}"), &header);
    }
    let said = sweep().says(&["data/mnist/train-images-idx3-ubyte", "expected ", "found "]);
    assert_eq!(said.stdout, "");
    assert_eq!(crate::store::rows(&bench.store(), "SELECT count(*) FROM run"), ["0"]);
}
