//! Runs as a sheet: filtered, sorted, in columns of one's choice, or in groups over their seeds. The
//! address holds all of it: `filter`, `sort`, `columns`, `group`, `metric`, `from` and `limit`.

use ablate_records::{Archive, Columns, Order, Query, RecordsError, Total};
use ablate_report::{Grid, Group, Style, groups, visible};
use ablate_sweep::{Filter, FilterError};
use maud::{Markup, html};

use crate::address::Address;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::experiment::{FORMATS, format};
use crate::views::{Visit, sheet};

/// Rows of one page, unless the address says otherwise, and at most.
const USUAL: usize = 100;
const MOST: usize = 1_000;
/// Behind so many runs they are counted no further, and columns are chosen by so many.
const MOST_COUNTED: u64 = 20_000;
/// Rows that are copied at once.
const MOST_COPIED: usize = 10_000;
/// Groups that are made: with all they hold, tens of megabytes.
const MOST_GROUPS: usize = 5_000;

/// The sheet with its form.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let limit = visit.asked.number("limit").unwrap_or(USUAL).clamp(1, MOST);
    let from = visit.asked.number("from").unwrap_or(1).max(1);
    let found = match find(visit, limit, from - 1) {
        Ok(found) => found,
        Err(Mistake::At(said)) => {
            let body = html! {
                h1 { "Runs" }
                (form(visit, Some(&said)))
            };
            return Ok(Reply::Page(page::whole("Runs", None, body)));
        }
        Err(Mistake::Other(problem)) => return Err(problem),
    };
    let body = html! {
        h1 { "Runs" }
        (form(visit, None))
        (pages(visit, &found, from, limit))
        (sheet::table(&found.grid, |name, numbers| heading(visit, name, numbers)))
        (page::copies(&Address::of("/runs/copy", visit.asked), &FORMATS))
        (chooser(visit, &found)?)
    };
    Ok(Reply::Page(page::whole("Runs", Some(&Address::new(crate::live::PATH)), body)))
}

/// The same as text, in the format that the address names.
pub(crate) fn copy(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let format = format(visit)?;
    match find(visit, MOST_COPIED, 0) {
        Ok(found) => Ok(Reply::Text(found.grid.render(format, Style::default()))),
        Err(Mistake::At(said)) => Err(Problem::mistaken(said)),
        Err(Mistake::Other(problem)) => Err(problem),
    }
}

/// Rows, and how many there are in all.
struct Found {
    grid: Grid,
    all: Total,
    things: &'static str,
}

/// Why there are none.
enum Mistake {
    /// A mistake in the filter, shown at its place.
    At(String),
    Other(Problem),
}

impl From<RecordsError> for Mistake {
    fn from(error: RecordsError) -> Mistake {
        Mistake::Other(error.into())
    }
}

fn find(visit: &Visit<'_>, limit: usize, offset: usize) -> Result<Found, Mistake> {
    let text = visit.asked.get("filter").unwrap_or_default();
    let at_its_place = |error: &FilterError| Mistake::At(error.render(text));
    let filter = match text {
        "" => None,
        text => Some(Filter::parse(text).map_err(|error| at_its_place(&error))?),
    };
    let located = |error: RecordsError| match error {
        RecordsError::UnknownColumn { span: Some(ref span), .. }
        | RecordsError::UnknownCurve { ref span, .. }
        | RecordsError::Incomparable { span: Some(ref span), .. } => {
            at_its_place(&FilterError { span: span.clone(), message: error.to_string() })
        }
        RecordsError::UnknownColumn { .. } | RecordsError::Incomparable { .. } => {
            Mistake::At(error.to_string())
        }
        other => other.into(),
    };
    let archive = match visit.asked.get("archived") {
        Some(_) => Archive::Open,
        None => Archive::Closed,
    };
    let sort = visit.asked.list("sort");
    let grouped = visit.asked.list("group");
    let (count_to, most_groups) = (Some(MOST_COUNTED), Some(MOST_GROUPS));
    let mut query = Query {
        filter,
        archive,
        limit: Some(limit),
        offset,
        count_to,
        most_groups,
        ..Query::default()
    };
    if !grouped.is_empty() {
        return in_groups(visit, &query, &grouped, &sort);
    }
    query.sort = sort
        .iter()
        .map(|name| match name.strip_prefix('-') {
            Some(name) => (name.to_owned(), Order::Descending),
            None => (name.clone(), Order::Ascending),
        })
        .collect();
    let names = match visit.asked.list("columns") {
        chosen if !chosen.is_empty() => chosen,
        _ => visit.store.telling(&query).map_err(located)?,
    };
    query.columns = Columns::Named(names);
    let rows = visit.store.query(&query).map_err(located)?;
    let all = rows.total;
    Ok(Found { grid: sheet::grid(rows), all, things: "runs" })
}

fn in_groups(
    visit: &Visit<'_>,
    query: &Query,
    by: &[String],
    sort: &[String],
) -> Result<Found, Mistake> {
    let text = visit.asked.get("filter").unwrap_or_default();
    let metrics = match visit.asked.list("metric") {
        chosen if !chosen.is_empty() => chosen,
        _ => vec!["test_error".to_owned()],
    };
    let found = visit.store.groups(query, by, &metrics).map_err(|error| match &error {
        RecordsError::UnknownColumn { span, .. } | RecordsError::Incomparable { span, .. } => {
            let message = error.to_string();
            Mistake::At(match span.clone() {
                Some(span) => FilterError { span, message }.render(text),
                None => message,
            })
        }
        RecordsError::TooManyGroups { .. } => Mistake::At(error.to_string()),
        _ => Mistake::Other(error.into()),
    })?;
    let group = |found: ablate_records::Group| Group {
        labels: found.labels.into_iter().map(sheet::field).collect(),
        runs: found.runs,
        trials: found.trials,
        values: found.values,
    };
    let shown: Vec<Group> = found.into_iter().map(group).collect();
    let mut grid = groups::statistics(by, &metrics, &shown);
    grid.sort(sort).map_err(Mistake::At)?;
    let all = grid.rows.len();
    grid.rows = grid.rows.into_iter().skip(query.offset).take(query.limit.unwrap_or(all)).collect();
    Ok(Found { grid, all: Total::Known(all as u64), things: "rows" })
}

fn form(visit: &Visit<'_>, mistake: Option<&str>) -> Markup {
    let said = |name: &str| visit.asked.all(name).collect::<Vec<_>>().join(",");
    html! {
        form.filter method="get" action="/runs" role="search" {
            label.wide { "Filter"
                input type="search" name="filter" value=(said("filter")) spellcheck="false"
                    autocomplete="off" data-focus="/" aria-invalid=[mistake.map(|_| "true")]
                    placeholder="variant == 'denoising' and test_error < 0.1";
            }
            @if let Some(said) = mistake { (page::mistake(said)) }
            label { "Group by" input name="group" value=(said("group")) placeholder="variant,depth"; }
            label { "Metric" input name="metric" value=(said("metric")) placeholder="test_error"; }
            label { "Sort" input name="sort" value=(said("sort")) placeholder="-test_error"; }
            @for name in visit.asked.list("columns") {
                input type="hidden" name="columns" value=(name);
            }
            button { "Show" }
        }
    }
}

/// Which rows of how many these are, with links to those before and behind.
fn pages(visit: &Visit<'_>, found: &Found, from: usize, limit: usize) -> Markup {
    let shown = found.grid.rows.len();
    let (all, last) = match found.all {
        Total::Known(all) => (all.to_string(), (from + shown) as u64 > all),
        Total::More => (format!("more than {MOST_COUNTED}"), false),
    };
    let to = |from: usize| Address::of("/runs", visit.asked).with("from", from);
    html! {
        p.pages {
            @if found.all == Total::Known(shown as u64) { (shown) " " (found.things) }
            @else if shown == 0 { "none of " (all) " " (found.things) " from " (from) " on" }
            @else { (from) "\u{2013}" (from + shown - 1) " of " (all) " " (found.things) }
            @if from > 1 { " · " a rel="prev" href=(to(from.saturating_sub(limit).max(1))) { "before" } }
            @if !last && shown > 0 {
                " · " a rel="next" href=(to(from + shown)) { "next" }
            }
        }
    }
}

/// A heading that sorts: by its column, then the other way round, then no longer.
fn heading(visit: &Visit<'_>, name: &str, numbers: bool) -> Markup {
    let sorted = visit.asked.list("sort");
    let falling = format!("-{name}");
    let (state, mark, next) = match sorted.first() {
        Some(first) if *first == name => ("ascending", " \u{25b2}", falling),
        Some(first) if *first == falling => ("descending", " \u{25bc}", String::new()),
        _ => ("none", "", name.to_owned()),
    };
    let address = Address::of("/runs", visit.asked).with("sort", next).with("from", "");
    html! {
        th scope="col" class=[numbers.then_some("num")] aria-sort=(state) { a href=(address) { (visible(name)) (mark) } }
    }
}

/// Every column with a box to tick.
fn chooser(visit: &Visit<'_>, found: &Found) -> Result<Markup, Problem> {
    if !visit.asked.list("group").is_empty() {
        return Ok(html! {});
    }
    let all = visit.store.columns()?;
    let chosen = |name: &str| found.grid.columns.iter().any(|known| known == name);
    Ok(html! {
        details {
            summary { "Choose columns" }
            form.columns-chosen method="get" action="/runs" {
                @for name in ["filter", "sort", "limit", "archived"] {
                    @if let Some(value) = visit.asked.get(name) {
                        input type="hidden" name=(name) value=(value);
                    }
                }
                @for (name, _) in &all {
                    label { input type="checkbox" name="columns" value=(name) checked[chosen(name)]; (visible(name)) }
                }
                button { "Show these" }
            }
        }
    })
}
