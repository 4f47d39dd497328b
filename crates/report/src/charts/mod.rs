//! Pictures of what runs found, as SVG: [`draw`] is a pure function from runs to text, and the same
//! runs give the same bytes. What each kind shows is told in `experiments/README.md`.
//!
//! Where several trials would stand in one place, the one that validation chooses stands there, as in
//! tables.

mod canvas;
mod cells;
mod differences;
mod frame;
mod heat;
mod metric;
mod palette;
mod parallel;
mod scale;
mod scatter;
mod series;
mod strip;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::slice::from_ref;

use ablate_sweep::plots::{Drawing, PlotSpec, SeriesKind};
use ablate_sweep::{Catalog, Curve, Profile, RunId, RunState, Trial, Value};

use crate::error::ReportError;
use crate::label::{Label, groups};
use crate::number::{counted, factor, unit_suffix};
use crate::run_set::{RunSet, TrialRuns};
use crate::selection::{Selector, check_params, find_metric};
use palette::MOST_GROUPS;

pub use differences::differences;
pub use series::lines;

/// A curve or a profile of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Which of the two.
    pub kind: SeriesKind,
    /// What is measured.
    pub name: String,
    /// What it is measured over: `epoch`, `radius`.
    pub axis: String,
    /// Places on the axis, ascending, and the values there.
    pub points: Vec<(f64, f64)>,
}

impl From<Curve> for Trace {
    fn from(curve: Curve) -> Trace {
        let points = curve.values.into_iter().zip(1_u32..);
        Trace {
            kind: SeriesKind::Curve,
            name: curve.name,
            axis: "epoch".to_owned(),
            points: points.map(|(value, at)| (f64::from(at), value)).collect(),
        }
    }
}

impl From<Profile> for Trace {
    fn from(profile: Profile) -> Trace {
        Trace {
            kind: SeriesKind::Profile,
            name: profile.name,
            axis: profile.axis,
            points: profile.at.into_iter().zip(profile.values).collect(),
        }
    }
}

/// How closely a plot is looked at, beyond what its specification says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Closeup {
    /// The part of the axis of a curve or a profile that is drawn, both ends included; all of it
    /// without.
    pub span: Option<(f64, f64)>,
    /// Whether every seed has a line of its own.
    pub seeds: bool,
    /// Whether the picture has places, marked by `data-` attributes, that a page may let people drag
    /// over: along the axis of a curve or a profile, and along each of parallel coordinates.
    pub handles: bool,
}

/// The traces of each run that has any.
pub type Traces = BTreeMap<RunId, Vec<Trace>>;

/// The picture that `spec` asks for, as an SVG file. `traces` has those of the runs that [`traced`]
/// names; kinds that draw none do not look at it.
///
/// # Errors
/// Unknown names, a filter that leaves no trial, no finished run that has what is drawn, an axis of
/// numbers over a parameter that has none, or more groups than can be told apart.
pub fn draw(
    set: &RunSet,
    spec: &PlotSpec,
    catalog: &Catalog,
    traces: &Traces,
    closeup: &Closeup,
) -> Result<String, ReportError> {
    let request = Request::check(set, spec, catalog)?;
    match &spec.drawing {
        Drawing::Series { of, name, by } => {
            series::draw(&request, (*of, name), by, traces, closeup)
        }
        Drawing::Metric { shown, x, metric, by } => metric::draw(&request, *shown, (x, metric), by),
        Drawing::Heat { x, y, metric } => heat::draw(&request, (x, y), metric),
        Drawing::Matrix { metrics, by } => heat::matrix(&request, metrics, by),
        Drawing::Scatter { x, metric, by } => scatter::draw(&request, (x, metric), by),
        Drawing::Parallel { axes, metric } => {
            parallel::draw(&request, axes, metric, closeup.handles)
        }
    }
}

/// The runs whose curves or profiles the picture is made of; none where it is made of scores.
///
/// # Errors
/// Those of [`draw`] that concern the names and the filter.
pub fn traced(set: &RunSet, spec: &PlotSpec, catalog: &Catalog) -> Result<Vec<RunId>, ReportError> {
    let request = Request::check(set, spec, catalog)?;
    let Drawing::Series { by, .. } = &spec.drawing else { return Ok(Vec::new()) };
    let chosen = request.groups(by)?;
    let chosen = chosen.iter().filter_map(|group| request.choose(&group.members));
    Ok(chosen.flat_map(finished).map(|run| run.id.clone()).collect())
}

/// The planned runs of a trial that finished.
fn finished(trial: &TrialRuns) -> impl Iterator<Item = &ablate_sweep::Run> {
    trial.planned_runs().filter(|run| run.state == RunState::Finished)
}

/// Trials that are drawn alike.
struct Group<'a> {
    /// What the legend calls them; empty where there is only one group.
    name: String,
    members: Vec<&'a TrialRuns>,
}

/// A specification whose names have been looked up, and the trials that it is about.
struct Request<'a> {
    spec: &'a PlotSpec,
    catalog: &'a Catalog,
    place: String,
    selector: Selector,
    trials: Vec<&'a TrialRuns>,
}

impl<'a> Request<'a> {
    fn check(
        set: &'a RunSet,
        spec: &'a PlotSpec,
        catalog: &'a Catalog,
    ) -> Result<Request<'a>, ReportError> {
        let place = format!("plot {:?}", spec.name);
        let (params, metrics): (Vec<&String>, &[String]) = match &spec.drawing {
            Drawing::Series { by, .. } => (by.iter().collect(), &[]),
            Drawing::Metric { x, metric, by, .. } => {
                ([x].into_iter().chain(by).collect(), from_ref(metric))
            }
            Drawing::Heat { x, y, metric } => (vec![x, y], from_ref(metric)),
            Drawing::Matrix { metrics, by } => (by.iter().collect(), metrics),
            Drawing::Scatter { x, metric, by } => {
                // A metric may stand there as well.
                let axis = [x].into_iter().filter(|x| catalog.metric(x).is_none());
                (axis.chain(by).collect(), from_ref(metric))
            }
            Drawing::Parallel { axes, metric } => (axes.iter().collect(), from_ref(metric)),
        };
        check_params(&place, params, catalog)?;
        for name in metrics {
            find_metric(&place, name, catalog)?;
        }
        let selector = Selector::new(&place, &spec.select, catalog)?;
        let passes = |runs: &&TrialRuns| {
            spec.filter.as_ref().is_none_or(|filter| filter.holds_for(&runs.trial.params))
        };
        let trials: Vec<&TrialRuns> = set.trials.iter().filter(passes).collect();
        match &spec.filter {
            _ if !trials.is_empty() => Ok(Request { spec, catalog, place, selector, trials }),
            Some(filter) if !set.trials.is_empty() => Err(ReportError::NoTrials {
                place,
                planned: set.trials.len(),
                filter: filter.text.clone(),
            }),
            Some(_) | None => Err(ReportError::EmptyPlan { place }),
        }
    }

    /// The groups that the values of `by` make.
    fn groups(&self, by: &[String]) -> Result<Vec<Group<'a>>, ReportError> {
        let found = by_labels(&self.trials, by);
        if found.len() > MOST_GROUPS {
            let (place, count) = (self.place.clone(), found.len());
            return Err(ReportError::TooManyGroups { place, count, most: MOST_GROUPS });
        }
        let single = found.len() == 1;
        let named = found.into_iter().map(|(labels, members)| Group {
            name: if single { String::new() } else { named(by, &labels) },
            members,
        });
        Ok(named.collect())
    }

    /// The trial that stands for `members`.
    fn choose(&self, members: &[&'a TrialRuns]) -> Option<&'a TrialRuns> {
        self.selector.choose(members).map(|at| members[at])
    }

    /// The heading of a metric's axis, and by what its values are multiplied.
    fn metric(&self, name: &str) -> (String, f64) {
        let unit = self.unit(name);
        (format!("{name}{}", unit_suffix(unit)), factor(unit))
    }

    /// The unit of a metric, or of a profile that metrics are points of: `attack_pgd_linf_0_1` is one
    /// of `attack_pgd_linf`.
    fn unit(&self, name: &str) -> &'static str {
        let point = || {
            let mut metrics = self.catalog.all_metrics();
            metrics.find(|metric| {
                metric.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'))
            })
        };
        self.catalog.metric(name).or_else(point).map_or("1", |metric| metric.unit)
    }

    fn nothing(&self, what: &str) -> ReportError {
        ReportError::NothingToPlot { place: self.place.clone(), what: what.to_owned() }
    }

    /// What must be said below the picture: the seeds, what was chosen among, and what is missing.
    fn notes(&self, shown: &[&TrialRuns], most_in_a_place: usize, first: &str) -> Vec<String> {
        let seeds: Vec<usize> =
            shown.iter().map(|trial| trial.finished()).filter(|count| *count > 0).collect();
        let (least, most) = (seeds.iter().min(), seeds.iter().max());
        let seeds = match (least, most) {
            (Some(least), Some(most)) if least < most => format!("{least} to {most} seeds"),
            (Some(count), _) => counted(*count, "seed"),
            (None, _) => "no seeds".to_owned(),
        };
        let mut notes = vec![format!("{first} ({seeds})")];
        if most_in_a_place > 1 {
            notes.push(format!(
                "of up to {most_in_a_place} trials in a place the best by {} is shown",
                self.selector.metric()
            ));
        }
        let failed: usize = shown.iter().flat_map(|trial| trial.failures().into_values()).sum();
        let planned: usize = shown.iter().map(|trial| trial.seeds.len()).sum();
        let finished: usize = shown.iter().map(|trial| trial.finished()).sum();
        if finished < planned {
            let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            notes.push(format!("{finished} of {planned} planned runs finished{failed}"));
        }
        notes
    }
}

/// `trials` by the values of `keys`, ordered as in tables.
fn by_labels<'a>(
    trials: &[&'a TrialRuns],
    keys: &[String],
) -> Vec<(Vec<Label>, Vec<&'a TrialRuns>)> {
    let plain: Vec<&Trial> = trials.iter().map(|trial| trial.trial.as_ref()).collect();
    let found = groups(&plain, keys).into_iter();
    found.map(|(labels, at)| (labels, at.into_iter().map(|at| trials[at]).collect())).collect()
}

/// Words stand for themselves, numbers behind their names: `greedy, depth 3`.
fn named(keys: &[String], labels: &[Label]) -> String {
    let name = |(key, label): (&String, &Label)| match &label.0 {
        None => None,
        Some(Value::Text(text)) => Some(text.clone()),
        Some(value) => Some(format!("{key} {value}")),
    };
    let names: Vec<String> = keys.iter().zip(labels).filter_map(name).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(", ") }
}
