//! Curves and profiles: the mean over seeds with its interval, one line a group. Where only some
//! seeds go on, for they ended early, each is drawn by itself: a mean over those that are left would
//! be one over other networks.

use std::collections::BTreeMap;

use ablate_sweep::plots::{LogAxes, SeriesKind};

use super::canvas::{Point, Stroke};
use super::frame::{Frame, Marks};
use super::palette::Look;
use super::scale::Scale;
use super::{Closeup, Request, Traces, finished};
use crate::error::ReportError;
use crate::number::counted;
use crate::stats::{LEVEL, estimate};

/// Of more places than this, evenly chosen ones are drawn, which the picture says.
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
    /// What a single seed has beyond, or every seed by itself.
    pub(super) tails: Vec<Vec<Point>>,
    /// One place in how many is drawn.
    pub(super) every: usize,
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
    closeup: &Closeup,
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
            let within = |point: &&Point| {
                closeup.span.is_none_or(|(from, to)| (from..=to).contains(&point.0))
            };
            let points = trace.points.iter().filter(within);
            of_seeds.push(points.map(|(at, value)| (*at, value * factor)).collect());
        }
        bundles.push(bundle(group.name.clone(), &of_seeds, (log.x, log.y), closeup.seeds));
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
    if closeup.seeds {
        notes.push("thin: every seed".to_owned());
    } else if bundles.iter().any(|bundle| !bundle.tails.is_empty()) {
        notes.push("thin: single seeds where not all of them go on".to_owned());
    }
    let seen = format!("The {} {name} over {axis}", kind.word());
    let (title, labels) = (&request.spec.name, (axis.as_str(), heading.as_str()));
    let lines = Lines { title, log, bundles: &bundles, labels };
    lines.draw(&seen, notes, closeup.handles).ok_or_else(|| request.nothing(&heading))
}

/// The points of several seeds as one line, `log` saying which axes are logarithmic, and `apart`
/// whether each has one of its own as well.
fn bundle(name: String, seeds: &[Vec<Point>], log: (bool, bool), apart: bool) -> Bundle {
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
    found.every = every(common.len());
    found.means = thinned(&common).filter_map(|(x, values)| Mean::of(*x, values)).collect();
    let beyond =
        |point: &&Point| bears(point) && (apart || last.is_none_or(|last| point.0 >= last));
    let tails = seeds.iter().map(|seed| seed.iter().filter(beyond).copied().collect::<Vec<_>>());
    found.tails = tails.filter(|tail| tail.len() > 1).collect();
    found
}

/// One place in how many of `count` is drawn.
fn every(count: usize) -> usize {
    count.div_ceil(MOST_PLACES).max(1)
}

/// At most about [`MOST_PLACES`] of `places`, evenly, the last among them.
fn thinned<T: Copy>(places: &[T]) -> impl Iterator<Item = T> {
    let every = every(places.len());
    let last = places.len().saturating_sub(1);
    let kept = places.iter().enumerate().filter(move |(at, _)| at % every == 0 || *at == last);
    kept.map(|(_, place)| *place)
}

/// Lines with bands over an axis of numbers.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) title: &'a str,
    pub(super) log: LogAxes,
    pub(super) bundles: &'a [Bundle],
    /// The names of the axes.
    pub(super) labels: (&'a str, &'a str),
}

impl Lines<'_> {
    /// The picture, with a `handle` on its horizontal axis if asked for; `None` without values.
    pub(super) fn draw(&self, seen: &str, mut notes: Vec<String>, handle: bool) -> Option<String> {
        let log = self.log;
        let values = self.bundles.iter().flat_map(|bundle| bundle.extremes.iter().copied());
        let y = Scale::around(values, log.y, Frame::rise())?;
        let marks: Vec<String> = y.ticks(5).into_iter().map(|(_, text)| text).collect();
        let mut frame = Frame::new(self.title, Frame::widest(&marks), 0.0);
        let places = self.bundles.iter().flat_map(|bundle| {
            let tails = bundle.tails.iter().flatten().map(|(x, _)| *x);
            bundle.means.iter().map(|mean| mean.x).chain(tails)
        });
        let x = Scale::around(places, log.x, frame.across())?;
        frame.axes(Marks::Numbers(&x), self.labels.0, Marks::Numbers(&y), self.labels.1);
        let looks: Vec<Look> = (0..self.bundles.len()).map(Look::of).collect();
        // Bands first, so that none hides a line.
        for (bundle, look) in self.bundles.iter().zip(&looks) {
            band(&mut frame, bundle, *look, (&x, &y));
        }
        for (bundle, look) in self.bundles.iter().zip(&looks) {
            line(&mut frame, bundle, *look, (&x, &y));
        }
        if handle {
            frame.stretch(&x);
        }
        let names: Vec<(String, Look)> =
            self.bundles.iter().map(|bundle| bundle.name.clone()).zip(looks).collect();
        frame.legend(&names, true);
        notes.extend(self.left_out(&y));
        Some(frame.finish(self.title, seen, &notes))
    }

    /// What the picture does not show of its values.
    fn left_out(&self, y: &Scale) -> Vec<String> {
        let mut notes = Vec::new();
        let cut =
            |mean: &Mean| mean.interval.is_some_and(|(low, high)| y.cuts(low) || y.cuts(high));
        if self.bundles.iter().flat_map(|bundle| &bundle.means).any(cut) {
            notes.push("intervals end at the frame".to_owned());
        }
        let unfit: usize = self.bundles.iter().map(|bundle| bundle.unfit).sum();
        if unfit > 0 {
            let log = self.log.x || self.log.y;
            let what = if log { "not finite or not above 0" } else { "not finite" };
            notes.push(format!("{} left out, {what}", counted(unfit, "value")));
        }
        let every = self.bundles.iter().map(|bundle| bundle.every).max().unwrap_or(1);
        if every > 1 {
            notes.push(format!("one place in {every} is drawn"));
        }
        notes
    }
}

/// The intervals around the means of a group.
fn band(frame: &mut Frame, bundle: &Bundle, look: Look, (x, y): (&Scale, &Scale)) {
    if bundle.means.len() < 2 || bundle.means.iter().all(|mean| mean.interval.is_none()) {
        return;
    }
    let ends = |mean: &Mean| mean.interval.unwrap_or((mean.mean, mean.mean));
    let upper = bundle.means.iter().map(|mean| (x.at(mean.x), y.at(ends(mean).1)));
    let lower = bundle.means.iter().rev().map(|mean| (x.at(mean.x), y.at(ends(mean).0)));
    let outline: Vec<Point> = upper.chain(lower).collect();
    frame.canvas.area(&outline, look.colour, 0.18);
}

/// The mean of a group, and thinner what single seeds have.
fn line(frame: &mut Frame, bundle: &Bundle, look: Look, (x, y): (&Scale, &Scale)) {
    for tail in &bundle.tails {
        let tail: Vec<Point> = tail.iter().map(|(at, value)| (x.at(*at), y.at(*value))).collect();
        let thin = Stroke { opacity: 0.6, ..Stroke::solid(look.colour, 0.7) };
        let kept: Vec<Point> = thinned(&tail).collect();
        frame.canvas.path(&kept, thin);
    }
    let means: Vec<Point> =
        bundle.means.iter().map(|mean| (x.at(mean.x), y.at(mean.mean))).collect();
    frame.canvas.path(&means, look.stroke(1.6));
    for point in means.iter().step_by(means.len().div_ceil(8).max(1)) {
        frame.canvas.marker(look.marker, *point, 2.6, look.colour);
    }
}

/// The values of one run over a common axis, as they are: a line for each of `named`; `None` where
/// none has a value that can be drawn.
pub fn lines(
    title: &str,
    axis: &str,
    named: &[(&str, Vec<(f64, f64)>)],
    log: LogAxes,
) -> Option<String> {
    let bundles: Vec<Bundle> = named
        .iter()
        .map(|(name, points)| {
            let name = if named.len() > 1 { (*name).to_owned() } else { String::new() };
            bundle(name, std::slice::from_ref(points), (log.x, log.y), false)
        })
        .collect();
    let seen = format!("{title} over {axis}");
    Lines { title, log, bundles: &bundles, labels: (axis, "") }.draw(&seen, Vec::new(), false)
}
