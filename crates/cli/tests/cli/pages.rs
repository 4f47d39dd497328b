//! What the README shows is what the program does, and what other pages name is there.

use std::fs;
use std::path::{Path, PathBuf};

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

/// The words between backticks in a text.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The file that a page below `crates` means by `name`: a path from there, or the end of one that the page
/// has named already.
fn file(name: &str, named: &mut Vec<PathBuf>) -> PathBuf {
    let path = root().join("crates").join(name);
    if path.is_file() {
        named.push(path.clone());
        return path;
    }
    let ends = |path: &&PathBuf| path.file_name().is_some_and(|last| last == name);
    named.iter().find(ends).unwrap_or_else(|| panic!("there is no {name}")).clone()
}

#[test]
fn every_test_that_the_page_on_faults_names_is_there() {
    let page = fs::read_to_string(root().join("crates/RELIABILITY.md")).unwrap();
    let (mut named, mut current, mut tests) = (Vec::new(), String::new(), 0);
    for word in code(&page) {
        if word.ends_with(".rs") {
            current = fs::read_to_string(file(word, &mut named)).unwrap();
            continue;
        }
        let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if word.matches('_').count() >= 2 && word.chars().all(is_name) {
            let function = format!("fn {word}()");
            let (before, _) =
                current.split_once(&function).unwrap_or_else(|| panic!("there is no test {word}"));
            let last = before.trim_end().lines().last();
            assert_eq!(last.map(str::trim), Some("#[test]"), "{word} is no test");
            tests += 1;
        }
    }
    assert!(tests > 20, "{tests}");
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
