//! Where a dataset comes from: published files, or a generator in the program.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::error::DataError;
use crate::files::{Contents, Files, Labelling, is_valid};
use crate::generator::Generator;
use crate::images::{Dataset, Images, Labelled, Shape};

/// A dataset's declaration.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its one name: lower case letters, digits and hyphens; also the name of its folder.
    pub name: &'static str,
    /// One line: what it holds.
    pub summary: &'static str,
    /// How an image and its label come about, in one line.
    pub formula: &'static str,
    /// Where it was described.
    pub source: &'static str,
    /// Whose it is, and under which licence.
    pub licence: &'static str,
    /// How many classes there are; labels are below this.
    pub classes: usize,
    /// What it is read from or made by.
    pub origin: Origin,
}

/// What a dataset is read from or made by.
#[derive(Clone, Debug)]
pub enum Origin {
    /// Published files.
    Files(Files),
    /// A generator.
    Generated(Generator),
}

impl Source {
    /// How many images there are to train on.
    pub fn train_len(&self) -> usize {
        match &self.origin {
            Origin::Files(files) => files.train_len(),
            Origin::Generated(generator) => generator.sizes.train,
        }
    }

    /// How many images there are to test on.
    pub fn test_len(&self) -> usize {
        match &self.origin {
            Origin::Files(files) => files.test_images_count,
            Origin::Generated(generator) => generator.sizes.test,
        }
    }

    /// Sixteen hexadecimal digits that name what [`Source::load`] returns: a hash of the declared
    /// hashes of the files, and of the rule that splits them or the generator that they are given
    /// to. No file is read.
    pub fn checksum(&self) -> String {
        let mut identity = match &self.origin {
            Origin::Files(files) => {
                let mut identity = format!("dataset 1\ndiagonal {}\n", files.valid_every);
                for file in files.all() {
                    identity.push_str(file.sha256);
                    identity.push('\n');
                }
                identity
            }
            Origin::Generated(generator) => generator.identity(self.name),
        };
        identity = sha256(identity.as_bytes());
        identity.truncate(16);
        identity
    }

    /// Reads, verifies and splits the dataset, or generates it; `dir` is the folder that holds one
    /// folder a dataset, and plays no part for what the program has in it. The error names the file
    /// that is missing, malformed or not the published one.
    pub fn load(&self, dir: &Path) -> Result<Dataset, DataError> {
        let [train, valid, test] = match &self.origin {
            Origin::Files(files) => files.read(self, dir, |contents| {
                let Contents { shape, train, test } = contents;
                let held_out = |i| is_valid(i, files.valid_every);
                [
                    select(shape, train, |i| !held_out(i)),
                    select(shape, train, held_out),
                    select(shape, test, |_| true),
                ]
            })?,
            Origin::Generated(generator) => generator.load(self.name, dir)?,
        };
        let (name, checksum) = (self.name.to_owned(), self.checksum());
        Ok(Dataset { name, classes: self.classes, train, valid, test, checksum })
    }
}

/// The images whose number is `wanted`, with their labels.
fn select(shape: Shape, from: Labelling<'_>, wanted: impl Fn(usize) -> bool) -> Labelled {
    let mut bytes = Vec::new();
    let mut classes = Vec::new();
    for (i, (image, label)) in from.pixels.chunks_exact(shape.pixels()).zip(from.labels).enumerate()
    {
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

    use std::fs::File;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::files::{Place, SourceFile};

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
            formula: "as published",
            source: "nowhere",
            licence: "none",
            classes: 3,
            origin: Origin::Files(Files {
                train_images_count: 7,
                test_images_count: 2,
                valid_every: 3,
                train_images: file(0),
                train_labels: file(1),
                test_images: file(2),
                test_labels: file(3),
            }),
        };
        (Box::leak(Box::new(source)), dir)
    }

    fn files_of(source: &Source) -> &Files {
        let Origin::Files(files) = &source.origin else { panic!("it is read from files") };
        files
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
        for k in 2..9 {
            let mut places = vec![0; k];
            for i in (0..k * k).filter(|i| is_valid(*i, k)) {
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
        let files = files_of(source);
        let with = |files| Source { origin: Origin::Files(files), ..source.clone() }.checksum();
        assert_ne!(with(Files { valid_every: 4, ..files.clone() }), base);
        let mut swapped = files.clone();
        std::mem::swap(&mut swapped.train_images, &mut swapped.test_images);
        assert_ne!(with(swapped), base);
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
        assert!(message.contains(files_of(source).train_images.sha256), "{message}");
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
