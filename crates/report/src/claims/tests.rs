use ablate_sweep::claim::{Cells, ClaimSpec, Statement};
use ablate_sweep::{FailureKind, Filter};
use proptest::prelude::*;

use super::*;
use crate::fixture::Seed::{Failed, NotRun, Scored};
use crate::fixture::{Seed, catalog, set, set_of};
use crate::stats::{equivalence_p, paired_test, spread_test, t_test_p};
use crate::{Format, Style};

fn filter(text: &str) -> Filter {
    Filter::parse(text).unwrap()
}

fn greedy_and_none() -> [Filter; 2] {
    [filter("pretraining == 'greedy'"), filter("pretraining == 'none'")]
}

fn spec(name: &str, statement: Statement) -> ClaimSpec {
    ClaimSpec {
        name: name.into(),
        metric: "test_error".into(),
        at: None,
        statement,
        by: vec![],
        filter: None,
        cells: Cells::Best,
        select: "valid_error".into(),
        source: None,
    }
}

fn judged(set: &RunSet, spec: ClaimSpec) -> Claim {
    judge(set, &[spec], &catalog()).unwrap().claims.remove(0)
}

/// Test errors of none and greedy at depth 1, one pair a seed.
fn pairs(pairs: &[(f64, f64)]) -> RunSet {
    let none: Vec<Seed> = pairs.iter().map(|(_, none)| Scored(0.1, *none)).collect();
    let greedy: Vec<Seed> = pairs.iter().map(|(greedy, _)| Scored(0.1, *greedy)).collect();
    set_of(&[("pretraining=none", &none), ("pretraining=greedy", &greedy)])
}

/// Test errors of networks without pretraining, by depth.
fn by_depth(columns: &[&[f64]]) -> RunSet {
    let trials: Vec<(String, Vec<Seed>)> = columns
        .iter()
        .zip(1..)
        .map(|(values, depth)| {
            let seeds = values.iter().map(|value| Scored(0.1, *value)).collect();
            (format!("pretraining=none depth={depth}"), seeds)
        })
        .collect();
    let trials: Vec<(&str, &[Seed])> =
        trials.iter().map(|(params, seeds)| (params.as_str(), seeds.as_slice())).collect();
    set_of(&trials)
}

#[test]
fn below_and_above_are_the_paired_test_of_the_cells_that_validation_chooses() {
    let below = spec("below", Statement::Below(greedy_and_none()));
    let claim = judged(&set(), ClaimSpec { by: vec!["depth".into()], ..below.clone() });
    assert_eq!(claim.verdict, Verdict::Supported);
    assert_eq!(claim.parts.len(), 2);
    // At depth 3, contractive with lambda 0.1 against none, in thousandths.
    let d = [34 - 55, 33 - 51, 36 - 54, 33 - 52, 35 - 53].map(|d| f64::from(d) / 1e3);
    let test = &claim.parts[1].tests[0];
    assert!((test.p.unwrap() - paired_test(&d).unwrap().p.unwrap()).abs() < 1e-12);
    assert_eq!((test.side, test.n), (Side::For, 5));
    let chosen = claim.parts[1].arms[0].choice.as_ref().unwrap();
    assert_eq!((chosen.params.float("lambda"), chosen.among), (Some(0.1), 4));
    let above = ClaimSpec { statement: Statement::Above(greedy_and_none()), ..below };
    let above = ClaimSpec { filter: Some(filter("depth == 3")), ..above };
    assert_eq!(judged(&set(), above).verdict, Verdict::Refuted);
}

#[test]
fn each_arm_is_chosen_on_validation_whatever_the_test_errors_say() {
    let set = set_of(&[
        ("pretraining=greedy variant=sparse lambda=0.1", &[Scored(0.1, 0.30); 3]),
        ("pretraining=greedy variant=sparse lambda=1.0", &[Scored(0.2, 0.10); 3]),
        ("pretraining=none", &[Scored(0.1, 0.2), Scored(0.1, 0.2), Scored(0.1, 0.21)]),
    ]);
    let below = spec("below", Statement::Below(greedy_and_none()));
    let test = judged(&set, below.clone()).parts[0].tests[0].clone();
    assert!(test.value > 0.09, "lambda 1 has the lower test error and was not chosen: {test:?}");
    let mean = judged(&set, ClaimSpec { cells: Cells::Mean, ..below });
    assert!((mean.parts[0].arms[0].estimate.mean - 0.2).abs() < 1e-12);
    assert_eq!(mean.parts[0].arms[0].scores.len(), 6);
}

#[test]
fn equality_needs_a_difference_that_is_surely_within_the_margin() {
    let close = pairs(&[(0.040, 0.041), (0.042, 0.041), (0.041, 0.041), (0.040, 0.040)]);
    let equal = |margin: f64| spec("e", Statement::Equal { arms: greedy_and_none(), margin });
    let wide = judged(&close, equal(0.01));
    let d = [-0.001, 0.001, 0.0, 0.0];
    let p = wide.parts[0].tests[0].p.unwrap();
    assert!((p - equivalence_p(&d, 0.01).unwrap()).abs() < 1e-12);
    assert_eq!(wide.verdict, Verdict::Supported);
    assert_eq!(judged(&close, equal(0.0005)).verdict, Verdict::Undecided);
    let far = pairs(&[(0.040, 0.051), (0.042, 0.051), (0.041, 0.051), (0.040, 0.050)]);
    let far = judged(&far, equal(0.001));
    let p = t_test_p(&[-0.011, -0.009, -0.010, -0.010], -0.001).unwrap();
    assert!((far.parts[0].tests[0].p.unwrap() - p).abs() < 1e-9);
    assert_eq!(far.verdict, Verdict::Refuted);
    let same = pairs(&[(0.04, 0.04), (0.05, 0.05), (0.06, 0.06)]);
    assert_eq!(judged(&same, equal(1e-6)).verdict, Verdict::Supported);
}

#[test]
fn less_spread_compares_standard_deviations_over_seeds() {
    let set = pairs(&[
        (0.040, 0.051),
        (0.041, 0.062),
        (0.040, 0.043),
        (0.042, 0.080),
        (0.041, 0.030),
        (0.040, 0.055),
    ]);
    let claim = judged(&set, spec("s", Statement::LessSpread(greedy_and_none())));
    let (x, y) =
        ([0.040, 0.041, 0.040, 0.042, 0.041, 0.040], [0.051, 0.062, 0.043, 0.080, 0.030, 0.055]);
    let expected = spread_test(&x, &y, 0.95).unwrap();
    let test = &claim.parts[0].tests[0];
    assert!((test.value - expected.ratio).abs() < 1e-9);
    assert!((test.p.unwrap() - expected.p).abs() < 1e-9);
    assert_eq!(claim.verdict, Verdict::Supported);
}

#[test]
fn a_gap_grows_if_its_change_along_the_axis_does() {
    let arms = [filter("pretraining == 'none'"), filter("pretraining == 'greedy'")];
    let grows = spec("g", Statement::GapGrows { arms: arms.clone(), along: "depth".into() });
    let claim = judged(&set(), grows.clone());
    // Of two depths it is the change between them, as in the trend of a comparison.
    let change = paired_test(&[0.018, 0.015, 0.015, 0.018, 0.016]).unwrap();
    let test = &claim.parts[0].tests[0];
    assert!((test.value - change.difference.mean).abs() < 1e-12);
    assert!((test.p.unwrap() - change.p.unwrap()).abs() < 1e-9);
    assert_eq!(claim.verdict, Verdict::Supported);
    let [none, greedy] = arms;
    let turned = Statement::GapGrows { arms: [greedy, none], along: "depth".into() };
    let turned = judged(&set(), ClaimSpec { statement: turned, ..grows });
    assert_eq!(turned.verdict, Verdict::Refuted);
}

#[test]
fn a_trend_is_refuted_by_one_step_that_surely_goes_the_other_way() {
    let rising = spec("r", Statement::Rising("depth".into()));
    let up = by_depth(&[
        &[0.10, 0.11, 0.10, 0.12],
        &[0.20, 0.21, 0.22, 0.20],
        &[0.30, 0.31, 0.30, 0.33],
    ]);
    assert_eq!(judged(&up, rising.clone()).verdict, Verdict::Supported);
    let falling = ClaimSpec { statement: Statement::Falling("depth".into()), ..rising.clone() };
    assert_eq!(judged(&up, falling).verdict, Verdict::Refuted);
    // It ends far above where it began, but there is a dip on the way.
    let dip = by_depth(&[
        &[0.10, 0.11, 0.10, 0.12],
        &[0.05, 0.06, 0.05, 0.06],
        &[0.30, 0.31, 0.30, 0.33],
    ]);
    let dip = judged(&dip, rising);
    assert_eq!(dip.parts[0].tests[0].side, Side::For);
    assert_eq!(dip.parts[0].tests[1].role, Role::Step);
    assert_eq!(dip.verdict, Verdict::Refuted);
}

#[test]
fn an_inner_optimum_beats_both_ends_and_pays_for_having_been_picked() {
    let inner = spec("o", Statement::InnerOptimum("depth".into()));
    let valley = by_depth(&[
        &[0.30, 0.31, 0.30, 0.32],
        &[0.20, 0.21, 0.22, 0.20],
        &[0.21, 0.20, 0.22, 0.21],
        &[0.30, 0.33, 0.30, 0.33],
    ]);
    let claim = judged(&valley, inner.clone());
    assert_eq!(claim.verdict, Verdict::Supported);
    let test = &claim.parts[0].tests[0];
    let weaker = |at: usize| {
        let column = |at: usize| claim.parts[0].arms[at].by_seed.values().copied();
        let p = |end: usize| {
            let d: Vec<f64> = column(at).zip(column(end)).map(|(x, y)| x - y).collect();
            paired_test(&d).unwrap().p.unwrap()
        };
        p(0).max(p(3))
    };
    let expected = 2.0 * weaker(1).min(weaker(2));
    assert!((test.p.unwrap() - expected).abs() < 1e-9, "{test:?} {expected}");
    let slope = by_depth(&[
        &[0.30, 0.31, 0.30, 0.32],
        &[0.20, 0.21, 0.22, 0.20],
        &[0.10, 0.11, 0.12, 0.11],
    ]);
    assert_eq!(judged(&slope, inner.clone()).verdict, Verdict::Refuted);
    let two = by_depth(&[&[0.3, 0.31, 0.3], &[0.2, 0.21, 0.2]]);
    let gap = judged(&two, inner).parts[0].gap.clone().unwrap();
    assert!(matches!(gap, Gap::NotPlanned(_)), "{gap:?}");
}

#[test]
fn a_rank_correlation_asks_for_the_order_of_given_numbers() {
    let arms: Vec<Filter> = ["depth == 1", "depth == 2", "depth == 3"].map(filter).to_vec();
    let up = by_depth(&[&[0.10, 0.11, 0.10], &[0.20, 0.21, 0.22], &[0.30, 0.31, 0.30]]);
    let claim = |values: &[f64]| {
        let (arms, values) = (arms.clone(), values.to_vec());
        judged(&up, spec("c", Statement::RankCorrelation { arms, values, at_least: 0.8 }))
    };
    let same = claim(&[1.0, 5.0, 9.0]);
    assert_eq!((same.parts[0].tests[0].value, same.verdict), (1.0, Verdict::Supported));
    let other = claim(&[5.0, 9.0, 1.0]);
    assert_eq!((other.parts[0].tests[0].value, other.verdict), (-0.5, Verdict::Refuted));
    assert_eq!(claim(&[1.0, 1.0, 1.0]).verdict, Verdict::Undecided);
}

#[test]
fn a_correlation_that_other_seeds_would_turn_is_undecided() {
    let arms = ["depth == 1", "depth == 2", "depth == 3"].map(filter).to_vec();
    let close = by_depth(&[&[0.10, 0.13, 0.10], &[0.12, 0.10, 0.11], &[0.11, 0.12, 0.14]]);
    let values = vec![1.0, 2.0, 3.0];
    let close =
        judged(&close, spec("c", Statement::RankCorrelation { arms, values, at_least: 0.8 }));
    assert_eq!(close.verdict, Verdict::Undecided);
    assert!(close.parts[0].tests[0].interval.is_some());
}

#[test]
fn holm_corrects_over_all_tests_of_all_claims() {
    let one = spec("one", Statement::Below(greedy_and_none()));
    let specs = [
        ClaimSpec { by: vec!["depth".into()], ..one.clone() },
        spec("two", Statement::LessSpread(greedy_and_none())),
    ];
    let claims = judge(&set(), &specs, &catalog()).unwrap();
    let tests: Vec<&Test> = claims
        .claims
        .iter()
        .flat_map(|claim| claim.parts.iter().flat_map(|part| &part.tests))
        .collect();
    let ps: Vec<Option<f64>> = tests.iter().map(|test| test.p).collect();
    let corrected: Vec<Option<f64>> = tests.iter().map(|test| test.holm_p).collect();
    assert_eq!(ps.len(), 3);
    assert_eq!(corrected, holm(&ps));
}

#[test]
fn what_is_lacking_is_said_and_never_supported() {
    let below = spec("b", Statement::Below(greedy_and_none()));
    let gap = |trials: &[(&str, &[Seed])]| {
        let claim = judged(&set_of(trials), below.clone());
        assert_eq!(claim.verdict, Verdict::Undecided);
        claim.parts[0].gap.clone().unwrap()
    };
    let done = [Scored(0.1, 0.1), Scored(0.1, 0.2), Scored(0.1, 0.3)];
    let not_planned = gap(&[("pretraining=none", &done)]);
    let not_run = gap(&[("pretraining=none", &done), ("pretraining=greedy", &[NotRun; 3])]);
    let few = [Scored(0.1, 0.1), Scored(0.1, 0.2), Failed(FailureKind::Diverged)];
    let few = gap(&[("pretraining=none", &done), ("pretraining=greedy", &few)]);
    assert_eq!(
        [not_planned, not_run, few],
        [
            Gap::NotPlanned("no planned trial has pretraining == 'greedy'".into()),
            Gap::NotYet("no run with pretraining == 'greedy' has test_error".into()),
            Gap::NotYet("2 seeds finished in every arm: too few to say, it takes 3".into()),
        ]
    );
    let nothing = judged(&RunSet::default(), below.clone());
    assert_eq!(nothing.verdict, Verdict::Undecided);
    let claims = judge(&RunSet::default(), &[below], &catalog()).unwrap();
    assert_eq!(claims.unanswerable().len(), 1);
}

#[test]
fn a_trial_without_the_parameter_that_splits_a_claim_belongs_to_every_part() {
    let below = spec("b", Statement::Below(greedy_and_none()));
    let by = vec!["variant".to_owned(), "depth".to_owned()];
    let claim = judged(&set(), ClaimSpec { by, ..below });
    let places: Vec<String> = claim.parts.iter().map(|part| claim.place(part)).collect();
    assert_eq!(places[0], "variant basic, depth 1");
    assert_eq!(places.len(), 6);
    assert!(claim.parts[0].gap.is_none());
}

#[test]
fn a_selection_by_test_images_is_refused() {
    let below = spec("b", Statement::Below(greedy_and_none()));
    let spec = ClaimSpec { select: "test_error".into(), ..below };
    let error = judge(&set(), &[spec], &catalog()).unwrap_err().to_string();
    assert!(error.contains("measured on test images"), "{error}");
}

/// One claim of each kind over the fixture, one of them with a name that nobody should trust.
fn all_kinds() -> Claims {
    let along = || "depth".to_owned();
    let rank = Statement::RankCorrelation {
        arms: ["variant == 'basic'", "variant == 'contractive'", "pretraining == 'none'"]
            .map(filter)
            .to_vec(),
        values: vec![5.0, 0.73, 17.5],
        at_least: 0.8,
    };
    let [greedy, none] = greedy_and_none();
    let specs = [
        ClaimSpec {
            by: vec![along()],
            source: Some("Erhan 2010, figure 1".into()),
            ..spec("helps", Statement::Below(greedy_and_none()))
        },
        spec("the gap grows", Statement::GapGrows { arms: [none, greedy], along: along() }),
        spec("spread", Statement::LessSpread(greedy_and_none())),
        ClaimSpec { filter: Some(filter("depth == 3")), ..spec("order", rank) },
        ClaimSpec {
            filter: Some(filter("variant == 'contractive' and depth == 1")),
            ..spec("lambda", Statement::Falling("lambda".into()))
        },
        ClaimSpec {
            filter: Some(filter("depth == 1")),
            ..spec("same", Statement::Equal { arms: greedy_and_none(), margin: 0.005 })
        },
        spec("inside", Statement::InnerOptimum(along())),
        spec(
            "=HYPERLINK(\"x\")\u{1b}[2J\n\u{202e}<script>\\input{x}",
            Statement::Below([filter("variant == 'sparse'"), filter("pretraining == 'none'")]),
        ),
    ];
    judge(&set(), &specs, &catalog()).unwrap()
}

#[test]
fn every_kind_in_every_format() {
    let claims = all_kinds();
    for format in Format::ALL {
        let text = claims.render(format, Style::default());
        insta::assert_snapshot!(format!("claims.{}", format.word()), text);
        let stray = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(format == Format::Csv || !text.contains(stray), "{text}");
    }
}

proptest! {
    #[test]
    fn turning_the_arms_around_turns_the_verdict(
        values in prop::collection::vec((0.1..0.9_f64, 0.1..0.9_f64), 1..8),
    ) {
        let set = pairs(&values);
        let [greedy, none] = greedy_and_none();
        let one = judged(&set, spec("c", Statement::Below([greedy.clone(), none.clone()])));
        let other = judged(&set, spec("c", Statement::Below([none, greedy])));
        let expected = match one.verdict {
            Verdict::Supported => Verdict::Refuted,
            Verdict::Refuted => Verdict::Supported,
            Verdict::Undecided => Verdict::Undecided,
        };
        prop_assert_eq!(other.verdict, expected);
    }
}
