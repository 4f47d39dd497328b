//! Curves and profiles: mean and band over seeds by group, single seeds on demand, any part of the axis.
//! The address holds what is drawn: `name`, `series`, `by`, `filter`, `select`, `log`, `from`, `to` and
//! `seeds`. Every place of the part that is shown is drawn, up to a few hundred, which the picture says.

use std::collections::BTreeSet;

use ablate_report::charts::Closeup;
use ablate_sweep::plots::{Drawing, SeriesKind};
use ablate_sweep::{Experiment, RunState};
use maud::{Markup, html};

use crate::address::Address;
use crate::drawing;
use crate::laboratory::Answer;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, figure};

/// A curve or a profile by its name.
type Series = (SeriesKind, String);

/// The curves with their form.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let known = known(visit, &answer)?;
    let series = chosen(visit, &known);
    let by = by(visit, &answer.experiment);
    let closeup = closeup(visit)?;
    let name = &answer.experiment.name;
    let drawing = series.clone().map(|(of, name)| Drawing::Series { of, name, by: by.clone() });
    let spec = drawing.map(|drawing| figure::asked(visit, drawing));
    let mistake = spec.as_ref().and_then(|spec| spec.as_ref().err().cloned());
    let body = html! {
        (page::tabs(name, "/curves"))
        h1 { (ablate_report::visible(name)) ": curves and profiles" }
        (form(visit, name, (&known, series.as_ref()), &by, mistake.as_deref()))
        @match spec {
            None => p.said { "No finished run has a curve or a profile yet." },
            Some(Err(_)) => {},
            Some(Ok(spec)) => {
                div.large { (figure::plot(visit, &answer.set, &spec, &closeup)) }
                @if closeup.span.is_some() {
                    p { a href=(Address::of("/curves", visit.asked).with("from", "").with("to", "")) {
                        "The whole axis"
                    } }
                } @else {
                    p.hint { "Drag over a part of the axis, or fill in From and To, to see it closely." }
                }
            }
        }
    };
    let live = Address::new(crate::live::PATH);
    Ok(Reply::Page(page::whole("Curves", Some(&live), body)))
}

/// What the finished runs have, of a few of the trials.
fn known(visit: &Visit<'_>, answer: &Answer) -> Result<Vec<Series>, Problem> {
    /// Enough to meet every kind of trial.
    const TRIALS: usize = 24;
    let trials = &answer.set.trials;
    let every = trials.len().div_ceil(TRIALS).max(1);
    let mut found = BTreeSet::new();
    for trial in trials.iter().step_by(every) {
        let run = trial.planned_runs().find(|run| run.state == RunState::Finished);
        for kind in [SeriesKind::Curve, SeriesKind::Profile] {
            let Some(run) = run else { continue };
            for trace in drawing::traces(visit.store, &run.id, kind)? {
                found.insert((kind == SeriesKind::Profile, trace.name));
            }
        }
    }
    let kind = |profile| if profile { SeriesKind::Profile } else { SeriesKind::Curve };
    Ok(found.into_iter().map(|(profile, name)| (kind(profile), name)).collect())
}

/// What the address asks for, or else the validation error, or else the first there is.
fn chosen(visit: &Visit<'_>, known: &[Series]) -> Option<Series> {
    let named = |name: &str| known.iter().find(|(_, known)| known == name).cloned();
    match visit.asked.get("series") {
        // A name that no run has is drawn, too: then the picture says which there are.
        Some(name) => named(name).or_else(|| Some((SeriesKind::Curve, name.to_owned()))),
        None => named("valid_error").or_else(|| known.first().cloned()),
    }
}

/// The parameters that tell groups apart: those asked for, or else the axis of the comparison.
pub(crate) fn by(visit: &Visit<'_>, experiment: &Experiment) -> Vec<String> {
    match visit.asked.list("by") {
        asked if !asked.is_empty() => asked,
        _ => match &experiment.comparison {
            Some(spec) => vec![spec.axis.clone()],
            None => vec!["pretraining".to_owned()],
        },
    }
}

fn closeup(visit: &Visit<'_>) -> Result<Closeup, Problem> {
    let end = |name: &str, without: f64| match visit.asked.get(name) {
        None => Ok(without),
        Some(text) => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            _ => Err(Problem::mistaken(format!("`{name}` must be a number, not {text:?}."))),
        },
    };
    let (from, to) = (end("from", f64::NEG_INFINITY)?, end("to", f64::INFINITY)?);
    let whole = from == f64::NEG_INFINITY && to == f64::INFINITY;
    Ok(Closeup {
        span: (!whole).then_some((from, to)),
        seeds: visit.asked.get("seeds").is_some(),
        handles: true,
    })
}

fn form(
    visit: &Visit<'_>,
    name: &str,
    (known, chosen): (&[Series], Option<&Series>),
    by: &[String],
    mistake: Option<&str>,
) -> Markup {
    let said = |name: &str| visit.asked.get(name).unwrap_or_default();
    html! {
        form.filter method="get" action="/curves" {
            input type="hidden" name="name" value=(name);
            label { "Series"
                select name="series" {
                    @for (word, kind) in [("Curves", SeriesKind::Curve), ("Profiles", SeriesKind::Profile)] {
                        optgroup label=(word) {
                            @for series in known.iter().filter(|(of, _)| *of == kind) {
                                option value=(series.1) selected[Some(series) == chosen] { (series.1) }
                            }
                        }
                    }
                }
            }
            label { "By" input name="by" value=(by.join(",")); }
            label { "From" input name="from" value=(said("from")) inputmode="decimal"; }
            label { "To" input name="to" value=(said("to")) inputmode="decimal"; }
            (figure::log_fields(visit, &["x", "y"]))
            fieldset {
                legend { "Seeds" }
                label { input type="checkbox" name="seeds" value="each"
                    checked[visit.asked.get("seeds").is_some()]; "each by itself" }
            }
            (figure::filter_field(visit, mistake))
            button { "Show" }
        }
    }
}
