use ablate_sweep::FailureKind;
use ablate_sweep::filter::{Comparator, Expr, Filter, Name, Operand};

use super::*;
use crate::fixture::Seed::{Failed, NotRun, Scored};
use crate::fixture::{catalog, set, set_of, table_spec};
use crate::grid::Field;
use crate::stats::{LEVEL, estimate};
use crate::table::{Absence, Mark};

fn built(set: &RunSet, spec: &TableSpec) -> Table {
    build(set, spec, &catalog()).unwrap()
}

fn row<'a>(table: &'a Table, label: &str) -> &'a Row {
    let has = |row: &&Row| row.labels.iter().any(|found| found.to_string() == label);
    table.rows.iter().find(has).unwrap()
}

#[test]
fn a_cell_is_the_estimate_over_the_seeds_of_its_trial() {
    let table = built(&set(), &table_spec());
    let cell = row(&table, "none").cells[0].measured().unwrap();
    let expected = estimate(&[0.042, 0.041, 0.044, 0.041, 0.042], LEVEL).unwrap();
    assert_eq!((cell.estimate, cell.planned, cell.failed), (expected, 5, 0));
    assert_eq!(cell.runs().count(), 5);
    assert_eq!(cell.choice, None);
}

#[test]
fn an_axis_outside_the_table_is_chosen_on_validation_and_not_on_test() {
    let table = built(&set(), &table_spec());
    let cell = row(&table, "contractive").cells[0].measured().unwrap();
    let choice = cell.choice.as_ref().unwrap();
    // Lambda 1 has the better test error at depth 1, and the worse validation error.
    assert_eq!(choice.params.float("lambda"), Some(0.1));
    assert_eq!((choice.among, choice.params.len()), (2, 1));
}

#[test]
fn a_trial_whose_runs_partly_failed_does_not_compete_with_a_complete_one() {
    let table = built(&set(), &table_spec());
    let cell = row(&table, "contractive").cells[1].measured().unwrap();
    assert_eq!(cell.choice.as_ref().unwrap().params.float("lambda"), Some(0.1));
    assert!(table.notes.iter().any(|note| note.starts_with("1 trial was not eligible")));
}

#[test]
fn of_equal_trials_the_first_in_the_plan_is_chosen() {
    let seeds = [Scored(0.03, 0.04), Scored(0.04, 0.05)];
    let set = set_of(&[
        ("pretraining=greedy variant=sparse lambda=1.0", &seeds),
        ("pretraining=greedy variant=sparse lambda=0.1", &seeds),
    ]);
    let cell = &built(&set, &table_spec()).rows[0].cells[0];
    let choice = cell.measured().unwrap().choice.clone().unwrap();
    assert_eq!(choice.params.float("lambda"), Some(1.0));
}

#[test]
fn missing_failed_unplanned_and_unmeasured_cells_say_what_they_are() {
    let table = built(&set(), &table_spec());
    let sparse = &row(&table, "sparse").cells;
    assert_eq!(sparse[0], Cell::Absent(Absence::NotRun));
    assert_eq!(sparse[1], Cell::Absent(Absence::Failed { runs: 5 }));

    let (done, deep) = ([Scored(0.1, 0.1)], "pretraining=greedy variant=basic depth=2");
    let mut set = set_of(&[("pretraining=none depth=1", &done), (deep, &done)]);
    set.trials[1].runs[0].scores.remove("test_error");
    let table = built(&set, &table_spec());
    assert_eq!(row(&table, "none").cells[1], Cell::Absent(Absence::NotPlanned));
    assert_eq!(row(&table, "basic").cells[1], Cell::Absent(Absence::NotMeasured));
}

#[test]
fn a_run_that_still_runs_counts_neither_as_finished_nor_as_failed() {
    let mut set = set_of(&[("pretraining=none", &[Scored(0.1, 0.1), Scored(0.2, 0.2)])]);
    set.trials[0].runs[1].state = ablate_sweep::RunState::Running;
    let table = built(&set, &table_spec());
    let cell = table.rows[0].cells[0].measured().unwrap();
    assert_eq!((cell.estimate.n, cell.planned, cell.failed), (1, 2, 0));
}

#[test]
fn a_seed_never_counts_twice_and_an_unplanned_one_not_at_all() {
    let mut set = set_of(&[("pretraining=none", &[Scored(0.1, 0.1), Failed(FailureKind::Error)])]);
    let runs = &mut set.trials[0].runs;
    let mut retried = runs[0].clone();
    retried.seed = 1;
    let mut unplanned = runs[0].clone();
    unplanned.seed = 9;
    runs.extend([runs[0].clone(), retried, unplanned]);
    let table = built(&set, &table_spec());
    let cell = table.rows[0].cells[0].measured().unwrap();
    assert_eq!((cell.estimate.n, cell.failed), (2, 0));
}

#[test]
fn the_best_of_each_column_is_marked_and_what_cannot_be_told_from_it_too() {
    let table = built(&set(), &table_spec());
    let marks =
        |label: &str, column: usize| row(&table, label).cells[column].measured().unwrap().mark;
    assert_eq!(marks("basic", 0), Some(Mark::Tie));
    assert_eq!(marks("contractive", 0), Some(Mark::Best));
    assert_eq!(marks("none", 0), Some(Mark::Worse));
    assert_eq!(marks("contractive", 1), Some(Mark::Best));
    assert_eq!(marks("none", 1), Some(Mark::Worse));
}

#[test]
fn a_higher_metric_marks_the_same_cells_and_one_without_direction_marks_none() {
    let mut spec = table_spec();
    spec.metrics = vec!["test_error".into(), "test_accuracy".into(), "saturation".into()];
    let table = built(&set(), &spec);
    for row in &table.rows {
        let mark = |at: usize| row.cells[at].measured().and_then(|cell| cell.mark);
        assert_eq!(mark(0), mark(1));
        assert_eq!(mark(2), None);
    }
    assert_eq!(table.columns.len(), 6);
}

#[test]
fn one_lucky_seed_among_failures_is_never_the_best() {
    let set = set_of(&[
        ("pretraining=none", &[Scored(0.3, 0.30), Scored(0.3, 0.31), Scored(0.3, 0.32)]),
        (
            "pretraining=greedy variant=basic",
            &[Scored(0.1, 0.1), Failed(FailureKind::Diverged), NotRun],
        ),
    ]);
    let table = built(&set, &table_spec());
    assert_eq!(table.rows[0].cells[0].measured().unwrap().mark, Some(Mark::Best));
    assert_eq!(table.rows[1].cells[0].measured().unwrap().mark, Some(Mark::Untested));
}

#[test]
fn a_value_that_is_not_finite_is_no_value() {
    let values = [Scored(0.1, f64::NAN), Scored(0.1, f64::NEG_INFINITY), Scored(0.1, 0.2)];
    let table = built(&set_of(&[("pretraining=none", &values)]), &table_spec());
    let cell = table.rows[0].cells[0].measured().unwrap();
    assert_eq!((cell.estimate.mean, cell.estimate.n), (0.2, 1));
}

#[test]
fn test_metrics_training_metrics_and_mere_descriptions_cannot_select() {
    for (select, fault) in [
        ("test_error", "measured on test images"),
        ("saturation", "neither lower nor higher"),
        ("nonsense", "no metric is called"),
    ] {
        let spec = TableSpec { select: select.into(), ..table_spec() };
        let message = build(&set(), &spec, &catalog()).unwrap_err().to_string();
        assert!(message.contains(fault), "{message}");
    }
}

#[test]
fn requests_that_make_no_sense_are_refused_with_what_would_be_valid() {
    let refused = |spec: TableSpec| build(&set(), &spec, &catalog()).unwrap_err().to_string();
    let spec = table_spec;
    let messages = [
        refused(TableSpec { rows: vec!["dept".into()], ..spec() }),
        refused(TableSpec { rows: vec!["depth".into()], ..spec() }),
        refused(TableSpec { metrics: vec![], ..spec() }),
        refused(TableSpec { metrics: vec!["error".into()], ..spec() }),
        refused(TableSpec { filter: Some(depth_is(7)), ..spec() }),
        build(&RunSet::default(), &spec(), &catalog()).unwrap_err().to_string(),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r#"
    table "depth": no parameter is called "dept"; did you mean depth?
    table "depth": depth is given twice; each parameter can label one place only
    table "depth": no metric is given; name at least one
    table "depth": no metric is called "error"; there are valid_error, test_error, test_accuracy, saturation
    table "depth": none of the 10 planned trials matches "depth == 7"
    table "depth": the plan has no trials; there is nothing to report on
    "#);
}

#[test]
fn the_runs_behind_a_cell_are_listed_with_the_trials_that_were_not_chosen() {
    let place = |row, column| Place { row, column };
    let grid = behind(&set(), &table_spec(), &catalog(), place(3, 2)).unwrap();
    assert_eq!(
        grid.columns,
        ["run", "trial", "shown", "seed", "state", "test_error", "valid_error"]
    );
    assert_eq!(grid.rows.len(), 10, "two lambdas with five seeds each");
    let is = |row: &[Field], at: usize, text: &str| row[at] == Field::Text(text.into());
    assert!(grid.rows[..5].iter().all(|row| is(row, 2, "yes") && is(row, 4, "finished")));
    assert!(grid.rows[5..].iter().all(|row| is(row, 2, "no")));
    assert_eq!(grid.rows.iter().filter(|row| is(row, 4, "diverged")).count(), 2);
    let shown: Vec<Field> = grid.rows[..5].iter().map(|row| row[0].clone()).collect();
    let table = built(&set(), &table_spec());
    let runs = table.rows[2].cells[1].measured().unwrap().runs();
    assert_eq!(shown, runs.map(|run| Field::Text(run.to_string())).collect::<Vec<_>>());
    let absent = behind(&set(), &table_spec(), &catalog(), place(4, 1)).unwrap();
    assert!(absent.rows.iter().all(|row| row[0] == Field::Null && is(row, 4, "not run")));
}

#[test]
fn a_cell_that_is_not_there_is_refused_with_those_that_are() {
    for (row, column) in [(0, 1), (1, 3), (9, 1)] {
        let place = Place { row, column };
        let error = behind(&set(), &table_spec(), &catalog(), place).unwrap_err().to_string();
        assert!(error.contains("4 rows: 1 pretraining none; 2 pretraining greedy"), "{error}");
        assert!(error.contains("2 columns: 1 depth 1, test_error"), "{error}");
    }
}

#[test]
fn a_filter_drops_trials_before_anything_is_chosen() {
    let spec = TableSpec { filter: Some(depth_is(3)), ..table_spec() };
    let table = built(&set(), &spec);
    assert_eq!(table.columns.len(), 1);
    assert_eq!(table.columns[0].labels[0].to_string(), "3");
}

fn depth_is(depth: i64) -> Filter {
    let name = Operand::Name(Name { text: "depth".into(), reading: None, span: 0..5 });
    let value = Operand::Value(ablate_sweep::Value::Int(depth));
    Filter {
        text: format!("depth == {depth}"),
        expr: Expr::Compare(name, Comparator::Equal, value),
    }
}
