//! A folder for what a process needs while it lives. One that is killed leaves it behind, and the next
//! process that wants one takes it away: it belongs to whoever holds the lock in it.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use anyhow::Context;

const PREFIX: &str = "ablate-scratch-";
const LOCK: &str = "lock";

/// A folder that goes with this process.
pub(crate) struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// An empty folder among the system's temporary ones, by a `name` that no other has.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(crate) fn new(name: &str) -> anyhow::Result<Scratch> {
        Scratch::within(&std::env::temp_dir(), name)
    }

    fn within(place: &Path, name: &str) -> anyhow::Result<Scratch> {
        take_away_what_was_left(place);
        let folder = place.join(format!("{PREFIX}{name}"));
        let made = || -> std::io::Result<File> {
            fs::create_dir(&folder)?;
            // Locked before it has its name, or another process could take it for one that was left.
            let unnamed = folder.join("lock.new");
            let lock = File::create_new(&unnamed)?;
            // On a disk without locks nobody takes it away either.
            lock.lock().ok();
            fs::rename(&unnamed, folder.join(LOCK))?;
            Ok(lock)
        };
        let lock = made().with_context(|| format!("cannot create {}", folder.display()))?;
        Ok(Scratch { folder, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
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
        match lock.try_lock() {
            Ok(()) => {
                fs::remove_dir_all(entry.path()).ok();
            }
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_goes_and_what_is_in_use_or_foreign_stays() {
        let place = tempfile::tempdir().unwrap();
        let names = || {
            let entries = fs::read_dir(place.path()).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        let held = Scratch::within(place.path(), "held").unwrap();
        fs::write(held.path().join("claims.db"), "in use").unwrap();
        for (folder, file) in
            [("ablate-scratch-left", LOCK), ("ablate-scratch-odd", "other"), ("x", LOCK)]
        {
            fs::create_dir(place.path().join(folder)).unwrap();
            fs::write(place.path().join(folder).join(file), "").unwrap();
        }
        let next = Scratch::within(place.path(), "next").unwrap();
        let there = ["ablate-scratch-held", "ablate-scratch-next", "ablate-scratch-odd", "x"];
        assert_eq!(names(), there);
        assert_eq!(fs::read_to_string(held.path().join("claims.db")).unwrap(), "in use");
        drop((held, next));
        assert_eq!(names(), there[2..]);
    }
}
