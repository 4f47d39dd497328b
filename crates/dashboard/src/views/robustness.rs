//! Robustness: the error over the severity of every corruption, each corruption by each group, and mCE.
//! The address holds what is shown: `name`, `by`, `filter` and `select`.

use ablate_report::charts::{self, Closeup, Trace, Traces};
use ablate_report::{ReportError, RunSet};
use ablate_sweep::plots::{Drawing, PlotSpec, SeriesKind, Shown};
use ablate_sweep::{Catalog, Run, RunState};
use maud::{Markup, html};

use crate::address::Address;
use crate::laboratory::Answer;
use crate::page;
use crate::reply::{Problem, Reply};
use crate::views::{Visit, figure};

/// Summaries that are shown where any run has them.
const SUMMARIES: [&str; 4] = ["robust_mce", "mnist_c_mce", "robust_error", "mnist_c_error"];

/// The pictures with their form.
pub(crate) fn view(visit: &Visit<'_>) -> Result<Reply, Problem> {
    let answer = visit.answer()?;
    let by = by(visit, &answer);
    let probe = figure::asked(visit, series("", &by));
    let name = &answer.experiment.name;
    let body = html! {
        (page::tabs(name, "/robustness"))
        h1 { (ablate_report::visible(name)) ": robustness" }
        form.filter method="get" action="/robustness" {
            input type="hidden" name="name" value=(name);
            label { "By" input name="by" value=(by.join(",")); }
            (figure::filter_field(visit, probe.as_ref().err().map(String::as_str)))
            button { "Show" }
        }
        @if let Ok(spec) = &probe { (content(visit, &answer, spec, &by)) }
    };
    let live = Address::new(crate::live::PATH);
    Ok(Reply::Page(page::whole("Robustness", Some(&live), body)))
}

/// The parameters that tell groups apart: those asked for, or else those of pretraining that vary.
fn by(visit: &Visit<'_>, answer: &Answer) -> Vec<String> {
    let asked = visit.asked.list("by");
    if !asked.is_empty() {
        return asked;
    }
    let trials = answer.set.trials.iter().map(|runs| &runs.trial.params);
    let telling = visit.laboratory.catalog().telling(trials);
    let usual = ["pretraining", "variant", "corruption"];
    let found: Vec<String> =
        telling.into_iter().filter(|name| usual.contains(&name.as_str())).collect();
    if found.is_empty() { vec!["pretraining".to_owned()] } else { found }
}

fn series(name: &str, by: &[String]) -> Drawing {
    Drawing::Series { of: SeriesKind::Profile, name: name.to_owned(), by: by.to_vec() }
}

fn content(visit: &Visit<'_>, answer: &Answer, asked: &PlotSpec, by: &[String]) -> Markup {
    let (set, catalog) = (&answer.set, visit.laboratory.catalog());
    let ladders: Vec<Ladder<'_>> =
        ladders(catalog).into_iter().filter(|ladder| ladder.any(set)).collect();
    let summaries = SUMMARIES.into_iter().filter(|name| measured(set, name));
    let summaries: Vec<Drawing> = summaries.filter_map(|name| summary(name, by)).collect();
    let matrices = matrices(set, catalog, &ladders, by);
    let spec = |drawing: &Drawing, name: &str| PlotSpec {
        name: name.to_owned(),
        drawing: drawing.clone(),
        ..asked.clone()
    };
    let all = Closeup::default();
    html! {
        @if ladders.is_empty() && summaries.is_empty() && matrices.is_empty() {
            p.said { "No finished run was measured under corruption." }
        }
        @if !ladders.is_empty() {
            section {
                h2 { "Error over the severity" }
                div.figures { @for ladder in &ladders {
                    @let plot = spec(&series(&ladder.name, by), &ladder.corruption);
                    (figure::shown(ladder.drawn(set, &plot, catalog).map_err(|error| error.to_string())))
                } }
            }
        }
        @if !matrices.is_empty() {
            section {
                h2 { "Every corruption" }
                div.figures { @for (title, drawing) in &matrices {
                    (figure::plot(visit, set, &spec(drawing, title), &all))
                } }
            }
        }
        @if !summaries.is_empty() {
            section {
                h2 { "Over all corruptions" }
                p { "mCE is the error as a share of the unpretrained network's, which is 100." }
                div.figures { @for drawing in &summaries {
                    @let title = match drawing { Drawing::Metric { metric, .. } => metric.as_str(), _ => "" };
                    (figure::plot(visit, set, &spec(drawing, title), &all))
                } }
            }
        }
    }
}

fn measured(set: &RunSet, metric: &str) -> bool {
    set.trials.iter().any(|trial| !trial.scores(metric).is_empty())
}

/// A metric by the last of `by`, grouped by the others.
fn summary(metric: &str, by: &[String]) -> Option<Drawing> {
    let (x, by) = by.split_last()?;
    let (x, metric) = (x.clone(), metric.to_owned());
    Some(Drawing::Metric { shown: Shown::Strip, x, metric, by: by.to_vec() })
}

/// The errors of one corruption at several severities, which are metrics of their own.
struct Ladder<'a> {
    corruption: String,
    /// What the metrics begin with.
    name: String,
    /// The severities and the metrics there.
    rungs: Vec<(f64, &'a str)>,
}

/// Every corruption with several severities, as the catalog's mCE has them. A metric is called by the
/// corruption and its severity, the point written as `_`.
fn ladders(catalog: &Catalog) -> Vec<Ladder<'_>> {
    let groups = catalog.relative.iter().filter(|relative| relative.minus.is_none());
    let groups = groups.flat_map(|relative| &relative.groups).filter(|group| group.len() > 1);
    groups.filter_map(|group| ladder(group)).collect()
}

fn ladder(group: &[String]) -> Option<Ladder<'_>> {
    let first = group.first()?;
    // Severities begin behind the last word: `test_error_salt_and_pepper_0_05`.
    let letter = first.rfind(|c: char| c.is_ascii_alphabetic())?;
    let name = &first[..=letter];
    let severity =
        |metric: &str| metric.strip_prefix(name)?.strip_prefix('_')?.replace('_', ".").parse().ok();
    let rungs = group.iter().map(|metric| Some((severity(metric)?, metric.as_str())));
    let rungs: Option<Vec<(f64, &str)>> = rungs.collect();
    let corruption = name.strip_prefix("test_error_").unwrap_or(name).replace('_', " ");
    Some(Ladder { corruption, name: name.to_owned(), rungs: rungs? })
}

impl Ladder<'_> {
    fn any(&self, set: &RunSet) -> bool {
        self.rungs.iter().any(|(_, metric)| measured(set, metric))
    }

    /// The errors from none of it, the clean error, up.
    fn trace(&self, run: &Run) -> Trace {
        let clean = (0.0, "test_error");
        let rungs = std::iter::once(&clean).chain(&self.rungs);
        let points = rungs.filter_map(|(at, metric)| Some((*at, *run.scores.get(*metric)?)));
        Trace {
            kind: SeriesKind::Profile,
            name: self.name.clone(),
            axis: "severity".to_owned(),
            points: points.collect(),
        }
    }

    fn drawn(
        &self,
        set: &RunSet,
        spec: &PlotSpec,
        catalog: &Catalog,
    ) -> Result<String, ReportError> {
        let runs = set.trials.iter().flat_map(|trial| trial.planned_runs());
        let finished = runs.filter(|run| run.state == RunState::Finished);
        let traces: Traces = finished.map(|run| (run.id.clone(), vec![self.trace(run)])).collect();
        charts::draw(set, spec, catalog, &traces, &Closeup::default())
    }
}

/// Every corruption by every group: the graded ones with all their severities, and those of each
/// benchmark that has one severity each.
fn matrices(
    set: &RunSet,
    catalog: &Catalog,
    ladders: &[Ladder<'_>],
    by: &[String],
) -> Vec<(String, Drawing)> {
    let matrix = |metrics: Vec<String>| Drawing::Matrix { metrics, by: by.to_vec() };
    let mut found = Vec::new();
    let rungs = ladders.iter().flat_map(|ladder| &ladder.rungs);
    let graded: Vec<String> = rungs.map(|(_, metric)| (*metric).to_owned()).collect();
    if !graded.is_empty() {
        found.push(("noise by severity".to_owned(), matrix(graded)));
    }
    for relative in catalog.relative.iter().filter(|relative| relative.minus.is_none()) {
        let single = relative.groups.iter().filter(|group| group.len() == 1).flatten();
        let single: Vec<String> = single.filter(|name| measured(set, name)).cloned().collect();
        if !single.is_empty() {
            found
                .push((relative.metric.name.replace("_mce", "").replace('_', "-"), matrix(single)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_severity_is_read_off_the_name_of_its_metric() {
        let names = ["test_error_salt_and_pepper_0_05", "test_error_salt_and_pepper_0_4"];
        let group = names.map(str::to_owned);
        let found = ladder(&group).unwrap();
        assert_eq!(found.corruption, "salt and pepper");
        assert_eq!(found.rungs, [(0.05, names[0]), (0.4, names[1])]);
        assert!(ladder(&["a_1".to_owned(), "b_2".to_owned()]).is_none());
    }
}
