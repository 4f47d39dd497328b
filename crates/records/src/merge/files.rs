//! The files of runs on their way from one folder of artifacts to another.

use std::collections::BTreeMap;

use ablate_sweep::RunId;
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::artifacts::ArtifactFolder;
use crate::digest::hex;
use crate::error::{RecordsError, Trouble};

/// A file as a row there names it: its path in the folder and its hash.
pub(super) type Wanted = (String, String);

/// What some runs there have that is to be brought.
#[derive(Default)]
pub(super) struct Wants {
    pub(super) files: Vec<Wanted>,
    /// The runs whose ends there will stand, and their logs with them.
    pub(super) logs: Vec<RunId>,
}

/// Bytes of a log that go with a run.
const LOG: u64 = 1 << 20;

/// What was copied so far.
pub(super) struct Files {
    from: ArtifactFolder,
    to: ArtifactFolder,
    /// Where each file is here; `None` for one that is not there as its row says.
    places: BTreeMap<Wanted, Option<String>>,
    copied: u64,
}

/// The files of `run` there whose roles it has no file for here.
pub(super) fn wanted(
    here: &Connection,
    there: &Connection,
    run: &RunId,
) -> Result<Vec<Wanted>, Trouble> {
    let mut roles = here.prepare_cached(
        "SELECT role FROM artifact WHERE run = (SELECT key FROM run WHERE id = ?1)",
    )?;
    let held = roles.query_map([&run.0], |row| row.get(0))?;
    let held = held.collect::<Result<Vec<String>, _>>()?;
    let mut statement = there.prepare_cached(
        "SELECT role, file, hash FROM artifact WHERE run = (SELECT key FROM run WHERE id = ?1)",
    )?;
    let rows = statement
        .query_map([&run.0], |row| Ok((row.get::<_, String>(0)?, (row.get(1)?, row.get(2)?))))?;
    let rows = rows.collect::<Result<Vec<(String, Wanted)>, _>>()?;
    Ok(rows.into_iter().filter(|(role, _)| !held.contains(role)).map(|(_, file)| file).collect())
}

impl Files {
    pub(super) fn between(from: &ArtifactFolder, to: &ArtifactFolder) -> Files {
        Files { from: from.clone(), to: to.clone(), places: BTreeMap::new(), copied: 0 }
    }

    /// Copies those files that are not here yet, and the logs.
    pub(super) fn bring(&mut self, wants: Wants) -> Result<(), RecordsError> {
        for wanted in wants.files {
            if !self.places.contains_key(&wanted) {
                let place = self.place(&wanted)?;
                self.places.insert(wanted, place);
            }
        }
        wants.logs.iter().try_for_each(|run| self.bring_log(run))
    }

    /// Puts the log of `run` there, as much of its end as [`LOG`] bytes hold, in the place of the one here:
    /// it belongs to the end that stands. A log that cannot be read is nobody's loss but its reader's.
    fn bring_log(&self, run: &RunId) -> Result<(), RecordsError> {
        let file = run.log_file();
        let Ok(Some((text, _))) = self.from.tail(&file, LOG) else { return Ok(()) };
        let path = self.to.root().join(&file);
        let failed = |source| RecordsError::File { path, doing: "write", source };
        self.to.write(&file, text.as_bytes()).map_err(failed)
    }

    /// Where the file is here, if it could be brought.
    pub(super) fn at(&self, file: &str, hash: &str) -> Option<&str> {
        self.places.get(&(file.to_owned(), hash.to_owned()))?.as_deref()
    }

    /// How many files were copied, and which could not be.
    pub(super) fn done(self) -> (u64, Vec<String>) {
        let missing = self.places.into_iter().filter(|(_, place)| place.is_none());
        (self.copied, missing.map(|((file, _), _)| file).collect())
    }

    fn place(&mut self, (file, hash): &Wanted) -> Result<Option<String>, RecordsError> {
        let ours = |bytes: &[u8]| hex(&Sha256::digest(bytes)) == *hash;
        for name in [file.clone(), with_hash(file, hash)] {
            let Ok(path) = self.to.path(&name) else { return Ok(None) };
            let failed = |doing| move |source| RecordsError::File { path, doing, source };
            match self.to.read(&name).map_err(failed("read"))? {
                Some(bytes) if ours(&bytes) => return Ok(Some(name)),
                // Another machine has made other bits of the same layer: both are kept.
                Some(_) => {}
                None => {
                    let Ok(Some(bytes)) = self.from.read(file) else { return Ok(None) };
                    if !ours(&bytes) {
                        return Ok(None);
                    }
                    let path = self.to.root().join(&name);
                    let failed = |source| RecordsError::File { path, doing: "write", source };
                    self.to.write(&name, &bytes).map_err(failed)?;
                    self.copied += 1;
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

/// `layers/a.safetensors` as `layers/a-0123456789abcdef.safetensors`.
fn with_hash(file: &str, hash: &str) -> String {
    let digits: String = hash.chars().filter(char::is_ascii_hexdigit).take(16).collect();
    match file.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => {
            format!("{stem}-{digits}.{extension}")
        }
        _ => format!("{file}-{digits}"),
    }
}
