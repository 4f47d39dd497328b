//! `SCHEMA.md` tells the truth: its examples run and give what it shows, and it names every column.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use ablate_records::{Cell, Rows, SqlLimits, Store};
use ablate_sweep::{Measured, Profile, RunPlan};

use crate::fixtures::*;

const PAGE: &str = include_str!("../../SCHEMA.md");

/// The store that the page's examples speak of.
fn example() -> Fixture {
    let mut fixture = Fixture::new();
    let mut plans: Vec<RunPlan> = Vec::new();
    for depth in [1, 2] {
        for seed in 0..2 {
            plans.push(plan(depth, seed));
            plans.push(greedy(depth, 0.5, seed));
        }
    }
    plans.push(plan(3, 0));
    fixture.store.save_experiment(&crate::experiments::record("depth"), &plans).unwrap();
    for (index, plan) in plans[..7].iter().enumerate() {
        fixture.finish(plan, 0.5 - 0.0625 * index as f64);
    }
    fixture.fail(&plans[7], "fine-tuning, epoch 2: the loss is NaN");
    for (index, plan) in plans[..7].iter().enumerate() {
        let contraction = Profile {
            name: "contraction".to_owned(),
            axis: "radius".to_owned(),
            at: vec![0.5, 1.0],
            values: vec![0.25 + 0.0625 * index as f64, 0.75],
        };
        let measured = Measured { scores: BTreeMap::new(), profiles: vec![contraction] };
        fixture.store.add_measured(&plan.id, &measured).unwrap();
    }
    fixture
}

/// The `sql` blocks of the page, each with the `text` block that follows it.
fn examples() -> Vec<(&'static str, &'static str)> {
    PAGE.split("```sql\n")
        .skip(1)
        .map(|rest| {
            let (query, rest) = rest.split_once("```\n").unwrap();
            let shown = rest.strip_prefix("```text\n").expect("a query is followed by its answer");
            (query, shown.split_once("```").unwrap().0)
        })
        .collect()
}

fn rendered(rows: &Rows) -> String {
    let mut text = rows.columns.join(" | ") + "\n";
    for row in &rows.rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                Cell::Null => "-".to_owned(),
                Cell::Int(whole) => whole.to_string(),
                Cell::Real(real) => real.to_string(),
                Cell::Text(text) => text.clone(),
                Cell::Blob(bytes) => format!("{bytes} bytes"),
            })
            .collect();
        writeln!(text, "{}", cells.join(" | ")).unwrap();
    }
    text
}

/// The examples whose answers the page does not show, with what it should show.
fn wrong_examples(store: &Store) -> String {
    let mut wrong = String::new();
    for (query, shown) in examples() {
        let found = rendered(&store.sql(query, SqlLimits::default()).unwrap());
        if found != shown {
            write!(wrong, "{query}\n```text\n{found}```\n").unwrap();
        }
    }
    wrong
}

#[test]
fn every_example_gives_what_the_page_shows() {
    assert!(examples().len() >= 5);
    let wrong = wrong_examples(&example().store);
    assert!(wrong.is_empty(), "the page should show:\n{wrong}");
}

/// Other programs cannot be run here, but what they ask can be asked.
#[test]
fn every_query_of_the_python_examples_finds_rows() {
    let fixture = example();
    let blocks = PAGE.split("```python\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let queries =
        blocks.flat_map(|block| block.split('"').filter(|part| part.starts_with("SELECT")));
    let mut count = 0;
    for query in queries {
        let found = fixture.store.sql(query, SqlLimits::default()).unwrap();
        assert!(!found.rows.is_empty(), "{query}");
        count += 1;
    }
    assert_eq!(count, 3);
}

#[test]
fn the_page_names_every_table_and_column() {
    let fixture = Fixture::new();
    let client = fixture.client();
    let mut columns = client
        .prepare(
            "SELECT s.name, c.name FROM sqlite_schema AS s JOIN pragma_table_info(s.name) AS c
             WHERE s.type IN ('table', 'view')
                 AND c.name NOT IN (SELECT name FROM parameter UNION SELECT name FROM metric)
                 AND c.name NOT IN (SELECT 'baseline_' || name FROM metric)",
        )
        .unwrap();
    let columns = columns
        .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))
        .unwrap();
    for found in columns {
        let (table, column) = found.unwrap();
        for name in [&table, &column] {
            assert!(PAGE.contains(&format!("`{name}`")), "{table}.{column} is not on the page");
        }
    }
}

/// Other programs get the store as one file. `ABLATE_EXAMPLE=FILE` keeps it there, for trying in them what
/// the page shows.
#[test]
fn every_example_gives_the_same_from_a_copy_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var_os("ABLATE_EXAMPLE");
    let path = path.map_or_else(|| folder.path().join("example.db"), PathBuf::from);
    example().client().execute("VACUUM INTO ?1", [path.to_str().unwrap()]).unwrap();
    let copy = Store::open_read_only(&path).unwrap();
    let wrong = wrong_examples(&copy);
    assert!(wrong.is_empty(), "the copy gives:\n{wrong}");
}
