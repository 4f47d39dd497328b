//! Every trial through its parameters to its metric: parallel coordinates, linked to a scatter plot and a
//! table of the same trials, with the importance of each axis. The address holds what is shown: `name`,
//! `axes`, `metric`, `x` (across the scatter plot), `by` (its colours), `log` and `filter`.

use ablate_report::charts::Closeup;
use ablate_report::stats::{LEVEL, estimate};
use ablate_report::{Importance, RunSet, TrialRuns, importance, visible};
use ablate_sweep::plots::{Drawing, PlotSpec};
use maud::{Markup, html};

use crate::address::{Address, quoted};
use crate::laboratory::Answer;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, curves, figure};

/// Axes that fit beside each other, unless the address names others.
const AXES: usize = 7;
/// Trials in the table.
const ROWS: usize = 500;

/// The pictures with their form and their table.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let ways = Ways::of(visit, &answer);
    let name = &answer.experiment.name;
    let parallel = Drawing::Parallel { axes: ways.axes.clone(), metric: ways.metric.clone() };
    let spec = figure::asked(visit, parallel);
    let body = html! {
        (page::tabs(name, "/parallel"))
        h1 { (visible(name)) ": " (ways.metric) " by parameters" }
        (form(visit, name, &ways, spec.as_ref().err().map(String::as_str)))
        @if let Ok(spec) = &spec { (content(visit, &answer, spec, &ways)) }
    };
    let live = Address::new(crate::live::PATH);
    Ok(Reply::Page(page::whole("Parallel coordinates", Some(&live), body)))
}

/// What is drawn along what.
struct Ways {
    axes: Vec<String>,
    metric: String,
    x: String,
    by: Vec<String>,
}

impl Ways {
    /// What the address asks for, filled up with what tells the trials apart and the comparison.
    fn of(visit: &Visit<'_>, answer: &Answer) -> Ways {
        let trials = answer.set.trials.iter().map(|runs| &runs.trial.params);
        let axes = match visit.asked.list("axes") {
            asked if !asked.is_empty() => asked,
            _ => visit.laboratory.catalog().telling(trials).into_iter().take(AXES).collect(),
        };
        let compared = answer.experiment.comparison.as_ref().map(|spec| spec.metric.as_str());
        let said = |name: &str, usual: &str| visit.asked.get(name).unwrap_or(usual).to_owned();
        Ways {
            axes: if axes.is_empty() { vec!["pretraining".to_owned()] } else { axes },
            metric: said("metric", compared.unwrap_or("test_error")),
            x: said("x", "valid_error"),
            by: curves::by(visit, &answer.experiment),
        }
    }
}

fn content(visit: &Visit<'_>, answer: &Answer, spec: &PlotSpec, ways: &Ways) -> Markup {
    let chosen = filtered(&answer.set, spec);
    let closeup = Closeup { handles: true, ..Closeup::default() };
    let scatter = PlotSpec {
        name: format!("{} against {}", ways.metric, ways.x),
        drawing: Drawing::Scatter {
            x: ways.x.clone(),
            metric: ways.metric.clone(),
            by: ways.by.clone(),
        },
        ..spec.clone()
    };
    html! {
        div.linked {
            div.large { (figure::plot(visit, &chosen, spec, &closeup)) }
            p.hint { "Drag along an axis to keep the trials that pass there, in the table and the other "
                "picture too; a click on the axis lets go. " output data-count {} }
            (rails(ways))
            div.figures {
                (figure::plot(visit, &chosen, &scatter, &closeup))
                (weighed(&importance(&chosen, &ways.axes, &ways.metric)))
            }
            (table(visit, &chosen, ways))
        }
    }
}

/// The axes once more, for those who have no pointer: a picture is one thing to a screen reader.
fn rails(ways: &Ways) -> Markup {
    html! {
        div.rails role="group" aria-describedby="rails" {
            span #rails { "By keyboard: \u{2191} and \u{2193} move the part that is kept of" }
            @for (number, name) in ways.axes.iter().chain([&ways.metric]).enumerate() {
                button type="button" data-rail=(number) aria-pressed="false" { (visible(name)) }
            }
            span { "with Shift they widen it, Esc lets go." }
        }
    }
}

/// The trials that pass the filter.
fn filtered(set: &RunSet, spec: &PlotSpec) -> RunSet {
    let passes = |runs: &&TrialRuns| {
        spec.filter.as_ref().is_none_or(|filter| filter.holds_for(&runs.trial.params))
    };
    RunSet { trials: set.trials.iter().filter(passes).cloned().collect() }
}

fn form(visit: &Visit<'_>, name: &str, ways: &Ways, mistake: Option<&str>) -> Markup {
    let metrics = visit.laboratory.catalog().all_metrics();
    html! {
        form.filter method="get" action="/parallel" {
            input type="hidden" name="name" value=(name);
            label.wide { "Axes" input name="axes" value=(ways.axes.join(",")); }
            label { "Metric" input name="metric" value=(ways.metric) list="metrics"; }
            label { "Scatter against" input name="x" value=(ways.x) list="metrics"; }
            label { "Colours by" input name="by" value=(ways.by.join(",")); }
            (figure::log_fields(visit, &["x", "y"]))
            datalist #metrics { @for metric in metrics { option value=(metric.name) {} } }
            (figure::filter_field(visit, mistake))
            button { "Show" }
        }
    }
}

/// What each axis accounts for, as bars.
fn weighed(found: &[Importance]) -> Markup {
    html! {
        @if let Some(first) = found.first() {
            section.importance {
                h2 { "Importance of the axes" }
                div.scroll { table.list {
                    thead { tr {
                        th scope="col" { "axis" } th scope="col" colspan="2" { "share of the variance" }
                        th.num scope="col" { "by chance" } th.num scope="col" { "values" }
                    } }
                    tbody { @for one in found { tr {
                        th scope="row" { (one.axis) }
                        td { meter min="0" max="1" value=(format!("{:.4}", one.share))
                            aria-label=(format!("share of {}", one.axis)) {} }
                        td.num { (percent(one.share)) }
                        td.num { (percent(one.by_chance)) }
                        td.num { (one.values) }
                    } } }
                } }
                p { "How much of the variance between the means of " (first.trials) " trials the means over \
                    one axis make up (\u{3b7}\u{b2}). An axis without effect makes up what stands \
                    under by chance, on average." }
            }
        }
    }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// Every trial, the best mean first.
fn table(visit: &Visit<'_>, set: &RunSet, ways: &Ways) -> Markup {
    let catalog = visit.laboratory.catalog();
    let metric = catalog.metric(&ways.metric);
    let falling = metric.is_some_and(|metric| metric.direction == ablate_sweep::Direction::Higher);
    let found = |runs: &TrialRuns| {
        let scores: Vec<f64> = runs.scores(&ways.metric).iter().map(|score| score.value).collect();
        estimate(&scores, LEVEL)
    };
    let mut rows: Vec<_> = set.trials.iter().map(|runs| (runs, found(runs))).collect();
    let value = |found: &Option<ablate_report::Estimate>| match found {
        Some(found) if falling => -found.mean,
        Some(found) => found.mean,
        None => f64::INFINITY,
    };
    rows.sort_by(|left, right| value(&left.1).total_cmp(&value(&right.1)));
    let all = rows.len();
    rows.truncate(ROWS);
    let number = |value: f64| ablate_report::Field::Real(value).words();
    html! {
        section {
            h2 { "Trials" }
            @if all > ROWS { p { "The first " (ROWS) " of " (all) "." } }
            div.scroll { table.sheet {
                thead { tr {
                    th scope="col" { "trial" }
                    @for name in &ways.axes { th scope="col" { (name) } }
                    th.num scope="col" { (ways.metric) } th.num scope="col" { "\u{b1}" }
                    th.num scope="col" { "seeds" }
                } }
                tbody { @for (runs, found) in &rows {
                    @let behind = format!("trial == {}", quoted(&runs.trial.id.0));
                    tr data-trial=(runs.trial.id.0) {
                        th scope="row" { a href=(Address::new("/runs").with("filter", behind)) {
                            code { (runs.trial.id) }
                        } }
                        @for name in &ways.axes {
                            td { @if let Some(value) = runs.trial.params.get(name) { (visible(&value.to_string())) }
                                @else { "-" } }
                        }
                        @match found {
                            Some(found) => {
                                td.num { (number(found.mean)) }
                                td.num { @if let Some(half) = found.half_width() { (number(half)) } }
                                td.num { (found.n) }
                            }
                            None => { td.none.num { "-" } td.none.num { "-" } td.num { "0" } }
                        }
                    }
                } }
            } }
        }
    }
}
