//! The experiments of another store, and which runs are current once they are here.

use std::cmp::Ordering;

use rusqlite::{Connection, params};

use crate::error::Trouble;

use super::Source;
use super::row::Row;

/// Takes the experiments there that are not here, or were swept later there; how many those were.
pub(super) fn merge(
    here: &Connection,
    there: &Connection,
    source: &Source,
) -> Result<u64, Trouble> {
    let listed = || -> Result<Vec<(i64, String)>, Trouble> {
        let mut statement = there.prepare("SELECT key, name FROM experiment ORDER BY key")?;
        let names = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(names.collect::<Result<_, _>>()?)
    };
    let mut taken = 0;
    for (key, name) in source.or_nothing(listed())? {
        if source.is_hurt("experiment", key) {
            continue;
        }
        let Some((theirs, plan)) = source.or_nothing(read(there, &name))? else { continue };
        match read(here, &name)? {
            None => {
                let key = theirs.insert(here, "experiment")?;
                replace_plan(here, key, &plan)?;
                taken += 1;
            }
            Some((ours, our_plan)) => {
                let first = theirs.text("first_swept").min(ours.text("first_swept")).to_owned();
                let later = order((&theirs, &plan), (&ours, &our_plan)) == Ordering::Greater;
                let key =
                    here.query_row("SELECT key FROM experiment WHERE name = ?1", [&name], |row| {
                        row.get(0)
                    })?;
                if later {
                    theirs.with("first_swept", first).update(here, "experiment", key)?;
                    replace_plan(here, key, &plan)?;
                    taken += 1;
                } else if first != ours.text("first_swept") {
                    let row = ours.only(&["first_swept"]).with("first_swept", first);
                    row.update(here, "experiment", key)?;
                }
            }
        }
    }
    Ok(taken)
}

type Plan = Vec<(i64, String)>;

/// An experiment and its plan.
fn read(connection: &Connection, name: &str) -> Result<Option<(Row, Plan)>, Trouble> {
    let Some(row) = Row::one(connection, "experiment", "name", &name)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(
        "SELECT position, run FROM experiment_run
         WHERE experiment = (SELECT key FROM experiment WHERE name = ?1) ORDER BY position",
    )?;
    let plan = statement.query_map([name], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(Some((row, plan.collect::<Result<_, _>>()?)))
}

/// Which of two was swept later; in the same moment, an order that is the same in every store.
fn order((left, left_plan): (&Row, &Plan), (right, right_plan): (&Row, &Plan)) -> Ordering {
    let key = |row: &Row| (row.whole("swept"), row.text("hash").to_owned());
    key(left).cmp(&key(right)).then_with(|| left_plan.cmp(right_plan))
}

fn replace_plan(here: &Connection, experiment: i64, plan: &Plan) -> Result<(), Trouble> {
    here.execute("DELETE FROM experiment_run WHERE experiment = ?1", [experiment])?;
    let mut insert = here.prepare_cached(
        "INSERT INTO experiment_run (experiment, position, run) VALUES (?1, ?2, ?3)",
    )?;
    for (position, run) in plan {
        insert.execute(params![experiment, position, run])?;
    }
    Ok(())
}

/// Of the runs of one trial and seed, makes that one current which finished last, by its end or by
/// the sweep of an experiment that plans it; one trained here before one that was imported; while
/// none has finished, the one begun last. All of this is in the rows, whatever order they came in.
pub(super) fn settle_current(here: &Connection) -> Result<(), Trouble> {
    let mut statement = here.prepare(
        "SELECT key, current, first_value(key) OVER (
             PARTITION BY trial, seed
             ORDER BY finished DESC, imported, at DESC, id DESC
         ) = key AS wanted
         FROM (
             SELECT r.key, r.trial, r.seed, r.current, r.id, r.state = 'finished' AS finished,
                 s.imported_hash IS NOT NULL AS imported,
                 CASE r.state WHEN 'finished' THEN max(r.ended, coalesce((
                     SELECT max(e.swept) FROM experiment_run AS m
                     JOIN experiment AS e ON e.key = m.experiment WHERE m.run = r.id), 0))
                 ELSE r.begun END AS at
             FROM run AS r JOIN session AS s ON s.key = r.session
             WHERE (r.trial, r.seed) IN (
                 SELECT trial, seed FROM run GROUP BY trial, seed
                 HAVING count(*) > 1 OR sum(current) = 0
             )
         )",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows = rows.collect::<Result<Vec<(i64, bool, bool)>, _>>()?;
    // There is never more than one, so the old ones step down first.
    for (wanted, flag) in [(false, 0), (true, 1)] {
        let mut update = here.prepare_cached("UPDATE run SET current = ?2 WHERE key = ?1")?;
        for (key, current, should) in &rows {
            if *should == wanted && current != should {
                update.execute(params![key, flag])?;
            }
        }
    }
    Ok(())
}

impl Source {
    /// Whether a check found a row hurt.
    fn is_hurt(&self, table: &str, key: i64) -> bool {
        match self {
            Source::Whole => false,
            Source::Damaged { rows, .. } => rows.contains(&(table.to_owned(), key)),
        }
    }

    /// Nothing instead of what a damaged store no longer says.
    fn or_nothing<T: Default>(&self, found: Result<T, Trouble>) -> Result<T, Trouble> {
        match (self, found) {
            (Source::Damaged { .. }, Err(_)) => Ok(T::default()),
            (_, found) => found,
        }
    }
}
