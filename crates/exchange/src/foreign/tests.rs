use std::ops::Bound;

use ablate_sweep::{Condition, Direction, Domain, Metric, Param, Split};

use super::*;

fn catalog() -> Catalog {
    let real = Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
    let word = |word: &str| Value::Text(word.into());
    let choice = Domain::Choice(vec!["none", "greedy"]);
    let metric = |name: &str| Metric {
        name: name.into(),
        unit: "fraction",
        direction: Direction::Lower,
        split: Split::Test,
        summary: String::new(),
    };
    Catalog {
        params: vec![
            Param::new("depth", Domain::Int { min: 1, max: 9, word: None }, Value::Int(1), ""),
            Param::new("width", Domain::Widths { min: 1, max: 999 }, Value::Int(100), ""),
            Param::new("tied", Domain::Bool, Value::Bool(false), ""),
            Param::new("pretraining", choice, word("none"), ""),
            Param::new("lambda", real, Value::Float(0.1), "")
                .only_when(Condition::is("pretraining", "greedy")),
        ],
        metrics: vec![metric("test_error"), metric("valid_error")],
        ..Catalog::default()
    }
}

#[test]
fn a_row_is_a_run_and_what_is_not_said_has_its_default() {
    let text = "depth,width,tied,pretraining,lambda,seed,test_error,valid_error\n\
                2,\"[500, 250]\",true,greedy,1,0,0.125,\n\
                ,,,,,1,1e-3,0.5\n";
    let runs = read(text, &catalog()).unwrap();
    assert_eq!(runs.len(), 2);
    let params = &runs[0].trial.params;
    assert_eq!(params.get("width"), Some(&Value::List(vec![500, 250])));
    assert_eq!((params.float("lambda"), params.flag("tied")), (Some(1.0), Some(true)));
    assert_eq!(runs[0].scores, BTreeMap::from([("test_error".to_owned(), 0.125)]));
    let plain = catalog().resolve(&Params::default()).unwrap();
    assert_eq!((&*runs[1].trial, runs[1].seed, runs[1].line), (&plain, 1, 3));
    assert_eq!(runs[1].scores["valid_error"], 0.5);
}

fn mistakes(text: &str) -> Vec<String> {
    read(text, &catalog()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn all_mistakes_are_told_at_once_each_at_its_place() {
    let text = "depth,tset_error,seed,test_error,pretraining\n\
                0,,1,0.5,none\n\
                2,,-1,nan,gredy\n\
                2,,1\n\
                2,,4,0.5,none\n\
                2,,4,0.6,none\n\
                3,,5,,none\n";
    assert_eq!(
        mistakes(text),
        [
            "line 1, column 7: \"tset_error\" is neither a parameter nor a metric; did you mean \
             `test_error`?",
            "line 2, column 1: depth = 0 is not valid: it takes a whole number from 1 to 9",
            "line 3, column 4: \"-1\" is no seed: a whole number from 0 to 9223372036854775807",
            "line 3, column 7: \"nan\" is no score: a finite number, or nothing where nothing was \
             measured",
            "line 3, column 11: pretraining = gredy is not valid: it takes one of \"none\", \
             \"greedy\"",
            "line 4, column 1: 3 fields, where the first line has 5",
            "line 6, column 1: the same parameters and seed as on line 5: there is one run of each",
            "line 7, column 1: nothing was measured",
        ]
    );
}

#[test]
fn a_head_that_lacks_something_is_told() {
    assert!(mistakes("")[0].starts_with("line 1, column 1: the file is empty"));
    assert_eq!(
        mistakes("depth,depth\n1,1"),
        [
            "line 1, column 1: there is no column `seed`",
            "line 1, column 1: there is no column of a metric: `ablate list metrics` has them",
            "line 1, column 7: a second column `depth`",
            "line 2, column 1: nothing was measured"
        ]
    );
    assert_eq!(
        mistakes("seed,test_error\n"),
        ["line 1, column 1: there is no run below the names of the columns"]
    );
}
