//! Parallel coordinates: a line a trial, through the values of its parameters to the mean of its
//! metric, coloured by it.

use super::canvas::{Point, Stroke};
use super::frame::Frame;
use super::palette::line_colour;
use super::scale::Scale;
use super::{Request, by_labels};
use crate::error::ReportError;
use crate::run_set::TrialRuns;
use crate::stats::mean;

pub(super) fn draw(
    request: &Request<'_>,
    axes: &[String],
    metric: &str,
    handles: bool,
) -> Result<String, ReportError> {
    let (heading, factor) = request.metric(metric);
    let value = |trial: &TrialRuns| {
        let values: Vec<f64> =
            trial.scores(metric).iter().map(|score| score.value * factor).collect();
        mean(&values)
    };
    let mut lines: Vec<(&TrialRuns, f64)> =
        request.trials.iter().filter_map(|trial| Some((*trial, value(trial)?))).collect();
    let scale = Scale::around(lines.iter().map(|(_, value)| *value), false, Frame::rise());
    let scale = scale.ok_or_else(|| request.nothing(&format!("a value of {metric}")))?;
    // The best ones are drawn last, over the others.
    lines.sort_by(|left, right| left.1.total_cmp(&right.1));
    let direction = request.catalog.metric(metric).map(|metric| metric.direction);
    if direction != Some(ablate_sweep::Direction::Higher) {
        lines.reverse();
    }
    let marks: Vec<(f64, String)> =
        scale.ticks(5).into_iter().map(|(value, text)| (scale.at(value), text)).collect();
    let mut frame = Frame::new(&request.spec.name, 0.0, 40.0);
    frame.left = 26.0;
    let step = (frame.right - frame.left) / axes.len() as f64;
    let place = |axis: usize| frame.left + step * axis as f64;
    let columns: Vec<Vec<(String, Vec<&TrialRuns>)>> = axes
        .iter()
        .map(|axis| {
            let found = by_labels(&request.trials, std::slice::from_ref(axis));
            found.into_iter().map(|(labels, members)| (labels[0].to_string(), members)).collect()
        })
        .collect();
    let xs: Vec<f64> = (0..=axes.len()).map(place).collect();
    let (least, greatest) = lines.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |ends, line| {
        (ends.0.min(line.1), ends.1.max(line.1))
    });
    for (trial, value) in &lines {
        let mut points: Vec<Point> = columns
            .iter()
            .zip(&xs)
            .map(|(values, x)| {
                let here = |(_, members): &(String, Vec<&TrialRuns>)| {
                    members.iter().any(|member| std::ptr::eq(*member, *trial))
                };
                let at = values.iter().position(here).unwrap_or(0);
                (*x, frame.row(at, values.len()).0)
            })
            .collect();
        points.push((xs[axes.len()], scale.at(*value)));
        let share = if greatest > least { (value - least) / (greatest - least) } else { 0.5 };
        let colour = line_colour(share);
        frame.canvas.open(&trial.trial.id);
        frame.canvas.path(&points, Stroke { opacity: 0.8, ..Stroke::solid(colour, 1.2) });
        frame.canvas.close();
    }
    for ((values, x), name) in columns.iter().zip(&xs).zip(axes) {
        let count = values.len();
        let every = count.div_ceil(14);
        let marks: Vec<(f64, String)> = values
            .iter()
            .enumerate()
            .step_by(every)
            .map(|(at, (text, _))| (frame.row(at, count).0, text.clone()))
            .collect();
        frame.upright(*x, name, step, &marks);
    }
    frame.upright(xs[axes.len()], &heading, step.min(80.0), &marks);
    if handles {
        xs.iter().enumerate().for_each(|(axis, x)| frame.rail(*x, axis));
    }
    let drawn: Vec<&TrialRuns> = lines.iter().map(|(trial, _)| *trial).collect();
    let mut notes = request.notes(&drawn, 1, "a line a trial, at its mean over seeds");
    let missing = request.trials.len() - lines.len();
    if missing > 0 {
        notes
            .push(format!("{} without a value left out", crate::number::counted(missing, "trial")));
    }
    let seen = format!("{metric} of every trial, by {}", axes.join(", "));
    Ok(frame.finish(&request.spec.name, &seen, &notes))
}
