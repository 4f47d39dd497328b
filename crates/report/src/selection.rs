//! Which trial stands for a cell where several would fit: the one with the best mean of a metric
//! measured on validation images. Test images never select.

use ablate_sweep::{Catalog, Direction, Metric, Split};

use crate::error::ReportError;
use crate::run_set::TrialRuns;
use crate::stats;

/// A metric that may select.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Selector {
    metric: String,
    direction: Direction,
}

impl Selector {
    /// The selector by the metric `name`; `place` says in errors where the name stands.
    ///
    /// # Errors
    /// An unknown metric, one not measured on validation images, or one without direction.
    pub(crate) fn new(place: &str, name: &str, catalog: &Catalog) -> Result<Selector, ReportError> {
        let metric = find_metric(place, name, catalog)?;
        let fault = match (metric.split, metric.direction) {
            (Split::Test, _) => "it was measured on test images",
            (Split::Train, _) => "it was measured on training images",
            (Split::Valid, Direction::Neither) => "neither lower nor higher is better",
            (Split::Valid, Direction::Lower | Direction::Higher) => {
                return Ok(Selector { metric: name.to_owned(), direction: metric.direction });
            }
        };
        let can = |metric: &&Metric| {
            metric.split == Split::Valid && metric.direction != Direction::Neither
        };
        Err(ReportError::CannotSelect {
            place: place.to_owned(),
            name: name.to_owned(),
            fault,
            known: catalog.metrics.iter().filter(can).map(|metric| metric.name.clone()).collect(),
        })
    }

    /// The metric's name.
    pub(crate) fn metric(&self) -> &str {
        &self.metric
    }

    /// The place of the candidate with the best mean over its finished seeds. Candidates with every
    /// planned seed finished go before all others: a mean over the seeds that happened to survive
    /// would win by its failures. Of equal ones the first wins. A single candidate needs no score;
    /// `None` if there are several and none has one.
    pub(crate) fn choose(&self, candidates: &[&TrialRuns]) -> Option<usize> {
        if candidates.len() == 1 {
            return Some(0);
        }
        let scored = candidates.iter().enumerate().filter_map(|(at, trial)| {
            let scores: Vec<f64> =
                trial.scores(&self.metric).iter().map(|score| score.value).collect();
            Some((at, scores.len() < trial.seeds.len(), stats::mean(&scores)?))
        });
        scored
            .min_by(|left, right| {
                let by_score = left.2.total_cmp(&right.2);
                let best_first = match self.direction {
                    Direction::Higher => by_score.reverse(),
                    Direction::Lower | Direction::Neither => by_score,
                };
                left.1.cmp(&right.1).then(best_first)
            })
            .map(|(at, _, _)| at)
    }
}

/// The metric called `name`; `place` says in the error where the name stands.
pub(crate) fn find_metric<'a>(
    place: &str,
    name: &str,
    catalog: &'a Catalog,
) -> Result<&'a Metric, ReportError> {
    catalog.metric(name).ok_or_else(|| ReportError::UnknownMetric {
        place: place.to_owned(),
        name: name.to_owned(),
        known: catalog.all_metrics().map(|metric| metric.name.clone()).collect(),
    })
}

/// Checks that `names` are parameters, each given once.
pub(crate) fn check_params<'a>(
    place: &str,
    names: impl IntoIterator<Item = &'a String>,
    catalog: &Catalog,
) -> Result<(), ReportError> {
    let known = catalog.param_names();
    let mut seen: Vec<&String> = Vec::new();
    for name in names {
        if !known.contains(&name.as_str()) {
            return Err(ReportError::UnknownParam {
                place: place.to_owned(),
                name: name.clone(),
                known: known.iter().map(|name| (*name).to_owned()).collect(),
            });
        }
        if seen.contains(&name) {
            return Err(ReportError::GivenTwice { place: place.to_owned(), name: name.clone() });
        }
        seen.push(name);
    }
    Ok(())
}
