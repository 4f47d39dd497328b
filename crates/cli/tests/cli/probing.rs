//! Probes on request: named in the experiment, or asked for later of finished runs.

use std::fs;

use crate::bench::{Bench, SMALL, SMALL_RUNS};
use crate::store::{count, meddle, results, rows};

/// [`SMALL`] with `probes` asked for.
fn small_with(probes: &str) -> String {
    SMALL.replace("seeds = 3", &format!("seeds = 3\nprobes = {probes}"))
}

const PROFILES: &str = "SELECT r.id, p.name, p.axis, p.at, p.series FROM profile AS p
    JOIN run AS r ON r.key = p.run ORDER BY r.id, p.name";

#[test]
fn a_probe_asked_for_later_measures_stored_networks_to_the_same_bits() {
    let at_once = Bench::with(&[("small.toml", &small_with("['contraction']"))]);
    at_once.ablate(&["sweep", "small.toml"]).expect(0);
    let later = Bench::with(&[("small.toml", SMALL)]);
    later.ablate(&["sweep", "small.toml"]).expect(0);
    assert_eq!(count(&later.store(), "SELECT count(contraction_peak) FROM runs"), 0);
    later.write("small.toml", small_with("'contraction'"));
    later
        .ablate(&["sweep", "small.toml", "--jobs", "1"])
        .expect(0)
        .says(&["nothing to train", "18 finished runs to measure by contraction"]);
    let measured = "SELECT count(contraction_peak) FROM runs WHERE attempt = 1";
    assert_eq!(count(&later.store(), measured), SMALL_RUNS);
    assert_eq!(results(&later.store()), results(&at_once.store()));
    assert_eq!(rows(&later.store(), PROFILES), rows(&at_once.store(), PROFILES));
    let again = later.ablate(&["sweep", "small.toml"]).expect(0);
    assert!(!again.stderr.contains("to measure"), "{}", again.stderr);
    let run = later.ask("variant == 'denoising' and depth == 2", "id");
    later.ablate(&["verify", &run]).expect(0).prints(&["equal to the bit"]);
    later.ablate(&["show", &run]).expect(0).prints(&["contraction", "radius 0.1"]);

    later.ablate(&["export", "depth == 2", "--format", "csv", "-o", "sheets"]).expect(0);
    let sheet = fs::read_to_string(later.path("sheets/profiles.csv")).unwrap();
    let view = "SELECT p.* FROM profiles AS p JOIN runs AS r ON r.id = p.run WHERE r.depth = 2
        ORDER BY r.number";
    assert_eq!(sheet, later.ablate(&["sql", view, "--format", "csv"]).expect(0).stdout);
    assert!(sheet.starts_with("run,name,axis,at,value\n"), "{sheet:.200}");
    assert!(sheet.contains(",contraction,radius,0.1"), "{sheet:.200}");
}

#[test]
fn runs_are_named_or_found_and_what_they_have_must_come_out_the_same() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    let run = bench.ask("variant == 'denoising' and depth == 2", "id");
    let probe =
        |words: &[&str]| bench.ablate(&[&["probe"], words, &["--probe", "contraction"]].concat());
    let json = probe(&[&run[..6], "variant == 'denoising'", "--format", "json"]).expect(0).json();
    assert_eq!(json.as_array().unwrap().len(), 6, "the run is one of the six");
    assert_eq!((&json[0]["run"], &json[0]["equal"]), (&run.clone().into(), &0.into()));
    assert!(json[0]["contraction_peak"].as_f64().unwrap() > 0.0);
    probe(&[&run]).expect(0).says(&["1 run measured: 0 new, ", " measured before and equal"]);

    meddle(&bench.store(), "UPDATE score SET contraction_peak = 9");
    let before = results(&bench.store());
    probe(&[&run]).expect(3).says(&[&format!("run {run}: contraction_peak was 9, now 0.")]);
    assert_eq!(results(&bench.store()), before);
}

#[test]
fn what_a_probe_finds_nothing_of_is_left_out_and_not_measured_again() {
    let deep = SMALL
        .replace("depth = [1, 2]", "depth = 1\nfine_tuning = ['supervised', 'reconstruction']");
    let deep = deep.split("[[table]]").next().unwrap().replace("seeds = 3", "seeds = 1");
    let bench = Bench::with(&[("deep.toml", &deep)]);
    bench.ablate(&["sweep", "deep.toml"]).expect(0);
    bench.write("deep.toml", deep.replace("seeds = 1", "seeds = 1\nprobes = 'mnist-c'"));
    let says = "3 finished runs to measure by mnist-c";
    bench.ablate(&["sweep", "deep.toml"]).expect(0).says(&["nothing to train", says]);
    let again = bench.ablate(&["sweep", "deep.toml"]).expect(0);
    assert!(!again.stderr.contains("to measure"), "{}", again.stderr);
    let probe = |filter: &str| bench.ablate(&["probe", filter, "--probe", "mnist-c"]);
    let left = "3 runs left out: only networks that classify are measured by mnist-c";
    probe("width == 16").expect(0).says(&[left, "3 runs measured: 0 new"]);
    probe("fine_tuning == 'reconstruction'").expect(2).says(&[left]);
    let run = bench.ask("fine_tuning == 'reconstruction' and pretraining == 'none'", "id");
    bench.ablate(&["verify", &run]).expect(0).prints(&["equal to the bit"]);
}

#[test]
fn what_cannot_be_measured_is_said_and_the_others_are() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    let run = bench.ask("pretraining == 'none' and depth == 2", "id");
    fs::remove_file(bench.path("store.artifacts").join(format!("networks/{run}.safetensors")))
        .unwrap();
    bench
        .ablate(&["probe", "pretraining == 'none'", "--probe", "contraction"])
        .expect(3)
        .says(&[&format!("run {run}: its network is gone: no "), "5 runs measured"]);
    for (words, says) in [
        (["feedfeedfeed", "--probe", "contraction"], "feedfeedfeed"),
        (["depth == 9", "--probe", "contraction"], "no finished run fits"),
        (["depht == 1", "--probe", "contraction"], "depht"),
        (["depth == 1", "--probe", "contracton"], "there is no such probe, but classification, "),
    ] {
        bench.ablate(&[&["probe"], words.as_slice()].concat()).expect(2).says(&[says]);
    }
    let without = Bench::with(&[("small.toml", SMALL)]);
    without.ablate(&["sweep", "small.toml", "--no-weights"]).expect(0);
    without.write("small.toml", small_with("'contraction'"));
    without.ablate(&["sweep", "small.toml"]).expect(3).says(&["was trained with --no-weights"]);
}
