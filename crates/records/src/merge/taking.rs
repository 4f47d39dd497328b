//! How one run that ended elsewhere gets into the store: which of two ends stands, and its rows.

use ablate_sweep::{Artifact, Curve, Outcome, RunId, RunState};
use rusqlite::{Connection, OptionalExtension, Transaction, named_params, params};

use crate::artifacts;
use crate::claim::{seed_of, state_in};
use crate::columns::quoted;
use crate::ending::insert_curves;
use crate::error::Trouble;
use crate::measured;
use crate::series;
use crate::stamp;
use crate::trial;

use super::Conflict;
use super::files::{Files, Wants};
use super::returned::{Origin, Returned, TakenIn};

/// What the store says of a run.
struct Stored {
    key: i64,
    state: RunState,
    ended: i64,
    session: String,
}

fn stored(here: &Connection, run: &RunId) -> Result<Option<Stored>, Trouble> {
    let found = here
        .prepare_cached(
            "SELECT r.key, r.state, coalesce(r.ended, 0), s.id
             FROM run AS r JOIN session AS s ON s.key = r.session WHERE r.id = ?1",
        )?
        .query_row([&run.0], |row| {
            Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    found
        .map(|(key, state, ended, session)| {
            Ok(Stored { key, state: state_in(&state)?, ended, session })
        })
        .transpose()
}

/// The files and logs of those runs that are not here as this origin has ended them.
pub(super) fn wanted(
    here: &Connection,
    origin: &Origin,
    runs: &[Returned],
) -> Result<Wants, Trouble> {
    let mut wants = Wants::default();
    for run in runs {
        let stored = stored(here, &run.plan.id)?;
        if stored.as_ref().is_some_and(|it| it.state == RunState::Running) {
            continue;
        }
        let finished = stored.filter(|it| it.state == RunState::Finished);
        let end = end_of(here, run, origin)?;
        let stands = match (&run.ended, finished) {
            (_, None) => true,
            // The end that stands here may lack files that were not to be seen when it was taken in.
            (Ok(_), Some(finished)) => end <= (finished.ended, &finished.session),
            (Err(_), Some(_)) => false,
        };
        if !stands {
            continue;
        }
        wants.logs.push(run.plan.id.clone());
        let files = run.ended.iter().flat_map(|outcome| &outcome.artifacts);
        wants.files.extend(files.map(|artifact| (artifact.file.clone(), artifact.hash.clone())));
    }
    Ok(wants)
}

/// Two ends of a run are told apart, and put in order, by when and where.
fn end_of<'a>(
    here: &Connection,
    run: &Returned,
    origin: &'a Origin,
) -> Result<(i64, &'a String), Trouble> {
    Ok((stamps_of(here, run)?.1, &origin.id))
}

/// The stamps of its beginning and its end.
fn stamps_of(here: &Connection, run: &Returned) -> Result<(i64, i64), Trouble> {
    run.stamps.map_or_else(
        || Ok((stamp::of(here, &run.started_at)?, stamp::of(here, &run.ended_at)?)),
        Ok,
    )
}

pub(super) fn session_here(here: &Transaction<'_>, origin: &Origin) -> Result<i64, Trouble> {
    let Origin { id, session, host, pid, started_at } = origin;
    let mut values = session.named().to_vec();
    values.extend_from_slice(named_params! {
        ":id": id,
        ":started_at": started_at,
        ":host": host,
        ":pid": pid,
    });
    here.prepare_cached(
        "INSERT INTO session (id, started_at, version, git_commit, git_dirty, command,
             binary, cpu, cpu_vendor, simd, cores, jobs, os, host, pid)
         VALUES (:id, :started_at, :version, :git_commit, :git_dirty, :command, :binary, :cpu,
             :cpu_vendor, :simd, :cores, :jobs, :os, :host, :pid)
         ON CONFLICT (id) DO UPDATE SET started_at = :started_at, version = :version,
             git_commit = :git_commit, git_dirty = :git_dirty, command = :command,
             binary = :binary, cpu = :cpu, cpu_vendor = :cpu_vendor, simd = :simd, cores = :cores,
             jobs = :jobs, os = :os, host = :host, pid = :pid
         WHERE started_at = '' AND :started_at <> ''",
    )?
    .execute(&*values)?;
    let mut select = here.prepare_cached("SELECT key FROM session WHERE id = ?1")?;
    Ok(select.query_row([id], |row| row.get(0))?)
}

/// One run on its way into the store.
pub(super) struct Taking<'a> {
    pub(super) here: &'a Transaction<'a>,
    pub(super) origin: &'a Origin,
    pub(super) session: i64,
    pub(super) files: &'a Files,
    pub(super) run: &'a Returned,
}

impl Taking<'_> {
    pub(super) fn take(&self, taken: &mut TakenIn) -> Result<(), Trouble> {
        let id = &self.run.plan.id;
        let Some(stored) = stored(self.here, id)? else {
            taken.added += 1;
            return self.insert();
        };
        let theirs = (stored.ended, &stored.session);
        let ours = end_of(self.here, self.run, self.origin)?;
        let better = match (&self.run.ended, stored.state) {
            (_, RunState::Running) => {
                taken.running += 1;
                return Ok(());
            }
            (Ok(outcome), RunState::Finished) if ours == theirs => {
                taken.known += 1;
                return self.add_files(stored.key, outcome);
            }
            (Ok(outcome), RunState::Finished) => {
                let differences = differences(self.here, stored.key, outcome)?;
                if differences.is_empty() {
                    taken.known += 1;
                    return if ours < theirs { self.update_origin(stored.key) } else { Ok(()) };
                }
                taken.differing.push(Conflict { run: id.clone(), differences });
                ours < theirs
            }
            (Ok(_), RunState::Failed | RunState::Interrupted) => true,
            (Err(_), RunState::Finished) => false,
            (Err(_), RunState::Failed) => ours > theirs,
            (Err(_), RunState::Interrupted) => true,
        };
        if better {
            taken.replaced += 1;
            self.replace(stored.key)
        } else {
            taken.known += 1;
            Ok(())
        }
    }

    fn insert(&self) -> Result<(), Trouble> {
        let plan = &self.run.plan;
        let trial = trial::save(self.here, &plan.trial, self.run.baseline.as_ref())?;
        let (begun, ended) = stamps_of(self.here, self.run)?;
        self.here
            .prepare_cached(
                // Where there are others of its trial and seed, settling says which is current.
                "INSERT INTO run (id, trial, seed, data_checksum, training_version, state, current,
                     session, attempt, started_at, ended_at, begun, ended)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'interrupted',
                     NOT EXISTS (SELECT 1 FROM run WHERE trial = ?2 AND seed = ?3),
                     ?6, 1, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                plan.id.0,
                trial,
                seed_of(plan)?,
                plan.data_checksum,
                plan.training_version,
                self.session,
                self.run.started_at,
                self.run.ended_at,
                begun,
                ended
            ])?;
        self.fill(self.here.last_insert_rowid())
    }

    fn replace(&self, key: i64) -> Result<(), Trouble> {
        for table in ["score", "curve", "profile", "artifact"] {
            let delete = format!("DELETE FROM {table} WHERE run = ?1");
            self.here.prepare_cached(&delete)?.execute([key])?;
        }
        trial::save(self.here, &self.run.plan.trial, self.run.baseline.as_ref())?;
        self.here
            .prepare_cached(
                "UPDATE run SET state = 'interrupted', failure = NULL, failure_message = NULL,
                     epochs = NULL, best_epoch = NULL, weights_hash = NULL WHERE key = ?1",
            )?
            .execute([key])?;
        self.update_origin(key)?;
        self.fill(key)
    }

    fn update_origin(&self, key: i64) -> Result<(), Trouble> {
        let (begun, ended) = stamps_of(self.here, self.run)?;
        self.here
            .prepare_cached(
                "UPDATE run SET session = ?2, attempt = 1, started_at = ?3, ended_at = ?4,
                     seconds = ?5, begun = ?6, ended = ?7 WHERE key = ?1",
            )?
            .execute(params![
                key,
                self.session,
                self.run.started_at,
                self.run.ended_at,
                self.run.seconds,
                begun,
                ended
            ])?;
        Ok(())
    }

    /// Names those files of the run that it has not and that could be brought.
    fn add_files(&self, key: i64, outcome: &Outcome) -> Result<(), Trouble> {
        let mut held =
            self.here.prepare_cached("SELECT 1 FROM artifact WHERE run = ?1 AND role = ?2")?;
        let mut brought = Vec::new();
        for artifact in &outcome.artifacts {
            let file = self.files.at(&artifact.file, &artifact.hash);
            if let Some(file) = file
                && !held.exists(params![key, artifact.role])?
            {
                brought.push(Artifact { file: file.to_owned(), ..artifact.clone() });
            }
        }
        artifacts::insert(self.here, key, &brought)
    }

    /// Writes what came of the run to its row, which has nothing of it yet.
    fn fill(&self, key: i64) -> Result<(), Trouble> {
        let seconds = self.run.seconds;
        match &self.run.ended {
            Ok(outcome) => {
                measured::insert(self.here, key, &outcome.scores, &outcome.profiles)?;
                insert_curves(self.here, key, &outcome.curves)?;
                self.add_files(key, outcome)?;
                self.here
                    .prepare_cached(
                        "UPDATE run SET state = 'finished', seconds = ?2, epochs = ?3,
                             best_epoch = ?4, weights_hash = ?5 WHERE key = ?1",
                    )?
                    .execute(params![
                        key,
                        seconds,
                        outcome.epochs,
                        outcome.best_epoch,
                        outcome.weights_hash
                    ])?;
            }
            Err(failure) => {
                insert_curves(self.here, key, &failure.curves)?;
                self.here
                    .prepare_cached(
                        "UPDATE run SET state = 'failed', seconds = ?2, failure = ?3,
                             failure_message = ?4 WHERE key = ?1",
                    )?
                    .execute(params![key, seconds, failure.kind.word(), failure.message])?;
            }
        }
        Ok(())
    }
}

/// Where the finished run `key` and `outcome` differ. What only one of them was measured by is no
/// difference.
fn differences(here: &Connection, key: i64, outcome: &Outcome) -> Result<Vec<String>, Trouble> {
    let mut found = Vec::new();
    let mut compare = |what: &str, here: String, there: String| {
        if here != there {
            found.push(format!("{what}: {here} here, {there} there"));
        }
    };
    let kept: (u32, u32, String) = here
        .prepare_cached("SELECT epochs, best_epoch, weights_hash FROM run WHERE key = ?1")?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    compare("epochs", kept.0.to_string(), outcome.epochs.to_string());
    compare("best_epoch", kept.1.to_string(), outcome.best_epoch.to_string());
    compare("weights_hash", kept.2, outcome.weights_hash.clone());
    for (name, value) in &outcome.scores {
        let select = format!("SELECT {} FROM score WHERE run = ?1", quoted(name));
        let held: Option<Option<f64>> =
            here.prepare_cached(&select)?.query_row([key], |row| row.get(0)).optional()?;
        if let Some(held) = held.flatten() {
            compare(name, format!("{held:?}"), format!("{value:?}"));
        }
    }
    for Curve { name, values } in &outcome.curves {
        let held: Option<String> = here
            .prepare_cached("SELECT series FROM curve WHERE run = ?1 AND name = ?2")?
            .query_row(params![key, name], |row| row.get(0))
            .optional()?;
        let (held, series) = (held.unwrap_or_default(), series::pack(values));
        if held != series {
            compare(&format!("curve {name}"), "one".to_owned(), "another".to_owned());
        }
    }
    for profile in &outcome.profiles {
        let held: Option<(String, String)> = here
            .prepare_cached("SELECT at, series FROM profile WHERE run = ?1 AND name = ?2")?
            .query_row(params![key, profile.name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let series = (series::pack(&profile.at), series::pack(&profile.values));
        if held.is_some_and(|held| held != series) {
            compare(&format!("profile {}", profile.name), "one".to_owned(), "another".to_owned());
        }
    }
    Ok(found)
}
