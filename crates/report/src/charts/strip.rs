//! Every seed beside the mean or the quartiles of its place: lanes of groups in slots of names.

use ablate_sweep::plots::Shown;

use super::canvas::{Point, Stroke};
use super::frame::{Frame, Marks};
use super::palette::Look;
use super::scale::Scale;
use super::series::Mean;

/// What is drawn: a lane a row, its values in every slot.
#[derive(Debug)]
pub(super) struct Strip<'a> {
    pub(super) title: &'a str,
    pub(super) shown: Shown,
    /// Whether the vertical axis is logarithmic.
    pub(super) log: bool,
    /// Whether a line stands at 0, which the axis then reaches.
    pub(super) zero: bool,
    /// The names of the slots.
    pub(super) names: &'a [String],
    /// Groups with the values of their seeds in each slot.
    pub(super) rows: &'a [(String, Vec<&'a [f64]>)],
    /// The names of the axes.
    pub(super) labels: (&'a str, &'a str),
}

impl Strip<'_> {
    /// The picture; `None` without values.
    pub(super) fn draw(&self, seen: &str, mut notes: Vec<String>) -> Option<String> {
        let values = self.rows.iter().flat_map(|(_, slots)| slots).flat_map(|slot| slot.iter());
        let foot = self.zero.then_some(0.0);
        let y = Scale::around(values.copied().chain(foot), self.log, Frame::rise())?;
        let marks: Vec<String> = y.ticks(5).into_iter().map(|(_, text)| text).collect();
        let mut frame = Frame::new(self.title, Frame::widest(&marks), 0.0);
        frame.axes(Marks::Names(self.names), self.labels.0, Marks::Numbers(&y), self.labels.1);
        self.lines(&mut frame, &y);
        let mut cut = false;
        for (group, (_, slots)) in self.rows.iter().enumerate() {
            let look = Look::of(group);
            for (place, values) in slots.iter().enumerate() {
                let (middle, wide) = frame.slot(place, slots.len());
                let lane = wide * 0.86 / self.rows.len() as f64;
                let middle = middle + lane * (group as f64 + 0.5 - self.rows.len() as f64 / 2.0);
                let lane = lane.min(46.0);
                match self.shown {
                    Shown::Box => quartiles(&mut frame, &y, values, (middle, lane), look),
                    Shown::Strip | Shown::Line => {
                        cut |= interval(&mut frame, &y, values, (middle, lane), look);
                    }
                }
                dots(&mut frame, &y, values, (middle, lane), look);
            }
        }
        if cut {
            notes.push("intervals end at the frame".to_owned());
        }
        let looks =
            self.rows.iter().enumerate().map(|(at, (name, _))| (name.clone(), Look::of(at)));
        frame.legend(&looks.collect::<Vec<_>>(), false);
        Some(frame.finish(self.title, seen, &notes))
    }

    /// The lines between slots, and the one at 0.
    fn lines(&self, frame: &mut Frame, y: &Scale) {
        for place in 1..self.names.len() {
            let (middle, wide) = frame.slot(place, self.names.len());
            let edge = middle - wide / 2.0;
            let between = Stroke { dash: "1 3", ..Stroke::solid("#bbbbbb", 0.6) };
            frame.canvas.path(&[(edge, frame.top), (edge, frame.bottom)], between);
        }
        if self.zero {
            let at = y.at(0.0);
            frame
                .canvas
                .path(&[(frame.left, at), (frame.right, at)], Stroke::solid("#444444", 1.0));
        }
    }
}

/// Seeds beside each other in their order, so that equal values show, too.
fn dots(frame: &mut Frame, y: &Scale, values: &[f64], (middle, lane): (f64, f64), look: Look) {
    let radius = (lane / 7.0).clamp(1.2, 2.4);
    let last = values.len().saturating_sub(1).max(1) as f64;
    for (at, value) in values.iter().enumerate() {
        let aside = if values.len() > 1 { at as f64 / last - 0.5 } else { 0.0 };
        frame.dot((middle + aside * lane * 0.5, y.at(*value)), look, radius);
    }
}

/// Draws the mean as a bar with its interval; whether the frame cuts the interval off.
fn interval(
    frame: &mut Frame,
    y: &Scale,
    values: &[f64],
    (middle, lane): (f64, f64),
    look: Look,
) -> bool {
    let Some(mean) = Mean::of(0.0, values) else { return false };
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

fn quartiles(frame: &mut Frame, y: &Scale, values: &[f64], (middle, lane): (f64, f64), look: Look) {
    let mut sorted = values.to_vec();
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
