//! Claims about two arms: below, above, equal within a margin, less spread over seeds. All of them
//! look at the pairs of one seed.

use ablate_sweep::Filter;

use crate::run_set::TrialRuns;
use crate::stats::{LEVEL, difference, equivalence_p, paired_test, spread_test, t_test_p};

use super::arms::shared;
use super::{Found, Gap, Request, Role, Scale, Side, Test};

/// The first arm is lower than the second; `lower` is the side that a negative difference is on.
pub(super) fn ordered(
    request: &Request<'_>,
    filters: &[Filter; 2],
    trials: &[&TrialRuns],
    lower: Side,
) -> Found {
    with_pairs(request, filters, trials, |pairs| {
        let mut test = difference_of(pairs)?;
        test.side = side(test.value, lower);
        Ok(test)
    })
}

/// The two arms differ by less than `margin`.
pub(super) fn equal(
    request: &Request<'_>,
    filters: &[Filter; 2],
    trials: &[&TrialRuns],
    margin: f64,
) -> Found {
    with_pairs(request, filters, trials, |pairs| {
        let mut test = difference_of(pairs)?;
        let differences = differences(pairs);
        test.side = if test.value.abs() < margin { Side::For } else { Side::Against };
        test.p = match test.side {
            // The same in every seed: there is no spread to test by, and none is needed.
            Side::For if differences.iter().all(|d| *d == 0.0) => Some(0.0),
            Side::For => equivalence_p(&differences, margin),
            Side::Against => t_test_p(&differences, margin.copysign(test.value)),
        };
        Ok(test)
    })
}

/// The first arm spreads less over seeds than the second.
pub(super) fn less_spread(
    request: &Request<'_>,
    filters: &[Filter; 2],
    trials: &[&TrialRuns],
) -> Found {
    with_pairs(request, filters, trials, |pairs| {
        let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
        let Some(found) = spread_test(&x, &y, LEVEL) else {
            return Err(Gap::NotYet("an arm does not spread at all".to_owned()));
        };
        Ok(Test {
            what: "ratio of standard deviations".to_owned(),
            value: found.ratio,
            scale: Scale::Ratio,
            interval: Some(found.interval),
            n: found.n,
            side: if found.ratio < 1.0 { Side::For } else { Side::Against },
            p: Some(found.p),
            holm_p: None,
            role: Role::Whole,
        })
    })
}

fn with_pairs(
    request: &Request<'_>,
    filters: &[Filter; 2],
    trials: &[&TrialRuns],
    test: impl Fn(&[(f64, f64)]) -> Result<Test, Gap>,
) -> Found {
    let arms = request.arms(filters, trials)?;
    let tested = shared(&arms).and_then(|rows| {
        let pairs: Vec<(f64, f64)> = rows.iter().map(|row| (row[0], row[1])).collect();
        test(&pairs)
    });
    match tested {
        Ok(test) => Ok((arms, vec![test])),
        Err(gap) => Err((arms, gap)),
    }
}

fn differences(pairs: &[(f64, f64)]) -> Vec<f64> {
    pairs.iter().map(|(first, second)| difference(*first, *second)).collect()
}

fn difference_of(pairs: &[(f64, f64)]) -> Result<Test, Gap> {
    tested("difference".to_owned(), &differences(pairs))
}

/// The mean of `changes`, one a seed, tested against 0; on which side it is remains to be said.
pub(super) fn tested(what: String, changes: &[f64]) -> Result<Test, Gap> {
    let found = paired_test(changes).ok_or_else(|| Gap::NotYet("no seeds".to_owned()))?;
    Ok(Test {
        what,
        value: found.difference.mean,
        scale: Scale::Metric,
        interval: found.difference.interval,
        n: found.difference.n,
        side: Side::Against,
        p: found.p,
        holm_p: None,
        role: Role::Whole,
    })
}

/// The side of `value`, where that of negative ones is `lower`; 0 is on no claim's side.
pub(super) fn side(value: f64, lower: Side) -> Side {
    match (lower, value < 0.0, value > 0.0) {
        (Side::For, true, _) | (Side::Against, _, true) => Side::For,
        (Side::For, false, _) | (Side::Against, _, false) => Side::Against,
    }
}
