//! What stands in the pictures, by their text.

use ablate_sweep::plots::{Drawing, LogAxes, PlotSpec, SeriesKind, Shown};
use ablate_sweep::{Domain, Filter, Param, RunState, Value};

use super::canvas::{broken, fitted, wrapped};
use super::strip::quantile;
use super::{Closeup, Trace, Traces, differences, lines, traced};
use crate::error::ReportError;
use crate::fixture::{Seed, catalog, comparison_spec, set, set_in};
use crate::run_set::RunSet;

fn spec(drawing: Drawing) -> PlotSpec {
    PlotSpec {
        name: "a <plot> & \"more\"".into(),
        drawing,
        log: LogAxes::default(),
        filter: None,
        select: "valid_error".into(),
    }
}

fn metric(shown: Shown, x: &str, by: &[&str]) -> PlotSpec {
    let by = by.iter().map(|name| (*name).to_owned()).collect();
    spec(Drawing::Metric { shown, x: x.into(), metric: "test_error".into(), by })
}

fn series(kind: SeriesKind) -> PlotSpec {
    spec(Drawing::Series { of: kind, name: "loss".into(), by: vec!["pretraining".into()] })
}

fn heat() -> PlotSpec {
    spec(Drawing::Heat { x: "lambda".into(), y: "depth".into(), metric: "test_error".into() })
}

fn parallel() -> PlotSpec {
    let axes = ["pretraining", "variant", "depth"].map(str::to_owned).to_vec();
    spec(Drawing::Parallel { axes, metric: "test_error".into() })
}

/// A trace of five points for every finished run but that seed 0 stops after three.
fn traces(spec: &PlotSpec, kind: SeriesKind) -> Traces {
    let runs = traced(&set(), spec, &catalog()).unwrap();
    let trace = |(at, run): (usize, ablate_sweep::RunId)| {
        let length = if run.0.ends_with("-0") { 3 } else { 5 };
        let value = |x: u32| (f64::from(x), 1.0 / f64::from(x) + at as f64 / 100.0);
        let points = (1..=length).map(value).collect();
        let trace = Trace { kind, name: "loss".into(), axis: "radius".into(), points };
        (run, vec![trace])
    };
    runs.into_iter().enumerate().map(trace).collect()
}

fn draw(
    set: &RunSet,
    spec: &PlotSpec,
    catalog: &ablate_sweep::Catalog,
    traces: &Traces,
) -> Result<String, ReportError> {
    super::draw(set, spec, catalog, traces, &Closeup::default())
}

fn drawn(spec: &PlotSpec) -> String {
    draw(&set(), spec, &catalog(), &Traces::new()).unwrap()
}

fn matrix() -> PlotSpec {
    let metrics = ["test_error", "test_accuracy"].map(str::to_owned).to_vec();
    spec(Drawing::Matrix { metrics, by: vec!["pretraining".into(), "variant".into()] })
}

fn scatter() -> PlotSpec {
    let (x, metric) = ("saturation".to_owned(), "test_error".to_owned());
    spec(Drawing::Scatter { x, metric, by: vec!["pretraining".into()] })
}

fn paired() -> String {
    let comparison = crate::compare(&set(), &comparison_spec(), &catalog()).unwrap();
    differences(&comparison).unwrap()
}

fn all() -> Vec<String> {
    let curve = series(SeriesKind::Curve);
    let of_curve = draw(&set(), &curve, &catalog(), &traces(&curve, SeriesKind::Curve)).unwrap();
    vec![
        of_curve,
        drawn(&metric(Shown::Line, "depth", &["pretraining"])),
        drawn(&metric(Shown::Strip, "depth", &["pretraining"])),
        drawn(&metric(Shown::Box, "depth", &["pretraining"])),
        drawn(&heat()),
        drawn(&matrix()),
        drawn(&scatter()),
        drawn(&parallel()),
    ]
}

#[test]
fn every_picture_is_told_in_words_and_needs_nothing_that_a_strict_page_forbids() {
    for svg in all() {
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\""));
        assert!(svg.contains("<title>a &lt;plot&gt; &amp; &quot;more&quot;</title>\n<desc>"));
        for forbidden in ["style=", "<script", "<style", " id=", "href", "<plot>", "NaN", "inf"] {
            assert!(!svg.contains(forbidden), "{forbidden} in {svg}");
        }
        // Every tag that opens is closed.
        let opened = svg.matches('<').count() - svg.matches("</").count();
        assert_eq!(opened, svg.matches("</").count() + svg.matches("/>").count(), "{svg}");
    }
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    assert_eq!(all(), all());
}

#[test]
fn a_strip_marks_every_seed() {
    let svg = drawn(&metric(Shown::Strip, "depth", &["pretraining"]));
    // The circles of `none`: five seeds at either depth, and one in the legend.
    assert_eq!(svg.matches("<circle").count(), 5 + 5 + 1);
    for part in [">none<", ">greedy<", ">depth<", ">test_error (%)<", ">1<", ">3<"] {
        assert!(svg.contains(part), "{part}: {svg}");
    }
    // A trial of which two runs failed is not chosen before one that is whole.
    assert!(svg.contains("(5 seeds)") && svg.contains("the best by valid_error"), "{svg}");
}

#[test]
fn what_failed_is_said_below_the_picture() {
    let mut spec = metric(Shown::Strip, "depth", &[]);
    spec.filter = Some(Filter::parse("lambda == 1.0").unwrap());
    let svg = drawn(&spec);
    assert!(svg.contains("3 to 5 seeds"), "{svg}");
    assert!(svg.contains("8 of 10 planned runs finished, 2 failed"), "{svg}");
}

#[test]
fn the_box_has_the_quartiles_of_numpy() {
    let sorted = [41.0, 41.0, 42.0, 42.0, 44.0];
    // numpy.quantile([41, 41, 42, 42, 44, 50], [0.25, 0.5, 0.75])
    let six = [41.0, 41.0, 42.0, 42.0, 44.0, 50.0];
    assert_eq!([0.25, 0.5, 0.75].map(|share| quantile(&six, share)), [41.25, 42.0, 43.5]);
    assert_eq!([0.0, 0.5, 1.0].map(|share| quantile(&sorted, share)), [41.0, 42.0, 44.0]);
    assert_eq!(quantile(&[7.0], 0.25), 7.0);
    let svg = drawn(&metric(Shown::Box, "depth", &["pretraining"]));
    assert_eq!(svg.matches("fill=\"none\" stroke=\"#0072b2\"").count(), 2, "{svg}");
}

#[test]
fn a_mean_ends_with_the_first_seed_that_ends_and_the_others_go_on_by_themselves() {
    let spec = series(SeriesKind::Profile);
    let traces = traces(&spec, SeriesKind::Profile);
    let svg = draw(&set(), &spec, &catalog(), &traces).unwrap();
    assert!(svg.contains(">radius<") && svg.contains("thin: single seeds"), "{svg}");
    // Two bands; four of five seeds go on, without pretraining and with it.
    assert_eq!(svg.matches("fill-opacity=\"0.18\"").count(), 2);
    assert_eq!(svg.matches("stroke-opacity=\"0.6\"").count(), 4 + 4, "{svg}");
}

#[test]
fn what_a_log_axis_cannot_bear_is_left_out_and_said() {
    let mut spec = series(SeriesKind::Curve);
    spec.log.y = true;
    let mut traces = traces(&spec, SeriesKind::Curve);
    traces.values_mut().next().unwrap()[0].points[0].1 = 0.0;
    let svg = draw(&set(), &spec, &catalog(), &traces).unwrap();
    assert!(svg.contains("1 value left out, not finite or not above 0"), "{svg}");
    traces.values_mut().flatten().flat_map(|trace| &mut trace.points).for_each(|at| at.1 = -1.0);
    let error = draw(&set(), &spec, &catalog(), &traces).unwrap_err().to_string();
    assert!(error.contains("no finished run has"), "{error}");
}

#[test]
fn a_heat_map_says_its_means_and_frames_the_best() {
    let svg = drawn(&heat());
    // Of depth 3 and lambda 1, the mean of 31, 32 and 31 in a thousand.
    assert!(svg.contains(">3.13<"), "{svg}");
    assert_eq!(svg.matches("stroke=\"#d55e00\" stroke-width=\"2\"").count(), 1);
}

#[test]
fn a_heat_map_over_datasets_frames_the_best_of_each() {
    let names = Domain::Choice(vec!["digits", "rectangles"]);
    let mut catalog = catalog();
    catalog.params.push(Param::new("dataset", names, Value::Text("digits".into()), "the images"));
    // The best depth is 1 on one dataset and 3 on the other.
    let set = set_in(
        &catalog,
        &[
            ("dataset=digits depth=1", &[Seed::Scored(0.03, 0.03)]),
            ("dataset=digits depth=3", &[Seed::Scored(0.05, 0.05)]),
            ("dataset=rectangles depth=1", &[Seed::Scored(0.4, 0.4)]),
            ("dataset=rectangles depth=3", &[Seed::Scored(0.2, 0.2)]),
        ],
    );
    for (x, y, each) in [("depth", "dataset", "row"), ("dataset", "depth", "column")] {
        let drawing = Drawing::Heat { x: x.into(), y: y.into(), metric: "test_error".into() };
        let svg = draw(&set, &spec(drawing), &catalog, &Traces::new()).unwrap();
        assert!(svg.contains(&format!("framed: the best of each {each}")), "{svg}");
        assert_eq!(svg.matches("stroke=\"#d55e00\" stroke-width=\"2\"").count(), 2);
    }
}

#[test]
fn parallel_coordinates_have_a_line_a_trial() {
    let svg = drawn(&parallel());
    let measured = set()
        .trials
        .iter()
        .filter(|trial| trial.runs.iter().any(|run| run.state == RunState::Finished))
        .count();
    assert_eq!(svg.matches("stroke-opacity=\"0.8\"").count(), measured);
    assert!(svg.contains("2 trials without a value left out"), "{svg}");
    assert!(!svg.contains('…'), "no name is cut off: {svg}");
}

#[test]
fn a_matrix_has_a_row_a_metric_and_frames_the_best_of_each() {
    let svg = drawn(&matrix());
    // Both begin with `test_`, which the axis says once.
    assert!(svg.contains(">error<") && svg.contains(">accuracy<") && svg.contains(">test (%)<"));
    assert!(svg.contains("framed: the best of each row"), "{svg}");
    assert_eq!(svg.matches("stroke=\"#d55e00\" stroke-width=\"2\"").count(), 2);
}

#[test]
fn a_scatter_plot_has_a_mark_a_run_that_knows_its_trial() {
    let svg = drawn(&scatter());
    let finished = |trial: &crate::TrialRuns| trial.finished();
    let runs: usize = set().trials.iter().map(finished).sum();
    assert_eq!(svg.matches("<g data-trial=").count(), runs);
    assert!(svg.contains(&format!("a mark a run ({runs})")), "{svg}");
    let mut spec = scatter();
    spec.drawing = Drawing::Scatter { x: "depth".into(), metric: "test_error".into(), by: vec![] };
    assert!(drawn(&spec).contains(">depth<"));
}

#[test]
fn differences_have_a_mark_a_pair_and_a_line_at_zero() {
    let svg = paired();
    assert!(svg.contains("<title>test_error: pretraining minus pretraining none</title>"), "{svg}");
    assert!(svg.contains(">difference (percentage points)<") && svg.contains("5 pairs"), "{svg}");
    // Five pairs at either depth, one mark in the legend, and circles are nowhere else.
    assert_eq!(svg.matches("<circle").count(), 5 + 5 + 1);
}

#[test]
fn a_closeup_has_a_part_of_the_axis_and_single_seeds() {
    let spec = series(SeriesKind::Curve);
    let traces = traces(&spec, SeriesKind::Curve);
    let closely = |closeup| super::draw(&set(), &spec, &catalog(), &traces, &closeup).unwrap();
    let whole = closely(Closeup::default());
    let part = closely(Closeup { span: Some((1.0, 2.0)), ..Closeup::default() });
    assert!(whole.contains(">5<") && !part.contains(">5<"), "{part}");
    assert!(!whole.contains("data-low"));
    let apart = closely(Closeup { seeds: true, handles: true, ..Closeup::default() });
    // Ten seeds, five without pretraining.
    assert_eq!(apart.matches("stroke-opacity=\"0.6\"").count(), 10, "{apart}");
    assert!(apart.contains("data-low=") && apart.contains("thin: every seed"), "{apart}");
    let beyond = Closeup { span: Some((9.0, 10.0)), ..Closeup::default() };
    assert!(super::draw(&set(), &spec, &catalog(), &traces, &beyond).is_err());
}

#[test]
fn many_places_are_thinned_and_that_is_said() {
    let points = (0..1000).map(|x| (f64::from(x), 1.0)).collect();
    let svg = lines("loss", "epoch", &[("loss", points)], LogAxes::default()).unwrap();
    assert!(svg.contains("one place in 3 is drawn"), "{svg}");
    assert!(lines("loss", "epoch", &[("loss", vec![])], LogAxes::default()).is_none());
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let message =
        |spec: &PlotSpec| draw(&set(), spec, &catalog(), &Traces::new()).unwrap_err().to_string();
    let mut spec = metric(Shown::Strip, "depht", &[]);
    assert!(message(&spec).contains("no parameter is called \"depht\""));
    spec = metric(Shown::Strip, "depth", &["depth"]);
    assert!(message(&spec).contains("depth is given twice"));
    spec = metric(Shown::Line, "pretraining", &[]);
    assert!(message(&spec).contains("a number of pretraining"));
    spec = metric(Shown::Strip, "depth", &[]);
    spec.select = "test_error".into();
    assert!(message(&spec).contains("cannot select"));
    spec.select = "valid_error".into();
    spec.filter = Some(Filter::parse("depth == 7").unwrap());
    assert!(message(&spec).contains("none of the"));
    assert!(message(&series(SeriesKind::Curve)).contains("the curve \"loss\"; the runs have none"));
}

#[test]
fn texts_fit_into_their_room() {
    assert_eq!(fitted("short", 10.0, 100.0), "short");
    let cut = fitted("a name that is much too long for its room", 10.0, 60.0);
    assert!(cut.ends_with('…') && cut.chars().count() < 12, "{cut}");
    assert_eq!(wrapped("one two three", 10.0, 45.0), ["one two", "three"]);
    assert_eq!(broken("depth", 10.0, 60.0), ["depth"]);
    assert_eq!(broken("learning_rate", 10.0, 60.0), ["learning_", "rate"]);
    assert_eq!(broken("pretraining_learning_rate", 10.0, 80.0), ["pretraining_", "learning_rate"]);
    assert_eq!(broken("test_error (%)", 10.0, 60.0), ["test_error", "(%)"]);
    assert_eq!(broken("unbrokenname", 10.0, 60.0).len(), 1);
}
