//! What is to be done about one run, seen in both stores.

use std::collections::BTreeMap;

use ablate_sweep::{RunId, RunState};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::claim::state_in;
use crate::content;
use crate::error::Trouble;
use crate::series;
use crate::trial::params_in;

use super::row::Row;

/// What is to be done about a run.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// It is not here.
    Add,
    /// It ended better or later there.
    Replace,
    /// It finished in both with the same bits: each may have what the other lacks.
    Unite,
    /// It ended better or later here.
    Keep,
    /// It is being trained.
    Leave,
    /// It finished in both with different bits, which are said.
    Refuse(Vec<String>),
    /// It is not there as it was written.
    Distrust,
}

impl Decision {
    /// On a run that is there.
    pub(super) fn on(
        here: &Connection,
        there: &Connection,
        run: &RunId,
    ) -> Result<Decision, Trouble> {
        let vanished = || Trouble::Damaged(format!("run {run} was listed and is not there"));
        let theirs = Row::one(there, "run", "id", &run.0)?.ok_or_else(vanished)?;
        let state = state_in(theirs.text("state"))?;
        if state == RunState::Running {
            return Ok(Decision::Leave);
        }
        if content_of(there, run)?.as_deref().unwrap_or_default() != theirs.text("content_hash") {
            return Ok(Decision::Distrust);
        }
        let Some(ours) = Row::one(here, "run", "id", &run.0)? else { return Ok(Decision::Add) };
        let state_here = state_in(ours.text("state"))?;
        if state_here == RunState::Running {
            return Ok(Decision::Leave);
        }
        if (state, state_here) == (RunState::Finished, RunState::Finished) {
            let differences = differences(here, there, run, &ours, &theirs)?;
            return Ok(match differences.is_empty() {
                true => Decision::Unite,
                false => Decision::Refuse(differences),
            });
        }
        let rank = |row: &Row, state| (rank(state), row.whole("attempt"), ending(row));
        Ok(match rank(&theirs, state) > rank(&ours, state_here) {
            true => Decision::Replace,
            false => Decision::Keep,
        })
    }
}

/// When a run ended, and what tells two apart that ended in the same moment.
fn ending(row: &Row) -> (i64, i64, String) {
    (row.whole("ended"), row.whole("begun"), row.text("content_hash").to_owned())
}

fn rank(state: RunState) -> u8 {
    match state {
        RunState::Finished => 3,
        RunState::Failed => 2,
        RunState::Interrupted => 1,
        RunState::Running => 0,
    }
}

fn content_of(connection: &Connection, run: &RunId) -> Result<Option<String>, Trouble> {
    let key = connection
        .prepare_cached("SELECT key FROM run WHERE id = ?1")?
        .query_row([&run.0], |row| row.get(0))
        .optional()?;
    key.map_or(Ok(None), |key| content::of(connection, key))
}

/// Where two runs of one id that finished differ in what came of them. What only one of them has
/// been scored on is no difference.
fn differences(
    here: &Connection,
    there: &Connection,
    run: &RunId,
    ours: &Row,
    theirs: &Row,
) -> Result<Vec<String>, Trouble> {
    if ours.text("content_hash") == theirs.text("content_hash") {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for name in ["epochs", "best_epoch", "weights_hash"] {
        if ours.get(name) != theirs.get(name) {
            found.push(format!("{name}: {}", both(ours.get(name), theirs.get(name))));
        }
    }
    let (left, right) = (curves(here, run)?, curves(there, run)?);
    for name in left.keys().chain(right.keys().filter(|name| !left.contains_key(*name))) {
        let absent = Vec::new();
        let (left, right) = (left.get(name), right.get(name));
        let (left, right) = (left.unwrap_or(&absent), right.unwrap_or(&absent));
        found.extend(first_difference(name, left, right));
    }
    let (left, right) = (scores(here, run)?, scores(there, run)?);
    for (name, left) in &left {
        if let Some(right) = right.get(name).filter(|right| !same(left, right)) {
            found.push(format!("{name}: {}", both(left, right)));
        }
    }
    let (left, right) = (profiles(here, run)?, profiles(there, run)?);
    let differing = left
        .iter()
        .filter(|(name, profile)| right.get(*name).is_some_and(|other| other != *profile));
    found.extend(differing.map(|(name, _)| format!("profile {name}")));
    found.extend(parameters(here, there, run)?);
    Ok(found)
}

fn curves(connection: &Connection, run: &RunId) -> Result<BTreeMap<String, Vec<f64>>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT name, series FROM curve WHERE run = (SELECT key FROM run WHERE id = ?1)",
    )?;
    let rows = statement.query_map([&run.0], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    rows.map(|row| {
        let (name, text) = row?;
        Ok((name, series::unpack(&text)?))
    })
    .collect()
}

fn first_difference(name: &str, left: &[f64], right: &[f64]) -> Option<String> {
    let value = |values: &[f64], epoch: usize| {
        values.get(epoch).map_or("nothing".to_owned(), |value| format!("{value:?}"))
    };
    let longer = left.len().max(right.len());
    let bits = |values: &[f64], epoch: usize| values.get(epoch).map(|value| value.to_bits());
    let epoch = (0..longer).find(|&epoch| bits(left, epoch) != bits(right, epoch))?;
    let (left, right) = (value(left, epoch), value(right, epoch));
    Some(format!("curve {name}, epoch {}: {left} here, {right} there", epoch + 1))
}

fn scores(connection: &Connection, run: &RunId) -> Result<BTreeMap<String, Value>, Trouble> {
    let key = connection
        .prepare_cached("SELECT key FROM run WHERE id = ?1")?
        .query_row([&run.0], |row| row.get::<_, i64>(0))?;
    let row = Row::one(connection, "score", "run", &key)?;
    let row = row.map(|row| row.without(&["run"]));
    Ok(row
        .iter()
        .flat_map(Row::present)
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect())
}

/// What probes found, by name, as it is stored.
fn profiles(
    connection: &Connection,
    run: &RunId,
) -> Result<BTreeMap<String, [String; 3]>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT name, axis, at, series FROM profile
         WHERE run = (SELECT key FROM run WHERE id = ?1)",
    )?;
    let rows = statement
        .query_map([&run.0], |row| Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?])))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Parameters that both trials name and whose values differ, which one id rules out.
fn parameters(here: &Connection, there: &Connection, run: &RunId) -> Result<Vec<String>, Trouble> {
    let params = |connection: &Connection| -> Result<_, Trouble> {
        let text: String = connection
            .prepare_cached(
                "SELECT t.params FROM run AS r JOIN trial AS t ON t.key = r.trial WHERE r.id = ?1",
            )?
            .query_row([&run.0], |row| row.get(0))?;
        params_in(&text)
    };
    let (left, right) = (params(here)?, params(there)?);
    let differing = left.iter().filter_map(|(name, value)| {
        let other = right.get(name).filter(|other| *other != value)?;
        Some(format!("parameter {name}: {value} here, {other} there"))
    });
    Ok(differing.collect())
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Real(left), Value::Real(right)) => left.to_bits() == right.to_bits(),
        _ => left == right,
    }
}

fn both(left: &Value, right: &Value) -> String {
    let shown = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::Integer(whole) => whole.to_string(),
        Value::Real(real) => format!("{real:?}"),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => format!("{} bytes", bytes.len()),
    };
    format!("{} here, {} there", shown(left), shown(right))
}
