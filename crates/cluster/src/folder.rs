//! The folder of a campaign on the shared file system:
//!
//! ```text
//! DIR/plans/0001.plan            what the first generation of tasks is to do; a resume adds 0002
//! DIR/plans/0001.submission      what was asked of the engine, and the job's number once it is known
//! DIR/plans/0001.sh              the script that was submitted
//! DIR/shards/0001-00007.<attempt>.log   what an attempt at task 7 has come to
//! DIR/artifacts/                 checkpoints and weights
//! DIR/logs/                      what tasks print
//! ```

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use ablate_records::ArtifactFolder;

use crate::error::ClusterError;

/// The folder of a campaign.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
}

impl Folder {
    /// At `root`, which need not exist yet.
    ///
    /// # Errors
    /// If there is no current folder to start a relative path from.
    pub fn at(root: &Path) -> Result<Folder, ClusterError> {
        let root = std::path::absolute(root).map_err(ClusterError::file(root, "resolve"))?;
        Ok(Folder { root })
    }

    /// Makes it and what is in it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn create(&self) -> Result<(), ClusterError> {
        for name in ["plans", "shards", "logs", "artifacts"] {
            let path = self.root.join(name);
            fs::create_dir_all(&path).map_err(ClusterError::file(path, "create"))?;
        }
        Ok(())
    }

    /// Where it is: an absolute path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Checkpoints and weights.
    pub fn artifacts(&self) -> ArtifactFolder {
        ArtifactFolder::at(self.root.join("artifacts"))
    }

    /// Where tasks print to.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The file of a generation with this extension.
    pub fn of_generation(&self, generation: u32, extension: &str) -> PathBuf {
        self.root.join("plans").join(format!("{generation:04}.{extension}"))
    }

    /// The latest generation; 0 if there is none.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn latest(&self) -> Result<u32, ClusterError> {
        let names = names(&self.root.join("plans"))?;
        let number = |name: &String| name.strip_suffix(".plan")?.parse().ok();
        Ok(names.iter().filter_map(number).max().unwrap_or(0))
    }

    /// The latest generation, if there is one.
    ///
    /// # Errors
    /// [`ClusterError::NoPlan`] if there is none.
    pub fn current(&self) -> Result<u32, ClusterError> {
        match self.latest()? {
            0 => Err(ClusterError::NoPlan { path: self.root.clone() }),
            generation => Ok(generation),
        }
    }

    /// Every shard, by name. What else lies among them, and is named otherwise or no file, is none.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn shards(&self) -> Result<Vec<PathBuf>, ClusterError> {
        let folder = self.root.join("shards");
        let names = names(&folder)?.into_iter().filter(|name| is_of_shard(name));
        Ok(names.map(|name| folder.join(name)).filter(|path| path.is_file()).collect())
    }

    /// The shards of a task so far, by name.
    ///
    /// # Errors
    /// If the folder is there and cannot be read.
    pub fn shards_of(&self, generation: u32, task: u32) -> Result<Vec<PathBuf>, ClusterError> {
        let prefix = format!("{generation:04}-{task:05}.");
        let of_task = |path: &PathBuf| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix))
        };
        Ok(self.shards()?.into_iter().filter(of_task).collect())
    }

    /// The shard of an attempt at a task.
    pub fn shard(&self, generation: u32, task: u32, attempt: &str) -> PathBuf {
        self.root.join("shards").join(format!("{generation:04}-{task:05}.{attempt}.log"))
    }
}

/// Makes what `fill` writes the content of `path`: all or nothing, and there to stay.
///
/// # Errors
/// If it cannot be written, or is there already: nothing that was written is ever changed.
pub(crate) fn write_once(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ClusterError> {
    let partial = path.with_extension(format!("partial-{}", crate::shard::random_name()));
    let written = (|| {
        let mut file = BufWriter::new(File::create_new(&partial)?);
        fill(&mut file)?;
        file.into_inner()?.sync_all()?;
        // A link, unlike a renaming, does not replace what is there.
        match fs::hard_link(&partial, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists && !path.exists() => {
                fs::rename(&partial, path)?;
            }
            done => done?,
        }
        sync_folder(path)
    })();
    fs::remove_file(&partial).ok();
    written.map_err(ClusterError::file(path, "write"))
}

/// Waits until the disk has the name of a new file.
pub(crate) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Whether a file of this name is a shard: `<generation>-<task>.<attempt>.log`.
fn is_of_shard(name: &str) -> bool {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = name.split('.').collect();
    let [of, attempt, "log"] = parts[..] else { return false };
    let of = of.split_once('-');
    of.is_some_and(|(generation, task)| number(generation) && number(task)) && !attempt.is_empty()
}

fn names(folder: &Path) -> Result<Vec<String>, ClusterError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(ClusterError::file(folder, "read"))?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(ClusterError::file(folder, "read"))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_else_lies_among_the_shards_is_none() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path()).unwrap();
        folder.create().unwrap();
        let shards = [folder.shard(1, 0, "aa"), folder.shard(1, 123_456, "bb")];
        let place = shards[0].parent().unwrap();
        for name in
            ["README.log", "0001-00000.log", "0001-x.aa.log", ".nfs01", "0001-00000.aa.log~"]
        {
            fs::write(place.join(name), "x").unwrap();
        }
        fs::create_dir(folder.shard(1, 2, "cc")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.shard(1, 3, "dd")).unwrap();
        for path in &shards {
            fs::write(path, "").unwrap();
        }
        assert_eq!(folder.shards().unwrap(), shards);
        assert_eq!(folder.shards_of(1, 0).unwrap(), shards[..1]);
    }
}
