//! Damage is found, whatever byte it hits, and what is whole can be saved.

use std::fs;
use std::path::Path;

use ablate_records::{Depth, Durability, Store};
use ablate_sweep::{Artifact, Outcome};
use sha2::{Digest, Sha256};

use crate::experiments::record;
use crate::fixtures::*;

/// A store with something in every table, closed, as one file.
fn example(folder: &Path) -> std::path::PathBuf {
    let mut fixture = Fixture::new();
    let plans: Vec<_> = (0..6).flat_map(|seed| [plan(1, seed), greedy(2, 0.5, seed)]).collect();
    fixture.store.save_experiment(&record("depth"), &plans).unwrap();
    for plan in &plans[..10] {
        let attempt = fixture.claim(plan);
        let outcome = Outcome { artifacts: artifacts(), ..outcome(0.25) };
        fixture.store.finish(&plan.id, attempt, &outcome, 1.5).unwrap();
    }
    fixture.fail(&plans[10], "layer 1: the loss is NaN");
    let attempt = fixture.claim(&plans[11]);
    fixture.store.interrupt(&plans[11].id, attempt).unwrap();
    let path = folder.join("whole.db");
    // Small pages leave little space free.
    let client = fixture.client();
    client.execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let small = rusqlite::Connection::open(&path).unwrap();
    small.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM").unwrap();
    path
}

/// Everything that a client can read: the schema, and every row of every table.
fn everything(path: &Path) -> rusqlite::Result<Vec<String>> {
    let client = rusqlite::Connection::open(path)?;
    let list = |query: &str| -> rusqlite::Result<Vec<String>> {
        let mut statement = client.prepare(query)?;
        let columns = statement.column_count();
        let rows = statement.query_map([], |row| {
            (0..columns).map(|index| Ok(format!("{:?}", row.get_ref(index)?))).collect()
        })?;
        rows.map(|row: rusqlite::Result<Vec<String>>| Ok(row?.join("|"))).collect()
    };
    let mut all = list("SELECT * FROM sqlite_schema")?;
    for pragma in ["user_version", "application_id"] {
        all.extend(list(&format!("SELECT * FROM pragma_{pragma}"))?);
    }
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut statement = client.prepare(tables)?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?;
    for name in names {
        all.extend(list(&format!("SELECT * FROM {}", name?))?);
    }
    Ok(all)
}

#[test]
fn a_whole_store_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_read_only(example(folder.path())).unwrap();
    let health = store.check(Depth::Store).unwrap();
    assert_eq!((health.runs, health.hurts), (12, vec![]));
}

/// SQLite's own check misses nearly all of these.
#[test]
fn of_200_flipped_bytes_each_is_found_or_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let whole = fs::read(example(folder.path())).unwrap();
    let expected = everything(&folder.path().join("whole.db")).unwrap();
    let (mut found, mut harmless, mut random) = (0, 0, 0x9e37_79b9_7f4a_7c15_u64);
    for round in 0..200 {
        // SplitMix64.
        random = random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (random ^ (random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let (at, flip) = ((mixed >> 16) as usize % whole.len(), 1 << (mixed % 8));
        let path = folder.path().join(format!("{round}.db"));
        let mut bytes = whole.clone();
        bytes[at] ^= flip;
        fs::write(&path, &bytes).unwrap();
        let checked = Store::open_read_only(&path).and_then(|store| store.check(Depth::Store));
        match checked {
            Ok(health) if health.is_whole() => {
                assert_eq!(everything(&path).unwrap(), expected, "byte {at} was not found");
                harmless += 1;
            }
            Ok(_) | Err(_) => found += 1,
        }
        fs::remove_file(&path).unwrap();
    }
    assert!(found > 100, "{found} found, {harmless} harmless");
}

#[test]
fn a_changed_value_is_found_with_its_run_and_the_rest_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let path = example(folder.path());
    let client = rusqlite::Connection::open(&path).unwrap();
    client.execute("UPDATE score SET test_error = 0.01 WHERE run = 3", []).unwrap();
    client.execute("UPDATE curve SET series = '[1.0]' WHERE run = 4", []).unwrap();
    drop(client);
    let store = Store::open_read_only(&path).unwrap();
    let health = store.check(Depth::Store).unwrap();
    let hurt: Vec<String> = health.hurt_runs().into_iter().map(|run| run.0.clone()).collect();
    let mut expected = [plan(1, 1).id.0, greedy(2, 0.5, 1).id.0];
    expected.sort();
    assert_eq!(hurt, expected);
    let mut saved = Store::open(folder.path().join("saved.db"), Durability::Normal).unwrap();
    let merged = saved.salvage(&store, &health).unwrap();
    assert_eq!((merged.added, merged.damaged.len(), merged.experiments), (10, 2, 1));
    assert!(saved.check(Depth::Store).unwrap().is_whole());
}

/// The middle of the file is gone, as after a bad sector.
#[test]
fn what_lies_around_a_hole_is_saved() {
    let folder = tempfile::tempdir().unwrap();
    let mut fixture = Fixture::new();
    for seed in 0..300 {
        fixture.finish(&plan(1, seed), 0.25);
    }
    let path = folder.path().join("hole.db");
    fixture.client().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let client = rusqlite::Connection::open(&path).unwrap();
    // A page in the midst of the curves, which are most of the file.
    let page: i64 = client
        .query_row(
            "SELECT pageno FROM dbstat WHERE name = 'curve' AND pagetype = 'leaf'
             ORDER BY pageno LIMIT 1 OFFSET 3",
            [],
            |row| row.get(0),
        )
        .unwrap();
    drop(client);
    let page = usize::try_from(page).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096 * (page - 1)..4_096 * page].fill(0);
    fs::write(&path, bytes).unwrap();
    let store = Store::open_read_only(&path).unwrap();
    let health = store.check(Depth::Store).unwrap();
    let hurt = health.hurt_runs().len() as u64;
    let mut saved = Store::open(folder.path().join("saved.db"), Durability::Normal).unwrap();
    let merged = saved.salvage(&store, &health).unwrap();
    assert!(merged.added >= 200, "{} of 300 saved, {hurt} hurt", merged.added);
    assert_eq!(merged.added + merged.damaged.len() as u64, 300);
    assert!(saved.check(Depth::Store).unwrap().is_whole());
}

#[test]
fn files_that_are_missing_or_changed_are_found_with_their_runs() {
    let mut fixture = Fixture::new();
    let folder = fixture.store.artifact_folder();
    let artifact = |role: &str, file: &str| Artifact {
        role: role.into(),
        file: file.into(),
        hash: Sha256::digest(b"weights").iter().map(|byte| format!("{byte:02x}")).collect(),
        bytes: 7,
        reused: false,
    };
    for file in ["networks/a", "layers/a", "layers/b"] {
        folder.write(file, b"weights").unwrap();
    }
    for (seed, layer) in [(0, "layers/a"), (1, "layers/b")] {
        let attempt = fixture.claim(&plan(1, seed));
        let files = vec![artifact("network", "networks/a"), artifact("layer 1", layer)];
        let outcome = Outcome { artifacts: files, ..outcome(0.1) };
        fixture.store.finish(&plan(1, seed).id, attempt, &outcome, 1.0).unwrap();
    }
    assert!(fixture.store.check(Depth::Artifacts).unwrap().is_whole());
    folder.remove("networks/a").unwrap();
    folder.write("layers/b", b"weightS").unwrap();
    assert!(fixture.store.check(Depth::Store).unwrap().is_whole());
    let health = fixture.store.check(Depth::Artifacts).unwrap();
    let said: Vec<&str> = health.hurts.iter().map(|hurt| hurt.what.as_str()).collect();
    assert_eq!(
        said,
        ["the file layers/b does not hold what was written", "the file networks/a is missing"]
    );
    assert_eq!(health.hurts[0].runs, [plan(1, 1).id]);
    assert_eq!(health.hurts[1].runs.len(), 2);
}

/// Whoever changes a row through the store need not think of hashes.
#[test]
fn every_way_to_write_leaves_a_store_that_is_whole() {
    let mut fixture = Fixture::new();
    let whole = |fixture: &Fixture, after: &str| {
        let health = fixture.store.check(Depth::Store).unwrap();
        assert!(health.is_whole(), "after {after}: {:?}", health.hurts);
    };
    whole(&fixture, "creation");
    fixture.store.save_experiment(&record("depth"), &[plan(1, 0)]).unwrap();
    whole(&fixture, "an experiment");
    let attempt = fixture.claim(&plan(1, 0));
    whole(&fixture, "a claim");
    fixture.store.interrupt(&plan(1, 0).id, attempt).unwrap();
    whole(&fixture, "an interruption");
    fixture.fail(&plan(1, 0), "diverged");
    whole(&fixture, "a failure");
    fixture.finish(&plan(1, 0), 0.5);
    whole(&fixture, "an end");
    fixture.store.declare(&catalog()).unwrap();
    fixture.store.save_experiment(&record("depth"), &[plan(1, 1)]).unwrap();
    whole(&fixture, "another plan");
}
