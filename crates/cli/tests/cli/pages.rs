//! What the README shows is what the program does.

use std::fs;
use std::path::Path;

use crate::bench::Bench;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The text between the fence that opens with `opening` and the next closing one.
fn block(page: &str, opening: &str) -> String {
    let start = page.find(opening).unwrap_or_else(|| panic!("the page has {opening:?}"));
    let body = &page[start + opening.len()..];
    body[..body.find("\n```").unwrap()].trim_start_matches('\n').to_owned()
}

#[test]
fn the_experiment_shown_is_the_one_in_its_folder() {
    let file = fs::read_to_string(root().join("experiments/first-look.toml")).unwrap();
    let shown = block(&readme(), "```toml\n");
    assert!(file.trim_end().ends_with(&shown), "README.md shows another first-look.toml");
}

#[test]
fn the_mistakes_shown_are_those_of_the_program() {
    let typo = "[experiment]\nquestion = \"Does it help?\"\nseeds = 3\n\n[grid]\ndepht = [1, 2]\n\
                pretraining = \"greedy\"\n\n[variant.contractive]\n\
                lambda = { log = [0, 1], n = 3 }\n";
    let bench = Bench::with(&[("experiments/typo.toml", typo)]);
    let shown = block(&readme(), "```console\n$ ablate plan experiments/typo.toml\n");
    let said = bench.ablate(&["plan", "experiments/typo.toml"]).expect(2);
    assert_eq!(said.stderr.trim_end(), shown);
}
