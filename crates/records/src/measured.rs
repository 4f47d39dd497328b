//! What probes find out about a run: scores and profiles, stored when it finishes or added later from
//! its kept weights. What is stored stays: a measurement can be added to a run and repeated, never
//! changed.

use std::collections::{BTreeMap, BTreeSet};

use ablate_sweep::{Measured, Profile, RunId, RunState};
use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use crate::claim::row_of;
use crate::columns::quoted;
use crate::error::{RecordsError, Trouble};
use crate::series;
use crate::store::Store;

/// Metric names to values.
type Scores = BTreeMap<String, f64>;

/// What came of adding a measurement to a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Added {
    /// Scores and profiles that the run did not have before.
    pub new: usize,
    /// Those that it had, equal to the bit.
    pub equal: usize,
    /// Those that it had with other values. If there is any, nothing was stored.
    pub different: Vec<Difference>,
}

/// A score or a point of a profile that was measured again and came out otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Which score or profile.
    pub name: String,
    /// What the store has.
    pub stored: String,
    /// What was measured now.
    pub measured: String,
}

impl Store {
    /// Adds what was measured of a finished run, in one transaction. What the run has already must
    /// be equal; if anything differs, nothing is stored and the answer says what.
    ///
    /// # Errors
    /// [`RecordsError::NotFinite`] and [`RecordsError::Undeclared`] as for [`Store::finish`],
    /// [`RecordsError::UnknownRun`] if there is no such run, [`RecordsError::NotFinished`] if it has
    /// no network to measure. Nothing is written then.
    pub fn add_measured(
        &mut self,
        run: &RunId,
        measured: &Measured,
    ) -> Result<Added, RecordsError> {
        refuse_what_is_not_finite(run, &measured.scores)?;
        self.write("add what was measured of a run", |transaction| {
            let row = row_of(transaction, run)?;
            let row = row.ok_or_else(|| RecordsError::UnknownRun { prefix: run.0.clone() })?;
            if row.state != RunState::Finished {
                let state = row.state.word();
                return Err(RecordsError::NotFinished { run: run.clone(), state }.into());
            }
            let mut added = Added::default();
            let scores = new_scores(transaction, row.key, measured, &mut added)?;
            let profiles = new_profiles(transaction, row.key, measured, &mut added)?;
            if added.different.is_empty() {
                update_scores(transaction, row.key, &scores)?;
                insert_profiles(transaction, row.key, profiles)?;
            } else {
                added.new = 0;
            }
            Ok(added)
        })
    }

    /// The profiles of a run, in the order in which they were stored.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if it is not in the store.
    pub fn profiles(&self, run: &RunId) -> Result<Vec<Profile>, RecordsError> {
        self.read("read the profiles of a run", |snapshot| {
            let row = row_of(snapshot, run)?;
            let row = row.ok_or_else(|| RecordsError::UnknownRun { prefix: run.0.clone() })?;
            profiles_of(snapshot, row.key)
        })
    }
}

pub(crate) fn refuse_what_is_not_finite(run: &RunId, scores: &Scores) -> Result<(), RecordsError> {
    match scores.iter().find(|(_, value)| !value.is_finite()) {
        Some((metric, &value)) => {
            Err(RecordsError::NotFinite { run: run.clone(), metric: metric.clone(), value })
        }
        None => Ok(()),
    }
}

/// Stores what was measured of a run that has no row in `score` yet.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    key: i64,
    scores: &Scores,
    profiles: &[Profile],
) -> Result<(), Trouble> {
    refuse_undeclared(transaction, scores)?;
    let scores: Vec<_> = scores.iter().collect();
    let (first, rest) = scores.split_at(scores.len().min(CHUNK));
    insert_scores(transaction, key, first)?;
    update_scores(transaction, key, rest)?;
    insert_profiles(transaction, key, profiles.iter().collect())
}

fn refuse_undeclared(connection: &Connection, scores: &Scores) -> Result<(), Trouble> {
    let mut unknown: BTreeSet<&str> = scores.keys().map(String::as_str).collect();
    let mut statement = connection.prepare_cached("SELECT name FROM metric")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        unknown.remove(row.get_ref(0)?.as_str().unwrap_or_default());
    }
    match unknown.first() {
        Some(name) => {
            Err(RecordsError::Undeclared { kind: "metric", name: (*name).to_owned() }.into())
        }
        None => Ok(()),
    }
}

/// The scores that the run has not; `added` counts them and hears of the others.
fn new_scores<'a>(
    transaction: &Transaction<'_>,
    key: i64,
    measured: &'a Measured,
    added: &mut Added,
) -> Result<Vec<(&'a String, &'a f64)>, Trouble> {
    refuse_undeclared(transaction, &measured.scores)?;
    let columns: String =
        measured.scores.keys().map(|name| format!(", {}", quoted(name))).collect();
    let select = format!("SELECT run{columns} FROM score WHERE run = ?1");
    let stored = transaction.prepare(&select)?.query_row([key], |row| {
        (1..=measured.scores.len()).map(|column| row.get(column)).collect::<Result<Vec<_>, _>>()
    });
    let stored: Vec<Option<f64>> = stored.optional()?.unwrap_or_default();
    let mut new = Vec::new();
    for ((name, value), stored) in measured.scores.iter().zip(stored) {
        match stored {
            None => new.push((name, value)),
            Some(stored) if stored.to_bits() == value.to_bits() => added.equal += 1,
            Some(stored) => added.different.push(Difference {
                name: name.clone(),
                stored: stored.to_string(),
                measured: value.to_string(),
            }),
        }
    }
    added.new += new.len();
    Ok(new)
}

/// The profiles that the run has not; `added` counts them and hears of the others.
fn new_profiles<'a>(
    transaction: &Transaction<'_>,
    key: i64,
    measured: &'a Measured,
    added: &mut Added,
) -> Result<Vec<&'a Profile>, Trouble> {
    let stored = profiles_of(transaction, key)?;
    let mut new = Vec::new();
    for profile in &measured.profiles {
        match stored.iter().find(|stored| stored.name == profile.name) {
            None => new.push(profile),
            Some(stored) if text_of(stored) == text_of(profile) => added.equal += 1,
            Some(stored) => added.different.push(difference(stored, profile)),
        }
    }
    added.new += new.len();
    Ok(new)
}

/// Where two profiles of one name first differ.
fn difference(stored: &Profile, measured: &Profile) -> Difference {
    let point = |profile: &Profile, index: usize| match (
        profile.at.get(index),
        profile.values.get(index),
    ) {
        (Some(at), Some(value)) => format!("{value} at {} {at}", profile.axis),
        _ => format!("nothing past {index} points"),
    };
    let most = stored.at.len().max(measured.at.len());
    let differs = |index: &usize| point(stored, *index) != point(measured, *index);
    let index = (0..most).find(differs).unwrap_or(0);
    Difference {
        name: measured.name.clone(),
        stored: point(stored, index),
        measured: point(measured, index),
    }
}

/// What makes two profiles equal to the bit.
fn text_of(profile: &Profile) -> (&str, String, String) {
    (&profile.axis, series::pack(&profile.at), series::pack(&profile.values))
}

fn profiles_of(connection: &Connection, key: i64) -> Result<Vec<Profile>, Trouble> {
    let mut statement = connection
        .prepare_cached("SELECT name, axis, at, series FROM profile WHERE run = ?1 ORDER BY key")?;
    let rows = statement
        .query_map([key], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get::<_, String>(3)?))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    rows.into_iter()
        .map(|(name, axis, at, values)| {
            Ok(Profile { name, axis, at: series::unpack(&at)?, values: series::unpack(&values)? })
        })
        .collect()
}

/// SQLite takes at most so many values a statement.
const CHUNK: usize = 500;

/// The row of a run that has none yet, with at most [`CHUNK`] scores.
fn insert_scores(
    transaction: &Transaction<'_>,
    key: i64,
    scores: &[(&String, &f64)],
) -> Result<(), Trouble> {
    let columns: String = scores.iter().map(|(name, _)| format!(", {}", quoted(name))).collect();
    let places = ", ?".repeat(scores.len());
    let insert = format!("INSERT INTO score (run{columns}) VALUES (?{places})");
    transaction.prepare_cached(&insert)?.execute(params_from_iter(numbered(key, scores)))?;
    Ok(())
}

fn update_scores(
    transaction: &Transaction<'_>,
    key: i64,
    scores: &[(&String, &f64)],
) -> Result<(), Trouble> {
    for chunk in scores.chunks(CHUNK) {
        let columns = chunk.iter().enumerate();
        let columns: Vec<String> = columns
            .map(|(index, (name, _))| format!("{} = ?{}", quoted(name), index + 2))
            .collect();
        let update = format!("UPDATE score SET {} WHERE run = ?1", columns.join(", "));
        transaction.prepare_cached(&update)?.execute(params_from_iter(numbered(key, chunk)))?;
    }
    Ok(())
}

/// The number of a run and the values of its scores.
fn numbered(key: i64, scores: &[(&String, &f64)]) -> impl Iterator<Item = Sql> {
    std::iter::once(Sql::Integer(key)).chain(scores.iter().map(|(_, value)| Sql::Real(**value)))
}

fn insert_profiles(
    transaction: &Transaction<'_>,
    key: i64,
    profiles: Vec<&Profile>,
) -> Result<(), Trouble> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO profile (run, name, axis, at, series) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    for profile in profiles {
        let (axis, at, values) = text_of(profile);
        statement.execute(params![key, profile.name, axis, at, values])?;
    }
    Ok(())
}
