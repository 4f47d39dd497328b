//! Filters mean in SQL what they mean in memory.

use std::collections::BTreeSet;

use ablate_records::{Cell, Columns, Query, RecordsError};
use ablate_sweep::filter::{Comparator, Epoch, Expr, Filter, Name, Operand, Reading};
use ablate_sweep::{Curve, Direction, Outcome, Run, RunPlan, Split, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::fixtures::*;

fn plans() -> Vec<RunPlan> {
    let text = |text: &str| Value::Text(text.into());
    vec![
        plan(1, 0),
        plan(2, 1),
        greedy(2, 0.1, 0),
        greedy(3, 1.0, 5),
        plan_of(&[("tied", Value::Bool(true)), ("validate_every", Value::Int(3))], 2),
        plan_of(&[("width", Value::List(vec![3, 2])), ("learning_rate", Value::Float(1.0))], 3),
        plan_of(&[("pretraining", text("greedy")), ("variant", text("denoising"))], 4),
        plan_with_text("50% [off]_*?", 6),
        plan_with_text("TINY", 7),
    ]
}

/// A run and its curves.
type Known = (Run, Vec<Curve>);

fn filled() -> (Fixture, Vec<Known>) {
    let mut fixture = Fixture::new();
    for (index, plan) in plans().iter().enumerate() {
        if index % 4 == 3 {
            fixture.fail(plan, "diverged");
            continue;
        }
        let error = 0.25 * index as f64;
        let valid_error = Curve { name: "valid_error".into(), values: curve(index, error) };
        let mut outcome = Outcome { best_epoch: index as u32 % 4, ..outcome(error) };
        outcome.curves.push(valid_error);
        let attempt = fixture.claim(plan);
        fixture.store.finish(&plan.id, attempt, &outcome, 1.5).unwrap();
    }
    let ids: Vec<_> = plans().into_iter().map(|plan| plan.id).collect();
    let runs = fixture.store.runs(&ids).unwrap().into_iter();
    let known = runs.map(|run| {
        let curves = fixture.store.curves(&run.id).unwrap();
        (run, curves)
    });
    let known = known.collect();
    (fixture, known)
}

/// Curves that end early, in NaN, in infinity, or are empty.
fn curve(index: usize, error: f64) -> Vec<f64> {
    let whole = [1.0, error, 0.1 + 0.2, 2.5, f64::NAN, -1.0 / 3.0, f64::NEG_INFINITY];
    whole[..index % 8].to_vec()
}

/// What a name means for a run: a column's value, or a number of a curve.
fn value_of((run, curves): &Known, name: &Name) -> Option<Value> {
    if let Some(reading) = name.reading {
        let curve = curves.iter().find(|curve| curve.name == name.text)?;
        let best_epoch = run.kept.as_ref().map(|kept| kept.best_epoch);
        return reading.of(&curve.values, Direction::Lower, best_epoch).map(Value::Float);
    }
    match name.text.as_str() {
        "seed" => Some(Value::Int(run.seed as i64)),
        "state" => Some(Value::Text(run.state.word().into())),
        "test_error" | "saturation" => run.scores.get(&name.text).map(|score| Value::Float(*score)),
        param => run.params.get(param).cloned(),
    }
}

fn found(fixture: &Fixture, expr: Expr) -> Result<BTreeSet<String>, RecordsError> {
    let filter = Some(Filter { text: String::new(), expr });
    let columns = Columns::Named(vec!["id".into()]);
    let rows = fixture.store.query(&Query { filter, columns, ..Query::default() })?.rows;
    let text = |cell| match cell {
        Cell::Text(text) => text,
        other => panic!("{other:?}"),
    };
    Ok(rows.into_iter().flatten().map(text).collect())
}

fn name() -> impl Strategy<Value = Name> {
    let known = prop::sample::select(vec![
        "seed",
        "state",
        "depth",
        "width",
        "tied",
        "validate_every",
        "learning_rate",
        "dataset",
        "pretraining",
        "variant",
        "lambda",
        "sigma",
        "test_error",
        "saturation",
    ]);
    let name = |text: &str, reading| Name { text: text.to_owned(), reading, span: 0..0 };
    let column = known.prop_map(move |text| name(text, None));
    let curve = prop::sample::select(vec!["train_loss", "layer_1_loss", "valid_error"]);
    let reading = prop_oneof![
        prop::sample::select(vec![
            Reading::Final,
            Reading::Last,
            Reading::Best,
            Reading::Min,
            Reading::Max,
            Reading::At(Epoch::Best),
        ]),
        (1_u32..9).prop_map(|epoch| Reading::At(Epoch::Number(epoch))),
    ];
    let point = (curve, reading).prop_map(move |(text, reading)| name(text, Some(reading)));
    prop_oneof![2 => column, 1 => point]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_i64..6).prop_map(Value::Int),
        prop::sample::select(vec![0.1, 0.25, 0.1 + 0.2, 1.0, -1.0 / 3.0, 2.5])
            .prop_map(Value::Float),
        prop::sample::select(vec!["none", "greedy", "never", "tiny", "finished", ""])
            .prop_map(|text| Value::Text(text.into())),
        any::<bool>().prop_map(Value::Bool),
    ]
}

fn expr() -> impl Strategy<Value = Expr> {
    let operand = || prop_oneof![name().prop_map(Operand::Name), value().prop_map(Operand::Value)];
    let comparator = prop::sample::select(vec![
        Comparator::Equal,
        Comparator::NotEqual,
        Comparator::Less,
        Comparator::LessOrEqual,
        Comparator::Greater,
        Comparator::GreaterOrEqual,
    ]);
    let pattern = prop::sample::select(vec!["%", "t%", "TI_Y", "%[off]_*?", "n%e%", "_one", ""]);
    let leaf = prop_oneof![
        4 => (operand(), comparator, operand()).prop_map(|(l, c, r)| Expr::Compare(l, c, r)),
        1 => (name(), prop::collection::vec(value(), 0..4)).prop_map(|(n, v)| Expr::In(n, v)),
        1 => (name(), pattern).prop_map(|(n, p)| Expr::Like(n, p.to_owned())),
        1 => name().prop_map(Expr::Missing),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            two.clone().prop_map(|(l, r)| Expr::And(l.into(), r.into())),
            two.prop_map(|(l, r)| Expr::Or(l.into(), r.into())),
            inner.prop_map(|e| Expr::Not(e.into())),
        ]
    })
}

/// The oracle is the filter's own meaning, which knows no SQL. What SQL refuses (a text beside a
/// number) never depends on the rows, so it is left out here and tested below.
#[test]
fn sql_finds_the_runs_that_the_filter_matches() {
    let (fixture, runs) = filled();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut compared = 0;
    for _ in 0..3_000 {
        let expr = expr().new_tree(&mut runner).unwrap().current();
        let matched: BTreeSet<String> = runs
            .iter()
            .filter(|run| expr.matches(&|name| value_of(run, name)))
            .map(|(run, _)| run.id.0.clone())
            .collect();
        match found(&fixture, expr.clone()) {
            Ok(found) => assert_eq!(found, matched, "{expr:?}"),
            Err(RecordsError::Incomparable { .. }) => continue,
            Err(error) => panic!("{error}: {expr:?}"),
        }
        compared += 1;
    }
    assert!(compared > 500, "{compared}");
}

#[test]
fn what_cannot_be_compared_is_an_error_at_its_place() {
    let (fixture, _) = filled();
    for (text, span, phrase) in [
        ("depth == 'three'", 0..5, "`depth`, which is a number, cannot be compared with a text"),
        ("1 < state", 4..9, "`state`, which is a text, cannot be compared with a number"),
        ("tied == 1", 0..4, "`tied`, which is true or false, cannot be compared with a number"),
        (
            "depth < variant",
            0..5,
            "`depth`, which is a number, cannot be compared with `variant`, which is a text",
        ),
        ("seed in [1, 'b']", 0..4, "`seed`, which is a number, cannot be compared with a text"),
        ("depth like '1%'", 0..5, "`depth` is a number, and `like` is for texts"),
        ("at(train_loss, 1) == 'x'", 3..13, "`at(train_loss, 1)`, which is a number, cannot be"),
        (
            "started_at > 5",
            0..10,
            "`started_at`, which is a time, cannot be compared with a number",
        ),
        (
            "note == started_at",
            0..4,
            "`note`, which is a text, cannot be compared with `started_at`",
        ),
        ("started_at > '1.11.2026'", 0..10, "\"1.11.2026\" is no time: write '2026-11-01' or"),
        ("width == true", 0..5, "`width`, which is a number or a text, cannot be compared with"),
    ] {
        let filter = Some(Filter::parse(text).unwrap());
        let error = fixture.store.query(&Query { filter, ..Query::default() }).unwrap_err();
        let RecordsError::Incomparable { span: found, message } = error else {
            panic!("{text}: {error}")
        };
        assert_eq!(found, Some(span), "{text}");
        assert!(message.starts_with(phrase), "{text}: {message}");
    }
}

#[test]
fn hostile_values_are_bound_and_hostile_names_are_looked_up() {
    let (fixture, _) = filled();
    let name = |text: &str| Name { text: text.to_owned(), reading: None, span: 0..0 };
    let hostile = "' OR 1 = 1 --";
    let like = Expr::Like(name("dataset"), hostile.to_owned());
    let is_in = Expr::In(name("dataset"), vec![Value::Text(hostile.into())]);
    for expr in [like, is_in] {
        assert!(found(&fixture, expr).unwrap().is_empty());
    }
    for text in ["1 OR 1", "id\" OR \"1", "rowid", "", "dataset; DROP TABLE run"] {
        let error = found(&fixture, Expr::Missing(name(text))).unwrap_err();
        assert!(matches!(error, RecordsError::UnknownColumn { .. }), "{text}: {error}");
    }
}

#[test]
fn a_filter_of_the_longest_text_does_not_exhaust_the_stack() {
    let (fixture, runs) = filled();
    let chain = vec!["depth == 1"; 3_000].join(" or ");
    let nested = format!("{}depth == 1{}", "not (".repeat(31), ")".repeat(31));
    for text in [chain, nested] {
        let expr = Filter::parse(&text).unwrap().expr;
        let matched = runs.iter().filter(|run| expr.matches(&|name| value_of(run, name))).count();
        assert_eq!(found(&fixture, expr).unwrap().len(), matched);
    }
}

fn count(fixture: &Fixture, text: &str) -> u64 {
    let filter = Some(Filter::parse(text).unwrap());
    fixture.store.count(&Query { filter, ..Query::default() }).unwrap()
}

#[test]
fn times_are_compared_by_date_and_time_of_day() {
    let (fixture, runs) = filled();
    let all = runs.len() as u64;
    fixture
        .client()
        .execute("UPDATE run SET started_at = '2026-11-01T12:30:00.500Z' WHERE seed = 0", [])
        .unwrap();
    let first = runs.iter().filter(|(run, _)| run.seed == 0).count() as u64;
    for (text, expected) in [
        ("started_at > '2026-11-01' and started_at < '2026-11-02'", first),
        ("started_at >= '2026-11-01 12:30' and started_at < '2026-11-01T12:31Z'", first),
        ("started_at > '2026-11-01 12:30:00.5' and started_at < '2026-11-01 13:00'", 0),
        ("'2026-11-01 12:30:00.5' == started_at", first),
        ("started_at in ['2026', '2026-11-01 12:30:00.500']", first),
        ("started_at like '2026-11-01%'", first),
        ("ended_at >= started_at or ended_at < started_at", all),
        ("git_commit like '4f2c%' and started_at is not missing", all),
    ] {
        assert_eq!(count(&fixture, text), expected, "{text}");
    }
}

#[test]
fn the_best_of_a_curve_is_by_its_metric() {
    let mut fixture = Fixture::new();
    let mut wider = catalog();
    wider.metrics.push(metric("accuracy", Direction::Higher, Split::Valid));
    fixture.store.declare(&wider).unwrap();
    let attempt = fixture.claim(&plan(1, 0));
    let mut outcome = outcome(0.5);
    for name in ["accuracy", "saturation"] {
        outcome.curves.push(Curve { name: name.into(), values: vec![0.5, 0.75, 0.25] });
    }
    fixture.store.finish(&plan(1, 0).id, attempt, &outcome, 1.0).unwrap();
    assert_eq!(
        count(&fixture, "best(accuracy) == 0.75 and best(train_loss) == 0.30000000000000004"),
        1
    );
    let filter = Some(Filter::parse("best(saturation) > 0").unwrap());
    let error = fixture.store.query(&Query { filter, ..Query::default() }).unwrap_err();
    assert!(error.to_string().contains("write min(saturation) or max(saturation)"), "{error}");
}

#[test]
fn an_unknown_curve_is_told_with_the_nearest_one() {
    let (fixture, _) = filled();
    for (text, said) in [
        ("best(trian_loss) < 1", "no run has a curve \"trian_loss\"; did you mean train_loss?"),
        ("last(x) < 1", "there are layer_1_loss, train_loss, valid_error"),
        ("last(test_error) < 1", "no run has a curve \"test_error\""),
    ] {
        let filter = Some(Filter::parse(text).unwrap());
        let error = fixture.store.query(&Query { filter, ..Query::default() }).unwrap_err();
        let RecordsError::UnknownCurve { span, .. } = &error else { panic!("{text}: {error}") };
        assert_eq!(span.start, 5, "{text}");
        assert!(error.to_string().contains(said), "{text}: {error}");
    }
    let empty = Fixture::new();
    let filter = Some(Filter::parse("best(train_loss) < 1").unwrap());
    let error = empty.store.query(&Query { filter, ..Query::default() }).unwrap_err();
    assert!(error.to_string().contains("no run of the store has any"), "{error}");
}
