//! JSON: everything a table or comparison knows, with the runs behind every number. Numbers keep
//! every bit; absence is `null`; infinity and NaN, which JSON lacks, are the texts `"inf"`, `"-inf"`
//! and `"NaN"`. `schema` counts changes that could break a reader.

use ablate_sweep::{Statistic, Value};
use serde_json::{Value as Json, json};

use crate::comparison::{
    Comparison, Evidence, Further, Overall, PairedCell, Scope, Side, SummaryRow, Trend,
};
use crate::grid::{Field, Grid};
use crate::label::Label;
use crate::run_set::Score;
use crate::stats::Estimate;
use crate::table::{Absence, Cell, Measured, Table};

use super::terminal::is_hidden;

pub(super) const SCHEMA: u32 = 1;

/// Indented. JSON allows every character but ASCII controls to stand as it is; those that a terminal
/// would obey are escaped as well, which every reader undoes.
pub(super) fn pretty(json: &Json) -> String {
    let text = format!("{json:#}");
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if c != '\n' && is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

pub(super) fn table(table: &Table) -> Json {
    let columns = table.columns.iter().map(|column| {
        json!({
            "labels": labels(&table.column_keys, &column.labels),
            "metric": column.heading,
            "unit": column.unit,
            "source": column.source,
        })
    });
    let rows = table.rows.iter().map(|row| {
        json!({
            "labels": labels(&table.keys, &row.labels),
            "cells": row.cells.iter().map(|found| cell(found, table.statistic)).collect::<Vec<_>>(),
        })
    });
    json!({
        "schema": SCHEMA,
        "table": table.name,
        "rows_by": table.keys,
        "columns_by": table.column_keys,
        "statistic": table.statistic.word(),
        "spread": table.spread.word(),
        "columns": columns.collect::<Vec<_>>(),
        "rows": rows.collect::<Vec<_>>(),
        "notes": table.notes,
    })
}

pub(super) fn comparison(comparison: &Comparison) -> Json {
    let unpaired = comparison.unpaired.iter();
    json!({
        "schema": SCHEMA,
        "axis": comparison.axis,
        "baseline": comparison.baseline.to_json(),
        "metric": comparison.metric.name,
        "unit": comparison.metric.unit,
        "by": comparison.by,
        "select": comparison.select,
        "sentences": comparison.sentences(),
        "trends": comparison.trends.iter().map(|found| trend(comparison, found)).collect::<Vec<_>>(),
        "summary": comparison.summary.iter().map(|row| summary(comparison, row)).collect::<Vec<_>>(),
        "overall": comparison.overall().iter().map(overall).collect::<Vec<_>>(),
        "cells": comparison.cells.iter().map(paired).collect::<Vec<_>>(),
        "unpaired": unpaired.map(|trial| trial.id.to_string()).collect::<Vec<_>>(),
    })
}

pub(super) fn grid(grid: &Grid) -> Json {
    // An object a row, as jq and pandas take it. Two columns of a statement in SQL may have the
    // same name: the later ones are numbered.
    let mut names: Vec<String> = Vec::new();
    for column in &grid.columns {
        let again = grid.columns[..names.len()].iter().filter(|earlier| *earlier == column).count();
        names.push(if again == 0 { column.clone() } else { format!("{column}_{}", again + 1) });
    }
    let object = |row: &Vec<Field>| -> Json {
        Json::Object(names.iter().cloned().zip(row.iter().map(field)).collect())
    };
    Json::Array(grid.rows.iter().map(object).collect())
}

fn cell(cell: &Cell, statistic: Statistic) -> Json {
    match cell {
        Cell::Measured(cell) => measured(cell, statistic),
        Cell::Quoted(None) => json!({ "state": "not printed" }),
        Cell::Quoted(Some(quoted)) => json!({
            "state": "quoted",
            "printed": quoted.value,
            "spread": quoted.spread,
            "trust": quoted.trust.word(),
        }),
        Cell::Estimate(shown) => estimate(shown),
        Cell::Absent(absence @ Absence::Failed { runs }) => {
            json!({ "state": absence.word(), "failed": runs })
        }
        Cell::Absent(absence @ (Absence::NotPlanned | Absence::NotRun | Absence::NotMeasured)) => {
            json!({ "state": absence.word() })
        }
        Cell::Count(count) => json!(count),
        Cell::P(value) | Cell::Effect(value) => json!(value),
        Cell::Word(word) => json!(word),
    }
}

fn measured(cell: &Measured, statistic: Statistic) -> Json {
    let choice = cell.choice.as_ref().map(|choice| {
        json!({ "params": choice.params.to_json(), "among": choice.among, "by": choice.by })
    });
    let runs = cell.scores.iter().map(|Score { seed, run, value }| {
        json!({ "seed": seed, "run": run.to_string(), "value": value })
    });
    json!({
        "state": "measured",
        "estimate": of_seeds(&cell.estimate, statistic),
        "sd": cell.sd,
        "planned": cell.planned,
        "failed": cell.failed,
        "mark": cell.mark.map(|mark| mark.word()),
        "trial": cell.trial.to_string(),
        "choice": choice,
        "runs": runs.collect::<Vec<_>>(),
    })
}

pub(super) fn estimate(estimate: &Estimate) -> Json {
    of_seeds(estimate, Statistic::Mean)
}

fn of_seeds(estimate: &Estimate, statistic: Statistic) -> Json {
    json!({
        statistic.word(): estimate.mean,
        "low": estimate.interval.map(|interval| interval.low),
        "high": estimate.interval.map(|interval| interval.high),
        "level": estimate.interval.map(|interval| interval.level),
        "n": estimate.n,
    })
}

fn trend(comparison: &Comparison, trend: &Trend) -> Json {
    let ends = trend.ends.clone().map(|end| labels(&comparison.by, &[Label(Some(end))]));
    let trials = trend.cells.map(|cell| cell.map(|at| comparison.cells[at].trial.id.to_string()));
    let change = trend.change.map(|change| {
        json!({
            "first": estimate(&change.first),
            "last": estimate(&change.last),
            "change": estimate(&change.test.difference),
            "p": change.test.p,
            "flip_p": change.test.permutation_p,
            "dz": change.test.dz,
        })
    });
    json!({
        "value": trend.value.to_json(),
        "ends": ends,
        "trials": trials,
        "evidence": change,
        "holm_p": trend.holm_p,
        "verdict": trend.verdict.word(),
    })
}

fn summary(comparison: &Comparison, row: &SummaryRow) -> Json {
    let scope = match &row.scope {
        Scope::Chosen { cell, params, among } => json!({
            "kind": "chosen",
            "trial": comparison.cells[*cell].trial.id.to_string(),
            "params": params.to_json(),
            "among": among,
        }),
        Scope::Mean { cells, incomplete_seeds } => {
            let trials = cells.iter().map(|at| comparison.cells[*at].trial.id.to_string());
            json!({
                "kind": "mean",
                "trials": trials.collect::<Vec<_>>(),
                "incomplete_seeds": incomplete_seeds,
            })
        }
        Scope::NoneChosen { among } => json!({ "kind": "none chosen", "among": among }),
    };
    json!({
        "group": labels(&comparison.by, &row.group),
        "value": row.value.to_json(),
        "scope": scope,
        "opponent": row.opponent.as_ref().map(|opponent| json!({
            "trial": opponent.trial.id.to_string(),
            "params": opponent.params.to_json(),
            "among": opponent.among,
        })),
        "evidence": row.evidence.as_ref().map(evidence),
        "further": comparison.further(row).as_ref().map(further),
        "holm_p": row.holm_p,
        "verdict": row.verdict.word(),
    })
}

fn further(further: &Further) -> Json {
    json!({
        "median": of_seeds(&further.median, Statistic::Median),
        "bca": further.bca.map(|interval| [interval.low, interval.high]),
        "signed_rank_p": further.signed_rank_p,
        "improvement": further.improvement,
    })
}

fn overall(overall: &Overall) -> Json {
    let profile = overall.profile.iter().map(|(threshold, [baseline, ours])| {
        json!({ "threshold": threshold, "baseline": baseline, "ours": ours })
    });
    json!({
        "value": overall.value.to_json(),
        "groups": overall.groups,
        "baseline": of_seeds(&overall.baseline, Statistic::Iqm),
        "ours": of_seeds(&overall.ours, Statistic::Iqm),
        "improvement": overall.improvement.as_ref().map(estimate),
        "profile": profile.collect::<Vec<_>>(),
    })
}

fn paired(cell: &PairedCell) -> Json {
    let pairs = cell.pairs.iter().map(|pair| {
        let [ours, baseline] = &pair.runs;
        json!({
            "seed": pair.seed,
            "ours": { "run": ours.to_string(), "value": pair.ours },
            "baseline": { "run": baseline.to_string(), "value": pair.baseline },
        })
    });
    let left_out = cell.left_out.iter().map(|left_out| {
        let side = match left_out.side {
            Side::Ours => "ours",
            Side::Baseline => "baseline",
        };
        json!({ "seed": left_out.seed, "side": side, "reason": left_out.gap.word() })
    });
    json!({
        "trial": cell.trial.id.to_string(),
        "params": cell.trial.params.to_json(),
        "partner": cell.partner.id.to_string(),
        "pairs": pairs.collect::<Vec<_>>(),
        "left_out": left_out.collect::<Vec<_>>(),
        "evidence": cell.evidence.as_ref().map(evidence),
    })
}

fn evidence(evidence: &Evidence) -> Json {
    json!({
        "ours": estimate(&evidence.ours),
        "baseline": estimate(&evidence.baseline),
        "difference": estimate(&evidence.test.difference),
        "p": evidence.test.p,
        "flip_p": evidence.test.permutation_p,
        "dz": evidence.test.dz,
    })
}

pub(super) fn labels(keys: &[String], labels: &[Label]) -> Json {
    let value = |Label(value): &Label| value.as_ref().map_or(Json::Null, Value::to_json);
    keys.iter().cloned().zip(labels.iter().map(value)).collect::<serde_json::Map<_, _>>().into()
}

fn field(field: &Field) -> Json {
    match field {
        Field::Null => Json::Null,
        Field::Int(whole) => json!(whole),
        Field::Real(real) if real.is_finite() => json!(real),
        Field::Real(real) => json!(real.to_string()),
        Field::Text(text) => json!(text),
    }
}
