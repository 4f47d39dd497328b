//! Claims along a parameter of numbers: a gap that grows, a metric that rises or falls, an optimum
//! inside the range. Steps count, not distances: values such as 0.01, 0.1, 1 are one step apart each.

use ablate_sweep::{Direction, Filter};

use crate::label::Label;
use crate::run_set::TrialRuns;
use crate::stats::{PairedTest, difference, mean, paired_test};

use super::arms::{Arm, shared, takes};
use super::pairs::{side, tested};
use super::{Found, Gap, Request, Role, Side, Test, parts_by};

/// A difference below this share of its operands is rounding.
const ROUNDING: f64 = 1e-12;

/// The first arm minus the second grows along `along`.
pub(super) fn gap_grows(
    request: &Request<'_>,
    filters: &[Filter; 2],
    along: &str,
    trials: &[&TrialRuns],
) -> Found {
    let steps = steps(along, trials, 2).map_err(|gap| (vec![], gap))?;
    let named = steps.iter().flat_map(|(label, members)| {
        filters.iter().map(move |filter| {
            let taken = members.iter().filter(|runs| takes(filter, runs)).copied();
            (format!("{along} {label}, {}", filter.text), taken.collect())
        })
    });
    let arms = request.named_arms(named.collect())?;
    let change = shared(&arms).and_then(|rows| {
        let gaps = rows.iter().map(|row| {
            row.chunks(2).map(|pair| difference(pair[0], pair[1])).collect::<Vec<f64>>()
        });
        let changes: Vec<f64> = gaps.map(|gaps| change(&gaps)).collect();
        let mut test = tested(format!("change of the gap {}", ends(along, &steps)), &changes)?;
        test.side = side(test.value, Side::Against);
        Ok(test)
    });
    with(arms, change.map(|test| vec![test]))
}

/// The metric rises or falls along `along`: as a whole, and no step goes the other way. `lower` is
/// the side that a falling value is on.
pub(super) fn monotone(
    request: &Request<'_>,
    along: &str,
    trials: &[&TrialRuns],
    lower: Side,
) -> Found {
    let steps = steps(along, trials, 2).map_err(|gap| (vec![], gap))?;
    let arms = request.named_arms(named(along, &steps))?;
    let tests = shared(&arms).and_then(|rows| {
        let changes: Vec<f64> = rows.iter().map(|row| change(row)).collect();
        let mut tests = vec![tested(format!("change {}", ends(along, &steps)), &changes)?];
        // Of two values, the one step is the whole.
        let first = if steps.len() == 2 { 2 } else { 1 };
        for at in first..steps.len() {
            let what = format!("step to {along} {}", steps[at].0);
            let changes: Vec<f64> =
                rows.iter().map(|row| difference(row[at], row[at - 1])).collect();
            tests.push(Test { role: Role::Step, ..tested(what, &changes)? });
        }
        for test in &mut tests {
            test.side = side(test.value, lower);
        }
        Ok(tests)
    });
    with(arms, tests)
}

/// An inner value is better than both ends. That some inner value is: of those that lie on the better
/// side of both ends, the one whose weaker test is strongest, its p times the number of inner values.
/// That none is: an end that is better than all inner ones, the weakest p of its tests times the
/// number of ends.
pub(super) fn inner_optimum(request: &Request<'_>, along: &str, trials: &[&TrialRuns]) -> Found {
    let steps = steps(along, trials, 3).map_err(|gap| (vec![], gap))?;
    let arms = request.named_arms(named(along, &steps))?;
    let test = shared(&arms).and_then(|rows| {
        let (last, better) = (steps.len() - 1, better(request.metric.direction));
        let inner: Vec<usize> = (1..last).collect();
        let means: Vec<f64> = (0..=last).filter_map(|at| mean(&column(&rows, at))).collect();
        let best = (0..=last)
            .min_by(|left, right| (better * means[*left]).total_cmp(&(better * means[*right])));
        let best = best.expect("there are three values or more");
        let is_inner = inner.contains(&best);
        let (ours, theirs, chances) = match is_inner {
            true => (inner.clone(), vec![0, last], inner.len()),
            false => (vec![best], inner, 2),
        };
        let weakest = ours.iter().filter_map(|at| weakest(&rows, *at, &theirs, better));
        let strongest = weakest.min_by(|left, right| p_of(&left.2).total_cmp(&p_of(&right.2)));
        let Some((at, other, found)) = strongest else {
            return Err(Gap::NotYet("the values do not differ".to_owned()));
        };
        let what = format!("{along} {} against {along} {}", steps[at].0, steps[other].0);
        let p = found.p.map(|p| (p * chances as f64).min(1.0));
        let differences: Vec<f64> =
            rows.iter().map(|row| difference(row[at], row[other])).collect();
        let side = if is_inner { Side::For } else { Side::Against };
        Ok(vec![Test { side, p, ..tested(what, &differences)? }])
    });
    with(arms, test)
}

/// The opponent that the value at `at` beats least clearly, if it is on the better side of all.
fn weakest(
    rows: &[Vec<f64>],
    at: usize,
    opponents: &[usize],
    better: f64,
) -> Option<(usize, usize, PairedTest)> {
    let against = |other: &usize| {
        let differences: Vec<f64> =
            rows.iter().map(|row| better * difference(row[at], row[*other])).collect();
        let found = paired_test(&differences)?;
        (found.difference.mean < 0.0).then_some((at, *other, found))
    };
    let tests: Vec<(usize, usize, PairedTest)> =
        opponents.iter().map(against).collect::<Option<_>>()?;
    tests.into_iter().max_by(|left, right| p_of(&left.2).total_cmp(&p_of(&right.2)))
}

/// A test without spread says nothing.
fn p_of(test: &PairedTest) -> f64 {
    test.p.unwrap_or(1.0)
}

/// By what a value is multiplied so that lower is better.
fn better(direction: Direction) -> f64 {
    match direction {
        Direction::Lower | Direction::Neither => 1.0,
        Direction::Higher => -1.0,
    }
}

fn column(rows: &[Vec<f64>], at: usize) -> Vec<f64> {
    rows.iter().map(|row| row[at]).collect()
}

/// The trials of every value of `along`, in order; those for which it means nothing are in all.
fn steps<'a>(
    along: &str,
    trials: &[&'a TrialRuns],
    fewest: usize,
) -> Result<Vec<(Label, Vec<&'a TrialRuns>)>, Gap> {
    let parts = parts_by(trials, &[along.to_owned()]);
    let labelled = parts.into_iter().filter_map(|(mut labels, members)| {
        let label = labels.pop().filter(|label| label.0.is_some())?;
        Some((label, members))
    });
    let steps: Vec<_> = labelled.collect();
    if steps.len() < fewest {
        let found = steps.len();
        return Err(Gap::NotPlanned(format!(
            "the planned trials have {found} of the {fewest} values of {along} that it takes"
        )));
    }
    Ok(steps)
}

fn named<'a>(
    along: &str,
    steps: &[(Label, Vec<&'a TrialRuns>)],
) -> Vec<(String, Vec<&'a TrialRuns>)> {
    steps.iter().map(|(label, members)| (format!("{along} {label}"), members.clone())).collect()
}

fn ends(along: &str, steps: &[(Label, Vec<&TrialRuns>)]) -> String {
    match (steps.first(), steps.last()) {
        (Some((first, _)), Some((last, _))) => format!("from {along} {first} to {along} {last}"),
        (Some(_) | None, Some(_) | None) => String::new(),
    }
}

/// The change from the first to the last of `values` along the line that fits them best.
fn change(values: &[f64]) -> f64 {
    let last = (values.len() - 1) as f64;
    let centre = last / 2.0;
    let place = |at: usize| at as f64 - centre;
    let scale: f64 = (0..values.len()).map(|at| place(at).powi(2)).sum::<f64>() / last;
    let sum: f64 = values.iter().enumerate().map(|(at, value)| place(at) * value).sum();
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let change = sum / scale;
    if change.abs() <= ROUNDING * largest { 0.0 } else { change }
}

fn with(arms: Vec<Arm>, tests: Result<Vec<Test>, Gap>) -> Found {
    match tests {
        Ok(tests) => Ok((arms, tests)),
        Err(gap) => Err((arms, gap)),
    }
}

#[cfg(test)]
mod tests {
    use super::change;

    #[test]
    fn the_change_is_that_of_the_best_line() {
        assert_eq!(change(&[1.0, 4.0]), 3.0);
        assert_eq!(change(&[1.0, 2.0, 3.0, 4.0]), 3.0);
        // numpy.polyfit(range(3), [0, 3, 3], 1)[0] * 2 gives 3
        assert!((change(&[0.0, 3.0, 3.0]) - 3.0).abs() < 1e-12);
        assert_eq!(change(&[0.1 + 0.2, 0.3, 0.3]), 0.0);
    }
}
