//! Where a dataset comes from: four IDX files (images and labels, for training and for testing),
//! embedded in the program or in a folder, each known by the sha256 of its raw bytes, and the rule
//! that splits validation images off the training ones.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::DataError;
use crate::idx;
use crate::images::{Dataset, Images, Labelled, Shape};

/// A dataset's declaration.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its one name: lower case letters, digits and hyphens; also the name of its folder.
    pub name: &'static str,
    /// One line: what it holds.
    pub summary: &'static str,
    /// Whose it is, and under which licence.
    pub licence: &'static str,
    /// How many classes there are; labels are below this.
    pub classes: usize,
    /// How many images the training files hold.
    pub train_images_count: usize,
    /// One in this many images of the training files is a validation image, at least 2; see
    /// [`Source::is_valid`] for which.
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

impl Source {
    /// How many images are left to train on once the validation images are split off.
    pub fn train_len(&self) -> usize {
        (0..self.train_images_count).filter(|&i| !self.is_valid(i)).count()
    }

    /// The four files: training images and labels, test images and labels.
    pub fn files(&self) -> [&SourceFile; 4] {
        [&self.train_images, &self.train_labels, &self.test_images, &self.test_labels]
    }

    /// Sixteen hexadecimal digits that name what [`Source::load`] returns: a hash of the declared
    /// hashes of the files and of the rule that splits them. No file is read.
    pub fn checksum(&self) -> String {
        let mut identity = format!("dataset 1\ndiagonal {}\n", self.valid_every);
        for file in self.files() {
            identity.push_str(file.sha256);
            identity.push('\n');
        }
        let mut digits = sha256(identity.as_bytes());
        digits.truncate(16);
        digits
    }

    /// Reads, verifies and splits the dataset; `dir` is the folder that holds one folder a dataset,
    /// and plays no part for an embedded one. The error names the file that is missing, malformed
    /// or not the published one.
    pub fn load(&self, dir: &Path) -> Result<Dataset, DataError> {
        let train_images = self.read(&self.train_images, dir)?;
        let train_labels = self.read(&self.train_labels, dir)?;
        let test_images = self.read(&self.test_images, dir)?;
        let test_labels = self.read(&self.test_labels, dir)?;

        let (shape, pixels, labels) = self.pair(&train_images, &train_labels)?;
        let (test_shape, test_pixels, test_classes) = self.pair(&test_images, &test_labels)?;
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

        Ok(Dataset {
            name: self.name.to_owned(),
            classes: self.classes,
            train: select(shape, pixels, labels, |i| !self.is_valid(i)),
            valid: select(shape, pixels, labels, |i| self.is_valid(i)),
            test: select(shape, test_pixels, test_classes, |_| true),
            checksum: self.checksum(),
        })
    }

    /// Whether image `i` of the training files is a validation image: i % k = floor(i / k) % k with
    /// k = [`Source::valid_every`], so each run of k images gives one, from another place in every
    /// run. A plain stride would not do: the training images of MNIST alternate between two groups
    /// of writers, the even ones much harder than the odd ones (the nearest of 5000 neighbors is
    /// wrong for 7.9 % and 2.9 % of them), and every sixth image would be of one group only.
    pub fn is_valid(&self, i: usize) -> bool {
        i % self.valid_every == i / self.valid_every % self.valid_every
    }

    /// Every path under which a file is looked for, in this order.
    pub(crate) fn candidates(&self, file: &SourceFile, dir: &Path) -> Vec<PathBuf> {
        let folder = dir.join(self.name);
        // Some mirrors write a dot before "idx": train-images.idx3-ubyte.
        let dotted = file.name.replace("-idx", ".idx");
        [file.name, &dotted]
            .iter()
            .flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))])
            .collect()
    }

    /// The raw bytes of `file`, not verified yet.
    fn read<'a>(&'a self, file: &'a SourceFile, dir: &Path) -> Result<Content<'a>, DataError> {
        match file.place {
            Place::Embedded(bytes) => {
                let title = format!("{} (embedded)", file.name);
                let raw = idx::unzip(&title, bytes)?;
                Ok(Content { file, title, raw })
            }
            Place::Folder => {
                let looked = self.candidates(file, dir);
                match looked.iter().find(|path| path.exists()) {
                    Some(path) => Ok(Content {
                        file,
                        title: path.display().to_string(),
                        raw: Cow::Owned(read_raw(path)?),
                    }),
                    None => Err(DataError::Missing {
                        dataset: self.name.to_owned(),
                        file: file.name.to_owned(),
                        looked,
                    }),
                }
            }
        }
    }

    /// Images and their labels, as many and of known classes.
    fn pair<'a>(
        &self,
        images: &'a Content<'_>,
        labels: &'a Content<'_>,
    ) -> Result<(Shape, &'a [u8], &'a [u8]), DataError> {
        let (shape, pixels) = idx::images(&images.title, &images.raw)?;
        let classes = idx::labels(&labels.title, &labels.raw)?;
        let count = pixels.len() / shape.pixels();
        if classes.len() != count {
            return Err(DataError::Count {
                images_file: images.title.clone(),
                images: count,
                labels_file: labels.title.clone(),
                labels: classes.len(),
            });
        }
        let stranger = classes.iter().position(|label| usize::from(*label) >= self.classes);
        if let Some(index) = stranger {
            return Err(DataError::Label {
                file: labels.title.clone(),
                index,
                label: classes[index],
                classes: self.classes,
            });
        }
        Ok((shape, pixels, classes))
    }
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

/// The images whose number is `wanted`, with their labels.
fn select(shape: Shape, pixels: &[u8], labels: &[u8], wanted: impl Fn(usize) -> bool) -> Labelled {
    let mut bytes = Vec::new();
    let mut classes = Vec::new();
    for (i, (image, label)) in pixels.chunks_exact(shape.pixels()).zip(labels).enumerate() {
        if wanted(i) {
            bytes.extend_from_slice(image);
            classes.push(*label);
        }
    }
    Labelled { images: Images::from_bytes(shape, &bytes), labels: classes }
}

/// 64 hexadecimal digits.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    pub(crate) const NAMES: [&str; 4] = [
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];

    fn idx(magic: u32, sizes: &[u32], values: &[u8]) -> Vec<u8> {
        let numbers = [&[magic], sizes].concat();
        let header = numbers.into_iter().flat_map(u32::to_be_bytes);
        header.chain(values.iter().copied()).collect()
    }

    /// Six training images of 1 x 2 and two test images, the image numbered i being (i, 100 + i).
    pub(crate) fn contents() -> [Vec<u8>; 4] {
        let pixels = |n: u8| (0..n).flat_map(|i| [i, 100 + i]).collect::<Vec<u8>>();
        [
            idx(0x803, &[6, 1, 2], &pixels(6)),
            idx(0x801, &[6], &[0, 1, 2, 0, 1, 2]),
            idx(0x803, &[2, 1, 2], &pixels(2)),
            idx(0x801, &[2], &[2, 1]),
        ]
    }

    /// A dataset "tiny" that consists of `contents`, which are written to a folder.
    pub(crate) fn tiny(contents: &[Vec<u8>; 4]) -> (&'static Source, tempfile::TempDir) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tiny")).unwrap();
        let file = |i: usize| {
            fs::write(dir.path().join("tiny").join(NAMES[i]), &contents[i]).unwrap();
            let sha256: &'static str = sha256(&contents[i]).leak();
            SourceFile { name: NAMES[i], sha256, place: Place::Folder }
        };
        let source = Source {
            name: "tiny",
            summary: "a dataset for tests",
            licence: "none",
            classes: 3,
            train_images_count: 7,
            valid_every: 3,
            train_images: file(0),
            train_labels: file(1),
            test_images: file(2),
            test_labels: file(3),
        };
        (Box::leak(Box::new(source)), dir)
    }

    /// The message of loading "tiny" with file `i` replaced by `bytes`, without its folder's name.
    fn message_with(i: usize, bytes: &[u8]) -> String {
        let (source, dir) = tiny(&contents());
        fs::write(dir.path().join("tiny").join(NAMES[i]), bytes).unwrap();
        let message = source.load(dir.path()).unwrap_err().to_string();
        message.replace(&dir.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_dataset_is_split_on_the_diagonal() {
        let (source, dir) = tiny(&contents());
        let data = source.load(dir.path()).unwrap();
        assert_eq!(data.name, "tiny");
        assert_eq!(data.checksum, source.checksum());
        // Image 0 of the first three and image 1 of the second three, which is number 4.
        let bytes = |split: &Labelled| -> Vec<u8> {
            split.images.pixels().iter().map(|pixel| (pixel * 255.0).round() as u8).collect()
        };
        assert_eq!(bytes(&data.valid), [0, 100, 4, 104]);
        assert_eq!(data.valid.labels, [0, 1]);
        assert_eq!(bytes(&data.train), [1, 101, 2, 102, 3, 103, 5, 105]);
        assert_eq!(data.train.labels, [1, 2, 0, 2]);
        assert_eq!(bytes(&data.test), [0, 100, 1, 101]);
        assert_eq!(data.test.labels, [2, 1]);
    }

    #[test]
    fn validation_images_come_from_every_place_in_a_period() {
        let (source, _dir) = tiny(&contents());
        for k in 2..9 {
            let source = Source { valid_every: k, ..source.clone() };
            let mut places = vec![0; k];
            for i in (0..k * k).filter(|i| source.is_valid(*i)) {
                places[i % k] += 1;
            }
            assert_eq!(places, vec![1; k]);
        }
    }

    #[test]
    fn the_checksum_tells_apart_content_and_split_but_not_where_files_are() {
        let (source, _dir) = tiny(&contents());
        let base = source.checksum();
        assert_eq!(base.len(), 16);
        assert_eq!(Source { name: "other", ..source.clone() }.checksum(), base);
        assert_ne!(Source { valid_every: 4, ..source.clone() }.checksum(), base);
        let mut swapped = source.clone();
        std::mem::swap(&mut swapped.train_images, &mut swapped.test_images);
        assert_ne!(swapped.checksum(), base);
    }

    #[test]
    fn files_are_found_plain_gzipped_and_with_a_dot() {
        let (source, dir) = tiny(&contents());
        let folder = dir.path().join("tiny");
        let zip = |from: &str, to: &str| {
            let file = File::create(folder.join(to)).unwrap();
            let mut encoder = GzEncoder::new(file, Compression::fast());
            encoder.write_all(&fs::read(folder.join(from)).unwrap()).unwrap();
            encoder.finish().unwrap();
            fs::remove_file(folder.join(from)).unwrap();
        };
        let plain = source.load(dir.path()).unwrap();
        zip(NAMES[0], "train-images-idx3-ubyte.gz");
        zip(NAMES[1], "train-labels.idx1-ubyte.gz");
        fs::rename(folder.join(NAMES[2]), folder.join("t10k-images.idx3-ubyte")).unwrap();
        assert_eq!(source.load(dir.path()).unwrap(), plain);
    }

    #[test]
    fn a_missing_file_says_where_it_was_looked_for_and_what_puts_it_there() {
        let (source, dir) = tiny(&contents());
        fs::remove_file(dir.path().join("tiny").join(NAMES[3])).unwrap();
        let message = source.load(dir.path()).unwrap_err().to_string();
        assert_eq!(
            message.replace(&dir.path().display().to_string(), "DIR"),
            "dataset tiny: t10k-labels-idx1-ubyte is missing, looked for as \
             DIR/tiny/t10k-labels-idx1-ubyte or DIR/tiny/t10k-labels-idx1-ubyte.gz or \
             DIR/tiny/t10k-labels.idx1-ubyte or DIR/tiny/t10k-labels.idx1-ubyte.gz; \
             scripts/fetch_data.sh puts it there"
        );
    }

    #[test]
    fn an_altered_file_names_expected_and_found_hash() {
        let (source, dir) = tiny(&contents());
        let mut altered = contents()[0].clone();
        altered[16] ^= 1;
        fs::write(dir.path().join("tiny").join(NAMES[0]), &altered).unwrap();
        let message = source.load(dir.path()).unwrap_err().to_string();
        assert!(message.contains(source.train_images.sha256), "{message}");
        assert!(message.contains(&sha256(&altered)), "{message}");
    }

    #[test]
    fn a_truncated_file_is_called_truncated_rather_than_altered() {
        let whole = &contents()[0];
        assert_eq!(
            message_with(0, &whole[..whole.len() - 1]),
            "DIR/tiny/train-images-idx3-ubyte: truncated: expected 28 bytes for 6 images of \
             1 x 2, found 27"
        );
    }

    #[test]
    fn labels_that_are_too_few_or_no_class_are_named() {
        assert_eq!(
            message_with(1, &idx(0x801, &[5], &[0; 5])),
            "DIR/tiny/train-labels-idx1-ubyte: expected 6 labels, one an image of \
             DIR/tiny/train-images-idx3-ubyte, found 5"
        );
        assert_eq!(
            message_with(3, &idx(0x801, &[2], &[2, 3])),
            "DIR/tiny/t10k-labels-idx1-ubyte: label 1 is 3, expected at most 2"
        );
    }

    #[test]
    fn test_images_of_another_size_are_named() {
        assert_eq!(
            message_with(2, &idx(0x803, &[2, 2, 1], &[0; 4])),
            "DIR/tiny/t10k-images-idx3-ubyte: its images have 2 x 1 pixels, expected 1 x 2 as in \
             DIR/tiny/train-images-idx3-ubyte"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_says_why() {
        let (source, dir) = tiny(&contents());
        let path = dir.path().join("tiny").join(NAMES[2]);
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        let message = source.load(dir.path()).unwrap_err().to_string();
        assert!(message.contains("t10k-images-idx3-ubyte: cannot be read: "), "{message}");
    }
}
