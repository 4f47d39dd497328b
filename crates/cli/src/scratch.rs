//! A folder for what a process needs while it lives. One that is killed leaves it behind, and the next
//! process that wants one takes it away: it belongs to whoever holds the lock in it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use anyhow::Context;
use tempfile::TempDir;

const PREFIX: &str = "ablate-scratch-";
const LOCK: &str = "lock";

/// A folder that goes with this process.
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// An empty folder among the system's temporary ones.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new() -> anyhow::Result<Scratch> {
        Scratch::within(&std::env::temp_dir())
    }

    fn within(place: &Path) -> anyhow::Result<Scratch> {
        take_away_what_was_left(place);
        let made = || -> io::Result<Scratch> {
            let folder = tempfile::Builder::new().prefix(PREFIX).tempdir_in(place)?;
            // Locked before it has its name, or another process could take it for one that was left.
            let unnamed = folder.path().join("lock.new");
            let lock = File::create_new(&unnamed)?;
            // On a disk without locks nobody takes it away either.
            lock.lock().ok();
            fs::rename(&unnamed, folder.path().join(LOCK))?;
            Ok(Scratch { folder, _lock: lock })
        };
        made().with_context(|| format!("cannot make a folder in {}", place.display()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Removes the folders of processes that are no more. What others own stays, as they can see to it.
fn take_away_what_was_left(place: &Path) {
    let entries = fs::read_dir(place).into_iter().flatten().flatten();
    for entry in entries {
        let ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if !ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let Ok(lock) = File::options().write(true).open(entry.path().join(LOCK)) else { continue };
        if lock.try_lock().is_ok() {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_in_use_or_foreign_stays() {
        let place = tempfile::tempdir().unwrap();
        let names = || {
            let entries = fs::read_dir(place.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            names.collect::<BTreeSet<_>>()
        };
        let held = Scratch::within(place.path()).unwrap();
        fs::write(held.path().join("claims.db"), "in use").unwrap();
        let foreign = BTreeSet::from(["ablate-scratch-odd", "x"].map(str::to_owned));
        for (folder, file) in
            [("ablate-scratch-left", LOCK), ("ablate-scratch-odd", "other"), ("x", LOCK)]
        {
            fs::create_dir(place.path().join(folder)).unwrap();
            fs::write(place.path().join(folder).join(file), "").unwrap();
        }
        let next = Scratch::within(place.path()).unwrap();
        assert_eq!(names().len(), 4);
        assert!(names().is_superset(&foreign) && !names().contains("ablate-scratch-left"));
        assert_eq!(fs::read_to_string(held.path().join("claims.db")).unwrap(), "in use");
        drop((held, next));
        assert_eq!(names(), foreign);
    }
}
