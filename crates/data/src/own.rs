//! A user's own data, by path: a folder of IDX files (plain or gzipped, named as MNIST's are), a folder
//! of `.npy` arrays, an `.npz` archive of such arrays, or an `.npy` of images with its labels beside
//! it. Images are `uint8`, or `float32` or `float64` in [0, 1], of N x rows x columns, or N x D for what lies in
//! no plane; labels are whole numbers from 0 to 255.
//!
//! What has no test images gives up one image in six for them, and what is left, if it has no
//! validation images, one in six for those; which, says [`is_valid`]. The checksum is that of pixels,
//! labels and splits: neither where the data lies nor the format it is kept in is part of it.

use std::fs::{self, File};
use std::io::{Cursor, Read};
use std::path::Path;

use sha2::{Digest, Sha256};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::DataError;
use crate::files::{is_valid, read_raw, spellings};
use crate::idx;
use crate::images::{Dataset, Images, Labelled, Shape};
use crate::npy::{Array, Kind};

/// One image in this many is split off.
const SPLIT_OFF: usize = 6;

/// The names under which images and labels are kept, in the order in which they are looked for.
const TRAIN: &[(&str, &str)] = &[
    ("train_images", "train_labels"),
    ("x_train", "y_train"),
    ("images", "labels"),
    ("X", "y"),
    ("x", "y"),
    ("data", "target"),
];
const VALID: &[(&str, &str)] = &[
    ("valid_images", "valid_labels"),
    ("val_images", "val_labels"),
    ("x_valid", "y_valid"),
    ("x_val", "y_val"),
];
const TEST: &[(&str, &str)] = &[("test_images", "test_labels"), ("x_test", "y_test")];

/// What a path without a `/` ends in.
pub const ENDINGS: &[&str] = &[".npz", ".npy"];

/// Whether the name of a dataset is a path rather than a registered name.
pub fn is_path(name: &str) -> bool {
    name.contains('/') || ENDINGS.iter().any(|end| name.ends_with(end))
}

/// Reads the data at `path`, which is called `name`.
///
/// # Errors
/// What is missing, malformed or not as it should be, with its place and what would be valid.
pub fn load(name: &str, path: &Path) -> Result<Dataset, DataError> {
    let parts = if path.is_dir() {
        in_folder(path)?
    } else if path.extension().is_some_and(|extension| extension == "npz") {
        in_archive(path)?
    } else if path.extension().is_some_and(|extension| extension == "npy") {
        beside_each_other(path)?
    } else if path.exists() {
        let (path, expected) = (path.to_owned(), "a folder, an .npz or an .npy file");
        return Err(DataError::NoDataset { path, expected });
    } else {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(DataError::Unreadable { path: path.to_owned(), source });
    };
    parts.dataset(name)
}

/// The parts that there are.
struct Parts {
    train: Part,
    valid: Option<Part>,
    test: Option<Part>,
}

/// Images with their labels, and what errors call them.
struct Part {
    file: String,
    labelled: Labelled,
}

impl Parts {
    fn dataset(self, name: &str) -> Result<Dataset, DataError> {
        let file = self.train.file;
        let parts = [&self.valid, &self.test];
        for part in parts.into_iter().flatten() {
            let (found, expected) =
                (part.labelled.images.shape(), self.train.labelled.images.shape());
            if found != expected {
                let (file, other) = (part.file.clone(), file);
                return Err(DataError::Shapes { file, found, other, expected });
            }
        }
        let (train, test) = match self.test {
            Some(test) => (self.train.labelled, test.labelled),
            None => split_off(&self.train.labelled),
        };
        let (train, valid) = match self.valid {
            Some(valid) => (train, valid.labelled),
            None => split_off(&train),
        };
        if train.is_empty() || valid.is_empty() || test.is_empty() {
            let [train, valid, test] = [train.len(), valid.len(), test.len()];
            return Err(DataError::TooFew { file, train, valid, test });
        }
        let labels = [&train, &valid, &test].into_iter().flat_map(|part| &part.labels);
        let classes = usize::from(labels.copied().max().unwrap_or(0)) + 1;
        if classes < 2 {
            return Err(DataError::OneClass { file });
        }
        let checksum = checksum([&train, &valid, &test]);
        Ok(Dataset { name: name.to_owned(), classes, train, valid, test, checksum })
    }
}

/// What is left, and one in six.
fn split_off(from: &Labelled) -> (Labelled, Labelled) {
    let take = |wanted: &dyn Fn(usize) -> bool| {
        let numbers: Vec<usize> = (0..from.len()).filter(|i| wanted(*i)).collect();
        let pixels = numbers.iter().flat_map(|i| from.images.row(*i)).copied().collect();
        Labelled {
            images: Images::new(from.images.shape(), pixels),
            labels: numbers.iter().map(|i| from.labels[*i]).collect(),
        }
    };
    (take(&|i| !is_valid(i, SPLIT_OFF)), take(&|i| is_valid(i, SPLIT_OFF)))
}

/// Sixteen hexadecimal digits that name shape, pixels, labels and splits.
fn checksum(parts: [&Labelled; 3]) -> String {
    let mut hash = Sha256::new_with_prefix(b"own dataset 1\n");
    for part in parts {
        let Shape { rows, columns } = part.images.shape();
        for size in [part.len(), rows, columns] {
            hash.update((size as u64).to_le_bytes());
        }
        let mut bytes = Vec::new();
        for pixels in part.images.pixels().chunks(1 << 16) {
            bytes.clear();
            bytes.extend(pixels.iter().flat_map(|pixel| pixel.to_le_bytes()));
            hash.update(&bytes);
        }
        hash.update(&part.labels);
    }
    hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// IDX files, or else arrays.
fn in_folder(folder: &Path) -> Result<Parts, DataError> {
    let find = |name: &str| {
        spellings(name).into_iter().map(|name| folder.join(name)).find(|path| path.is_file())
    };
    let pair = |start: &str| -> Result<Option<Part>, DataError> {
        let Some(images) = find(&format!("{start}-images-idx3-ubyte")) else { return Ok(None) };
        let name = format!("{start}-labels-idx1-ubyte");
        let labels = find(&name).ok_or_else(|| DataError::Missing {
            dataset: folder.display().to_string(),
            looked: vec![folder.join(&name), folder.join(format!("{name}.gz"))],
            file: name,
            remedy: "labels stand beside their images",
        })?;
        idx_part(&images, &labels).map(Some)
    };
    if let Some(train) = pair("train")? {
        return Ok(Parts { train, valid: pair("valid")?, test: pair("t10k")? });
    }
    arrays(&folder.display().to_string(), &mut |key| {
        let path = folder.join(format!("{key}.npy"));
        if !path.is_file() {
            return Ok(None);
        }
        Ok(Some((path.display().to_string(), read(&path)?)))
    })
}

fn idx_part(images: &Path, labels: &Path) -> Result<Part, DataError> {
    let file = images.display().to_string();
    let raw = read_raw(images)?;
    let (shape, pixels) = idx::images(&file, &raw)?;
    let images = Images::from_bytes(shape, pixels);
    let labels_file = labels.display().to_string();
    let raw = read_raw(labels)?;
    let labels = idx::labels(&labels_file, &raw)?.to_vec();
    part(file, images, labels_file, labels)
}

/// An archive of arrays.
fn in_archive(path: &Path) -> Result<Parts, DataError> {
    let file = path.display().to_string();
    let bytes = read(path)?;
    let broken = |error: &dyn std::fmt::Display| DataError::Zip {
        file: file.clone(),
        problem: error.to_string(),
    };
    let mut archive = ZipArchive::new(Cursor::new(&bytes)).map_err(|error| broken(&error))?;
    arrays(&file, &mut |key| {
        let member = format!("{key}.npy");
        let unzipped = match archive.by_name(&member) {
            Ok(unzipped) => unzipped,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(broken(&error)),
        };
        let title = format!("{file}, {member}");
        let raw = read_within(idx::LIMIT, &title, unzipped, |error| broken(&error))?;
        Ok(Some((title, raw)))
    })
}

/// Two arrays: `...images....npy` and `...labels....npy`.
fn beside_each_other(images: &Path) -> Result<Parts, DataError> {
    let name = images.file_name().unwrap_or_default().to_string_lossy();
    let Some((start, end)) = name.rsplit_once("images") else {
        let (path, expected) =
            (images.to_owned(), "a name with `images` in it, beside a file with `labels` there");
        return Err(DataError::NoDataset { path, expected });
    };
    let labels = images.with_file_name(format!("{start}labels{end}"));
    let (images_file, labels_file) = (images.display().to_string(), labels.display().to_string());
    let train = array_part((images_file, read(images)?), (labels_file, read(&labels)?))?;
    Ok(Parts { train, valid: None, test: None })
}

/// An array's name in messages, and its bytes, header included.
type Named = (String, Vec<u8>);

/// The parts among the arrays that `get` finds by their key.
fn arrays(
    file: &str,
    get: &mut dyn FnMut(&str) -> Result<Option<Named>, DataError>,
) -> Result<Parts, DataError> {
    let mut find = |keys: &[(&str, &str)]| -> Result<Option<Part>, DataError> {
        for (images, labels) in keys {
            let Some(images) = get(images)? else { continue };
            let labels = get(labels)?.ok_or_else(|| DataError::NoArray {
                file: file.to_owned(),
                expected: format!("{labels}, the labels of what is in {}", images.0),
            })?;
            return array_part(images, labels).map(Some);
        }
        Ok(None)
    };
    let train = find(TRAIN)?.ok_or_else(|| {
        let pairs: Vec<String> =
            TRAIN.iter().map(|(images, labels)| format!("{images} and {labels}")).collect();
        DataError::NoArray { file: file.to_owned(), expected: pairs.join(", or ") }
    })?;
    Ok(Parts { train, valid: find(VALID)?, test: find(TEST)? })
}

fn array_part(images: Named, labels: Named) -> Result<Part, DataError> {
    let found = images_of(&Array::parse(&images.0, &images.1)?)?;
    let classes = labels_of(&Array::parse(&labels.0, &labels.1)?)?;
    part(images.0, found, labels.0, classes)
}

fn part(
    images_file: String,
    images: Images,
    labels_file: String,
    labels: Vec<u8>,
) -> Result<Part, DataError> {
    if images.len() != labels.len() {
        let (images, labels) = (images.len(), labels.len());
        return Err(DataError::Count { images_file, images, labels_file, labels });
    }
    Ok(Part { file: images_file, labelled: Labelled { images, labels } })
}

fn images_of(array: &Array<'_>) -> Result<Images, DataError> {
    let shape = match array.shape[..] {
        [_, rows, columns] if rows > 0 && columns > 0 => Shape { rows, columns },
        [_, width] if width > 0 => Shape::flat(width),
        _ => {
            return Err(DataError::ArrayShape {
                file: array.file.clone(),
                found: array.shape.clone(),
                expected: "images of N x rows x columns, or N x D",
            });
        }
    };
    if (array.kind, array.width) == (Kind::Unsigned, 1) {
        return Ok(Images::from_bytes(shape, array.bytes));
    }
    let file = || array.file.clone();
    let pixels = array.floats().ok_or_else(|| DataError::Dtype {
        file: file(),
        found: array.dtype(),
        expected: "images of uint8, or of float32 or float64 from 0 to 1",
    })?;
    match pixels.iter().position(|pixel| !(0.0..=1.0).contains(pixel)) {
        None => Ok(Images::new(shape, pixels)),
        Some(i) => {
            let (image, value) = (i / shape.pixels(), pixels[i]);
            Err(DataError::Pixel { file: file(), image, value })
        }
    }
}

fn labels_of(array: &Array<'_>) -> Result<Vec<u8>, DataError> {
    let (count, _) = match array.shape[..] {
        [count] => (count, 1),
        [count, 1] => (count, 1),
        _ => {
            return Err(DataError::ArrayShape {
                file: array.file.clone(),
                found: array.shape.clone(),
                expected: "one label an image: N, or N x 1",
            });
        }
    };
    if array.kind == Kind::Float {
        return Err(DataError::Dtype {
            file: array.file.clone(),
            found: array.dtype(),
            expected: "labels of whole numbers",
        });
    }
    (0..count)
        .map(|index| {
            let label = array.whole(index);
            label.and_then(|label| u8::try_from(label).ok()).ok_or_else(|| DataError::NoLabel {
                file: array.file.clone(),
                index,
                label: label.map_or_else(|| "a number of 64 bits".to_owned(), |n| n.to_string()),
            })
        })
        .collect()
}

/// The bytes of a plain file.
fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    let unreadable = |source| DataError::Unreadable { path: path.to_owned(), source };
    // Opening what is no file may wait for ever.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        let (path, expected) = (path.to_owned(), "a file");
        return Err(DataError::NoDataset { path, expected });
    }
    let file = File::open(path).map_err(unreadable)?;
    read_within(idx::LIMIT, &path.display().to_string(), file, unreadable)
}

/// All that `from` holds, if that is at most `limit` bytes.
fn read_within(
    limit: usize,
    file: &str,
    from: impl Read,
    unreadable: impl Fn(std::io::Error) -> DataError,
) -> Result<Vec<u8>, DataError> {
    let mut bytes = Vec::new();
    // One byte more than may be, so that a longer one is seen to be too long.
    from.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(DataError::TooLarge { file: file.to_owned(), limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
