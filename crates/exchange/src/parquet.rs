//! Parquet, as little of it as a sheet needs: one row group, one uncompressed page a column, plain
//! values, absence by definition levels. Every reader reads that; a general writer would bring more
//! code than the rest of the program has.
//!
//! Format: <https://parquet.apache.org/docs/file-format/>, structures in `parquet.thrift` of
//! apache/parquet-format, written in Thrift's compact protocol.

use ablate_report::Field;

use crate::sheet::{Kind, Sheet};

/// At the beginning and at the end of a file.
const MAGIC: &[u8] = b"PAR1";

/// The bytes of a Parquet file that holds `sheet`.
pub fn bytes_of(sheet: &Sheet) -> Vec<u8> {
    let mut file = MAGIC.to_vec();
    let mut chunks = Vec::with_capacity(sheet.columns.len());
    for (index, (_, kind)) in sheet.columns.iter().enumerate() {
        let offset = file.len();
        let page = page(*kind, sheet.rows.iter().map(|row| &row[index]));
        file.extend(page_header(page.len(), sheet.rows.len()));
        file.extend(page);
        chunks.push((offset, file.len() - offset));
    }
    let footer = footer(sheet, &chunks);
    let length = u32::try_from(footer.len()).expect("a footer is a few bytes a column");
    file.extend(footer);
    file.extend(length.to_le_bytes());
    file.extend(MAGIC);
    file
}

/// Definition levels (1 for what is there) and the values that are there.
fn page<'a>(kind: Kind, fields: impl Iterator<Item = &'a Field> + Clone) -> Vec<u8> {
    let present: Vec<bool> = fields.clone().map(|field| is_present(kind, field)).collect();
    let levels = bit_packed(&present);
    let length = u32::try_from(levels.len()).expect("a sheet has less than 2^32 rows");
    let mut page = length.to_le_bytes().to_vec();
    page.extend(levels);
    let values = fields.filter(|field| is_present(kind, field));
    match kind {
        Kind::Flag => {
            page.extend(bits(&values.map(|field| *field != Field::Int(0)).collect::<Vec<_>>()))
        }
        Kind::Int => values.for_each(|field| page.extend(whole(field).to_le_bytes())),
        Kind::Real => values.for_each(|field| page.extend(real(field).to_le_bytes())),
        Kind::Text => values.for_each(|field| {
            let text = text(field);
            page.extend(u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
            page.extend(text.as_bytes());
        }),
    }
    page
}

/// A field of another kind than its column is absent, but for what can be told without loss.
fn is_present(kind: Kind, field: &Field) -> bool {
    match (kind, field) {
        (_, Field::Null) => false,
        (Kind::Text, _) | (Kind::Int | Kind::Real | Kind::Flag, Field::Int(_)) => true,
        (Kind::Real, Field::Real(_)) => true,
        (Kind::Int | Kind::Flag, Field::Real(_))
        | (Kind::Int | Kind::Real | Kind::Flag, Field::Text(_)) => false,
    }
}

fn whole(field: &Field) -> i64 {
    if let Field::Int(whole) = field { *whole } else { 0 }
}

fn real(field: &Field) -> f64 {
    match field {
        Field::Real(real) => *real,
        Field::Int(whole) => *whole as f64,
        Field::Null | Field::Text(_) => f64::NAN,
    }
}

fn text(field: &Field) -> String {
    match field {
        Field::Text(text) => text.clone(),
        Field::Int(whole) => whole.to_string(),
        Field::Real(real) => format!("{real:?}"),
        Field::Null => String::new(),
    }
}

/// The hybrid encoding's bit-packed run, one bit a value, in groups of eight.
fn bit_packed(values: &[bool]) -> Vec<u8> {
    let mut bytes = Vec::new();
    varint(&mut bytes, (values.len().div_ceil(8) as u64) << 1 | 1);
    bytes.extend(bits(values));
    bytes
}

/// The first value is the lowest bit of the first byte.
fn bits(values: &[bool]) -> Vec<u8> {
    let byte = |eight: &[bool]| {
        eight.iter().enumerate().fold(0_u8, |byte, (index, value)| byte | u8::from(*value) << index)
    };
    values.chunks(8).map(byte).collect()
}

fn varint(bytes: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

/// `PageHeader` of a data page.
fn page_header(bytes: usize, values: usize) -> Vec<u8> {
    let mut header = Thrift::default();
    header.i32(1, DATA_PAGE);
    header.i32(2, bytes);
    header.i32(3, bytes);
    header.structure(5, |data_page| {
        data_page.i32(1, values);
        data_page.i32(2, PLAIN);
        data_page.i32(3, RLE);
        data_page.i32(4, RLE);
    });
    header.end()
}

const DATA_PAGE: usize = 0;
const PLAIN: usize = 0;
const RLE: usize = 3;
const UNCOMPRESSED: usize = 0;
const OPTIONAL: usize = 1;
/// The converted type of text.
const UTF8: usize = 0;

/// The number of the physical type.
fn physical(kind: Kind) -> usize {
    match kind {
        Kind::Flag => 0,
        Kind::Int => 2,
        Kind::Real => 5,
        Kind::Text => 6,
    }
}

/// `FileMetaData`: the schema, and where the one row group's columns are.
fn footer(sheet: &Sheet, chunks: &[(usize, usize)]) -> Vec<u8> {
    let rows = sheet.rows.len();
    let mut footer = Thrift::default();
    footer.i32(1, 1);
    footer.list(2, sheet.columns.len() + 1, |schema, index| {
        let Some((name, kind)) = index.checked_sub(1).map(|index| &sheet.columns[index]) else {
            schema.binary(4, "schema");
            schema.i32(5, sheet.columns.len());
            return;
        };
        schema.i32(1, physical(*kind));
        schema.i32(3, OPTIONAL);
        schema.binary(4, name);
        if *kind == Kind::Text {
            schema.i32(6, UTF8);
        }
    });
    footer.i64(3, rows);
    footer.list(4, 1, |group, _| {
        group.list(1, chunks.len(), |chunk, index| {
            let ((name, kind), (offset, bytes)) = (&sheet.columns[index], chunks[index]);
            chunk.i64(2, offset);
            chunk.structure(3, |column| {
                column.i32(1, physical(*kind));
                column.i32_list(2, &[PLAIN, RLE]);
                column.binary_list(3, &[name]);
                column.i32(4, UNCOMPRESSED);
                column.i64(5, rows);
                column.i64(6, bytes);
                column.i64(7, bytes);
                column.i64(9, offset);
            });
        });
        group.i64(2, chunks.iter().map(|(_, bytes)| bytes).sum());
        group.i64(3, rows);
    });
    footer.binary(6, "ablate");
    footer.end()
}

/// A structure in Thrift's compact protocol: fields in ascending order of their numbers.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    last: u8,
}

impl Thrift {
    const I32: u8 = 5;
    const I64: u8 = 6;
    const BINARY: u8 = 8;
    const LIST: u8 = 9;
    const STRUCT: u8 = 12;

    /// The step from the last field's number, and the type.
    fn field(&mut self, number: u8, kind: u8) {
        debug_assert!((1..16).contains(&(number - self.last)));
        self.bytes.push((number - self.last) << 4 | kind);
        self.last = number;
    }

    fn i32(&mut self, number: u8, value: usize) {
        self.field(number, Thrift::I32);
        self.zigzag(value);
    }

    fn i64(&mut self, number: u8, value: usize) {
        self.field(number, Thrift::I64);
        self.zigzag(value);
    }

    fn binary(&mut self, number: u8, text: &str) {
        self.field(number, Thrift::BINARY);
        self.text(text);
    }

    fn structure(&mut self, number: u8, fill: impl FnOnce(&mut Thrift)) {
        self.field(number, Thrift::STRUCT);
        let mut inner = Thrift::default();
        fill(&mut inner);
        self.bytes.extend(inner.end());
    }

    fn list(&mut self, number: u8, count: usize, fill: impl Fn(&mut Thrift, usize)) {
        self.list_header(number, count, Thrift::STRUCT);
        for index in 0..count {
            let mut inner = Thrift::default();
            fill(&mut inner, index);
            self.bytes.extend(inner.end());
        }
    }

    fn i32_list(&mut self, number: u8, values: &[usize]) {
        self.list_header(number, values.len(), Thrift::I32);
        values.iter().for_each(|value| self.zigzag(*value));
    }

    fn binary_list(&mut self, number: u8, values: &[&String]) {
        self.list_header(number, values.len(), Thrift::BINARY);
        values.iter().for_each(|value| self.text(value));
    }

    fn list_header(&mut self, number: u8, count: usize, kind: u8) {
        self.field(number, Thrift::LIST);
        match u8::try_from(count).ok().filter(|count| *count < 15) {
            Some(count) => self.bytes.push(count << 4 | kind),
            None => {
                self.bytes.push(0xf0 | kind);
                varint(&mut self.bytes, count as u64);
            }
        }
    }

    /// No number here is negative.
    fn zigzag(&mut self, value: usize) {
        varint(&mut self.bytes, (value as u64) << 1);
    }

    fn text(&mut self, text: &str) {
        varint(&mut self.bytes, text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}
