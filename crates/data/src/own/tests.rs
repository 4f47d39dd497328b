//! Data in every format, and what is no data.

use std::io::Write;

use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::npy::tests::npy;

/// `count` images of 1 x 2 as bytes, image i being (i, 100 + i), and labels i % 3.
fn pixels(count: u8) -> Vec<u8> {
    (0..count).flat_map(|i| [i, 100 + i]).collect()
}

fn labels(count: u8) -> Vec<u8> {
    (0..count).map(|i| i % 3).collect()
}

fn images_npy(count: u8) -> Vec<u8> {
    npy("'|u1'", &format!("({count}, 1, 2)"), &pixels(count))
}

fn labels_npy(count: u8) -> Vec<u8> {
    let wide: Vec<u8> =
        labels(count).into_iter().flat_map(|label| i64::from(label).to_le_bytes()).collect();
    npy("'<i8'", &format!("({count},)"), &wide)
}

fn idx(magic: u32, sizes: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [&[magic], sizes].concat().into_iter().flat_map(u32::to_be_bytes);
    header.chain(values.iter().copied()).collect()
}

fn npz(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A folder with these files.
fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

/// What is said of the file `name`, or of the folder if that is empty, without the folder's name.
fn message(files: &[(&str, Vec<u8>)], name: &str) -> String {
    let dir = folder(files);
    let message = load("own", &dir.path().join(name)).unwrap_err().to_string();
    let shown = dir.path().display().to_string();
    message.replace(&format!("{shown}/:"), "DIR:").replace(&format!("{shown}/"), "")
}

#[test]
fn the_same_data_is_the_same_in_every_format() {
    let npz_bytes = npz(&[("images.npy", images_npy(20)), ("labels.npy", labels_npy(20))]);
    let floats: Vec<u8> =
        pixels(20).into_iter().flat_map(|byte| (f32::from(byte) / 255.0).to_le_bytes()).collect();
    let floats = npy("'<f4'", "(20, 1, 2)", &floats);
    let doubles: Vec<u8> =
        pixels(20).into_iter().flat_map(|byte| (f64::from(byte) / 255.0).to_le_bytes()).collect();
    let doubles = npy("'<f8'", "(20, 1, 2)", &doubles);
    let dir = folder(&[
        ("data.npz", npz_bytes),
        ("doubles.npz", npz(&[("X.npy", doubles), ("y.npy", labels_npy(20))])),
        ("some-images.npy", images_npy(20)),
        ("some-labels.npy", npy("'|u1'", "(20, 1)", &labels(20))),
        ("train-images-idx3-ubyte", idx(0x803, &[20, 1, 2], &pixels(20))),
        ("train-labels.idx1-ubyte", idx(0x801, &[20], &labels(20))),
    ]);
    let arrays = folder(&[("x_train.npy", floats), ("y_train.npy", labels_npy(20))]);
    let first = load("own", dir.path()).unwrap();
    assert_eq!((first.classes, first.name.as_str(), first.checksum.len()), (3, "own", 16));
    for path in [
        dir.path().join("data.npz"),
        dir.path().join("doubles.npz"),
        dir.path().join("some-images.npy"),
        arrays.path().into(),
    ] {
        assert_eq!(load("own", &path).unwrap(), first, "{}", path.display());
    }
}

/// One in six, on the diagonal: 0, 7, 14 to test on; of what is left the places 0, 7, 14.
#[test]
fn without_test_and_validation_images_one_in_six_is_split_off_for_each() {
    let dir = folder(&[("d.npz", npz(&[("x.npy", images_npy(20)), ("y.npy", labels_npy(20))]))]);
    let data = load("own", &dir.path().join("d.npz")).unwrap();
    let numbers = |part: &Labelled| -> Vec<u8> {
        (0..part.len()).map(|i| (part.images.row(i)[0] * 255.0).round() as u8).collect()
    };
    assert_eq!(numbers(&data.test), [0, 7, 14]);
    assert_eq!(numbers(&data.valid), [1, 9, 17]);
    assert_eq!(numbers(&data.train), [2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 15, 16, 18, 19]);
    assert_eq!(data.valid.labels, [1, 0, 2]);
}

#[test]
fn parts_that_are_given_are_left_as_they_are() {
    let members = [
        ("train_images.npy", images_npy(9)),
        ("train_labels.npy", labels_npy(9)),
        ("val_images.npy", images_npy(4)),
        ("val_labels.npy", labels_npy(4)),
        ("test_images.npy", images_npy(5)),
        ("test_labels.npy", labels_npy(5)),
    ];
    let dir = folder(&[
        ("all.npz", npz(&members)),
        (
            "two.npz",
            npz(&[members[0].clone(), members[1].clone(), members[4].clone(), members[5].clone()]),
        ),
    ]);
    let sizes = |name: &str| {
        let data = load("own", &dir.path().join(name)).unwrap();
        [data.train.len(), data.valid.len(), data.test.len()]
    };
    assert_eq!(sizes("all.npz"), [9, 4, 5]);
    assert_eq!(sizes("two.npz"), [7, 2, 5]);
}

#[test]
fn the_checksum_tells_apart_pixels_labels_and_shapes() {
    let checksum = |images: Vec<u8>, labels: Vec<u8>| {
        let dir = folder(&[("images.npy", images), ("labels.npy", labels)]);
        load("own", dir.path()).unwrap().checksum
    };
    let mut dark = images_npy(20);
    *dark.last_mut().unwrap() += 1;
    let flat = npy("'|u1'", "(20, 2)", &pixels(20));
    let tall = npy("'|u1'", "(20, 2, 1)", &pixels(20));
    let other = npy("'|u1'", "(20,)", &[1; 20]);
    let all = [
        checksum(images_npy(20), labels_npy(20)),
        checksum(dark, labels_npy(20)),
        checksum(tall, labels_npy(20)),
        checksum(images_npy(20), other),
    ];
    assert!(all.iter().enumerate().all(|(i, one)| !all[..i].contains(one)), "{all:?}");
    assert_eq!(checksum(flat, labels_npy(20)), all[0], "a row of pixels is an image of one row");
}

#[test]
fn what_is_not_there_or_is_no_dataset_says_what_would_be_valid() {
    assert!(message(&[], "none.npz").contains("none.npz: cannot be read: "));
    assert!(message(&[], "none/more").contains("none/more: cannot be read: "));
    assert_eq!(
        message(&[("a.csv", vec![])], "a.csv"),
        "a.csv: expected a folder, an .npz or an .npy file"
    );
    let nothing = message(&[], "");
    assert!(
        nothing.starts_with("DIR: expected train_images and train_labels, or x_train"),
        "{nothing}"
    );
    let lone = [("images.npy", images_npy(9))];
    assert_eq!(message(&lone, ""), "DIR: expected labels, the labels of what is in images.npy");
    let lone = [("train-images-idx3-ubyte", idx(0x803, &[1, 1, 1], &[0]))];
    assert!(message(&lone, "").contains("train-labels-idx1-ubyte is missing"));
    let unnamed = [("digits.npy", images_npy(9))];
    assert!(message(&unnamed, "digits.npy").contains("a name with `images` in it"));
}

#[test]
fn arrays_of_another_type_shape_or_range_are_refused_at_their_place() {
    let with = |images: Vec<u8>, labels: Vec<u8>| {
        message(&[("images.npy", images), ("labels.npy", labels)], "")
    };
    assert_eq!(
        with(npy("'<i4'", "(1, 2)", &[0; 8]), labels_npy(1)),
        "images.npy: holds numbers of int32, expected images of uint8, or of float32 or float64 from 0 \
         to 1"
    );
    assert!(
        with(npy("'|u1'", "(4,)", &[0; 4]), labels_npy(4))
            .contains("has the shape [4], expected images")
    );
    assert!(with(npy("'|u1'", "(4, 0)", &[]), labels_npy(4)).contains("has the shape [4, 0]"));
    let bright: Vec<u8> = [0.5f32, 1.0, 0.0, 255.0].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(
        with(npy("'<f4'", "(2, 2)", &bright), labels_npy(2)),
        "images.npy: image 1 has a pixel of 255, expected numbers from 0 to 1"
    );
    let nan = npy("'<f4'", "(1, 1)", &f32::NAN.to_le_bytes());
    assert!(with(nan, labels_npy(1)).contains("image 0 has a pixel of NaN"));
    let labels = npy("'<i2'", "(9,)", &[&[0; 16][..], &(-1i16).to_le_bytes()].concat());
    assert_eq!(
        with(images_npy(9), labels),
        "labels.npy: label 8 is -1, expected a whole number from 0 to 255"
    );
    let floats = npy("'<f4'", "(9,)", &[0; 36]);
    assert!(with(images_npy(9), floats).contains("labels.npy: holds numbers of float32"));
    assert_eq!(
        with(images_npy(9), labels_npy(8)),
        "labels.npy: expected 9 labels, one an image of images.npy, found 8"
    );
    assert!(with(images_npy(9), npy("'|u1'", "(9,)", &[0; 9])).contains("every label is 0"));
    assert_eq!(
        with(images_npy(2), labels_npy(2)),
        "images.npy: too few images: 0 to train on, 1 to validate on and 1 to test on, expected at \
         least one of each"
    );
}

#[test]
fn parts_of_different_shapes_are_refused() {
    let members = [
        ("x_train.npy", images_npy(9)),
        ("y_train.npy", labels_npy(9)),
        ("x_test.npy", npy("'|u1'", "(4, 2, 1)", &pixels(4))),
        ("y_test.npy", labels_npy(4)),
    ];
    let said = message(&[("d.npz", npz(&members))], "d.npz");
    assert_eq!(
        said,
        "d.npz, x_test.npy: its images have 2 x 1 pixels, expected 1 x 2 as in d.npz, x_train.npy"
    );
}

#[test]
fn a_damaged_archive_is_refused() {
    let whole = npz(&[("images.npy", images_npy(100)), ("labels.npy", labels_npy(100))]);
    let said = message(&[("d.npz", whole[..whole.len() / 2].to_vec())], "d.npz");
    assert!(said.starts_with("d.npz: is not a whole .npz archive: "), "{said}");
    let mut damaged = whole.clone();
    damaged[60] ^= 0xff;
    let said = message(&[("d.npz", damaged)], "d.npz");
    assert!(said.starts_with("d.npz"), "{said}");
    assert!(message(&[("d.npz", vec![])], "d.npz").contains("is not a whole .npz archive"));
}

#[test]
fn an_array_may_not_unzip_to_more_than_the_limit() {
    let bomb = npz(&[("images.npy", vec![0; 1 << 20])]);
    assert!(bomb.len() < 1 << 13);
    let mut archive = ZipArchive::new(Cursor::new(bomb)).unwrap();
    let mut read = |limit| {
        let unzipped = archive.by_name("images.npy").unwrap();
        read_within(limit, "images.npy", unzipped, |_| panic!("it can be read"))
    };
    assert_eq!(
        read(1000).unwrap_err().to_string(),
        "images.npy: holds more than 1000 bytes, the most that a file of a dataset may hold"
    );
    assert_eq!(read(1 << 20).unwrap().len(), 1 << 20);
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("d.npz");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let said = load("own", &socket).unwrap_err().to_string();
    assert!(said.ends_with("d.npz: expected a file"), "{said}");
}
