//! `query` and `sql`: which rows, which columns, in every format, and what is refused.

use crate::bench::{Bench, SMALL_RUNS};
use crate::store::{count_in, rows};

#[test]
fn a_filter_finds_the_runs_that_plain_sql_finds() {
    let bench = Bench::swept();
    let filter = "variant == 'contractive' and depth >= 2 and test_error < 1";
    let found = bench.ablate(&["query", filter, "--columns", "id", "--format", "csv"]).expect(0);
    let ids: Vec<String> = found.csv().into_iter().skip(1).flatten().collect();
    let wanted = "SELECT id FROM runs
        WHERE variant = 'contractive' AND depth >= 2 AND test_error < 1 ORDER BY number";
    assert_eq!(ids, rows(&bench.store(), wanted));
    assert_eq!(ids.len(), 3);
    found.says(&["3 runs"]);
}

#[test]
fn without_a_filter_every_run_is_a_row_and_what_tells_them_apart_is_shown() {
    let bench = Bench::swept();
    let rows = bench.ablate(&["query", "--format", "csv"]).expect(0).csv();
    assert_eq!(rows.len(), 1 + SMALL_RUNS);
    for column in ["id", "seed", "state", "depth", "pretraining", "variant", "test_error"] {
        assert!(rows[0].iter().any(|name| name == column), "{column}: {:?}", rows[0]);
    }
    assert!(
        !rows[0].iter().any(|name| name == "width"),
        "it is the same everywhere: {:?}",
        rows[0]
    );
    let all = bench.ablate(&["query", "--columns", "all", "--format", "csv"]).expect(0).csv();
    let columns = bench.ablate(&["list", "parameters", "--format", "csv"]).expect(0).csv();
    for name in columns.iter().skip(1).map(|row| &row[0]) {
        assert!(all[0].contains(name), "{name}: {:?}", all[0]);
    }
    let filled = ["query", "--columns", "filled", "--format", "csv"];
    let filled = bench.ablate(&filled).expect(0).csv();
    let has = |rows: &[Vec<String>], at: usize| rows[1..].iter().any(|row| !row[at].is_empty());
    let expected = (0..all[0].len()).filter(|at| has(&all, *at)).map(|at| &all[0][at]);
    assert!(filled[0].iter().eq(expected), "{:?}", filled[0]);
    assert!(filled[0].len() < all[0].len() && filled.len() == all.len());
}

#[test]
fn rows_are_sorted_up_or_down_by_several_columns() {
    let bench = Bench::swept();
    let column = |sort: &str, column: usize| -> Vec<f64> {
        let columns = ["--columns", "depth,test_error", "--format", "csv"];
        let args = [&["query", "--sort", sort][..], &columns].concat();
        let rows = bench.ablate(&args).expect(0).csv();
        rows.iter().skip(1).map(|row| row[column].parse().unwrap()).collect()
    };
    assert!(column("test_error", 1).is_sorted());
    assert!(column("-test_error", 1).is_sorted_by(|earlier, later| earlier >= later));
    assert!(column("-depth,test_error", 0).is_sorted_by(|earlier, later| earlier >= later));
    assert!(column("-depth,test_error", 1)[..9].is_sorted());
}

#[test]
fn what_is_missing_sorts_last_whichever_the_order() {
    let bench = Bench::with_a_failed_run();
    for sort in ["test_error", "-test_error"] {
        let args = ["query", "--sort", sort, "--columns", "state", "--format", "csv"];
        let states: Vec<String> = bench.ablate(&args).expect(0).csv().concat();
        assert_eq!(states, ["state", "finished", "failed"], "NaN is never the best: {sort}");
    }
}

#[test]
fn a_limit_leaves_the_first_rows_and_says_how_many_there_are() {
    let bench = Bench::swept();
    let found = bench.ablate(&["query", "--limit", "4", "--format", "csv"]).expect(0);
    assert_eq!(found.csv().len(), 5);
    found.says(&["4 of 18 runs"]);
}

#[test]
fn every_format_says_the_same() {
    let bench = Bench::with_a_failed_run();
    let ask = |format: &str| {
        let columns = "id,state,learning_rate,test_error,failure_message";
        bench.ablate(&["query", "--columns", columns, "--format", format]).expect(0)
    };
    let (csv, json) = (ask("csv").csv(), ask("json").json());
    let objects = json.as_array().unwrap();
    assert_eq!(objects.len(), csv.len() - 1);
    for (fields, object) in csv[1..].iter().zip(objects) {
        let object = object.as_object().unwrap();
        assert!(object.keys().eq(&csv[0]), "the columns, in their order: {object:?}");
        for (field, cell) in fields.iter().zip(object.values()) {
            let same = match cell {
                serde_json::Value::Null => field.is_empty(),
                serde_json::Value::String(text) => text == field,
                number => number.as_f64().map(f64::to_bits) == field.parse().ok().map(f64::to_bits),
            };
            assert!(same, "{field:?} in CSV, {cell} in JSON");
        }
    }
    let failure = &csv[2][4];
    assert!(failure.contains(", epoch 1, step "), "commas survive: {failure}");
    ask("md").prints(&["| id | state |", "| failed |", failure]);
    ask("table").prints(&["id ", "failed", failure]);
}

#[test]
fn a_filter_that_finds_nothing_is_no_error() {
    let bench = Bench::swept();
    let found = bench.ablate(&["query", "depth == 9", "--format", "csv"]).expect(0);
    assert_eq!(found.csv().len(), 1, "the names of the columns");
    found.says(&["0 runs"]);
    let found = bench.ablate(&["query", "depth == 9", "--format", "json"]).expect(0).json();
    assert_eq!(found, serde_json::json!([]));
}

#[test]
fn an_unknown_column_is_pointed_at_with_the_nearest_one() {
    let bench = Bench::swept();
    let said = bench.ablate(&["query", "seed == 1 and dept == 2"]).expect(2);
    assert_eq!(said.stdout, "");
    said.says(&["seed == 1 and dept == 2\n              ^^^^\n", "did you mean depth"]);
    for option in ["--columns", "--sort"] {
        let said = bench.ablate(&["query", option, "test_eror"]).expect(2);
        said.says(&["test_eror", "did you mean test_error"]);
    }
}

#[test]
fn a_filter_that_cannot_be_read_is_pointed_at() {
    let bench = Bench::swept();
    for (filter, caret) in [
        ("depth == == 2", "         ^^"),
        ("depth == 'two", "         ^"),
        ("depth >", "       ^"),
        ("depth = 2", "      ^"),
        ("depth == 2 and", "              ^"),
    ] {
        let said = bench.ablate(&["query", filter]).expect(2);
        assert_eq!(said.stdout, "", "{filter}");
        said.says(&[&format!("{filter}\n{caret}")]);
    }
    bench.ablate(&["query", "depth == 'two'"]).expect(2).says(&["^^^^^"]);
}

#[test]
fn sql_reads_every_view() {
    let bench = Bench::swept();
    let one = |sql: &str| {
        bench.ablate(&["sql", sql, "--format", "csv"]).expect(0).csv().remove(1).join("|")
    };
    assert_eq!(one("SELECT count(*) FROM runs WHERE state = 'finished' AND current"), "18");
    assert_eq!(one("SELECT count(*) FROM pairs WHERE run = baseline_run"), "0");
    assert_eq!(one("SELECT experiment, count(*) FROM members"), "small|18");
    assert_eq!(
        one("SELECT count(DISTINCT run), max(epoch) FROM curves WHERE name = 'train_loss'"),
        "18|2"
    );
    let json = bench.ablate(&["sql", "SELECT 1 AS a, NULL AS b, 2 AS a", "--format", "json"]);
    assert_eq!(json.expect(0).json(), serde_json::json!([{"a": 1, "b": null, "a_2": 2}]));
}

#[test]
fn sql_that_would_write_is_refused_and_changes_nothing() {
    let bench = Bench::swept();
    let before = std::fs::read(bench.store()).unwrap();
    for statement in [
        "INSERT INTO experiment VALUES (9, '', '', '', '[]', '', '', '')",
        "UPDATE score SET test_error = 0",
        "DELETE FROM run",
        "DROP VIEW runs",
        "ATTACH 'other.db' AS other",
        "VACUUM INTO 'copy.db'",
        "PRAGMA user_version = 99",
        "PRAGMA journal_mode = DELETE",
        "SELECT 1; DELETE FROM run",
        "WITH doomed AS (SELECT key FROM run) DELETE FROM run WHERE key IN doomed",
        "SELECT load_extension('evil')",
        "CREATE TEMP TABLE mine (a)",
        "BEGIN",
        "",
    ] {
        let said = bench.ablate(&["sql", statement]).expect(2);
        assert_eq!(said.stdout, "", "{statement}");
    }
    assert_eq!(std::fs::read(bench.store()).unwrap(), before);
    assert!(!bench.path("other.db").exists() && !bench.path("copy.db").exists());
    assert_eq!(count_in(&bench.store(), "finished"), SMALL_RUNS);
}

#[test]
fn sql_that_takes_too_long_is_stopped() {
    let bench = Bench::swept();
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";
    bench.ablate(&["sql", endless, "--timeout", "0.2"]).expect(1).says(&["stopped after 0.2 s"]);
    for timeout in ["0", "nan", "1e9"] {
        bench.ablate(&["sql", "SELECT 1", "--timeout", timeout]).expect(2).says(&["--timeout"]);
    }
}

#[test]
fn sql_that_finds_too_much_is_cut_off_and_says_so() {
    let bench = Bench::swept();
    let args = ["sql", "SELECT id FROM runs", "--limit", "5", "--format", "csv"];
    let found = bench.ablate(&args).expect(0);
    assert_eq!(found.csv().len(), 6);
    found.says(&["cut off after 5 rows", "--limit"]);
}

#[test]
fn sql_that_is_wrong_says_where() {
    let bench = Bench::swept();
    bench.ablate(&["sql", "SELECT depht FROM runs"]).expect(2).says(&["depht"]);
    bench.ablate(&["sql", "SELEC 1"]).expect(2).says(&["SELEC"]);
}
