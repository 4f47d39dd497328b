//! `show` and `verify`: one run at a time.

use crate::bench::Bench;
use crate::store::{meddle, rows};

#[test]
fn a_run_is_shown_with_parameters_scores_curves_and_provenance() {
    let bench = Bench::swept();
    let id = bench.ask("variant == 'denoising' and depth == 2", "id");
    let page = bench.ablate(&["show", &id]).expect(0);
    page.prints(&[
        &format!("run {id}  finished"),
        "sigma ",
        "test_error",
        "pretraining loss, by epoch",
        "train_loss",
        "valid_error",
        "experiments ",
        "sweep small.toml --jobs 2",
        &format!("ablate verify {id}"),
    ]);
}

#[test]
fn the_beginning_of_a_name_is_enough() {
    let bench = Bench::swept();
    let id = bench.ask("depth == 2", "id");
    let whole = bench.ablate(&["show", &id]).expect(0).stdout;
    assert_eq!(bench.ablate(&["show", &id[..10]]).expect(0).stdout, whole);
}

#[test]
fn a_beginning_that_several_names_have_is_told_with_them() {
    let bench = Bench::swept();
    let mut ids = rows(&bench.store(), "SELECT id FROM runs ORDER BY id");
    let two = ids.windows(2).find(|two| two[0][..1] == two[1][..1]);
    let [first, second] = two.expect("eighteen names begin with sixteen digits") else { panic!() };
    let said = bench.ablate(&["show", &first[..1]]).expect(2);
    said.says(&["could be", first, second, "write more digits"]);
    ids.clear();
    for nobody in ["ffffffffffffffff0", "no such run", "%"] {
        bench.ablate(&["show", nobody]).expect(2).says(&["there is no run", nobody]);
    }
}

#[test]
fn a_run_in_json_is_what_the_store_holds() {
    let bench = Bench::swept();
    let id = bench.ask("variant == 'contractive'", "id");
    let run = bench.ablate(&["show", &id, "--format", "json"]).expect(0).json();
    assert_eq!((&run["run"], &run["state"]), (&id.as_str().into(), &"finished".into()));
    assert_eq!(run["params"]["lambda"], 0.1);
    let stored = format!("SELECT test_error, weights_hash FROM runs WHERE id = '{id}'");
    let shown =
        format!("{}|{}", run["scores"]["test_error"], run["weights_hash"].as_str().unwrap());
    assert_eq!(rows(&bench.store(), &stored), [shown]);
    assert_eq!(run["curves"]["train_loss"].as_array().unwrap().len(), 2);
    assert_eq!(run["provenance"]["attempt"], 1);
}

#[test]
fn a_failed_run_is_shown_with_its_reason() {
    let bench = Bench::with_a_failed_run();
    let id = bench.ask("state == 'failed'", "id");
    let page = bench.ablate(&["show", &id]).expect(0);
    assert!(!page.stdout.contains("ablate verify"), "there is nothing to verify: {}", page.stdout);
    page.prints(&["failed", "diverged: fine-tuning, epoch 1"]);
    let run = bench.ablate(&["show", &id, "--format", "json"]).expect(0).json();
    assert_eq!(run["failure"]["kind"], "diverged");
    assert_eq!(run["scores"], serde_json::json!({}));
}

#[test]
fn a_run_that_is_trained_again_is_equal_to_the_bit() {
    let bench = Bench::swept();
    let denoising = bench.ask("variant == 'denoising' and depth == 2", "id");
    let baseline = bench.ask("pretraining == 'none'", "id");
    let before = std::fs::read(bench.store()).unwrap();
    let verified = bench.ablate(&["verify", &denoising, &baseline[..12]]).expect(0);
    assert_eq!(
        verified.stdout,
        format!("{denoising}  equal to the bit\n{baseline}  equal to the bit\n")
    );
    assert_eq!(std::fs::read(bench.store()).unwrap(), before, "verifying only reads");
}

#[test]
fn what_was_tampered_with_does_not_verify() {
    let bench = Bench::swept();
    let ids = rows(&bench.store(), "SELECT id FROM runs WHERE pretraining = 'none' ORDER BY id");
    let of = |id: &str| format!("(SELECT key FROM run WHERE id = '{id}')");
    let (score, curve, weights) = (&ids[0], &ids[1], &ids[2]);
    meddle(
        &bench.store(),
        &format!(
            "UPDATE score SET test_error = test_error + 1e-12 WHERE run = {};
             UPDATE curve SET series = '[0.5,0.5]' WHERE name = 'train_loss' AND run = {};
             UPDATE run SET weights_hash = 'abc' WHERE id = '{weights}';",
            of(score),
            of(curve)
        ),
    );
    let differs = |id: &str, what: &str| {
        let said = bench.ablate(&["verify", id]).expect(3);
        // Beside the difference, only that other runs were trained at the same time then.
        let lines = said.stdout.lines().filter(|line| !line.contains("environment: jobs"));
        assert_eq!(lines.count(), 2, "one difference: {}", said.stdout);
        said.prints(&["DIFFERENT", what, " then, ", " now"]);
    };
    differs(score, "test_error: ");
    differs(curve, "curve train_loss, epoch 1: 0.5 then");
    differs(weights, "weights: abc then");
}

#[test]
fn only_a_finished_run_of_these_data_and_this_code_can_be_verified() {
    let bench = Bench::with_a_failed_run();
    let (failed, finished) =
        (bench.ask("state == 'failed'", "id"), bench.ask("state == 'finished'", "id"));
    bench.ablate(&["verify", &failed]).expect(2).says(&["is failed", "only finished runs"]);
    bench.ablate(&["verify", "no such run"]).expect(2).says(&["there is no run"]);
    meddle(
        &bench.store(),
        "UPDATE run SET id = '00000000deadbeef', data_checksum = 'older' WHERE state = 'finished'",
    );
    assert_ne!(finished, "00000000deadbeef");
    let said = bench.ablate(&["verify", "00000000deadbeef"]).expect(1);
    said.says(&["is no longer what it was trained on", "older"]);
}
