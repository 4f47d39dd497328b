//! What is stored reads back, to the bit.

use ablate_records::{Added, Cell, Difference, RecordsError, SqlLimits};
use ablate_sweep::run::Kept;
use ablate_sweep::{
    Curve, FailureKind, Measured, Outcome, Profile, RunId, RunPlan, RunState, Value,
};
use proptest::prelude::*;

use crate::fixtures::*;

#[test]
fn a_finished_run_reads_back_as_it_was_stored() {
    let mut fixture = Fixture::new();
    let plan = greedy(2, 0.1 + 0.2, 7);
    fixture.finish(&plan, 0.125);
    let run = fixture.store.runs(std::slice::from_ref(&plan.id)).unwrap().remove(0);
    assert_eq!(run.state, RunState::Finished);
    assert_eq!((run.id, run.trial, run.seed), (plan.id.clone(), plan.trial.id.clone(), 7));
    assert_eq!(run.params, plan.trial.params);
    assert_eq!(run.scores, outcome(0.125).scores, "a metric without a score is absent");
    assert_eq!(run.seconds, Some(1.5));
    let weights_hash = outcome(0.0).weights_hash;
    assert_eq!(run.kept, Some(Kept { epochs: 3, best_epoch: 2, weights_hash }));
    assert_eq!(fixture.store.curves(&plan.id).unwrap(), outcome(0.125).curves);
}

#[test]
fn a_failed_run_keeps_its_reason_and_its_curves_to_the_bit() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.fail(&plan, "layer 1, epoch 2: the loss is NaN");
    let run = fixture.store.runs(std::slice::from_ref(&plan.id)).unwrap().remove(0);
    let reason = (FailureKind::Diverged, "layer 1, epoch 2: the loss is NaN".to_owned());
    assert_eq!((run.state, run.failure), (RunState::Failed, Some(reason)));
    assert!(run.scores.is_empty() && run.kept.is_none());
    let stored = fixture.store.curves(&plan.id).unwrap().remove(0);
    let bits = |curve: &Curve| curve.values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(&stored), bits(&failure("").curves[0]));
}

#[test]
fn any_client_unpacks_curves_nan_as_null_and_infinity_as_infinity() {
    let mut fixture = Fixture::new();
    fixture.fail(&plan(1, 0), "diverged");
    let client = fixture.client();
    let mut points = client.prepare("SELECT epoch, value FROM curves ORDER BY epoch").unwrap();
    let points: Vec<(i64, Option<f64>)> = points
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(points, [(1, Some(0.5)), (2, None), (3, Some(f64::INFINITY))]);
}

#[test]
fn a_score_that_is_no_number_is_refused_and_the_run_stays_claimed() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    let attempt = fixture.claim(&plan);
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut outcome = outcome(0.1);
        outcome.scores.insert("test_error".into(), value);
        let error = fixture.store.finish(&plan.id, attempt, &outcome, 1.0).unwrap_err();
        assert!(matches!(error, RecordsError::NotFinite { .. }), "{error}");
        assert!(error.to_string().contains("test_error"), "{error}");
    }
    fixture.store.finish(&plan.id, attempt, &outcome(0.1), 1.0).unwrap();
}

#[test]
fn what_no_catalog_declared_is_refused_and_nothing_of_it_stays() {
    let mut fixture = Fixture::new();
    let mut unknown = outcome(0.1);
    unknown.scores.insert("tset_error".into(), 0.1);
    let plan = plan(1, 0);
    let attempt = fixture.claim(&plan);
    let error = fixture.store.finish(&plan.id, attempt, &unknown, 1.0).unwrap_err();
    assert!(matches!(error, RecordsError::Undeclared { kind: "metric", .. }), "{error}");
    assert_eq!(fixture.store.curves(&plan.id).unwrap(), []);

    let mut trial = (*plan.trial).clone();
    trial.id.0 = "1".repeat(16);
    trial.params.set("widht", Value::Int(3));
    let stranger = RunPlan::new(trial.into(), 0, "data-1", "training-1");
    let error = fixture.store.claim(fixture.session, &stranger, None).unwrap_err();
    assert!(matches!(error, RecordsError::Undeclared { kind: "parameter", .. }), "{error}");
    assert!(fixture.store.runs(&[stranger.id]).unwrap().is_empty());
}

#[test]
fn two_curves_of_one_name_are_refused() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    let attempt = fixture.claim(&plan);
    let mut twice = outcome(0.1);
    twice.curves.push(twice.curves[0].clone());
    assert!(fixture.store.finish(&plan.id, attempt, &twice, 1.0).is_err());
    assert_eq!(fixture.store.runs(&[plan.id]).unwrap()[0].state, RunState::Running);
}

#[test]
fn a_seed_beyond_what_sqlite_holds_is_refused() {
    let mut fixture = Fixture::new();
    let error = fixture.store.claim(fixture.session, &plan(1, u64::MAX), None).unwrap_err();
    assert!(matches!(error, RecordsError::SeedTooLarge { seed: u64::MAX }), "{error}");
    fixture.finish(&plan(1, i64::MAX as u64), 0.1);
    let id = plan(1, i64::MAX as u64).id;
    assert_eq!(fixture.store.runs(&[id]).unwrap()[0].seed, i64::MAX as u64);
}

#[test]
fn every_kind_of_parameter_has_a_column_of_its_type() {
    let mut fixture = Fixture::new();
    let given = [
        ("width", Value::List(vec![500, 250])),
        ("tied", Value::Bool(true)),
        ("validate_every", Value::Int(5)),
        ("learning_rate", Value::Float(1.0)),
    ];
    fixture.finish(&plan_of(&given, 0), 0.1);
    let row = fixture
        .client()
        .query_row(
            "SELECT width, tied, typeof(validate_every), typeof(learning_rate), lambda IS NULL,
                 saturation IS NULL FROM runs",
            [],
            |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, String>(2)?,
                    row.get::<_, String>(3)?,
                    row.get::<_, bool>(4)? && row.get::<_, bool>(5)?,
                ))
            },
        )
        .unwrap();
    assert_eq!(row, ("[500,250]".into(), 1, "integer".into(), "real".into(), true));
}

#[test]
fn hostile_texts_are_stored_verbatim() {
    let mut fixture = Fixture::new();
    let long = "x".repeat(10_000);
    let hostile = [
        "'; DROP TABLE run; --",
        "\"quoted\" `ticks` [brackets]",
        "two\nlines\tand\r\na tab",
        "=HYPERLINK(\"http://x\")",
        "../../etc/passwd",
        "\u{202e}right to left\u{1b}[31m",
        "",
        "NULL",
        "日本語 🦀",
        &long,
    ];
    for (seed, text) in (0..).zip(hostile) {
        let plan = plan_with_text(text, seed);
        fixture.fail(&plan, text);
        let run = fixture.store.runs(&[plan.id]).unwrap().remove(0);
        assert_eq!(run.params.text("dataset"), Some(text));
        assert_eq!(run.failure.unwrap().1, text);
    }
    let stored: i64 = fixture
        .client()
        .query_row("SELECT count(DISTINCT dataset) FROM runs", [], |row| row.get(0))
        .unwrap();
    assert_eq!(stored, 10);
}

#[test]
fn runs_come_in_the_order_asked_for_without_those_never_begun() {
    let mut fixture = Fixture::new();
    for seed in 0..3 {
        fixture.finish(&plan(1, seed), 0.1);
    }
    let wanted = [plan(1, 2).id, plan(9, 9).id, plan(1, 0).id];
    let found: Vec<RunId> =
        fixture.store.runs(&wanted).unwrap().into_iter().map(|run| run.id).collect();
    assert_eq!(found, [plan(1, 2).id, plan(1, 0).id]);
}

#[test]
fn a_run_is_found_by_the_first_digits_of_its_name() {
    let mut fixture = Fixture::new();
    for seed in 0..40 {
        fixture.finish(&plan(1, seed), 0.1);
    }
    let id = plan(1, 17).id;
    assert_eq!(fixture.store.find_run(&id.0).unwrap().id, id);
    assert_eq!(fixture.store.find_run(&id.0[..12]).unwrap().id, id);
    let error = fixture.store.find_run("").unwrap_err();
    assert!(
        matches!(&error, RecordsError::AmbiguousRun { candidates, .. } if candidates.len() > 1)
    );
    for unknown in ["zz", "' OR 1=1 --", "0123456789abcdef"] {
        let error = fixture.store.find_run(unknown).unwrap_err();
        assert!(matches!(error, RecordsError::UnknownRun { .. }), "{unknown}: {error}");
    }
}

#[test]
fn provenance_tells_where_a_run_comes_from() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.finish(&plan, 0.1);
    let provenance = fixture.store.provenance(&plan.id).unwrap();
    assert_eq!(provenance.session, session());
    assert_eq!(provenance.pid, std::process::id());
    assert_eq!(provenance.attempt, 1);
    assert_eq!(provenance.data_checksum, "data-1");
    let started = provenance.started_at;
    assert!(started.len() == 24 && started.ends_with('Z') && started.contains('T'), "{started}");
    assert!(provenance.ended_at.unwrap() >= started);
    let unknown = fixture.store.provenance(&RunId("f".repeat(16))).unwrap_err();
    assert!(matches!(unknown, RecordsError::UnknownRun { .. }));
}

#[test]
fn timings_are_those_of_finished_runs() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(2, 0), 0.1);
    fixture.fail(&plan(3, 0), "diverged");
    let timings = fixture.store.timings().unwrap();
    assert_eq!(timings.len(), 1);
    assert_eq!((timings[0].seconds, timings[0].params.count("depth")), (1.5, Some(2)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn scores_and_parameters_survive_to_the_bit(
        error in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO,
        rate in 0.0_f64..1e300,
    ) {
        let mut fixture = Fixture::new();
        let plan = plan_of(&[("learning_rate", Value::Float(rate))], 0);
        fixture.finish(&plan, error);
        let run = fixture.store.runs(&[plan.id]).unwrap().remove(0);
        prop_assert_eq!(run.scores["test_error"].to_bits(), error.to_bits());
        prop_assert_eq!(run.params.float("learning_rate").unwrap().to_bits(), rate.to_bits());
    }
}

#[test]
fn what_is_measured_later_is_added_and_can_be_queried() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.finish(&plan, 0.25);
    let first = measured(0.5, &[1.0, f64::NAN]);
    let added = fixture.store.add_measured(&plan.id, &first).unwrap();
    assert_eq!(added, Added { new: 2, ..Added::default() });
    let stored = fixture.store.profiles(&plan.id).unwrap();
    assert_eq!(
        (stored[0].axis.as_str(), stored[0].at.as_slice()),
        ("radius", [0.1, 2.0].as_slice())
    );
    assert_eq!(
        fixture.store.runs(std::slice::from_ref(&plan.id)).unwrap()[0].scores["saturation"],
        0.5
    );
    let rows = "SELECT name, axis, at, value FROM profiles ORDER BY at";
    let rows = fixture.store.sql(rows, SqlLimits::default()).unwrap().rows;
    let text = |text: &str| Cell::Text(text.into());
    let point = |at, value| vec![text("contraction"), text("radius"), Cell::Real(at), value];
    assert_eq!(rows, [point(0.1, Cell::Real(1.0)), point(2.0, Cell::Null)]);
    let again = fixture.store.add_measured(&plan.id, &first).unwrap();
    assert_eq!(again, Added { equal: 2, ..Added::default() });
}

#[test]
fn what_was_measured_is_never_changed_and_a_difference_keeps_out_the_rest() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.finish(&plan, 0.25);
    fixture.store.add_measured(&plan.id, &measured(0.5, &[1.0, 2.0])).unwrap();
    let mut other = measured(0.5, &[1.0, 3.0]);
    other.scores.insert("test_error".into(), 0.75);
    let added = fixture.store.add_measured(&plan.id, &other).unwrap();
    let said = |one: &Difference| format!("{}: {}, {}", one.name, one.stored, one.measured);
    assert_eq!(
        added.different.iter().map(said).collect::<Vec<_>>(),
        ["test_error: 0.25, 0.75", "contraction: 2 at radius 2, 3 at radius 2"]
    );
    assert_eq!((added.new, added.equal), (0, 1));
    assert_eq!(
        fixture.store.runs(std::slice::from_ref(&plan.id)).unwrap()[0].scores["test_error"],
        0.25
    );
    assert_eq!(fixture.store.profiles(&plan.id).unwrap()[0].values, [1.0, 2.0]);
}

#[test]
fn only_finished_runs_and_declared_finite_metrics_can_be_measured() {
    let mut fixture = Fixture::new();
    let (failed, finished) = (plan(1, 0), plan(2, 0));
    fixture.fail(&failed, "diverged");
    fixture.finish(&finished, 0.25);
    let mut add = |plan: &RunPlan, name: &str, value: f64| {
        let mut measured = measured(0.5, &[]);
        measured.scores.insert(name.into(), value);
        fixture.store.add_measured(&plan.id, &measured).unwrap_err()
    };
    assert!(matches!(add(&failed, "saturation", 0.5), RecordsError::NotFinished { .. }));
    assert!(matches!(add(&finished, "saturation", f64::NAN), RecordsError::NotFinite { .. }));
    assert!(matches!(add(&finished, "unheard_of", 0.5), RecordsError::Undeclared { .. }));
    assert!(matches!(add(&plan(9, 9), "saturation", 0.5), RecordsError::UnknownRun { .. }));
}

fn measured(saturation: f64, values: &[f64]) -> Measured {
    let at = [0.1, 2.0][..values.len()].to_vec();
    let profile = Profile { at, values: values.to_vec(), ..profile() };
    let scores = [("saturation".to_owned(), saturation)].into_iter().collect();
    Measured { scores, profiles: vec![profile] }
}

#[test]
fn the_files_of_a_run_come_back_and_can_be_queried() {
    let mut fixture = Fixture::new();
    let plan = greedy(2, 0.5, 0);
    let attempt = fixture.claim(&plan);
    let outcome = Outcome { artifacts: artifacts(), ..outcome(0.25) };
    fixture.store.finish(&plan.id, attempt, &outcome, 1.0).unwrap();
    assert_eq!(fixture.store.artifacts(&plan.id).unwrap(), artifacts());
    let reused = "SELECT role FROM artifacts WHERE reused";
    let rows = fixture.store.sql(reused, SqlLimits::default()).unwrap().rows;
    assert_eq!(rows, [[Cell::Text("layer 1".into())]]);
}
