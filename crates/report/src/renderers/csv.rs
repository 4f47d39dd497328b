//! CSV after RFC 4180, but for its CRLF: lines end in LF, as the shell's own tools want them, and
//! every reader takes either. Fields with commas, quotes or line breaks are quoted.
//! A table is one line a cell, so that every number has its labels beside it.
//!
//! A text that a spreadsheet would take for a formula (it begins with `=`, `+`, `-`, `@`, a tab or a
//! carriage return) gets a leading apostrophe; numbers are numbers and stay. Control characters stay
//! as well: CSV is for programs, and what went in must come out.

use crate::grid::{Field, Grid};
use crate::label::Label;
use crate::number::factor;
use crate::table::{Absence, Cell, Column, Measured, Row, Table};

/// What every line of a table has behind its labels.
const TAIL: [&str; 17] = [
    "metric", "unit", "state", "mean", "low", "high", "level", "sd", "n", "planned", "failed",
    "mark", "chosen", "among", "trial", "runs", "source",
];

pub(super) fn table(table: &Table) -> String {
    let keys = table.keys.iter().chain(&table.column_keys).cloned();
    let tail = TAIL.iter().map(|name| match *name {
        "mean" => table.statistic.word().to_owned(),
        other => other.to_owned(),
    });
    let columns: Vec<String> = keys.chain(tail).collect();
    let mut rows = Vec::new();
    for row in &table.rows {
        for (column, cell) in table.columns.iter().zip(&row.cells) {
            rows.push(cell_line(row, column, cell));
        }
    }
    grid(&Grid { columns, rows })
}

pub(super) fn grid(grid: &Grid) -> String {
    let header: Vec<Field> = grid.columns.iter().cloned().map(Field::Text).collect();
    let mut out = line(&header);
    out.extend(grid.rows.iter().map(|row| line(row)));
    out
}

fn cell_line(row: &Row, column: &Column, cell: &Cell) -> Vec<Field> {
    let labels = row.labels.iter().chain(&column.labels);
    let mut fields: Vec<Field> = labels.map(|Label(value)| Field::from(value.clone())).collect();
    fields.push(Field::Text(column.heading.clone()));
    fields.push(Field::Text(column.unit.clone()));
    fields.push(Field::Text(state(cell).to_owned()));
    let estimate = cell.estimate();
    let interval = estimate.and_then(|estimate| estimate.interval);
    fields.extend([
        Field::real(estimate.map(|estimate| estimate.mean).or(printed(cell, &column.unit))),
        Field::real(interval.map(|interval| interval.low)),
        Field::real(interval.map(|interval| interval.high)),
        Field::real(interval.map(|interval| interval.level)),
        Field::real(cell.measured().and_then(|cell| cell.sd)),
        Field::count(Some(estimate.map_or(0, |estimate| estimate.n))),
    ]);
    fields.extend(provenance(cell.measured(), failed(cell)));
    fields.push(column.source.clone().map_or(Field::Null, Field::Text));
    fields
}

fn provenance(cell: Option<&Measured>, failed: Option<usize>) -> [Field; 7] {
    let text = |text: Option<String>| text.map_or(Field::Null, Field::Text);
    let choice = cell.and_then(|cell| cell.choice.as_ref());
    let chosen = choice.map(|choice| {
        let pairs = choice.params.iter().map(|(name, value)| format!("{name}={value}"));
        pairs.collect::<Vec<_>>().join(" ")
    });
    let runs = cell.map(|cell| cell.runs().map(ToString::to_string).collect::<Vec<_>>().join(" "));
    [
        Field::count(cell.map(|cell| cell.planned)),
        Field::count(failed),
        text(cell.and_then(|cell| cell.mark).map(|mark| mark.word().to_owned())),
        text(chosen),
        Field::count(choice.map(|choice| choice.among)),
        text(cell.map(|cell| cell.trial.to_string())),
        text(runs),
    ]
}

fn failed(cell: &Cell) -> Option<usize> {
    match cell {
        Cell::Measured(measured) => Some(measured.failed),
        Cell::Absent(Absence::Failed { runs }) => Some(*runs),
        Cell::Absent(Absence::NotPlanned | Absence::NotRun | Absence::NotMeasured)
        | Cell::Estimate(_)
        | Cell::Count(_)
        | Cell::P(_)
        | Cell::Effect(_)
        | Cell::Word(_)
        | Cell::Quoted(_) => None,
    }
}

/// A printed value in the unit of its metric.
fn printed(cell: &Cell, unit: &str) -> Option<f64> {
    match cell {
        Cell::Quoted(Some(quoted)) => Some(quoted.value / factor(unit)),
        _ => None,
    }
}

fn state(cell: &Cell) -> &'static str {
    match cell {
        Cell::Quoted(Some(_)) => "quoted",
        Cell::Quoted(None) => "not printed",
        Cell::Absent(absence) => absence.word(),
        Cell::Measured(_)
        | Cell::Estimate(_)
        | Cell::Count(_)
        | Cell::P(_)
        | Cell::Effect(_)
        | Cell::Word(_) => "measured",
    }
}

fn line(fields: &[Field]) -> String {
    let fields: Vec<String> = fields.iter().map(field).collect();
    format!("{}\n", fields.join(","))
}

fn field(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Int(_) | Field::Real(_) => field.exactly(),
        Field::Text(text) => quoted(text),
    }
}

fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_formulas_are_defused() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"\r\n", "\"say \"\"hi\"\"\r\n\""),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@sum", "'@sum"),
            ("\tx", "'\tx"),
        ] {
            assert_eq!(quoted(text), expected);
        }
        assert_eq!(field(&Field::Real(-1.5)), "-1.5");
        assert_eq!(field(&Field::Null), "");
    }
}
