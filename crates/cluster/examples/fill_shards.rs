//! Writes the shards of a launch as its tasks would, without training, for `scripts/bench/collect.sh`.
//!
//! ```text
//! fill_shards FOLDER LIKE [--bare]   a shard a task; each run ends as the first one in the folder LIKE did,
//!                                    with other numbers; --bare leaves out curves and profiles
//! ```
//!
//! A shard is synced at each run, so FOLDER is best in memory.
#![expect(clippy::print_stderr, reason = "it is a program of its own")]

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use ablate_cluster::plan::Plan;
use ablate_cluster::shard::{self, Sealed, Shard};
use ablate_cluster::{ClusterError, Folder};
use ablate_records::Session;
use ablate_sweep::Outcome;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        [folder, like] => fill(folder, like, false),
        [folder, like, "--bare"] => fill(folder, like, true),
        _ => Err("usage: fill_shards FOLDER LIKE [--bare]".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn fill(folder: &str, like: &str, bare: bool) -> Result<(), Box<dyn Error>> {
    let mut like = first_outcome(&Folder::at(Path::new(like))?)?.ok_or("no run finished there")?;
    like.artifacts.clear();
    if bare {
        like.curves.clear();
        like.profiles.clear();
    }
    let folder = Folder::at(Path::new(folder))?;
    let mut plan = Plan::open(&folder, folder.current()?)?;
    let session =
        Session { command: "ablate worker".into(), os: "none".into(), ..Session::default() };
    let mut noise = Noise(1);
    for task in 0..plan.tasks() {
        let mut shard =
            Shard::begin(&folder, folder.current()?, task as u32, &session, Some("node"), 0)?;
        for planned in plan.slice(task)? {
            shard.start(&planned.0.id)?;
            shard.end(&planned, &Ok(noise.other(&like)), 1.0 + noise.next())?;
        }
        shard.seal(Sealed::Done)?;
    }
    Ok(())
}

fn first_outcome(folder: &Folder) -> Result<Option<Outcome>, ClusterError> {
    let mut found = None;
    for path in folder.shards()? {
        shard::read(
            &path,
            |end| end.finished,
            |_, returned| {
                found = found.take().or(returned.ended.ok());
                Ok::<(), ClusterError>(())
            },
        )?;
    }
    Ok(found)
}

/// The generator SplitMix64.
struct Noise(u64);

impl Noise {
    /// A number in [0, 1) all of whose digits count.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// `like` with every number another one that is written with as many digits.
    fn other(&mut self, like: &Outcome) -> Outcome {
        let mut outcome = like.clone();
        let whole = |value: &f64| value.fract() == 0.0;
        let series = outcome.curves.iter_mut().map(|curve| &mut curve.values);
        let series = series.chain(outcome.profiles.iter_mut().map(|profile| &mut profile.values));
        let series = series.flatten().chain(outcome.scores.values_mut());
        for value in series.filter(|value| !whole(value)) {
            // The nearest f32: errors are counts over images, and losses are f32.
            *value = f64::from((*value * (0.5 + self.next())) as f32);
        }
        outcome.weights_hash = format!("{:064x}", self.0);
        outcome
    }
}
