//! Does the axis make more of a difference at one end of `by` than at the other? A verdict at each
//! end does not answer that; their interaction does: per seed, the change `d_last - d_first` of the
//! paired difference from the first value of `by` to the last, tested like any paired difference.
//!
//! Gelman and Stern (2006), "The difference between 'significant' and 'not significant' is not
//! itself statistically significant", The American Statistician 60.

use ablate_sweep::Value;

use crate::label::Label;
use crate::stats::{Estimate, LEVEL, PairedTest, difference, estimate, paired_test};

use super::{Scope, SummaryRow, Verdict};

/// How the difference that one value of the axis makes changes along `by`.
#[derive(Clone, Debug, PartialEq)]
pub struct Trend {
    /// The value of the axis.
    pub value: Value,
    /// The first and the last value of `by` that the axis value has, numbers both.
    pub ends: [Value; 2],
    /// The chosen cells at the two ends, as places in [`super::Comparison::cells`]; `None` where no
    /// cell was chosen.
    pub cells: [Option<usize>; 2],
    /// What the seeds say that both cells have a pair for; `None` without any.
    pub change: Option<Change>,
    /// The t-test's p, Holm-corrected in one family with the lines of the summary.
    pub holm_p: Option<f64>,
    /// The judgement: better where the change goes in the metric's better direction.
    pub verdict: Verdict,
}

/// The differences (ours minus baseline) at both ends, over the seeds that both have, and the test
/// of what the last has over the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The mean difference at the first end.
    pub first: Estimate,
    /// The mean difference at the last end.
    pub last: Estimate,
    /// The changes, last minus first, one a seed.
    pub test: PairedTest,
}

/// A trend for every value of the axis that stands at several values of `by`, in the order of the
/// summary, not judged yet; none where `by` is not one parameter with numbers only.
pub(super) fn trends(by: &[String], rows: &[SummaryRow]) -> Vec<Trend> {
    if !rows.iter().all(|row| by.len() == 1 && number(&row.group).is_some()) {
        return Vec::new();
    }
    let mut values: Vec<&Value> = Vec::new();
    for row in rows {
        if !values.contains(&&row.value) {
            values.push(&row.value);
        }
    }
    values.into_iter().filter_map(|value| trend(value, rows)).collect()
}

/// The rows stand by the size of the `by` value, so the ends are the outermost rows.
fn trend(value: &Value, rows: &[SummaryRow]) -> Option<Trend> {
    let of_value =
        |row: &&SummaryRow| row.value == *value && !matches!(row.scope, Scope::Mean { .. });
    let mut of_value = rows.iter().filter(of_value);
    let (first, last) = (of_value.next()?, of_value.next_back()?);
    let places = [first, last].map(|row| match row.scope {
        Scope::Chosen { cell, .. } => Some(cell),
        Scope::Mean { .. } | Scope::NoneChosen { .. } => None,
    });
    let change = change(first, last);
    Some(Trend {
        value: value.clone(),
        ends: [number(&first.group)?.clone(), number(&last.group)?.clone()],
        cells: places,
        change,
        holm_p: None,
        verdict: Verdict::TooFewPairs,
    })
}

fn number(group: &[Label]) -> Option<&Value> {
    group.first()?.0.as_ref().filter(|value| value.as_float().is_some())
}

fn change(first: &SummaryRow, last: &SummaryRow) -> Option<Change> {
    let of_pair = |(ours, baseline): &(f64, f64)| difference(*ours, *baseline);
    let shared = last
        .values
        .iter()
        .filter_map(|(seed, pair)| Some((of_pair(first.values.get(seed)?), of_pair(pair))));
    let (before, after): (Vec<f64>, Vec<f64>) = shared.unzip();
    let changes: Vec<f64> =
        before.iter().zip(&after).map(|(before, after)| difference(*after, *before)).collect();
    Some(Change {
        first: estimate(&before, LEVEL)?,
        last: estimate(&after, LEVEL)?,
        test: paired_test(&changes)?,
    })
}
