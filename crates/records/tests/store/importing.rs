//! Runs of other programs beside our own.

use std::collections::BTreeMap;

use ablate_records::{
    Depth, Earlier, ForeignRun, IMPORTED, Imported, ImportedFile, RecordsError, Standing,
};
use ablate_sweep::{RunPlan, RunState};

use crate::experiments::record;
use crate::fixtures::*;

fn foreign(depth: i64, seed: u64, error: f64) -> ForeignRun {
    ForeignRun {
        plan: RunPlan::new(plan(depth, 0).trial, seed, IMPORTED, IMPORTED),
        baseline: None,
        scores: BTreeMap::from([("test_error".to_owned(), error)]),
    }
}

fn file(name: &str) -> ImportedFile {
    ImportedFile { name: name.into(), hash: "cd".repeat(32) }
}

fn import(
    fixture: &mut Fixture,
    runs: &[ForeignRun],
    earlier: Earlier,
) -> Result<Imported, RecordsError> {
    fixture.store.import("depth", &file("theirs.csv"), &session(), runs, earlier)
}

#[test]
fn an_imported_run_says_where_it_comes_from_and_is_imported_once() {
    let mut fixture = Fixture::new();
    fixture.store.save_experiment(&record("depth"), &[plan(1, 0)]).unwrap();
    let runs = [foreign(1, 0, 0.25), foreign(5, 0, 0.5)];
    assert_eq!(import(&mut fixture, &runs, Earlier::Keep).unwrap().added, 2);
    let run = fixture.store.runs(&[runs[0].plan.id.clone()]).unwrap().remove(0);
    assert_eq!((run.state, run.kept), (RunState::Finished, None));
    assert_eq!(run.scores, runs[0].scores);
    let provenance = fixture.store.provenance(&run.id).unwrap();
    assert_eq!(provenance.imported, Some(file("theirs.csv")));
    assert_eq!(fixture.store.imported("depth").unwrap().len(), 2);
    let again = import(&mut fixture, &runs, Earlier::Keep).unwrap();
    assert_eq!(again, Imported { known: 2, ..Imported::default() });
    assert!(fixture.store.check(Depth::Store).unwrap().is_whole());
}

#[test]
fn other_scores_are_refused_as_a_whole_unless_they_are_to_replace() {
    let mut fixture = Fixture::new();
    fixture.store.save_experiment(&record("depth"), &[]).unwrap();
    import(&mut fixture, &[foreign(1, 0, 0.25)], Earlier::Keep).unwrap();
    let other = [foreign(1, 1, 0.5), foreign(1, 0, 0.125)];
    let error = import(&mut fixture, &other, Earlier::Keep).unwrap_err();
    assert!(
        matches!(&error, RecordsError::ImportedOtherwise { runs } if runs.len() == 1),
        "{error}"
    );
    assert_eq!(fixture.store.imported("depth").unwrap().len(), 1, "nothing of it was stored");
    let imported = import(&mut fixture, &other, Earlier::Replace).unwrap();
    assert_eq!((imported.added, imported.replaced), (1, 1));
    let run = fixture.store.runs(&[other[1].plan.id.clone()]).unwrap().remove(0);
    assert_eq!(run.scores["test_error"], 0.125);
    let unknown = fixture.store.import("width", &file("a"), &session(), &[], Earlier::Keep);
    assert!(matches!(unknown, Err(RecordsError::UnknownExperiment { .. })));
}

/// Whoever imports a baseline still trains their own.
#[test]
fn an_imported_run_never_stands_for_one_of_our_own() {
    let mut fixture = Fixture::new();
    let plans = [plan(1, 0), plan(1, 1)];
    fixture.store.save_experiment(&record("depth"), &plans).unwrap();
    import(&mut fixture, &[foreign(1, 0, 0.25), foreign(1, 1, 0.25)], Earlier::Keep).unwrap();
    assert_eq!(fixture.store.standings(&plans).unwrap(), [Standing::Missing, Standing::Missing]);
    fixture.finish(&plans[0], 0.125);
    let current = "SELECT test_error FROM runs WHERE current ORDER BY seed";
    let rows = fixture.store.sql(current, Default::default()).unwrap().rows;
    assert_eq!(rows, [[ablate_records::Cell::Real(0.125)], [ablate_records::Cell::Real(0.25)]]);
    // Importing more later does not push it aside, nor does another sweep push the imports out.
    import(&mut fixture, &[foreign(1, 0, 0.375)], Earlier::Replace).unwrap();
    fixture.store.save_experiment(&record("depth"), &plans[..1]).unwrap();
    assert_eq!(fixture.store.sql(current, Default::default()).unwrap().rows, rows);
    assert_eq!(fixture.store.imported("depth").unwrap().len(), 2);
}
