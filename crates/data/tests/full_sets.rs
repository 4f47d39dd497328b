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

/// Mean and scatter, sum of (x - m)(x - m)^T, of all images of both parts. Most pixels are black, so
/// the products of the others are all there is to sum up.
fn scatter(parts: [&Labelled; 2]) -> (Vec<f64>, Vec<f64>) {
    let width = parts[0].images.width();
    let (mut sum, mut products) = (vec![0.0; width], vec![0.0; width * width]);
    let mut n = 0.0;
    for part in parts {
        for i in 0..part.len() {
            let lit: Vec<(usize, f64)> = part
                .images
                .row(i)
                .iter()
                .map(|x| f64::from(*x))
                .enumerate()
                .filter(|(_, x)| *x > 0.0)
                .collect();
            for &(a, x) in &lit {
                sum[a] += x;
                let line = &mut products[a * width..(a + 1) * width];
                lit.iter().for_each(|&(b, y)| line[b] += x * y);
            }
            n += 1.0;
        }
    }
    let mean: Vec<f64> = sum.iter().map(|sum| sum / n).collect();
    for (a, line) in products.chunks_exact_mut(width).enumerate() {
        line.iter_mut().zip(&mean).for_each(|(product, m)| *product -= sum[a] * m);
    }
    (mean, products)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The `k` directions of greatest variance, by orthogonal iteration.
fn principal(scatter: &[f64], k: usize) -> Vec<Vec<f64>> {
    let width = scatter.len().isqrt();
    let number = |i: usize| (i as f64 * 0.618_034).fract() - 0.5;
    let start = |j: usize| (0..width).map(|i| number(i * (j + 1))).collect();
    let mut directions: Vec<Vec<f64>> = (0..k).map(start).collect();
    for _ in 0..60 {
        for j in 0..k {
            let mut moved: Vec<f64> =
                scatter.chunks_exact(width).map(|line| dot(line, &directions[j])).collect();
            for before in &directions[..j] {
                let along = dot(before, &moved);
                moved.iter_mut().zip(before).for_each(|(m, b)| *m -= along * b);
            }
            let length = dot(&moved, &moved).sqrt();
            directions[j] = moved.into_iter().map(|m| m / length).collect();
        }
    }
    directions
}

/// Hinton and Salakhutdinov 2006, Science 313:504, print 13.87: the squared error, summed over the
/// pixels of an image, of the test images rebuilt from the 30 first principal components of the
/// 60000 training images.
#[test]
fn thirty_principal_components_rebuild_mnist_as_well_as_the_literature_says() {
    let Some(folder) = folder("thirty_principal_components_rebuild_mnist") else { return };
    let data = load("mnist", &folder);
    let (mean, scatter) = scatter([&data.train, &data.valid]);
    let directions = principal(&scatter, 30);
    let error = |i: usize| {
        let row = data.test.images.row(i).iter().zip(&mean);
        let centered: Vec<f64> = row.map(|(x, m)| f64::from(*x) - m).collect();
        let kept: f64 = directions.iter().map(|one| dot(one, &centered).powi(2)).sum();
        dot(&centered, &centered) - kept
    };
    let error = (0..data.test.len()).map(error).sum::<f64>() / data.test.len() as f64;
    assert!((error - 13.866).abs() < 0.002, "{error}");
}

/// Those that need no file are held to the byte elsewhere.
#[test]
fn what_is_generated_from_digits_never_changes() {
    let Some(folder) = folder("what_is_generated_from_digits_never_changes") else { return };
    let pinned = [
        ("mnist-basic", 13_880_318_570_651_541),
        ("mnist-rot", 13_384_654_528_711_653),
        ("mnist-bg-rand", 57_043_930_764_636_728),
        ("mnist-bg-img", 51_901_348_793_842_447),
        ("mnist-bg-img-rot", 50_907_086_187_133_034),
    ];
    for (name, expected) in pinned {
        let data = datasets::find(name).expect("it is declared").load(&folder).expect("it is made");
        assert_eq!([data.train.len(), data.valid.len(), data.test.len()], [10_000, 2_000, 50_000]);
        // 256 shades, so sums of whole numbers; weighted, so that no two images can change places.
        let mut sum = 0u64;
        for part in [&data.train, &data.valid, &data.test] {
            for i in 0..part.len() {
                let shades = part.images.row(i).iter().map(|x| (x * 255.0).round() as u64);
                let image: u64 = shades.zip(1..).map(|(shade, place)| shade * place).sum();
                sum += (i as u64 + 1) * (image + u64::from(part.labels[i]));
            }
        }
        assert_eq!(sum, expected, "{name}");
    }
}
