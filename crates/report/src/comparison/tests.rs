use ablate_sweep::{FailureKind, RunState};
use proptest::prelude::*;

use super::*;
use crate::fixture::Seed::{Failed, NotRun, Scored};
use crate::fixture::{catalog, comparison_spec, optimizers, set, set_in, set_of};
use crate::stats::{difference, paired_test};

fn compared(set: &RunSet) -> Comparison {
    compare(set, &comparison_spec(), &catalog()).unwrap()
}

fn refused(spec: &ComparisonSpec) -> String {
    compare(&set(), spec, &catalog()).unwrap_err().to_string()
}

const NONE: &str = "pretraining=none depth=1";
const BASIC: &str = "pretraining=greedy variant=basic depth=1";
const SPARSE: &str = "pretraining=greedy variant=sparse lambda=0.1 depth=1";

#[test]
fn the_run_without_pretraining_is_the_partner_of_every_variant() {
    let comparison = compared(&set());
    let partners: Vec<_> = comparison.cells.iter().map(|cell| &cell.partner.params).collect();
    assert_eq!(comparison.cells.len(), 8);
    assert!(partners.iter().all(|params| params.text("pretraining") == Some("none")));
    for cell in &comparison.cells {
        assert_eq!(cell.trial.params.get("depth"), cell.partner.params.get("depth"));
    }
}

#[test]
fn differences_are_ours_minus_baseline_within_each_seed() {
    let cell = &compared(&set()).cells[0];
    let differences: Vec<f64> = [(39, 42), (40, 41), (40, 44), (39, 41), (41, 42)]
        .map(|(ours, theirs)| difference(f64::from(ours) / 1e3, f64::from(theirs) / 1e3))
        .to_vec();
    assert_eq!(cell.evidence.unwrap().test, paired_test(&differences).unwrap());
    assert!(cell.pairs.iter().enumerate().all(|(at, pair)| pair.seed == at as u64));
}

#[test]
fn seeds_pair_by_number_and_not_by_place() {
    let mut set = set_of(&[
        (NONE, &[Scored(0.1, 0.10), Scored(0.1, 0.20), Scored(0.1, 0.40)]),
        (BASIC, &[Scored(0.1, 0.11), Scored(0.1, 0.21), Scored(0.1, 0.41)]),
    ]);
    set.trials[1].seeds.reverse();
    set.trials[1].runs.rotate_left(1);
    let cell = &compared(&set).cells[0];
    for pair in &cell.pairs {
        assert!((pair.ours - pair.baseline - 0.01).abs() < 1e-12);
    }
}

#[test]
fn what_gives_no_pair_is_listed_with_its_reason() {
    let done = Scored(0.1, 0.1);
    let mut set = set_of(&[
        (NONE, &[done, Failed(FailureKind::Diverged), NotRun, done, done, done]),
        (BASIC, &[done, done, done, Failed(FailureKind::TimedOut), done, done]),
    ]);
    set.trials[0].seeds.truncate(5);
    set.trials[1].runs[4].state = RunState::Running;
    let left_out: Vec<_> = compared(&set).cells[0]
        .left_out
        .iter()
        .map(|left_out| (left_out.seed, left_out.side, left_out.gap))
        .collect();
    assert_eq!(
        left_out,
        [
            (1, Side::Baseline, Gap::Failed(FailureKind::Diverged)),
            (2, Side::Baseline, Gap::NotRun),
            (3, Side::Ours, Gap::Failed(FailureKind::TimedOut)),
            (4, Side::Ours, Gap::NotRun),
            (5, Side::Baseline, Gap::NotPlanned),
        ]
    );
}

#[test]
fn a_trial_whose_partner_is_not_planned_is_listed() {
    let set = set_of(&[
        (NONE, &[NotRun]),
        (BASIC, &[NotRun]),
        ("pretraining=greedy variant=basic depth=2", &[NotRun]),
    ]);
    let comparison = compared(&set);
    assert_eq!((comparison.cells.len(), comparison.unpaired.len()), (1, 1));
    assert_eq!(comparison.sentences(), ["depth 1: greedy: no pairs, too few pairs to say"]);
    assert_eq!(
        comparison.cells_table().notes,
        [
            "left out 1 of 1 pair: 1 ours not run",
            "left out 1 trial whose partner with pretraining none is not planned",
        ]
    );
}

/// The learning rates of the partners of adam's trials, and how many trials have none.
fn rates_of_partners(trials: &[&str]) -> (Vec<f64>, usize) {
    let trials: Vec<_> = trials.iter().map(|trial| (*trial, &[NotRun][..])).collect();
    let spec = ComparisonSpec {
        axis: "optimizer".into(),
        baseline: Some(Value::Text("sgd".into())),
        by: vec![],
        ..comparison_spec()
    };
    let found = compare(&set_in(&optimizers(), &trials), &spec, &optimizers()).unwrap();
    let rate = |cell: &PairedCell| cell.partner.params.float("learning_rate").unwrap();
    (found.cells.iter().map(rate).collect(), found.unpaired.len())
}

#[test]
fn a_default_that_depends_on_the_axis_follows_it_to_the_partner() {
    let defaults = ["optimizer=sgd", "optimizer=adam"];
    assert_eq!(rates_of_partners(&defaults), (vec![0.1], 0));
    // The run that is equal in everything goes before the one that is at its own default.
    let equal = ["optimizer=sgd", "optimizer=sgd learning_rate=0.001", "optimizer=adam"];
    assert_eq!(rates_of_partners(&equal), (vec![0.001], 0));
    // A rate that was named is kept.
    let named = ["optimizer=sgd", "optimizer=adam learning_rate=0.01"];
    assert_eq!(rates_of_partners(&named), (vec![], 1));
}

#[test]
fn each_group_is_judged_by_the_cell_that_validation_chooses() {
    let comparison = compared(&set());
    let Scope::Chosen { cell, params, among } = &comparison.summary[0].scope else {
        panic!("the first line is about the chosen cell");
    };
    // Lambda 1 has the better test error and the worse validation error.
    assert_eq!(params.float("lambda"), Some(0.1));
    assert_eq!((params.text("variant"), *among), (Some("contractive"), 4));
    assert_eq!(comparison.summary[0].evidence, comparison.cells[*cell].evidence);
}

#[test]
fn the_mean_over_cells_averages_within_each_seed_first() {
    let set = set_of(&[
        (NONE, &[Scored(0.1, 0.40), Scored(0.1, 0.41), Scored(0.1, 0.45)]),
        (BASIC, &[Scored(0.1, 0.30), Scored(0.1, 0.33), Scored(0.1, 0.32)]),
        (SPARSE, &[Scored(0.1, 0.50), Scored(0.1, 0.41), Scored(0.1, 0.44)]),
    ]);
    let row = &compared(&set).summary[1];
    let test = row.evidence.unwrap().test;
    // Per seed: (-0.10 + 0.10) / 2, (-0.08 + 0.00) / 2, (-0.13 - 0.01) / 2.
    let expected = paired_test(&[0.0, -0.04, -0.07]).unwrap();
    assert_eq!(test.difference.n, 3);
    assert!((test.difference.mean - expected.difference.mean).abs() < 1e-12);
    assert!((test.p.unwrap() - expected.p.unwrap()).abs() < 1e-9);
}

#[test]
fn a_mean_over_cells_counts_only_seeds_that_all_its_cells_have() {
    let row = &compared(&set()).summary[3];
    let Scope::Mean { cells, incomplete_seeds } = &row.scope else {
        panic!("the fourth line is about the mean");
    };
    assert_eq!((cells.len(), *incomplete_seeds), (3, 2));
    assert_eq!(row.evidence.unwrap().test.difference.n, 3);
}

#[test]
fn a_group_of_one_cell_has_no_line_for_the_mean() {
    let set = set_of(&[(NONE, &[Scored(0.1, 0.4)]), (BASIC, &[Scored(0.1, 0.3)])]);
    assert_eq!(compared(&set).summary.len(), 1);
}

#[test]
fn a_mean_without_a_seed_has_no_line_and_no_sentence() {
    let done = Scored(0.1, 0.1);
    let none_run = set_of(&[(NONE, &[done; 3]), (BASIC, &[NotRun; 3]), (SPARSE, &[NotRun; 3])]);
    let none_shared =
        set_of(&[(NONE, &[done; 2]), (BASIC, &[done, NotRun]), (SPARSE, &[NotRun, done])]);
    for set in [none_run, none_shared] {
        let comparison = compared(&set);
        assert_eq!((comparison.summary.len(), comparison.sentences().len()), (1, 1));
    }
}

#[test]
fn a_mean_over_what_is_left_of_two_cells_is_of_1_cell() {
    let done = Scored(0.1, 0.1);
    let set = set_of(&[(NONE, &[done; 3]), (BASIC, &[done; 3]), (SPARSE, &[NotRun; 3])]);
    let sentence = &compared(&set).sentences()[1];
    assert!(sentence.starts_with("depth 1: greedy, mean of 1 cell, leaves"), "{sentence}");
}

#[test]
fn p_values_are_corrected_over_the_whole_summary_and_its_trends() {
    let comparison = compared(&set());
    let tests = comparison.summary.iter().map(|row| row.evidence.unwrap().test);
    let tests = tests.chain(comparison.trends.iter().map(|trend| trend.change.unwrap().test));
    let ps: Vec<Option<f64>> = tests.map(|test| test.p).collect();
    let corrected = comparison.summary.iter().map(|row| row.holm_p);
    let corrected = corrected.chain(comparison.trends.iter().map(|trend| trend.holm_p));
    assert_eq!(corrected.collect::<Vec<_>>(), crate::stats::holm(&ps));
    assert_eq!(ps.len(), 5);
}

fn verdict(ours: &[f64], theirs: &[f64], metric: &str) -> (Verdict, String) {
    let seeds = |values: &[f64]| values.iter().map(|v| Scored(0.1, *v)).collect::<Vec<_>>();
    let set = set_of(&[(NONE, &seeds(theirs)), (BASIC, &seeds(ours))]);
    let spec = ComparisonSpec { metric: metric.into(), by: vec![], ..comparison_spec() };
    let comparison = compare(&set, &spec, &catalog()).unwrap();
    (comparison.summary[0].verdict, comparison.sentences()[0].clone())
}

#[test]
fn verdicts_follow_the_direction_of_the_metric() {
    let (low, high) = ([0.30, 0.31, 0.29, 0.30], [0.40, 0.42, 0.41, 0.40]);
    assert_eq!(verdict(&low, &high, "test_error").0, Verdict::Better);
    assert_eq!(verdict(&high, &low, "test_error").0, Verdict::Worse);
    assert_eq!(verdict(&low, &high, "test_accuracy").0, Verdict::Better);
    assert_eq!(verdict(&high, &low, "test_accuracy").0, Verdict::Worse);
}

#[test]
fn every_verdict_has_its_sentence() {
    let sentences = [
        verdict(&[0.30, 0.31, 0.29], &[0.40, 0.42, 0.41], "test_error").1,
        verdict(&[0.40, 0.42, 0.41], &[0.30, 0.31, 0.29], "test_error").1,
        verdict(&[0.40, 0.32, 0.41], &[0.30, 0.41, 0.39], "test_error").1,
        verdict(&[0.30, 0.31], &[0.40, 0.42], "test_error").1,
        verdict(&[0.30], &[0.40], "test_error").1,
        verdict(&[0.3; 4], &[0.4; 4], "test_error").1,
        verdict(&[0.3; 4], &[0.3; 4], "test_error").1,
        verdict(&[0.30, 0.31, 0.29], &[0.40, 0.42, 0.41], "saturation").1,
    ];
    insta::assert_snapshot!(sentences.join("\n"));
}

#[test]
fn the_baseline_is_by_default_the_first_value_of_the_axis() {
    let spec = ComparisonSpec { baseline: None, ..comparison_spec() };
    let comparison = compare(&set(), &spec, &catalog()).unwrap();
    assert_eq!(comparison.baseline, Value::Text("none".into()));
}

#[test]
fn an_axis_of_numbers_may_be_compared_too() {
    let spec = ComparisonSpec {
        axis: "lambda".into(),
        baseline: Some(Value::Int(1)),
        by: vec!["depth".into()],
        ..comparison_spec()
    };
    let comparison = compare(&set(), &spec, &catalog()).unwrap();
    // The whole number 1 of the file is the real number 1 of the parameter.
    assert_eq!(comparison.baseline, Value::Float(1.0));
    let variants: Vec<_> =
        comparison.cells.iter().map(|cell| cell.trial.params.text("variant").unwrap()).collect();
    assert_eq!(variants, ["contractive", "contractive"]);
    assert_eq!(comparison.unpaired.len(), 2);
}

#[test]
fn requests_that_make_no_sense_are_refused() {
    let spec = comparison_spec;
    let messages = [
        refused(&ComparisonSpec { axis: "pretrain".into(), ..spec() }),
        refused(&ComparisonSpec { by: vec!["pretraining".into()], ..spec() }),
        refused(&ComparisonSpec { metric: "error".into(), ..spec() }),
        refused(&ComparisonSpec { select: "test_error".into(), ..spec() }),
        refused(&ComparisonSpec { baseline: Some(Value::Text("rbm".into())), ..spec() }),
        compare(&set_of(&[(NONE, &[])]), &spec(), &catalog()).unwrap_err().to_string(),
        compare(&RunSet::default(), &spec(), &catalog()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"));
}

proptest! {
    #[test]
    fn swapping_ours_and_baseline_turns_better_into_worse(
        values in prop::collection::vec((0.1..0.9_f64, 0.1..0.9_f64), 1..8),
    ) {
        let (ours, theirs): (Vec<f64>, Vec<f64>) = values.into_iter().unzip();
        let swapped = match verdict(&ours, &theirs, "test_error").0 {
            Verdict::Better => Verdict::Worse,
            Verdict::Worse => Verdict::Better,
            same @ (Verdict::Different | Verdict::Undecided | Verdict::TooFewPairs) => same,
        };
        prop_assert_eq!(verdict(&theirs, &ours, "test_error").0, swapped);
    }
}

#[test]
fn each_side_is_chosen_for_itself_and_the_two_are_paired_by_seed() {
    let rates =
        |rate: f64, valid: f64, test: [f64; 3]| (rate, test.map(|test| Scored(valid, test)));
    let trials = [
        ("sgd", rates(0.1, 0.3, [0.30, 0.31, 0.32])),
        ("sgd", rates(0.01, 0.2, [0.20, 0.22, 0.21])),
        ("adam", rates(0.1, 0.2, [0.15, 0.16, 0.18])),
        ("adam", rates(0.01, 0.3, [0.10, 0.11, 0.12])),
    ]
    .map(|(name, (rate, seeds))| (format!("optimizer={name} learning_rate={rate}"), seeds));
    let trials: Vec<(&str, &[crate::fixture::Seed])> =
        trials.iter().map(|(params, seeds)| (params.as_str(), seeds.as_slice())).collect();
    let set = set_in(&optimizers(), &trials);
    let spec = ComparisonSpec {
        axis: "optimizer".into(),
        baseline: Some(Value::Text("sgd".into())),
        by: vec![],
        ..comparison_spec()
    };
    let comparison = compare(&set, &spec, &optimizers()).unwrap();
    let row = &comparison.summary[0];
    // Adam is best on validation at 0.1, sgd at 0.01: neither is held against its like.
    let opponent = row.opponent.as_ref().unwrap();
    assert_eq!((opponent.params.float("learning_rate"), opponent.among), (Some(0.01), 2));
    let d = [0.15 - 0.20, 0.16 - 0.22, 0.18 - 0.21];
    let expected = paired_test(&d).unwrap().difference.mean;
    assert!((row.evidence.unwrap().test.difference.mean - expected).abs() < 1e-12);
    assert!(comparison.sentences()[0].contains("against sgd with learning_rate 0.01 (best of 2)"));
}

#[test]
fn all_groups_together_are_pooled_by_group_and_profiled() {
    let comparison = compared(&set());
    let overall = comparison.overall();
    let [all] = overall.as_slice() else { panic!("one value of the axis") };
    assert_eq!((all.groups, all.ours.n), (2, 10));
    // scipy.stats.trim_mean([39, 38, 41, 40, 40, 34, 33, 36, 33, 35], 0.25)
    assert!((all.ours.mean - 0.037).abs() < 1e-12);
    let improvement = all.improvement.unwrap();
    assert!((improvement.mean - (0.96 + 1.0) / 2.0).abs() < 1e-12);
    // Errors fall: our profile rises before that of the baseline, and never lies below it.
    assert!(all.profile.iter().all(|(_, [baseline, ours])| ours >= baseline));
    assert!(
        compared(&set_of(&[(NONE, &[Scored(0.1, 0.1)]), (BASIC, &[Scored(0.1, 0.1)])]))
            .overall()
            .is_empty()
    );
}
