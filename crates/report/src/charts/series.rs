//! Curves and profiles: the mean over seeds with its interval, one line a group. Where only some
//! seeds go on, for they ended early, each is drawn by itself: a mean over those that are left would
//! be one over other networks.

use std::collections::BTreeMap;

use ablate_sweep::plots::SeriesKind;

use super::canvas::{Point, Stroke};
use super::frame::{Frame, Marks};
use super::palette::Look;
use super::scale::Scale;
use super::{Request, Traces, finished};
use crate::error::ReportError;
use crate::number::counted;
use crate::stats::{LEVEL, estimate};

/// A group without points further apart than this many places draws every one of them.
const MOST_PLACES: usize = 400;

/// A mean with its interval over the seeds at one place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mean {
    pub(super) x: f64,
    pub(super) mean: f64,
    pub(super) interval: Option<(f64, f64)>,
}

impl Mean {
    /// The mean of the values at `x`; `None` without values.
    pub(super) fn of(x: f64, values: &[f64]) -> Option<Mean> {
        let found = estimate(values, LEVEL)?;
        let interval = found.interval.map(|interval| (interval.low, interval.high));
        Some(Mean { x, mean: found.mean, interval })
    }
}

/// One line of the picture.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) name: String,
    /// Where every seed has a value.
    pub(super) means: Vec<Mean>,
    /// What a single seed has beyond.
    pub(super) tails: Vec<Vec<Point>>,
    /// The least and the greatest values of single seeds.
    pub(super) extremes: Vec<f64>,
    /// Values that the axes cannot bear.
    pub(super) unfit: usize,
}

pub(super) fn draw(
    request: &Request<'_>,
    (kind, name): (SeriesKind, &str),
    by: &[String],
    traces: &Traces,
) -> Result<String, ReportError> {
    let groups = request.groups(by)?;
    let (heading, factor) = request.metric(name);
    let log = request.spec.log;
    let (mut bundles, mut shown) = (Vec::new(), Vec::new());
    let mut axis = "epoch".to_owned();
    for group in &groups {
        let Some(trial) = request.choose(&group.members) else {
            bundles.push(Bundle { name: group.name.clone(), ..Bundle::default() });
            continue;
        };
        shown.push(trial);
        let runs = finished(trial).filter_map(|run| {
            let traces = traces.get(&run.id)?;
            traces.iter().find(|trace| trace.kind == kind && trace.name == name)
        });
        let mut of_seeds: Vec<Vec<Point>> = Vec::new();
        for trace in runs {
            axis.clone_from(&trace.axis);
            of_seeds.push(trace.points.iter().map(|(at, value)| (*at, value * factor)).collect());
        }
        bundles.push(bundle(group.name.clone(), &of_seeds, (log.x, log.y)));
    }
    if bundles.iter().all(|bundle| bundle.extremes.is_empty()) {
        let mut known: Vec<&str> = traces
            .values()
            .flatten()
            .filter(|trace| trace.kind == kind)
            .map(|trace| trace.name.as_str())
            .collect();
        known.sort_unstable();
        known.dedup();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let what = format!("the {} {name:?}; the runs have {known}", kind.word());
        return Err(request.nothing(&what));
    }
    let most = groups.iter().map(|group| group.members.len()).max().unwrap_or(0);
    let level = format!("mean and {} % t interval over seeds", LEVEL * 100.0);
    let mut notes = request.notes(&shown, most, &level);
    if bundles.iter().any(|bundle| !bundle.tails.is_empty()) {
        notes.push("thin: single seeds where not all of them go on".to_owned());
    }
    let seen = format!("The {} {name} over {axis}", kind.word());
    picture(request, &bundles, (&axis, &heading), &seen, notes)
}

/// The points of several seeds as one line, `log` saying which axes are logarithmic.
fn bundle(name: String, seeds: &[Vec<Point>], log: (bool, bool)) -> Bundle {
    let mut found = Bundle { name, ..Bundle::default() };
    // Places are told apart by their bits: all seeds of a trial are measured at the same ones.
    let mut places: BTreeMap<u64, (f64, Vec<f64>)> = BTreeMap::new();
    let bears = |point: &Point| Scale::bears(log.0, point.0) && Scale::bears(log.1, point.1);
    for point in seeds.iter().flatten() {
        if bears(point) {
            places.entry(point.0.to_bits()).or_insert((point.0, vec![])).1.push(point.1);
            found.extremes.push(point.1);
        } else {
            found.unfit += 1;
        }
    }
    let mut places: Vec<(f64, Vec<f64>)> = places.into_values().collect();
    places.sort_by(|left, right| left.0.total_cmp(&right.0));
    let shared = |(_, values): &&(f64, Vec<f64>)| values.len() == seeds.len();
    let common: Vec<&(f64, Vec<f64>)> = places.iter().filter(shared).collect();
    let last = common.last().map(|(x, _)| *x);
    found.means = thinned(&common).filter_map(|(x, values)| Mean::of(*x, values)).collect();
    let beyond = |point: &&Point| bears(point) && last.is_none_or(|last| point.0 >= last);
    let tails = seeds.iter().map(|seed| seed.iter().filter(beyond).copied().collect::<Vec<_>>());
    found.tails = tails.filter(|tail| tail.len() > 1).collect();
    found
}

/// At most about [`MOST_PLACES`] of `places`, evenly, the last among them.
fn thinned<T: Copy>(places: &[T]) -> impl Iterator<Item = T> {
    let every = places.len().div_ceil(MOST_PLACES).max(1);
    let last = places.len().saturating_sub(1);
    let kept = places.iter().enumerate().filter(move |(at, _)| at % every == 0 || *at == last);
    kept.map(|(_, place)| *place)
}

/// Lines with bands over an axis of numbers.
pub(super) fn picture(
    request: &Request<'_>,
    bundles: &[Bundle],
    (x_label, y_label): (&str, &str),
    seen: &str,
    mut notes: Vec<String>,
) -> Result<String, ReportError> {
    let log = request.spec.log;
    let values = bundles.iter().flat_map(|bundle| bundle.extremes.iter().copied());
    let y = Scale::around(values, log.y, Frame::rise()).ok_or_else(|| request.nothing(y_label))?;
    let marks: Vec<String> = y.ticks(5).into_iter().map(|(_, text)| text).collect();
    let mut frame = Frame::new(&request.spec.name, Frame::widest(&marks), 0.0);
    let places = bundles.iter().flat_map(|bundle| {
        let tails = bundle.tails.iter().flatten().map(|(x, _)| *x);
        bundle.means.iter().map(|mean| mean.x).chain(tails)
    });
    let x = Scale::around(places, log.x, frame.across()).ok_or_else(|| request.nothing(x_label))?;
    frame.axes(Marks::Numbers(&x), x_label, Marks::Numbers(&y), y_label);
    let pixel = |at: f64, value: f64| (x.at(at), y.at(value));
    let looks: Vec<Look> = (0..bundles.len()).map(Look::of).collect();
    // Bands first, so that none hides a line.
    for (bundle, look) in bundles.iter().zip(&looks) {
        let known: Vec<(f64, (f64, f64))> = bundle
            .means
            .iter()
            .map(|mean| (mean.x, mean.interval.unwrap_or((mean.mean, mean.mean))))
            .collect();
        let upper = known.iter().map(|(at, (_, high))| pixel(*at, *high));
        let lower = known.iter().rev().map(|(at, (low, _))| pixel(*at, *low));
        let outline: Vec<Point> = upper.chain(lower).collect();
        if bundle.means.len() > 1 && bundle.means.iter().any(|mean| mean.interval.is_some()) {
            frame.canvas.area(&outline, look.colour, 0.18);
        }
    }
    for (bundle, look) in bundles.iter().zip(&looks) {
        for tail in &bundle.tails {
            let tail: Vec<Point> = tail.iter().map(|(at, value)| pixel(*at, *value)).collect();
            let thin = Stroke { opacity: 0.6, ..Stroke::solid(look.colour, 0.7) };
            let kept: Vec<Point> = thinned(&tail).collect();
            frame.canvas.path(&kept, thin);
        }
        let line: Vec<Point> = bundle.means.iter().map(|mean| pixel(mean.x, mean.mean)).collect();
        frame.canvas.path(&line, look.stroke(1.6));
        let every = line.len().div_ceil(8).max(1);
        for point in line.iter().step_by(every) {
            frame.canvas.marker(look.marker, *point, 2.6, look.colour);
        }
    }
    let names: Vec<(String, Look)> =
        bundles.iter().map(|bundle| bundle.name.clone()).zip(looks).collect();
    frame.legend(&names, true);
    let ends = |mean: &Mean| mean.interval.is_some_and(|(low, high)| y.cuts(low) || y.cuts(high));
    if bundles.iter().flat_map(|bundle| &bundle.means).any(ends) {
        notes.push("intervals end at the frame".to_owned());
    }
    let unfit: usize = bundles.iter().map(|bundle| bundle.unfit).sum();
    if unfit > 0 {
        let what = if log.x || log.y { "not finite or not above 0" } else { "not finite" };
        notes.push(format!("{} left out, {what}", counted(unfit, "value")));
    }
    Ok(frame.finish(&request.spec.name, seen, &notes))
}
