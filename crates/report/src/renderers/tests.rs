use ablate_sweep::specs::{Paper, PaperValue, Spread, Statistic, TableSpec, Trust};
use ablate_sweep::{Params, Trial, TrialId, Value};

use super::*;
use crate::fixture::Seed::Scored;
use crate::fixture::{catalog, comparison_spec, set, set_of, table_spec, trial_runs};
use crate::grid::Field;
use crate::run_set::RunSet;
use crate::{compare, tables};

/// What a person could put into a name to make a renderer say something else.
const HOSTILE: [&str; 9] = [
    "=cmd|' /C calc'!A0",
    "a & b % c # d_e $f {g} \\h ~ ^ <i>",
    "| x | **y** | [z](http://w) `v`",
    "\u{1b}[2J\u{202e}gpj.exe\u{200b}\u{9b}1m",
    "two\r\nlines,\t\"quoted\"",
    "\\end{tabular}\\input{/etc/passwd}",
    "<script>alert(1)</script>",
    "中文 é \u{0}",
    "-1+1",
];

fn snapshots(name: &str, render: impl Fn(Format) -> String) {
    for format in Format::ALL {
        insta::assert_snapshot!(format!("{name}.{}", format.word()), render(format));
    }
}

fn depth_table(set: &RunSet) -> Table {
    tables::build(set, &table_spec(), &catalog()).unwrap()
}

/// One trial a hostile text, both as a value of `variant` and in the names around it.
fn hostile_table() -> Table {
    let trial = |text: &&str| {
        let params = [("variant".to_owned(), Value::Text((*text).to_owned()))];
        let id = TrialId(format!("{:016x}", text.len()));
        let trial = Trial { id, params: params.into_iter().collect::<Params>() };
        trial_runs(trial.into(), &[Scored(0.1, 0.1), Scored(0.2, 0.2), Scored(0.3, 0.3)])
    };
    let set = RunSet { trials: HOSTILE.iter().map(trial).collect() };
    let spec = TableSpec {
        name: HOSTILE[1].into(),
        rows: vec!["variant".into()],
        columns: vec![],
        ..table_spec()
    };
    let mut table = tables::build(&set, &spec, &catalog()).unwrap();
    table.notes.push(HOSTILE[3].into());
    table
}

fn hostile_grid() -> Grid {
    let row = |text: &&str| vec![Field::Text((*text).into()), Field::Null, Field::Int(-3)];
    let mut rows: Vec<Vec<Field>> = HOSTILE.iter().map(row).collect();
    rows.push(vec![Field::Null, Field::Real(0.1 + 0.2), Field::Int(i64::MAX)]);
    rows.push(vec![Field::Text(String::new()), Field::Real(f64::NEG_INFINITY), Field::Null]);
    Grid { columns: vec!["text".into(), "=re\nal".into(), "whole".into()], rows }
}

#[test]
fn a_table_in_every_format() {
    let table = depth_table(&set());
    snapshots("table", |format| table.render(format, Style::default()));
}

#[test]
fn a_table_of_several_metrics_splits_each_column() {
    let metrics = ["test_error", "saturation"].map(str::to_owned).to_vec();
    let spec = TableSpec { metrics, ..table_spec() };
    let table = tables::build(&set(), &spec, &catalog()).unwrap();
    for format in [Format::Text, Format::Markdown, Format::Latex, Format::Html] {
        let name = format!("metrics.{}", format.word());
        insta::assert_snapshot!(name, table.render(format, Style::default()));
    }
}

/// The fixture with what two papers printed, one of them about a depth that was not run.
fn with_papers() -> TableSpec {
    let value = |labels: &[(&str, Value)], value: f64, spread: Option<f64>, trust: Trust| {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        PaperValue { labels: labels.collect(), value, spread, trust }
    };
    let text = |text: &str| Value::Text(text.into());
    let none = |depth: i64| [("pretraining", text("none")), ("depth", Value::Int(depth))];
    let basic =
        [("pretraining", text("greedy")), ("variant", text("basic")), ("depth", Value::Int(3))];
    let papers = vec![
        Paper {
            source: "Larochelle et al. 2009, table 1".into(),
            metric: "test_error".into(),
            values: vec![
                value(&none(1), 4.14, Some(0.17), Trust::Memory),
                value(&none(3), 4.2, Some(0.18), Trust::Secondary),
                value(&basic, 3.37, Some(0.16), Trust::Read),
                value(&none(4), 4.47, None, Trust::Memory),
            ],
        },
        Paper {
            source: HOSTILE[6].into(),
            metric: "test_error".into(),
            values: vec![value(&none(3), 5.0, None, Trust::Read)],
        },
    ];
    TableSpec { papers, ..table_spec() }
}

#[test]
fn what_papers_printed_stands_beside_ours_in_every_format() {
    let table = tables::build(&set(), &with_papers(), &catalog()).unwrap();
    snapshots("papers", |format| table.render(format, Style::default()));
}

#[test]
fn a_table_of_another_statistic_or_spread_says_what_it_shows() {
    let shown = |statistic: Statistic, spread: Spread| {
        let spec = TableSpec { statistic, spread, ..table_spec() };
        tables::build(&set(), &spec, &catalog()).unwrap().render(Format::Text, Style::default())
    };
    insta::assert_snapshot!(
        "statistics",
        [
            shown(Statistic::Mean, Spread::Sd),
            shown(Statistic::Median, Spread::Bca),
            shown(Statistic::Iqm, Spread::Bca),
        ]
        .join("\n")
    );
}

#[test]
fn a_name_of_ten_thousand_characters_is_no_harm() {
    let spec = TableSpec { name: "x".repeat(10_000), ..table_spec() };
    let table = tables::build(&set(), &spec, &catalog()).unwrap();
    for format in Format::ALL {
        assert!(table.render(format, Style::default()).len() < 40_000);
    }
}

#[test]
fn a_comparison_in_every_format() {
    let comparison = compare(&set(), &comparison_spec(), &catalog()).unwrap();
    snapshots("comparison", |format| comparison.render(format, Style::default()));
    let cells = comparison.cells_table().render(Format::Text, Style::default());
    insta::assert_snapshot!("comparison_cells.text", cells);
}

#[test]
fn hostile_names_in_every_format() {
    let table = hostile_table();
    snapshots("hostile_table", |format| table.render(format, Style::default()));
}

#[test]
fn a_query_in_every_format() {
    let grid = hostile_grid();
    snapshots("query", |format| grid.render(format, Style::default()));
}

#[test]
fn no_format_lets_a_control_character_through() {
    for format in [Format::Text, Format::Markdown, Format::Latex, Format::Html, Format::Json] {
        for text in [
            hostile_table().render(format, Style::default()),
            hostile_grid().render(format, Style::default()),
        ] {
            let stray = |c: char| c.is_control() && c != '\n';
            assert!(!text.contains(stray), "{}: {text}", format.word());
        }
    }
}

#[test]
fn the_same_runs_give_the_same_bytes() {
    for format in Format::ALL {
        let render = || {
            let comparison = compare(&set(), &comparison_spec(), &catalog()).unwrap();
            let table = depth_table(&set()).render(format, Style::default());
            (table, comparison.render(format, Style::default()))
        };
        assert_eq!(render(), render());
    }
}

#[test]
fn the_order_in_which_the_store_returns_runs_does_not_show() {
    let mut shuffled = set();
    for trial in &mut shuffled.trials {
        trial.runs.reverse();
    }
    for format in Format::ALL {
        let (one, other) = (depth_table(&set()), depth_table(&shuffled));
        assert_eq!(one.render(format, Style::default()), other.render(format, Style::default()));
    }
}

#[test]
fn a_wide_table_is_split_into_blocks_that_repeat_the_labels() {
    let style = Style { emphasis: Emphasis::Plain, width: Some(48) };
    let text = depth_table(&set()).render(Format::Text, style);
    insta::assert_snapshot!("narrow.text", text);
    assert!(text.lines().all(|line| width(line) <= 48));
}

#[test]
fn emphasis_adds_escapes_and_nothing_else() {
    let table = depth_table(&set());
    let plain = table.render(Format::Text, Style::default());
    let ansi = table.render(Format::Text, Style { emphasis: Emphasis::Ansi, width: None });
    let mut stripped = ansi.clone();
    for code in ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[2m"] {
        stripped = stripped.replace(code, "");
    }
    assert_ne!(ansi, plain);
    assert_eq!(stripped, plain);
}

#[test]
fn a_table_without_rows_or_columns_keys_has_one_cell() {
    let spec = TableSpec { rows: vec![], columns: vec![], ..table_spec() };
    let set = set_of(&[("pretraining=none", &[Scored(0.1, 0.25)])]);
    let table = tables::build(&set, &spec, &catalog()).unwrap();
    for format in Format::ALL {
        let text = table.render(format, Style::default());
        assert!(text.contains("25.00") || text.contains("0.25"), "{text}");
    }
}

#[test]
fn csv_and_json_give_numbers_back_to_the_bit() {
    let table = depth_table(&set());
    let csv = table.render(Format::Csv, Style::default());
    let json = table.render(Format::Json, Style::default());
    let mean = table.rows[0].cells[0].estimate().unwrap().mean;
    let field = csv.lines().nth(1).unwrap().split(',').nth(6).unwrap();
    assert_eq!(field.parse::<f64>().unwrap().to_bits(), mean.to_bits());
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let found = json["rows"][0]["cells"][0]["estimate"]["mean"].as_f64().unwrap();
    assert_eq!(found.to_bits(), mean.to_bits());
}
