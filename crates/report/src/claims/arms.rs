//! What stands for an arm of a claim: the cell that validation chooses among those of the arm, or the
//! mean over all of them within each seed.

use std::collections::BTreeMap;

use ablate_sweep::claim::Cells;
use ablate_sweep::{Filter, Trial, TrialId};

use crate::label::varying;
use crate::number::counted;
use crate::run_set::{Score, TrialRuns};
use crate::stats::{Estimate, LEVEL, estimate, mean};
use crate::table::Choice;
use crate::tables::{FEWEST_PAIRS, only};

use super::{Gap, Request};

/// One side of a comparison, with the values that stand for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// What it is called: its filter, or the value of a parameter.
    pub name: String,
    /// The cells that stand for it: one, or those that a mean is over.
    pub trials: Vec<TrialId>,
    /// Which cell was chosen, where there were several.
    pub choice: Option<Choice>,
    /// The parameters that tell its cells apart, in the catalog's order.
    pub telling: Vec<String>,
    /// Its value for every seed.
    pub by_seed: BTreeMap<u64, f64>,
    /// The runs behind the values.
    pub scores: Vec<Score>,
    /// Their mean.
    pub estimate: Estimate,
}

/// Whether a filter takes a trial.
pub(super) fn takes(filter: &Filter, runs: &TrialRuns) -> bool {
    filter.holds_for(&runs.trial.params)
}

impl Request<'_> {
    /// The arms of these filters among `trials`.
    pub(super) fn arms(
        &self,
        filters: &[Filter],
        trials: &[&TrialRuns],
    ) -> Result<Vec<Arm>, (Vec<Arm>, Gap)> {
        let members = filters.iter().map(|filter| {
            let taken = trials.iter().filter(|runs| takes(filter, runs)).copied();
            (filter.text.clone(), taken.collect())
        });
        self.named_arms(members.collect())
    }

    /// The arms of these names and members; with what is lacking, those that there are.
    pub(super) fn named_arms(
        &self,
        named: Vec<(String, Vec<&TrialRuns>)>,
    ) -> Result<Vec<Arm>, (Vec<Arm>, Gap)> {
        let (mut arms, mut gap) = (Vec::new(), None);
        for (name, members) in named {
            match self.arm(&name, &members) {
                Ok(arm) => arms.push(arm),
                Err(lacking) => gap = gap.or(Some(lacking)),
            }
        }
        match gap {
            None => Ok(arms),
            Some(gap) => Err((arms, gap)),
        }
    }

    fn arm(&self, name: &str, members: &[&TrialRuns]) -> Result<Arm, Gap> {
        if members.is_empty() {
            return Err(Gap::NotPlanned(format!("no planned trial has {name}")));
        }
        let metric = &self.metric.name;
        let unmeasured = || Gap::NotYet(format!("no run with {name} has {metric}"));
        let trials: Vec<&Trial> = members.iter().map(|runs| runs.trial.as_ref()).collect();
        let telling = varying(&trials, self.catalog);
        let (chosen, choice) = match self.spec.cells {
            Cells::Mean => (members.to_vec(), None),
            Cells::Best => {
                let Some(at) = self.selector.choose(members) else {
                    let select = self.selector.metric();
                    return Err(Gap::NotYet(format!("no run with {name} has {select}")));
                };
                let choice = || Choice {
                    params: only(&members[at].trial.params, &telling),
                    among: members.len(),
                    by: self.selector.metric().to_owned(),
                };
                (vec![members[at]], (members.len() > 1).then(choice))
            }
        };
        // Cells without a value are left out as a whole; of the others, only seeds that all of them
        // have count.
        let scored: Vec<(&TrialRuns, Vec<Score>)> = chosen
            .into_iter()
            .map(|runs| (runs, runs.scores(metric)))
            .filter(|(_, scores)| !scores.is_empty())
            .collect();
        let mut values: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        for score in scored.iter().flat_map(|(_, scores)| scores) {
            values.entry(score.seed).or_default().push(score.value);
        }
        let whole = values.into_iter().filter(|(_, values)| values.len() == scored.len());
        let by_seed: BTreeMap<u64, f64> =
            whole.filter_map(|(seed, values)| Some((seed, mean(&values)?))).collect();
        let all: Vec<f64> = by_seed.values().copied().collect();
        Ok(Arm {
            name: name.to_owned(),
            trials: scored.iter().map(|(runs, _)| runs.trial.id.clone()).collect(),
            choice,
            telling,
            estimate: estimate(&all, LEVEL).ok_or_else(unmeasured)?,
            by_seed,
            scores: scored.into_iter().flat_map(|(_, scores)| scores).collect(),
        })
    }
}

/// For every seed that all arms have, in order, its value in each.
pub(super) fn shared(arms: &[Arm]) -> Result<Vec<Vec<f64>>, Gap> {
    let first = arms.first().map(|arm| arm.by_seed.keys()).into_iter().flatten();
    let of_seed = |seed: &u64| arms.iter().map(|arm| arm.by_seed.get(seed).copied()).collect();
    let rows: Vec<Vec<f64>> = first.filter_map(of_seed).collect();
    if rows.len() < FEWEST_PAIRS {
        let seeds = counted(rows.len(), "seed");
        return Err(Gap::NotYet(format!(
            "{seeds} finished in every arm: too few to say, it takes {FEWEST_PAIRS}"
        )));
    }
    Ok(rows)
}
