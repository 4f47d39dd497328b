//! A campaign of invented runs, and what a store says once it is collected.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ablate_cluster::collect::collect_shards;
use ablate_cluster::plan::Planned;
use ablate_cluster::shard::{self, Sealed, Shard};
use ablate_cluster::{ClusterError, Folder};
use ablate_records::{Durability, Session, Store, TakenIn};
use ablate_sweep::{
    Artifact, Catalog, Curve, Direction, Domain, Failure, FailureKind, Metric, Outcome, Param,
    Params, Profile, RunId, RunPlan, RunState, Split, Trial, TrialId, Value,
};
use sha2::{Digest, Sha256};

pub(crate) fn catalog() -> Catalog {
    let sizes = Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
    Catalog {
        params: vec![Param::new("lambda", sizes, Value::Float(0.0), "strength")],
        variants: Vec::new(),
        rules: Vec::new(),
        metrics: vec![Metric {
            name: "test_error".into(),
            unit: "fraction",
            direction: Direction::Lower,
            split: Split::Test,
            summary: "errors".into(),
        }],
        relative: Vec::new(),
        probes: Vec::new(),
    }
}

pub(crate) fn planned(number: u32) -> Planned {
    let params = Params::from_iter([("lambda".to_owned(), Value::Float(f64::from(number) / 3.0))]);
    let trial = Arc::new(Trial { id: TrialId(format!("{number:016x}")), params });
    (RunPlan::new(trial, 1, "data", "1"), None)
}

pub(crate) fn outcome(number: u32, error: f64) -> Result<Outcome, Failure> {
    Ok(Outcome {
        scores: BTreeMap::from([("test_error".to_owned(), error)]),
        profiles: vec![Profile {
            name: "p".into(),
            axis: "x".into(),
            at: vec![0.1, 0.2],
            values: vec![1.0 / 3.0, f64::MIN_POSITIVE],
        }],
        curves: vec![Curve { name: "loss".into(), values: vec![0.1 + 0.2, -0.0, 1e300] }],
        epochs: 3,
        best_epoch: number % 3,
        weights_hash: format!("{number:x}"),
        artifacts: Vec::new(),
    })
}

pub(crate) fn artifact(role: &str, file: &str, bytes: &[u8]) -> Artifact {
    Artifact {
        role: role.to_owned(),
        file: file.to_owned(),
        hash: Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: bytes.len() as u64,
        reused: false,
    }
}

pub(crate) fn failure() -> Result<Outcome, Failure> {
    Err(Failure {
        kind: FailureKind::Diverged,
        message: "NaN".into(),
        curves: vec![Curve {
            name: "loss".into(),
            values: vec![1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
        }],
    })
}

pub(crate) fn session() -> Session {
    Session { version: "1".into(), command: "worker".into(), os: "x".into(), ..Session::default() }
}

pub(crate) fn begin(folder: &Folder, task: u32) -> Shard {
    Shard::begin(folder, 1, task, &session(), Some("n1"), 0).unwrap()
}

/// What each attempt does to which run: 0 fails, 1 finishes, 2 finishes with other bits, 3 is broken off.
pub(crate) fn write(folder: &Folder, attempts: &[Vec<(u32, u8)>]) -> Vec<PathBuf> {
    let mut written: Vec<PathBuf> = Vec::new();
    for attempt in attempts {
        // Stamps are milliseconds where nothing is known of the attempts before: each has its own.
        std::thread::sleep(std::time::Duration::from_millis(2));
        let mut shard = begin(folder, 0);
        for (number, what) in attempt {
            let planned = planned(*number);
            shard.start(&planned.0.id).unwrap();
            match what {
                0 => shard.end(&planned, &failure(), 0.5).unwrap(),
                1 => shard.end(&planned, &outcome(*number, 0.25), 1.5).unwrap(),
                2 => shard.end(&planned, &outcome(*number, 0.5), 1.5).unwrap(),
                _ => shard.interrupt(&planned.0.id, 0.5).unwrap(),
            }
        }
        shard.seal(Sealed::Done).unwrap();
        // Their names are drawn, so that only this order says which came first.
        let new = folder.shards().unwrap().into_iter().find(|path| !written.contains(path));
        written.extend(new);
    }
    written
}

pub(crate) fn collect(store: &mut Store, folder: &Folder, path: &Path) -> TakenIn {
    collect_shards(folder, &[path.to_owned()], store, |_, _| ()).unwrap().taken
}

pub(crate) fn store_in(folder: &Path, name: &str) -> Store {
    let mut store = Store::open(folder.join(name), Durability::Normal).unwrap();
    store.declare(&catalog()).unwrap();
    store
}

/// All that the store says of runs, but for the numbers of rows.
pub(crate) fn dump(store: &Store) -> Vec<String> {
    let client = rusqlite::Connection::open(store.path()).unwrap();
    let mut lines = Vec::new();
    for query in [
        "SELECT r.id || r.state || r.current || r.attempt || r.begun || r.ended || r.started_at || r.ended_at
             || r.seconds || coalesce(r.weights_hash, '') || coalesce(r.failure_message, '')
             || r.content_hash || s.id || s.version || s.started_at || coalesce(m.test_error, '')
         FROM run AS r JOIN session AS s ON s.key = r.session LEFT JOIN score AS m ON m.run = r.key
         ORDER BY r.id",
        "SELECT r.id || c.name || c.series FROM curve AS c JOIN run AS r ON r.key = c.run ORDER BY 1",
        "SELECT r.id || p.name || p.at || p.series FROM profile AS p JOIN run AS r ON r.key = p.run
         ORDER BY 1",
    ] {
        let mut statement = client.prepare(query).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        lines.extend(rows.map(Result::unwrap));
    }
    lines
}

pub(crate) fn campaign() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(&place.path().join("shared")).unwrap();
    folder.create().unwrap();
    (place, folder)
}

/// Which end of each run stands, by the rule alone: whether it finished, when and where.
pub(crate) fn model(shards: &[PathBuf]) -> BTreeMap<RunId, (bool, i64, String)> {
    let mut standing: BTreeMap<RunId, (bool, i64, String)> = BTreeMap::new();
    for path in shards {
        let take = |origin: &ablate_records::Origin, it: ablate_records::Returned| {
            let stamp = it.stamps.expect("every release but the first writes them").1;
            let end = (it.ended.is_ok(), stamp, origin.id.clone());
            let better = standing.get(&it.plan.id).is_none_or(|held| match (end.0, held.0) {
                (true, true) => end < *held,
                (false, false) => end > *held,
                (finished, _) => finished,
            });
            if better {
                standing.insert(it.plan.id, end);
            }
            Ok::<(), ClusterError>(())
        };
        shard::read(path, |_| true, take).unwrap();
    }
    standing
}

/// What a store says to the same question.
pub(crate) fn stands(store: &Store) -> BTreeMap<RunId, (bool, i64, String)> {
    let client = rusqlite::Connection::open(store.path()).unwrap();
    let mut statement = client
        .prepare(
            "SELECT r.id, r.state, r.ended, s.id FROM run AS r JOIN session AS s
             ON s.key = r.session",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let finished = row.get::<_, String>(1)? == RunState::Finished.word();
        Ok((RunId(row.get(0)?), (finished, row.get(2)?, row.get(3)?)))
    });
    rows.unwrap().map(Result::unwrap).collect()
}
