//! `ablate plan`: what an experiment expands to, without training anything or touching the store.

use std::fmt;
use std::num::NonZeroUsize;

use ablate_autoencoder::probes::{self, Occasion, Probe};
use ablate_records::{Owner, Standing, Store};
use ablate_report::visible;
use ablate_sweep::RunPlan;
use serde_json::json;

use crate::args::{Common, GridFormat, Plan, PlanFormat};
use crate::commands::sweep::jobs;
use crate::exit::Exit;
use crate::format;
use crate::laboratory::Laboratory;
use crate::prepared::Prepared;
use crate::terminal::Terminal;

/// Floating-point operations a second of one worker, where no run of the store tells better.
const ASSUMED_FLOPS: f64 = 50e9;

pub(crate) fn run(args: &Plan, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    prepared.warn_of_what_cannot_be_answered(&catalog, terminal);
    let store = common.db.exists().then(|| Store::open_read_only(&common.db)).transpose()?;
    let standings = match &store {
        Some(store) => store.standings(&prepared.plans)?,
        None => vec![Standing::Missing; prepared.plans.len()],
    };
    let cells: Vec<Planned<'_>> = prepared
        .plans
        .iter()
        .zip(&standings)
        .map(|(plan, standing)| Planned { plan, standing })
        .collect();
    match args.format {
        PlanFormat::Json => terminal.data(&as_json(&prepared, &cells).to_string())?,
        PlanFormat::Table => {
            let waiting: Vec<&RunPlan> =
                cells.iter().filter(|cell| cell.will_run()).map(|cell| cell.plan).collect();
            let estimate = Estimate::read(&waiting, &laboratory, store.as_ref(), jobs(args.jobs))?;
            terminal.data(&as_text(&prepared, &cells, &estimate, args, terminal))?;
        }
    }
    Ok(Exit::Done)
}

/// A run of the plan, and where it stands.
struct Planned<'a> {
    plan: &'a RunPlan,
    standing: &'a Standing,
}

impl Planned<'_> {
    /// Whether a sweep would train it.
    fn will_run(&self) -> bool {
        match self.standing {
            Standing::Finished => false,
            Standing::Running { owner, .. } => *owner == Owner::Gone,
            Standing::Missing
            | Standing::Failed { .. }
            | Standing::Interrupted
            | Standing::DataChanged { .. }
            | Standing::TrainingChanged { .. } => true,
        }
    }

    /// The state of its row in the store.
    fn state(&self) -> &'static str {
        match self.standing {
            Standing::Missing | Standing::DataChanged { .. } | Standing::TrainingChanged { .. } => {
                "missing"
            }
            Standing::Finished => "finished",
            Standing::Failed { .. } => "failed",
            Standing::Interrupted => "interrupted",
            Standing::Running { .. } => "running",
        }
    }

    /// Why it will or will not be trained.
    fn reason(&self) -> String {
        match self.standing {
            Standing::Missing => "missing".to_owned(),
            Standing::Finished => "done".to_owned(),
            Standing::Failed { kind, .. } => format!("failed earlier: {}", kind.word()),
            Standing::Interrupted => "interrupted earlier".to_owned(),
            Standing::Running { pid, host, owner } => {
                let host = host.as_deref().unwrap_or("an unnamed machine");
                match owner {
                    Owner::Gone => format!("interrupted: process {pid} is gone"),
                    Owner::Alive => format!("being trained by process {pid} here"),
                    Owner::OutOfSight => format!("being trained by process {pid} on {host}"),
                }
            }
            Standing::DataChanged { from, to, .. } => format!("data changed: {from} to {to}"),
            Standing::TrainingChanged { from, to, .. } => {
                format!("training version changed: {from} to {to}")
            }
        }
    }
}

fn as_json(prepared: &Prepared, cells: &[Planned<'_>]) -> serde_json::Value {
    let entry = |cell: &Planned<'_>| {
        json!({
            "run": cell.plan.id.0,
            "trial": cell.plan.trial.id.0,
            "seed": cell.plan.seed,
            "params": cell.plan.trial.params.to_json(),
            "state": cell.state(),
            "reason": cell.reason(),
        })
    };
    json!({
        "trials": prepared.expansion.trials.len(),
        "runs": cells.len(),
        "probes": probes(prepared).map(|probe| probe.name).collect::<Vec<_>>(),
        "to_run": cells.iter().filter(|cell| cell.will_run()).count(),
        "cells": cells.iter().map(entry).collect::<Vec<_>>(),
    })
}

fn as_text(
    prepared: &Prepared,
    cells: &[Planned<'_>],
    estimate: &Estimate,
    args: &Plan,
    terminal: &Terminal,
) -> String {
    let expansion = &prepared.expansion;
    let waiting = cells.iter().filter(|cell| cell.will_run()).count();
    let mut lines = vec![
        visible(&prepared.record.question),
        format!(
            "{} x {} = {}: {}",
            format::count(expansion.trials.len(), "trial"),
            format::count(prepared.experiment.seeds.len(), "seed"),
            format::count(cells.len(), "run"),
            match waiting {
                0 => "nothing to train".to_owned(),
                _ => format!("{waiting} to train, {estimate}"),
            }
        ),
        format!(
            "{}, {} excluded, {} merged with the same trial under another name",
            format::count(usize::try_from(expansion.cells).unwrap_or(usize::MAX), "grid cell"),
            expansion.excluded,
            expansion.merged
        ),
        format!("probes: {}", probes(prepared).map(described).collect::<Vec<_>>().join(", ")),
        String::new(),
    ];
    lines.push(super::query::render_grid(
        &grid(prepared, cells, args),
        GridFormat::Table,
        terminal,
    ));
    lines.join("\n")
}

/// The probes that measure its networks.
fn probes(prepared: &Prepared) -> impl Iterator<Item = &'static Probe> {
    let requested = prepared.requested();
    probes::ALL.iter().copied().filter(move |probe| match probe.occasion {
        Occasion::Always => true,
        Occasion::OnRequest => requested.iter().any(|asked| asked.name == probe.name),
    })
}

fn described(probe: &'static Probe) -> String {
    match probe.occasion {
        Occasion::Always => probe.name.to_owned(),
        Occasion::OnRequest => format!("{} (requested)", probe.name),
    }
}

/// A line a run (`--all`), or a line a trial and reason with its seeds.
fn grid(prepared: &Prepared, cells: &[Planned<'_>], args: &Plan) -> ablate_report::Grid {
    use ablate_report::Field;
    let telling = &prepared.expansion.telling;
    let mut columns: Vec<String> = vec![if args.all { "run" } else { "trial" }.to_owned()];
    columns.extend(telling.iter().cloned());
    columns.extend([if args.all { "seed" } else { "seeds" }, "will", "reason"].map(str::to_owned));
    let mut rows: Vec<Vec<Field>> = Vec::new();
    let mut last: Option<(String, String)> = None;
    for cell in cells {
        let (trial, reason) = (cell.plan.trial.id.0.clone(), cell.reason());
        let key = (trial.clone(), reason.clone());
        if !args.all && last.as_ref() == Some(&key) {
            if let Some(Field::Text(seeds)) =
                rows.last_mut().and_then(|row| row.get_mut(telling.len() + 1))
            {
                seeds.push_str(&format!(" {}", cell.plan.seed));
            }
            continue;
        }
        last = Some(key);
        let id = if args.all { cell.plan.id.0.clone() } else { trial };
        let mut row = vec![Field::Text(id)];
        row.extend(telling.iter().map(|name| {
            let value = cell.plan.trial.params.get(name);
            value.map_or(Field::Null, |value| Field::Text(value.to_string()))
        }));
        row.push(Field::Text(cell.plan.seed.to_string()));
        row.push(Field::Text(if cell.will_run() { "train" } else { "skip" }.to_owned()));
        row.push(Field::Text(reason));
        rows.push(row);
    }
    ablate_report::Grid { columns, rows }
}

/// What the runs of a plan are expected to take.
pub(crate) struct Estimate {
    seconds: Option<f64>,
    bytes: u64,
    jobs: NonZeroUsize,
    measured: usize,
}

impl Estimate {
    /// Seconds on all jobs together; `None` where the data is not there.
    pub(crate) fn seconds(&self) -> Option<f64> {
        self.seconds
    }

    /// For `waiting` runs on `jobs` workers, by the speed of the finished runs of `store`.
    pub(crate) fn read(
        waiting: &[&RunPlan],
        laboratory: &Laboratory,
        store: Option<&Store>,
        jobs: NonZeroUsize,
    ) -> anyhow::Result<Estimate> {
        let costs: Option<Vec<_>> =
            waiting.iter().map(|plan| laboratory.expected_cost(&plan.trial.params)).collect();
        let timings = store.map(Store::timings).transpose()?.unwrap_or_default();
        let (mut flop, mut seconds, mut measured) = (0.0, 0.0, 0);
        for timing in &timings {
            if let Some(cost) = laboratory.expected_cost(&timing.params) {
                flop += cost.flop;
                seconds += timing.seconds;
                measured += 1;
            }
        }
        let speed = if seconds > 0.0 { flop / seconds } else { ASSUMED_FLOPS };
        let mut bytes: Vec<u64> = costs.iter().flatten().map(|cost| cost.bytes).collect();
        bytes.sort_unstable_by(|left, right| right.cmp(left));
        let seconds = costs.map(|costs| {
            let total: f64 = costs.iter().map(|cost| cost.flop).sum();
            let longest = costs.iter().map(|cost| cost.flop).fold(0.0, f64::max);
            (total / jobs.get() as f64).max(longest) / speed
        });
        let bytes = bytes.into_iter().take(jobs.get()).sum();
        Ok(Estimate { seconds, bytes, jobs, measured })
    }
}

impl fmt::Display for Estimate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(seconds) = self.seconds else {
            return write!(out, "time unknown, for its data is not there (see `ablate data`)");
        };
        let source = match self.measured {
            0 => "a guess, no run of the store tells yet".to_owned(),
            measured => format!("by the speed of {}", format::count(measured, "finished run")),
        };
        write!(
            out,
            "{} and {} on {} ({source})",
            format::about(seconds),
            format::bytes(self.bytes),
            format::count(self.jobs.get(), "job"),
        )
    }
}
