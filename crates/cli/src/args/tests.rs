use std::path::Path;

use clap::CommandFactory;

use super::*;

#[test]
fn the_definitions_are_sound() {
    Cli::command().debug_assert();
}

/// Every command line that a page shows, as the words a shell makes of it.
fn shown(page: &str) -> Vec<Vec<String>> {
    let page = page.replace("\\\n", " ");
    let lines = page.lines().map(|line| line.trim_start_matches("$ "));
    let lines =
        lines.map(|line| line.replace("cargo run --release --", "ablate").trim_start().to_owned());
    lines.filter(|line| line.starts_with("ablate ")).map(|line| words(&line)).collect()
}

fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, '#' | '|' | '>') if word.is_none() => break,
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn every_command_that_a_page_shows_is_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pages = [
        "README.md",
        "experiments/README.md",
        "scripts/README.md",
        "crates/exchange/EXCHANGE.md",
        "crates/cli/QUESTIONS.md",
        "crates/records/SCHEMA.md",
        "crates/report/METHOD.md",
        "crates/autoencoder/PROBES.md",
    ];
    let mut count = 0;
    for page in pages {
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        for words in shown(&text) {
            count += 1;
            let parsed = Cli::try_parse_from(&words);
            assert!(parsed.is_ok(), "{page}: {words:?}: {}", parsed.unwrap_err());
        }
    }
    assert!(count >= 8, "only {count} commands were found in the pages");
}
