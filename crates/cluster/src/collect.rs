//! Collecting: what shards tell is taken into a store, complete or not, any time, any number of times.
//!
//! A transaction holds runs of one shard and the row of the attempt that wrote it (a session of the
//! store), so the store itself is the ledger of what was taken from where: a record whose run stands as
//! its attempt ended it is passed over without being unpacked. There is no second book that could
//! disagree with the runs, and a collect that is killed leaves nothing to be mended.

use std::path::{Path, PathBuf};

use ablate_records::{Origin, Returned, Store, TakenIn};

use crate::error::ClusterError;
use crate::folder::Folder;
use crate::shard::{self, Glance};

/// How many runs go into one transaction.
const BATCH: usize = 500;

/// What came of collecting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// What became of the runs.
    pub taken: TakenIn,
    /// How many shards there are.
    pub shards: usize,
    /// How many of their lines are not what was written.
    pub damaged: u64,
}

/// Takes what the shards of `folder` tell into `store`, whose catalog is declared. `watch` hears how many
/// shards of how many have been read, after every transaction.
///
/// # Errors
/// If a shard cannot be read, or a run cannot be stored as it is. What was taken before stays.
pub fn collect(
    folder: &Folder,
    store: &mut Store,
    watch: impl FnMut(usize, usize),
) -> Result<Collected, ClusterError> {
    collect_shards(folder, &folder.shards()?, store, watch)
}

/// Takes what `shards`, files of `folder`, tell into `store`, as [`collect`] does.
///
/// # Errors
/// As [`collect`].
pub fn collect_shards(
    folder: &Folder,
    shards: &[PathBuf],
    store: &mut Store,
    mut watch: impl FnMut(usize, usize),
) -> Result<Collected, ClusterError> {
    let mut collected = Collected { shards: shards.len(), ..Collected::default() };
    for (index, path) in shards.iter().enumerate() {
        let mut watch = || watch(index, shards.len());
        let (taken, damaged) = one(folder, path, store, &mut watch)?;
        collected.taken = collected.taken.with(taken);
        collected.damaged += damaged;
    }
    store.settle_current()?;
    Ok(collected)
}

fn one(
    folder: &Folder,
    path: &Path,
    store: &mut Store,
    watch: &mut dyn FnMut(),
) -> Result<(TakenIn, u64), ClusterError> {
    let standing = store.ended_by(&shard::attempt_of(path))?;
    let mut known = 0;
    let wanted = |end: &Glance| {
        // What has no stamp is taken again, and known then.
        let stands =
            standing.get(&end.run).is_some_and(|it| it.stamp == end.stamp && it.files == end.files);
        known += u64::from(stands);
        !stands
    };
    let mut batch =
        Batch { folder, store, watch, origin: None, runs: Vec::new(), taken: TakenIn::default() };
    let account = shard::read(path, wanted, |origin, returned| batch.add(origin, returned))?;
    batch.flush()?;
    let mut taken = batch.taken;
    taken.known += known;
    Ok((taken, account.damaged))
}

/// Runs of one shard on their way into the store.
struct Batch<'a> {
    folder: &'a Folder,
    store: &'a mut Store,
    watch: &'a mut dyn FnMut(),
    origin: Option<Origin>,
    runs: Vec<Returned>,
    taken: TakenIn,
}

impl Batch<'_> {
    fn add(&mut self, origin: &Origin, returned: Returned) -> Result<(), ClusterError> {
        if self.origin.as_ref() != Some(origin) {
            self.flush()?;
            self.origin = Some(origin.clone());
        }
        self.runs.push(returned);
        if self.runs.len() < BATCH { Ok(()) } else { self.flush() }
    }

    fn flush(&mut self) -> Result<(), ClusterError> {
        let Some(origin) = self.origin.as_ref().filter(|_| !self.runs.is_empty()) else {
            return Ok(());
        };
        let taken = self.store.take_in(origin, &self.runs, &self.folder.artifacts())?;
        self.taken = std::mem::take(&mut self.taken).with(taken);
        self.runs.clear();
        (self.watch)();
        Ok(())
    }
}
