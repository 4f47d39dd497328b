//! Queries: which rows, which columns, which order.

use ablate_records::{Cell, Columns, Order, Query, RecordsError, Rows, SqlLimits, Total};
use ablate_sweep::{Filter, RunPlan, Value};

use crate::fixtures::*;

fn filled() -> Fixture {
    let mut fixture = Fixture::new();
    for seed in 0..2 {
        for depth in [1, 2] {
            fixture.finish(&plan(depth, seed), 0.5 - 0.1 * depth as f64);
            fixture.finish(&greedy(depth, 0.5, seed), 0.25);
        }
    }
    fixture.fail(&greedy(3, 0.5, 0), "diverged");
    fixture
}

fn filtered(text: &str) -> Query {
    Query { filter: Some(Filter::parse(text).unwrap()), ..Query::default() }
}

fn column(rows: &Rows, name: &str) -> Vec<Cell> {
    let index = rows.columns.iter().position(|column| column == name).unwrap();
    rows.rows.iter().map(|row| row[index].clone()).collect()
}

#[test]
fn the_telling_columns_are_those_that_take_several_values() {
    let fixture = filled();
    let rows = fixture.store.query(&Query::default()).unwrap();
    assert_eq!(
        rows.columns,
        ["id", "seed", "state", "depth", "pretraining", "valid_error", "test_error", "failure"]
    );
    assert_eq!((rows.rows.len(), rows.truncated()), (9, false));
    let rows = fixture.store.query(&filtered("depth == 1 and pretraining == 'none'")).unwrap();
    assert_eq!(
        rows.columns,
        ["id", "seed", "state", "depth", "pretraining", "valid_error", "test_error"],
        "what the filter names is shown, what is missing everywhere is not"
    );
}

#[test]
fn what_is_missing_sorts_last_in_both_directions() {
    let fixture = filled();
    for (order, first) in [(Order::Ascending, 0.25), (Order::Descending, 0.4)] {
        let sort = vec![("test_error".to_owned(), order)];
        let rows = fixture.store.query(&Query { sort, ..Query::default() }).unwrap();
        let errors = column(&rows, "test_error");
        assert_eq!((&errors[0], &errors[8]), (&Cell::Real(first), &Cell::Null));
    }
}

#[test]
fn a_limit_says_whether_there_is_more() {
    let fixture = filled();
    for (limit, truncated) in [(8, true), (9, false), (0, true)] {
        let query = Query { limit: Some(limit), ..Query::default() };
        let rows = fixture.store.query(&query).unwrap();
        assert_eq!((rows.rows.len(), rows.truncated()), (limit, truncated));
        assert_eq!(rows.total, Total::Known(9));
    }
    let none = Query { limit: Some(3), ..filtered("depth == 9") };
    assert_eq!(fixture.store.query(&none).unwrap().total, Total::Known(0));
    assert_eq!(fixture.store.count(&Query::default()).unwrap(), 9);
    assert_eq!(fixture.store.count(&filtered("state == 'failed'")).unwrap(), 1);
}

#[test]
fn runs_are_counted_as_far_as_is_asked() {
    let fixture = filled();
    let whole = fixture.store.query(&Query { limit: Some(3), ..Query::default() }).unwrap();
    for (count_to, total) in [(8, Total::More), (9, Total::Known(9)), (0, Total::More)] {
        let query = Query { limit: Some(3), count_to: Some(count_to), ..Query::default() };
        let rows = fixture.store.query(&query).unwrap();
        assert_eq!((&rows.rows, rows.total), (&whole.rows, total), "counted to {count_to}");
    }
    let behind = Query { limit: Some(3), offset: 9, count_to: Some(9), ..Query::default() };
    assert_eq!(fixture.store.query(&behind).unwrap().total, Total::Known(9));
    // By the first run alone nothing differs, so no parameter tells it apart.
    let first = Query { count_to: Some(1), ..Query::default() };
    let all = fixture.store.telling(&Query::default()).unwrap();
    let names = fixture.store.telling(&first).unwrap();
    assert!(all.contains(&"depth".to_owned()) && !names.contains(&"depth".to_owned()), "{names:?}");
}

#[test]
fn named_columns_come_in_the_order_asked_for() {
    let fixture = filled();
    let columns = Columns::Named(vec!["test_error".into(), "depth".into()]);
    let rows = fixture.store.query(&Query { columns, ..Query::default() }).unwrap();
    assert_eq!(rows.columns, ["test_error", "depth"]);
    let rows = fixture.store.query(&Query { columns: Columns::All, ..Query::default() }).unwrap();
    let known: Vec<String> =
        fixture.store.columns().unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(rows.columns, known);
}

#[test]
fn unknown_columns_are_told_with_their_place_and_their_neighbours() {
    let fixture = filled();
    let error = fixture.store.query(&filtered("depth > 1 and tset_error < 1")).unwrap_err();
    let RecordsError::UnknownColumn { span, nearest, .. } = &error else { panic!("{error}") };
    assert_eq!((span.clone(), nearest[0].as_str()), (Some(14..24), "test_error"));
    assert_eq!(
        error.to_string(),
        "there is no column \"tset_error\" in the store; did you mean test_error?"
    );
    let named = Query { columns: Columns::Named(vec!["sede".into()]), ..Query::default() };
    let sorted = Query { sort: vec![("\"; DROP".into(), Order::Ascending)], ..Query::default() };
    for query in [named, sorted] {
        let error = fixture.store.query(&query).unwrap_err();
        assert!(matches!(error, RecordsError::UnknownColumn { span: None, .. }), "{error}");
    }
}

#[test]
fn superseded_runs_are_shown_only_when_asked_for() {
    let mut fixture = Fixture::new();
    for data in ["old", "new"] {
        fixture.finish(&RunPlan::new(trial(&[]), 0, data, "1"), 0.1);
    }
    let checksums = |query: Query| {
        let columns = Columns::Named(vec!["data_checksum".into()]);
        let rows = fixture.store.query(&Query { columns, ..query }).unwrap().rows;
        rows.into_iter().flatten().collect::<Vec<_>>()
    };
    let text = |text: &str| Cell::Text(text.into());
    assert_eq!(checksums(Query::default()), [text("new")]);
    assert_eq!(checksums(filtered("current == false")), [text("old")]);
    assert_eq!(checksums(filtered("current in [true, false]")), [text("old"), text("new")]);
}

#[test]
fn pairs_join_a_run_with_its_baseline_of_the_same_seed_data_and_training_version() {
    let mut fixture = filled();
    let unpaired = [
        greedy(1, 0.5, 7),
        RunPlan::new(greedy(1, 0.5, 0).trial, 0, "data-2", "training-1"),
        RunPlan::new(greedy(1, 0.5, 1).trial, 1, "data-1", "training-2"),
    ];
    for plan in &unpaired {
        fixture.finish(plan, 0.2);
    }
    let client = fixture.client();
    let mut pairs = client
        .prepare(
            "SELECT run, baseline_run, seed, depth, test_error, baseline_test_error FROM pairs
             ORDER BY depth, seed",
        )
        .unwrap();
    type Pair = (String, String, i64, i64, f64, f64);
    let pairs: Vec<Pair> = pairs
        .query_map([], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let expected: Vec<Pair> = [(1, 0), (1, 1), (2, 0), (2, 1)]
        .into_iter()
        .map(|(depth, seed)| {
            let (run, baseline) = (greedy(depth, 0.5, seed), plan(depth, seed));
            let error = 0.5 - 0.1 * depth as f64;
            (run.id.0, baseline.id.0, seed as i64, depth, 0.25, error)
        })
        .collect();
    assert_eq!(pairs, expected);
}

#[test]
fn an_experiment_s_runs_are_found_by_its_name() {
    let mut fixture = filled();
    let record = crate::experiments::record("it's deep");
    fixture.store.save_experiment(&record, &[plan(1, 0), plan(1, 1), plan(7, 0)]).unwrap();
    let count = |text: &str| fixture.store.count(&filtered(text)).unwrap();
    assert_eq!(count("experiment == 'it\\'s deep'"), 2, "one of three was never begun");
    assert_eq!(count("experiment != 'it\\'s deep'"), 7);
    assert_eq!(count("experiment in ['x', 'it\\'s deep']"), 2);
    assert_eq!(count("experiment like 'it%'"), 2);
    assert_eq!(count("experiment is missing"), 7);
    assert_eq!(count("not experiment is missing and seed == 1"), 1);
    let error = fixture.store.query(&filtered("experiment < 'a'")).unwrap_err();
    assert!(matches!(error, RecordsError::Incomparable { .. }), "{error}");
}

#[test]
fn a_list_of_widths_is_shown_as_json() {
    let mut fixture = Fixture::new();
    fixture.finish(&plan_of(&[("width", Value::List(vec![3, 2]))], 0), 0.1);
    fixture.finish(&plan(1, 0), 0.1);
    let rows = fixture.store.query(&Query::default()).unwrap();
    assert_eq!(column(&rows, "width"), [Cell::Text("[3,2]".into()), Cell::Int(100)]);
}

#[test]
fn groups_have_the_values_of_each_seed_and_are_sorted_by_size_and_by_letters() {
    let fixture = filled();
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let by = names(&["pretraining", "depth"]);
    let groups =
        fixture.store.groups(&Query::default(), &by, &names(&["test_error", "seconds"])).unwrap();
    let text = |text: &str| Cell::Text(text.into());
    let found: Vec<_> = groups
        .iter()
        .map(|group| (group.labels.clone(), group.runs, group.trials, group.values[0].clone()))
        .collect();
    assert_eq!(
        found,
        [
            (vec![text("greedy"), Cell::Int(1)], 2, 1, vec![vec![0.25], vec![0.25]]),
            (vec![text("greedy"), Cell::Int(2)], 2, 1, vec![vec![0.25], vec![0.25]]),
            (vec![text("greedy"), Cell::Int(3)], 1, 1, vec![]),
            (vec![text("none"), Cell::Int(1)], 2, 1, vec![vec![0.4], vec![0.4]]),
            (vec![text("none"), Cell::Int(2)], 2, 1, vec![vec![0.3], vec![0.3]]),
        ]
    );
    assert_eq!(groups[0].values[1], [[1.5], [1.5]]);
    let by_seed = fixture
        .store
        .groups(&Query::default(), &names(&["seed"]), &names(&["test_error"]))
        .unwrap();
    assert_eq!((by_seed[0].trials, &by_seed[0].values[0]), (5, &vec![vec![0.4, 0.25, 0.3, 0.25]]));
    let few = |most| Query { most_groups: Some(most), ..Query::default() };
    assert_eq!(fixture.store.groups(&few(5), &by, &[]).unwrap().len(), 5);
    let error = fixture.store.groups(&few(4), &by, &[]).unwrap_err();
    assert!(error.to_string().starts_with("more than 4 groups: "), "{error}");
    for wrong in ["variant", "tied", "depht"] {
        assert!(fixture.store.groups(&Query::default(), &by, &names(&[wrong])).is_err(), "{wrong}");
    }
}

/// 100 ((.25 + .125) / (.5 + .25) + .25 / .5) / 2.
#[test]
fn pairs_compute_what_is_relative_to_the_baseline_in_whatever_order_the_two_finished() {
    let mce = |first: &RunPlan, second: &RunPlan| {
        let mut fixture = Fixture::new();
        for plan in [first, second] {
            let error = if baseline_of(plan).is_some() { 0.25 } else { 0.5 };
            fixture.finish(plan, error);
        }
        fixture.store.sql("SELECT mce FROM pairs", SqlLimits::default()).unwrap().rows
    };
    let (pretrained, not) = (greedy(1, 0.5, 0), plan(1, 0));
    assert_eq!(mce(&pretrained, &not), [[Cell::Real(50.0)]]);
    assert_eq!(mce(&not, &pretrained), [[Cell::Real(50.0)]]);
}
