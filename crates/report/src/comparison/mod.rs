//! A paired comparison along one axis: every run against the run that is equal in everything, seed
//! included, but for that axis. The differences within pairs are what is tested; what both sides of
//! a pair share (the seed's data order and noise, the depth, the width) drops out of them.

mod beside;
mod display;
mod further;
mod pairs;
mod sentences;
mod summary;
mod trend;
mod verdict;

use std::collections::BTreeMap;
use std::sync::Arc;

use ablate_sweep::specs::ComparisonSpec;
use ablate_sweep::{Catalog, FailureKind, Metric, Params, RunId, Trial, Value};

use crate::error::ReportError;
use crate::label::{Label, varying};
use crate::run_set::RunSet;
use crate::selection::{Selector, check_params, find_metric};
use crate::stats::{Estimate, PairedTest};

pub use further::{Further, Overall};
pub use trend::{Change, Trend};
pub use verdict::Verdict;

/// The comparison that `spec` asks for.
///
/// The partner of a run is the run of the trial that the catalog resolves from its parameters with
/// the axis set to the baseline, with the same seed. So runs without pretraining, which have no
/// variant, are the partners of every variant. Where that trial is not planned, what stands at its
/// default may follow the axis to the default that it has there: a run with `adam` and the learning
/// rate of `adam` has its partner in the run with `sgd` and the learning rate of `sgd`.
///
/// # Errors
/// Unknown or doubled parameters, an unknown metric, a `select` that was not measured on validation
/// images, a baseline that no planned trial has, or an axis that has only one value.
pub fn compare(
    set: &RunSet,
    spec: &ComparisonSpec,
    catalog: &Catalog,
) -> Result<Comparison, ReportError> {
    let place = "comparison";
    check_params(place, std::iter::once(&spec.axis).chain(&spec.by), catalog)?;
    let metric = find_metric(place, &spec.metric, catalog)?.clone();
    let selector = Selector::new(place, &spec.select, catalog)?;
    let baseline = pairs::baseline(set, spec, catalog)?;
    let (cells, unpaired) = pairs::cells(set, spec, &baseline, catalog);
    let trials: Vec<&Trial> = cells.iter().map(|cell| cell.trial.as_ref()).collect();
    let varying = varying(&trials, catalog);
    let arms = summary::Arms { set, spec, baseline: &baseline, selector: &selector, catalog };
    let mut summary = summary::summary(&arms, &cells, &varying);
    let mut trends = trend::trends(&spec.by, &summary);
    verdict::judge(&mut summary, &mut trends, metric.direction);
    Ok(Comparison {
        axis: spec.axis.clone(),
        baseline,
        metric,
        by: spec.by.clone(),
        select: spec.select.clone(),
        varying,
        cells,
        unpaired,
        summary,
        trends,
    })
}

/// What pairing the runs along one axis showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The axis compared along.
    pub axis: String,
    /// The value that the others are compared with.
    pub baseline: Value,
    /// What is compared.
    pub metric: Metric,
    /// The parameters that split the summary.
    pub by: Vec<String>,
    /// The metric, measured on validation images, that chose a cell for each group.
    pub select: String,
    /// The parameters that tell the cells apart, in the catalog's order.
    pub varying: Vec<String>,
    /// Every trial with a partner, in plan order.
    pub cells: Vec<PairedCell>,
    /// The trials without a partner in the plan, in plan order.
    pub unpaired: Vec<Arc<Trial>>,
    /// For every group (values of `by`, value of the axis): the chosen cell and, where the group has
    /// several, the mean over all of them.
    pub summary: Vec<SummaryRow>,
    /// Where `by` is one parameter with numbers: for every value of the axis that stands at two of
    /// them or more, how its difference changes from the first to the last.
    pub trends: Vec<Trend>,
}

/// One trial and its partner.
#[derive(Clone, Debug, PartialEq)]
pub struct PairedCell {
    /// The trial, whose axis is not at the baseline.
    pub trial: Arc<Trial>,
    /// The trial that is equal in everything else, or in all that is not at its default.
    pub partner: Arc<Trial>,
    /// The value of the axis.
    pub value: Value,
    /// The pairs of finished runs, in the order of the planned seeds.
    pub pairs: Vec<Pair>,
    /// The planned seeds that give no pair, and why.
    pub left_out: Vec<LeftOut>,
    /// What the pairs say; `None` without pairs.
    pub evidence: Option<Evidence>,
}

/// The two values of one seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// The seed.
    pub seed: u64,
    /// The value away from the baseline.
    pub ours: f64,
    /// The value at the baseline.
    pub baseline: f64,
    /// The two runs, ours first.
    pub runs: [RunId; 2],
}

/// A planned seed without a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The seed.
    pub seed: u64,
    /// Which of the two runs gives no value; ours where both do not.
    pub side: Side,
    /// Why it gives none.
    pub gap: Gap,
}

/// One side of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// Away from the baseline.
    Ours,
    /// At the baseline.
    Baseline,
}

/// Why a run gives no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The plan does not have this seed for it.
    NotPlanned,
    /// It has not ended: never started, still running, or interrupted.
    NotRun,
    /// It failed.
    Failed(FailureKind),
    /// It finished, but without this metric.
    NotMeasured,
}

impl Gap {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Gap::NotPlanned => "not planned",
            Gap::NotRun => "not run",
            Gap::Failed(kind) => kind.word(),
            Gap::NotMeasured => "not measured",
        }
    }
}

/// What pairs say: both means, and the test of their differences, ours minus baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The mean away from the baseline, over the pairs.
    pub ours: Estimate,
    /// The mean at the baseline, over the pairs.
    pub baseline: Estimate,
    /// The differences.
    pub test: PairedTest,
}

/// One line of the summary.
#[derive(Clone, Debug, PartialEq)]
pub struct SummaryRow {
    /// The values of the `by` parameters.
    pub group: Vec<Label>,
    /// The value of the axis.
    pub value: Value,
    /// Which cells of the group it is about.
    pub scope: Scope,
    /// The cell at the baseline that a chosen cell is held against; `None` for a mean, whose cells
    /// each have their partner.
    pub opponent: Option<Opponent>,
    /// The two values of every seed.
    pub values: BTreeMap<u64, (f64, f64)>,
    /// What they say; `None` without any.
    pub evidence: Option<Evidence>,
    /// The t-test's p, Holm-corrected over all lines of the summary and all trends that have one.
    pub holm_p: Option<f64>,
    /// The judgement.
    pub verdict: Verdict,
}

/// The cell that validation chooses at the baseline, as it does away from it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opponent {
    /// The trial.
    pub trial: Arc<Trial>,
    /// The values of the parameters that tell the group's cells at the baseline apart.
    pub params: Params,
    /// These parameters, in the catalog's order.
    pub telling: Vec<String>,
    /// How many cells there were to choose from.
    pub among: usize,
}

/// Which cells a line of the summary is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Scope {
    /// The cell with the best mean of the selecting metric; `cell` is its place in
    /// [`Comparison::cells`].
    Chosen {
        /// The cell's place.
        cell: usize,
        /// The values of the parameters that tell the group's cells apart.
        params: Params,
        /// How many cells there were to choose from.
        among: usize,
    },
    /// The mean over cells within each seed.
    Mean {
        /// The places of the cells.
        cells: Vec<usize>,
        /// Seeds left out because not every one of these cells has a pair for them.
        incomplete_seeds: usize,
    },
    /// Several cells, none of which has the metric that selects.
    NoneChosen {
        /// How many cells there were to choose from.
        among: usize,
    },
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod trend_tests;
