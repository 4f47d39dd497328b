use super::*;
use crate::fixture::Seed::{NotRun, Scored};
use crate::fixture::{Seed, catalog, comparison_spec, set, set_of};
use crate::stats::paired_test;

/// Greedy's errors are 0.4 and the given difference; those of none are 0.4 throughout.
fn by_depth(shallow: &[f64], deep: &[f64]) -> RunSet {
    let seeds = |d: &[f64]| d.iter().map(|d| Scored(0.1, 0.4 + d)).collect::<Vec<Seed>>();
    let flat = vec![Scored(0.1, 0.4); shallow.len().max(deep.len())];
    set_of(&[
        // The deeper trials stand first in the plan: the ends go by size.
        ("pretraining=none depth=8", &flat),
        ("pretraining=greedy depth=8", &seeds(deep)),
        ("pretraining=none depth=2", &flat),
        ("pretraining=greedy depth=2", &seeds(shallow)),
    ])
}

fn compared(set: &RunSet, metric: &str) -> Comparison {
    let spec = ComparisonSpec { metric: metric.into(), ..comparison_spec() };
    compare(set, &spec, &catalog()).unwrap()
}

fn sentence(shallow: &[f64], deep: &[f64], metric: &str) -> String {
    compared(&by_depth(shallow, deep), metric).sentences()[0].clone()
}

#[test]
fn a_trend_is_the_paired_test_of_the_change_of_the_differences_over_shared_seeds() {
    let comparison = compared(&set(), "test_error");
    let [trend] = comparison.trends.as_slice() else { panic!("one value of the axis, one trend") };
    // Contractive with lambda 0.1 at both ends: (34 - 55) - (39 - 42), and so on, in thousandths.
    let expected = paired_test(&[-0.018, -0.015, -0.015, -0.018, -0.016]).unwrap();
    let change = trend.change.unwrap();
    assert!((change.test.difference.mean - expected.difference.mean).abs() < 1e-15);
    assert!((change.test.p.unwrap() - expected.p.unwrap()).abs() < 1e-12);
    assert_eq!(change.test.permutation_p, Some(0.0625));
    assert!((change.first.mean - -0.0024).abs() < 1e-15);
    assert!((change.last.mean - -0.0188).abs() < 1e-15);
    assert_eq!(trend.ends, [Value::Int(1), Value::Int(3)]);
    let chosen = trend.cells.map(|cell| comparison.cells[cell.unwrap()].trial.params.clone());
    assert!(chosen.iter().all(|params| params.float("lambda") == Some(0.1)));
}

#[test]
fn only_seeds_with_a_pair_at_both_ends_count() {
    let change = |shallow: &[f64], deep: &[f64]| {
        compared(&by_depth(shallow, deep), "test_error").trends[0].change
    };
    let found = change(&[-0.01, -0.02, -0.03, -0.04], &[-0.05, -0.05, -0.08]).unwrap();
    assert_eq!(found.test.difference.n, 3);
    assert!((found.test.difference.mean - -0.04).abs() < 1e-12);
    assert_eq!(change(&[-0.01], &[]), None);
}

#[test]
fn every_trend_has_its_sentence() {
    let (none, some) = ([0.00, 0.01, -0.01, 0.00], [0.10, 0.12, 0.09, 0.11]);
    let negative = some.map(|d| -d);
    let more = some.map(|d| d + 0.1 + 3.0 * (d - 0.1));
    let (more_negative, same) = (more.map(|d| -d), [0.1; 4]);
    let sentences = [
        sentence(&negative, &more_negative, "test_error"),
        sentence(&more_negative, &negative, "test_error"),
        sentence(&more, &some, "test_error"),
        sentence(&some, &more, "test_error"),
        sentence(&negative, &more_negative, "test_accuracy"),
        sentence(&some, &more, "saturation"),
        sentence(&none, &[0.01, -0.02, 0.02, 0.01], "test_error"),
        sentence(&none[..2], &negative[..2], "test_error"),
        sentence(&same, &[0.2; 4], "test_error"),
        sentence(&same, &same, "test_error"),
        sentence(&none, &[], "test_error"),
    ];
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn two_verdicts_of_which_one_is_decided_do_not_make_a_trend() {
    let comparison = compared(
        &by_depth(&[-0.04, 0.02, -0.05, 0.01, -0.01], &[-0.03, -0.02, -0.04, -0.03, -0.02]),
        "test_error",
    );
    let verdicts: Vec<Verdict> = comparison.summary.iter().map(|row| row.verdict).collect();
    assert_eq!(verdicts, [Verdict::Undecided, Verdict::Better]);
    assert_eq!(comparison.trends[0].verdict, Verdict::Undecided);
}

#[test]
fn there_is_a_trend_only_along_one_parameter_with_several_numbers() {
    let trends = |set: &RunSet, by: &[&str]| {
        let by = by.iter().map(|name| (*name).to_owned()).collect();
        let spec = ComparisonSpec { by, ..comparison_spec() };
        compare(set, &spec, &catalog()).unwrap().trends.len()
    };
    assert_eq!(trends(&set(), &["depth"]), 1);
    assert_eq!(trends(&set(), &[]), 0);
    assert_eq!(trends(&set(), &["variant"]), 0);
    assert_eq!(trends(&set(), &["depth", "lambda"]), 0);
    // Basic has no lambda: not every group has a number.
    assert_eq!(trends(&set(), &["lambda"]), 0);
    let shallow = [("pretraining=none", &[NotRun][..]), ("pretraining=greedy", &[NotRun])];
    assert_eq!(trends(&set_of(&shallow), &["depth"]), 0);
}
