//! What a comparison shows beside its summary: the same lines by other statistics, and all groups
//! together.

use ablate_sweep::{Spread, Statistic, Value};

use crate::label::Label;
use crate::stats::FEWEST_FOR_BOOTSTRAP;
use crate::table::{Cell, Row, Table};

use super::Comparison;
use super::display::column;

impl Comparison {
    /// What stands below the summary: other statistics, all groups together, and every cell.
    pub fn further_tables(&self) -> Vec<Table> {
        let overall = self.overall_table();
        [Some(self.further_table()), overall, Some(self.cells_table())]
            .into_iter()
            .flatten()
            .collect()
    }

    /// The lines of the summary by other statistics.
    pub fn further_table(&self) -> Table {
        let keys: Vec<String> =
            self.by.iter().chain([&self.axis]).cloned().chain(["cells".to_owned()]).collect();
        let unit = self.metric.unit;
        let columns = vec![
            column("median difference", unit),
            column("signed-rank p", "1"),
            column("P(better)", "1"),
        ];
        let rows = self.summary.iter().map(|row| {
            let mut labels = row.group.clone();
            labels.push(Label(Some(row.value.clone())));
            labels.push(Label(Some(Value::Text(self.cells_words(row)))));
            let none = || Cell::Word("-".to_owned());
            let further = self.further(row);
            let cells = vec![
                further.map_or(none(), |found| Cell::Estimate(found.median)),
                Cell::P(further.and_then(|found| found.signed_rank_p)),
                Cell::Effect(further.and_then(|found| found.improvement)),
            ];
            Row { labels, cells }
        });
        let title = format!("{}, by other statistics", self.title());
        let mut notes = vec![
            "signed-rank p: Wilcoxon, over the same pairs; P(better): how often a run of ours beats \
             one of the baseline, not paired"
                .to_owned(),
        ];
        if self.summary.iter().any(|row| row.values.len() < FEWEST_FOR_BOOTSTRAP) {
            notes.push(format!(
                "a bootstrap interval of fewer than {FEWEST_FOR_BOOTSTRAP} pairs is too narrow"
            ));
        }
        let table = self.table(title, keys, columns, rows.collect(), notes);
        Table { statistic: Statistic::Median, spread: Spread::Bca, ..table }
    }

    /// All groups together, where there are several.
    pub fn overall_table(&self) -> Option<Table> {
        let unit = self.metric.unit;
        let columns = vec![
            column(&self.baseline.to_string(), unit),
            column("ours", unit),
            column("P(better)", "1"),
            column("groups", "1"),
        ];
        let rows: Vec<Row> = self
            .overall()
            .iter()
            .map(|found| Row {
                labels: vec![Label(Some(found.value.clone()))],
                cells: vec![
                    Cell::Estimate(found.baseline),
                    Cell::Estimate(found.ours),
                    found.improvement.map_or(Cell::Word("-".to_owned()), Cell::Estimate),
                    Cell::Count(found.groups),
                ],
            })
            .collect();
        if rows.is_empty() {
            return None;
        }
        let title = format!("{}, over every {} together", self.title(), self.by.join(", "));
        let notes = vec![
            "of the chosen cells, which take scores of every group to be of one scale; P(better): how \
             often a run of ours beats one of the baseline, mean over groups; intervals by a bootstrap \
             stratified by group"
                .to_owned(),
        ];
        let table = self.table(title, vec![self.axis.clone()], columns, rows, notes);
        Some(Table { statistic: Statistic::Iqm, spread: Spread::Bca, ..table })
    }
}
