//! A metric over the values of a parameter: every seed with its mean, quartiles, or a line.

use ablate_sweep::Value;
use ablate_sweep::plots::Shown;

use super::canvas::{Point, Stroke};
use super::frame::{Frame, Marks};
use super::palette::Look;
use super::scale::Scale;
use super::series::{Bundle, Mean, picture};
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
            strip(request, shown, (&rows, &names), (x, &heading), &seen, notes)
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
    picture(request, &bundles, labels, seen, notes)
}

fn strip(
    request: &Request<'_>,
    shown: Shown,
    (rows, names): (&[(String, Vec<Spot<'_>>)], &[String]),
    labels: (&str, &str),
    seen: &str,
    mut notes: Vec<String>,
) -> Result<String, ReportError> {
    let values = rows.iter().flat_map(|(_, spots)| spots).flat_map(|spot| &spot.values);
    let y = Scale::around(values.copied(), request.spec.log.y, Frame::rise());
    let y = y.ok_or_else(|| request.nothing(labels.1))?;
    let marks: Vec<String> = y.ticks(5).into_iter().map(|(_, text)| text).collect();
    let mut frame = Frame::new(&request.spec.name, Frame::widest(&marks), 0.0);
    frame.axes(Marks::Names(names), labels.0, Marks::Numbers(&y), labels.1);
    for place in 1..names.len() {
        let (middle, wide) = frame.slot(place, names.len());
        let edge = middle - wide / 2.0;
        let between = Stroke { dash: "1 3", ..Stroke::solid("#bbbbbb", 0.6) };
        frame.canvas.path(&[(edge, frame.top), (edge, frame.bottom)], between);
    }
    let mut cut = false;
    for (group, (_, spots)) in rows.iter().enumerate() {
        let look = Look::of(group);
        for (place, spot) in spots.iter().enumerate() {
            let (middle, wide) = frame.slot(place, spots.len());
            let lane = wide * 0.86 / rows.len() as f64;
            let middle = middle + lane * (group as f64 + 0.5 - rows.len() as f64 / 2.0);
            let lane = lane.min(46.0);
            match shown {
                Shown::Box => quartiles(&mut frame, &y, spot, (middle, lane), look),
                Shown::Strip | Shown::Line => {
                    cut |= interval(&mut frame, &y, spot, (middle, lane), look);
                }
            }
            let radius = (lane / 7.0).clamp(1.2, 2.4);
            let last = spot.values.len().saturating_sub(1).max(1) as f64;
            for (at, value) in spot.values.iter().enumerate() {
                // Seeds stand beside each other in their order, so that equal values show, too.
                let aside = if spot.values.len() > 1 { at as f64 / last - 0.5 } else { 0.0 };
                let seed = (middle + aside * lane * 0.5, y.at(*value));
                frame.dot(seed, look, radius);
            }
        }
    }
    if cut {
        notes.push("intervals end at the frame".to_owned());
    }
    let looks = rows.iter().enumerate().map(|(at, (name, _))| (name.clone(), Look::of(at)));
    frame.legend(&looks.collect::<Vec<_>>(), false);
    Ok(frame.finish(&request.spec.name, seen, &notes))
}

/// Draws the mean as a bar with its interval; whether the frame cuts the interval off.
fn interval(
    frame: &mut Frame,
    y: &Scale,
    spot: &Spot<'_>,
    (middle, lane): (f64, f64),
    look: Look,
) -> bool {
    let Some(mean) = Mean::of(0.0, &spot.values) else { return false };
    let half = lane * 0.42;
    let at = y.at(mean.mean);
    let mut cut = false;
    if let Some((low, high)) = mean.interval {
        let (foot, head) = (y.at(low), y.at(high));
        let corner: Point = (middle - half, head);
        let pale = Stroke { opacity: 0.5, ..Stroke::solid(look.colour, 0.6) };
        frame.canvas.area(
            &[corner, (middle + half, head), (middle + half, foot), (middle - half, foot)],
            look.colour,
            0.14,
        );
        for edge in [head, foot] {
            frame.canvas.path(&[(middle - half, edge), (middle + half, edge)], pale);
        }
        cut = y.cuts(low) || y.cuts(high);
    }
    frame.canvas.path(&[(middle - half, at), (middle + half, at)], Stroke::solid(look.colour, 1.8));
    cut
}

fn quartiles(
    frame: &mut Frame,
    y: &Scale,
    spot: &Spot<'_>,
    (middle, lane): (f64, f64),
    look: Look,
) {
    let mut sorted = spot.values.clone();
    sorted.sort_by(f64::total_cmp);
    let (Some(least), Some(greatest)) = (sorted.first(), sorted.last()) else { return };
    let half = lane * 0.38;
    let [low, median, high] = [0.25, 0.5, 0.75].map(|share| y.at(quantile(&sorted, share)));
    let stroke = Stroke::solid(look.colour, 1.0);
    frame.canvas.path(&[(middle, y.at(*least)), (middle, low)], stroke);
    frame.canvas.path(&[(middle, high), (middle, y.at(*greatest))], stroke);
    let corners =
        [(middle - half, high), (middle + half, high), (middle + half, low), (middle - half, low)];
    frame.canvas.area(&corners, look.colour, 0.16);
    frame.canvas.rect((middle - half, high), (2.0 * half, low - high), "none", Some(stroke));
    let thick = Stroke::solid(look.colour, 2.0);
    frame.canvas.path(&[(middle - half, median), (middle + half, median)], thick);
}

/// The quantile of `sorted` values (at least one), linear between neighbours: Hyndman and Fan's type
/// 7, that of NumPy and R.
pub(super) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}
