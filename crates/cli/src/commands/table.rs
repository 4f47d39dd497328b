//! `ablate table`: the tables that an experiment declares.

use ablate_records::Store;
use ablate_report::tables::{self, Place};
use ablate_report::{Format, Table as Built};

use crate::args::{Common, Table, TableFormat};
use crate::commands::query;
use crate::exit::{Exit, Usage};
use crate::laboratory::Laboratory;
use crate::prepared::Prepared;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Table, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let declared = &prepared.experiment.tables;
    let wanted: Vec<_> = declared
        .iter()
        .filter(|spec| args.name.as_ref().is_none_or(|name| *name == spec.name))
        .collect();
    if wanted.is_empty() {
        let names: Vec<&str> = declared.iter().map(|spec| spec.name.as_str()).collect();
        let asked = args.name.as_deref().unwrap_or_default();
        return Err(Usage(format!("no table {asked:?}: there is {}", names.join(", "))).into());
    }
    let store = Store::open_read_only(&common.db)?;
    let set =
        prepared.run_set(&store, query::archive(args.archived), &catalog, &laboratory, terminal)?;
    if let (Some(cell), [spec]) = (&args.cell, wanted.as_slice()) {
        let behind = tables::behind(&set, spec, &catalog, place(cell)?);
        let behind = behind.map_err(|error| Usage(error.to_string()))?;
        terminal.data(&behind.render(format(args.format), query::style(terminal)))?;
        return Ok(Exit::Done);
    }
    let (mut built, mut refused) = (Vec::new(), Vec::new());
    for spec in wanted {
        match tables::build(&set, spec, &catalog) {
            Ok(table) => built.push(table),
            Err(error) => refused.push(error.to_string()),
        }
    }
    if built.is_empty() {
        return Err(Usage(refused.join("; ")).into());
    }
    // One table that cannot be built, for its filter finds nothing, say, does not hide the others.
    refused.iter().for_each(|error| terminal.error(&format!("warning: {error}")));
    terminal.data(&join(&built, args.format, terminal))?;
    Ok(Exit::Done)
}

/// The cell that `2,3` means.
fn place(text: &str) -> Result<Place, Usage> {
    let numbers = text.split_once(',').and_then(|(row, column)| {
        Some(Place { row: row.trim().parse().ok()?, column: column.trim().parse().ok()? })
    });
    numbers.ok_or_else(|| {
        Usage(format!("--cell {text}: a cell is a row and a column, counted from 1, such as 2,3"))
    })
}

/// Several tables in one output: JSON stays one document.
fn join(tables: &[Built], format: TableFormat, terminal: &Terminal) -> String {
    let rendered: Vec<String> =
        tables.iter().map(|table| render(table, format, terminal)).collect();
    match (format, rendered.as_slice()) {
        (TableFormat::Json, [_, _, ..]) => {
            let trimmed: Vec<&str> = rendered.iter().map(|text| text.trim_end()).collect();
            format!("[{}]\n", trimmed.join(","))
        }
        _ => rendered.join("\n"),
    }
}

/// A table in the format asked for.
pub(crate) fn render(table: &Built, as_format: TableFormat, terminal: &Terminal) -> String {
    table.render(format(as_format), query::style(terminal))
}

/// The report's name of a format.
pub(crate) fn format(format: TableFormat) -> Format {
    match format {
        TableFormat::Text => Format::Text,
        TableFormat::Md => Format::Markdown,
        TableFormat::Csv => Format::Csv,
        TableFormat::Latex => Format::Latex,
        TableFormat::Html => Format::Html,
        TableFormat::Json => Format::Json,
    }
}
