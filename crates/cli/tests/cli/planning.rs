//! Plans: what an experiment expands to, what would be trained, and why.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::bench::{Bench, SMALL, SMALL_RUNS, experiments};
use crate::store::meddle;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn reasons(plan: &Value) -> BTreeSet<&str> {
    plan["cells"].as_array().unwrap().iter().map(|cell| cell["reason"].as_str().unwrap()).collect()
}

fn plan(bench: &Bench, experiment: &str) -> Value {
    bench.ablate(&["plan", experiment, "--format", "json"]).expect(0).json()
}

#[test]
fn a_plan_in_json_has_the_documented_keys() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let plan = plan(&bench, "small.toml");
    assert_eq!(keys(&plan), ["trials", "runs", "probes", "to_run", "cells"]);
    assert_eq!(
        (&plan["trials"], &plan["runs"], &plan["to_run"]),
        (&6.into(), &18.into(), &18.into())
    );
    let cells = plan["cells"].as_array().unwrap();
    assert_eq!(cells.len(), SMALL_RUNS);
    for cell in cells {
        assert_eq!(keys(cell), ["run", "trial", "seed", "params", "state", "reason"]);
        for id in ["run", "trial"] {
            let id = cell[id].as_str().unwrap();
            assert!(id.len() == 16 && id.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
        }
        assert!(cell["seed"].is_u64() && cell["params"]["depth"].is_i64(), "{cell}");
        assert_eq!((&cell["state"], &cell["reason"]), (&"missing".into(), &"missing".into()));
    }
}

#[test]
fn a_plan_never_makes_a_store() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    for args in [&["plan", "small.toml"][..], &["plan", "small.toml", "--db", "results/new.db"]] {
        bench.ablate(args).expect(0).prints(&["18 runs", "missing"]);
    }
    assert!(!bench.store().exists() && !bench.path("results").exists());
}

#[test]
fn reasons_go_from_missing_to_done() {
    let bench = Bench::swept();
    let plan = plan(&bench, "small.toml");
    assert_eq!(reasons(&plan), BTreeSet::from(["done"]));
    assert_eq!(plan["to_run"], 0);
    bench.ablate(&["plan", "small.toml"]).expect(0).prints(&["nothing to train", "skip", "done"]);
}

#[test]
fn a_failed_run_is_planned_again_with_the_reason() {
    let bench = Bench::with_a_failed_run();
    let plan = plan(&bench, "diverging.toml");
    assert_eq!(reasons(&plan), BTreeSet::from(["done", "failed earlier: diverged"]));
    assert_eq!(plan["to_run"], 1);
}

#[test]
fn other_data_and_other_training_code_are_reasons() {
    let bench = Bench::swept();
    meddle(
        &bench.store(),
        "UPDATE run SET id = '0000000000000000', data_checksum = '1111111111111111' WHERE key = 1;
         UPDATE run SET id = '2222222222222222', training_version = '0.9' WHERE key = 2;",
    );
    let plan = plan(&bench, "small.toml");
    assert_eq!(plan["to_run"], 2);
    let reasons = reasons(&plan);
    let given = |start: &str| reasons.iter().any(|reason| reason.starts_with(start));
    assert!(given("data changed: 1111111111111111 to "), "{reasons:?}");
    assert!(given("training version changed: 0.9 to "), "{reasons:?}");
}

#[test]
fn without_pretraining_all_variants_are_one_trial() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let plan = plan(&bench, "small.toml");
    let cells = plan["cells"].as_array().unwrap();
    let baselines = cells.iter().filter(|cell| cell["params"]["pretraining"] == "none");
    let trials: BTreeSet<(i64, &str)> = baselines
        .inspect(|cell| assert!(cell["params"].get("variant").is_none(), "{cell}"))
        .map(|cell| (cell["params"]["depth"].as_i64().unwrap(), cell["trial"].as_str().unwrap()))
        .collect();
    assert_eq!(trials.len(), 2, "one a depth: {trials:?}");
    bench.ablate(&["plan", "small.toml"]).expect(0).prints(&["8 grid cells", "2 merged"]);
}

#[test]
fn a_plan_lists_every_run_if_asked_to() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let lines = |args: &[&str]| {
        let out = bench.ablate(args).expect(0).stdout;
        out.lines().filter(|line| line.contains(" train ")).count()
    };
    assert_eq!(lines(&["plan", "small.toml", "--all"]), SMALL_RUNS);
    assert_eq!(lines(&["plan", "small.toml"]), 6, "a line a trial");
}

#[test]
fn a_million_million_cells_are_refused_by_their_count_at_once() {
    let text = r#"
[experiment]
question = "Too many?"
seeds = 1

[grid]
pretraining = "greedy"
learning_rate = { linear = [0.1, 1], n = 10_000 }
pretraining_learning_rate = { linear = [0.1, 1], n = 10_000 }

[variant.contractive]
lambda = { linear = [0.1, 1], n = 10_000 }
"#;
    let bench = Bench::with(&[("huge.toml", text)]);
    for command in ["plan", "sweep"] {
        let said = bench.ablate(&[command, "huge.toml"]).expect(2);
        assert_eq!(said.stdout, "");
        said.says(&["1000000000000 cells", "huge.toml:", "--max-runs", "max_runs"]);
    }
    assert!(!bench.store().exists());
}

#[test]
fn the_number_of_runs_allowed_can_be_set() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["plan", "small.toml", "--max-runs", "17"]).expect(2).says(&["18 runs", "17"]);
    bench.ablate(&["plan", "small.toml", "--max-runs", "18"]).expect(0);
}

#[test]
fn every_experiment_of_the_repository_expands_without_mistakes() {
    let bench = Bench::with(&[]);
    let mut names = Vec::new();
    for entry in fs::read_dir(experiments()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let plan = plan(&bench, path.to_str().unwrap());
            assert!(plan["runs"].as_u64().unwrap() > 0, "{}", path.display());
            names.push(path.file_name().unwrap().to_owned());
        }
    }
    assert!(names.contains(&"first-look.toml".into()), "{names:?}");
}

#[test]
fn what_is_missing_of_a_dataset_does_not_keep_a_plan_from_being_made() {
    let text = SMALL.replace("[grid]", "[grid]\ndataset = \"mnist\"");
    let bench = Bench::with(&[("full.toml", &text)]);
    bench.ablate(&["plan", "full.toml", "--data", "nowhere"]).expect(0).prints(&["time unknown"]);
}

#[test]
fn a_plan_warns_of_what_the_comparison_will_leave_out() {
    let sampled = "[experiment]\nquestion = \"Which?\"\nseeds = 3\n\n[grid]\n\
                   pretraining = [\"none\", \"greedy\"]\nwidth = { from = 10, to = 40, step = 1 }\n\n\
                   [sample]\nn = 10\nseed = 1\n";
    let bench = Bench::with(&[("sampled.toml", sampled)]);
    bench
        .ablate(&["plan", "sampled.toml"])
        .expect(0)
        .says(&["warning: ", "no partner with pretraining = none in the plan"]);
}
