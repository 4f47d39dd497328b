//! What goes: runs that a person deletes, with the files that no other run names, and files that no
//! run names at all.

use std::collections::HashSet;
use std::fs;

use ablate_sweep::{RunId, RunState};
use rusqlite::{Connection, Transaction, params};

use crate::artifacts::{ArtifactFolder, StoredFile};
use crate::claim::row_of;
use crate::error::{RecordsError, Trouble};
use crate::process::{Owner, Process};
use crate::session::owner_of;
use crate::store::Store;

impl Store {
    /// What deleting `runs` would take.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if one is not in the store, [`RecordsError::BeingTrained`] if a
    /// process may be at work on one.
    pub fn doomed(&self, runs: &[RunId]) -> Result<Doomed, RecordsError> {
        self.read("look at runs to be deleted", |snapshot| {
            let keys = keys(snapshot, self.process(), runs)?;
            doomed(snapshot, &keys, runs, &self.artifact_folder())
        })
    }

    /// Deletes `runs` with all that belongs to them, all or nothing; then the files that no other
    /// run names. Where a run was the current one of its trial and seed, another takes its place.
    ///
    /// # Errors
    /// As [`Store::doomed`], and if a file cannot be removed. The runs are gone then, and
    /// [`Store::remove_strays`] removes what is left of their files.
    pub fn delete(&mut self, runs: &[RunId]) -> Result<Doomed, RecordsError> {
        let (process, folder) = (self.process().clone(), self.artifact_folder());
        let gone = self.write("delete runs", |transaction| {
            let keys = keys(transaction, &process, runs)?;
            let gone = doomed(transaction, &keys, runs, &folder)?;
            delete(transaction, &keys)?;
            Ok(gone)
        })?;
        remove(&folder, &gone.files)?;
        Ok(gone)
    }

    /// The files beside the store that no run names, those included that a process had only begun to
    /// write when it died.
    ///
    /// # Errors
    /// [`RecordsError::BeingTrained`] if a process may be at work: the files of a run are named when
    /// it ends.
    pub fn strays(&self) -> Result<Vec<StoredFile>, RecordsError> {
        self.read("look for files that no run names", |snapshot| {
            strays(snapshot, self.process(), &self.artifact_folder())
        })
    }

    /// Removes the files beside the store that no run names. No run can begin meanwhile.
    ///
    /// # Errors
    /// As [`Store::strays`], and if a file cannot be removed.
    pub fn remove_strays(&mut self) -> Result<Vec<StoredFile>, RecordsError> {
        let (process, folder) = (self.process().clone(), self.artifact_folder());
        self.write("remove files that no run names", |transaction| {
            let strays = strays(transaction, &process, &folder)?;
            remove(&folder, &strays)?;
            Ok(strays)
        })
    }
}

/// What goes with runs that are deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doomed {
    /// How many runs.
    pub runs: u32,
    /// How many of them have finished.
    pub finished: u32,
    /// The experiments that plan any of them: their next sweep trains these anew.
    pub experiments: Vec<String>,
    /// The files that no other run names, and their logs.
    pub files: Vec<StoredFile>,
}

/// The keys of `runs`, as one JSON text, unless somebody may be at work on one of them.
fn keys(connection: &Connection, me: &Process, runs: &[RunId]) -> Result<String, Trouble> {
    let mut keys = Vec::with_capacity(runs.len());
    for run in runs {
        let Some(row) = row_of(connection, run)? else {
            return Err(RecordsError::UnknownRun { prefix: run.0.clone() }.into());
        };
        if row.state == RunState::Running {
            refuse_while_trained(connection, me, row.session)?;
        }
        keys.push(row.key);
    }
    Ok(serde_json::Value::from(keys).to_string())
}

/// Refuses unless the process of `session` is known to be gone.
fn refuse_while_trained(
    connection: &Connection,
    me: &Process,
    session: i64,
) -> Result<(), Trouble> {
    let (process, owner) = owner_of(connection, me, session)?;
    match owner {
        Owner::Gone => Ok(()),
        Owner::Alive | Owner::OutOfSight => {
            let Process { pid, host, .. } = process;
            Err(RecordsError::BeingTrained { pid, host }.into())
        }
    }
}

fn doomed(
    connection: &Connection,
    keys: &str,
    ids: &[RunId],
    folder: &ArtifactFolder,
) -> Result<Doomed, Trouble> {
    let counts = "SELECT count(*), count(weights_hash) FROM run
        WHERE key IN (SELECT value FROM json_each(?1))";
    let (runs, finished) =
        connection.query_row(counts, [keys], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut statement = connection.prepare(
        "SELECT DISTINCT m.experiment FROM run AS r JOIN members AS m ON m.run = r.id
         WHERE r.key IN (SELECT value FROM json_each(?1)) ORDER BY 1",
    )?;
    let experiments = statement.query_map([keys], |row| row.get(0))?;
    let experiments = experiments.collect::<Result<_, _>>()?;
    let mut statement = connection.prepare(
        "SELECT file, max(bytes) FROM artifact AS mine
         WHERE run IN (SELECT value FROM json_each(?1)) AND NOT EXISTS (
             SELECT 1 FROM artifact AS other WHERE other.file = mine.file
                 AND other.run NOT IN (SELECT value FROM json_each(?1)))
         GROUP BY file ORDER BY file",
    )?;
    let files = statement.query_map([keys], |row| {
        Ok(StoredFile { file: row.get(0)?, bytes: row.get::<_, i64>(1)?.unsigned_abs() })
    })?;
    let mut files = files.collect::<Result<Vec<_>, _>>()?;
    files.extend(ids.iter().filter_map(|run| {
        let file = run.log_file();
        let bytes = fs::symlink_metadata(folder.path(&file).ok()?).ok()?.len();
        Some(StoredFile { file, bytes })
    }));
    Ok(Doomed { runs, finished, experiments, files })
}

/// Deletes the runs; what refers to them goes with them, and so do trials that no run is left of.
fn delete(transaction: &Transaction<'_>, keys: &str) -> Result<(), Trouble> {
    let mut statement = transaction.prepare(
        "SELECT DISTINCT trial, seed FROM run WHERE key IN (SELECT value FROM json_each(?1))",
    )?;
    let left = statement.query_map([keys], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let left = left.collect::<Result<Vec<(i64, i64)>, _>>()?;
    let runs = "DELETE FROM run WHERE key IN (SELECT value FROM json_each(?1))";
    transaction.execute(runs, [keys])?;
    for (trial, seed) in left {
        transaction
            .prepare_cached(
                "UPDATE run SET current = 1
                 WHERE key = (SELECT key FROM run WHERE trial = ?1 AND seed = ?2
                     ORDER BY current DESC, state = 'finished' DESC, ended DESC, key DESC LIMIT 1)",
            )?
            .execute(params![trial, seed])?;
        transaction
            .prepare_cached(
                "DELETE FROM trial WHERE key = ?1 AND NOT EXISTS (
                     SELECT 1 FROM run WHERE trial = ?1)",
            )?
            .execute([trial])?;
    }
    Ok(())
}

fn strays(
    connection: &Connection,
    me: &Process,
    folder: &ArtifactFolder,
) -> Result<Vec<StoredFile>, Trouble> {
    let mut statement =
        connection.prepare("SELECT DISTINCT session FROM run WHERE state = 'running'")?;
    for session in statement.query_map([], |row| row.get(0))? {
        refuse_while_trained(connection, me, session?)?;
    }
    let mut statement = connection.prepare("SELECT DISTINCT file FROM artifact")?;
    let named = statement.query_map([], |row| row.get(0))?;
    let mut named = named.collect::<Result<HashSet<String>, _>>()?;
    let mut statement = connection.prepare("SELECT id, state = 'finished' FROM run")?;
    let runs = statement.query_map([], |row| Ok((RunId(row.get(0)?), row.get::<_, bool>(1)?)))?;
    for run in runs {
        let (run, finished) = run?;
        named.insert(run.log_file());
        if !finished {
            named.extend([run.checkpoint_file(), run.previous_checkpoint_file()]);
        }
    }
    let unread = |source| RecordsError::File {
        path: folder.root().to_owned(),
        doing: "read the folder",
        source,
    };
    let mut files = folder.files().map_err(unread)?;
    files.retain(|stored| !named.contains(&stored.file));
    Ok(files)
}

fn remove(folder: &ArtifactFolder, files: &[StoredFile]) -> Result<(), RecordsError> {
    for StoredFile { file, .. } in files {
        folder.remove(file).map_err(|source| RecordsError::File {
            path: folder.root().join(file),
            doing: "remove",
            source,
        })?;
    }
    Ok(())
}
