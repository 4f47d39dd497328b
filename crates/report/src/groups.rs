//! Groups of runs as rows of statistics over their seeds. A seed counts once: where several trials of
//! a group share it, their mean is its value, as in the mean over all cells of a comparison.

use crate::grid::{Field, Grid};
use crate::stats::{mean, summary};

/// Runs that are equal in some columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The values in which they are equal.
    pub labels: Vec<Field>,
    /// How many runs there are, whatever became of them.
    pub runs: usize,
    /// How many trials they belong to.
    pub trials: usize,
    /// For each metric, for each seed that has it, its values: one a trial.
    pub values: Vec<Vec<Vec<f64>>>,
}

/// What stands behind the labels of each row.
const STATISTICS: [&str; 12] =
    ["metric", "trials", "runs", "n", "mean", "low", "high", "sd", "median", "iqm", "min", "max"];

/// One row a group and metric: `n` seeds, their mean with its 95% t interval from `low` to `high`,
/// and what [`summary`] knows besides.
pub fn statistics(keys: &[String], metrics: &[String], groups: &[Group]) -> Grid {
    let columns = keys.iter().map(String::as_str).chain(STATISTICS).map(str::to_owned).collect();
    let mut rows = Vec::new();
    for group in groups {
        for (metric, seeds) in metrics.iter().zip(&group.values) {
            let mut row = group.labels.clone();
            row.push(Field::Text(metric.clone()));
            row.extend([group.trials, group.runs].map(|count| Field::count(Some(count))));
            row.extend(fields(seeds));
            rows.push(row);
        }
    }
    Grid { columns, rows }
}

fn fields(seeds: &[Vec<f64>]) -> [Field; 9] {
    let values: Vec<f64> = seeds.iter().filter_map(|values| mean(values)).collect();
    let found = summary(&values);
    let interval = found.and_then(|found| found.estimate.interval);
    [
        Field::count(Some(values.len())),
        Field::real(found.map(|found| found.estimate.mean)),
        Field::real(interval.map(|interval| interval.low)),
        Field::real(interval.map(|interval| interval.high)),
        Field::real(found.and_then(|found| found.sd)),
        Field::real(found.map(|found| found.median)),
        Field::real(found.map(|found| found.iqm)),
        Field::real(found.map(|found| found.min)),
        Field::real(found.map(|found| found.max)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::renderers::{Format, Style};

    fn group(depth: i64, trials: usize, values: Vec<Vec<f64>>) -> Group {
        let runs = values.iter().map(Vec::len).sum();
        Group { labels: vec![Field::Int(depth)], runs, trials, values: vec![values] }
    }

    fn shown(groups: &[Group]) -> String {
        let grid = statistics(&["depth".to_owned()], &["test_error".to_owned()], groups);
        grid.render(Format::Csv, Style::default())
    }

    #[test]
    fn a_group_has_its_statistics_over_seeds() {
        let five = [0.0412, 0.0398, 0.0431, 0.0405, 0.0419].map(|value| vec![value]).to_vec();
        let rows = shown(&[group(1, 1, five), group(2, 1, vec![vec![0.5]]), group(3, 1, vec![])]);
        insta::assert_snapshot!(rows);
    }

    #[test]
    fn a_seed_counts_once_however_many_trials_share_it() {
        let shared = vec![vec![1.0, 3.0], vec![2.0, 4.0], vec![5.0]];
        let apart = vec![vec![2.0], vec![3.0], vec![5.0]];
        let statistics = |rows: String| {
            let line = rows.lines().nth(1).unwrap_or_default().to_owned();
            line.split(',').skip(4).map(str::to_owned).collect::<Vec<_>>()
        };
        let (shared, apart) = (shown(&[group(1, 2, shared)]), shown(&[group(1, 1, apart)]));
        assert_eq!(statistics(shared), statistics(apart));
    }
}
