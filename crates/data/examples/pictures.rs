//! Draws the pictures of `CORRUPTIONS.md` and `DATASETS.md` again: `cargo run -p ablate-data --example
//! pictures FOLDER`. It needs the full MNIST, in the folder that ABLATE_DATA names.

use std::fs::File;
use std::path::{Path, PathBuf};

use ablate_data::corruptions::Family;
use ablate_data::{Corruption, Origin, Shape, datasets};

/// Pixels between images, and of the picture for one of an image.
const GAP: usize = 2;
const ZOOM: usize = 2;
const SHAPE: Shape = Shape { rows: 28, columns: 28 };

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("a folder for the pictures"));
    write(&folder.join("corruptions.png"), &corruptions());
    let data = std::env::var_os("ABLATE_DATA").expect("ABLATE_DATA names the folder of mnist");
    write(&folder.join("datasets.png"), &generated(Path::new(&data)));
}

/// A line a generated dataset: its first ten test images.
fn generated(data: &Path) -> Vec<Vec<Vec<f32>>> {
    let made = datasets::ALL.iter().filter(|one| matches!(one.origin, Origin::Generated(_)));
    made.map(|source| {
        let test = source.load(data).expect("the full MNIST is there").test.images;
        (0..10).map(|i| test.row(i).to_vec()).collect()
    })
    .collect()
}

/// A line a corruption of the first two families, the clean digit and then the severities; then the
/// fifteen of MNIST-C, five a line, each line beginning with the clean digit.
fn corruptions() -> Vec<Vec<Vec<f32>>> {
    let source = datasets::find("mnist-5k").expect("the dataset is declared");
    let digits = source.load(Path::new("")).expect("it is embedded").test.images;
    // A five: neither symmetric nor mostly one stroke.
    let clean = digits.row(15).to_vec();
    let corrupted = |corruption: &Corruption, severity: f32| {
        let mut image = clean.clone();
        corruption.apply_to_test(&mut image, SHAPE, severity, 15);
        image
    };
    let mut lines = Vec::new();
    for corruption in Family::Noise.members().chain(Family::Spatial.members()) {
        let graded = corruption.graded().iter().map(|severity| corrupted(corruption, *severity));
        lines.push(std::iter::once(clean.clone()).chain(graded).collect());
    }
    let benchmark: Vec<&Corruption> = Family::MnistC.members().collect();
    for five in benchmark.chunks(5) {
        let images = five.iter().map(|corruption| corrupted(corruption, 1.0));
        lines.push(std::iter::once(clean.clone()).chain(images).collect());
    }
    lines
}

/// Writes lines of images as one grey PNG, black between them being a dark grey.
fn write(path: &Path, lines: &[Vec<Vec<f32>>]) {
    let most = lines.iter().map(Vec::len).max().unwrap_or(0);
    let cell = 28 + GAP;
    let (width, height) = ((most * cell + GAP) * ZOOM, (lines.len() * cell + GAP) * ZOOM);
    let mut grey = vec![96u8; width * height];
    for (line, images) in lines.iter().enumerate() {
        for (place, image) in images.iter().enumerate() {
            for i in 0..28 * ZOOM * 28 * ZOOM {
                let (row, column) = (i / (28 * ZOOM), i % (28 * ZOOM));
                let (top, left) = ((line * cell + GAP) * ZOOM, (place * cell + GAP) * ZOOM);
                let value = image[row / ZOOM * 28 + column / ZOOM].clamp(0.0, 1.0);
                grey[(top + row) * width + left + column] = (value * 255.0).round() as u8;
            }
        }
    }
    let file = File::create(path).expect("the folder is there and can be written to");
    let mut encoder = png::Encoder::new(file, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header().expect("the header is valid");
    writer.write_image_data(&grey).expect("there are width x height pixels");
}
