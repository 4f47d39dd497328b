//! Runs paired by seed along one axis: differences with intervals and tests. The address holds what is
//! compared: `name`, `axis`, `baseline`, `metric` and `by`.

use ablate_report::charts::{Closeup, differences};
use ablate_report::{Comparison, Format, Style, compare};
use ablate_sweep::plots::{Drawing, LogAxes, PlotSpec, Shown};
use ablate_sweep::{ComparisonSpec, Experiment, Value};
use maud::{Markup, PreEscaped, html};

use crate::address::Address;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::experiment::{FORMATS, format};
use crate::views::{Visit, figure, sheet};

/// The comparison with its form.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let spec = spec(visit, &answer.experiment);
    let compared = compare(&answer.set, &spec, visit.laboratory.catalog());
    let name = &answer.experiment.name;
    let body = html! {
        (page::tabs(name, "/compare"))
        h1 { (ablate_report::visible(name)) ": " (spec.metric) " along " (spec.axis) }
        (form(visit, name, &spec))
        @match compared {
            Err(error) => pre.said { (error) },
            Ok(comparison) if comparison.cells.is_empty() => {
                p.said { "No run has a partner that differs only in " (spec.axis) "." }
            }
            Ok(comparison) => {
                div.figures {
                    (figure::shown(differences(&comparison).map_err(|error| error.to_string())))
                    (figure::plot(visit, &answer.set, &sides(&spec), &Closeup::default()))
                }
                div.scroll { (PreEscaped(comparison.render(Format::Html, Style::default()))) }
                (page::copies(&Address::of("/compare/copy", visit.asked), &FORMATS))
                (pairs(&comparison))
            }
        }
    };
    Ok(Reply::Page(page::whole("Compare", Some(&Address::new(crate::live::PATH)), body)))
}

/// The same as text, in the format that the address names.
pub(crate) fn copy(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let format = format(visit)?;
    let answer = visit.answer()?;
    let spec = spec(visit, &answer.experiment);
    let compared = compare(&answer.set, &spec, visit.laboratory.catalog());
    let compared = compared.map_err(|error| Problem::mistaken(error.to_string()))?;
    Ok(Reply::Text(compared.render(format, Style::default())))
}

/// What the address asks for, filled up with what the experiment declares.
fn spec(visit: &Visit<'_>, experiment: &Experiment) -> ComparisonSpec {
    let declared = experiment.comparison.clone();
    let axis = visit.asked.get("axis").map(str::to_owned);
    let axis = axis.or_else(|| declared.as_ref().map(|spec| spec.axis.clone()));
    let axis = axis.unwrap_or_else(|| "pretraining".to_owned());
    // The declared baseline and split belong to the declared axis.
    let same = declared.filter(|spec| spec.axis == axis);
    let metric = visit.asked.get("metric").map(str::to_owned);
    let metric = metric.or_else(|| same.as_ref().map(|spec| spec.metric.clone()));
    let baseline = visit.asked.get("baseline").map(Value::typed);
    let by = match visit.asked.list("by") {
        asked if !asked.is_empty() => asked,
        _ => same.as_ref().map(|spec| spec.by.clone()).unwrap_or_default(),
    };
    ComparisonSpec {
        axis,
        baseline: baseline.or_else(|| same.as_ref().and_then(|spec| spec.baseline.clone())),
        metric: metric.unwrap_or_else(|| "test_error".to_owned()),
        by,
        select: same.map_or_else(|| "valid_error".to_owned(), |spec| spec.select),
    }
}

/// Both sides by themselves: every seed, along the first of `by` or else along the axis.
fn sides(spec: &ComparisonSpec) -> PlotSpec {
    let (x, by) = match spec.by.split_first() {
        Some((first, others)) => {
            let by = std::iter::once(&spec.axis).chain(others).cloned().collect();
            (first.clone(), by)
        }
        None => (spec.axis.clone(), Vec::new()),
    };
    PlotSpec {
        name: format!("{} by {}", spec.metric, spec.axis),
        drawing: Drawing::Metric { shown: Shown::Strip, x, metric: spec.metric.clone(), by },
        log: LogAxes::default(),
        filter: None,
        select: spec.select.clone(),
    }
}

fn form(visit: &Visit<'_>, name: &str, spec: &ComparisonSpec) -> Markup {
    let baseline = spec.baseline.as_ref().map(ToString::to_string).unwrap_or_default();
    let metrics = visit.laboratory.catalog().metrics.iter();
    html! {
        form.filter method="get" action="/compare" {
            input type="hidden" name="name" value=(name);
            label { "Axis" input name="axis" value=(spec.axis); }
            label { "Baseline" input name="baseline" value=(baseline); }
            label { "Metric" input name="metric" value=(spec.metric) list="metrics"; }
            label { "By" input name="by" value=(spec.by.join(",")) placeholder="depth"; }
            datalist #metrics { @for metric in metrics { option value=(metric.name) {} } }
            button { "Show" }
        }
    }
}

/// Every pair of every cell: both runs, both values, their difference.
fn pairs(comparison: &Comparison) -> Markup {
    let value = |value: f64| ablate_report::Field::Real(value).words();
    html! {
        details {
            summary { "Every pair" }
            div.scroll {
                table.sheet {
                    thead { tr {
                        th scope="col" { "run" } th scope="col" { "partner" } th scope="col" { "seed" }
                        @for name in &comparison.varying { th scope="col" { (name) } }
                        th scope="col" { (comparison.metric.name) } th scope="col" { "partner's" }
                        th scope="col" { "difference" }
                    } }
                    tbody {
                        @for cell in &comparison.cells {
                            @for pair in &cell.pairs {
                                tr {
                                    @for run in &pair.runs {
                                        td { a href=(sheet::run(&run.0)) { code { (run) } } }
                                    }
                                    td.num { (pair.seed) }
                                    @for name in &comparison.varying {
                                        td { @if let Some(value) = cell.trial.params.get(name) { (value) } }
                                    }
                                    td.num { (value(pair.ours)) } td.num { (value(pair.baseline)) }
                                    td.num { (value(pair.ours - pair.baseline)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
