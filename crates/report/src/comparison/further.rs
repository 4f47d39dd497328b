//! The same pairs by other statistics, and all groups together, as in rliable: an interquartile mean
//! over groups and seeds with a stratified bootstrap interval, the probability of improvement and the
//! performance profile. What is said over all groups takes their scores to be of one scale.

use ablate_sweep::{Direction, Value};

use crate::stats::{
    Estimate, Interval, LEVEL, bca_interval, difference, iqm, mean, median,
    probability_of_improvement, profile, signed_rank_p, stratified_interval,
};

use super::{Comparison, Scope, SummaryRow};

/// At how many thresholds a performance profile is shown, between the best and the worst score.
const THRESHOLDS: u32 = 9;

/// What pairs say beside their mean and its t-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Further {
    /// The median difference with its BCa interval.
    pub median: Estimate,
    /// The BCa interval of the mean difference.
    pub bca: Option<Interval>,
    /// Two-sided p of Wilcoxon's signed-rank test.
    pub signed_rank_p: Option<f64>,
    /// How probable it is that a run of ours beats one of the baseline; `None` for a metric without a
    /// better direction.
    pub improvement: Option<f64>,
}

/// What all groups say of one value of the axis together.
#[derive(Clone, Debug, PartialEq)]
pub struct Overall {
    /// The value of the axis.
    pub value: Value,
    /// How many groups: the strata.
    pub groups: usize,
    /// The interquartile mean at the baseline, over all groups and seeds.
    pub baseline: Estimate,
    /// The same away from it.
    pub ours: Estimate,
    /// The mean over groups of the probability of improvement.
    pub improvement: Option<Estimate>,
    /// For some thresholds, the share of runs that are better: at the baseline, and away from it.
    pub profile: Vec<(f64, [f64; 2])>,
}

impl Comparison {
    /// A line of the summary by other statistics; `None` without pairs.
    pub fn further(&self, row: &SummaryRow) -> Option<Further> {
        further(&row.values.values().copied().collect::<Vec<_>>(), self.metric.direction)
    }

    /// One entry for every value of the axis that has chosen cells in two groups or more.
    pub fn overall(&self) -> Vec<Overall> {
        let chosen =
            |row: &&SummaryRow| matches!(row.scope, Scope::Chosen { .. }) && !row.values.is_empty();
        let rows: Vec<&SummaryRow> = self.summary.iter().filter(chosen).collect();
        let mut values: Vec<&Value> = Vec::new();
        for row in &rows {
            if !values.contains(&&row.value) {
                values.push(&row.value);
            }
        }
        let of_value = |value: &Value| {
            let of_value = rows.iter().filter(|row| row.value == *value);
            let rows: Vec<&SummaryRow> = of_value.copied().collect();
            over_groups(value, &rows, self.metric.direction)
        };
        values.into_iter().filter_map(of_value).collect()
    }
}

fn further(values: &[(f64, f64)], direction: Direction) -> Option<Further> {
    let differences: Vec<f64> =
        values.iter().map(|(ours, theirs)| difference(*ours, *theirs)).collect();
    let (ours, theirs): (Vec<f64>, Vec<f64>) = values.iter().copied().unzip();
    Some(Further {
        median: Estimate {
            mean: median(&differences)?,
            interval: bca_interval(&differences, median, LEVEL),
            n: differences.len(),
        },
        bca: bca_interval(&differences, mean, LEVEL),
        signed_rank_p: signed_rank_p(&differences).filter(|_| differences.len() >= 2),
        improvement: probability_of_improvement(&ours, &theirs, direction),
    })
}

fn over_groups(value: &Value, rows: &[&SummaryRow], direction: Direction) -> Option<Overall> {
    if rows.len() < 2 {
        return None;
    }
    let strata = |side: fn(&(f64, f64)) -> f64| -> Vec<Vec<f64>> {
        rows.iter().map(|row| row.values.values().map(side).collect()).collect()
    };
    let (ours, theirs) = (strata(|pair| pair.0), strata(|pair| pair.1));
    let both: Vec<Vec<f64>> = ours.iter().chain(&theirs).cloned().collect();
    let improvement = |both: &[Vec<f64>]| {
        let (ours, theirs) = both.split_at(rows.len());
        let pairs = ours.iter().zip(theirs);
        let each = pairs.map(|(ours, theirs)| probability_of_improvement(ours, theirs, direction));
        mean(&each.collect::<Option<Vec<f64>>>()?)
    };
    Some(Overall {
        value: value.clone(),
        groups: rows.len(),
        baseline: stratified(&theirs, pooled)?,
        ours: stratified(&ours, pooled)?,
        improvement: stratified(&both, improvement),
        profile: profiles(&theirs.concat(), &ours.concat(), direction),
    })
}

fn pooled(strata: &[Vec<f64>]) -> Option<f64> {
    iqm(&strata.concat())
}

fn stratified(
    strata: &[Vec<f64>],
    statistic: impl Fn(&[Vec<f64>]) -> Option<f64>,
) -> Option<Estimate> {
    let slices: Vec<&[f64]> = strata.iter().map(Vec::as_slice).collect();
    Some(Estimate {
        mean: statistic(strata)?,
        interval: stratified_interval(&slices, &statistic, LEVEL),
        n: strata.iter().map(Vec::len).sum(),
    })
}

/// Both profiles at thresholds of equal distances from the lowest score to the highest.
fn profiles(theirs: &[f64], ours: &[f64], direction: Direction) -> Vec<(f64, [f64; 2])> {
    let all = || theirs.iter().chain(ours).copied();
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    let at = |step: u32| {
        let threshold = low + (high - low) * f64::from(step) / f64::from(THRESHOLDS - 1);
        let shares = [profile(theirs, threshold, direction)?, profile(ours, threshold, direction)?];
        Some((threshold, shares))
    };
    (0..THRESHOLDS).filter_map(at).collect()
}
