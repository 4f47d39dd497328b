//! Opening: fresh files, foreign files, damaged files, files of other releases.

use std::fs;
use std::path::Path;

use ablate_records::{Archived, Depth, Durability, Marks, Query, RecordsError, Store};
use ablate_sweep::{Direction, Domain, Outcome, Param, RunState, Split, Value};

use crate::fixtures::*;

fn refused(path: &Path) -> RecordsError {
    Store::open(path, Durability::Normal).unwrap_err()
}

#[test]
fn the_bundled_sqlite_is_past_the_bug_in_wal_resets() {
    assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
}

#[test]
fn a_fresh_store_is_for_its_owner_alone_in_wal_mode_and_signed() {
    let fixture = Fixture::new();
    #[cfg(unix)]
    for suffix in ["", "-wal", "-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let path = format!("{}{suffix}", fixture.store.path().display());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{path}");
    }
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value =
            fixture.client().pragma_query_value(None, name, |row| row.get(0)).unwrap();
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("application_id"), format!("Integer({})", 0x6162_6c74));
    assert_eq!(pragma("user_version"), "Integer(7)");
}

#[test]
fn reading_a_store_that_is_not_there_says_how_it_comes_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let error = Store::open_read_only(folder.path().join("store.db")).unwrap_err();
    assert!(error.to_string().ends_with("`ablate sweep EXPERIMENT` creates one"), "{error}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "and makes nothing");
}

#[test]
fn what_is_no_store_is_refused_and_left_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    let client = rusqlite::Connection::open(&other).unwrap();
    client.execute_batch("CREATE TABLE theirs (x); PRAGMA application_id = 0").unwrap();
    let signed = folder.path().join("signed.db");
    let client = rusqlite::Connection::open(&signed).unwrap();
    client.execute_batch("PRAGMA application_id = 252006673; CREATE TABLE t (x)").unwrap();
    let counted = folder.path().join("counted.db");
    let client = rusqlite::Connection::open(&counted).unwrap();
    client.execute_batch("PRAGMA user_version = 7").unwrap();
    drop(client);
    for (name, content) in
        [("notes.txt", &b"dear diary"[..]), ("cut.db", b"SQLite format 3\0 and no more")]
    {
        fs::write(folder.path().join(name), content).unwrap();
    }
    let mut said = Vec::new();
    for name in ["other.db", "signed.db", "counted.db", "notes.txt", "cut.db"] {
        let path = folder.path().join(name);
        let before = fs::read(&path).unwrap();
        for error in [refused(&path), Store::open_read_only(&path).unwrap_err()] {
            assert!(matches!(error, RecordsError::NotAStore { .. }), "{name}: {error}");
        }
        assert_eq!(fs::read(&path).unwrap(), before, "{name}");
        said.push(refused(&path).to_string().replace(&format!("{}/", folder.path().display()), ""));
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 5, "no files beside them");
    insta::assert_snapshot!(said.join("\n"), @r"
    other.db is not a run store: it is the SQLite database of another application; it was left untouched, name another file
    signed.db is not a run store: it is the SQLite database of another application; it was left untouched, name another file
    counted.db is not a run store: it is the SQLite database of another application; it was left untouched, name another file
    notes.txt is not a run store: it is no SQLite database; it was left untouched, name another file
    cut.db is not a run store: it is an SQLite database that has been cut off; it was left untouched, name another file
    ");
}

#[test]
fn an_empty_file_is_a_fresh_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file: with ? odd # name%41.db");
    fs::write(&path, "").unwrap();
    let mut store = Store::open(&path, Durability::Full).unwrap();
    store.declare(&catalog()).unwrap();
    assert_eq!(store.count(&Query::default()).unwrap(), 0);
    assert!(fs::metadata(&path).unwrap().len() > 0);
}

#[test]
fn a_newer_store_is_refused_with_what_to_do() {
    let fixture = Fixture::new();
    fixture.client().pragma_update(None, "user_version", 1_000).unwrap();
    for error in
        [refused(fixture.store.path()), Store::open_read_only(fixture.store.path()).unwrap_err()]
    {
        assert!(matches!(error, RecordsError::Newer { found: 1_000, .. }), "{error}");
        assert!(error.to_string().contains("upgrade ablate"), "{error}");
    }
}

#[test]
fn a_folder_in_the_place_of_the_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let error = refused(folder.path());
    assert!(error.to_string().contains(folder.path().to_str().unwrap()), "{error}");
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    let error = refused(&file.join("store.db"));
    assert!(error.to_string().contains("create the folder"), "{error}");
}

#[test]
fn damage_is_told_apart_from_other_trouble() {
    let mut fixture = Fixture::new();
    for seed in 0..50 {
        fixture.finish(&plan(1, seed), 0.1);
    }
    let path = fixture.store.path().to_owned();
    fixture.client().pragma_update(None, "wal_checkpoint", "TRUNCATE").ok();
    let mut bytes = fs::read(&path).unwrap();
    bytes[4_096..].fill(0xa5);
    let damaged = fixture.folder.path().join("damaged.db");
    fs::write(&damaged, bytes).unwrap();
    let error = Store::open(&damaged, Durability::Normal)
        .and_then(|store| store.query(&Default::default()).map(drop))
        .unwrap_err();
    assert!(matches!(error, RecordsError::Damaged { .. }), "{error}");
}

#[test]
fn a_store_that_was_opened_for_reading_cannot_be_written() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(1, 0), 0.1);
    let mut store = Store::open_read_only(fixture.store.path()).unwrap();
    assert_eq!(store.count(&Query::default()).unwrap(), 1);
    let error = store.begin_session(&session()).unwrap_err();
    assert!(matches!(error, RecordsError::NotWritable { .. }), "{error}");
}

/// A store may come from someone else, with a schema that wants more than to hold data.
#[test]
fn triggers_in_a_store_never_fire() {
    let mut fixture = Fixture::new();
    let trap = "CREATE TRIGGER trap AFTER UPDATE ON run BEGIN DELETE FROM curve; END";
    fixture.client().execute_batch(trap).unwrap();
    fixture.finish(&plan(1, 0), 0.1);
    fixture.finish(&plan(1, 1), 0.1);
    assert_eq!(fixture.store.curves(&plan(1, 0).id).unwrap().len(), 2);
}

/// An earlier release may have made them differently, without a new schema.
#[test]
fn views_that_this_program_would_make_otherwise_are_made_anew() {
    let fixture = Fixture::new();
    let other = "DROP VIEW pairs; DROP VIEW runs; CREATE VIEW runs AS SELECT 1 AS id";
    fixture.client().execute_batch(other).unwrap();
    assert_eq!(fixture.beside().count(&Query::default()).unwrap(), 0);
    fixture.client().prepare("SELECT baseline_test_error FROM pairs").unwrap();
}

#[test]
fn declaring_twice_changes_nothing_and_new_columns_keep_old_rows() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(1, 0), 0.25);
    let schema = |fixture: &Fixture| -> i64 {
        fixture.client().pragma_query_value(None, "schema_version", |row| row.get(0)).unwrap()
    };
    let before = schema(&fixture);
    fixture.store.declare(&catalog()).unwrap();
    assert_eq!(schema(&fixture), before);

    let mut wider = catalog();
    wider.metrics.push(metric("robust_error", Direction::Lower, Split::Test));
    let any = Domain::Int { min: 1, max: 9, word: Some("all") };
    wider.params[1] = Param::new("depth", any, Value::Int(1), "hidden layers");
    fixture.beside().declare(&wider).unwrap();
    fixture.beside().declare(&catalog()).unwrap();
    let row = fixture
        .client()
        .query_row("SELECT depth, test_error, robust_error FROM runs", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, f64>(1)?, row.get::<_, Option<f64>>(2)?))
        })
        .unwrap();
    assert_eq!(row, (1, 0.25, None));
    fixture.finish(&plan_of(&[("depth", Value::Int(2))], 0), 0.5);
}

#[test]
fn names_that_cannot_be_columns_are_refused() {
    for name in ["id", "Seed", "two words", "", "1st", "baseline_x", "x\"y", "experiment", "DEPTH"]
    {
        let mut fixture = Fixture::new();
        let mut catalog = catalog();
        catalog.metrics.push(metric(name, Direction::Lower, Split::Test));
        let error = fixture.store.declare(&catalog).unwrap_err();
        assert!(matches!(error, RecordsError::BadName { .. }), "{name}: {error}");
        fixture.finish(&plan(1, 0), 0.1);
    }
}

/// Every schema that was ever released stays here as a store, and every later version opens it.
#[test]
fn a_store_of_every_released_schema_still_opens() {
    let stores = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores");
    for schema in 1..=7 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        fs::copy(stores.join(format!("v{schema}.db")), &path).unwrap();
        let mut store = Store::open(&path, Durability::Normal).unwrap();
        store.declare(&catalog()).unwrap();
        assert!(store.check(Depth::Store).unwrap().is_whole(), "schema {schema}");
        assert_eq!(store.members("depth").unwrap().len(), 4);
        let run = store.runs(&[greedy(2, 0.5, 0).id]).unwrap().remove(0);
        assert_eq!((run.state, run.scores["test_error"]), (RunState::Finished, 0.25));
        assert_eq!(run.params, greedy(2, 0.5, 0).trial.params);
        assert_eq!(store.curves(&run.id).unwrap(), outcome(0.25).curves);
        assert_eq!(store.provenance(&run.id).unwrap().experiments, ["depth"]);
        let simd = store.provenance(&run.id).unwrap().session.simd;
        assert_eq!(simd.as_deref(), (schema >= 7).then_some("avx512"));
        let profiles = if schema < 3 { vec![] } else { vec![profile()] };
        assert_eq!(store.profiles(&run.id).unwrap(), profiles);
        let expected = if schema < 5 { Marks::default() } else { marks() };
        assert_eq!(store.marks(&run.id).unwrap(), expected);
        let session = store.begin_session(&session()).unwrap();
        let attempt = claim(&mut store, session, &plan(2, 9));
        store.finish(&plan(2, 9).id, attempt, &outcome(0.5), 1.0).unwrap();
    }
}

/// What is said of the second run of the store of schema 5.
fn marks() -> Marks {
    let tags = vec!["baseline".to_owned(), "good".to_owned()];
    Marks { tags, note: Some("the one of the paper".into()), archived: Archived::No }
}

/// The store of schema 7, as this code makes it, in the file `path`.
fn write_the_store_of_this_schema(path: &Path) {
    let mut fixture = Fixture::new();
    let plans = [plan(2, 0), greedy(2, 0.5, 0), plan(3, 0), plan(3, 1)];
    fixture.store.save_experiment(&crate::experiments::record("depth"), &plans).unwrap();
    fixture.finish(&plans[0], 0.5);
    let attempt = fixture.claim(&plans[1]);
    let profiles = vec![profile()];
    let outcome = Outcome { artifacts: artifacts(), profiles, ..outcome(0.25) };
    fixture.store.finish(&plans[1].id, attempt, &outcome, 1.5).unwrap();
    fixture.fail(&plans[2], "layer 1: the loss is NaN");
    let attempt = fixture.claim(&plans[3]);
    fixture.store.interrupt(&plans[3].id, attempt).unwrap();
    fixture.store.tag(&[plans[1].id.clone()], &marks().tags, &[]).unwrap();
    fixture.store.note(&plans[1].id, marks().note.as_deref()).unwrap();
    let client = fixture.client();
    client.execute("UPDATE session SET host = 'example', boot_id = 'boot', pid = 1", []).unwrap();
    // Merged into a store of its own, what was changed is sealed.
    let written = Fixture::new();
    written.beside().merge(&fixture.store).unwrap();
    written.client().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    // Small pages keep the file small.
    let small = rusqlite::Connection::open(path).unwrap();
    small.execute_batch("PRAGMA journal_mode = DELETE; PRAGMA page_size = 512; VACUUM").unwrap();
}

/// Every table, index, view and trigger of a store, and how many rows each table has.
fn layout(path: &Path) -> Vec<String> {
    let client = rusqlite::Connection::open(path).unwrap();
    let mut parts = client
        .prepare("SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let part = |(kind, name, sql): (String, String, String)| {
        let count = format!("SELECT count(*) FROM \"{name}\"");
        let rows = (kind == "table").then(|| client.query_row(&count, [], |row| row.get(0)));
        let rows: i64 = rows.map_or(0, Result::unwrap);
        format!("{kind} {name} of {rows} rows: {sql}")
    };
    let parts = parts.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    parts.map(|found| part(found.unwrap())).collect()
}

/// Before a schema is released, `ABLATE_WRITE_STORE=1` puts its store among those of `tests/stores`, which
/// never change from then on.
#[test]
fn the_store_of_the_newest_schema_is_what_this_code_writes() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/v7.db");
    let folder = tempfile::tempdir().unwrap();
    let written = folder.path().join("written.db");
    write_the_store_of_this_schema(&written);
    if std::env::var_os("ABLATE_WRITE_STORE").is_some() {
        fs::copy(&written, &kept).unwrap();
    }
    // Opened, a store in the repository would be written beside.
    let copy = folder.path().join("kept.db");
    fs::copy(&kept, &copy).unwrap();
    assert_eq!(layout(&copy), layout(&written));
}
