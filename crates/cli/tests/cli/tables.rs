//! `table` and `compare`: what an experiment answers.

use serde_json::Value;

use crate::bench::{Bench, SMALL};
use crate::store::{meddle, rows};

#[test]
fn a_table_is_printed_in_every_format() {
    let bench = Bench::swept();
    for (format, parts) in [
        ("text", &["errors", "depth 1", "contractive"][..]),
        ("md", &["| pretraining | variant | depth 1 | depth 2 |"]),
        ("latex", &["\\begin{tabular}", "\\toprule", "\\end{tabular}"]),
        ("html", &["<table>", "<caption>errors", "<th scope=\"col\">depth 1</th>"]),
        ("csv", &["pretraining,variant,depth,metric"]),
        ("json", &["\"table\": \"errors\""]),
    ] {
        bench.ablate(&["table", "small", "errors", "--format", format]).expect(0).prints(parts);
    }
}

#[test]
fn the_numbers_of_a_table_are_means_over_seeds_of_the_runs_it_names() {
    let bench = Bench::swept();
    let table = bench.ablate(&["table", "small", "errors", "--format", "csv"]).expect(0).csv();
    let at = |name: &str| table[0].iter().position(|column| column == name).unwrap();
    assert_eq!(table.len(), 1 + 6, "a line a cell");
    for line in &table[1..] {
        let runs: Vec<String> = line[at("runs")].split(' ').map(|run| format!("'{run}'")).collect();
        assert_eq!((runs.len(), line[at("n")].as_str()), (3, "3"));
        let mean = format!("SELECT avg(test_error) FROM runs WHERE id IN ({})", runs.join(","));
        let (mean, shown): (f64, f64) =
            (rows(&bench.store(), &mean)[0].parse().unwrap(), line[at("mean")].parse().unwrap());
        assert!((mean - shown).abs() < 1e-12, "{line:?}");
    }
}

#[test]
fn all_tables_are_printed_if_none_is_named_and_json_stays_one_document() {
    let bench = Bench::swept();
    bench.ablate(&["table", "small"]).expect(0).prints(&["errors", "codes", "jacobian_norm"]);
    let both = bench.ablate(&["table", "small", "--format", "json"]).expect(0).json();
    let names: Vec<&Value> = both.as_array().unwrap().iter().map(|table| &table["table"]).collect();
    assert_eq!(names, ["errors", "codes"]);
    let one = bench.ablate(&["table", "small", "codes", "--format", "json"]).expect(0).json();
    assert_eq!(one["table"], "codes");
}

#[test]
fn a_table_by_name_and_by_file_is_the_same() {
    let bench = Bench::swept();
    let by = |experiment: &str| bench.ablate(&["table", experiment]).expect(0).stdout;
    assert_eq!(by("small"), by("small.toml"));
    assert_eq!(by("small"), by("./small.toml"));
}

#[test]
fn the_runs_behind_a_cell_are_those_that_its_line_names() {
    let bench = Bench::swept();
    let table = bench.ablate(&["table", "small", "errors", "--format", "csv"]).expect(0).csv();
    let at = |name: &str| table[0].iter().position(|column| column == name).unwrap();
    // The second row and the first column are the third line of cells.
    let cell = ["table", "small", "errors", "--cell", "2,1", "--format", "csv"];
    let behind = bench.ablate(&cell).expect(0).csv();
    let runs: Vec<&str> = behind[1..].iter().map(|line| line[0].as_str()).collect();
    assert_eq!(runs.join(" "), table[3][at("runs")]);
    for (cell, said) in [("2", "such as 2,3"), ("0,1", "3 rows: 1 "), ("1,9", "2 columns: 1 ")] {
        bench.ablate(&["table", "small", "errors", "--cell", cell]).expect(2).says(&[said]);
    }
    bench.ablate(&["table", "small", "--cell", "1,1"]).expect(2);
}

#[test]
fn what_a_paper_printed_stands_beside_ours() {
    let bench = Bench::swept();
    let paper = "\n[[table]]\nname = \"beside\"\nrows = \"pretraining\"\ncolumns = \"depth\"\n\
                 metric = \"test_error\"\nstatistic = \"iqm\"\n[[table.paper]]\n\
                 source = \"Someone 2009\"\ntrust = \"memory\"\n\
                 values = [{ pretraining = \"none\", depth = 1, value = 4.1 }]\n";
    bench.write("small.toml", format!("{SMALL}{paper}"));
    let shown = bench.ablate(&["table", "small.toml", "beside"]).expect(0);
    shown.prints(&["4.1 †", "paper: Someone 2009", "† quoted from memory", "interquartile mean ["]);
}

#[test]
fn an_unknown_table_is_told_with_the_known_ones() {
    let bench = Bench::swept();
    bench.ablate(&["table", "small", "erors"]).expect(2).says(&["erors", "errors, codes"]);
}

#[test]
fn a_table_that_looks_at_no_trial_is_bad_usage() {
    let bench = Bench::swept();
    let said = bench.ablate(&["table", "small", "codes", "--set", "pretraining=none"]).expect(2);
    said.says(&["codes", "none of the 2 planned trials"]);
}

#[test]
fn cells_that_were_not_run_are_shown_as_such() {
    let bench = Bench::swept();
    bench.write("small.toml", SMALL.replace("depth = [1, 2]", "depth = [1, 2, 3]"));
    let table = bench.ablate(&["table", "small.toml", "errors", "--format", "csv"]).expect(0).csv();
    let states: Vec<&str> = table[1..].iter().map(|line| line[5].as_str()).collect();
    assert_eq!(table[0][5], "state");
    assert_eq!(states.iter().filter(|state| **state == "measured").count(), 6, "{states:?}");
    assert_eq!(states.iter().filter(|state| state.contains("not")).count(), 3, "{states:?}");
}

#[test]
fn a_comparison_pairs_by_seed_and_says_what_it_found() {
    let bench = Bench::swept();
    let text = bench.ablate(&["compare", "small"]).expect(0);
    text.prints(&[
        "depth 1: greedy",
        "depth 2: greedy",
        "n = 3 pairs",
        "test_error by pretraining, against none",
    ]);
    let json = bench.ablate(&["compare", "small", "--format", "json"]).expect(0).json();
    assert_eq!((&json["axis"], &json["baseline"]), (&"pretraining".into(), &"none".into()));
    let cells = json["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4, "two variants at two depths");
    for cell in cells {
        let pairs = cell["pairs"].as_array().unwrap();
        assert_eq!(pairs.len(), 3);
        let difference = |pair: &Value| {
            pair["ours"]["value"].as_f64().unwrap() - pair["baseline"]["value"].as_f64().unwrap()
        };
        let mean = pairs.iter().map(difference).sum::<f64>() / 3.0;
        let told = cell["evidence"]["difference"]["mean"].as_f64().unwrap();
        assert!((mean - told).abs() < 1e-12, "{cell}");
    }
}

#[test]
fn pairs_of_a_comparison_are_those_of_the_view() {
    let bench = Bench::swept();
    let json = bench.ablate(&["compare", "small", "--format", "json"]).expect(0).json();
    let cells = json["cells"].as_array().unwrap().iter();
    let mut told: Vec<String> = cells
        .flat_map(|cell| cell["pairs"].as_array().unwrap())
        .map(|pair| {
            let run = |side: &str| pair[side]["run"].as_str().unwrap().to_owned();
            format!("{}|{}", run("ours"), run("baseline"))
        })
        .collect();
    told.sort();
    assert_eq!(told, rows(&bench.store(), "SELECT run, baseline_run FROM pairs ORDER BY 1, 2"));
}

#[test]
fn a_comparison_takes_another_axis_metric_baseline_and_split() {
    let bench = Bench::swept();
    let args = ["compare", "small", "--axis", "depth", "--metric", "valid_loss", "--baseline", "2"];
    let json = bench.ablate(&[&args[..], &["--by", "variant", "--format", "json"]].concat());
    let json = json.expect(0).json();
    assert_eq!((&json["axis"], &json["baseline"]), (&"depth".into(), &2.into()));
    assert_eq!(
        (&json["metric"], &json["by"]),
        (&"valid_loss".into(), &serde_json::json!(["variant"]))
    );
    assert_eq!(json["cells"].as_array().unwrap().len(), 3, "no pretraining, and two variants");
}

#[test]
fn what_cannot_be_compared_is_told_with_what_can() {
    let bench = Bench::swept();
    for (option, value, said) in [
        ("--axis", "dept", "depth"),
        ("--axis", "width", "two values"),
        ("--metric", "test_eror", "test_error"),
        ("--baseline", "greeedy", "greedy"),
        ("--by", "dept", "depth"),
    ] {
        bench.ablate(&["compare", "small", option, value]).expect(2).says(&[value, said]);
    }
}

#[test]
fn a_missing_partner_is_listed_and_not_made_up() {
    let bench = Bench::swept();
    let partner = "SELECT id FROM runs WHERE pretraining = 'none' AND depth = 1 AND seed = 1";
    let partner = rows(&bench.store(), partner).remove(0);
    meddle(
        &bench.store(),
        &format!("PRAGMA foreign_keys = ON; DELETE FROM run WHERE id = '{partner}'"),
    );
    let json = bench.ablate(&["compare", "small", "--format", "json"]).expect(0).json();
    for cell in json["cells"].as_array().unwrap() {
        let shallow = cell["params"]["depth"] == 1;
        assert_eq!(cell["pairs"].as_array().unwrap().len(), if shallow { 2 } else { 3 }, "{cell}");
        let left_out = cell["left_out"].as_array().unwrap();
        assert_eq!(left_out.len(), usize::from(shallow), "{cell}");
        assert!(left_out.iter().all(|pair| pair["seed"] == 1), "{cell}");
    }
    bench.ablate(&["compare", "small"]).expect(0).prints(&["left out 2 of 12 pairs"]);
    bench.ablate(&["sweep", "small.toml"]).expect(0).says(&["17 done, 1 to train"]);
    let json = bench.ablate(&["compare", "small", "--format", "json"]).expect(0).stdout;
    assert!(!json.contains("\"baseline\": null"), "{json}");
}

#[test]
fn a_comparison_of_runs_of_which_none_has_a_partner_says_so() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let greedy = ["sweep", "small.toml", "--set", "pretraining=greedy", "--set", "depth=1"];
    bench.ablate(&greedy).expect(0);
    bench.ablate(&["compare", "small.toml"]).expect(0).prints(&["no pairs", "left out 12 of 12"]);
}
