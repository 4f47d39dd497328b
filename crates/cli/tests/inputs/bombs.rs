//! Files that would take all of the stack or the memory, if they were believed.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use crate::targets;

/// How deep: every level of a reader that calls itself takes at least a hundred bytes of a stack of a few
/// millions.
const DEEP: usize = 100_000;

#[test]
fn nesting_of_a_hundred_thousand_takes_no_stack() {
    let head = "[experiment]\nquestion = \"?\"\nseeds = 1\n[grid]\n";
    let many = |text: &str| text.repeat(DEEP);
    for text in [
        format!("{head}width = {}", many("[")),
        format!("{head}width = {}1{}", many("["), many("]")),
        format!("{head}width = {}", many("{a = ")),
        format!("{head}width = {}1{}", many("[{a = "), many("}]")),
        format!("{head}{}a = 1", many("a.")),
        format!("{head}[{}a]", many("a.")),
        format!("{head}[[{}a]]", many("a.")),
        // As deep as each way of nesting alone may go, within each other.
        format!("{head}{}", format!("{}b = {{", "a.".repeat(70)).repeat(70)),
        format!("{}\n", "[[a.b]]\n".repeat(DEEP)),
        format!("{head}width = \"\"\"{}", many("\"")),
    ] {
        targets::experiment(text.as_bytes());
    }
    for text in [
        many("("),
        many("not "),
        many("[").replace('[', "depth in ["),
        format!("depth == {}", many("-")),
        many("depth == 1 and "),
        format!("{}depth == 1{}", "(".repeat(30_000), ")".repeat(30_000)),
    ] {
        targets::filter(text.as_bytes());
    }
    for text in [format!("width={}", many("[")), format!("{}=1", many("a.")), many("=")] {
        targets::overridden(text.as_bytes());
    }
    for text in [many("["), format!("{{\"is\":{}", many("{\"a\":"))] {
        targets::shard(text.as_bytes());
        targets::plan(text.as_bytes());
    }
    let header = many("[");
    let tensors = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat();
    targets::tensors(&tensors);
}

/// Calls the program where at most `mib` of address space can be had.
fn with_little_memory(folder: &Path, mib: usize, args: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_ablate");
    let line = format!("ulimit -v {}; exec '{program}' {args}", mib << 10);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).current_dir(folder).env_clear().env("ABLATE_DB", "store.db");
    command.output().unwrap()
}

/// A file of so many bytes, none of which takes room on the disk.
fn sparse(folder: &Path, name: &str, bytes: u64) {
    File::create(folder.join(name)).unwrap().set_len(bytes).unwrap();
}

#[test]
fn files_larger_than_the_memory_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let experiment = "[experiment]\nquestion = \"?\"\nseeds = 1\n[grid]\ndataset = \"NAME\"\n";
    for (name, bytes) in [("large.toml", 100 << 20), ("huge.toml", 100 << 30)] {
        sparse(folder, name, bytes);
    }
    std::os::unix::fs::symlink("/dev/zero", folder.join("endless.toml")).unwrap();
    for name in ["large.toml", "huge.toml", "endless.toml"] {
        refused(&with_little_memory(folder, 400, &format!("plan {name}")), 2, name);
    }
    fs::create_dir(folder.join("idx")).unwrap();
    fs::write(folder.join("idx/train-labels-idx1-ubyte"), b"\0\0\x08\x01\0\0\0\0").unwrap();
    fs::write(folder.join("labels.npy"), "").unwrap();
    for name in ["images.npy", "huge.npz", "idx/train-images-idx3-ubyte"] {
        sparse(folder, name, 100 << 30);
    }
    for (dataset, name) in
        [("./images.npy", "images.npy"), ("./huge.npz", "huge.npz"), ("./idx/", "train-images")]
    {
        fs::write(folder.join("own.toml"), experiment.replace("NAME", dataset)).unwrap();
        // Data may be large: 256 MiB are read before a file is called too large.
        refused(&with_little_memory(folder, 1_000, "plan own.toml"), 1, name);
    }
}

/// It ended by itself, with that code, and named the file.
#[track_caller]
fn refused(output: &Output, code: i32, name: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{name}: {said}");
    assert!(said.contains(name) && said.contains("error"), "{name}: {said}");
}
