//! Hashing what SQLite holds: each value with its type and its length, so that no two different lists
//! of values are the same bytes.

use rusqlite::types::ValueRef;
use sha2::{Digest, Sha256};

/// A list of values on its way to a SHA-256.
#[derive(Default)]
pub(crate) struct Fields(Sha256);

impl Fields {
    /// Appends a text.
    pub(crate) fn text(&mut self, text: &str) {
        self.value(ValueRef::Text(text.as_bytes()));
    }

    /// Appends a value; real numbers with every bit.
    pub(crate) fn value(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => self.bytes(b'n', &[]),
            ValueRef::Integer(whole) => self.bytes(b'i', &whole.to_be_bytes()),
            ValueRef::Real(real) => self.bytes(b'r', &real.to_bits().to_be_bytes()),
            ValueRef::Text(text) => self.bytes(b't', text),
            ValueRef::Blob(blob) => self.bytes(b'b', blob),
        }
    }

    fn bytes(&mut self, kind: u8, bytes: &[u8]) {
        self.0.update([kind]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    /// The hash of what was appended.
    pub(crate) fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
