//! What stands behind a cell of a table: every run of every trial that fell into it.

use ablate_report::tables::{self, Place};
use maud::html;

use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, experiments, sheet};

/// The address: `name`, `table`, `row` and `column`, these two from 1.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let name = visit.named("table")?;
    let spec = answer.experiment.tables.iter().find(|spec| spec.name == name);
    let spec = spec.ok_or_else(|| Problem::missing(format!("There is no table {name:?}.")))?;
    let number = |name: &str| {
        let said = format!("`{name}` must be a number from 1.");
        visit.asked.number(name).ok_or_else(|| Problem::mistaken(said))
    };
    let place = Place { row: number("row")?, column: number("column")? };
    let behind = tables::behind(&answer.set, spec, visit.laboratory.catalog(), place);
    let behind = behind.map_err(|error| Problem::missing(error.to_string()))?;
    let experiment = &answer.experiment.name;
    let body = html! {
        (page::tabs(experiment, "/cell"))
        h1 { "Behind row " (place.row) ", column " (place.column) " of table " (spec.name) }
        p { "Of " a href=(experiments::address(experiment)) { (experiment) }
            ": every run that fell into this cell, those that validation did not choose included." }
        (sheet::table(&behind, sheet::heading))
    };
    Ok(Reply::Page(page::whole("cell", None, body)))
}
