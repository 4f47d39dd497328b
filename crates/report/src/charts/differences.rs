//! A paired comparison as a picture: the difference within every pair, beside its mean and interval.

use std::collections::BTreeSet;

use ablate_sweep::plots::Shown;

use super::palette::MOST_GROUPS;
use super::strip::Strip;
use crate::comparison::{Comparison, Scope, SummaryRow};
use crate::error::ReportError;
use crate::number::{counted, factor, unit_phrase};
use crate::stats::{LEVEL, difference};

/// The differences of the cells that validation chose: a slot for every group of `by`, a lane for
/// every value of the axis, a mark for every seed.
///
/// # Errors
/// No pair, or more values of the axis than can be told apart.
pub fn differences(comparison: &Comparison) -> Result<String, ReportError> {
    let place = "comparison".to_owned();
    let chosen: Vec<&SummaryRow> = comparison
        .summary
        .iter()
        .filter(|row| matches!(row.scope, Scope::Chosen { .. }) && !row.values.is_empty())
        .collect();
    let mut groups: Vec<String> = Vec::new();
    let mut lanes: Vec<String> = Vec::new();
    for row in &chosen {
        for (known, name) in [(&mut groups, group(row)), (&mut lanes, row.value.to_string())] {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }
    if lanes.len() > MOST_GROUPS {
        return Err(ReportError::TooManyGroups { place, count: lanes.len(), most: MOST_GROUPS });
    }
    let unit = comparison.metric.unit;
    let at = |lane: &String, name: &String| -> Vec<f64> {
        let row = chosen.iter().find(|row| row.value.to_string() == *lane && group(row) == *name);
        let values = row.map(|row| row.values.values()).into_iter().flatten();
        values.map(|(ours, theirs)| difference(*ours, *theirs) * factor(unit)).collect()
    };
    let values: Vec<(String, Vec<Vec<f64>>)> = lanes
        .iter()
        .map(|lane| (lane.clone(), groups.iter().map(|name| at(lane, name)).collect()))
        .collect();
    let rows: Vec<(String, Vec<&[f64]>)> = values
        .iter()
        .map(|(lane, slots)| (lane.clone(), slots.iter().map(Vec::as_slice).collect()))
        .collect();
    let pairs: BTreeSet<usize> = chosen.iter().map(|row| row.values.len()).collect();
    let pairs = match (pairs.first(), pairs.last()) {
        (Some(least), Some(most)) if least < most => format!("{least} to {most} pairs"),
        (least, _) => counted(least.copied().unwrap_or(0), "pair"),
    };
    let label = match unit_phrase(unit).trim_start() {
        "" => "difference".to_owned(),
        phrase => format!("difference ({phrase})"),
    };
    let title = format!(
        "{}: {} minus {} {}",
        comparison.metric.name, comparison.axis, comparison.axis, comparison.baseline
    );
    let strip = Strip {
        title: &title,
        shown: Shown::Strip,
        log: false,
        zero: true,
        names: &groups,
        rows: &rows,
        labels: (&comparison.by.join(", "), &label),
    };
    let how = format!("a mark a pair of equal seeds; bar: mean and {} % t interval", LEVEL * 100.0);
    let notes = vec![format!("{how} ({pairs})"), format!("cells chosen by {}", comparison.select)];
    let seen = format!("Differences of {} along {}", comparison.metric.name, comparison.axis);
    let nothing = || ReportError::NothingToPlot { place, what: "a pair".to_owned() };
    strip.draw(&seen, notes).ok_or_else(nothing)
}

/// The values of `by`, as the name of a slot.
fn group(row: &SummaryRow) -> String {
    let labels: Vec<String> = row.group.iter().map(ToString::to_string).collect();
    labels.join(", ")
}
