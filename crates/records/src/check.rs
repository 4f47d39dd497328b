//! Checking: is the file what was written? Structure by SQLite itself, every row by its seal, every
//! run by its content hash, every file of a run by the hash in its row.

use std::collections::BTreeSet;
use std::fmt;

use ablate_sweep::RunId;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};

use crate::artifacts::ArtifactFolder;
use crate::columns::quoted;
use crate::content;
use crate::digest::hex;
use crate::error::{RecordsError, Trouble};
use crate::seal;
use crate::store::Store;

/// What is checked besides the store's own file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Nothing.
    Store,
    /// The files of runs too: every one is read.
    Artifacts,
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// How many runs the store holds, as far as they can be counted.
    pub runs: u64,
    /// What is wrong, structure first.
    pub hurts: Vec<Hurt>,
}

impl Health {
    /// The runs that are hurt, each once.
    pub fn hurt_runs(&self) -> BTreeSet<&RunId> {
        self.hurts.iter().flat_map(|hurt| &hurt.runs).collect()
    }

    /// Whether nothing is wrong.
    pub fn is_whole(&self) -> bool {
        self.hurts.is_empty()
    }
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hurt {
    /// What, and how it was found.
    pub what: String,
    /// The runs that it belongs to; none where it cannot be told, or belongs to no run.
    pub runs: Vec<RunId>,
    /// The row that it was found in: table and number.
    pub(crate) row: Option<(String, i64)>,
}

impl fmt::Display for Hurt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.what)?;
        match self.runs.as_slice() {
            [] => Ok(()),
            [run] => write!(out, " (run {run})"),
            [run, ..] => write!(out, " (run {run} and {} more)", self.runs.len() - 1),
        }
    }
}

impl Store {
    /// Looks at every byte that says anything. What cannot be read is reported like what reads
    /// wrong; the check goes on behind it.
    ///
    /// # Errors
    /// If the file is so damaged that nothing can be said of it.
    pub fn check(&self, depth: Depth) -> Result<Health, RecordsError> {
        self.read("check the store", |snapshot| {
            let mut health = Health::default();
            structure(snapshot, &mut health);
            rows(snapshot, &mut health);
            contents(snapshot, &mut health);
            if depth == Depth::Artifacts {
                files(snapshot, &self.artifact_folder(), &mut health);
            }
            Ok(health)
        })
    }
}

impl Health {
    fn add(&mut self, what: impl Into<String>, runs: Vec<RunId>) {
        self.hurts.push(Hurt { what: what.into(), runs, row: None });
    }

    /// What a step found, or that it could not be taken.
    fn take<T>(&mut self, step: &str, found: Result<T, Trouble>) -> Option<T> {
        match found {
            Ok(found) => Some(found),
            Err(trouble) => {
                self.add(format!("{step}: {trouble}"), Vec::new());
                None
            }
        }
    }
}

/// SQLite's own checks: pages, indexes, constraints, references.
fn structure(snapshot: &Connection, health: &mut Health) {
    let verdicts = || -> Result<Vec<String>, Trouble> {
        let mut statement = snapshot.prepare("PRAGMA integrity_check")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        Ok(lines.collect::<Result<_, _>>()?)
    };
    for verdict in health.take("structure", verdicts()).unwrap_or_default() {
        if verdict != "ok" {
            health.add(format!("structure: {}", verdict.replace('\n', "; ")), Vec::new());
        }
    }
    let orphans = || -> Result<Vec<(String, Option<i64>, String)>, Trouble> {
        let mut statement = snapshot.prepare("PRAGMA foreign_key_check")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    for (table, key, parent) in health.take("references", orphans()).unwrap_or_default() {
        let key = key.map_or(String::new(), |key| format!(" {key}"));
        health.add(format!("{table}{key} refers to a row of {parent} that is not there"), vec![]);
    }
    let schema = health.take("schema", seal::schema_hash(snapshot));
    let sealed = health.take("schema", sealed(snapshot, seal::SCHEMA.0, seal::SCHEMA.1));
    if let (Some(hash), Some(sealed)) = (schema, sealed)
        && sealed.as_deref() != Some(&hash)
    {
        health.add("the definitions of tables and views are not those that were written", vec![]);
    }
}

fn sealed(snapshot: &Connection, table: &str, key: i64) -> Result<Option<Vec<u8>>, Trouble> {
    Ok(snapshot
        .prepare_cached("SELECT hash FROM seal WHERE name = ?1 AND key = ?2")?
        .query_row(params![table, key], |row| row.get(0))
        .optional()?)
}

/// Every row against its seal, and every seal against its row.
fn rows(snapshot: &Connection, health: &mut Health) {
    let tables = health.take("tables", seal::tables(snapshot)).unwrap_or_default();
    for table in &tables {
        let step = format!("the rows of {table}");
        let keys = health.take(&step, seal::keys(snapshot, table)).unwrap_or_default();
        let sealed = health.take(&step, sealed_keys(snapshot, table)).unwrap_or_default();
        for key in keys.iter().copied().chain(sealed).collect::<BTreeSet<i64>>() {
            if let Some(wrong) = wrong(snapshot, table, key) {
                health.hurts.push(Hurt {
                    what: format!("{table} {key} {wrong}"),
                    runs: runs_of(snapshot, table, key),
                    row: Some((table.clone(), key)),
                });
            }
        }
        if table == "run" {
            health.runs = keys.len() as u64;
        }
    }
    let strangers = || -> Result<i64, Trouble> {
        let known = serde_json::Value::from(tables.clone()).to_string();
        let count = "SELECT count(*) FROM seal WHERE name <> '' AND name NOT IN
            (SELECT value FROM json_each(?1))";
        Ok(snapshot.query_row(count, [known], |row| row.get(0))?)
    };
    if health.take("seals", strangers()).is_some_and(|count| count > 0) {
        health.add("there are seals of tables that do not exist", vec![]);
    }
}

fn sealed_keys(snapshot: &Connection, table: &str) -> Result<Vec<i64>, Trouble> {
    let mut statement = snapshot.prepare_cached("SELECT key FROM seal WHERE name = ?1")?;
    let keys = statement.query_map([table], |row| row.get(0))?;
    Ok(keys.collect::<Result<_, _>>()?)
}

/// What is wrong with a row, if anything is.
fn wrong(snapshot: &Connection, table: &str, key: i64) -> Option<String> {
    let look = || Ok((seal::row_hash(snapshot, table, key)?, sealed(snapshot, table, key)?));
    match look() {
        Err::<_, Trouble>(trouble) => Some(format!("cannot be read: {trouble}")),
        Ok((None, _)) => Some("is gone".to_owned()),
        Ok((Some(_), None)) => Some("was written by another program".to_owned()),
        Ok((Some(hash), Some(sealed))) => {
            (sealed != hash).then(|| "does not hold what was written".to_owned())
        }
    }
}

/// The runs that a row says something of.
fn runs_of(snapshot: &Connection, table: &str, key: i64) -> Vec<RunId> {
    let of = |select: &str| -> rusqlite::Result<Vec<RunId>> {
        let mut statement = snapshot.prepare_cached(select)?;
        statement.query_map([key], |row| row.get(0).map(RunId))?.collect()
    };
    let found = match table {
        "run" | "score" => of("SELECT id FROM run WHERE key = ?1"),
        "trial" | "trial_params" => of("SELECT id FROM run WHERE trial = ?1"),
        "curve" | "profile" | "artifact" => {
            let run = quoted(table);
            of(&format!("SELECT id FROM run WHERE key = (SELECT run FROM {run} WHERE key = ?1)"))
        }
        _ => return Vec::new(),
    };
    found.unwrap_or_default()
}

/// Every ended run against its content hash.
fn contents(snapshot: &Connection, health: &mut Health) {
    for key in seal::keys(snapshot, "run").unwrap_or_default() {
        let look = || -> Result<bool, Trouble> {
            let stored: Option<String> = snapshot
                .prepare_cached("SELECT content_hash FROM run WHERE key = ?1")?
                .query_row([key], |row| row.get(0))?;
            Ok(stored == content::of(snapshot, key)?)
        };
        // What cannot be read has been reported with its row.
        if let Ok(false) = look() {
            let runs = runs_of(snapshot, "run", key);
            health.add(format!("run {key} is not what its content hash says"), runs);
        }
    }
}

/// Every file against the hash in its row; a file that several runs share is read once.
fn files(snapshot: &Connection, folder: &ArtifactFolder, health: &mut Health) {
    let listed = || -> Result<Vec<(String, String)>, Trouble> {
        let mut statement =
            snapshot.prepare("SELECT DISTINCT file, hash FROM artifact ORDER BY file, hash")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    for (file, hash) in health.take("artifacts", listed()).unwrap_or_default() {
        let wrong = match folder.read(&file) {
            Ok(None) => "is missing".to_owned(),
            Err(error) => format!("cannot be read: {error}"),
            Ok(Some(bytes)) if hex(&Sha256::digest(&bytes)) == hash => continue,
            Ok(Some(_)) => "does not hold what was written".to_owned(),
        };
        let runs = || -> Result<Vec<RunId>, Trouble> {
            let mut statement = snapshot.prepare_cached(
                "SELECT r.id FROM artifact AS a JOIN run AS r ON r.key = a.run
                 WHERE a.file = ?1 AND a.hash = ?2 ORDER BY r.key",
            )?;
            let runs = statement.query_map([&file, &hash], |row| row.get(0).map(RunId))?;
            Ok(runs.collect::<Result<_, _>>()?)
        };
        let runs = runs().unwrap_or_default();
        health.add(format!("the file {file} {wrong}"), runs);
    }
}
