//! A user's own data, by its path in the experiment file.

use std::fs;

use crate::bench::Bench;

const EXPERIMENT: &str = r#"
[experiment]
question = "Can letters be learned?"
seeds = 2

[grid]
dataset = "../letters/"
width = 8
pretraining = "none"
epochs = 2
batch_size = 5
"#;

fn idx(magic: u32, sizes: &[u32], values: Vec<u8>) -> Vec<u8> {
    let header = [&[magic], sizes].concat().into_iter().flat_map(u32::to_be_bytes);
    header.chain(values).collect()
}

/// 60 images of 4 x 4 in two classes: the left or the right half is bright.
fn write_letters(bench: &Bench, folder: &str, bright: u8) {
    let image = |i: u32| (0..16).map(move |j| if j % 4 / 2 == i % 2 { bright } else { 0 });
    let images = idx(0x803, &[60, 4, 4], (0..60).flat_map(image).collect());
    bench.write(&format!("{folder}/train-images-idx3-ubyte"), images);
    let labels = idx(0x801, &[60], (0..60).map(|i| i % 2).collect());
    bench.write(&format!("{folder}/train-labels-idx1-ubyte"), labels);
}

fn with_letters() -> Bench {
    let bench = Bench::with(&[("experiments/own.toml", EXPERIMENT)]);
    write_letters(&bench, "letters", 255);
    bench
}

fn to_run(bench: &Bench, file: &str) -> u64 {
    let plan = bench.ablate(&["plan", file, "--format", "json"]).expect(0).json();
    plan["to_run"].as_u64().unwrap()
}

#[test]
fn own_data_are_trained_on_asked_about_by_name_and_verified() {
    let bench = with_letters();
    bench.ablate(&["sweep", "experiments/own.toml"]).expect(0);
    assert_eq!(to_run(&bench, "experiments/own.toml"), 0);
    bench.ablate(&["table", "own"]).expect(0).prints(&["2 seeds"]);
    let run = bench.ask("seed == 0", "id");
    bench.ablate(&["verify", &run]).expect(0).prints(&["equal to the bit"]);
}

#[test]
fn what_is_moved_with_its_experiment_is_the_same_and_other_content_is_not() {
    let bench = with_letters();
    bench.ablate(&["sweep", "experiments/own.toml"]).expect(0);
    fs::create_dir(bench.path("moved")).unwrap();
    fs::rename(bench.path("letters"), bench.path("moved/letters")).unwrap();
    bench.write("moved/experiments/own.toml", EXPERIMENT);
    assert_eq!(to_run(&bench, "moved/experiments/own.toml"), 0);
    let run = bench.ask("seed == 0", "id");
    let gone = format!("run {run} was trained on ../letters/");
    for command in
        [&["verify", &run][..], &["filters", &run], &["probe", &run, "--probe", "linear"]]
    {
        bench.ablate(command).expect(1).says(&[&gone]);
    }
    write_letters(&bench, "moved/letters", 254);
    assert_eq!(to_run(&bench, "moved/experiments/own.toml"), 2);
    write_letters(&bench, "letters", 254);
    let other = ["../letters/ is no longer what it was trained on: checksum "];
    bench.ablate(&["verify", &run]).expect(1).says(&other);
}

#[test]
fn what_cannot_be_read_is_said_before_anything_is_trained() {
    let bench = with_letters();
    fs::remove_file(bench.path("letters/train-labels-idx1-ubyte")).unwrap();
    let missing = bench.ablate(&["sweep", "experiments/own.toml"]).expect(1);
    missing.says(&["train-labels-idx1-ubyte is missing", "labels stand beside their images"]);
    write_letters(&bench, "letters", 255);
    let many = ["plan", "experiments/own.toml", "--set", "train_size=50"];
    bench.ablate(&many).expect(2).says(&["train_size is 50, but ../letters/ has 42 training"]);
    let many = ["plan", "experiments/own.toml", "--set", "test_size=5000"];
    bench.ablate(&many).expect(2).says(&["test_size is 5000, but ../letters/ has", "test images"]);
    let nowhere = ["plan", "experiments/own.toml", "--set", "dataset=./letters.npz"];
    bench.ablate(&nowhere).expect(1).says(&["letters.npz: cannot be read: "]);
}

#[test]
fn a_name_that_is_no_path_is_still_corrected() {
    let bench = with_letters();
    let typo = ["plan", "experiments/own.toml", "--set", "dataset=mnist-6k"];
    bench.ablate(&typo).expect(2).says(&["did you mean \"mnist-5k\"?", "or a path (with a /"]);
}
