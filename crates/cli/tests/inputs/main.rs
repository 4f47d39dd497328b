//! Files and words that others wrote: what was found by fuzzing, what a seeded hand makes of it, and what
//! somebody might think of. The targets are those of `fuzz/`, here under the ordinary compiler.
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod bombs;
mod mutation;
#[path = "../../../../fuzz/src/lib.rs"]
#[expect(clippy::expect_used, unreachable_pub, reason = "it is a crate of its own elsewhere")]
mod targets;

use std::fs;
use std::path::Path;

/// The cases of a target: what was found and what it was begun with, each with its name.
fn cases(target: &str) -> Vec<(String, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files: Vec<_> = fs::read_dir(root.join("fuzz/cases").join(target)).unwrap().collect();
    if target == "experiment" {
        files.extend(fs::read_dir(root.join("experiments")).unwrap());
    }
    let mut cases: Vec<(String, Vec<u8>)> = files
        .into_iter()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    cases.sort();
    cases
}

#[test]
fn every_case_is_borne() {
    for (name, target) in targets::TARGETS {
        let cases = cases(name);
        assert!(!cases.is_empty(), "{name} has no cases");
        for (_, bytes) in cases {
            target(&bytes);
        }
    }
}

#[test]
fn every_target_has_a_binary_for_libfuzzer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    for (name, _) in targets::TARGETS {
        assert!(root.join(format!("fuzz_targets/{name}.rs")).exists(), "{name}");
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}
