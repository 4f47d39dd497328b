//! Which cell of a column is the best, and which are not told apart from it: by a paired t-test (of
//! medians and interquartile means, a signed-rank test) over the seeds that both have,
//! Holm-corrected within the column.

use std::collections::BTreeMap;

use ablate_sweep::{Direction, Statistic};

use crate::stats::{difference, holm, paired_test, signed_rank_p};
use crate::table::{Cell, Mark, Measured};

/// A difference with a corrected p below this counts.
pub(crate) const ALPHA: f64 = 0.05;

/// Fewer pairs than this are not tested.
pub(crate) const FEWEST_PAIRS: usize = 3;

/// Marks the cells of one column. Cells with all planned seeds go before all others, so that one
/// lucky seed among failures is never the best.
pub(super) fn mark(cells: &mut [Cell], direction: Direction, statistic: Statistic) {
    let measured: Vec<&mut Measured> = cells.iter_mut().filter_map(Cell::measured_mut).collect();
    let Some(best) = best(&measured, direction) else { return };
    let best_by_seed: BTreeMap<u64, f64> =
        measured[best].scores.iter().map(|score| (score.seed, score.value)).collect();
    let differences: Vec<Vec<f64>> =
        measured.iter().map(|cell| shared_differences(cell, &best_by_seed)).collect();
    let ps = differences.iter().map(|shared| testable_p(shared, statistic));
    let ps = holm(&ps.collect::<Vec<_>>());
    for (at, cell) in measured.into_iter().enumerate() {
        let equal = !differences[at].is_empty() && differences[at].iter().all(|d| *d == 0.0);
        cell.mark = Some(match ps[at] {
            _ if at == best => Mark::Best,
            _ if equal => Mark::Tie,
            Some(p) if p >= ALPHA => Mark::Tie,
            Some(_) => Mark::Worse,
            None => Mark::Untested,
        });
    }
}

fn best(cells: &[&mut Measured], direction: Direction) -> Option<usize> {
    let sign = match direction {
        Direction::Lower => 1.0,
        Direction::Higher => -1.0,
        Direction::Neither => return None,
    };
    let rank = |cell: &Measured| (cell.estimate.n < cell.planned, sign * cell.estimate.mean);
    let ranked = cells.iter().enumerate().map(|(at, cell)| (at, rank(cell)));
    ranked
        .min_by(|(_, left), (_, right)| left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)))
        .map(|(at, _)| at)
}

fn shared_differences(cell: &Measured, best: &BTreeMap<u64, f64>) -> Vec<f64> {
    let shared = cell.scores.iter().filter_map(|score| Some((score.value, best.get(&score.seed)?)));
    shared.map(|(value, best)| difference(value, *best)).collect()
}

fn testable_p(differences: &[f64], statistic: Statistic) -> Option<f64> {
    if differences.len() < FEWEST_PAIRS {
        return None;
    }
    match statistic {
        Statistic::Mean => paired_test(differences)?.p,
        Statistic::Median | Statistic::Iqm => signed_rank_p(differences),
    }
}
