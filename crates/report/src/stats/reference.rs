//! The statistics against scipy and rliable, to 1e-9 on the stored cases of `reference.json`, which
//! `reference.py` made.

use ablate_sweep::{Direction, Statistic};
use serde_json::Value as Json;

use super::*;

fn cases(name: &str) -> Vec<Json> {
    let all: Json = serde_json::from_str(include_str!("reference.json")).unwrap();
    all[name].as_array().expect("a list of cases").clone()
}

fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().expect("a list").iter().map(|number| number.as_f64().unwrap()).collect()
}

fn strata(json: &Json) -> Vec<Vec<f64>> {
    json.as_array().expect("a list of lists").iter().map(numbers).collect()
}

#[track_caller]
fn agrees(found: Option<f64>, expected: &Json) {
    let (found, expected) = (found.expect("a number"), expected.as_f64().expect("a number"));
    assert!((found - expected).abs() <= 1e-9, "{found} is not {expected}");
}

#[track_caller]
fn agrees_with_both(found: Option<Interval>, low: &Json, high: &Json) {
    agrees(found.map(|interval| interval.low), low);
    agrees(found.map(|interval| interval.high), high);
}

#[test]
fn bca_intervals_agree_with_scipy_on_the_same_resamples() {
    let cases = cases("bca");
    assert!(cases.len() >= 12);
    for case in cases {
        let statistic = Statistic::from_word(case["statistic"].as_str().unwrap()).unwrap();
        let values = numbers(&case["x"]);
        let found = bca_interval(&values, |values| location(values, statistic), 0.95);
        agrees_with_both(found, &case["low"], &case["high"]);
    }
}

#[test]
fn signed_ranks_agree_with_scipy_with_and_without_ties() {
    for case in cases("signed_rank") {
        agrees(signed_rank_p(&numbers(&case["d"])), &case["p"]);
    }
}

#[test]
fn rank_correlations_agree_with_scipy() {
    for case in cases("spearman") {
        agrees(spearman(&numbers(&case["x"]), &numbers(&case["y"])), &case["r"]);
    }
}

#[test]
fn spreads_agree_with_scipy_and_the_closed_form_of_their_interval() {
    for case in cases("spread") {
        let found = spread_test(&numbers(&case["x"]), &numbers(&case["y"]), 0.95);
        agrees(found.map(|found| found.p), &case["p"]);
        agrees_with_both(found.map(|found| found.interval), &case["low"], &case["high"]);
    }
}

#[test]
fn equivalence_agrees_with_the_two_one_sided_tests_of_scipy() {
    for case in cases("equivalence") {
        let (d, margin) = (numbers(&case["d"]), case["margin"].as_f64().unwrap());
        agrees(equivalence_p(&d, margin), &case["p"]);
        agrees(t_test_p(&d, margin), &case["t_p"]);
    }
}

#[test]
fn the_pooled_interquartile_mean_and_its_interval_agree_with_rliable() {
    for case in cases("pooled") {
        let tasks = strata(&case["tasks"]);
        let slices: Vec<&[f64]> = tasks.iter().map(Vec::as_slice).collect();
        let pooled = |strata: &[Vec<f64>]| iqm(&strata.concat());
        agrees(pooled(&tasks), &case["iqm"]);
        let found = stratified_interval(&slices, pooled, 0.95);
        agrees_with_both(found, &case["interval"][0], &case["interval"][1]);
    }
}

#[test]
fn the_probability_of_improvement_and_its_interval_agree_with_rliable() {
    for case in cases("improvement") {
        let (x, y) = (strata(&case["x"]), strata(&case["y"]));
        let tasks = x.len();
        let both: Vec<&[f64]> = x.iter().chain(&y).map(Vec::as_slice).collect();
        let probability = |strata: &[Vec<f64>]| {
            let (x, y) = strata.split_at(tasks);
            let pairs = x.iter().zip(y);
            let each = pairs.map(|(x, y)| probability_of_improvement(x, y, Direction::Higher));
            mean(&each.collect::<Option<Vec<f64>>>()?)
        };
        agrees(probability(&[x.clone(), y.clone()].concat()), &case["p"]);
        let found = stratified_interval(&both, probability, 0.95);
        agrees_with_both(found, &case["interval"][0], &case["interval"][1]);
    }
}

#[test]
fn performance_profiles_agree_with_rliable() {
    for case in cases("profile") {
        let (values, thresholds) = (numbers(&case["x"]), numbers(&case["taus"]));
        for (threshold, above) in thresholds.iter().zip(case["above"].as_array().unwrap()) {
            agrees(profile(&values, *threshold, Direction::Higher), above);
        }
    }
}
