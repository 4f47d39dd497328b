//! IDX files, plain or gzipped: a magic number, the dimensions, then one byte a value, all numbers
//! big-endian. Here n images are n x rows x columns (magic 0x00000803) and labels n (0x00000801).
//! Source: Y. LeCun, C. Cortes and C. Burges, "The MNIST database", section "file formats".
//!
//! Bytes are not trusted: nothing is allocated by what a header says, and a gzip file may not
//! unzip to more than [`LIMIT`] bytes.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::error::DataError;
use crate::images::Shape;

/// The most raw bytes that a file may hold: 256 MiB, five times the largest known here.
pub const LIMIT: usize = 256 << 20;

const IMAGES: Content = Content { name: "images", magic: 0x803, header: 16 };
const LABELS: Content = Content { name: "labels", magic: 0x801, header: 8 };

/// The images of `raw`: their shape and their pixels, one byte each, image by image. `file` is what
/// errors call it.
pub fn images<'a>(file: &str, raw: &'a [u8]) -> Result<(Shape, &'a [u8]), DataError> {
    let [n, rows, columns] = dimensions(file, raw, &IMAGES)?;
    if rows == 0 || columns == 0 {
        let (rows, columns) = (rows as usize, columns as usize);
        return Err(DataError::NoPixels { file: file.to_owned(), rows, columns });
    }
    let announced = format!("{n} images of {rows} x {columns}");
    let sizes = [u64::from(n), u64::from(rows), u64::from(columns)];
    let pixels = body(file, raw, &IMAGES, announced, &sizes)?;
    Ok((Shape { rows: rows as usize, columns: columns as usize }, pixels))
}

/// The labels of `raw`, one byte each. `file` is what errors call it.
pub fn labels<'a>(file: &str, raw: &'a [u8]) -> Result<&'a [u8], DataError> {
    let [n] = dimensions(file, raw, &LABELS)?;
    body(file, raw, &LABELS, format!("{n} labels"), &[u64::from(n)])
}

/// The raw bytes of a file that may be gzipped: `bytes` themselves unless they begin as a gzip file
/// does. `file` is what errors call it.
pub fn unzip<'a>(file: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, DataError> {
    unzip_within(LIMIT, file, bytes)
}

fn unzip_within<'a>(limit: usize, file: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, DataError> {
    let raw = if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut raw = Vec::new();
        MultiGzDecoder::new(bytes)
            .take(limit as u64 + 1)
            .read_to_end(&mut raw)
            .map_err(|source| DataError::Gzip { file: file.to_owned(), source })?;
        Cow::Owned(raw)
    } else {
        Cow::Borrowed(bytes)
    };
    if raw.len() > limit {
        return Err(DataError::TooLarge { file: file.to_owned(), limit });
    }
    Ok(raw)
}

/// What an IDX file may hold.
struct Content {
    name: &'static str,
    magic: u32,
    /// Bytes before the first value.
    header: usize,
}

impl Content {
    fn describe(magic: u32) -> String {
        let known = [&IMAGES, &LABELS].into_iter().find(|content| content.magic == magic);
        match known {
            Some(content) => format!("{} (IDX magic {magic:#010x})", content.name),
            None => format!("no known IDX magic ({magic:#010x})"),
        }
    }
}

/// The numbers after the magic one, once that is right.
fn dimensions<const D: usize>(
    file: &str,
    raw: &[u8],
    content: &Content,
) -> Result<[u32; D], DataError> {
    let (words, _) = raw[..raw.len().min(content.header)].as_chunks::<4>();
    if let Some(first) = words.first()
        && u32::from_be_bytes(*first) != content.magic
    {
        return Err(DataError::Magic {
            file: file.to_owned(),
            expected: Content::describe(content.magic),
            found: Content::describe(u32::from_be_bytes(*first)),
        });
    }
    let numbers = words.get(1..).and_then(|words| <&[[u8; 4]; D]>::try_from(words).ok());
    match numbers {
        Some(numbers) => Ok(numbers.map(u32::from_be_bytes)),
        None => Err(DataError::Header {
            file: file.to_owned(),
            expected: content.header,
            found: raw.len(),
        }),
    }
}

/// What follows the header, once it is exactly as long as the dimensions ask for.
fn body<'a>(
    file: &str,
    raw: &'a [u8],
    content: &Content,
    announced: String,
    sizes: &[u64],
) -> Result<&'a [u8], DataError> {
    let header = content.header as u64;
    let values = sizes.iter().try_fold(1u64, |product, size| product.checked_mul(*size));
    // Past 64 bits the exact number says nothing any more: no file is that long.
    let expected = values.and_then(|values| values.checked_add(header)).unwrap_or(u64::MAX);
    let found = raw.len() as u64;
    if found != expected {
        return Err(DataError::Length { file: file.to_owned(), announced, expected, found });
    }
    Ok(&raw[content.header..])
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn idx(magic: u32, dimensions: &[u32], values: &[u8]) -> Vec<u8> {
        let mut raw = magic.to_be_bytes().to_vec();
        raw.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
        raw.extend(values);
        raw
    }

    fn gzip(raw: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(raw).unwrap();
        encoder.finish().unwrap()
    }

    fn message<T: std::fmt::Debug>(result: Result<T, DataError>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn images_and_labels_are_read_as_they_were_written() {
        let raw = idx(0x803, &[2, 1, 3], &[0, 1, 2, 253, 254, 255]);
        let shape = Shape { rows: 1, columns: 3 };
        assert_eq!(images("f", &raw).unwrap(), (shape, &[0, 1, 2, 253, 254, 255][..]));
        assert_eq!(labels("f", &idx(0x801, &[3], &[7, 8, 9])).unwrap(), [7, 8, 9]);
        assert!(labels("f", &idx(0x801, &[0], &[])).unwrap().is_empty());
    }

    #[test]
    fn a_gzipped_file_is_unzipped_and_a_plain_one_is_left_as_it_is() {
        let raw = idx(0x801, &[3], &[7, 8, 9]);
        assert_eq!(*unzip("f", &gzip(&raw)).unwrap(), raw);
        assert!(matches!(unzip("f", &raw).unwrap(), Cow::Borrowed(same) if same == raw));
        let two_members = [gzip(&raw[..5]), gzip(&raw[5..])].concat();
        assert_eq!(*unzip("f", &two_members).unwrap(), raw);
    }

    #[test]
    fn a_truncated_file_names_expected_and_found() {
        let raw = idx(0x803, &[2, 1, 3], &[0, 1, 2, 253, 254]);
        assert_eq!(
            message(images("a/train", &raw)),
            "a/train: truncated: expected 22 bytes for 2 images of 1 x 3, found 21"
        );
        assert_eq!(
            message(labels("l", &idx(0x801, &[3], &[]))),
            "l: truncated: expected 11 bytes for 3 labels, found 8"
        );
    }

    #[test]
    fn trailing_bytes_are_an_error() {
        assert_eq!(
            message(labels("l", &idx(0x801, &[1], &[5, 5]))),
            "l: trailing bytes: expected 9 bytes for 1 labels, found 10"
        );
    }

    #[test]
    fn labels_given_for_images_are_called_by_their_name() {
        assert_eq!(
            message(images("i", &idx(0x801, &[1], &[5]))),
            "i: expected images (IDX magic 0x00000803), found labels (IDX magic 0x00000801)"
        );
        assert_eq!(
            message(labels("l", b"<html><body>")),
            "l: expected labels (IDX magic 0x00000801), found no known IDX magic (0x3c68746d)"
        );
    }

    #[test]
    fn a_file_that_ends_within_its_header_says_so() {
        for found in 0..16 {
            let raw = idx(0x803, &[2, 1, 3], &[]);
            assert_eq!(
                message(images("i", &raw[..found])),
                format!("i: expected 16 bytes of header, found {found} bytes in all")
            );
        }
    }

    #[test]
    fn a_header_that_announces_more_than_can_be_is_refused_without_allocating() {
        let all = u32::MAX;
        assert_eq!(
            message(images("i", &idx(0x803, &[all, all, all], &[1, 2, 3]))),
            "i: truncated: expected 18446744073709551615 bytes for 4294967295 images of \
             4294967295 x 4294967295, found 19"
        );
    }

    #[test]
    fn images_without_a_pixel_are_refused() {
        assert_eq!(
            message(images("i", &idx(0x803, &[4, 0, 28], &[]))),
            "i: its images have 0 x 28 pixels, expected at least 1 x 1"
        );
    }

    #[test]
    fn a_gzip_file_cut_or_damaged_or_followed_by_something_else_is_refused() {
        let whole = gzip(&idx(0x801, &[600], &[7; 600]));
        let mut damaged = whole.clone();
        let crc = damaged.len() - 8;
        damaged[crc] ^= 1;
        let followed = [&whole[..], b"and more"].concat();
        for bytes in [&whole[..whole.len() / 2], &whole[..5], &damaged, &followed] {
            let message = message(unzip("labels.gz", bytes));
            assert!(message.starts_with("labels.gz: is not a whole gzip file: "), "{message}");
        }
    }

    #[test]
    fn a_gzip_file_may_not_unzip_to_more_than_the_limit() {
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 8_000);
        assert_eq!(
            message(unzip_within(1000, "bomb.gz", &bomb)),
            "bomb.gz: holds more than 1000 bytes, the most that a file of a dataset may hold"
        );
        assert!(unzip_within(1 << 20, "fits.gz", &bomb).is_ok());
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(mut bytes: Vec<u8>, real_magic: bool, zip: bool) {
            if real_magic {
                bytes.splice(..0, [0, 0, 8, 3]);
            }
            if zip {
                bytes.splice(..0, [0x1f, 0x8b, 8, 0]);
            }
            if let Ok(raw) = unzip("f", &bytes) {
                let _ = (images("f", &raw), labels("f", &raw));
            }
        }
    }
}
