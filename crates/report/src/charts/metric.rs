//! A metric over the values of a parameter: every seed with its mean, quartiles, or a line.

use ablate_sweep::Value;
use ablate_sweep::plots::Shown;

use super::scale::Scale;
use super::series::{Bundle, Lines, Mean};
use super::strip::Strip;
use super::{Request, by_labels};
use crate::error::ReportError;
use crate::label::Label;
use crate::number::counted;
use crate::run_set::TrialRuns;
use crate::stats::LEVEL;

/// The seeds' values of one group at one value of the parameter.
struct Spot<'a> {
    label: Label,
    values: Vec<f64>,
    trial: Option<&'a TrialRuns>,
    among: usize,
}

pub(super) fn draw<'a>(
    request: &Request<'a>,
    shown: Shown,
    (x, metric): (&String, &str),
    by: &[String],
) -> Result<String, ReportError> {
    let groups = request.groups(by)?;
    let (heading, factor) = request.metric(metric);
    let slots = by_labels(&request.trials, std::slice::from_ref(x));
    let rows: Vec<(String, Vec<Spot<'_>>)> = groups
        .iter()
        .map(|group| {
            let spot = |(labels, members): &(Vec<Label>, Vec<&'a TrialRuns>)| {
                let here = |trial: &&&TrialRuns| {
                    group.members.iter().any(|member| std::ptr::eq(*member, **trial))
                };
                let members: Vec<&'a TrialRuns> = members.iter().filter(here).copied().collect();
                let trial = request.choose(&members);
                let scores = trial.map(|trial| trial.scores(metric)).unwrap_or_default();
                let values = scores.iter().map(|score| score.value * factor);
                let fit = values.filter(|value| Scale::bears(request.spec.log.y, *value));
                let values = fit.collect();
                Spot { label: labels[0].clone(), values, trial, among: members.len() }
            };
            (group.name.clone(), slots.iter().map(spot).collect())
        })
        .collect();
    let spots = || rows.iter().flat_map(|(_, spots)| spots);
    if spots().all(|spot| spot.values.is_empty()) {
        return Err(request.nothing(&format!("a value of {metric}")));
    }
    let drawn: Vec<&TrialRuns> = spots().filter_map(|spot| spot.trial).collect();
    let most = spots().map(|spot| spot.among).max().unwrap_or(0);
    let how = match shown {
        Shown::Line => format!("mean and {} % t interval over seeds", LEVEL * 100.0),
        Shown::Strip => {
            format!("a mark a seed; bar: mean and {} % t interval", LEVEL * 100.0)
        }
        Shown::Box => "a mark a seed; box: quartiles and median, to the farthest seeds".to_owned(),
    };
    let notes = request.notes(&drawn, most, &how);
    let seen = format!("{metric} by {x}");
    match shown {
        Shown::Line => line(request, &rows, (x, &heading), &seen, notes),
        Shown::Strip | Shown::Box => {
            let names: Vec<String> =
                slots.iter().map(|(labels, _)| labels[0].to_string()).collect();
            let lanes: Vec<(String, Vec<&[f64]>)> = rows
                .iter()
                .map(|(name, spots)| {
                    (name.clone(), spots.iter().map(|spot| spot.values.as_slice()).collect())
                })
                .collect();
            let strip = Strip {
                title: &request.spec.name,
                shown,
                log: request.spec.log.y,
                zero: false,
                names: &names,
                rows: &lanes,
                labels: (x, &heading),
            };
            strip.draw(&seen, notes).ok_or_else(|| request.nothing(&heading))
        }
    }
}

fn line(
    request: &Request<'_>,
    rows: &[(String, Vec<Spot<'_>>)],
    labels: (&str, &str),
    seen: &str,
    mut notes: Vec<String>,
) -> Result<String, ReportError> {
    let mut off = 0;
    let mut bundles = Vec::new();
    for (name, spots) in rows {
        let mut bundle = Bundle { name: name.clone(), ..Bundle::default() };
        for spot in spots.iter().filter(|spot| !spot.values.is_empty()) {
            let at = spot.label.0.as_ref().and_then(Value::as_float);
            match at.filter(|at| Scale::bears(request.spec.log.x, *at)) {
                Some(at) => {
                    bundle.means.extend(Mean::of(at, &spot.values));
                    bundle.extremes.extend(&spot.values);
                }
                None => off += 1,
            }
        }
        bundles.push(bundle);
    }
    if bundles.iter().all(|bundle| bundle.means.is_empty()) {
        return Err(request.nothing(&format!("a number of {} to stand on the axis", labels.0)));
    }
    // What has no place on the axis is in no line of the legend either.
    bundles.retain(|bundle| !bundle.means.is_empty());
    if off > 0 {
        let why = format!("{} has no number that the axis bears", labels.0);
        notes.push(format!("{} left out where {why}", counted(off, "mean")));
    }
    let lines =
        Lines { title: &request.spec.name, log: request.spec.log, bundles: &bundles, labels };
    lines.draw(seen, notes, false).ok_or_else(|| request.nothing(labels.1))
}
