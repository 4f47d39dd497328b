//! The rows of one run on their way from one store to another: its session, its trial, itself, and
//! what hangs on it.

use ablate_sweep::{RunId, Trial, TrialId};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Trouble;
use crate::trial::{self, params_in};

use super::Known;
use super::files::Files;
use super::row::Row;

/// Numbers there and here of what many runs share.
#[derive(Default)]
pub(super) struct Keys {
    sessions: Known,
    trials: Known,
}

/// Where and when a run was trained.
const PROVENANCE: &[&str] =
    &["session", "attempt", "begun", "ended", "started_at", "ended_at", "seconds"];

/// Adds a run that is not here. Which run of its trial and seed is current is settled at the end.
pub(super) fn add(
    here: &Connection,
    there: &Connection,
    run: &RunId,
    keys: &mut Keys,
    files: &Files,
) -> Result<(), Trouble> {
    let (their_key, row) = found(there, run)?;
    let row = translated(here, there, row, keys)?.with("current", 0_i64);
    let key = row.insert(here, "run")?;
    add_marks(here, there, (key, their_key))?;
    add_rest(here, there, (key, their_key), files)
}

/// Puts the run there in the place of the one here.
pub(super) fn replace(
    here: &Connection,
    there: &Connection,
    run: &RunId,
    keys: &mut Keys,
    files: &Files,
) -> Result<(), Trouble> {
    let (their_key, row) = found(there, run)?;
    let (key, _) = found(here, run)?;
    for table in ["score", "curve", "profile", "artifact"] {
        here.prepare_cached(&format!("DELETE FROM {table} WHERE run = ?1"))?.execute([key])?;
    }
    let row = translated(here, there, row, keys)?.without(&["current", "note", "archived"]);
    row.update(here, "run", key)?;
    add_marks(here, there, (key, their_key))?;
    add_rest(here, there, (key, their_key), files)
}

/// Adds what the run here lacks to it, and says whether that was anything.
pub(super) fn unite(
    here: &Connection,
    there: &Connection,
    run: &RunId,
    keys: &mut Keys,
    files: &Files,
) -> Result<bool, Trouble> {
    let ((their_key, theirs), (key, ours)) = (found(there, run)?, found(here, run)?);
    let mut completed = false;
    let held = Row::one(here, "score", "run", &key)?;
    if let Some(scores) = Row::one(there, "score", "run", &their_key)? {
        let missing: Vec<String> = scores
            .present()
            .filter(|(name, _)| held.as_ref().is_none_or(|row| *row.get(name) == Value::Null))
            .map(|(name, _)| name.to_owned())
            .collect();
        let names: Vec<&str> = missing.iter().map(String::as_str).collect();
        completed |= !names.is_empty();
        match &held {
            Some(_) => scores.only(&names).update(here, "score", key)?,
            None => drop(scores.with("run", key).insert(here, "score")?),
        }
    }
    let held = Row::all(here, "profile", "run", &key)?;
    for profile in Row::all(there, "profile", "run", &their_key)? {
        if !held.iter().any(|held| held.text("name") == profile.text("name")) {
            profile.with("run", key).insert(here, "profile")?;
            completed = true;
        }
    }
    completed |= add_artifacts(here, there, (key, their_key), files)? > 0;
    add_marks(here, there, (key, their_key))?;
    if first_to_finish(there, &theirs)? < first_to_finish(here, &ours)? {
        let row = translated(here, there, theirs, keys)?;
        row.only(PROVENANCE).update(here, "run", key)?;
    } else {
        // Its trial may know more parameters there.
        trial_here(here, there, theirs.whole("trial"), keys)?;
    }
    Ok(completed)
}

/// The number and the row of a run.
fn found(connection: &Connection, run: &RunId) -> Result<(i64, Row), Trouble> {
    let vanished = || Trouble::Damaged(format!("run {run} has vanished"));
    let row = Row::one(connection, "run", "id", &run.0)?.ok_or_else(vanished)?;
    let key = connection
        .prepare_cached("SELECT key FROM run WHERE id = ?1")?
        .query_row([&run.0], |row| row.get(0))?;
    Ok((key, row))
}

/// When a run ended and in which session: the smaller one was first.
fn first_to_finish(connection: &Connection, row: &Row) -> Result<(i64, String), Trouble> {
    let session = connection
        .prepare_cached("SELECT id FROM session WHERE key = ?1")?
        .query_row([row.whole("session")], |row| row.get(0))?;
    Ok((row.whole("ended"), session))
}

/// The row of a run there as it stands here: with the numbers of its trial and session here.
fn translated(
    here: &Connection,
    there: &Connection,
    row: Row,
    keys: &mut Keys,
) -> Result<Row, Trouble> {
    let trial = trial_here(here, there, row.whole("trial"), keys)?;
    let session = session_here(here, there, row.whole("session"), keys)?;
    Ok(row.with("trial", trial).with("session", session))
}

fn session_here(
    here: &Connection,
    there: &Connection,
    key: i64,
    keys: &mut Keys,
) -> Result<i64, Trouble> {
    if let Some(known) = keys.sessions.get(&key) {
        return Ok(*known);
    }
    let row = Row::one(there, "session", "key", &key)?.ok_or_else(|| gone("session", key))?;
    let held = here
        .prepare_cached("SELECT key FROM session WHERE id = ?1")?
        .query_row([row.text("id")], |row| row.get(0))
        .optional()?;
    let session = match held {
        Some(held) => held,
        None => row.insert(here, "session")?,
    };
    keys.sessions.insert(key, session);
    Ok(session)
}

/// The trial's number here. Of two releases, one may name a parameter that the other has not yet: the
/// trial gets all of them.
fn trial_here(
    here: &Connection,
    there: &Connection,
    key: i64,
    keys: &mut Keys,
) -> Result<i64, Trouble> {
    if let Some(known) = keys.trials.get(&key) {
        return Ok(*known);
    }
    let theirs = Row::one(there, "trial", "key", &key)?.ok_or_else(|| gone("trial", key))?;
    let id = TrialId(theirs.text("id").to_owned());
    let mut params = params_in(theirs.text("params"))?;
    let ours = Row::one(here, "trial", "id", &id.0)?;
    if let Some(ours) = &ours {
        for (name, value) in params_in(ours.text("params"))?.iter() {
            params.set(name, value.clone());
        }
    }
    let baseline = ours.iter().map(|row| row.text("baseline")).chain([theirs.text("baseline")]);
    let baseline = baseline.max().filter(|id| !id.is_empty()).map(|id| TrialId(id.to_owned()));
    let trial = trial::save(here, &Trial { id, params }, baseline.as_ref())?;
    keys.trials.insert(key, trial);
    Ok(trial)
}

fn gone(table: &str, key: i64) -> Trouble {
    Trouble::Damaged(format!("{table} {key} is gone"))
}

/// Adds scores, curves and files to a run that has none.
fn add_rest(
    here: &Connection,
    there: &Connection,
    (key, their_key): (i64, i64),
    files: &Files,
) -> Result<(), Trouble> {
    for table in ["score", "curve", "profile"] {
        for row in Row::all(there, table, "run", &their_key)? {
            row.with("run", key).insert(here, table)?;
        }
    }
    add_artifacts(here, there, (key, their_key), files).map(drop)
}

/// What is said of the run there is said of it here as well: every tag, and a note where there is none
/// here. Whether it is in sight, each store says for itself.
fn add_marks(
    here: &Connection,
    there: &Connection,
    (key, their_key): (i64, i64),
) -> Result<(), Trouble> {
    for row in Row::all(there, "tag", "run", &their_key)? {
        here.prepare_cached("INSERT OR IGNORE INTO tag (run, name) VALUES (?1, ?2)")?
            .execute(params![key, row.text("name")])?;
    }
    if let Some(row) = Row::one(there, "run", "key", &their_key)? {
        here.prepare_cached(
            "UPDATE run SET note = ?2 WHERE key = ?1 AND note IS NULL AND ?2 <> ''",
        )?
        .execute(params![key, row.text("note")])?;
    }
    Ok(())
}

/// Adds the files that were brought for roles which the run here has no file for; how many.
fn add_artifacts(
    here: &Connection,
    there: &Connection,
    (key, their_key): (i64, i64),
    files: &Files,
) -> Result<usize, Trouble> {
    let held = Row::all(here, "artifact", "run", &key)?;
    let mut added = 0;
    for row in Row::all(there, "artifact", "run", &their_key)? {
        let is_held = held.iter().any(|held| held.text("role") == row.text("role"));
        let Some(file) = files.at(row.text("file"), row.text("hash")).filter(|_| !is_held) else {
            continue;
        };
        let file = file.to_owned();
        row.with("run", key).with("file", file).insert(here, "artifact")?;
        added += 1;
    }
    Ok(added)
}
