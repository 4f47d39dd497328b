//! Filters mean in SQL what they mean in memory.

use std::collections::BTreeSet;

use ablate_records::{Cell, Columns, Query, RecordsError};
use ablate_sweep::filter::{Comparator, Expr, Filter, Name, Operand};
use ablate_sweep::{Run, RunPlan, Value};
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

fn filled() -> (Fixture, Vec<Run>) {
    let mut fixture = Fixture::new();
    for (index, plan) in plans().iter().enumerate() {
        if index % 4 == 3 {
            fixture.fail(plan, "diverged");
        } else {
            fixture.finish(plan, 0.25 * index as f64);
        }
    }
    let ids: Vec<_> = plans().into_iter().map(|plan| plan.id).collect();
    let runs = fixture.store.runs(&ids).unwrap();
    (fixture, runs)
}

fn value_of(run: &Run, name: &str) -> Option<Value> {
    match name {
        "seed" => Some(Value::Int(run.seed as i64)),
        "state" => Some(Value::Text(run.state.word().into())),
        "test_error" | "saturation" => run.scores.get(name).map(|score| Value::Float(*score)),
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
    known.prop_map(|text| Name { text: text.to_owned(), span: 0..0 })
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        (0_i64..6).prop_map(Value::Int),
        prop::sample::select(vec![0.1, 0.25, 1.0, 2.5]).prop_map(Value::Float),
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
            .map(|run| run.id.0.clone())
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
    let name = |text: &str| Name { text: text.to_owned(), span: 0..0 };
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
