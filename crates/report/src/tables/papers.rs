//! What others printed, beside what we found: a column of its own for every source, its values as they
//! were printed. They take no part in marks: what their plus-minus means is theirs to say.

use ablate_sweep::specs::{Paper, PaperValue, TableSpec};
use ablate_sweep::{Metric, Trust};

use crate::label::{Label, phrase};
use crate::table::{Cell, Column, Quoted, Row, Table};

/// Adds a column for every paper that has a value of `metric` under these column labels.
pub(super) fn columns(table: &mut Table, spec: &TableSpec, labels: &[Label], metric: &Metric) {
    let of_metric = spec.papers.iter().enumerate().filter(|(_, paper)| paper.metric == metric.name);
    for (at, paper) in of_metric {
        let quoted = |row: &Row| {
            let value = paper.values.iter().find(|value| belongs(value, spec, row, labels))?;
            Some(Quoted { value: value.value, spread: value.spread, trust: value.trust })
        };
        let cells: Vec<Option<Quoted>> = table.rows.iter().map(quoted).collect();
        if cells.iter().all(Option::is_none) {
            continue;
        }
        table.columns.push(Column {
            labels: labels.to_vec(),
            heading: heading(spec, at),
            unit: metric.unit.to_owned(),
            source: Some(paper.source.clone()),
        });
        for (row, cell) in table.rows.iter_mut().zip(cells) {
            row.cells.push(Cell::Quoted(cell));
        }
    }
}

/// A cell is meant by the values of all its parameters that mean something.
fn belongs(value: &PaperValue, spec: &TableSpec, row: &Row, columns: &[Label]) -> bool {
    let keys = spec.rows.iter().chain(&spec.columns);
    keys.zip(row.labels.iter().chain(columns))
        .all(|(key, label)| value.labels.get(key) == label.0.as_ref())
}

fn heading(spec: &TableSpec, at: usize) -> String {
    match spec.papers.len() {
        1 => "paper".to_owned(),
        _ => format!("paper {}", at + 1),
    }
}

/// Where the values come from, how far they can be trusted, and which of them belong to no cell.
pub(super) fn notes(table: &Table, spec: &TableSpec, columns: &[Vec<Label>]) -> Vec<String> {
    let mut notes = Vec::new();
    for (at, paper) in spec.papers.iter().enumerate() {
        let spread = match paper.values.iter().any(|value| value.spread.is_some()) {
            true => "; what its ± means is said there, and need not be what ours means",
            false => "",
        };
        notes.push(format!("{}: {}{spread}", heading(spec, at), paper.source));
        notes.extend(astray(table, spec, columns, paper));
    }
    let values = || spec.papers.iter().flat_map(|paper| &paper.values);
    for (trust, note) in [
        (Trust::Memory, "† quoted from memory"),
        (Trust::Secondary, "‡ quoted from another work that quotes it"),
    ] {
        if values().any(|value| value.trust == trust) {
            notes.push(note.to_owned());
        }
    }
    notes
}

fn astray(
    table: &Table,
    spec: &TableSpec,
    columns: &[Vec<Label>],
    paper: &Paper,
) -> Option<String> {
    let nowhere = |value: &&PaperValue| {
        let in_row = |row: &Row| columns.iter().any(|labels| belongs(value, spec, row, labels));
        !table.rows.iter().any(in_row)
    };
    let places: Vec<String> = paper
        .values
        .iter()
        .filter(nowhere)
        .map(|value| phrase(value.labels.iter().map(|(name, value)| (name, value.to_string()))))
        .collect();
    (!places.is_empty()).then(|| format!("printed, but not in this table: {}", places.join("; ")))
}
