//! Names and texts that nobody chooses, or somebody chooses on purpose.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::bench::{Bench, Ended, SMALL};
use crate::store::{count_in, rows};

/// A file name with a quote of each kind, a line break, an escape sequence and other scripts.
const NAME: &str = "it's \"odd\"\n\u{1b}[31mrøt 日本 \u{202e}";

#[test]
fn a_file_name_with_anything_in_it_names_an_experiment() {
    let bench = Bench::with(&[(&format!("{NAME}.toml"), SMALL)]);
    let only = ["--set", "depth=1", "--set", "pretraining=none"];
    let sweep = bench.ablate(&[&["sweep", &format!("{NAME}.toml")], &only[..]].concat()).expect(0);
    no_commands_for_the_terminal(&sweep);
    assert_eq!(rows(&bench.store(), "SELECT name FROM experiment"), [NAME]);
    for args in
        [&["table", NAME, "errors"][..], &["plan", NAME], &["list", "experiments"], &["query"]]
    {
        no_commands_for_the_terminal(&bench.ablate(args).expect(0));
    }
    let id = bench.ask("seed == 1", "id");
    no_commands_for_the_terminal(&bench.ablate(&["show", &id]).expect(0));
    no_commands_for_the_terminal(&bench.ablate(&["table", &format!("{NAME}?")]).expect(2));
    no_commands_for_the_terminal(&bench.ablate(&["plan", &format!("{NAME}?.toml")]).expect(2));
}

#[test]
fn a_question_is_shown_without_obeying_it() {
    let text = SMALL.replace("Does pretraining", "\\u001b]0;owned\\u0007 Does pretraining");
    let bench = Bench::with(&[("small.toml", &text)]);
    for args in [
        &["plan", "small.toml"][..],
        &["sweep", "small.toml", "--set", "depth=1"],
        &["list", "experiments"],
    ] {
        no_commands_for_the_terminal(&bench.ablate(args).expect(0));
    }
}

#[test]
fn mistakes_are_shown_without_obeying_them() {
    let bench =
        Bench::with(&[("bad.toml", "[grid]\n\"\u{202e}\\u001b[2J\" = 1\n# \u{202e}\ndpth = 1")]);
    no_commands_for_the_terminal(&bench.ablate(&["plan", "bad.toml"]).expect(2));
    let swept = Bench::swept();
    let set = ["plan", "small.toml", "--set", "\u{1b}[2J=1"];
    no_commands_for_the_terminal(&swept.ablate(&set).expect(2));
    no_commands_for_the_terminal(&swept.ablate(&["query", "\u{1b}[2J == 1"]).expect(2));
    no_commands_for_the_terminal(&swept.ablate(&["query", "--sort", "\u{1b}[2J"]).expect(2));
    no_commands_for_the_terminal(&swept.ablate(&["show", "\u{1b}[2J"]).expect(2));
    no_commands_for_the_terminal(&swept.ablate(&["sql", "SELECT '\u{1b}[2J'"]).expect(0));
    no_commands_for_the_terminal(&swept.ablate(&["sql", "SELEC '\u{1b}[2J'"]).expect(2));
}

#[test]
fn tags_and_notes_come_out_of_every_format_escaped_for_it() {
    let bench = Bench::swept();
    let id = bench.ask("seed == 0", "id");
    let long = "x".repeat(10_000);
    for text in [
        "=HYPERLINK(\"http://x\",\"y\")",
        "<img src=x onerror=alert(1)>",
        "a | b \\ c\n\u{1b}[31mred\u{202e}\t$x_1$ & 100%",
        "'; DROP TABLE run; --",
        "../../x",
        &long,
    ] {
        no_commands_for_the_terminal(&bench.ablate(&["tag", &id, &format!("+{text}")]).expect(0));
        bench.ablate(&["note", &id, text]).expect(0);
        let filter = format!("note == '{}'", text.replace('\\', "\\\\").replace('\'', "''"));
        let ask = |format: &str| {
            let columns = ["--columns", "tags,note", "--format", format];
            bench.ablate(&[&["query", &filter], &columns[..]].concat()).expect(0)
        };
        let defused = if text.starts_with('=') { format!("'{text}") } else { text.to_owned() };
        assert_eq!(ask("csv").csv()[1], [defused.clone(), defused]);
        assert_eq!(ask("json").json()[0]["note"], text);
        no_commands_for_the_terminal(&ask("table"));
        let markdown = ask("md").stdout;
        assert_eq!(markdown.lines().count(), 3, "{markdown}");
        assert!(!markdown.contains("<img"), "{markdown}");
        no_commands_for_the_terminal(&bench.ablate(&["show", &id]).expect(0));
        no_commands_for_the_terminal(&bench.ablate(&["note", &id]).expect(0));
        no_commands_for_the_terminal(&bench.ablate(&["diff", &id, &id]).expect(0));
        assert_eq!(bench.ablate(&["show", &id, "--format", "json"]).expect(0).json()["note"], text);
        bench.ablate(&["tag", &id, &format!("-{text}")]).expect(0);
    }
    assert_eq!(rows(&bench.store(), "SELECT count(*) FROM tag"), ["0"]);
}

/// Escapes, carriage returns and marks that reorder text are written out instead of sent.
#[track_caller]
fn no_commands_for_the_terminal(ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let obeyed = text.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
        assert_eq!(obeyed, None, "{text:?}");
    }
}

#[test]
fn odd_overrides_are_mistakes_and_nothing_else() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let long = format!("width=[{}", "[".repeat(100_000));
    for set in [
        "",
        "=",
        "=1",
        "depth",
        "depth=",
        "depth=1 2",
        "depth=[1",
        "depth=nan",
        "depth=-1",
        "depth=99999999999999999999",
        "depth=1\nwidth=2",
        "depth={a=1}",
        "depth={from=1,to=9,step=0}",
        "variant=contractiv",
        "variant=\"\"\"",
        "seeds=0",
        "seeds=many",
        "experiment.seeds=1",
        "grid.depth=1",
        "日本=1",
        "lambda='; DROP TABLE run; --'",
        &long,
    ] {
        let said = bench.ablate(&["plan", "small.toml", "--set", set]).expect(2);
        assert_eq!(said.stdout, "", "{set:?}");
    }
}

#[test]
fn filters_that_are_deep_or_long_are_answered() {
    let bench = Bench::swept();
    let deep = format!("{}depth == 1{}", "(".repeat(50_000), ")".repeat(50_000));
    let negated = format!("{}depth == 1", "not ".repeat(30_000));
    for filter in [&deep, &negated] {
        let ended = bench.ablate(&["query", filter]);
        assert!(matches!(ended.code, Some(0 | 2)), "{:?}", ended.code);
    }
    let injected = bench.ablate(&["query", "variant == 'x''; DROP TABLE run; --'"]).expect(0);
    injected.says(&["0 runs"]);
    assert_eq!(count_in(&bench.store(), "finished"), 18);
}

/// File names of Unix are bytes.
#[test]
fn a_store_whose_name_is_no_text_is_a_store() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let name = OsStr::from_bytes(b"st\xff re.db");
    let call =
        |args: &[&str]| Ended::of(bench.command(args).arg("--db").arg(name).output().unwrap());
    call(&["sweep", "small.toml", "--set", "depth=1", "--set", "pretraining=none"]).expect(0);
    call(&["query"]).expect(0).says(&["3 runs"]);
    assert!(!bench.store().exists());
}

#[test]
fn an_experiment_whose_name_is_no_text_is_bad_usage() {
    let bench = Bench::with(&[]);
    let mut call = bench.command(&["sweep"]);
    Ended::of(call.arg(OsStr::from_bytes(b"\xff.toml")).output().unwrap()).expect(2);
}
