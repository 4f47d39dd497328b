//! Everything that reads what others wrote, as functions of bytes that nobody chose. None may panic, take
//! memory without bound, or leave a mistake without its place.
//!
//! libFuzzer calls them (`fuzz_targets`), and so do the ordinary tests of the program, over what was
//! found (`cases`) and what a seeded hand makes of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use ablate_autoencoder::Stored;
use ablate_autoencoder::tensors::Tensors;
use ablate_cluster::plan::Plan;
use ablate_cluster::{ClusterError, Folder, shard};
use ablate_data::{idx, own};
use ablate_sweep::experiment::{Limit, Source};
use ablate_sweep::{Catalog, Color, Experiment, Filter, Override, Params, RunPlan, Value};
use tempfile::TempDir;

/// What reads bytes that nobody chose.
pub type Target = fn(&[u8]);

/// Every target with the name of its folder of cases.
pub const TARGETS: [(&str, Target); 11] = [
    ("experiment", experiment),
    ("override", overridden),
    ("filter", filter),
    ("idx", idx),
    ("npy", npy),
    ("npz", npz),
    ("tensors", tensors),
    ("network", network),
    ("shard", shard),
    ("plan", plan),
    ("csv", csv),
];

static CATALOG: LazyLock<Catalog> = LazyLock::new(ablate_autoencoder::catalog);

/// No mistake, nor all of them together, is told at greater length.
const LONGEST: usize = 1 << 20;

/// An experiment file, and the grid that it asks for.
pub fn experiment(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        read(text, &[]);
    }
}

/// One `--set`, over an experiment that is right.
pub fn overridden(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(read_override) = Override::parse(text) {
        read(
            "[experiment]\nquestion = \"?\"\nseeds = 2\n[grid]\ndepth = [1, 2]\n",
            &[read_override],
        );
    }
}

fn read(text: &str, overrides: &[Override]) {
    let source = Source { name: "fuzz", path: "fuzz.toml", text };
    let limit = Limit { max_runs: Some(1_000) };
    let read = Experiment::read(source, overrides, &CATALOG);
    if let Err(mistakes) = read.and_then(|experiment| experiment.expand(&CATALOG, limit)) {
        let said = mistakes.render(Color::Plain);
        assert!(said.contains("fuzz.toml:") || said.contains("--set:"), "no place in {said}");
        assert!(said.len() < LONGEST, "{} bytes of mistakes", said.len());
        assert!(!said.contains('\u{1b}'), "a command to the terminal in {said:?}");
    }
}

/// A filter.
pub fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Filter::parse(text) {
        Ok(filter) => drop(filter.clone()),
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{:?} of {text:?}", error.span);
            assert!(!error.message.is_empty());
        }
    }
}

/// IDX files of images and of labels, gzipped or not.
pub fn idx(bytes: &[u8]) {
    let Ok(raw) = idx::unzip("fuzz", bytes) else { return };
    if let Ok((shape, pixels)) = idx::images("fuzz", &raw) {
        assert_eq!(pixels.len() % shape.pixels(), 0);
    }
    if let Ok(labels) = idx::labels("fuzz", &raw) {
        assert!(labels.len() < raw.len());
    }
}

/// An array of images beside one of labels, and the other way round.
pub fn npy(bytes: &[u8]) {
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (12, 2), }\n";
    let images = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()];
    let images = [&images.concat()[..], &[7; 24]].concat();
    let header = header.replace("(12, 2)", "(12,)");
    let labels = [b"\x93NUMPY\x01\0", &(header.len() as u16).to_le_bytes()[..], header.as_bytes()];
    let labels = [&labels.concat()[..], &[0, 1].repeat(6)].concat();
    for (images, labels) in [(bytes, &labels[..]), (&images, bytes)] {
        let folder = folder();
        write(folder.path(), "images.npy", images);
        write(folder.path(), "labels.npy", labels);
        load(&folder.path().join("images.npy"));
    }
}

/// An archive of arrays.
pub fn npz(bytes: &[u8]) {
    let folder = folder();
    load(&write(folder.path(), "fuzz.npz", bytes));
}

fn load(path: &Path) {
    match own::load("fuzz", path) {
        Ok(dataset) => assert!(!dataset.train.is_empty() && dataset.classes > 1),
        Err(error) => {
            let folder = path.parent().unwrap_or(path).display().to_string();
            assert!(error.to_string().contains(&folder), "which file? {error}");
        }
    }
}

/// A file of tensors: weights, layers, checkpoints.
pub fn tensors(bytes: &[u8]) {
    if let Ok(tensors) = Tensors::from_bytes(bytes) {
        let written = tensors.to_bytes();
        let again = Tensors::from_bytes(&written).expect("what was written can be read");
        assert_eq!(again.to_bytes(), written);
    }
}

/// The weights of a run.
pub fn network(bytes: &[u8]) {
    static PLAN: LazyLock<RunPlan> = LazyLock::new(|| {
        let mut params = Params::default();
        params.set("width", Value::Int(2));
        params.set("depth", Value::Int(1));
        let trial = CATALOG.resolve(&params).expect("these are parameters");
        RunPlan::new(Arc::new(trial), 0, "data", "1")
    });
    for pretrained in [vec![], vec![bytes.to_vec()]] {
        let read = Stored::read(&PLAN, (4, 2), bytes, &pretrained);
        assert!(read.err().is_none_or(|error| !error.is_empty()));
    }
}

/// What an attempt at a task has left.
pub fn shard(bytes: &[u8]) {
    for bytes in [bytes, &framed(bytes)] {
        let folder = folder();
        let path = write(folder.path(), "0001-0.fuzz.log", bytes);
        let mut ended = 0;
        let account = shard::read(&path, |_, _| {
            ended += 1;
            Ok::<(), ClusterError>(())
        });
        let account = account.expect("it can be read");
        assert!(account.finished.len() + account.failed.len() <= ended);
    }
}

/// The plan of a launch, and the slice of each of its tasks.
pub fn plan(bytes: &[u8]) {
    for bytes in [bytes, &framed(bytes)] {
        let root = folder();
        let folder = Folder::at(root.path()).expect("it is there");
        folder.create().expect("it can be made");
        write(folder.root(), "plans/0001.plan", bytes);
        let Ok(mut plan) = Plan::open(&folder, 1) else { continue };
        let _sum = plan.runs();
        for task in 0..plan.tasks().min(10) {
            let _damaged = plan.slice(task);
        }
    }
}

/// Each line with the checksum that it would have had, which no chance finds.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let frame = |line: &[u8]| [format!("{:08x} ", crc32(line)).as_bytes(), line, b"\n"].concat();
    bytes.split(|byte| *byte == b'\n').flat_map(frame).collect()
}

/// CRC-32 of ISO 3309, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Runs of another program.
pub fn csv(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(mistakes) = ablate_exchange::foreign::read(text, &CATALOG) {
        assert!(mistakes.iter().all(|mistake| mistake.line > 0 && mistake.column > 0));
        assert!(!mistakes.is_empty());
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("there is room for a folder")
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("there is room for a file");
    path
}
