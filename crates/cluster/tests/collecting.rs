//! Collecting: whatever is read, in whatever order and however often, comes to the same store.
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

use std::collections::BTreeMap;
use std::fs;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ablate_cluster::plan::Planned;
use ablate_cluster::shard::{self, Sealed, Shard};
use ablate_cluster::{ClusterError, Folder};
use ablate_records::{Durability, Returned, Session, Store, TakenIn};
use ablate_sweep::{
    Catalog, Curve, Direction, Domain, Failure, FailureKind, Metric, Outcome, Param, Params,
    Profile, RunPlan, Split, Trial, TrialId, Value,
};
use proptest::prelude::*;

fn catalog() -> Catalog {
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

fn planned(number: u32) -> Planned {
    let params = Params::from_iter([("lambda".to_owned(), Value::Float(f64::from(number) / 3.0))]);
    let trial = Arc::new(Trial { id: TrialId(format!("{number:016x}")), params });
    (RunPlan::new(trial, 1, "data", "1"), None)
}

fn outcome(number: u32, error: f64) -> Result<Outcome, Failure> {
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

fn failure() -> Result<Outcome, Failure> {
    Err(Failure {
        kind: FailureKind::Diverged,
        message: "NaN".into(),
        curves: vec![Curve {
            name: "loss".into(),
            values: vec![1.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN],
        }],
    })
}

fn session() -> Session {
    Session { version: "1".into(), command: "worker".into(), os: "x".into(), ..Session::default() }
}

fn begin(folder: &Folder, task: u32) -> Shard {
    Shard::begin(folder, 1, task, &session(), Some("n1"), 0).unwrap()
}

/// What each attempt does to which run: 0 fails, 1 finishes, 2 finishes with other bits, 3 is broken off.
fn write(folder: &Folder, attempts: &[Vec<(u32, u8)>]) -> Vec<PathBuf> {
    for attempt in attempts {
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
    }
    folder.shards().unwrap()
}

fn collect(store: &mut Store, folder: &Folder, path: &Path) -> TakenIn {
    let mut taken = TakenIn::default();
    shard::read(path, |origin, returned: Returned| -> Result<(), ClusterError> {
        let one = store.take_in(origin, &[returned], &folder.artifacts()).unwrap();
        taken = std::mem::take(&mut taken).with(one);
        Ok(())
    })
    .unwrap();
    store.settle_current().unwrap();
    taken
}

fn store_in(folder: &Path, name: &str) -> Store {
    let mut store = Store::open(folder.join(name), Durability::Normal).unwrap();
    store.declare(&catalog()).unwrap();
    store
}

/// All that the store says of runs, but for the numbers of rows.
fn dump(store: &Store) -> Vec<String> {
    let client = rusqlite::Connection::open(store.path()).unwrap();
    let mut lines = Vec::new();
    for query in [
        "SELECT r.id || r.state || r.current || r.attempt || r.begun || r.ended || r.started_at
             || r.ended_at || r.seconds || coalesce(r.weights_hash, '') || coalesce(r.failure_message, '')
             || r.content_hash || s.id || coalesce(m.test_error, '')
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

fn campaign() -> (tempfile::TempDir, Folder) {
    let place = tempfile::tempdir().unwrap();
    let folder = Folder::at(&place.path().join("shared")).unwrap();
    folder.create().unwrap();
    (place, folder)
}

#[test]
fn what_an_attempt_wrote_reads_back_to_the_bit() {
    let (_place, folder) = campaign();
    let mut shard = begin(&folder, 7);
    let ends = [outcome(1, 0.1 + 0.2), failure()];
    for (number, end) in (1..).zip(&ends) {
        shard.end(&planned(number), end, 1.0 / 3.0).unwrap();
    }
    drop(shard);
    let mut read = Vec::new();
    let account = shard::read(&folder.shards().unwrap()[0], |origin, returned| {
        assert_eq!(origin.session, session());
        read.push(returned);
        Ok::<(), ClusterError>(())
    });
    assert_eq!(account.unwrap().of, Some((1, 7)));
    for ((number, end), returned) in (1..).zip(&ends).zip(&read) {
        assert_eq!(returned.plan, planned(number).0);
        // NaN is unequal to itself.
        assert_eq!(format!("{:?}", returned.ended), format!("{end:?}"));
        assert_eq!(returned.seconds.to_bits(), (1.0_f64 / 3.0).to_bits());
    }
}

#[test]
fn two_ends_with_different_bits_are_told_and_the_first_stands_in_either_order() {
    let (place, folder) = campaign();
    let mut dumps = Vec::new();
    let shards = write(&folder, &[vec![(1, 1)], vec![(1, 2)]]);
    for (name, order) in [("a.db", [0, 1]), ("b.db", [1, 0])] {
        let mut store = store_in(place.path(), name);
        assert!(collect(&mut store, &folder, &shards[order[0]]).differing.is_empty());
        let second = collect(&mut store, &folder, &shards[order[1]]);
        assert_eq!(second.differing.len(), 1);
        assert_eq!(second.differing[0].differences.len(), 1, "{second:?}");
        dumps.push(dump(&store));
    }
    assert_eq!(dumps[0], dumps[1]);
}

/// The first attempt's clock stood in 2099, that of the second, which comes later, is right.
#[test]
fn of_two_failures_the_later_stands_though_a_clock_was_ahead() {
    let (place, folder) = campaign();
    let mut after = 4_000_000_000_000;
    for message in ["earlier", "later"] {
        let mut shard = Shard::begin(&folder, 1, 0, &session(), None, after).unwrap();
        let failure = Failure { kind: FailureKind::Error, message: message.into(), curves: vec![] };
        shard.start(&planned(1).0.id).unwrap();
        shard.end(&planned(1), &Err(failure), 0.5).unwrap();
        let accounts = folder.shards_of(1, 0).unwrap();
        let stamps = accounts.iter().map(|path| shard::account(path).unwrap().stamp);
        let greatest = stamps.max().unwrap();
        assert!(greatest > after);
        after = greatest;
    }
    let mut shards = folder.shards().unwrap();
    for name in ["a.db", "b.db"] {
        let mut store = store_in(place.path(), name);
        for path in &shards {
            collect(&mut store, &folder, path);
        }
        let run = store.runs(&[planned(1).0.id]).unwrap().remove(0);
        assert_eq!(run.failure.unwrap().1, "later");
        shards.reverse();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_repetition_cuts_and_zeroed_blocks_cannot_show(
        attempts in prop::collection::vec(prop::collection::vec((0_u32..5, 0_u8..4), 0..6), 1..4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        cut in any::<prop::sample::Index>(),
        zeroed in any::<prop::sample::Index>(),
    ) {
        let (place, folder) = campaign();
        let shards = write(&folder, &attempts);
        let mut expected = store_in(place.path(), "expected.db");
        for path in &shards {
            collect(&mut expected, &folder, path);
        }
        // Before all is there: some shards, in any order, again and again; one is cut, one has a hole.
        let mut store = store_in(place.path(), "store.db");
        let whole: Vec<Vec<u8>> = shards.iter().map(|path| fs::read(path).unwrap()).collect();
        for index in &order {
            let at = index.index(shards.len());
            let mut bytes = whole[at].clone();
            let hole = zeroed.index(bytes.len());
            let end = bytes.len().min(hole + 200);
            bytes[hole..end].fill(0);
            for damaged in [&whole[at][..cut.index(whole[at].len())], &bytes] {
                fs::write(&shards[at], damaged).unwrap();
                collect(&mut store, &folder, &shards[at]);
            }
            fs::write(&shards[at], &whole[at]).unwrap();
            collect(&mut store, &folder, &shards[at]);
        }
        for path in shards.iter().rev() {
            collect(&mut store, &folder, path);
        }
        prop_assert_eq!(dump(&store), dump(&expected));
    }
}
