//! Fills stores for `scripts/bench/store.sh`, and asks plain SQLite the same question as `ablate query`.
//!
//! ```text
//! many_runs store FILE RUNS [POINTS]   through the store: 10 parameters, 10 metrics and curves each
//! many_runs plain FILE RUNS [POINTS]   the same rows through plain SQLite, a row a point
//! many_runs select FILE                the best 20 of a filter, by plain SQL on the store's tables
//! many_runs find FILE                  seconds that the store takes to find them, once it is open
//! ```
//!
//! What fills a store prints nothing; the time is the caller's to take. Five seeds make a trial.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "it is a program of its own")]

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Bound;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use ablate_records::{Claim, Columns, Durability, Order, Query, Session, Store};
use ablate_sweep::{
    Catalog, Curve, Direction, Domain, Filter, Metric, Outcome, Param, Params, RunPlan, Split,
    Value,
};
use rusqlite::{Connection, params};

const PARAMS: [&str; 10] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9"];
const METRICS: [&str; 10] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"];
const SEEDS: u64 = 5;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["store", file, size @ ..] => counts(size).and_then(|size| fill_store(file, size)),
        ["plain", file, size @ ..] => counts(size).and_then(|size| fill_plain(file, size)),
        ["select", file] => select(file),
        ["find", file] => find(file),
        _ => Err("usage: many_runs store|plain FILE RUNS [POINTS], or select|find FILE".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// How many runs, and how many points each of their curves has.
type Size = (u64, usize);

fn counts(words: &[&str]) -> Result<Size, Box<dyn Error>> {
    let runs = words.first().ok_or("how many runs?")?.parse()?;
    Ok((runs, words.get(1).map_or(Ok(100), |points| points.parse())?))
}

/// A number in [0, 1) that looks like a measurement: all its digits count.
fn noise(run: u64, which: u64, step: u64) -> f64 {
    // The finalizer of SplitMix64.
    let mut bits = (run << 32 ^ which << 16 ^ step).wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ bits >> 31) >> 11) as f64 / (1_u64 << 53) as f64
}

/// The parameters of a trial: whole numbers and real ones.
fn value(trial: u64, index: usize) -> Value {
    let which = index as u64;
    if index.is_multiple_of(2) {
        Value::Int((noise(trial, which, 7) * 10.0) as i64)
    } else {
        Value::Float(noise(trial, which, 7))
    }
}

fn catalog() -> Catalog {
    let param = |(index, name): (usize, &&'static str)| {
        let (domain, default) = if index.is_multiple_of(2) {
            (Domain::Int { min: 0, max: i64::MAX, word: None }, Value::Int(-1))
        } else {
            let domain = Domain::Float { min: Bound::Unbounded, max: Bound::Unbounded };
            (domain, Value::Float(-1.0))
        };
        Param::new(name, domain, default, "a parameter")
    };
    let metric = |name: &&str| Metric {
        name: (*name).to_owned(),
        unit: "1",
        direction: Direction::Lower,
        split: Split::Test,
        summary: "a metric".to_owned(),
    };
    Catalog {
        params: PARAMS.iter().enumerate().map(param).collect(),
        variants: Vec::new(),
        rules: Vec::new(),
        relative: Vec::new(),
        probes: Vec::new(),
        metrics: METRICS.iter().map(metric).collect(),
    }
}

fn fill_store(file: &str, (runs, points): Size) -> Result<(), Box<dyn Error>> {
    let catalog = catalog();
    let mut store = Store::open(file, Durability::Normal)?;
    store.declare(&catalog)?;
    let session = store.begin_session(&Session::default())?;
    for run in 0..runs {
        let trial = run / SEEDS;
        let given: Params = (0..PARAMS.len())
            .map(|index| (PARAMS[index].to_owned(), value(trial, index)))
            .collect();
        let trial = Arc::new(catalog.resolve(&given).map_err(|error| format!("{error:?}"))?);
        let plan = RunPlan::new(trial, run % SEEDS, "data", "1");
        let Claim::Claimed { attempt } = store.claim(session, &plan, None)? else { continue };
        store.finish(&plan.id, attempt, &outcome(run, points), 1.0)?;
    }
    Ok(())
}

fn outcome(run: u64, points: usize) -> Outcome {
    let curve = |(which, name): (usize, &&str)| Curve {
        name: (*name).to_owned(),
        values: (0..points).map(|step| noise(run, which as u64, step as u64)).collect(),
    };
    let score = |(which, name): (usize, &&str)| {
        ((*name).to_owned(), noise(run, which as u64, points as u64))
    };
    let scores: BTreeMap<String, f64> = METRICS.iter().enumerate().map(score).collect();
    let curves =
        if points == 0 { Vec::new() } else { METRICS.iter().enumerate().map(curve).collect() };
    Outcome {
        scores,
        curves,
        profiles: Vec::new(),
        epochs: u32::try_from(points).unwrap_or(u32::MAX),
        best_epoch: 1,
        weights_hash: format!("{run:064x}"),
        artifacts: Vec::new(),
    }
}

/// One row a parameter, a metric and a point, and one transaction a run: the least that any store of
/// points can do.
fn fill_plain(file: &str, (runs, points): Size) -> Result<(), Box<dyn Error>> {
    let mut plain = Connection::open(file)?;
    plain.pragma_update(None, "journal_mode", "WAL")?;
    plain.pragma_update(None, "synchronous", "NORMAL")?;
    plain.execute_batch(
        "CREATE TABLE run (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
         CREATE TABLE param (run INTEGER, name TEXT, value, PRIMARY KEY (run, name)) WITHOUT ROWID;
         CREATE TABLE metric (run INTEGER, name TEXT, value, PRIMARY KEY (run, name)) WITHOUT ROWID;
         CREATE TABLE point (run INTEGER, name INTEGER, step INTEGER, value REAL,
             PRIMARY KEY (run, name, step)) WITHOUT ROWID;",
    )?;
    for run in 0..runs {
        let transaction = plain.transaction()?;
        transaction
            .prepare_cached("INSERT INTO run VALUES (?1, ?2)")?
            .execute(params![run as i64, format!("{run:016x}")])?;
        for (index, name) in PARAMS.iter().enumerate() {
            let value = value(run / SEEDS, index).as_float();
            transaction
                .prepare_cached("INSERT INTO param VALUES (?1, ?2, ?3)")?
                .execute(params![run as i64, name, value])?;
        }
        for (which, name) in METRICS.iter().enumerate() {
            let value = noise(run, which as u64, points as u64);
            transaction
                .prepare_cached("INSERT INTO metric VALUES (?1, ?2, ?3)")?
                .execute(params![run as i64, name, value])?;
            let mut insert =
                transaction.prepare_cached("INSERT INTO point VALUES (?1, ?2, ?3, ?4)")?;
            for step in 0..points {
                let value = noise(run, which as u64, step as u64);
                insert.execute(params![run as i64, which as i64, step as i64, value])?;
            }
        }
        transaction.commit()?;
    }
    Ok(())
}

/// What `ablate query "p0 != 0 and m0 < 0.5" --sort m1 --limit 20` asks.
fn select(file: &str) -> Result<(), Box<dyn Error>> {
    let plain = Connection::open(file)?;
    let mut statement = plain.prepare(
        "SELECT r.id, p.p0, m.m0, m.m1 FROM run AS r
         JOIN trial_params AS p ON p.trial = r.trial JOIN score AS m ON m.run = r.key
         WHERE p.p0 <> 0 AND m.m0 < 0.5 AND r.current = 1 ORDER BY m.m1 LIMIT 20",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, p0, m0, m1): (String, i64, f64, f64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        println!("{id} {p0} {m0} {m1}");
    }
    Ok(())
}

/// The same with every parameter and metric, in this process; the second time counts.
fn find(file: &str) -> Result<(), Box<dyn Error>> {
    let store = Store::open_read_only(file)?;
    let query = Query {
        filter: Some(Filter::parse("p0 != 0 and m0 < 0.5")?),
        columns: Columns::All,
        sort: vec![("m1".to_owned(), Order::Ascending)],
        limit: Some(20),
        ..Query::default()
    };
    let mut seconds = 0.0;
    for _ in 0..2 {
        let began = Instant::now();
        let found = store.query(&query)?;
        seconds = began.elapsed().as_secs_f64();
        if found.rows.len() != 20 {
            return Err(format!("{} runs found, not 20", found.rows.len()).into());
        }
    }
    println!("{seconds:.6}");
    Ok(())
}
