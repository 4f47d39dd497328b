//! Mistakes in experiment files and on the command line: all at once, each with its place.

use crate::bench::{Bench, SMALL};

#[test]
fn several_mistakes_of_a_file_are_shown_at_once_with_line_and_column() {
    let text = r#"[experiment]
question = "What is wrong?"
seeds = 2
seedz = 1

[grid]
dpth = [1, 2]
width = 0
learning_rate = "fast"

[variant.contractiv]
lambda = -1
"#;
    let bench = Bench::with(&[("bad.toml", text)]);
    for command in ["plan", "sweep", "table", "compare"] {
        let said = bench.ablate(&[command, "bad.toml"]).expect(2);
        assert_eq!(said.stdout, "");
        for place in ["4:1", "7:1", "8:9", "9:17", "11:10"] {
            assert!(said.stderr.contains(&format!("bad.toml:{place}\n")), "{}", said.stderr);
        }
        said.says(&["did you mean `seeds`?", "did you mean `depth`?", "^^^^"]);
    }
    assert!(!bench.store().exists(), "nothing is begun with a file that has mistakes");
}

#[test]
fn a_file_that_is_no_toml_is_shown_where_it_stops_being_so() {
    let bench = Bench::with(&[("bad.toml", "[experiment]\nquestion = \"What?\nseeds = 1\n")]);
    bench.ablate(&["plan", "bad.toml"]).expect(2).says(&["bad.toml:2:", "^"]);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let bench = Bench::with(&[]);
    std::fs::create_dir(bench.path("folder.toml")).unwrap();
    bench.write("latin1.toml", b"question = \"caf\xe9\"");
    bench.write("large.toml", vec![b'#'; 5 << 20]);
    for (file, why) in [
        ("missing.toml", "No such file"),
        ("folder.toml", "directory"),
        ("latin1.toml", "not UTF-8 text: byte 15"),
        ("large.toml", "larger than 4194304 bytes"),
    ] {
        let said = bench.ablate(&["plan", file]).expect(2);
        assert_eq!(said.stdout, "");
        said.says(&[file, why]);
    }
}

#[test]
fn an_empty_file_says_what_it_lacks() {
    let bench = Bench::with(&[("empty.toml", "")]);
    bench.ablate(&["plan", "empty.toml"]).expect(2).says(&["empty.toml", "experiment"]);
}

#[test]
fn an_unknown_parameter_of_an_override_is_a_mistake_with_the_nearest_name() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let said = bench.ablate(&["plan", "small.toml", "--set", "depht=2"]).expect(2);
    said.says(&["unknown parameter `depht`", "did you mean `depth`?"]);
}

#[test]
fn mistakes_of_the_file_and_of_overrides_are_shown_together() {
    let bench = Bench::with(&[("bad.toml", &SMALL.replace("width", "wdth"))]);
    let said = bench.ablate(&["plan", "bad.toml", "--set", "depth=99", "--set", "epochs=soon"]);
    said.expect(2).says(&["did you mean `width`?", "99 is not valid for `depth`", "epochs"]);
}

#[test]
fn an_unknown_experiment_is_told_with_the_known_ones() {
    let bench = Bench::swept();
    for command in ["plan", "table", "compare", "sweep"] {
        bench.ablate(&[command, "smal"]).expect(2).says(&["smal is neither a file nor", "small"]);
    }
    let fresh = Bench::with(&[]);
    fresh.ablate(&["table", "small"]).expect(2).says(&["there is no store.db yet"]);
    assert!(!fresh.store().exists());
}

#[test]
fn asking_before_the_first_sweep_says_how_to_begin() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let asking: [&[&str]; 7] = [
        &["query"],
        &["sql", "SELECT 1"],
        &["show", "0"],
        &["verify", "0"],
        &["table", "small.toml"],
        &["compare", "small.toml"],
        &["list", "experiments"],
    ];
    for args in asking {
        bench.ablate(args).expect(1).says(&["there is no store at", "ablate sweep EXPERIMENT"]);
    }
    assert!(!bench.store().exists(), "asking makes nothing");
}

#[test]
fn a_file_that_is_no_store_is_left_as_it_is() {
    let bench = Bench::with(&[("small.toml", SMALL), ("store.db", "my thesis")]);
    for args in [&["sweep", "small.toml"][..], &["query"], &["plan", "small.toml"]] {
        bench.ablate(args).expect(1).says(&["is not a run store"]);
        assert_eq!(std::fs::read(bench.store()).unwrap(), b"my thesis");
    }
}

#[test]
fn what_cannot_be_typed_is_bad_usage() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let wrong: [&[&str]; 9] = [
        &[],
        &["sweeep"],
        &["sweep"],
        &["sweep", "small.toml", "--jobs", "0"],
        &["sweep", "small.toml", "--jobs", "many"],
        &["query", "--format", "xml"],
        &["list", "colours"],
        &["verify"],
        &["plan", "small.toml", "--log", "a=b=c"],
    ];
    for args in wrong {
        let said = bench.ablate(args).expect(2);
        assert_eq!(said.stdout, "", "{args:?}");
        assert_ne!(said.stderr, "", "{args:?}");
    }
}

#[test]
fn help_tells_the_exit_codes_and_version_the_version() {
    let bench = Bench::with(&[]);
    let help = bench.ablate(&["--help"]).expect(0);
    help.prints(&["0 done; 1 error; 2 bad usage", "3 some runs failed", "130 or 143"]);
    let version = format!("ablate {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(bench.ablate(&["--version"]).expect(0).stdout, version);
}
