//! Lines with a checksum: `crc32 json`, eight hexadecimal digits before a blank. A line is whole or it is
//! not read; what follows a damaged stretch (a block of zeros, say) is read from its next line on.

use std::io::{self, BufRead};

use flate2::Crc;
use serde_json::Value as Json;

/// One line of `json`.
pub(crate) fn line(json: &Json) -> String {
    let text = json.to_string();
    format!("{:08x} {text}\n", checksum(text.as_bytes()))
}

/// What a line without its end says; `None` if it is damaged.
pub(crate) fn read(line: &[u8]) -> Option<Json> {
    serde_json::from_slice(unframed(line)?).ok()
}

/// The JSON of a line without its end; `None` if it is not what was written.
fn unframed(line: &[u8]) -> Option<&[u8]> {
    let (sum, text) = (line.get(..8)?, line.get(9..)?);
    let sum = u32::from_str_radix(std::str::from_utf8(sum).ok()?, 16).ok()?;
    (line[8] == b' ' && sum == checksum(text)).then_some(text)
}

/// Hands the JSON of each whole line of `input` to `take`, which says whether it can make something of
/// it; how many were damaged. A last line without its end is still being written, or never was: it is
/// none.
pub(crate) fn each(
    input: &mut impl BufRead,
    mut take: impl FnMut(&[u8]) -> bool,
) -> io::Result<u64> {
    let (mut line, mut damaged) = (Vec::new(), 0);
    loop {
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 || line.pop() != Some(b'\n') {
            return Ok(damaged);
        }
        if !unframed(&line).is_some_and(&mut take) {
            damaged += 1;
        }
    }
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_line_reads_back_and_any_other_byte_in_it_is_found() {
        let line = line(&json!({"run": "ab", "x": 0.1}));
        let bytes = line.trim_end().as_bytes();
        assert_eq!(read(bytes), Some(json!({"run": "ab", "x": 0.1})));
        for at in 0..bytes.len() {
            let mut other = bytes.to_vec();
            other[at] ^= 0x11;
            assert_eq!(read(&other), None, "byte {at}");
            assert_eq!(read(&bytes[..at]), None, "cut at {at}");
        }
    }

    #[test]
    fn what_follows_damage_is_read() {
        let mut bytes = Vec::new();
        for number in 0..4 {
            bytes.extend(line(&json!(number)).into_bytes());
        }
        bytes[12..15].fill(0);
        bytes.extend(b"1234");
        let mut seen = Vec::new();
        let damaged = each(&mut bytes.as_slice(), |text| {
            seen.push(String::from_utf8(text.to_vec()).unwrap());
            true
        });
        assert_eq!((damaged.unwrap(), seen), (1, vec!["0".into(), "2".into(), "3".into()]));
    }
}
