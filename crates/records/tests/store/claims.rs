//! Claims: every run is trained exactly once, whoever else is at work.

use std::sync::{Arc, Barrier};

use ablate_records::{Claim, Durability, Owner, Query, RecordsError, Standing, Store};
use ablate_sweep::{FailureKind, RunPlan, RunState};

use crate::fixtures::*;

#[test]
fn a_second_store_is_told_who_trains_the_run() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.claim(&plan);
    let mut other = fixture.beside();
    let session = other.begin_session(&session()).unwrap();
    let Claim::RunningElsewhere { pid, owner, .. } = other.claim(session, &plan, None).unwrap()
    else {
        panic!("claimed twice")
    };
    assert_eq!(pid, std::process::id());
    if cfg!(target_os = "linux") {
        assert_eq!(owner, Owner::Alive);
    }
    fixture.store.finish(&plan.id, 1, &outcome(0.1), 1.0).unwrap();
    assert_eq!(other.claim(session, &plan, None).unwrap(), Claim::Finished);
}

#[test]
fn eight_threads_claim_each_of_a_hundred_runs_exactly_once() {
    let fixture = Fixture::new();
    let path = fixture.store.path().to_owned();
    let plans: Arc<Vec<RunPlan>> = Arc::new((0..100).map(|seed| plan(1, seed)).collect());
    let barrier = Arc::new(Barrier::new(8));
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let (path, plans, barrier) = (path.clone(), Arc::clone(&plans), Arc::clone(&barrier));
            std::thread::spawn(move || {
                let mut store = Store::open(path, Durability::Normal).unwrap();
                let session = store.begin_session(&session()).unwrap();
                barrier.wait();
                let mut mine = 0;
                for plan in plans.iter() {
                    let claim = store.claim(session, plan, None).unwrap();
                    if let Claim::Claimed { attempt } = claim {
                        store.finish(&plan.id, attempt, &outcome(0.1), 1.0).unwrap();
                        mine += 1;
                    }
                }
                mine
            })
        })
        .collect();
    let claimed: usize = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert_eq!(claimed, 100);
    assert!(fixture.store.standings(&plans).unwrap().iter().all(|s| *s == Standing::Finished));
}

#[test]
fn sixteen_processes_worth_of_threads_open_a_fresh_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("not/yet/there/store.db");
    let barrier = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|seed| {
            let (path, barrier) = (path.clone(), Arc::clone(&barrier));
            std::thread::spawn(move || {
                barrier.wait();
                let mut store = Store::open(path, Durability::Normal).unwrap();
                store.declare(&catalog()).unwrap();
                let session = store.begin_session(&session()).unwrap();
                let plan = plan(1, seed);
                let attempt = claim(&mut store, session, &plan);
                store.finish(&plan.id, attempt, &outcome(0.1), 1.0).unwrap();
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    let store = Store::open_read_only(&path).unwrap();
    assert_eq!(store.count(&Query::default()).unwrap(), 16);
}

#[test]
fn a_failed_or_interrupted_run_is_claimed_again_and_leaves_nothing_behind() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    fixture.fail(&plan, "out of luck");
    assert_eq!(fixture.claim(&plan), 2);
    assert_eq!(fixture.store.curves(&plan.id).unwrap(), [], "the old curves go");
    let run = fixture.store.runs(std::slice::from_ref(&plan.id)).unwrap().remove(0);
    assert_eq!((run.state, run.failure), (RunState::Running, None));
    fixture.store.interrupt(&plan.id, 2).unwrap();
    assert_eq!(
        fixture.store.standings(std::slice::from_ref(&plan)).unwrap(),
        [Standing::Interrupted]
    );
    assert_eq!(fixture.claim(&plan), 3);
    fixture.store.finish(&plan.id, 3, &outcome(0.1), 1.0).unwrap();
    assert_eq!(fixture.store.provenance(&plan.id).unwrap().attempt, 3);
}

#[test]
fn an_attempt_that_lost_its_run_cannot_end_it() {
    let mut fixture = Fixture::new();
    let plan = plan(1, 0);
    let first = fixture.claim(&plan);
    fixture.store.interrupt(&plan.id, first).unwrap();
    let second = fixture.claim(&plan);
    let refused = [
        fixture.store.finish(&plan.id, first, &outcome(0.1), 1.0),
        fixture.store.fail(&plan.id, first, &failure("late"), 1.0),
        fixture.store.interrupt(&plan.id, first),
        fixture.store.interrupt(&self::plan(2, 0).id, 1),
    ];
    for result in refused {
        let error = result.unwrap_err();
        assert!(matches!(error, RecordsError::NotHeld { .. }), "{error}");
    }
    fixture.store.finish(&plan.id, second, &outcome(0.1), 1.0).unwrap();
    let error = fixture.store.finish(&plan.id, second, &outcome(0.2), 1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("run {}: attempt 2 no longer holds it: it is finished in attempt 2", plan.id)
    );
}

#[test]
fn standings_say_why_each_run_would_be_trained() {
    let mut fixture = Fixture::new();
    let trial = trial(&[]);
    let make = |seed, data, version| RunPlan::new(trial.clone(), seed, data, version);
    fixture.finish(&make(0, "old data", "1"), 0.1);
    fixture.finish(&make(1, "data", "0"), 0.1);
    fixture.finish(&make(2, "data", "1"), 0.1);
    fixture.fail(&make(3, "data", "1"), "it diverged");
    fixture.fail(&make(4, "old data", "1"), "it diverged on other data, which says nothing");
    fixture.claim(&make(5, "data", "1"));
    let plans: Vec<RunPlan> = (0..7).map(|seed| make(seed, "data", "1")).collect();
    let standings = fixture.store.standings(&plans).unwrap();
    let run = make(0, "old data", "1").id;
    let (from, to) = ("old data".to_owned(), "data".to_owned());
    assert_eq!(standings[0], Standing::DataChanged { run, from, to });
    let run = make(1, "data", "0").id;
    let (from, to) = ("0".to_owned(), "1".to_owned());
    assert_eq!(standings[1], Standing::TrainingChanged { run, from, to });
    assert_eq!(standings[2], Standing::Finished);
    let (kind, message) = (FailureKind::Diverged, "it diverged".to_owned());
    assert_eq!(standings[3], Standing::Failed { kind, message });
    assert_eq!(standings[4], Standing::Missing);
    assert!(matches!(standings[5], Standing::Running { pid, .. } if pid == std::process::id()));
    assert_eq!(standings[6], Standing::Missing);
}

#[test]
fn ten_thousand_standings_keep_their_order() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(1, 3), 0.1);
    fixture.finish(&plan(1, 9_998), 0.1);
    let plans: Vec<RunPlan> = (0..10_000).map(|seed| plan_of(&[], seed)).collect();
    let standings = fixture.store.standings(&plans).unwrap();
    let finished: Vec<usize> =
        (0..10_000).filter(|index| standings[*index] == Standing::Finished).collect();
    assert_eq!((standings.len(), finished), (10_000, vec![3, 9_998]));
}

#[test]
fn only_the_run_that_finished_last_is_current() {
    let mut fixture = Fixture::new();
    let trial = trial(&[]);
    let old = RunPlan::new(trial.clone(), 0, "old", "1");
    let new = RunPlan::new(trial.clone(), 0, "new", "1");
    let current = |fixture: &Fixture| -> Vec<String> {
        let client = fixture.client();
        let mut ids = client.prepare("SELECT id FROM runs WHERE current").unwrap();
        ids.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    fixture.finish(&old, 0.1);
    let attempt = fixture.claim(&new);
    assert_eq!(current(&fixture), [old.id.0.as_str()], "until the new one is done");
    fixture.store.finish(&new.id, attempt, &outcome(0.2), 1.0).unwrap();
    assert_eq!(current(&fixture), [new.id.0.as_str()]);
    assert_eq!(fixture.store.timings().unwrap().len(), 1);
    // Whoever goes back to the old data finds everything trained: it must count again.
    fixture
        .store
        .save_experiment(&crate::experiments::record("back"), std::slice::from_ref(&old))
        .unwrap();
    assert_eq!(current(&fixture), [old.id.0.as_str()]);
}

#[test]
fn living_runs_are_not_recovered_and_those_of_other_machines_are_left_alone() {
    let mut fixture = Fixture::new();
    fixture.claim(&plan(1, 0));
    assert_eq!(fixture.store.recover().unwrap(), []);
    if cfg!(target_os = "linux") {
        assert_eq!(fixture.store.release(&[plan(1, 0).id]).unwrap(), []);
    }
    fixture.client().execute("UPDATE session SET host = 'elsewhere', pid = 1", []).unwrap();
    assert_eq!(fixture.store.recover().unwrap(), []);
    let Claim::RunningElsewhere { host, owner, .. } =
        fixture.store.claim(fixture.session, &plan(1, 0), None).unwrap()
    else {
        panic!("claimed a run of another machine")
    };
    assert_eq!((host.as_deref(), owner), (Some("elsewhere"), Owner::OutOfSight));
    let asked = [plan(1, 0).id, plan(1, 1).id];
    assert_eq!(fixture.store.release(&asked).unwrap(), asked[..1], "on a person's word");
    let error = fixture.store.finish(&asked[0], 1, &outcome(0.1), 1.0).unwrap_err();
    assert!(matches!(error, RecordsError::NotHeld { .. }), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_whose_process_is_gone_is_recovered_or_claimed_at_once() {
    let mut fixture = Fixture::new();
    fixture.claim(&plan(1, 0));
    fixture.claim(&plan(1, 1));
    fixture.client().execute("UPDATE session SET process_started = 1", []).unwrap();
    let standing = fixture.store.standings(&[plan(1, 0)]).unwrap().remove(0);
    assert!(matches!(standing, Standing::Running { owner: Owner::Gone, .. }), "{standing:?}");
    let session = fixture.store.begin_session(&session()).unwrap();
    let taken = fixture.store.claim(session, &plan(1, 0), None).unwrap();
    assert_eq!(taken, Claim::Claimed { attempt: 2 });
    assert_eq!(fixture.store.recover().unwrap(), [plan(1, 1).id]);
    assert_eq!(fixture.store.standings(&[plan(1, 1)]).unwrap(), [Standing::Interrupted]);
}
