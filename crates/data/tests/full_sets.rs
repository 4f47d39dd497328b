//! The full datasets, where the environment variable ABLATE_DATA names the folder that
//! `scripts/fetch_data.sh` filled; skipped, and said to be, where it does not.

use std::io::Write;
use std::path::{Path, PathBuf};

use ablate_data::{Dataset, FileState, Labelled, datasets};

/// The folder, or nothing, with a line on the terminal even where output is captured.
fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("ABLATE_DATA").map(PathBuf::from);
    if folder.is_none() {
        let line = format!("SKIPPED {test}: ABLATE_DATA names no folder with the full datasets\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr is open");
    }
    folder
}

/// Mean and standard deviation over all pixels of both parts.
fn moments(parts: [&Labelled; 2]) -> (f64, f64) {
    let pixels = || parts.into_iter().flat_map(|part| part.images.pixels());
    let n = pixels().count() as f64;
    let mean = pixels().map(|pixel| f64::from(*pixel)).sum::<f64>() / n;
    let square = pixels().map(|pixel| f64::from(*pixel).powi(2)).sum::<f64>() / n;
    (mean, (square - mean * mean).sqrt())
}

fn load(name: &str, folder: &Path) -> Dataset {
    let source = datasets::find(name).expect("a dataset of this name is declared");
    for file in source.status(folder) {
        assert!(matches!(file.state, FileState::Right { .. }), "{file:?}");
    }
    let data = source.load(folder).expect("every file is right");
    assert_eq!([data.train.len(), data.valid.len(), data.test.len()], [50_000, 10_000, 10_000]);
    data
}

/// Means and deviations of the 60000 training images as they are commonly printed: MNIST 0.1307 and
/// 0.3081, Fashion-MNIST 0.2860 and 0.3530.
#[test]
fn the_full_sets_have_the_moments_that_are_known_of_them() {
    let Some(folder) = folder("the_full_sets_have_the_moments_that_are_known_of_them") else {
        return;
    };
    for (name, mean, deviation) in [("mnist", 0.1307, 0.3081), ("fashion-mnist", 0.2860, 0.3530)] {
        let data = load(name, &folder);
        let found = moments([&data.train, &data.valid]);
        assert!((found.0 - mean).abs() < 6e-5, "{name}: {found:?}");
        assert!((found.1 - deviation).abs() < 6e-5, "{name}: {found:?}");
    }
}

/// MNIST's training images alternate between two groups of writers; those with an even number have
/// a mean of 0.1227, the others one of 0.1386. Training and validation images are of both alike.
#[test]
fn validation_digits_are_like_training_digits() {
    let Some(folder) = folder("validation_digits_are_like_training_digits") else { return };
    let data = load("mnist", &folder);
    let (train, _) = moments([&data.train, &data.train]);
    let (valid, _) = moments([&data.valid, &data.valid]);
    assert!((train - valid).abs() < 0.002, "{train} {valid}");
}
