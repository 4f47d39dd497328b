//! One cell: which trial stands for it, and what its finished seeds say.

use std::collections::BTreeMap;

use ablate_sweep::specs::TableSpec;
use ablate_sweep::{Catalog, FailureKind, Params, Spread, Trial};

use crate::label::varying;
use crate::run_set::{Score, TrialRuns};
use crate::selection::Selector;
use crate::stats::{Estimate, LEVEL, bca_interval, estimate, location, sd};
use crate::table::{Absence, Cell, Choice, Measured};

/// The trials that fell into a cell, and which of them stands for it.
pub(super) struct Pick<'a> {
    pub(super) members: Vec<&'a TrialRuns>,
    pub(super) chosen: Option<&'a TrialRuns>,
    pub(super) choice: Option<Choice>,
}

impl<'a> Pick<'a> {
    pub(super) fn new(
        members: &[&'a TrialRuns],
        selector: &Selector,
        catalog: &Catalog,
    ) -> Pick<'a> {
        let chosen = selector.choose(members).map(|at| members[at]);
        let choice = chosen.filter(|_| members.len() > 1).map(|chosen| {
            let trials: Vec<&Trial> = members.iter().map(|member| member.trial.as_ref()).collect();
            Choice {
                params: only(&chosen.trial.params, &varying(&trials, catalog)),
                among: members.len(),
                by: selector.metric().to_owned(),
            }
        });
        Pick { members: members.to_vec(), chosen, choice }
    }

    /// The cell for one metric, not yet marked.
    pub(super) fn cell(&self, metric: &str, spec: &TableSpec) -> Cell {
        let scores = self.chosen.map_or(Vec::new(), |chosen| chosen.scores(metric));
        let values: Vec<f64> = scores.iter().map(|score: &Score| score.value).collect();
        match (self.chosen, shown(&values, spec)) {
            (Some(chosen), Some(estimate)) => Cell::Measured(Box::new(Measured {
                estimate,
                sd: sd(&values),
                planned: chosen.seeds.len(),
                failed: chosen.failures().values().sum(),
                mark: None,
                trial: chosen.trial.id.clone(),
                choice: self.choice.clone(),
                scores,
            })),
            (Some(_) | None, Some(_) | None) => Cell::Absent(self.absence()),
        }
    }

    /// How many runs behind the cell failed, by kind: those of the trial shown, or of every trial
    /// where none can be.
    pub(super) fn failures(&self) -> BTreeMap<FailureKind, usize> {
        let shown: Vec<&TrialRuns> = self.chosen.map_or(self.members.clone(), |one| vec![one]);
        let mut kinds = BTreeMap::new();
        for (kind, count) in shown.iter().flat_map(|trial| trial.failures()) {
            *kinds.entry(kind).or_default() += count;
        }
        kinds
    }

    fn absence(&self) -> Absence {
        let finished: usize = self.members.iter().map(|member| member.finished()).sum();
        let failed: usize = self.failures().values().sum();
        match (self.members.len(), finished, failed) {
            (0, _, _) => Absence::NotPlanned,
            (_, 0, 0) => Absence::NotRun,
            (_, 0, runs) => Absence::Failed { runs },
            (_, _, _) => Absence::NotMeasured,
        }
    }
}

/// The table's statistic, with the interval that the table shows.
fn shown(values: &[f64], spec: &TableSpec) -> Option<Estimate> {
    let statistic = |values: &[f64]| location(values, spec.statistic);
    let interval = match spec.spread {
        Spread::T => return estimate(values, LEVEL),
        Spread::Bca => bca_interval(values, statistic, LEVEL),
        Spread::Sd => None,
    };
    Some(Estimate { mean: statistic(values)?, interval, n: values.len() })
}

/// The parameters of that name among `params`.
pub(crate) fn only(params: &Params, names: &[String]) -> Params {
    let found = names.iter().filter_map(|name| Some((name.clone(), params.get(name)?.clone())));
    found.collect()
}
