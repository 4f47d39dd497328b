//! The summary: for every group, the cell that validation chooses against the cell that validation
//! chooses at the baseline, and the mean over all cells, each against its partner.
//!
//! The cells of a group share their baselines and their seeds, so their differences are not
//! independent, and pooling them would count each seed several times. They are averaged within each
//! seed first; the seeds are the replicates.

use std::collections::BTreeMap;

use ablate_sweep::specs::ComparisonSpec;
use ablate_sweep::{Catalog, Params, Trial, TrialId, Value};

use crate::label::{Label, groups, varying};
use crate::run_set::{RunSet, TrialRuns};
use crate::selection::Selector;
use crate::stats::mean;
use crate::tables::only;

use super::pairs::{self, evidence};
use super::{Opponent, PairedCell, Scope, SummaryRow, Verdict};

/// What the lines of a summary are made with.
pub(super) struct Arms<'a> {
    pub(super) set: &'a RunSet,
    pub(super) spec: &'a ComparisonSpec,
    pub(super) baseline: &'a Value,
    pub(super) selector: &'a Selector,
    pub(super) catalog: &'a Catalog,
}

/// The lines of the summary, not judged yet.
pub(super) fn summary(arms: &Arms<'_>, cells: &[PairedCell], names: &[String]) -> Vec<SummaryRow> {
    let runs: BTreeMap<&TrialId, &TrialRuns> =
        arms.set.trials.iter().map(|trial| (&trial.trial.id, trial)).collect();
    let trials: Vec<&Trial> = cells.iter().map(|cell| cell.trial.as_ref()).collect();
    let keys: Vec<String> = arms.spec.by.iter().chain([&arms.spec.axis]).cloned().collect();
    let mut rows = Vec::new();
    for (mut group, members) in groups(&trials, &keys) {
        let Some(Label(Some(value))) = group.pop() else { continue };
        let candidates: Vec<&TrialRuns> =
            members.iter().filter_map(|at| runs.get(&cells[*at].trial.id).copied()).collect();
        let chosen = arms.selector.choose(&candidates);
        let scope = chosen_scope(cells, &members, names, chosen.map(|at| members[at]));
        let mut row = row(&group, &value, scope);
        if let (Some(at), Some((theirs, opponent))) = (chosen, opponent(arms, &group)) {
            row.opponent = Some(opponent);
            let paired = pairs::cell(candidates[at], theirs, &value, &arms.spec.metric).pairs;
            row.values =
                paired.iter().map(|pair| (pair.seed, (pair.ours, pair.baseline))).collect();
        }
        rows.push(row);
        if members.len() > 1 {
            rows.extend(mean_row(&group, &value, cells, &members));
        }
    }
    for row in &mut rows {
        let values: Vec<(f64, f64)> = row.values.values().copied().collect();
        row.evidence = evidence(&values);
    }
    rows
}

fn chosen_scope(
    cells: &[PairedCell],
    members: &[usize],
    names: &[String],
    chosen: Option<usize>,
) -> Scope {
    let among = members.len();
    let Some(cell) = chosen else { return Scope::NoneChosen { among } };
    let told_apart = |name: &&String| {
        let first = cells[cell].trial.params.get(name);
        members.iter().any(|at| cells[*at].trial.params.get(name) != first)
    };
    let names: Vec<String> = names.iter().filter(told_apart).cloned().collect();
    Scope::Chosen { cell, params: only(&cells[cell].trial.params, &names), among }
}

/// The trial that validation chooses at the baseline, among those of the group: each side is tuned
/// for itself.
fn opponent<'a>(arms: &Arms<'a>, group: &[Label]) -> Option<(&'a TrialRuns, Opponent)> {
    let belongs = |params: &Params| {
        arms.spec.by.iter().zip(group).all(|(name, label)| {
            let own = params.get(name);
            own.is_none() || own == label.0.as_ref()
        })
    };
    let is_candidate = |runs: &&TrialRuns| {
        let params = &runs.trial.params;
        params.get(&arms.spec.axis) == Some(arms.baseline) && belongs(params)
    };
    let candidates: Vec<&TrialRuns> = arms.set.trials.iter().filter(is_candidate).collect();
    let chosen = candidates[arms.selector.choose(&candidates)?];
    let trials: Vec<&Trial> = candidates.iter().map(|runs| runs.trial.as_ref()).collect();
    let telling = varying(&trials, arms.catalog);
    let opponent = Opponent {
        trial: chosen.trial.clone(),
        params: only(&chosen.trial.params, &telling),
        telling,
        among: candidates.len(),
    };
    Some((chosen, opponent))
}

/// Cells without any pair are left out as a whole; of the others, only seeds that all of them have
/// count, since a mean over other cells in another seed would differ by the cells. `None` where no
/// such seed is left.
fn mean_row(
    group: &[Label],
    value: &Value,
    cells: &[PairedCell],
    members: &[usize],
) -> Option<SummaryRow> {
    let paired: Vec<usize> =
        members.iter().copied().filter(|at| !cells[*at].pairs.is_empty()).collect();
    let mut by_seed: BTreeMap<u64, (Vec<f64>, Vec<f64>)> = BTreeMap::new();
    for pair in paired.iter().flat_map(|at| &cells[*at].pairs) {
        let (ours, theirs) = by_seed.entry(pair.seed).or_default();
        ours.push(pair.ours);
        theirs.push(pair.baseline);
    }
    let seeds = by_seed.len();
    let complete: BTreeMap<u64, (f64, f64)> = by_seed
        .into_iter()
        .filter(|(_, (ours, _))| ours.len() == paired.len())
        .filter_map(|(seed, (ours, theirs))| Some((seed, (mean(&ours)?, mean(&theirs)?))))
        .collect();
    let scope = Scope::Mean { cells: paired, incomplete_seeds: seeds - complete.len() };
    let found = SummaryRow { values: complete, ..row(group, value, scope) };
    (!found.values.is_empty()).then_some(found)
}

fn row(group: &[Label], value: &Value, scope: Scope) -> SummaryRow {
    SummaryRow {
        group: group.to_vec(),
        value: value.clone(),
        scope,
        opponent: None,
        values: BTreeMap::new(),
        evidence: None,
        holm_p: None,
        verdict: Verdict::TooFewPairs,
    }
}
