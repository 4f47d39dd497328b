//! `ablate probe`: measures finished runs from their kept weights and adds what it finds to their
//! scores.

use std::collections::BTreeSet;

use ablate_autoencoder::probes::{self, Probe};
use ablate_records::{Columns, Durability, Query, RecordsError, Store};
use ablate_report::{Field, Grid};
use ablate_sweep::{Filter, Run, RunId, RunState};

use crate::args::{self, Common};
use crate::commands::{query, sweep};
use crate::exit::{Diagnosed, Exit, Usage};
use crate::format;
use crate::laboratory::Laboratory;
use crate::measuring::{self, Sitting};
use crate::terminal::Terminal;

pub(crate) fn run(
    args: &args::Probe,
    common: &Common,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let probes = asked(&args.probes)?;
    if !common.db.exists() {
        return Err(RecordsError::Missing { path: common.db.clone() }.into());
    }
    let mut store = Store::open(&common.db, Durability::Normal)?;
    store.declare(&ablate_autoencoder::catalog())?;
    let runs = measurable(named(&args.runs, &store)?, &probes, terminal)?;
    let laboratory = Laboratory::new(common.data.clone());
    let sitting = |run: &Run| Sitting::of(run, applying(&probes, run), &store, &laboratory);
    let sittings = runs.iter().map(sitting).collect::<anyhow::Result<Vec<_>>>()?;
    let jobs = sweep::jobs(args.jobs);
    let (results, exit) = measuring::measure(&sittings, &laboratory, &mut store, jobs, terminal)?;
    terminal.data(&query::render_grid(&grid(&results, &probes), args.format, terminal))?;
    measuring::conclude(&results, terminal);
    Ok(exit)
}

/// The probes of those names, each once.
fn asked(names: &[String]) -> anyhow::Result<Vec<&'static Probe>> {
    let mut asked: Vec<&'static Probe> = Vec::new();
    for name in names {
        let Some(probe) = probes::find(name) else {
            let known: Vec<&str> = probes::ALL.iter().map(|probe| probe.name).collect();
            let known = known.join(", ");
            return Err(
                Usage(format!("--probe {name}: there is no such probe, but {known}")).into()
            );
        };
        if !asked.iter().any(|known| known.name == probe.name) {
            asked.push(probe);
        }
    }
    Ok(asked)
}

/// The finished runs that `words` name or describe, each once. One that is named must be finished; of
/// those that a filter finds, the others are left alone.
fn named(words: &[String], store: &Store) -> anyhow::Result<Vec<Run>> {
    let (mut seen, mut runs) = (BTreeSet::new(), Vec::new());
    for word in words {
        let found = if word.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            vec![store.find_run(word)?]
        } else {
            found(word, store)?
        };
        runs.extend(found.into_iter().filter(|run| seen.insert(run.id.clone())));
    }
    Ok(runs)
}

/// The finished runs that fit the filter `text`.
fn found(text: &str, store: &Store) -> anyhow::Result<Vec<Run>> {
    let filter = Filter::parse(text).map_err(|error| Diagnosed(error.render(text)))?;
    let columns = Columns::Named(vec!["id".to_owned()]);
    let query = Query { filter: Some(filter), columns, ..Query::default() };
    let rows = store.query(&query).map_err(|error| query::usage(error, text))?;
    let id = |row: &Vec<ablate_records::Cell>| match row.first() {
        Some(ablate_records::Cell::Text(id)) => Some(RunId(id.clone())),
        _ => None,
    };
    let ids: Vec<RunId> = rows.rows.iter().filter_map(id).collect();
    let mut runs = store.runs(&ids)?;
    runs.retain(|run| run.state == RunState::Finished);
    if runs.is_empty() {
        return Err(Usage(format!("no finished run fits {text}")).into());
    }
    Ok(runs)
}

/// Those of `probes` that find something of `run`.
fn applying(probes: &[&'static Probe], run: &Run) -> Vec<&'static Probe> {
    probes.iter().copied().filter(|probe| probe.applies_to(&run.params)).collect()
}

/// The runs that some of `probes` find something of; says how many others there are.
fn measurable(
    runs: Vec<Run>,
    probes: &[&'static Probe],
    terminal: &Terminal,
) -> anyhow::Result<Vec<Run>> {
    let applies = |run: &Run| !applying(probes, run).is_empty();
    let (runs, others): (Vec<Run>, Vec<Run>) = runs.into_iter().partition(applies);
    if others.is_empty() {
        return Ok(runs);
    }
    let names = probes.iter().map(|probe| probe.name).collect::<Vec<_>>().join(", ");
    let left = format::count(others.len(), "run");
    let left = format!("{left} left out: only networks that classify are measured by {names}");
    if runs.is_empty() {
        return Err(Usage(left).into());
    }
    terminal.message(&left);
    Ok(runs)
}

/// A line a run: the main score of each probe, and how much of it all is new.
fn grid(results: &[measuring::Result], probes: &[&'static Probe]) -> Grid {
    let main = |probe: &&'static Probe| (probe.metrics)().into_iter().next();
    let metrics: Vec<String> = probes.iter().filter_map(main).map(|metric| metric.name).collect();
    let row = |result: &measuring::Result| {
        let score = |name: &String| result.measured.scores.get(name);
        let scores =
            metrics.iter().map(|name| score(name).map_or(Field::Null, |&x| Field::Real(x)));
        let count = |count: usize| Field::Int(count as i64);
        let added = &result.added;
        let counts = [added.new, added.equal, added.different.len()].map(count);
        std::iter::once(Field::Text(result.run.0.clone())).chain(scores).chain(counts).collect()
    };
    let rows = results.iter().map(row).collect();
    let counts = ["new", "equal", "different"].map(str::to_owned);
    let columns = std::iter::once("run".to_owned()).chain(metrics.clone()).chain(counts).collect();
    Grid { columns, rows }
}
