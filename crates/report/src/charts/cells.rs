//! Means as cells of colour, in rows and columns.

use super::canvas::{Anchor, Stroke, extent};
use super::frame::{Frame, Marks};
use super::palette::shade;
use crate::number::Precision;
use crate::stats::Estimate;

/// A sheet of means.
#[derive(Debug)]
pub(super) struct Cells<'a> {
    pub(super) title: &'a str,
    /// The names of the axes, the horizontal one first.
    pub(super) labels: (&'a str, &'a str),
    pub(super) columns: &'a [String],
    /// From the foot up.
    pub(super) rows: &'a [String],
    /// Row by row, from the foot up.
    pub(super) means: &'a [Option<Estimate>],
    /// The unit of the values.
    pub(super) unit: &'a str,
}

impl Cells<'_> {
    /// The picture, those cells framed that `best` says, by their row, column and value; `None` without
    /// any mean.
    pub(super) fn draw(&self, best: impl Fn(usize, usize, f64) -> bool) -> Option<Frame> {
        let means = || self.means.iter().flatten();
        let (low, high) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), cell| {
            (low.min(cell.mean), high.max(cell.mean))
        });
        if low > high {
            return None;
        }
        let precision = Precision::of(self.unit, means());
        let ends = [low, high].map(|value| precision.show(value));
        let beside = Frame::widest(&ends) + 26.0;
        let mut frame = Frame::new(self.title, Frame::widest(self.rows), beside);
        frame.grow(self.rows.len());
        let share = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
        let places = || {
            let all = self.means.iter().enumerate();
            all.map(|(at, cell)| (at / self.columns.len(), at % self.columns.len(), cell))
        };
        for (row, column, cell) in places() {
            let ((x, wide), (y, tall)) =
                (frame.slot(column, self.columns.len()), frame.row(row, self.rows.len()));
            let corner = (x - wide / 2.0, y - tall / 2.0);
            match cell {
                Some(cell) => {
                    let (fill, ink) = shade(share(cell.mean));
                    let white = Stroke::solid("#ffffff", 1.0);
                    frame.canvas.rect(corner, (wide, tall), &fill, Some(white));
                    let text = precision.show(cell.mean);
                    if extent(&text, 9.0) <= wide && tall >= 10.0 {
                        frame.inscribe((x, y), &text, ink, Anchor::Middle);
                    }
                }
                None => {
                    frame.canvas.rect(corner, (wide, tall), "#eeeeee", None);
                    frame.inscribe((x, y), "–", "#777777", Anchor::Middle);
                }
            }
        }
        for (row, column, cell) in places() {
            if cell.as_ref().is_some_and(|cell| best(row, column, cell.mean)) {
                let ((x, wide), (y, tall)) =
                    (frame.slot(column, self.columns.len()), frame.row(row, self.rows.len()));
                let corner = (x - wide / 2.0 + 1.0, y - tall / 2.0 + 1.0);
                let marked = Some(Stroke::solid("#d55e00", 2.0));
                frame.canvas.rect(corner, (wide - 2.0, tall - 2.0), "none", marked);
            }
        }
        let (x, y) = self.labels;
        frame.axes(Marks::Names(self.columns), x, Marks::Names(self.rows), y);
        key(&mut frame, &ends);
        Some(frame)
    }
}

/// The colours from the least value, at the foot, to the greatest.
fn key(frame: &mut Frame, [low, high]: &[String; 2]) {
    const STEPS: usize = 40;
    let (left, tall) = (frame.right + 10.0, frame.bottom - frame.top);
    for step in 0..STEPS {
        let (fill, _) = shade((step as f64 + 0.5) / STEPS as f64);
        let top = frame.bottom - tall * (step + 1) as f64 / STEPS as f64;
        // A little overlap leaves no seams.
        frame.canvas.rect((left, top), (8.0, tall / STEPS as f64 + 0.3), &fill, None);
    }
    for (at, text) in [(frame.bottom - 3.0, low), (frame.top + 3.0, high)] {
        frame.inscribe((left + 11.0, at), text, "#222222", Anchor::Start);
    }
}
