//! Every experiment of the store and how far it is.

use ablate_records::ExperimentSummary;
use maud::{Markup, html};

use crate::address::Address;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::Visit;

/// Where an experiment's own page is.
pub(crate) fn address(name: &str) -> Address {
    Address::new("/experiment").with("name", name)
}

/// Opens on the answer where there is one experiment, else on the list.
pub(crate) fn first(visit: &Visit<'_>) -> Result<Reply, Problem> {
    match visit.store.experiments()?.as_slice() {
        [one] => Ok(Reply::See(address(&one.name))),
        many => Ok(Reply::Page(list(many))),
    }
}

/// The list.
pub(crate) fn all(visit: &Visit<'_>) -> Result<Reply, Problem> {
    Ok(Reply::Page(list(&visit.store.experiments()?)))
}

fn list(experiments: &[ExperimentSummary]) -> Markup {
    let body = html! {
        h1 { "Experiments" }
        @if experiments.is_empty() {
            p { "None yet: " code { "ablate sweep FILE.toml" } " makes the first." }
        } @else {
            div.scroll {
                table.list {
                    thead {
                        tr {
                            th scope="col" { "experiment" }
                            th scope="col" { "question" }
                            th scope="col" { "progress" }
                            th.num scope="col" { "failed" }
                            th scope="col" { "last swept" }
                        }
                    }
                    tbody {
                        @for one in experiments { (row(one)) }
                    }
                }
            }
        }
    };
    page::whole("Experiments", Some(&Address::new(crate::live::PATH)), body)
}

fn row(one: &ExperimentSummary) -> Markup {
    html! {
        tr {
            th scope="row" { a href=(address(&one.name)) { (ablate_report::visible(&one.name)) } }
            td.wrap { (one.question) }
            td {
                progress max=(one.planned.max(1)) value=(one.finished)
                    aria-label=(format!("finished runs of {}", one.name)) {}
                " " (one.finished) " of " (one.planned)
                @if one.running > 0 { " " (page::chip("running")) }
            }
            td.num { (one.failed) }
            td { time datetime=(one.last_swept) { (moment(&one.last_swept)) } }
        }
    }
}

/// `2026-11-26 10:55`, of a moment with milliseconds.
pub(crate) fn moment(text: &str) -> String {
    text.get(..16).map_or_else(|| text.to_owned(), |minute| minute.replace('T', " "))
}
