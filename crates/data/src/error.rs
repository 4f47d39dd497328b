//! What can be wrong with a dataset: each message says where, what was found, and what would be
//! valid.

use std::io;
use std::path::PathBuf;

/// Why a dataset could not be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file is in none of the places where it is looked for.
    #[error(
        "dataset {dataset}: {file} is missing, looked for as {}; {remedy}",
        list(.looked)
    )]
    Missing {
        /// The dataset's name.
        dataset: String,
        /// The file's name.
        file: String,
        /// Every path tried.
        looked: Vec<PathBuf>,
        /// What puts it there.
        remedy: &'static str,
    },
    /// A file is there but cannot be read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is well formed but is not the one that the dataset consists of.
    #[error(
        "{file}: its content is not that of the published file: expected sha256 {expected}, \
         found {found} (both of the unzipped bytes)"
    )]
    Altered {
        /// Which file.
        file: String,
        /// The declared sha256 of the raw bytes.
        expected: &'static str,
        /// The sha256 of the raw bytes found.
        found: String,
    },
    /// A gzip file does not unzip.
    #[error("{file}: is not a whole gzip file: {source}")]
    Gzip {
        /// Which file.
        file: String,
        /// What the decoder says.
        source: io::Error,
    },
    /// A file, or what it unzips to, is larger than any dataset here.
    #[error("{file}: holds more than {limit} bytes, the most that a file of a dataset may hold")]
    TooLarge {
        /// Which file.
        file: String,
        /// The most bytes allowed.
        limit: usize,
    },
    /// The file ends within its header.
    #[error("{file}: expected {expected} bytes of header, found {found} bytes in all")]
    Header {
        /// Which file.
        file: String,
        /// The length of the header.
        expected: usize,
        /// The length of the file.
        found: usize,
    },
    /// The first four bytes are not those of the content expected.
    #[error("{file}: expected {expected}, found {found}")]
    Magic {
        /// Which file.
        file: String,
        /// The content expected and its first four bytes.
        expected: String,
        /// The content found, as far as it is known, and its first four bytes.
        found: String,
    },
    /// The header announces images without a pixel.
    #[error("{file}: its images have {rows} x {columns} pixels, expected at least 1 x 1")]
    NoPixels {
        /// Which file.
        file: String,
        /// Rows announced.
        rows: usize,
        /// Columns announced.
        columns: usize,
    },
    /// The header announces fewer or more bytes than there are.
    #[error(
        "{file}: {}: expected {expected} bytes for {announced}, found {found}",
        if .found < .expected { "truncated" } else { "trailing bytes" }
    )]
    Length {
        /// Which file.
        file: String,
        /// What the header announces.
        announced: String,
        /// Bytes that takes, the header included.
        expected: u64,
        /// Bytes there are.
        found: u64,
    },
    /// Labels and images are not equally many.
    #[error(
        "{labels_file}: expected {images} labels, one an image of {images_file}, found {labels}"
    )]
    Count {
        /// The file of the images.
        images_file: String,
        /// How many images it holds.
        images: usize,
        /// The file of the labels.
        labels_file: String,
        /// How many labels it holds.
        labels: usize,
    },
    /// A label is no class.
    #[error("{file}: label {index} is {label}, expected at most {}", .classes - 1)]
    Label {
        /// Which file.
        file: String,
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: u8,
        /// How many classes there are.
        classes: usize,
    },
    /// What is at a path is no dataset.
    #[error("{}: expected {expected}", .path.display())]
    NoDataset {
        /// Where it is.
        path: PathBuf,
        /// What would be valid.
        expected: &'static str,
    },
    /// A file is no NumPy array, or none that can be read.
    #[error("{file}: is no .npy array that can be read: {problem}")]
    Npy {
        /// Which file.
        file: String,
        /// What is wrong, and what would be valid.
        problem: String,
    },
    /// An archive cannot be unzipped.
    #[error("{file}: is not a whole .npz archive: {problem}")]
    Zip {
        /// Which file.
        file: String,
        /// What the decoder says.
        problem: String,
    },
    /// An archive or a folder lacks an array.
    #[error("{file}: expected {expected}")]
    NoArray {
        /// The archive or the folder.
        file: String,
        /// Which arrays would be valid.
        expected: String,
    },
    /// An array has dimensions of no meaning here.
    #[error("{file}: has the shape {found:?}, expected {expected}")]
    ArrayShape {
        /// Which file.
        file: String,
        /// Its dimensions.
        found: Vec<usize>,
        /// What would be valid.
        expected: &'static str,
    },
    /// An array holds numbers of another type.
    #[error("{file}: holds numbers of {found}, expected {expected}")]
    Dtype {
        /// Which file.
        file: String,
        /// The type, as NumPy calls it.
        found: String,
        /// What would be valid.
        expected: &'static str,
    },
    /// A pixel is no shade of grey.
    #[error("{file}: image {image} has a pixel of {value}, expected numbers from 0 to 1")]
    Pixel {
        /// Which file.
        file: String,
        /// Which image, counted from 0.
        image: usize,
        /// The pixel's value.
        value: f32,
    },
    /// A label can be no class.
    #[error("{file}: label {index} is {label}, expected a whole number from 0 to 255")]
    NoLabel {
        /// Which file.
        file: String,
        /// Which label, counted from 0.
        index: usize,
        /// Its value.
        label: String,
    },
    /// A part of the dataset would be empty.
    #[error(
        "{file}: too few images: {train} to train on, {valid} to validate on and {test} to test on, \
         expected at least one of each"
    )]
    TooFew {
        /// The file of the training images.
        file: String,
        /// Images to train on.
        train: usize,
        /// Images to validate on.
        valid: usize,
        /// Images to test on.
        test: usize,
    },
    /// There is nothing to tell apart.
    #[error("{file}: every label is 0, expected at least two classes")]
    OneClass {
        /// The file of the training images.
        file: String,
    },
    /// Training and test images are not of one size.
    #[error(
        "{file}: its images have {} x {} pixels, expected {} x {} as in {other}",
        .found.rows, .found.columns, .expected.rows, .expected.columns
    )]
    Shapes {
        /// The file of the test images.
        file: String,
        /// The size of its images.
        found: crate::Shape,
        /// The file of the training images.
        other: String,
        /// The size of its images.
        expected: crate::Shape,
    },
}

fn list(paths: &[PathBuf]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    paths.join(" or ")
}
