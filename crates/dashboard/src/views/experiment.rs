//! One experiment: its question, how far it is, its claims, its comparison and its tables.

use std::collections::BTreeMap;

use ablate_report::charts::Closeup;
use ablate_report::tables::{self, Place};
use ablate_report::{Format, Style, TrialRuns, claims, compare};
use ablate_sweep::{Experiment, FailureKind, RunState};
use maud::{Markup, PreEscaped, html};

use crate::address::{Address, quoted};
use crate::laboratory::{Answer, Standings};
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, figure, sheet};

/// The formats in which tables are copied.
pub(crate) const FORMATS: [(&str, &str); 4] =
    [("Markdown", "markdown"), ("CSV", "csv"), ("LaTeX", "latex"), ("JSON", "json")];

/// The address: `name`.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let name = &answer.experiment.name;
    let body = html! {
        (page::tabs(name, "/experiment"))
        h1 { (ablate_report::visible(name)) }
        p.question { (answer.experiment.question) }
        (progress(name, &answer))
        (failures(name, &answer))
        (running(&answer))
        (content(visit, &answer, &|table, place| {
            let cell = Address::new("/cell").with("name", name).with("table", table);
            Some(cell.with("row", place.row).with("column", place.column).to_string())
        }))
        (file(&answer))
    };
    Ok(Reply::Page(page::whole(name, Some(&Address::new(crate::live::PATH)), body)))
}

/// What the experiment says: claims, comparison and tables, with `link` behind the numbers of these.
pub(crate) fn content(
    visit: &Visit<'_>,
    answer: &Answer,
    link: &dyn Fn(&str, Place) -> Option<String>,
) -> Markup {
    html! {
        (judged(visit, answer))
        (compared(visit, answer))
        (plots(visit, answer, link("", Place { row: 1, column: 1 }).is_some()))
        @for spec in &answer.experiment.tables {
            section {
                @match tables::build(&answer.set, spec, visit.laboratory.catalog()) {
                    Ok(table) => {
                        div.scroll {
                            (PreEscaped(table.linked(&|place| link(&spec.name, place))))
                        }
                        @if link(&spec.name, Place { row: 1, column: 1 }).is_some() {
                            (page::copies(&copied(&answer.experiment, "table", &spec.name), &FORMATS))
                        }
                    }
                    Err(error) => { h2 { (spec.name) } p.said { (error) } }
                }
            }
        }
    }
}

fn copied(experiment: &Experiment, what: &str, name: &str) -> Address {
    Address::new("/experiment/copy").with("name", &experiment.name).with(what, name)
}

/// Every plot that the experiment declares; `linked` says whether each leads to its own file.
fn plots(visit: &Visit<'_>, answer: &Answer, linked: bool) -> Markup {
    let Experiment { name, plots, .. } = &answer.experiment;
    html! {
        @if !plots.is_empty() {
            section {
                h2 { "Plots" }
                div.figures { @for spec in plots {
                    div {
                        (figure::plot(visit, &answer.set, spec, &Closeup::default()))
                        @if linked {
                            @let file = Address::new("/experiment/plot").with("name", name);
                            p.copies { a href=(file.with("plot", &spec.name)) { "SVG" } }
                        }
                    }
                } }
            }
        }
    }
}

/// A plot of the experiment as an SVG file: `name` and `plot`.
pub(crate) fn plot(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let name = visit.named("plot")?;
    let spec = answer.experiment.plots.iter().find(|spec| spec.name == name);
    let spec = spec.ok_or_else(|| Problem::missing(format!("There is no plot {name:?}.")))?;
    let drawn = figure::drawn(visit, &answer.set, spec, &Closeup::default());
    drawn.map(Reply::Svg).map_err(Problem::missing)
}

/// A table of the experiment as text: `name`, `table` and `format`.
pub(crate) fn copy(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let format = format(visit)?;
    let name = visit.named("table")?;
    let spec = answer.experiment.tables.iter().find(|spec| spec.name == name);
    let spec = spec.ok_or_else(|| Problem::missing(format!("There is no table {name:?}.")))?;
    let table = tables::build(&answer.set, spec, visit.laboratory.catalog());
    let table = table.map_err(|error| Problem::missing(error.to_string()))?;
    Ok(Reply::Text(table.render(format, Style::default())))
}

/// The format that the address names.
pub(crate) fn format(visit: &Visit<'_>) -> Result<Format, Problem> {
    let word = visit.named("format")?;
    let known = || Format::ALL.map(Format::word).join(", ");
    Format::from_word(word)
        .ok_or_else(|| Problem::mistaken(format!("No format {word:?}: there is {}.", known())))
}

fn runs_of(name: &str, state: &str) -> Address {
    let filter = format!("experiment == {} and state == {}", quoted(name), quoted(state));
    Address::new("/runs").with("filter", filter)
}

/// How far it is, in words and as a bar.
fn progress(name: &str, answer: &Answer) -> Markup {
    let Standings { planned, finished, failed, interrupted, running, missing, changed } =
        answer.standings;
    let counts = [
        ("finished", finished),
        ("running", running),
        ("failed", failed),
        ("interrupted", interrupted),
    ];
    html! {
        section.progress aria-label="Progress" {
            progress max=(planned.max(1)) value=(finished) aria-label="finished runs" {}
            p {
                strong { (finished) } " of " (planned) " runs"
                @for (state, count) in counts {
                    @if count > 0 {
                        " · " a href=(runs_of(name, state)) { (count) " " (state) }
                    }
                }
                @if missing > 0 { " · " (missing) " to be trained" }
                @if changed > 0 {
                    " · " (changed) " to be trained again: their data or the training version changed"
                }
                @if let Some(seconds) = seconds_left(answer) {
                    " · " strong { (left(seconds)) " left" }
                }
            }
        }
    }
}

/// Seconds that what is neither finished nor failed will take, with as many at a time as are running
/// now: each run as long as the finished ones of its trial took on average, or else as all of them.
/// `None` where nothing runs or nothing has finished yet.
fn seconds_left(answer: &Answer) -> Option<f64> {
    let mean = |seconds: &[f64]| {
        (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64)
    };
    let seconds_of = |trial: &TrialRuns| -> Vec<f64> {
        trial.planned_runs().filter_map(|run| run.seconds).collect()
    };
    let trials = &answer.set.trials;
    let usual = mean(&trials.iter().flat_map(seconds_of).collect::<Vec<_>>())?;
    let is_left = |state: Option<RunState>| match state {
        Some(RunState::Finished | RunState::Failed) => false,
        Some(RunState::Running | RunState::Interrupted) | None => true,
    };
    let of_trial = |trial: &TrialRuns| {
        let seeds = trial.seeds.iter();
        let left = seeds.filter(|seed| is_left(trial.run(**seed).map(|run| run.state))).count();
        left as f64 * mean(&seconds_of(trial)).unwrap_or(usual)
    };
    let work: f64 = trials.iter().map(of_trial).sum();
    let jobs = answer.standings.running;
    (jobs > 0).then(|| work / jobs as f64)
}

/// An estimate, so no more digits than it deserves.
fn left(seconds: f64) -> String {
    match seconds {
        ..90.0 => format!("about {:.0} s", seconds.max(1.0)),
        90.0..5400.0 => format!("about {:.0} min", seconds / 60.0),
        _ => format!("about {:.1} h", seconds / 3600.0),
    }
}

/// How many runs failed of what, and what the first of each kind said.
fn failures(name: &str, answer: &Answer) -> Markup {
    let mut kinds: BTreeMap<FailureKind, (usize, String)> = BTreeMap::new();
    for run in answer.set.trials.iter().flat_map(|trial| trial.planned_runs()) {
        if let (RunState::Failed, Some((kind, message))) = (run.state, &run.failure) {
            kinds.entry(*kind).or_insert_with(|| (0, message.clone())).0 += 1;
        }
    }
    let address = |kind: FailureKind| {
        let kind = quoted(kind.word());
        let filter = format!("experiment == {} and failure == {kind}", quoted(name));
        Address::new("/runs").with("filter", filter)
    };
    html! {
        @if !kinds.is_empty() {
            section {
                h2 { "Failures" }
                div.scroll {
                    table.list {
                        thead { tr {
                            th scope="col" { "cause" } th.num scope="col" { "runs" }
                            th scope="col" { "the first says" }
                        } }
                        tbody {
                            @for (kind, (count, message)) in &kinds {
                                tr {
                                    th scope="row" { a href=(address(*kind)) { (kind.word()) } }
                                    td.num { (count) }
                                    td.wrap { (ablate_report::visible(message)) }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What is being trained now, by its parameters that are not at their defaults.
fn running(answer: &Answer) -> Markup {
    /// More than fit the cores of a usual machine.
    const MOST: usize = 32;
    let runs = answer.set.trials.iter().flat_map(|trial| trial.planned_runs());
    let running: Vec<_> = runs.filter(|run| run.state == RunState::Running).take(MOST).collect();
    html! {
        @if answer.standings.running > 0 && !running.is_empty() {
            section {
                h2 { "Running" }
                ul.running {
                    @for run in running {
                        li {
                            a href=(sheet::run(&run.id.0)) { code { (run.id) } }
                            " seed " (run.seed)
                            @for name in ["pretraining", "variant", "depth", "lambda", "sigma"] {
                                @if let Some(value) = run.params.get(name) { ", " (name) " " (value) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn judged(visit: &Visit<'_>, answer: &Answer) -> Markup {
    let specs = &answer.experiment.claims;
    if specs.is_empty() {
        return html! {};
    }
    let judged = claims::judge(&answer.set, specs, visit.laboratory.catalog());
    html! {
        section {
            h2 { "Claims" }
            @match judged {
                Ok(judged) => {
                    ul.claims {
                        @for claim in &judged.claims {
                            li {
                                (page::chip(claim.verdict.word())) " "
                                strong { (ablate_report::visible(&claim.spec.name)) } ": "
                                (ablate_report::visible(&claim.statement()))
                            }
                        }
                    }
                    details {
                        summary { "What the runs say to each" }
                        (PreEscaped(judged.render(Format::Html, Style::default())))
                    }
                }
                Err(error) => p.said { (error) },
            }
        }
    }
}

fn compared(visit: &Visit<'_>, answer: &Answer) -> Markup {
    let Some(spec) = &answer.experiment.comparison else { return html! {} };
    html! {
        section {
            h2 { (spec.axis) ": " (spec.metric) }
            @match compare(&answer.set, spec, visit.laboratory.catalog()) {
                Ok(comparison) if comparison.cells.is_empty() => {
                    p.said { "No run has a partner yet that differs only in " (spec.axis) "." }
                }
                Ok(comparison) => {
                    ul { @for sentence in comparison.sentences() { li { (sentence) } } }
                }
                Err(error) => p.said { (error) },
            }
        }
    }
}

/// The file that it was swept from.
pub(crate) fn file(answer: &Answer) -> Markup {
    html! {
        details {
            summary { "The experiment's file" }
            @if !answer.overrides.is_empty() {
                p { "Swept with "
                    @for text in &answer.overrides { code { "--set " (text) } " " }
                }
            }
            pre { (answer.text) }
        }
    }
}
