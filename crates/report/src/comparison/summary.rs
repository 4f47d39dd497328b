//! The summary: for every group, the cell that validation chooses, and the mean over all cells.
//!
//! The cells of a group share their baselines and their seeds, so their differences are not
//! independent, and pooling them would count each seed several times. They are averaged within each
//! seed first; the seeds are the replicates.

use std::collections::BTreeMap;

use ablate_sweep::specs::ComparisonSpec;
use ablate_sweep::{Params, Trial, TrialId, Value};

use crate::label::{Label, groups};
use crate::run_set::{RunSet, TrialRuns};
use crate::selection::Selector;
use crate::stats::mean;
use crate::tables::only;

use super::pairs::evidence;
use super::{Evidence, PairedCell, Scope, SummaryRow, Verdict};

/// The lines of the summary, not judged yet.
pub(super) fn summary(
    set: &RunSet,
    spec: &ComparisonSpec,
    selector: &Selector,
    cells: &[PairedCell],
    names: &[String],
) -> Vec<SummaryRow> {
    let runs: BTreeMap<&TrialId, &TrialRuns> =
        set.trials.iter().map(|trial| (&trial.trial.id, trial)).collect();
    let trials: Vec<&Trial> = cells.iter().map(|cell| cell.trial.as_ref()).collect();
    let keys: Vec<String> = spec.by.iter().chain([&spec.axis]).cloned().collect();
    let mut rows = Vec::new();
    for (mut group, members) in groups(&trials, &keys) {
        let Some(Label(Some(value))) = group.pop() else { continue };
        let candidates: Vec<&TrialRuns> =
            members.iter().filter_map(|at| runs.get(&cells[*at].trial.id).copied()).collect();
        let chosen = selector.choose(&candidates).map(|at| members[at]);
        rows.push(chosen_row(&group, &value, cells, &members, names, chosen));
        if members.len() > 1 {
            rows.extend(mean_row(&group, &value, cells, &members));
        }
    }
    rows
}

fn chosen_row(
    group: &[Label],
    value: &Value,
    cells: &[PairedCell],
    members: &[usize],
    names: &[String],
    chosen: Option<usize>,
) -> SummaryRow {
    let among = members.len();
    let scope = match chosen {
        Some(cell) => {
            let told_apart = |name: &&String| {
                let first = cells[cell].trial.params.get(name);
                members.iter().any(|at| cells[*at].trial.params.get(name) != first)
            };
            let names: Vec<String> = names.iter().filter(told_apart).cloned().collect();
            let params: Params = only(&cells[cell].trial.params, &names);
            Scope::Chosen { cell, params, among }
        }
        None => Scope::NoneChosen { among },
    };
    row(group, value, scope, chosen.and_then(|cell| cells[cell].evidence))
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
    let complete: Vec<(f64, f64)> = by_seed
        .into_values()
        .filter(|(ours, _)| ours.len() == paired.len())
        .filter_map(|(ours, theirs)| Some((mean(&ours)?, mean(&theirs)?)))
        .collect();
    let scope = Scope::Mean { cells: paired, incomplete_seeds: seeds - complete.len() };
    Some(row(group, value, scope, Some(evidence(&complete)?)))
}

fn row(group: &[Label], value: &Value, scope: Scope, evidence: Option<Evidence>) -> SummaryRow {
    SummaryRow {
        group: group.to_vec(),
        value: value.clone(),
        scope,
        evidence,
        holm_p: None,
        verdict: Verdict::TooFewPairs,
    }
}
