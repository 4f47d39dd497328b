//! `claims`: what an experiment expected, held against its runs.

use crate::bench::{Bench, SMALL};

/// Errors are shares, so two of them never differ by more than 1.
const TRUE: &str = r#"
[[claim]]
name = "errors are shares"
kind = "equal"
metric = "test_error"
arms = ["pretraining == 'greedy'", "pretraining == 'none'"]
margin = 5
by = "depth"
"#;

/// What three seeds of a tiny network cannot show.
const BOLD: &str = r#"
[[claim]]
name = "an exact order"
kind = "inner-optimum"
metric = "test_error"
along = "depth"
"#;

fn with(claims: &str) -> Bench {
    let bench = Bench::swept();
    bench.write("small.toml", format!("{SMALL}{claims}"));
    bench
}

#[test]
fn claims_that_are_all_supported_exit_with_0() {
    let bench = with(TRUE);
    let ended = bench.ablate(&["claims", "small.toml"]).expect(0);
    ended.prints(&["supported: errors are shares", "depth 1: difference: ", "1 supported"]);
    let json = bench.ablate(&["claims", "small.toml", "--format", "json"]).expect(0).json();
    let parts = json["claims"][0]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 2, "one a depth");
    for arm in parts.iter().flat_map(|part| part["arms"].as_array().unwrap()) {
        assert_eq!(arm["runs"].as_array().unwrap().len(), 3, "{arm}");
    }
}

#[test]
fn a_claim_that_is_not_supported_exits_with_3_in_every_format() {
    let bench = with(&format!("{TRUE}{BOLD}"));
    for (format, parts) in [
        ("text", &["undecided: an exact order", "2 of the 3 values of depth"][..]),
        ("md", &["- **undecided**: an exact order"]),
        ("latex", &["\\item \\textbf{undecided}: an exact order"]),
        ("csv", &["claim,kind,metric,verdict"]),
        ("json", &["\"verdict\": \"undecided\""]),
    ] {
        bench.ablate(&["claims", "small.toml", "--format", format]).expect(3).prints(parts);
    }
}

#[test]
fn a_sweep_ends_with_its_claims_and_its_exit_code_is_that_of_its_runs() {
    let bench = with(&format!("{TRUE}{BOLD}"));
    let sweep = bench.ablate(&["sweep", "small.toml"]).expect(0);
    let sweep = sweep.prints(&["supported: errors are shares", "undecided: an exact order"]);
    sweep.says(&["claim \"an exact order\"", "2 of the 3 values of depth"]);
}

#[test]
fn claims_are_held_against_runs_in_sight() {
    let bench = with(TRUE);
    bench.ablate(&["archive", "--where", "seed == 2"]).expect(0);
    let fewer = bench.ablate(&["claims", "small.toml"]).expect(3).prints(&["undecided"]);
    fewer.says(&["6 archived runs left out"]);
    bench.ablate(&["claims", "small.toml", "--archived"]).expect(0).prints(&["n = 3"]);
}

#[test]
fn an_experiment_without_claims_says_so() {
    Bench::swept().ablate(&["claims", "small"]).expect(2).says(&["small declares no [[claim]]"]);
}
