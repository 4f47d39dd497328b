//! The files of runs: weights, in a folder beside the store. A file is written beside its place and
//! renamed into it, so that it is there whole or not at all; rows name the files that a run has.

use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ablate_sweep::{Artifact, RunId};
use rusqlite::{Transaction, params};

use crate::error::{RecordsError, Trouble};
use crate::store::Store;

/// A folder of files, named by paths with `/` between folders. Any number of threads and processes may
/// use it at once.
#[derive(Clone, Debug)]
pub struct ArtifactFolder {
    root: PathBuf,
}

impl ArtifactFolder {
    /// The folder of the store at `store`: `results/ablate.db` has `results/ablate.artifacts`.
    pub fn of_store(store: &Path) -> ArtifactFolder {
        ArtifactFolder { root: store.with_extension("artifacts") }
    }

    /// A folder anywhere.
    pub fn at(root: PathBuf) -> ArtifactFolder {
        ArtifactFolder { root }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// What `file` holds; `None` if there is no such file.
    ///
    /// # Errors
    /// If it is there and cannot be read, or `file` leads out of the folder.
    pub fn read(&self, file: &str) -> io::Result<Option<Vec<u8>>> {
        match fs::read(self.path(file)?) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes `bytes` the content of `file`: all or nothing, whatever happens meanwhile.
    ///
    /// # Errors
    /// If they cannot be written, or `file` leads out of the folder. Nothing has changed then.
    pub fn write(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        /// Random, for processes of several machines may share the folder, and their numbers.
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
        let path = self.path(file)?;
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let partial = folder.join(format!(".{:016x}-{number}.partial", *PROCESS));
        let written = File::create(&partial).and_then(|mut file| {
            file.write_all(bytes)?;
            // Without this a power cut may leave a name with nothing behind it.
            file.sync_data()
        });
        let done = written.and_then(|()| fs::rename(&partial, &path));
        if done.is_err() {
            fs::remove_file(&partial).ok();
        }
        done
    }

    /// `file`, made if need be, to write at its end: what is written so may be cut off by a crash.
    ///
    /// # Errors
    /// If it cannot be opened, or `file` leads out of the folder.
    pub fn append(&self, file: &str) -> io::Result<File> {
        let path = self.path(file)?;
        fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        File::options().create(true).append(true).open(path)
    }

    /// The last lines of `file`, as many as fit `most` bytes, and whether there are others before them;
    /// `None` if there is no such file. What is no text is replaced, and a link is not followed.
    ///
    /// # Errors
    /// If it is there and cannot be read, or `file` leads out of the folder.
    pub fn tail(&self, file: &str, most: u64) -> io::Result<Option<(String, bool)>> {
        let path = self.path(file)?;
        let bytes = match fs::symlink_metadata(&path) {
            Ok(found) if found.is_file() => found.len(),
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut open = File::open(path)?;
        let skipped = bytes.saturating_sub(most);
        open.seek(SeekFrom::Start(skipped))?;
        let mut tail = Vec::new();
        open.take(most).read_to_end(&mut tail)?;
        let text = String::from_utf8_lossy(&tail);
        let whole = match text.split_once('\n') {
            Some((_cut, whole)) if skipped > 0 => whole,
            _ => &text,
        };
        Ok(Some((whole.to_owned(), skipped > 0)))
    }

    /// Calls `file`, if it is there, by the name `other` from now on, in place of what had that.
    ///
    /// # Errors
    /// If it is there and cannot be renamed, or a name leads out of the folder.
    pub fn rename(&self, file: &str, other: &str) -> io::Result<()> {
        match fs::rename(self.path(file)?, self.path(other)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Takes `file` away, if it is there.
    ///
    /// # Errors
    /// If it is there and cannot be removed, or `file` leads out of the folder.
    pub fn remove(&self, file: &str) -> io::Result<()> {
        match fs::remove_file(self.path(file)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Every file in it, whoever put it there, by name. Links are not followed, and no files.
    ///
    /// # Errors
    /// If a folder cannot be read.
    pub fn files(&self) -> io::Result<Vec<StoredFile>> {
        let mut files = Vec::new();
        match collect(&self.root, "", &mut files) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            done => done?,
        }
        files.sort();
        Ok(files)
    }

    /// The path of `file`, which must stay within the folder: names may come from a store that
    /// somebody else made.
    ///
    /// # Errors
    /// If it does not.
    pub fn path(&self, file: &str) -> io::Result<PathBuf> {
        let plain =
            |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']);
        if file.split('/').all(plain) {
            Ok(file.split('/').fold(self.root.clone(), |path, part| path.join(part)))
        } else {
            let message = format!("{file:?} is no name of an artifact");
            Err(io::Error::new(io::ErrorKind::InvalidInput, message))
        }
    }
}

/// A file in a folder of artifacts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StoredFile {
    /// Its path in the folder, with `/` between folders.
    pub file: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// Appends the files in `folder`, whose names begin with `prefix`. A name that is no text is none that
/// this program gave.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<StoredFile>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
            continue;
        };
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if kind.is_file() {
            files.push(StoredFile { file: name, bytes: entry.metadata()?.len() });
        }
    }
    Ok(())
}

impl Store {
    /// The folder of this store's artifacts, which may not exist yet.
    pub fn artifact_folder(&self) -> ArtifactFolder {
        ArtifactFolder::of_store(self.path())
    }

    /// The files of `run`: its network first, then its layers from the lowest up.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn artifacts(&self, run: &RunId) -> Result<Vec<Artifact>, RecordsError> {
        self.read("read the artifacts of a run", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT role, file, hash, bytes, reused
                 FROM artifact WHERE run = (SELECT key FROM run WHERE id = ?1)
                 ORDER BY role <> 'network', length(role), role",
            )?;
            let artifacts = statement.query_map([&run.0], |row| {
                Ok(Artifact {
                    role: row.get(0)?,
                    file: row.get(1)?,
                    hash: row.get(2)?,
                    bytes: row.get::<_, i64>(3)?.unsigned_abs(),
                    reused: row.get(4)?,
                })
            })?;
            Ok(artifacts.collect::<Result<_, _>>()?)
        })
    }
}

pub(crate) fn insert(
    transaction: &Transaction<'_>,
    run: i64,
    artifacts: &[Artifact],
) -> Result<(), Trouble> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO artifact (run, role, file, hash, bytes, reused)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for Artifact { role, file, hash, bytes, reused } in artifacts {
        let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
        statement.execute(params![run, role, file, hash, bytes, reused])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_leaves_no_scraps() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = ArtifactFolder::at(folder.path().join("made when needed"));
        assert_eq!(artifacts.read("layers/a.safetensors").unwrap(), None);
        for bytes in [b"first".as_slice(), b"second"] {
            artifacts.write("layers/a.safetensors", bytes).unwrap();
            assert_eq!(artifacts.read("layers/a.safetensors").unwrap().unwrap(), bytes);
        }
        let files = fs::read_dir(artifacts.root().join("layers")).unwrap().count();
        assert_eq!(files, 1);
        artifacts.remove("layers/a.safetensors").unwrap();
        artifacts.remove("layers/a.safetensors").unwrap();
        assert_eq!(artifacts.read("layers/a.safetensors").unwrap(), None);
    }

    #[test]
    fn the_end_of_a_file_is_whole_lines() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = ArtifactFolder::at(folder.path().join("made when needed"));
        assert_eq!(artifacts.tail("logs/a.log", 10).unwrap(), None);
        for text in ["first\n", "second\n", "th\u{ef}rd\n"] {
            artifacts.append("logs/a.log").unwrap().write_all(text.as_bytes()).unwrap();
        }
        let tail = |most| artifacts.tail("logs/a.log", most).unwrap().unwrap();
        assert_eq!(tail(100), ("first\nsecond\nth\u{ef}rd\n".to_owned(), false));
        assert_eq!(tail(16), ("second\nth\u{ef}rd\n".to_owned(), true));
        assert_eq!(tail(9), ("th\u{ef}rd\n".to_owned(), true));
        #[cfg(unix)]
        {
            let link = artifacts.root().join("logs/link.log");
            std::os::unix::fs::symlink("/etc/hostname", link).unwrap();
            assert_eq!(artifacts.tail("logs/link.log", 100).unwrap(), None);
        }
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let artifacts = ArtifactFolder::at(folder.path().join("inside"));
        for name in ["../out", "/etc/passwd", "a/../../out", "", "a//b", "c:\\d", "a\0b"] {
            assert!(artifacts.write(name, b"x").is_err(), "{name}");
            assert!(artifacts.read(name).is_err(), "{name}");
            assert!(artifacts.append(name).is_err(), "{name}");
            assert!(artifacts.tail(name, 1).is_err(), "{name}");
        }
    }
}
