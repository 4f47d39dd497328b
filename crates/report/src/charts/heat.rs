//! The mean of a metric over two parameters, a cell each pair of their values.

use ablate_sweep::Direction;

use super::canvas::{Anchor, Stroke, extent};
use super::frame::{Frame, Marks};
use super::palette::shade;
use super::{Request, by_labels};
use crate::error::ReportError;
use crate::number::Precision;
use crate::run_set::TrialRuns;
use crate::stats::{Estimate, LEVEL, estimate};

pub(super) fn draw(
    request: &Request<'_>,
    (x, y): (&String, &String),
    metric: &str,
) -> Result<String, ReportError> {
    let (heading, _) = request.metric(metric);
    let columns = by_labels(&request.trials, std::slice::from_ref(x));
    let rows = by_labels(&request.trials, std::slice::from_ref(y));
    let mut cells: Vec<(usize, usize, Option<Estimate>)> = Vec::new();
    let (mut drawn, mut most): (Vec<&TrialRuns>, usize) = (Vec::new(), 0);
    for (row, (_, in_row)) in rows.iter().enumerate() {
        for (column, (_, in_column)) in columns.iter().enumerate() {
            let both =
                |trial: &&&TrialRuns| in_column.iter().any(|other| std::ptr::eq(*other, **trial));
            let members: Vec<&TrialRuns> = in_row.iter().filter(both).copied().collect();
            most = most.max(members.len());
            let chosen = request.choose(&members);
            drawn.extend(chosen);
            let scores = chosen.map(|trial| trial.scores(metric)).unwrap_or_default();
            let values: Vec<f64> = scores.iter().map(|score| score.value).collect();
            cells.push((row, column, estimate(&values, LEVEL)));
        }
    }
    let means = || cells.iter().filter_map(|(_, _, cell)| cell.as_ref());
    let (low, high) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), cell| {
        (low.min(cell.mean), high.max(cell.mean))
    });
    if low > high {
        return Err(request.nothing(&format!("a value of {metric}")));
    }
    let unit = request.catalog.metric(metric).map_or("1", |metric| metric.unit);
    let precision = Precision::of(unit, means());
    let ends = [low, high].map(|value| precision.show(value));
    let beside = Frame::widest(&ends) + 26.0;
    let row_names: Vec<String> = rows.iter().map(|(labels, _)| labels[0].to_string()).collect();
    let column_names: Vec<String> =
        columns.iter().map(|(labels, _)| labels[0].to_string()).collect();
    let mut frame = Frame::new(&request.spec.name, Frame::widest(&row_names), beside);
    let share = |value: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    let best = best(request, metric, (low, high));
    for (row, column, cell) in &cells {
        let (middle, wide) = frame.slot(*column, columns.len());
        let (level, tall) = frame.row(*row, rows.len());
        let corner = (middle - wide / 2.0, level - tall / 2.0);
        match cell {
            Some(cell) => {
                let (fill, ink) = shade(share(cell.mean));
                let white = Stroke::solid("#ffffff", 1.0);
                frame.canvas.rect(corner, (wide, tall), &fill, Some(white));
                let text = precision.show(cell.mean);
                if extent(&text, 9.0) <= wide && tall >= 10.0 {
                    frame.inscribe((middle, level), &text, ink, Anchor::Middle);
                }
            }
            None => {
                frame.canvas.rect(corner, (wide, tall), "#eeeeee", None);
                frame.inscribe((middle, level), "–", "#555555", Anchor::Middle);
            }
        }
    }
    for (row, column, cell) in &cells {
        if let (Some(cell), Some(best)) = (cell, best)
            && cell.mean == best
        {
            let (middle, wide) = frame.slot(*column, columns.len());
            let (level, tall) = frame.row(*row, rows.len());
            let corner = (middle - wide / 2.0 + 1.0, level - tall / 2.0 + 1.0);
            let marked = Some(Stroke::solid("#d55e00", 2.0));
            frame.canvas.rect(corner, (wide - 2.0, tall - 2.0), "none", marked);
        }
    }
    frame.axes(Marks::Names(&column_names), x, Marks::Names(&row_names), y);
    key(&mut frame, &ends);
    let mut notes = request.notes(&drawn, most, &format!("mean of {heading} over seeds"));
    if best.is_some() {
        notes.push("framed: the best mean".to_owned());
    }
    if cells.iter().any(|(_, _, cell)| cell.is_none()) {
        notes.push("–: no value".to_owned());
    }
    let seen = format!("{metric} over {x} and {y}");
    Ok(frame.finish(&request.spec.name, &seen, &notes))
}

/// The best mean, where either end is better and the means differ.
fn best(request: &Request<'_>, metric: &str, (low, high): (f64, f64)) -> Option<f64> {
    let direction = request.catalog.metric(metric).map(|metric| metric.direction);
    match direction {
        Some(Direction::Lower) if low < high => Some(low),
        Some(Direction::Higher) if low < high => Some(high),
        _ => None,
    }
}

/// The colours from the least value, at the foot, to the greatest.
pub(super) fn key(frame: &mut Frame, [low, high]: &[String; 2]) {
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
