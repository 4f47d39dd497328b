//! Cases, changed by a seeded hand as libFuzzer changes them: a thousand new ones a target, the same
//! in every run of the tests.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{cases, targets};

/// How many are made of each target's cases.
const ROUNDS: u64 = 1_000;

/// What readers have words for, and numbers at the ends of their ranges.
const WORDS: [&[u8]; 24] = [
    b"[",
    b"]",
    b"{",
    b"}",
    b"(",
    b")",
    b"\"",
    b"'",
    b"\\",
    b"=",
    b".",
    b",",
    b"\n",
    b"\0",
    b"-",
    b"1e999",
    b"nan",
    b"9223372036854775808",
    b"18446744073709551615",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
    b"\xf4\x8f\xbf\xbf",
    "\u{202e}".as_bytes(),
    "\u{feff}".as_bytes(),
];

/// SplitMix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// A stretch of `bytes`, seldom a long one.
    fn stretch<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let begin = self.below(bytes.len());
        let most = (bytes.len() - begin).min(1 << self.below(12));
        &bytes[begin..begin + self.below(most + 1)]
    }
}

/// Changes `bytes` at one place; `other` may lend a part.
fn change(bytes: &mut Vec<u8>, other: &[u8], draw: &mut Draw) {
    let at = draw.below(bytes.len());
    match draw.below(7) {
        0 if !bytes.is_empty() => bytes[at] ^= 1 << draw.below(8),
        1 => bytes.truncate(at),
        2 => {
            let gone = draw.stretch(&bytes[at..]).len();
            bytes.drain(at..at + gone);
        }
        3 => {
            let again = draw.stretch(bytes).repeat(1 + draw.below(4));
            bytes.splice(at..at, again);
        }
        4 => {
            let lent = draw.stretch(other).to_vec();
            bytes.splice(at..at, lent);
        }
        5 => {
            let word = WORDS[draw.below(WORDS.len())];
            let end = bytes.len().min(at + word.len());
            bytes.splice(at..end, word.iter().copied());
        }
        _ => {
            let word = WORDS[draw.below(WORDS.len())];
            bytes.splice(at..at, word.iter().copied());
        }
    }
}

#[test]
fn whatever_is_changed_in_a_case_is_borne() {
    for (name, target) in targets::TARGETS {
        let cases = cases(name);
        let mut draw = Draw(name.len() as u64);
        for round in 0..ROUNDS {
            let mut bytes = cases[draw.below(cases.len())].1.clone();
            let other = &cases[draw.below(cases.len())].1;
            for _ in 0..=draw.below(6) {
                change(&mut bytes, other, &mut draw);
            }
            bytes.truncate(1 << 16);
            let borne = catch_unwind(AssertUnwindSafe(|| target(&bytes)));
            assert!(borne.is_ok(), "{name}, round {round}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}
