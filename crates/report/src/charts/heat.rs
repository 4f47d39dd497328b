//! The mean of a metric over two parameters, a cell each pair of their values; or the means of several
//! metrics, a row each. The best is framed: of all, but of each dataset alone where a row or a column is
//! one, since errors at different problems say nothing of each other.

use ablate_sweep::Direction;

use super::cells::Cells;
use super::{Request, by_labels};
use crate::error::ReportError;
use crate::run_set::TrialRuns;
use crate::stats::{Estimate, LEVEL, estimate};

pub(super) fn draw(
    request: &Request<'_>,
    (x, y): (&String, &String),
    metric: &str,
) -> Result<String, ReportError> {
    let columns = by_labels(&request.trials, std::slice::from_ref(x));
    let rows = by_labels(&request.trials, std::slice::from_ref(y));
    let mut means: Vec<Option<Estimate>> = Vec::new();
    let (mut drawn, mut most): (Vec<&TrialRuns>, usize) = (Vec::new(), 0);
    for (_, in_row) in &rows {
        for (_, in_column) in &columns {
            let both =
                |trial: &&&TrialRuns| in_column.iter().any(|other| std::ptr::eq(*other, **trial));
            let members: Vec<&TrialRuns> = in_row.iter().filter(both).copied().collect();
            most = most.max(members.len());
            let chosen = request.choose(&members);
            drawn.extend(chosen);
            means.push(chosen.and_then(|trial| mean(trial, metric)));
        }
    }
    let name = |labels: &[crate::label::Label]| labels[0].to_string();
    let row_names: Vec<String> = rows.iter().map(|(labels, _)| name(labels)).collect();
    let column_names: Vec<String> = columns.iter().map(|(labels, _)| name(labels)).collect();
    let peers = Peers::over(x, y);
    let bests: Vec<Option<f64>> = (0..peers.groups(rows.len(), columns.len()))
        .map(|group| {
            let places = means.iter().enumerate();
            let among = places
                .filter(|(at, _)| peers.group(at / columns.len(), at % columns.len()) == group);
            best(request, metric, among.filter_map(|(_, mean)| mean.as_ref()))
        })
        .collect();
    let cells = Cells {
        title: &request.spec.name,
        labels: (x, y),
        columns: &column_names,
        rows: &row_names,
        means: &means,
        unit: request.unit(metric),
    };
    let frame = cells.draw(|row, column, mean| Some(mean) == bests[peers.group(row, column)]);
    let frame = frame.ok_or_else(|| request.nothing(&format!("a value of {metric}")))?;
    let heading = request.metric(metric).0;
    let mut notes = request.notes(&drawn, most, &format!("mean of {heading} over seeds"));
    notes.extend(explained(bests.iter().any(Option::is_some), &means, peers.note()));
    let seen = format!("{metric} over {x} and {y}");
    Ok(frame.finish(&request.spec.name, &seen, &notes))
}

/// A row for every one of `metrics`, a column for every group of `by`.
pub(super) fn matrix(
    request: &Request<'_>,
    metrics: &[String],
    by: &[String],
) -> Result<String, ReportError> {
    let groups = request.groups(by)?;
    let chosen: Vec<Option<&TrialRuns>> =
        groups.iter().map(|group| request.choose(&group.members)).collect();
    // From the foot up, so that the first one stands at the head.
    let upwards: Vec<&String> = metrics.iter().rev().collect();
    let means: Vec<Option<Estimate>> = upwards
        .iter()
        .flat_map(|metric| chosen.iter().map(|trial| mean((*trial)?, metric)))
        .collect();
    let bests: Vec<Option<f64>> = upwards
        .iter()
        .zip(means.chunks(chosen.len()))
        .map(|(metric, row)| best(request, metric, row.iter().flatten()))
        .collect();
    let shared = shared(metrics);
    let rows: Vec<String> = upwards.iter().map(|name| name[shared.len()..].to_owned()).collect();
    let columns: Vec<String> = groups.iter().map(|group| group.name.clone()).collect();
    let unit = metrics.first().map_or("1", |metric| request.unit(metric));
    let heading = format!("{}{}", shared.trim_end_matches('_'), crate::number::unit_suffix(unit));
    let cells = Cells {
        title: &request.spec.name,
        labels: (&by.join(", "), &heading),
        columns: &columns,
        rows: &rows,
        means: &means,
        unit,
    };
    let frame = cells.draw(|row, _, mean| Some(mean) == bests[row]);
    let frame = frame.ok_or_else(|| request.nothing("a value of the metrics"))?;
    let drawn: Vec<&TrialRuns> = chosen.iter().flatten().copied().collect();
    let most = groups.iter().map(|group| group.members.len()).max().unwrap_or(0);
    let mut notes = request.notes(&drawn, most, "means over seeds");
    let any = bests.iter().any(Option::is_some);
    notes.extend(explained(any, &means, Peers::OfARow.note()));
    let seen = format!("{} metrics by {}", metrics.len(), by.join(", "));
    Ok(frame.finish(&request.spec.name, &seen, &notes))
}

/// Among which cells one is the best.
#[derive(Clone, Copy)]
enum Peers {
    All,
    OfARow,
    OfAColumn,
}

impl Peers {
    fn over(x: &str, y: &str) -> Peers {
        if y == "dataset" {
            Peers::OfARow
        } else if x == "dataset" {
            Peers::OfAColumn
        } else {
            Peers::All
        }
    }

    fn groups(self, rows: usize, columns: usize) -> usize {
        match self {
            Peers::All => 1,
            Peers::OfARow => rows,
            Peers::OfAColumn => columns,
        }
    }

    fn group(self, row: usize, column: usize) -> usize {
        match self {
            Peers::All => 0,
            Peers::OfARow => row,
            Peers::OfAColumn => column,
        }
    }

    fn note(self) -> &'static str {
        match self {
            Peers::All => "framed: the best mean",
            Peers::OfARow => "framed: the best of each row",
            Peers::OfAColumn => "framed: the best of each column",
        }
    }
}

fn mean(trial: &TrialRuns, metric: &str) -> Option<Estimate> {
    let values: Vec<f64> = trial.scores(metric).iter().map(|score| score.value).collect();
    estimate(&values, LEVEL)
}

/// What frames and gaps mean, where there are any.
fn explained(framed: bool, means: &[Option<Estimate>], frame: &str) -> Vec<String> {
    let frame = framed.then(|| frame.to_owned());
    let gap = means.iter().any(Option::is_none).then(|| "–: no value".to_owned());
    frame.into_iter().chain(gap).collect()
}

/// The best of `means`, where either end is better and the means differ.
fn best<'a>(
    request: &Request<'_>,
    metric: &str,
    means: impl Iterator<Item = &'a Estimate>,
) -> Option<f64> {
    let (low, high) = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), cell| {
        (low.min(cell.mean), high.max(cell.mean))
    });
    let direction = request.catalog.metric(metric).map(|metric| metric.direction);
    match direction {
        Some(Direction::Lower) if low < high => Some(low),
        Some(Direction::Higher) if low < high => Some(high),
        _ => None,
    }
}

/// What all `names` begin with, up to and with a `_`: `mnist_c_error_`.
fn shared(names: &[String]) -> &str {
    let Some(first) = names.first().filter(|_| names.len() > 1) else { return "" };
    let ends = first.rmatch_indices('_').map(|(at, _)| &first[..=at]);
    ends.into_iter().find(|start| names.iter().all(|name| name.starts_with(*start))).unwrap_or("")
}
