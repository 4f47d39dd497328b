//! What people say of runs: tags, a note, and whether a run is archived. None of it touches what a run
//! is or came to; any text is stored as it was given.

use std::collections::HashSet;

use ablate_sweep::RunId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{RecordsError, Trouble};
use crate::store::Store;

/// What is said of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Its tags, by letters.
    pub tags: Vec<String>,
    /// Its note.
    pub note: Option<String>,
    /// Whether it is archived.
    pub archived: Archived,
}

/// Whether a run is out of sight of whoever does not ask for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archived {
    /// It is in sight.
    #[default]
    No,
    /// It is out of sight.
    Yes,
}

impl Store {
    /// What is said of `run`.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if it is not in the store.
    pub fn marks(&self, run: &RunId) -> Result<Marks, RecordsError> {
        self.read("read the tags of a run", |snapshot| {
            let key = key_of(snapshot, run)?;
            let mut statement =
                snapshot.prepare_cached("SELECT name FROM tag WHERE run = ?1 ORDER BY name")?;
            let tags = statement.query_map([key], |row| row.get(0))?.collect::<Result<_, _>>()?;
            let mut statement =
                snapshot.prepare_cached("SELECT note, archived FROM run WHERE key = ?1")?;
            let (note, archived) = statement.query_row([key], |row| {
                Ok((row.get(0)?, if row.get(1)? { Archived::Yes } else { Archived::No }))
            })?;
            Ok(Marks { tags, note, archived })
        })
    }

    /// Every run that is archived.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn archived(&self) -> Result<HashSet<RunId>, RecordsError> {
        self.read("look for archived runs", |snapshot| {
            let mut statement = snapshot.prepare_cached("SELECT id FROM run WHERE archived = 1")?;
            let runs = statement.query_map([], |row| row.get(0).map(RunId))?;
            Ok(runs.collect::<Result<_, _>>()?)
        })
    }

    /// Gives each of `runs` the tags `added` and takes the tags `removed` from it, all or nothing.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if one is not in the store, [`RecordsError::EmptyTag`].
    pub fn tag(
        &mut self,
        runs: &[RunId],
        added: &[String],
        removed: &[String],
    ) -> Result<(), RecordsError> {
        if added.iter().chain(removed).any(|tag| tag.trim().is_empty()) {
            return Err(RecordsError::EmptyTag);
        }
        self.write("tag runs", |transaction| {
            for run in runs {
                let key = key_of(transaction, run)?;
                for tag in added {
                    transaction
                        .prepare_cached("INSERT OR IGNORE INTO tag (run, name) VALUES (?1, ?2)")?
                        .execute(params![key, tag])?;
                }
                for tag in removed {
                    transaction
                        .prepare_cached("DELETE FROM tag WHERE run = ?1 AND name = ?2")?
                        .execute(params![key, tag])?;
                }
            }
            Ok(())
        })
    }

    /// Makes `note` what is noted of `run`, in the place of what was; nothing takes it away.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if it is not in the store.
    pub fn note(&mut self, run: &RunId, note: Option<&str>) -> Result<(), RecordsError> {
        self.write("note something of a run", |transaction| {
            let key = key_of(transaction, run)?;
            transaction
                .prepare_cached("UPDATE run SET note = ?2 WHERE key = ?1")?
                .execute(params![key, note])?;
            Ok(())
        })
    }

    /// Puts each of `runs` out of sight, or back into it, all or nothing.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if one is not in the store.
    pub fn archive(&mut self, runs: &[RunId], archived: Archived) -> Result<(), RecordsError> {
        self.write("archive runs", |transaction| {
            for run in runs {
                let key = key_of(transaction, run)?;
                transaction
                    .prepare_cached("UPDATE run SET archived = ?2 WHERE key = ?1")?
                    .execute(params![key, archived == Archived::Yes])?;
            }
            Ok(())
        })
    }
}

/// The key of a run that must be there.
pub(crate) fn key_of(connection: &Connection, run: &RunId) -> Result<i64, Trouble> {
    let key = connection
        .prepare_cached("SELECT key FROM run WHERE id = ?1")?
        .query_row([&run.0], |row| row.get(0))
        .optional()?;
    key.ok_or_else(|| RecordsError::UnknownRun { prefix: run.0.clone() }.into())
}
