//! Whether the files of a dataset are there and are the published ones, without decoding them.

use std::path::{Path, PathBuf};

use crate::error::DataError;
use crate::files::{Files, Place, SourceFile, read_raw};
use crate::source::{Origin, Source, sha256};

/// A file of a dataset, and whether it is as it should be.
#[derive(Debug)]
pub struct FileStatus {
    /// Which file.
    pub file: &'static SourceFile,
    /// How it is.
    pub state: FileState,
}

/// Whether a file is as it should be.
#[derive(Debug)]
pub enum FileState {
    /// It is in the program.
    Embedded,
    /// It is there, and its content is right.
    Right {
        /// Where it is.
        path: PathBuf,
    },
    /// It is nowhere.
    Missing {
        /// Every path tried.
        looked: Vec<PathBuf>,
    },
    /// It is there, and its content is another than that of [`SourceFile::sha256`].
    Altered {
        /// Where it is.
        path: PathBuf,
        /// The sha256 of the raw bytes found.
        found: String,
    },
    /// It is there, and cannot be read or unzipped.
    Broken {
        /// Where it is.
        path: PathBuf,
        /// Why.
        error: DataError,
    },
}

impl Source {
    /// Looks at each file in `dir`, the folder that holds one folder a dataset, and compares its
    /// content with the declared one. A generated dataset has none: see [`Source::made_from`].
    pub fn status(&'static self, dir: &Path) -> Vec<FileStatus> {
        let Origin::Files(files) = &self.origin else { return Vec::new() };
        let state = |file| state(self, file, dir);
        files.all().into_iter().map(|file| FileStatus { file, state: state(file) }).collect()
    }

    /// The dataset whose files a generated one is made from, if it is made from one.
    pub fn made_from(&self) -> Option<&'static Source> {
        match &self.origin {
            Origin::Files(_) => None,
            Origin::Generated(generator) => generator.made_from(),
        }
    }
}

fn state(source: &Source, file: &SourceFile, dir: &Path) -> FileState {
    let Place::Folder = file.place else { return FileState::Embedded };
    let looked = Files::candidates(source, file, dir);
    let Some(path) = looked.iter().find(|path| path.exists()).cloned() else {
        return FileState::Missing { looked };
    };
    match read_raw(&path).map(|raw| sha256(&raw)) {
        Ok(found) if found == file.sha256 => FileState::Right { path },
        Ok(found) => FileState::Altered { path, found },
        Err(error) => FileState::Broken { path, error },
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::source::tests::{NAMES, contents, tiny};

    #[test]
    fn each_file_is_right_missing_altered_or_broken() {
        let (source, dir) = tiny(&contents());
        let path = |i: usize| dir.path().join("tiny").join(NAMES[i]);
        let mut altered = contents()[1].clone();
        altered[8] ^= 1;
        fs::write(path(1), &altered).unwrap();
        fs::remove_file(path(2)).unwrap();
        fs::write(path(3), [0x1f, 0x8b, 0]).unwrap();

        let [right, changed, missing, broken] = source.status(dir.path()).try_into().unwrap();
        assert!(matches!(right.state, FileState::Right { path: found } if found == path(0)));
        let FileState::Altered { path: at, found } = changed.state else { panic!() };
        assert_eq!((at, found), (path(1), sha256(&altered)));
        let FileState::Missing { looked } = missing.state else { panic!() };
        assert_eq!((looked.len(), &looked[0]), (4, &path(2)));
        let FileState::Broken { path: at, error } = broken.state else { panic!() };
        assert_eq!(at, path(3));
        assert!(error.to_string().contains("is not a whole gzip file"), "{error}");
        assert_eq!(broken.file.name, NAMES[3]);
    }

    #[test]
    fn embedded_files_need_no_folder() {
        let source = crate::datasets::find("mnist-5k").unwrap();
        let status = source.status(Path::new("no such folder"));
        assert!(status.iter().all(|file| matches!(file.state, FileState::Embedded)));
    }
}
