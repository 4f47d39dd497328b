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

/// A sheet with `head` for the heading of each column, which is told whether numbers stand in it; what
/// stands in a column of runs is a link.
pub(crate) fn table(grid: &Grid, head: impl Fn(&str, bool) -> Markup) -> Markup {
    let numbers: Vec<bool> = (0..grid.columns.len()).map(|at| are_numbers(grid, at)).collect();
    html! {
        div.scroll {
            table.sheet {
                thead { tr {
                    @for (name, numbers) in grid.columns.iter().zip(&numbers) { (head(name, *numbers)) }
                } }
                tbody {
                    @for row in &grid.rows {
                        tr {
                            @for ((name, field), numbers) in grid.columns.iter().zip(row).zip(&numbers) {
                                (cell(name, field, *numbers))
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Whether a column holds numbers, and nothing but numbers and gaps.
fn are_numbers(grid: &Grid, column: usize) -> bool {
    let fields = || grid.rows.iter().filter_map(|row| row.get(column));
    let is_number = |field: &Field| matches!(field, Field::Int(_) | Field::Real(_));
    fields().any(is_number) && fields().all(|field| is_number(field) || *field == Field::Null)
}

/// A heading without a link.
pub(crate) fn heading(name: &str, numbers: bool) -> Markup {
    html! { th scope="col" class=[numbers.then_some("num")] { (visible(name)) } }
}

fn cell(name: &str, field: &Field, numbers: bool) -> Markup {
    let shown = visible(&field.words());
    match (name, field) {
        ("id" | "run", Field::Text(id)) => {
            html! { th scope="row" { a href=(run(id)) { code { (shown) } } } }
        }
        ("state", Field::Text(state)) => html! { td { (crate::page::chip(state)) } },
        (_, Field::Null) => html! { td.none.num[numbers] { (shown) } },
        _ => html! { td class=[numbers.then_some("num")] { (shown) } },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_below_each_other_and_words_begin_together() {
        let grid = Grid {
            columns: ["depth", "lambda", "variant", "width"].map(str::to_owned).to_vec(),
            rows: vec![
                vec![Field::Int(1), Field::Null, Field::Null, Field::Int(10)],
                vec![
                    Field::Int(2),
                    Field::Real(0.5),
                    Field::Text("basic".to_owned()),
                    Field::Text("[10,5]".to_owned()),
                ],
            ],
        };
        let page = table(&grid, heading).into_string();
        for part in [
            "<th scope=\"col\" class=\"num\">depth</th>",
            "<th scope=\"col\" class=\"num\">lambda</th>",
            "<th scope=\"col\">variant</th>",
            "<th scope=\"col\">width</th>",
            "<td class=\"none num\">-</td><td class=\"none\">-</td><td>10</td>",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
    }
}
