//! Holds METHOD.md to the code: every number and every output that it shows is computed again here.

use ablate_sweep::Filter;
use ablate_sweep::claim::{Cells, ClaimSpec, Statement};

use crate::fixture::{catalog, comparison_spec, set, table_spec};
use crate::renderers::{Format, Style};
use crate::stats::{LEVEL, difference, mean, paired_test, sd, t_quantile};
use crate::{claims, compare, tables};

const METHOD: &str = include_str!("../METHOD.md");

fn shows(text: &str) {
    assert!(METHOD.contains(text.trim_end()), "METHOD.md does not show:\n{text}");
}

#[test]
fn the_worked_example_is_computed_as_the_page_says() {
    let set = set();
    let scores = |trial: usize| set.trials[trial].scores("test_error");
    let pairs = scores(2).into_iter().zip(scores(0));
    let d: Vec<f64> =
        pairs.map(|(ours, none)| 100.0 * difference(ours.value, none.value)).collect();
    let (mean, sd) = (mean(&d).unwrap(), sd(&d).unwrap());
    let test = paired_test(&d).unwrap();
    let interval = test.difference.interval.unwrap();
    let t = t_quantile(LEVEL, d.len() - 1);
    let listed: Vec<String> = d.iter().map(|d| format!("{d:.2}")).collect();
    shows(&format!("d          = {}", listed.join(", ")));
    shows(&format!("mean(d)    = {mean:.3}"));
    shows(&format!("sd(d)      = {sd:.4}"));
    shows(&format!("half-width = {t:.3} * {sd:.4} / sqrt(5) = {:.3}", mean - interval.low));
    shows(&format!("interval   = [{:.3}, {:.3}]", interval.low, interval.high));
    shows(&format!("t          = {:.3}", mean / (sd / 5.0_f64.sqrt())));
    shows(&format!("p          = {:.4}", test.p.unwrap()));
    shows(&format!("flip p     = 2 / 2^5 = {}", test.permutation_p.unwrap()));
    shows(&format!("dz         = {mean:.3} / {sd:.4} = {:.3}", test.dz.unwrap()));
}

#[test]
fn the_trend_of_the_worked_example_is_computed_as_the_page_says() {
    let set = set();
    // Contractive with lambda 0.1 and its partner, at depths 1 and 3.
    let d = |ours: usize, none: usize| -> Vec<f64> {
        let scores = |trial: usize| set.trials[trial].scores("test_error");
        let pairs = scores(ours).into_iter().zip(scores(none));
        pairs.map(|(ours, none)| 100.0 * difference(ours.value, none.value)).collect()
    };
    let (first, last) = (d(4, 0), d(6, 1));
    let change: Vec<f64> = last.iter().zip(&first).map(|(last, first)| last - first).collect();
    let listed = |values: &[f64]| {
        values.iter().map(|value| format!("{value:.2}")).collect::<Vec<_>>().join(", ")
    };
    let found = paired_test(&change).unwrap().difference;
    let interval = found.interval.unwrap();
    shows(&format!("d(1)       = {}", listed(&first)));
    shows(&format!("d(3)       = {}", listed(&last)));
    shows(&format!("change     = {}", listed(&change)));
    shows(&format!("mean       = {:.3}", found.mean));
    shows(&format!("interval   = [{:.3}, {:.3}]", interval.low, interval.high));
    // What the comparison tests is what the page computes by hand.
    let trend = &compare(&set, &comparison_spec(), &catalog()).unwrap().trends[0];
    let tested = trend.change.unwrap().test.difference;
    assert!((100.0 * tested.mean - found.mean).abs() < 1e-12);
}

#[test]
fn the_multipliers_of_the_t_interval_are_those_the_page_lists() {
    let row = |n: usize| format!("| {n} | {:.2} |", t_quantile(LEVEL, n - 1));
    for n in [2, 3, 5, 10, 20] {
        shows(&row(n));
    }
}

#[test]
fn the_claims_shown_are_judged_as_the_page_says() {
    let filter = |text: &str| Filter::parse(text).unwrap();
    let arms = || [filter("pretraining == 'greedy'"), filter("pretraining == 'none'")];
    let helps = ClaimSpec {
        name: "helps".into(),
        metric: "test_error".into(),
        at: None,
        statement: Statement::Below(arms()),
        by: vec!["depth".into()],
        filter: None,
        cells: Cells::Best,
        select: "valid_error".into(),
        source: Some("Erhan 2010, figure 1".into()),
    };
    let steadies = ClaimSpec {
        name: "steadies".into(),
        statement: Statement::LessSpread(arms()),
        by: vec![],
        filter: Some(filter("depth == 3")),
        source: None,
        ..helps.clone()
    };
    let judged = claims::judge(&set(), &[helps, steadies], &catalog()).unwrap();
    shows(&judged.render(Format::Text, Style::default()));
}

#[test]
fn the_outputs_shown_are_those_of_the_renderers() {
    let table = tables::build(&set(), &table_spec(), &catalog()).unwrap();
    let comparison = compare(&set(), &comparison_spec(), &catalog()).unwrap();
    shows(&table.render(Format::Text, Style::default()));
    shows(&comparison.render(Format::Text, Style::default()));
}
