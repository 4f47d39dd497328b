//! Plain sheets as tables of a page.

use ablate_records::{Cell, Rows};
use ablate_report::{Field, Grid, visible};
use maud::{Markup, html};

use crate::address::Address;

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

/// The page of a run.
pub(crate) fn run(id: &str) -> Address {
    Address::new("/run").with("id", id)
}

/// A sheet with `head` for the heading of each column; what stands in a column of runs is a link.
pub(crate) fn table(grid: &Grid, head: impl Fn(&str) -> Markup) -> Markup {
    html! {
        div.scroll {
            table.sheet {
                thead { tr { @for name in &grid.columns { (head(name)) } } }
                tbody {
                    @for row in &grid.rows {
                        tr {
                            @for (name, field) in grid.columns.iter().zip(row) { (cell(name, field)) }
                        }
                    }
                }
            }
        }
    }
}

/// A heading without a link.
pub(crate) fn heading(name: &str) -> Markup {
    html! { th scope="col" { (visible(name)) } }
}

fn cell(name: &str, field: &Field) -> Markup {
    let shown = visible(&field.words());
    match (name, field) {
        ("id" | "run", Field::Text(id)) => {
            html! { th scope="row" { a href=(run(id)) { code { (shown) } } } }
        }
        ("state", Field::Text(state)) => html! { td { (crate::page::chip(state)) } },
        (_, Field::Int(_) | Field::Real(_)) => html! { td.num { (shown) } },
        (_, Field::Null) => html! { td.none { (shown) } },
        (_, Field::Text(_)) => html! { td { (shown) } },
    }
}
