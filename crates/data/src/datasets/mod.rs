//! The datasets. To add one, write a file beside this one, name it in [`ALL`] and describe it in
//! `DATASETS.md`; the tests of [`crate::source`] and of the registries then hold for it too.

use crate::source::Source;

mod convex;
mod fashion_2k;
mod fashion_mnist;
mod mnist;
mod mnist_5k;
mod mnist_basic;
mod mnist_bg_img;
mod mnist_bg_img_rot;
mod mnist_bg_rand;
mod mnist_rot;
mod rect;
mod rect_img;

/// Every dataset: the embedded ones, the full ones, and those that are generated.
pub const ALL: &[&Source] = &[
    &mnist_5k::MNIST_5K,
    &fashion_2k::FASHION_2K,
    &mnist::MNIST,
    &fashion_mnist::FASHION_MNIST,
    &mnist_basic::MNIST_BASIC,
    &mnist_rot::MNIST_ROT,
    &mnist_bg_rand::MNIST_BG_RAND,
    &mnist_bg_img::MNIST_BG_IMG,
    &mnist_bg_img_rot::MNIST_BG_IMG_ROT,
    &rect::RECT,
    &rect_img::RECT_IMG,
    &convex::CONVEX,
];

/// The dataset of this name.
pub fn find(name: &str) -> Option<&'static Source> {
    ALL.iter().copied().find(|source| source.name == name)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::files::Place;
    use crate::generator::{Generator, Sizes};
    use crate::images::{Dataset, Labelled};
    use crate::source::{Origin, sha256};

    /// The declared dataset, without any folder.
    fn embedded(name: &str) -> Dataset {
        find(name).unwrap().load(Path::new("no such folder")).unwrap()
    }

    fn counts(split: &Labelled) -> [usize; 10] {
        let mut counts = [0; 10];
        for label in &split.labels {
            counts[usize::from(*label)] += 1;
        }
        counts
    }

    fn mean(split: &Labelled) -> f64 {
        let pixels = split.images.pixels();
        pixels.iter().map(|pixel| f64::from(*pixel)).sum::<f64>() / pixels.len() as f64
    }

    fn distance(image: &[f32], center: &[f64]) -> f64 {
        image.iter().zip(center).map(|(x, c)| (f64::from(*x) - c).powi(2)).sum()
    }

    /// How many test images are nearer to the mean training image of another class than to that of
    /// their own.
    fn errors_of_the_nearest_mean(dataset: &Dataset) -> usize {
        let mut means = [const { [0.0; 784] }; 10];
        let counts = counts(&dataset.train);
        for (i, label) in dataset.train.labels.iter().enumerate() {
            let class = usize::from(*label);
            for (sum, pixel) in means[class].iter_mut().zip(dataset.train.images.row(i)) {
                *sum += f64::from(*pixel) / counts[class] as f64;
            }
        }
        let test = dataset.test.labels.iter().enumerate();
        test.filter(|(i, label)| {
            let image = dataset.test.images.row(*i);
            let distances = means.each_ref().map(|mean| distance(image, mean));
            let own = distances[usize::from(**label)];
            distances.into_iter().any(|other| other < own)
        })
        .count()
    }

    /// All numbers of the next two tests were computed from the raw bytes in whole numbers, in
    /// Python, with the split rule written out again.
    #[test]
    fn the_embedded_digits_are_those_of_mnist() {
        let data = embedded("mnist-5k");
        assert_eq!(data.classes, 10);
        assert_eq!(counts(&data.train), [372, 436, 399, 424, 395, 378, 387, 402, 412, 395]);
        assert_eq!(counts(&data.valid), [97, 129, 100, 93, 88, 93, 91, 110, 100, 99]);
        assert_eq!(counts(&data.test), [96, 115, 89, 123, 87, 99, 88, 111, 89, 103]);
        assert_eq!(data.train.labels[..8], [3, 1, 6, 9, 4, 7, 7, 0]);
        assert_eq!(data.valid.labels[..8], [5, 1, 8, 0, 7, 8, 4, 2]);
        assert!((mean(&data.train) - 0.122_417_152).abs() < 1e-7);
        assert!((mean(&data.valid) - 0.122_187_840).abs() < 1e-7);
        assert!((mean(&data.test) - 0.131_698_134).abs() < 1e-7);
        assert_eq!(errors_of_the_nearest_mean(&data), 205);
    }

    #[test]
    fn the_embedded_clothes_are_those_of_fashion_mnist() {
        let data = embedded("fashion-2k");
        assert_eq!(data.classes, 10);
        assert_eq!(counts(&data.train), [170, 168, 175, 153, 149, 171, 169, 172, 147, 126]);
        assert_eq!(counts(&data.valid), [47, 38, 41, 34, 45, 29, 39, 46, 42, 39]);
        assert_eq!(counts(&data.test), [98, 101, 98, 88, 97, 105, 97, 104, 107, 105]);
        assert!((mean(&data.train) - 0.277_112_195).abs() < 1e-7);
        assert!((mean(&data.valid) - 0.293_482_543).abs() < 1e-7);
        assert!((mean(&data.test) - 0.289_440_641).abs() < 1e-7);
        assert_eq!(errors_of_the_nearest_mean(&data), 286);
    }

    #[test]
    fn a_digit_lies_the_right_way_round() {
        let data = embedded("mnist-5k");
        let seven = data.test.images.row(0);
        assert_eq!((data.test.labels[0], data.test.images.shape().columns), (7, 28));
        let ink = |row: usize| seven[28 * row..][..28].iter().sum::<f32>();
        assert!(ink(8) > 3.0 * ink(20), "the bar of a seven is above its stem");
    }

    #[test]
    fn declarations_are_well_formed() {
        for source in ALL {
            let name = source.name;
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(name.bytes().all(plain), "{name}");
            assert_eq!(find(name).map(|found| found.name), Some(name), "names differ");
            let Origin::Files(files) = &source.origin else { continue };
            assert!(files.valid_every >= 2, "{name}");
            for file in files.all() {
                let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
                assert!(file.sha256.len() == 64 && file.sha256.bytes().all(hex), "{}", file.name);
            }
        }
        assert!(find("MNIST").is_none());
    }

    /// Stored runs are named by these: a dataset that changes takes another name instead.
    #[test]
    fn checksums_never_change() {
        let found: Vec<(&str, String)> =
            ALL.iter().map(|source| (source.name, source.checksum())).collect();
        let pinned = [
            ("mnist-5k", "8d89b9e02d4613be"),
            ("fashion-2k", "e15ee2cb62333c0b"),
            ("mnist", "40e2b83222b38eb8"),
            ("fashion-mnist", "dbf8a3ddba9fc820"),
            ("mnist-basic", "1889b05a01c7b461"),
            ("mnist-rot", "9f604309d076b21b"),
            ("mnist-bg-rand", "a2c14068d82e6200"),
            ("mnist-bg-img", "96f57ed846ba5987"),
            ("mnist-bg-img-rot", "60642170488428c9"),
            ("rect", "6537a757eb1d3c66"),
            ("rect-img", "b211c4189a9bede8"),
            ("convex", "08ae0ae21887976c"),
        ];
        assert_eq!(found, pinned.map(|(name, checksum)| (name, checksum.to_owned())));
    }

    #[test]
    fn a_set_without_its_files_says_what_is_missing() {
        for source in ALL {
            let made_from_files = source.made_from().is_some();
            let published = match &source.origin {
                Origin::Files(files) => matches!(files.train_images.place, Place::Folder),
                Origin::Generated(_) => false,
            };
            if made_from_files || published {
                let message = source.load(Path::new("no such folder")).unwrap_err().to_string();
                assert!(message.contains("train-images-idx3-ubyte is missing"), "{message}");
                assert!(message.contains("scripts/fetch_data.sh"), "{message}");
            }
        }
    }

    /// The sets that need no file, at a hundredth of their size: a hash of pixels and labels.
    /// Stored runs rest on them: a generator that is changed on purpose counts its `version` up.
    #[test]
    fn what_is_generated_never_changes() {
        let found: Vec<(&str, String)> = ALL
            .iter()
            .filter_map(|source| match &source.origin {
                Origin::Generated(generator) if source.made_from().is_none() => {
                    Some((source.name, digest(source.name, generator)))
                }
                _ => None,
            })
            .collect();
        let pinned = [
            ("rect", "15311df1fb5a11a9"),
            ("rect-img", "549c7b37e1840cf3"),
            ("convex", "e64e4c9f026761e0"),
        ];
        assert_eq!(found, pinned.map(|(name, digest)| (name, digest.to_owned())));
    }

    fn digest(name: &str, generator: &Generator) -> String {
        let sizes = Sizes { train: 100, valid: 20, test: 100 };
        let small = Generator { sizes, ..generator.clone() };
        let mut bytes = Vec::new();
        for split in small.load(name, Path::new("no such folder")).unwrap() {
            bytes.extend(split.images.pixels().iter().map(|pixel| (pixel * 255.0).round() as u8));
            bytes.extend(split.labels);
        }
        sha256(&bytes)[..16].to_owned()
    }
}
