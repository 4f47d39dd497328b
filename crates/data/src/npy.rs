//! NumPy arrays, `.npy`: a magic string, a version, and a header that is a Python dictionary with the
//! keys `descr`, `fortran_order` and `shape`; then the numbers. Source: NumPy Enhancement Proposal 1
//! and `numpy.lib.format`.
//!
//! Bytes are not trusted: nothing is allocated by what a header says, and arrays of Python objects,
//! which only Python could read, are refused. The reader is our own because the header is all there
//! is to it, and the crates for it bring a parser generator.

use crate::error::DataError;

const MAGIC: &[u8] = b"\x93NUMPY";

/// An array as it stands in its file, in the order of C.
#[derive(Debug)]
pub(crate) struct Array<'a> {
    /// What errors call it.
    pub(crate) file: String,
    pub(crate) kind: Kind,
    /// Bytes a number.
    pub(crate) width: usize,
    order: Order,
    pub(crate) shape: Vec<usize>,
    /// As many bytes as shape and width ask for.
    pub(crate) bytes: &'a [u8],
}

/// What the numbers of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Unsigned,
    Signed,
    Float,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Little,
    Big,
}

impl Array<'_> {
    /// The array in `raw`; `file` is what errors call it.
    pub(crate) fn parse<'a>(file: &str, raw: &'a [u8]) -> Result<Array<'a>, DataError> {
        let odd = |problem: &str| DataError::Npy { file: file.to_owned(), problem: problem.into() };
        let rest = raw.strip_prefix(MAGIC).ok_or_else(|| {
            odd("it does not begin as an .npy file does, with the bytes 0x93 and NUMPY")
        })?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(|| odd(CUT))?;
        let (length, rest) = match version[0] {
            1 => {
                let (length, rest) = rest.split_first_chunk::<2>().ok_or_else(|| odd(CUT))?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            2 | 3 => {
                let (length, rest) = rest.split_first_chunk::<4>().ok_or_else(|| odd(CUT))?;
                (u32::from_le_bytes(*length) as usize, rest)
            }
            other => return Err(odd(&format!("its format has version {other}, known are 1 to 3"))),
        };
        let (header, bytes) = rest.split_at_checked(length).ok_or_else(|| odd(CUT))?;
        let header = std::str::from_utf8(header).map_err(|_| odd("its header is no text"))?;
        let header = Header::parse(header).map_err(|problem| odd(&problem))?;
        header.array(file, bytes)
    }

    /// The whole number at place `i`; `None` where it does not fit.
    pub(crate) fn whole(&self, i: usize) -> Option<i64> {
        let mut bytes = [0u8; 8];
        let own = &self.bytes[i * self.width..][..self.width];
        match self.order {
            Order::Little => bytes[..self.width].copy_from_slice(own),
            Order::Big => {
                bytes.iter_mut().zip(own.iter().rev()).for_each(|(to, from)| *to = *from);
            }
        }
        let unsigned = u64::from_le_bytes(bytes);
        match self.kind {
            Kind::Unsigned => i64::try_from(unsigned).ok(),
            Kind::Signed => {
                let unused = 64 - 8 * self.width as u32;
                Some((unsigned << unused) as i64 >> unused)
            }
            Kind::Float => None,
        }
    }

    /// All numbers of an array of `float32`, or of `float64` in single precision; `None` of another.
    pub(crate) fn floats(&self) -> Option<Vec<f32>> {
        let little = self.order == Order::Little;
        let single = |bytes: &[u8; 4]| {
            if little { f32::from_le_bytes(*bytes) } else { f32::from_be_bytes(*bytes) }
        };
        let double = |bytes: &[u8; 8]| {
            if little { f64::from_le_bytes(*bytes) } else { f64::from_be_bytes(*bytes) }
        };
        match (self.kind, self.width) {
            (Kind::Float, 4) => Some(self.bytes.as_chunks().0.iter().map(single).collect()),
            (Kind::Float, 8) => {
                let numbers = self.bytes.as_chunks().0.iter().map(double);
                Some(numbers.map(|number| number as f32).collect())
            }
            _ => None,
        }
    }

    /// As NumPy calls it: `uint8`, `float32`.
    pub(crate) fn dtype(&self) -> String {
        let word = match self.kind {
            Kind::Unsigned => "uint",
            Kind::Signed => "int",
            Kind::Float => "float",
        };
        format!("{word}{}", 8 * self.width)
    }
}

const CUT: &str = "it ends within its header";

#[derive(Debug, Default)]
struct Header<'t> {
    descr: Option<&'t str>,
    fortran_order: Option<&'t str>,
    shape: Option<Vec<usize>>,
}

impl<'t> Header<'t> {
    /// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, in any order.
    fn parse(text: &'t str) -> Result<Header<'t>, String> {
        const FORM: &str = "its header is not of the form {'descr': '<f4', 'fortran_order': False, \
                            'shape': (60000, 28, 28)}";
        let mut header = Header::default();
        let mut rest = text.trim().strip_prefix('{').ok_or(FORM)?;
        loop {
            rest = rest.trim_start();
            if rest.starts_with('}') {
                return Ok(header);
            }
            let (key, after) = quoted(rest).ok_or(FORM)?;
            rest = after.trim_start().strip_prefix(':').ok_or(FORM)?.trim_start();
            rest = match key {
                "descr" if rest.starts_with('[') => {
                    return Err("its numbers have several fields, expected one".into());
                }
                "descr" => {
                    let (value, after) = quoted(rest).ok_or(FORM)?;
                    header.descr = Some(value);
                    after
                }
                "fortran_order" => {
                    let end = rest.find([',', '}']).ok_or(FORM)?;
                    header.fortran_order = Some(rest[..end].trim());
                    &rest[end..]
                }
                "shape" => {
                    let (inside, after) =
                        rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).ok_or(FORM)?;
                    let sizes = inside.split(',').map(str::trim).filter(|size| !size.is_empty());
                    let sizes = sizes.map(|size| size.trim_end_matches('L').parse());
                    header.shape = Some(sizes.collect::<Result<_, _>>().map_err(|_| FORM)?);
                    after
                }
                _ => return Err(FORM.into()),
            };
            rest = rest.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest);
        }
    }

    fn array<'a>(self, file: &str, bytes: &'a [u8]) -> Result<Array<'a>, DataError> {
        let odd = |problem: String| DataError::Npy { file: file.to_owned(), problem };
        let (Some(descr), Some(fortran), Some(shape)) =
            (self.descr, self.fortran_order, self.shape)
        else {
            return Err(odd("its header lacks one of descr, fortran_order and shape".into()));
        };
        match fortran {
            "False" => {}
            "True" => {
                return Err(odd("it is in Fortran order: save np.ascontiguousarray(...)".into()));
            }
            other => return Err(odd(format!("fortran_order is {other}, expected True or False"))),
        }
        let (order, kind, width) = dtype(descr).map_err(odd)?;
        let sizes = shape.iter().map(|size| *size as u64).chain([width as u64]);
        // Past 64 bits the exact number says nothing any more: no file is that long.
        let expected = sizes.fold(1, u64::saturating_mul);
        if bytes.len() as u64 != expected {
            let announced = format!("an array of shape {shape:?}");
            let (file, found) = (file.to_owned(), bytes.len() as u64);
            return Err(DataError::Length { file, announced, expected, found });
        }
        Ok(Array { file: file.to_owned(), kind, width, order, shape, bytes })
    }
}

/// The text between quotes at the start of `text`, and what follows.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|first| ['\'', '"'].contains(first))?;
    text[1..].split_once(quote)
}

/// Byte order, kind and width of a type such as `<f4` or `|u1`.
fn dtype(descr: &str) -> Result<(Order, Kind, usize), String> {
    let unknown = || format!("its numbers are of type {descr}, expected integers or floats");
    let (order, rest) = match descr.chars().next() {
        Some('>') => (Order::Big, &descr[1..]),
        Some('<' | '|' | '=') => (Order::Little, &descr[1..]),
        _ => (Order::Little, descr),
    };
    if rest.starts_with('O') {
        return Err("it holds Python objects, which only Python can read: save numbers".into());
    }
    let (kind, width) = match rest {
        "u1" | "u2" | "u4" | "u8" => (Kind::Unsigned, &rest[1..]),
        "b1" => (Kind::Unsigned, "1"),
        "i1" | "i2" | "i4" | "i8" => (Kind::Signed, &rest[1..]),
        "f2" | "f4" | "f8" => (Kind::Float, &rest[1..]),
        _ => return Err(unknown()),
    };
    Ok((order, kind, width.parse().map_err(|_| unknown())?))
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What `numpy.save` writes: the header padded with blanks to a multiple of 64 bytes.
    pub(crate) fn npy(descr: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
        let header = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
        with_header(&header, bytes)
    }

    fn with_header(header: &str, bytes: &[u8]) -> Vec<u8> {
        let mut padded = header.to_owned();
        while !(10 + padded.len() + 1).is_multiple_of(64) {
            padded.push(' ');
        }
        padded.push('\n');
        let mut raw = MAGIC.to_vec();
        raw.extend([1, 0]);
        raw.extend((padded.len() as u16).to_le_bytes());
        raw.extend(padded.bytes());
        raw.extend(bytes);
        raw
    }

    fn message(raw: &[u8]) -> String {
        Array::parse("a.npy", raw).unwrap_err().to_string()
    }

    /// `np.save(f, np.array([[1, 2], [3, 4]], "u1"))` of NumPy 2.4.6, byte for byte.
    #[test]
    fn what_numpy_saved_is_read() {
        let mut raw =
            b"\x93NUMPY\x01\x00v\x00{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }"
                .to_vec();
        raw.resize(127, b' ');
        raw.extend(b"\n\x01\x02\x03\x04");
        let array = Array::parse("a.npy", &raw).unwrap();
        assert_eq!((array.kind, array.width, &array.shape[..]), (Kind::Unsigned, 1, &[2, 2][..]));
        assert_eq!(array.bytes, [1, 2, 3, 4]);
        assert_eq!(array.dtype(), "uint8");
    }

    #[test]
    fn whole_numbers_of_any_width_and_order_are_read() {
        for (descr, bytes) in [
            ("'<i8'", &(-2i64).to_le_bytes()[..]),
            ("'>i8'", &(-2i64).to_be_bytes()),
            ("'<i2'", &(-2i16).to_le_bytes()),
            ("'>i4'", &(-2i32).to_be_bytes()),
            ("'|i1'", &(-2i8).to_le_bytes()),
        ] {
            let raw = npy(descr, "(1,)", bytes);
            assert_eq!(Array::parse("f", &raw).unwrap().whole(0), Some(-2), "{descr}");
        }
        let raw = npy("'>u2'", "(2,)", &[1, 2, 0, 9]);
        let array = Array::parse("f", &raw).unwrap();
        assert_eq!((array.whole(0), array.whole(1)), (Some(258), Some(9)));
        let raw = npy("'<u8'", "(1,)", &[255; 8]);
        assert_eq!(Array::parse("f", &raw).unwrap().whole(0), None);
    }

    #[test]
    fn floats_of_either_order_are_read() {
        for (descr, bytes) in [
            ("'<f4'", 0.3f32.to_le_bytes().to_vec()),
            ("'>f4'", 0.3f32.to_be_bytes().to_vec()),
            ("'<f8'", 0.3f64.to_le_bytes().to_vec()),
            ("'>f8'", 0.3f64.to_be_bytes().to_vec()),
        ] {
            let raw = npy(descr, "(1, 1)", &bytes);
            assert_eq!(Array::parse("f", &raw).unwrap().floats(), Some(vec![0.3]), "{descr}");
        }
        let half = npy("'<f2'", "(1, 1)", &[0; 2]);
        assert_eq!(Array::parse("f", &half).unwrap().floats(), None);
    }

    #[test]
    fn what_is_no_array_of_numbers_says_what_it_is() {
        assert!(message(b"PK\x03\x04").contains("does not begin as an .npy file does"));
        assert!(message(b"\x93NUMPY\x01").contains("ends within its header"));
        assert!(message(b"\x93NUMPY\x09\x00\x00\x00").contains("version 9, known are 1 to 3"));
        assert!(message(&npy("'|O'", "(1,)", &[0; 8])).contains("holds Python objects"));
        assert!(message(&npy("[('a', '<f4')]", "(1,)", &[0; 4])).contains("several fields"));
        assert!(message(&npy("'<c8'", "(1,)", &[0; 8])).contains("of type <c8"));
        assert!(
            message(&npy("'<f4'", "(1, x)", &[0; 4])).contains("its header is not of the form")
        );
        let fortran = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}";
        assert!(message(&with_header(fortran, &[0; 16])).contains("np.ascontiguousarray"));
        assert!(message(&with_header("{'descr': '<f4'}", &[])).contains("lacks one of"));
    }

    #[test]
    fn a_length_that_the_shape_does_not_ask_for_is_refused_without_allocating() {
        assert_eq!(
            message(&npy("'<f4'", "(2, 3)", &[0; 23])),
            "a.npy: truncated: expected 24 bytes for an array of shape [2, 3], found 23"
        );
        assert!(message(&npy("'|u1'", "(2,)", &[0; 3])).contains("trailing bytes"));
        let huge = message(&npy("'<f8'", "(9999999999, 9999999999, 28)", &[0; 8]));
        assert!(huge.contains("truncated: expected 18446744073709551615 bytes"), "{huge}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(header in "[{}'(),:<>|a-z0-9 ]{0,60}", bytes: Vec<u8>) {
            let _ = Array::parse("f", &bytes);
            let _ = Array::parse("f", &with_header(&header, &bytes));
            let _ = Array::parse("f", &with_header(&format!("{{'descr': {header}}}"), &bytes));
        }
    }
}
