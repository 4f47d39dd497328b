//! Two values of every run against each other.

use ablate_sweep::{Run, TrialId, Value};

use super::canvas::Point;
use super::frame::{Frame, Marks};
use super::palette::Look;
use super::scale::Scale;
use super::{Request, finished};
use crate::error::ReportError;
use crate::number::counted;

/// A mark: which trial it is of, and where it stands.
struct Mark<'a> {
    trial: &'a TrialId,
    at: Point,
}

/// `x` is a metric or a parameter, `y` a metric.
pub(super) fn draw(
    request: &Request<'_>,
    (x, y): (&str, &str),
    by: &[String],
) -> Result<String, ReportError> {
    let groups = request.groups(by)?;
    let (y_label, y_factor) = request.metric(y);
    let (x_label, x_factor) = match request.catalog.metric(x) {
        Some(_) => request.metric(x),
        None => (x.to_owned(), 1.0),
    };
    let log = request.spec.log;
    let point = |run: &Run| -> Option<Point> {
        let across = run.scores.get(x).copied();
        let across = across.or_else(|| run.params.get(x).and_then(Value::as_float))?;
        let point = (across * x_factor, run.scores.get(y)? * y_factor);
        (Scale::bears(log.x, point.0) && Scale::bears(log.y, point.1)).then_some(point)
    };
    let (mut marks, mut runs): (Vec<Vec<Mark<'_>>>, usize) = (Vec::new(), 0);
    for group in &groups {
        let mut of_group = Vec::new();
        for run in group.members.iter().flat_map(|trial| finished(trial)) {
            runs += 1;
            of_group.extend(point(run).map(|at| Mark { trial: &run.trial, at }));
        }
        marks.push(of_group);
    }
    let nothing = || request.nothing(&format!("both {x} and {y}"));
    let all = || marks.iter().flatten().map(|mark| mark.at);
    let vertical = Scale::around(all().map(|at| at.1), log.y, Frame::rise()).ok_or_else(nothing)?;
    let ticks: Vec<String> = vertical.ticks(5).into_iter().map(|(_, text)| text).collect();
    let mut frame = Frame::new(&request.spec.name, Frame::widest(&ticks), 0.0);
    let across = Scale::around(all().map(|at| at.0), log.x, frame.across()).ok_or_else(nothing)?;
    frame.axes(Marks::Numbers(&across), &x_label, Marks::Numbers(&vertical), &y_label);
    for (place, of_group) in marks.iter().enumerate() {
        for mark in of_group {
            let at = (across.at(mark.at.0), vertical.at(mark.at.1));
            frame.canvas.open(mark.trial);
            frame.dot(at, Look::of(place), 2.6);
            frame.canvas.close();
        }
    }
    let names = groups.iter().enumerate().map(|(at, group)| (group.name.clone(), Look::of(at)));
    frame.legend(&names.collect::<Vec<_>>(), false);
    let shown: usize = marks.iter().map(Vec::len).sum();
    let mut notes = vec![format!("a mark a run ({shown})")];
    if shown < runs {
        notes
            .push(format!("{} without a place on the axes left out", counted(runs - shown, "run")));
    }
    Ok(frame.finish(&request.spec.name, &format!("{y} against {x}"), &notes))
}
