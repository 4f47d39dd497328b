//! SQL from people reads, and does nothing else.

use std::time::Duration;

use ablate_records::{Cell, Query, RecordsError, SqlLimits};

use crate::fixtures::*;

#[test]
fn a_select_gives_named_columns_and_typed_cells() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(2, 0), 0.25);
    let rows = fixture
        .store
        .sql(
            "SELECT depth, test_error AS error, variant, dataset, x'0102' AS raw FROM runs;",
            SqlLimits::default(),
        )
        .unwrap();
    assert_eq!(rows.columns, ["depth", "error", "variant", "dataset", "raw"]);
    let text = Cell::Text("tiny".into());
    assert_eq!(rows.rows, [[Cell::Int(2), Cell::Real(0.25), Cell::Null, text, Cell::Blob(2)]]);
}

#[test]
fn all_that_reads_is_allowed() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(2, 0), 0.25);
    for text in [
        "WITH deep AS (SELECT * FROM runs WHERE depth > 1) SELECT count(*) FROM deep",
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n",
        "VALUES (1), (2)",
        "EXPLAIN QUERY PLAN SELECT * FROM pairs",
        "SELECT name FROM sqlite_schema",
        "PRAGMA table_info(runs)",
        "SELECT name FROM pragma_table_info('runs')",
        "SELECT value FROM json_each('[1,2]')",
        "SELECT epoch, value FROM curves",
        "SELECT lower(dataset), sum(seed) OVER () FROM runs -- a comment",
    ] {
        let rows = fixture.store.sql(text, SqlLimits::default()).unwrap();
        assert!(!rows.rows.is_empty(), "{text}");
    }
}

#[test]
fn all_that_does_more_than_read_is_refused_by_name() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan(2, 0), 0.25);
    let outside = fixture.folder.path().join("outside.db");
    let attach = format!("ATTACH '{}' AS o", outside.display());
    let into = format!("VACUUM INTO '{}'", outside.display());
    for (text, named) in [
        ("DELETE FROM run", "deleting from run is refused"),
        ("UPDATE run SET seed = 1", "changing run is refused"),
        ("INSERT INTO run (id) VALUES ('x')", "writing to run is refused"),
        ("DROP TABLE run", "refused"),
        ("CREATE TABLE t (x)", "refused"),
        ("CREATE TEMP TABLE t (x)", "refused"),
        ("ALTER TABLE run ADD COLUMN x", "refused"),
        (attach.as_str(), "ATTACH is refused"),
        (into.as_str(), "refused"),
        ("DETACH main", "DETACH is refused"),
        ("VACUUM", "refused"),
        ("REINDEX", "refused"),
        ("ANALYZE", "refused"),
        ("BEGIN", "a transaction is refused"),
        ("SAVEPOINT x", "a transaction is refused"),
        ("PRAGMA query_only = 0", "PRAGMA query_only is refused"),
        ("PRAGMA writable_schema = 1", "PRAGMA writable_schema is refused"),
        ("PRAGMA journal_mode = DELETE", "PRAGMA journal_mode is refused"),
        ("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint is refused"),
        ("SELECT load_extension('x')", "load_extension is refused"),
        ("SELECT * FROM pragma_journal_mode", "PRAGMA journal_mode is refused"),
        ("SELECT 1; SELECT 2", "a second statement is refused"),
        ("SELECT 1; DELETE FROM run", "deleting from run is refused"),
        ("WITH x AS (SELECT 1) DELETE FROM run", "deleting from run is refused"),
        ("INSERT INTO run (id) VALUES ('x') RETURNING id", "writing to run is refused"),
    ] {
        let error = fixture.store.sql(text, SqlLimits::default()).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(named), "{text}: {message}");
    }
    assert!(!outside.exists());
    assert_eq!(fixture.store.count(&Query::default()).unwrap(), 1);
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let fixture = Fixture::new();
    for (text, told) in [
        ("SELECT id,\n  tset_error FROM runs", "line 2, column 3: no such column: tset_error"),
        ("SELECT id FROM run WHERE", "incomplete input"),
        ("SELEKT 1", "line 1, column 1: near \"SELEKT\": syntax error"),
        ("SELECT \"tset_error\" FROM runs", "no such column"),
        ("SELECT id FROM runs WHERE seed = ?", "the text has parameters"),
        ("SELECT 1\0", "NUL"),
        ("", "no statement"),
        ("-- nothing", "no statement"),
    ] {
        let error = fixture.store.sql(text, SqlLimits::default()).unwrap_err();
        assert!(matches!(error, RecordsError::SqlInvalid { .. }), "{text}: {error:?}");
        assert!(error.to_string().contains(told), "{text}: {error}");
    }
}

#[test]
fn an_endless_query_is_stopped() {
    let fixture = Fixture::new();
    let limits = SqlLimits { time: Duration::from_millis(50), ..SqlLimits::default() };
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT count(*) FROM n";
    let error = fixture.store.sql(endless, limits).unwrap_err();
    assert!(matches!(error, RecordsError::SqlTimeout { .. }), "{error}");
}

#[test]
fn rows_and_bytes_are_limited_and_the_answer_says_so() {
    let fixture = Fixture::new();
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
        SELECT i, printf('%.100c', 'x') FROM n";
    let few = SqlLimits { rows: 10, ..SqlLimits::default() };
    let rows = fixture.store.sql(endless, few).unwrap();
    assert_eq!((rows.rows.len(), rows.truncated()), (10, true));
    let short = SqlLimits { bytes: 1_000, ..SqlLimits::default() };
    let rows = fixture.store.sql(endless, short).unwrap();
    assert_eq!((rows.rows.len(), rows.truncated()), (10, true));
    let exact = SqlLimits { rows: 2, ..SqlLimits::default() };
    assert!(!fixture.store.sql("VALUES (1), (2)", exact).unwrap().truncated());
    let error = fixture.store.sql("SELECT zeroblob(100000000)", SqlLimits::default()).unwrap_err();
    assert!(error.to_string().contains("too big"), "{error}");
}
