//! `query --group-by`: statistics over seeds.

use crate::bench::Bench;
use crate::store::rows;

fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

#[test]
fn a_group_has_its_statistics_over_the_seeds() {
    let bench = Bench::swept();
    let filter = "pretraining == 'none'";
    let group = ["--group-by", "depth", "--metric", "test_error,valid_error", "--format", "csv"];
    let found = bench.ablate(&[&["query", filter], &group[..]].concat()).expect(0).csv();
    assert_eq!(
        found[0],
        [
            "depth", "metric", "trials", "runs", "n", "mean", "low", "high", "sd", "median", "iqm",
            "min", "max"
        ]
    );
    let labels: Vec<String> = found[1..].iter().map(|row| row[..5].join(" ")).collect();
    assert_eq!(
        labels,
        ["1 test_error 1 3 3", "1 valid_error 1 3 3", "2 test_error 1 3 3", "2 valid_error 1 3 3"]
    );
    let wanted = "SELECT avg(test_error), min(test_error), max(test_error) FROM runs
        WHERE pretraining = 'none' AND depth = 1";
    let wanted: Vec<f64> = rows(&bench.store(), wanted)[0].split('|').map(number).collect();
    let row = &found[1];
    assert!((number(&row[5]) - wanted[0]).abs() < 1e-12);
    assert_eq!((number(&row[11]), number(&row[12])), (wanted[1], wanted[2]));
    assert!(number(&row[6]) < wanted[0] && wanted[0] < number(&row[7]), "{row:?}");
}

#[test]
fn the_mean_and_interval_are_those_of_the_table() {
    let bench = Bench::swept();
    let by = ["--group-by", "pretraining,variant,depth", "--format", "csv"];
    let groups = bench.ablate(&[&["query"], &by[..]].concat()).expect(0).csv();
    let table = bench.ablate(&["table", "small", "errors", "--format", "csv"]).expect(0).csv();
    let place = |header: &[String], name: &str| header.iter().position(|n| n == name).unwrap();
    let lines = |sheet: &[Vec<String>]| {
        let names = ["pretraining", "variant", "depth", "mean", "low", "high", "n"];
        let places = names.map(|name| place(&sheet[0], name));
        let line = |row: &Vec<String>| places.map(|at| row[at].clone()).join(" ");
        let mut lines: Vec<String> = sheet[1..].iter().map(line).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&groups), lines(&table));
}

#[test]
fn trials_that_share_a_group_count_once_a_seed_and_that_is_said() {
    let bench = Bench::swept();
    let found = bench.ablate(&["query", "--group-by", "depth", "--format", "csv"]).expect(0);
    assert!(found.csv()[1][1..5].join(" ") == "test_error 3 9 3", "{}", found.stdout);
    found.says(&["2 groups of several trials", "--group-by trial"]);
    let found = bench.ablate(&["query", "--group-by", "trial", "--format", "csv"]).expect(0);
    assert_eq!(found.csv().len(), 7);
    assert!(!found.stderr.contains("several"));
}

#[test]
fn groups_are_sorted_and_cut_by_their_own_columns() {
    let bench = Bench::swept();
    let args = ["query", "--group-by", "variant,depth", "--sort", "-mean", "--limit", "3"];
    let found = bench.ablate(&[&args[..], &["--format", "json"]].concat()).expect(0);
    let json = found.json();
    let means: Vec<f64> =
        json.as_array().unwrap().iter().map(|row| row["mean"].as_f64().unwrap()).collect();
    assert!(means.len() == 3 && means.is_sorted_by(|earlier, later| earlier >= later), "{means:?}");
    found.says(&["3 of 6 rows"]);
    bench
        .ablate(&["query", "--group-by", "depth", "--sort", "test_error"])
        .expect(2)
        .says(&["mean"]);
    let unknown = bench.ablate(&["query", "--group-by", "dept"]).expect(2);
    unknown.says(&["did you mean depth"]);
    bench
        .ablate(&["query", "--group-by", "depth", "--metric", "variant"])
        .expect(2)
        .says(&["not a number"]);
    bench.ablate(&["query", "--metric", "test_error"]).expect(2).says(&["--group-by"]);
    bench.ablate(&["query", "--group-by", "depth", "--columns", "id"]).expect(2);
}
