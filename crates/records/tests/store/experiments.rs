//! Experiments: their text, their plan, and how far they are.

use ablate_records::{ExperimentRecord, RecordsError};
use ablate_sweep::{RunPlan, Trial, Value};

use crate::fixtures::*;

pub(crate) fn record(name: &str) -> ExperimentRecord {
    ExperimentRecord {
        name: name.into(),
        question: "Does depth matter?".into(),
        text: "[grid]\ndepth = [1, 2]\n".into(),
        overrides: vec!["depth=3".into(), "variant=\"a,b\"".into()],
    }
}

#[test]
fn an_experiment_reads_back_as_it_was_swept_last() {
    let mut fixture = Fixture::new();
    assert_eq!(fixture.store.experiment("depth").unwrap(), None);
    fixture.store.save_experiment(&record("depth"), &[plan(1, 0), plan(1, 1)]).unwrap();
    assert_eq!(fixture.store.experiment("depth").unwrap(), Some(record("depth")));
    let changed = ExperimentRecord { text: "[grid]\n".into(), ..record("depth") };
    assert_ne!(changed.hash(), record("depth").hash());
    fixture.store.save_experiment(&changed, &[plan(2, 0)]).unwrap();
    assert_eq!(fixture.store.experiment("depth").unwrap(), Some(changed));
    assert_eq!(fixture.store.members("depth").unwrap(), [plan(2, 0).id]);
}

#[test]
fn summaries_count_what_is_planned_and_what_came_of_it() {
    let mut fixture = Fixture::new();
    let plans: Vec<RunPlan> = (0..6).map(|seed| plan(1, seed)).collect();
    fixture.store.save_experiment(&record("depth"), &plans).unwrap();
    fixture.store.save_experiment(&record("empty"), &[]).unwrap();
    fixture.finish(&plans[0], 0.1);
    fixture.finish(&plans[1], 0.1);
    fixture.fail(&plans[2], "diverged");
    let attempt = fixture.claim(&plans[3]);
    fixture.store.interrupt(&plans[3].id, attempt).unwrap();
    fixture.claim(&plans[4]);
    let summaries = fixture.store.experiments().unwrap();
    assert_eq!(summaries[0].name, "empty", "the one swept last comes first");
    assert_eq!(summaries[0].planned, 0);
    let depth = &summaries[1];
    assert_eq!(
        (depth.planned, depth.finished, depth.failed, depth.interrupted, depth.running),
        (6, 2, 1, 1, 1)
    );
    let provenance = fixture.store.provenance(&plans[0].id).unwrap();
    assert_eq!(provenance.experiments, ["depth"]);
}

#[test]
fn a_plan_that_names_a_run_twice_is_refused() {
    let mut fixture = Fixture::new();
    let error =
        fixture.store.save_experiment(&record("depth"), &[plan(1, 0), plan(1, 0)]).unwrap_err();
    assert!(matches!(error, RecordsError::PlannedTwice { .. }), "{error}");
    assert_eq!(fixture.store.experiment("depth").unwrap(), None);
}

#[test]
fn hostile_names_are_stored_verbatim() {
    let mut fixture = Fixture::new();
    let long = "n".repeat(10_000);
    for name in ["it's", "a\"b", "two\nlines", "'; DROP TABLE run; --", "", &long] {
        fixture.store.save_experiment(&record(name), &[plan(1, 0)]).unwrap();
        assert_eq!(fixture.store.experiment(name).unwrap().unwrap().name, name);
        assert_eq!(fixture.store.members(name).unwrap().len(), 1);
    }
    assert_eq!(fixture.store.experiments().unwrap().len(), 6);
}

/// A later release knows one parameter more. Its default was always meant, so identities are the
/// same, and queries for the new parameter must find the old runs.
#[test]
fn a_parameter_that_is_new_is_filled_in_for_runs_that_are_already_there() {
    let mut fixture = Fixture::new();
    let old = plan(1, 0);
    fixture.finish(&old, 0.1);
    let mut catalog = catalog();
    catalog.params.push(ablate_sweep::Param::new(
        "dropout",
        ablate_sweep::Domain::Bool,
        Value::Bool(false),
        "new",
    ));
    fixture.store.declare(&catalog).unwrap();
    let mut params = old.trial.params.clone();
    params.set("dropout", Value::Bool(false));
    let trial = Trial { id: old.trial.id.clone(), params: params.clone() };
    let new = RunPlan { trial: trial.into(), ..old.clone() };
    fixture.store.save_experiment(&record("depth"), &[new]).unwrap();
    let run = fixture.store.runs(&[old.id]).unwrap().remove(0);
    assert_eq!(run.params, params);
    let found: i64 = fixture
        .client()
        .query_row("SELECT count(*) FROM runs WHERE dropout = 0 AND test_error = 0.1", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(found, 1);
}
