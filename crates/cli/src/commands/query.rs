//! `ablate query`: one row a run, filtered, sorted and limited; or one a group of them.

use ablate_records::{
    Archive, Cell, Columns, Order, Query as StoreQuery, RecordsError, Rows, Store, Total,
};
use ablate_report::{Emphasis, Field, Format, Grid, Style};
use ablate_sweep::{Filter, FilterError};

use crate::args::{Common, GridFormat, Query};
use crate::commands::groups;
use crate::exit::{Diagnosed, Exit};
use crate::format;
use crate::terminal::{Look, Terminal};

pub(crate) fn run(args: &Query, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let text = args.filter.as_deref().unwrap_or_default();
    let filter = filter(args.filter.as_deref())?;
    let archive = archive(args.archived);
    let names: Vec<String> = args.columns.iter().map(|name| name.trim().to_owned()).collect();
    let columns = match names.as_slice() {
        [] => Columns::Telling,
        [all] if all == "all" => Columns::All,
        [filled] if filled == "filled" => Columns::Filled,
        _ => Columns::Named(names),
    };
    let order = |name: &String| match name.trim().strip_prefix('-') {
        Some(name) => (name.to_owned(), Order::Descending),
        None => (name.trim().to_owned(), Order::Ascending),
    };
    let sort = args.sort.iter().map(order).collect();
    let query =
        StoreQuery { filter, archive, columns, sort, limit: args.limit, ..StoreQuery::default() };
    let store = Store::open_read_only(&common.db)?;
    if !args.group_by.is_empty() {
        return groups::run(args, &query, &store, terminal);
    }
    let rows = store.query(&query).map_err(|error| usage(error, text))?;
    let shown = rows.rows.len();
    let said = match rows.total {
        Total::Known(total) if total > shown as u64 => {
            let total = usize::try_from(total).unwrap_or(usize::MAX);
            format!("{shown} of {}", format::count(total, "run"))
        }
        Total::Known(_) | Total::More => format::count(shown, "run"),
    };
    terminal.data(&render(rows, args.format, terminal))?;
    terminal.message(&said);
    Ok(Exit::Done)
}

/// The filter that a text says; none for no text.
pub(crate) fn filter(text: Option<&str>) -> Result<Option<Filter>, Diagnosed> {
    let parse = |text| Filter::parse(text).map_err(|error| diagnosed(&error, text));
    text.map(parse).transpose()
}

/// A filter that cannot be parsed, shown with a caret under its text.
fn diagnosed(error: &FilterError, text: &str) -> Diagnosed {
    Diagnosed(error.render(text))
}

/// Whether `--archived` opens the archive.
pub(crate) fn archive(asked: bool) -> Archive {
    if asked { Archive::Open } else { Archive::Closed }
}

/// What the user can mend is a usage error; a name in the filter gets a caret.
pub(crate) fn usage(error: RecordsError, text: &str) -> anyhow::Error {
    match error {
        RecordsError::UnknownColumn { span: Some(ref span), .. }
        | RecordsError::UnknownCurve { ref span, .. }
        | RecordsError::Incomparable { span: Some(ref span), .. } => {
            let located = FilterError { span: span.clone(), message: error.to_string() };
            Diagnosed(located.render(text)).into()
        }
        other => other.into(),
    }
}

/// Rows of the store in the format asked for.
pub(crate) fn render(rows: Rows, format: GridFormat, terminal: &Terminal) -> String {
    render_grid(&grid(rows), format, terminal)
}

/// A grid in the format asked for.
pub(crate) fn render_grid(grid: &Grid, format: GridFormat, terminal: &Terminal) -> String {
    let format = match format {
        GridFormat::Table => Format::Text,
        GridFormat::Csv => Format::Csv,
        GridFormat::Json => Format::Json,
        GridFormat::Md => Format::Markdown,
    };
    grid.render(format, style(terminal))
}

/// How text may look on stdout.
pub(crate) fn style(terminal: &Terminal) -> Style {
    let emphasis = match terminal.stdout_look() {
        Look::Colored => Emphasis::Ansi,
        Look::Plain => Emphasis::Plain,
    };
    Style { emphasis, width: terminal.columns() }
}

/// Rows of the store as a sheet.
pub(crate) fn grid(rows: Rows) -> Grid {
    let rows_of = rows.rows.into_iter().map(|row| row.into_iter().map(field).collect());
    Grid { columns: rows.columns, rows: rows_of.collect() }
}

/// A cell of the store as reports show it.
pub(crate) fn field(cell: Cell) -> Field {
    match cell {
        Cell::Null => Field::Null,
        Cell::Int(whole) => Field::Int(whole),
        Cell::Real(real) => Field::Real(real),
        Cell::Text(text) => Field::Text(text),
        Cell::Blob(bytes) => Field::Text(format!("({bytes} bytes)")),
    }
}
