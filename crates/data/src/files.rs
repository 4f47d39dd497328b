//! Four published IDX files: images and labels, for training and for testing, embedded in the program
//! or in a folder, each known by the sha256 of its raw bytes, and the rule that splits validation
//! images off the training ones.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::idx;
use crate::images::Shape;
use crate::source::{Source, sha256};

/// The files of a dataset.
#[derive(Clone, Debug)]
pub struct Files {
    /// How many images the training files hold.
    pub train_images_count: usize,
    /// How many images the test files hold.
    pub test_images_count: usize,
    /// One in this many images of the training files is a validation image, at least 2; see
    /// [`is_valid`] for which.
    pub valid_every: usize,
    /// The images that are split into training and validation images.
    pub train_images: SourceFile,
    /// Their labels.
    pub train_labels: SourceFile,
    /// The test images.
    pub test_images: SourceFile,
    /// Their labels.
    pub test_labels: SourceFile,
}

/// One IDX file of a dataset.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Its published name, without `.gz`.
    pub name: &'static str,
    /// The sha256 of its raw (unzipped) bytes, 64 hexadecimal digits.
    pub sha256: &'static str,
    /// Where its bytes are.
    pub place: Place,
}

/// Where the bytes of a file are.
#[derive(Clone, Debug)]
pub enum Place {
    /// In the program, gzipped.
    Embedded(&'static [u8]),
    /// In the folder of the dataset, plain or gzipped.
    Folder,
}

/// What the files hold, one byte a pixel and a label.
pub(crate) struct Contents<'a> {
    pub(crate) shape: Shape,
    pub(crate) train: Labelling<'a>,
    pub(crate) test: Labelling<'a>,
}

/// Images and, for each, its label.
#[derive(Clone, Copy)]
pub(crate) struct Labelling<'a> {
    pub(crate) pixels: &'a [u8],
    pub(crate) labels: &'a [u8],
}

impl Files {
    /// The four files: training images and labels, test images and labels.
    pub fn all(&self) -> [&SourceFile; 4] {
        [&self.train_images, &self.train_labels, &self.test_images, &self.test_labels]
    }

    /// How many images are left to train on once the validation images are split off.
    pub(crate) fn train_len(&self) -> usize {
        (0..self.train_images_count).filter(|&i| !is_valid(i, self.valid_every)).count()
    }

    /// Reads and verifies the files of `source` and gives what they hold to `then`.
    pub(crate) fn read<T>(
        &self,
        source: &Source,
        dir: &Path,
        then: impl FnOnce(Contents<'_>) -> T,
    ) -> Result<T, DataError> {
        let files = self.all().map(|file| Files::file(source, file, dir));
        let [train_images, train_labels, test_images, test_labels] = files;
        let (train_images, train_labels) = (train_images?, train_labels?);
        let (test_images, test_labels) = (test_images?, test_labels?);

        let (shape, train) = pair(source.classes, &train_images, &train_labels)?;
        let (test_shape, test) = pair(source.classes, &test_images, &test_labels)?;
        if test_shape != shape {
            return Err(DataError::Shapes {
                file: test_images.title,
                found: test_shape,
                other: train_images.title,
                expected: shape,
            });
        }
        // Only now, so that a truncated file is called truncated.
        for content in [&train_images, &train_labels, &test_images, &test_labels] {
            content.verify()?;
        }
        Ok(then(Contents { shape, train, test }))
    }

    /// Every path under which a file is looked for, in this order.
    pub(crate) fn candidates(source: &Source, file: &SourceFile, dir: &Path) -> Vec<PathBuf> {
        let folder = dir.join(source.name);
        spellings(file.name).into_iter().map(|name| folder.join(name)).collect()
    }

    /// The raw bytes of `file`, not verified yet.
    fn file<'a>(
        source: &Source,
        file: &'a SourceFile,
        dir: &Path,
    ) -> Result<Content<'a>, DataError> {
        match file.place {
            Place::Embedded(bytes) => {
                let title = format!("{} (embedded)", file.name);
                let raw = idx::unzip(&title, bytes)?;
                Ok(Content { file, title, raw })
            }
            Place::Folder => {
                let looked = Files::candidates(source, file, dir);
                match looked.iter().find(|path| path.exists()) {
                    Some(path) => Ok(Content {
                        file,
                        title: path.display().to_string(),
                        raw: Cow::Owned(read_raw(path)?),
                    }),
                    None => Err(DataError::Missing {
                        dataset: source.name.to_owned(),
                        file: file.name.to_owned(),
                        looked,
                        remedy: "scripts/fetch_data.sh puts it there",
                    }),
                }
            }
        }
    }
}

/// The names under which the file `name` is looked for, plain and gzipped; some mirrors write a dot
/// before "idx": train-images.idx3-ubyte.
pub(crate) fn spellings(name: &str) -> [String; 4] {
    let dotted = name.replace("-idx", ".idx");
    [name.to_owned(), format!("{name}.gz"), dotted.clone(), format!("{dotted}.gz")]
}

/// Whether image `i` is one of those split off, one in `k`: i % k = floor(i / k) % k, so each run
/// of k images gives one, from another place in every run. A plain stride would not do: the training
/// images of MNIST alternate between two groups of writers, the even ones much harder than the odd
/// ones (the nearest of 5000 neighbors is wrong for 7.9 % and 2.9 % of them), and every sixth image
/// would be of one group only.
pub fn is_valid(i: usize, k: usize) -> bool {
    i % k == i / k % k
}

/// Images and their labels, as many and of known classes.
fn pair<'a>(
    classes: usize,
    images: &'a Content<'_>,
    labels: &'a Content<'_>,
) -> Result<(Shape, Labelling<'a>), DataError> {
    let (images_file, labels_file) = (images.title.clone(), labels.title.clone());
    let (shape, pixels) = idx::images(&images.title, &images.raw)?;
    let labels = idx::labels(&labels.title, &labels.raw)?;
    let images = pixels.len() / shape.pixels();
    if labels.len() != images {
        let labels = labels.len();
        return Err(DataError::Count { images_file, images, labels_file, labels });
    }
    if let Some(index) = labels.iter().position(|label| usize::from(*label) >= classes) {
        let label = labels[index];
        return Err(DataError::Label { file: labels_file, index, label, classes });
    }
    Ok((shape, Labelling { pixels, labels }))
}

/// The raw bytes of a file, and what errors call it.
struct Content<'a> {
    file: &'a SourceFile,
    title: String,
    raw: Cow<'a, [u8]>,
}

impl Content<'_> {
    fn verify(&self) -> Result<(), DataError> {
        let found = sha256(&self.raw);
        if found == self.file.sha256 {
            return Ok(());
        }
        Err(DataError::Altered { file: self.title.clone(), expected: self.file.sha256, found })
    }
}

/// The raw bytes of the file at `path`.
pub(crate) fn read_raw(path: &Path) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    // One byte more than may be, so that a longer file is seen to be too long.
    File::open(path)
        .and_then(|file| file.take(idx::LIMIT as u64 + 1).read_to_end(&mut bytes))
        .map_err(|source| DataError::Unreadable { path: path.to_owned(), source })?;
    match idx::unzip(&path.display().to_string(), &bytes)? {
        Cow::Owned(raw) => Ok(raw),
        Cow::Borrowed(_) => Ok(bytes),
    }
}
