//! Reading runs back, as the types that the rest of the program speaks.

use std::collections::{BTreeMap, HashMap, HashSet};

use ablate_sweep::run::Kept;
use ablate_sweep::{Curve, Params, Run, RunId, TrialId};
use rusqlite::{Connection, Row};

use crate::claim::state_in;
use crate::columns::{metric_names, quoted};
use crate::error::{RecordsError, Trouble};
use crate::marks::key_of;
use crate::series;
use crate::standing::failure_in;
use crate::store::Store;
use crate::trial::params_in;

impl Store {
    /// Those of `ids` that have been begun, in the same order.
    ///
    /// # Errors
    /// If the store cannot be read, or a row cannot be what this crate wrote.
    pub fn runs(&self, ids: &[RunId]) -> Result<Vec<Run>, RecordsError> {
        self.read("read runs", |snapshot| {
            let mut reader = Reader::new(snapshot)?;
            let mut runs = Vec::with_capacity(ids.len());
            for chunk in ids.chunks(CHUNK) {
                reader.read(chunk, &mut runs)?;
            }
            Ok(runs)
        })
    }

    /// Those of `ids` that have finished.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn finished(&self, ids: &[RunId]) -> Result<HashSet<RunId>, RecordsError> {
        self.read("look for finished runs", |snapshot| {
            // A plain join would be free to go through all finished runs of the store.
            let mut statement = snapshot.prepare_cached(
                "SELECT r.id FROM json_each(?1) AS wanted
                 CROSS JOIN run AS r ON r.id = wanted.value WHERE r.state = 'finished'",
            )?;
            let mut finished = HashSet::new();
            for chunk in ids.chunks(CHUNK) {
                let ids: Vec<&str> = chunk.iter().map(|id| id.0.as_str()).collect();
                let rows = statement
                    .query_map([serde_json::Value::from(ids).to_string()], |row| row.get(0))?;
                for id in rows {
                    finished.insert(RunId(id?));
                }
            }
            Ok(finished)
        })
    }

    /// The run whose name begins with `prefix`.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if there is none, [`RecordsError::AmbiguousRun`] if there are
    /// several.
    pub fn find_run(&self, prefix: &str) -> Result<Run, RecordsError> {
        let unknown = || RecordsError::UnknownRun { prefix: prefix.to_owned() };
        let candidates = self.read("look for a run", |snapshot| {
            // Names are hexadecimal, so all that begin with the prefix lie before prefix + 'g'.
            let mut statement = snapshot.prepare_cached(
                "SELECT id FROM run WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 4",
            )?;
            let names = statement.query_map([prefix], |row| row.get(0).map(RunId))?;
            Ok(names.collect::<Result<Vec<_>, _>>()?)
        })?;
        if candidates.len() > 1 {
            return Err(RecordsError::AmbiguousRun { prefix: prefix.to_owned(), candidates });
        }
        self.runs(&candidates)?.pop().ok_or_else(unknown)
    }

    /// The curves of a run, in the order in which they began; none for a run that was interrupted.
    ///
    /// # Errors
    /// [`RecordsError::UnknownRun`] if it is not in the store.
    pub fn curves(&self, run: &RunId) -> Result<Vec<Curve>, RecordsError> {
        self.read("read the curves of a run", |snapshot| {
            let key = key_of(snapshot, run)?;
            let mut statement = snapshot
                .prepare_cached("SELECT name, series FROM curve WHERE run = ?1 ORDER BY key")?;
            let rows = statement
                .query_map([key], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?
                .collect::<Result<Vec<_>, _>>()?;
            rows.into_iter()
                .map(|(name, text)| Ok(Curve { name, values: series::unpack(&text)? }))
                .collect()
        })
    }

    /// How long every current finished run took: what the cost of others is estimated from.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn timings(&self) -> Result<Vec<Timing>, RecordsError> {
        self.read("read how long runs took", |snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT r.id, r.seconds, t.params FROM run AS r JOIN trial AS t ON t.key = r.trial
                 WHERE r.state = 'finished' AND r.current = 1 AND r.seconds IS NOT NULL
                 ORDER BY r.key",
            )?;
            let mut rows = statement.query([])?;
            let mut timings = Vec::new();
            while let Some(row) = rows.next()? {
                let (run, seconds) = (RunId(row.get(0)?), row.get(1)?);
                timings.push(Timing {
                    run,
                    params: params_in(row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?)?,
                    seconds,
                });
            }
            Ok(timings)
        })
    }
}

/// How long a run took.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The run.
    pub run: RunId,
    /// The parameters of its trial.
    pub params: Params,
    /// Seconds of training, by a monotonic clock.
    pub seconds: f64,
}

/// How many names go into one statement, as one JSON text.
const CHUNK: usize = 5_000;

/// The columns before the scores, in the order in which [`Reader::run_in`] reads them.
const FIXED: &str = "r.id, r.trial, t.id, r.seed, r.state, r.failure, r.failure_message,
    r.data_checksum, r.training_version, r.epochs, r.best_epoch, r.weights_hash, r.seconds,
    t.params";

/// How many columns [`FIXED`] names.
const FIXED_COUNT: usize = 14;

/// Reads runs; a trial's parameters are parsed once, not once a seed.
struct Reader<'a> {
    snapshot: &'a Connection,
    metrics: Vec<String>,
    params: HashMap<i64, Params>,
}

impl<'a> Reader<'a> {
    fn new(snapshot: &'a Connection) -> Result<Reader<'a>, Trouble> {
        Ok(Reader { snapshot, metrics: metric_names(snapshot)?, params: HashMap::new() })
    }

    fn read(&mut self, ids: &[RunId], runs: &mut Vec<Run>) -> Result<(), Trouble> {
        let scores: String =
            self.metrics.iter().map(|name| format!(", m.{}", quoted(name))).collect();
        let mut statement = self.snapshot.prepare_cached(&format!(
            "SELECT {FIXED}{scores} FROM json_each(?1) AS wanted
             JOIN run AS r ON r.id = wanted.value
             JOIN trial AS t ON t.key = r.trial
             LEFT JOIN score AS m ON m.run = r.key
             ORDER BY wanted.key"
        ))?;
        let names: Vec<&str> = ids.iter().map(|id| id.0.as_str()).collect();
        let mut rows = statement.query([serde_json::Value::from(names).to_string()])?;
        while let Some(row) = rows.next()? {
            runs.push(self.run_in(row)?);
        }
        Ok(())
    }

    fn run_in(&mut self, row: &Row<'_>) -> Result<Run, Trouble> {
        let state = state_in(&row.get::<_, String>(4)?)?;
        let failure = match row.get::<_, Option<String>>(5)? {
            Some(kind) => Some(failure_in(Some(kind), row.get(6)?)?),
            None => None,
        };
        let kept = match (row.get(9)?, row.get(10)?, row.get(11)?) {
            (Some(epochs), Some(best_epoch), Some(weights_hash)) => {
                Some(Kept { epochs, best_epoch, weights_hash })
            }
            _ => None,
        };
        Ok(Run {
            id: RunId(row.get(0)?),
            trial: TrialId(row.get(2)?),
            seed: row.get::<_, i64>(3)?.unsigned_abs(),
            state,
            params: self.params_of(row)?,
            scores: self.scores_in(row)?,
            failure,
            data_checksum: row.get(7)?,
            training_version: row.get(8)?,
            kept,
            seconds: row.get(12)?,
        })
    }

    fn params_of(&mut self, row: &Row<'_>) -> Result<Params, Trouble> {
        let trial = row.get(1)?;
        if let Some(known) = self.params.get(&trial) {
            return Ok(known.clone());
        }
        let params = params_in(&row.get::<_, String>(13)?)?;
        self.params.insert(trial, params.clone());
        Ok(params)
    }

    fn scores_in(&self, row: &Row<'_>) -> Result<BTreeMap<String, f64>, Trouble> {
        let mut scores = BTreeMap::new();
        for (index, name) in self.metrics.iter().enumerate() {
            if let Some(value) = row.get(FIXED_COUNT + index)? {
                scores.insert(name.clone(), value);
            }
        }
        Ok(scores)
    }
}
