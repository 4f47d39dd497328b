//! The claim that the order of several arms agrees with that of given numbers, such as a column of a
//! paper's table: Spearman's r between the means over shared seeds and the numbers. How far it could
//! have come out otherwise with other seeds is told by resampling the seeds, all arms together.

use ablate_sweep::Filter;

use crate::run_set::TrialRuns;
use crate::stats::{BOOTSTRAP_RESAMPLES, LEVEL, mean, percentile_interval, replicates, spearman};

use super::arms::shared;
use super::{Found, Gap, Request, Role, Scale, Side, Test};

/// A correlation this close to the limit has reached it.
const ROUNDING: f64 = 1e-12;

pub(super) fn ranks(
    request: &Request<'_>,
    filters: &[Filter],
    given: &[f64],
    at_least: f64,
    trials: &[&TrialRuns],
) -> Found {
    let arms = request.arms(filters, trials)?;
    let test = shared(&arms).and_then(|rows| {
        let all: Vec<usize> = (0..rows.len()).collect();
        let found = correlation(&rows, &all, given);
        let value = found.ok_or_else(|| Gap::NotYet("the values all agree".to_owned()))?;
        let resamples = replicates(rows.len(), |seeds| correlation(&rows, seeds, given));
        let reaches = |r: f64| r >= at_least - ROUNDING;
        let side = if reaches(value) { Side::For } else { Side::Against };
        let otherwise = resamples.iter().filter(|r| reaches(**r) != reaches(value)).count();
        // A resample without a correlation is no evidence for either side.
        let undefined = BOOTSTRAP_RESAMPLES - resamples.len();
        let p = (1 + otherwise + undefined) as f64 / (1 + BOOTSTRAP_RESAMPLES) as f64;
        Ok(Test {
            what: "Spearman's r".to_owned(),
            value,
            scale: Scale::Correlation,
            interval: percentile_interval(resamples, LEVEL),
            n: rows.len(),
            side,
            p: Some((2.0 * p).min(1.0)),
            holm_p: None,
            role: Role::Whole,
        })
    });
    match test {
        Ok(test) => Ok((arms, vec![test])),
        Err(gap) => Err((arms, gap)),
    }
}

/// The rank correlation of the means over these seeds with the given numbers.
fn correlation(rows: &[Vec<f64>], seeds: &[usize], given: &[f64]) -> Option<f64> {
    let mean_of = |arm: usize| {
        let values: Vec<f64> = seeds.iter().map(|seed| rows[*seed][arm]).collect();
        mean(&values)
    };
    let means: Vec<f64> = (0..given.len()).map(mean_of).collect::<Option<_>>()?;
    spearman(&means, given)
}
