//! Clocks that jump back: what came later stays later.

use ablate_records::{Depth, Durability, ExperimentRecord, Store};
use ablate_sweep::RunPlan;

use crate::experiments::record;
use crate::fixtures::*;

/// All that has happened so far happened while the clock stood in 2099. It has been put right since.
fn clock_was_ahead(fixture: &Fixture) {
    fixture
        .client()
        .execute_batch(
            "UPDATE run SET started_at = '2099-01-01T00:00:00.000Z', begun = begun + 2400000000000,
                 ended = ended + 2400000000000,
                 ended_at = CASE WHEN ended_at IS NOT NULL THEN '2099-01-01T00:00:01.000Z' END;
             UPDATE experiment SET last_swept = '2099-01-01T00:00:00.000Z',
                 swept = swept + 2400000000000;",
        )
        .unwrap();
}

/// The same trial and seed under another meaning of the training code.
fn version(training: &str) -> RunPlan {
    RunPlan::new(trial(&[]), 0, "data-1", training)
}

fn current(store: &Store) -> String {
    let client = rusqlite::Connection::open(store.path()).unwrap();
    let current = "SELECT training_version FROM run WHERE current = 1";
    client.query_row(current, [], |row| row.get(0)).unwrap()
}

#[test]
fn the_experiment_that_was_swept_last_comes_first() {
    let mut fixture = Fixture::new();
    fixture.store.save_experiment(&record("first"), &[]).unwrap();
    clock_was_ahead(&fixture);
    fixture.store.save_experiment(&record("second"), &[]).unwrap();
    fixture.store.save_experiment(&record("third"), &[]).unwrap();
    let order = |fixture: &Fixture| -> Vec<String> {
        fixture.store.experiments().unwrap().into_iter().map(|one| one.name).collect()
    };
    assert_eq!(order(&fixture), ["third", "second", "first"]);
    fixture.store.save_experiment(&record("first"), &[]).unwrap();
    assert_eq!(order(&fixture), ["first", "third", "second"]);
    let first = fixture.store.experiments().unwrap().remove(0);
    assert!(first.last_swept.as_str() < "2099", "what is shown is what the clock says");
}

#[test]
fn of_superseded_runs_the_one_that_finished_last_takes_the_place_of_one_deleted() {
    let mut fixture = Fixture::new();
    // Claimed in this order, so that the number of the row is no help.
    for training in ["3", "1", "2"] {
        fixture.claim(&version(training));
    }
    let finish = |fixture: &mut Fixture, training| {
        let id = version(training).id;
        fixture.store.finish(&id, 1, &outcome(0.1), 1.0).unwrap();
    };
    finish(&mut fixture, "1");
    clock_was_ahead(&fixture);
    finish(&mut fixture, "2");
    finish(&mut fixture, "3");
    for (gone, left) in [("3", "2"), ("2", "1")] {
        fixture.store.delete(&[version(gone).id]).unwrap();
        assert_eq!(current(&fixture.store), left);
    }
}

#[test]
fn what_was_done_after_a_merge_is_later_than_what_was_merged() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    here.store.save_experiment(&record("depth"), &[version("1")]).unwrap();
    here.finish(&version("1"), 0.5);
    clock_was_ahead(&here);
    there.store.merge(&here.store).unwrap();
    let later = ExperimentRecord { text: "[grid]\ndepth = 3\n".into(), ..record("depth") };
    there.store.save_experiment(&later, &[version("2")]).unwrap();
    there.finish(&version("2"), 0.25);
    assert_eq!(current(&there.store), "2");
    here.store.merge(&there.store).unwrap();
    assert_eq!(current(&here.store), "2");
    assert_eq!(here.store.experiment("depth").unwrap(), Some(later));
}

#[test]
fn of_two_that_ended_alike_the_one_that_ended_later_wins_a_merge() {
    let (mut here, mut there) = (Fixture::new(), Fixture::new());
    // Both stores know of what happened while the clock was ahead.
    here.finish(&plan(1, 9), 0.5);
    clock_was_ahead(&here);
    there.store.merge(&here.store).unwrap();
    there.fail(&plan(1, 0), "earlier");
    // Another process, which has seen the first end, and whose clock is far behind.
    let mut third = Fixture::new();
    third.store.merge(&there.store).unwrap();
    third.fail(&plan(1, 0), "later");
    here.store.merge(&there.store).unwrap();
    there.store.merge(&third.store).unwrap();
    here.store.merge(&third.store).unwrap();
    for store in [&here.store, &there.store, &third.store] {
        let run = store.runs(&[plan(1, 0).id]).unwrap().remove(0);
        assert_eq!(run.failure.unwrap().1, "later");
    }
}

/// Of a store that knew no stamps the times are all that is known.
#[test]
fn a_store_of_schema_6_gets_its_stamps_from_its_times() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let stores = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    std::fs::copy(stores.join("v6.db"), &path).unwrap();
    let store = Store::open(&path, Durability::Normal).unwrap();
    assert!(store.check(Depth::Store).unwrap().is_whole());
    let client = rusqlite::Connection::open(&path).unwrap();
    let wrong: i64 = client
        .query_row(
            "SELECT count(*) FROM run
             WHERE strftime('%Y-%m-%dT%H:%M:%fZ', begun / 1000.0, 'unixepoch') <> started_at
                 OR strftime('%Y-%m-%dT%H:%M:%fZ', ended / 1000.0, 'unixepoch') <> ended_at",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(wrong, 0);
    let swept: i64 =
        client.query_row("SELECT min(swept) FROM experiment", [], |row| row.get(0)).unwrap();
    assert!(swept > 1_500_000_000_000, "{swept}");
}
