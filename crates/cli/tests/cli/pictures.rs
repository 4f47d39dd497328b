//! Pictures of runs: where they go, and that the same run gives the same bytes.

use std::fs;

use crate::bench::{Bench, SMALL};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

#[test]
fn pictures_say_where_they_are_never_replace_a_file_unasked_and_are_the_same_again() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    bench.ablate(&["sweep", "small.toml"]).expect(0);
    let run = bench.ask("variant == 'denoising' and depth == 2", "id");
    for command in ["filters", "reconstruct"] {
        let name = format!("{command}-{run}.png");
        bench.ablate(&[command, &run[..8]]).expect(0).prints(&[&name]);
        let first = fs::read(bench.path(&name)).unwrap();
        assert!(first.starts_with(SIGNATURE), "{command}");
        bench.ablate(&[command, &run]).expect(2).says(&["is there already", "--force"]);
        bench.ablate(&[command, &run, "--force"]).expect(0);
        assert_eq!(fs::read(bench.path(&name)).unwrap(), first);
        bench.ablate(&[command, &run, "-o", "other.png", "--force"]).expect(0);
        assert_eq!(fs::read(bench.path("other.png")).unwrap(), first);
    }
    bench.ablate(&["filters", &run, "--layer", "2", "--weights", "tuned", "-o", "2.png"]).expect(0);
    bench.ablate(&["filters", &run, "--layer", "3"]).expect(2).says(&["it has layers 1 to 2"]);
    let severe = ["--corruption", "gaussian", "--severity", "1e9"];
    let refused = bench.ablate(&[&["reconstruct", &run], severe.as_slice()].concat());
    refused.expect(2).says(&["--severity 1000000000: gaussian takes 0 to "]);
    let none = bench.ask("pretraining == 'none' and depth == 2", "id");
    bench.ablate(&["filters", &none]).expect(0);
    bench.ablate(&["reconstruct", &none]).expect(2).says(&["it was not pretrained"]);
    for not_generative in [&run, &none] {
        bench.ablate(&["samples", not_generative]).expect(2).says(&["rbm, vae, adversarial"]);
    }
}

#[test]
fn images_are_drawn_from_a_stack_of_rbms_and_are_others_by_another_seed() {
    let rbm = SMALL.split("[variant").next().unwrap().replace("seeds = 3", "seeds = 1");
    let bench = Bench::with(&[("rbm.toml", &format!("{rbm}\n[variant.rbm]\n"))]);
    bench.ablate(&["sweep", "rbm.toml"]).expect(0);
    let run = bench.ask("variant == 'rbm' and depth == 2", "id");
    let draw = |options: &[&str]| {
        let words = ["samples", &run, "--images", "5", "--gibbs-steps", "9", "--force"];
        let drawn = bench.ablate(&[&words, options].concat()).expect(0);
        fs::read(bench.path(drawn.stdout.trim())).unwrap()
    };
    let first = draw(&[]);
    assert!(first.starts_with(SIGNATURE));
    assert_eq!(draw(&["-o", "other.png"]), first);
    assert_ne!(draw(&["--seed", "7"]), first);
    bench.ablate(&["samples", &run, "--images", "0"]).expect(2).says(&["1..=10000"]);
}
