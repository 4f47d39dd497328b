//! Who is whose partner, and which seeds give a pair.

use std::collections::BTreeMap;

use ablate_sweep::specs::ComparisonSpec;
use ablate_sweep::{Catalog, Params, RunState, Trial, TrialId, Value};

use crate::error::ReportError;
use crate::run_set::{RunSet, TrialRuns};
use crate::stats::{LEVEL, difference, estimate, paired_test};

use super::{Arc, Evidence, Gap, LeftOut, Pair, PairedCell, Side};

/// The baseline that `spec` names, as the catalog stores it, or the first value of the axis.
pub(super) fn baseline(
    set: &RunSet,
    spec: &ComparisonSpec,
    catalog: &Catalog,
) -> Result<Value, ReportError> {
    let mut found: Vec<&Value> = Vec::new();
    for value in set.trials.iter().filter_map(|trial| trial.trial.params.get(&spec.axis)) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    let Some(first) = found.first() else {
        return Err(ReportError::NoAxis { axis: spec.axis.clone() });
    };
    let wanted = spec.baseline.as_ref().unwrap_or(first);
    // The file may say 1 where the parameter is real.
    let declared = catalog.declarations(&spec.axis).into_iter();
    let stored = declared.filter_map(|param| param.domain.check(wanted).ok()).next();
    let baseline = stored.unwrap_or_else(|| wanted.clone());
    if !found.contains(&&baseline) {
        return Err(ReportError::NoBaseline {
            axis: spec.axis.clone(),
            baseline: baseline.to_string(),
            found: found.iter().map(ToString::to_string).collect(),
        });
    }
    if found.len() == 1 {
        return Err(ReportError::OneValue {
            axis: spec.axis.clone(),
            baseline: baseline.to_string(),
        });
    }
    Ok(baseline)
}

/// The trials that have a partner in the plan, with it, and those that have none.
pub(super) fn cells(
    set: &RunSet,
    spec: &ComparisonSpec,
    baseline: &Value,
    catalog: &Catalog,
) -> (Vec<PairedCell>, Vec<Arc<Trial>>) {
    let by_id: BTreeMap<&TrialId, &TrialRuns> =
        set.trials.iter().map(|trial| (&trial.trial.id, trial)).collect();
    let (mut cells, mut unpaired) = (Vec::new(), Vec::new());
    for ours in &set.trials {
        let Some(value) = ours.trial.params.get(&spec.axis).filter(|value| *value != baseline)
        else {
            continue;
        };
        let params = &ours.trial.params;
        let partner = [params.clone(), named(params, catalog)].into_iter().find_map(|mut given| {
            given.set(spec.axis.as_str(), baseline.clone());
            by_id.get(&catalog.resolve(&given).ok()?.id)
        });
        match partner {
            Some(theirs) => cells.push(cell(ours, theirs, value, &spec.metric)),
            None => unpaired.push(Arc::clone(&ours.trial)),
        }
    }
    (cells, unpaired)
}

/// The parameters that differ from their defaults. A default may depend on the axis (the learning
/// rate on the optimizer), so its value on our side need not be the default on the other.
fn named(params: &Params, catalog: &Catalog) -> Params {
    let own = catalog.own_params(params);
    let differing = catalog.params.iter().chain(own).filter_map(|param| {
        let value = params.get(param.name).filter(|value| *value != param.default_for(params))?;
        Some((param.name.to_owned(), value.clone()))
    });
    differing.collect()
}

/// The pairs of one trial and another.
pub(super) fn cell(
    ours: &TrialRuns,
    theirs: &TrialRuns,
    value: &Value,
    metric: &str,
) -> PairedCell {
    let (mut pairs, mut left_out) = (Vec::new(), Vec::new());
    let (our_scores, their_scores) = (ours.scores(metric), theirs.scores(metric));
    for seed in &ours.seeds {
        let our_score = our_scores.iter().find(|score| score.seed == *seed);
        let their_score = their_scores.iter().find(|score| score.seed == *seed);
        match (our_score, their_score) {
            (Some(our_score), Some(their_score)) => pairs.push(Pair {
                seed: *seed,
                ours: our_score.value,
                baseline: their_score.value,
                runs: [our_score.run.clone(), their_score.run.clone()],
            }),
            (None, _) => {
                left_out.push(LeftOut { seed: *seed, side: Side::Ours, gap: gap(ours, *seed) });
            }
            (Some(_), None) => {
                let gap = gap(theirs, *seed);
                left_out.push(LeftOut { seed: *seed, side: Side::Baseline, gap });
            }
        }
    }
    let values: Vec<(f64, f64)> = pairs.iter().map(|pair| (pair.ours, pair.baseline)).collect();
    PairedCell {
        trial: Arc::clone(&ours.trial),
        partner: Arc::clone(&theirs.trial),
        value: value.clone(),
        evidence: evidence(&values),
        pairs,
        left_out,
    }
}

fn gap(trial: &TrialRuns, seed: u64) -> Gap {
    if !trial.seeds.contains(&seed) {
        return Gap::NotPlanned;
    }
    let Some(run) = trial.run(seed) else { return Gap::NotRun };
    match run.state {
        RunState::Finished => Gap::NotMeasured,
        RunState::Running | RunState::Interrupted => Gap::NotRun,
        RunState::Failed => {
            let kind = run.failure.as_ref().map(|(kind, _)| *kind);
            Gap::Failed(kind.unwrap_or(ablate_sweep::FailureKind::Error))
        }
    }
}

/// What `(ours, baseline)` values say; `None` without any.
pub(super) fn evidence(values: &[(f64, f64)]) -> Option<Evidence> {
    let (ours, theirs): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
    let differences: Vec<f64> =
        values.iter().map(|(ours, theirs)| difference(*ours, *theirs)).collect();
    Some(Evidence {
        ours: estimate(&ours, LEVEL)?,
        baseline: estimate(&theirs, LEVEL)?,
        test: paired_test(&differences)?,
    })
}
