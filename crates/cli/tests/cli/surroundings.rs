//! What the program is called in: terminals and pipes, colors, disks that are full or read-only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use crate::bench::{Bench, Ended, SMALL};

const ESCAPE: char = '\u{1b}';

#[test]
fn a_pipe_is_never_colored_unless_asked_for() {
    let bench = Bench::swept();
    let table = ["table", "small", "errors"];
    let plain = bench.ablate(&table).expect(0).stdout;
    assert!(!plain.contains(ESCAPE));
    let with = |choice: &str| bench.ablate(&[&table[..], &["--color", choice]].concat()).expect(0);
    assert_eq!((with("auto").stdout, with("never").stdout), (plain.clone(), plain.clone()));
    let colored = with("always").stdout;
    assert!(colored.contains(ESCAPE));
    assert_eq!(without_colors(&colored), plain, "colors change nothing else");
}

#[test]
fn messages_are_colored_if_asked_for() {
    let bench = Bench::with(&[("bad.toml", "[grid]\ndpth = 1")]);
    let said =
        |choice: &str| bench.ablate(&["plan", "bad.toml", "--color", choice]).expect(2).stderr;
    assert!(said("always").contains(ESCAPE) && !said("never").contains(ESCAPE));
    assert_eq!(without_colors(&said("always")).trim(), said("never").trim());
}

/// `text` without the escapes that color it.
fn without_colors(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.split_once('m').map_or(part, |(_, rest)| rest))
}

/// Calls the program on a terminal; `None` where there is no `script` to make one.
fn on_a_terminal(bench: &Bench, line: &str, variable: (&str, &str)) -> Option<Ended> {
    let program = env!("CARGO_BIN_EXE_ablate");
    let mut command = Command::new("script");
    command.args(["-qec", &format!("'{program}' {line}"), "/dev/null"]);
    let template = bench.command(&[]);
    command.current_dir(template.get_current_dir().unwrap()).env_clear();
    command.envs(template.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env(variable.0, variable.1).stdin(Stdio::null());
    match command.output() {
        Ok(output) => Some(Ended::of(output)),
        Err(_) => {
            skipped("no `script` to make a terminal with");
            None
        }
    }
}

#[expect(clippy::print_stderr, reason = "a test that was not made must be heard of")]
pub(crate) fn skipped(why: &str) {
    eprintln!("SKIPPED: {why}");
}

#[test]
fn a_terminal_is_colored_unless_it_cannot_or_should_not_be() {
    let bench = Bench::swept();
    let colored = |variable| {
        let ended = on_a_terminal(&bench, "table small errors", variable)?.expect(0);
        ended.stdout.contains("errors").then(|| ended.stdout.contains(ESCAPE))
    };
    let Some(usual) = colored(("TERM", "xterm")) else { return };
    assert!(usual);
    assert_eq!(colored(("NO_COLOR", "1")), Some(false));
    assert_eq!(colored(("NO_COLOR", "")), Some(true), "empty is as good as unset");
    assert_eq!(colored(("TERM", "dumb")), Some(false));
}

#[test]
fn bars_are_drawn_on_a_terminal_that_can_move_its_cursor() {
    let sweep = |variable| {
        let bench = Bench::with(&[("small.toml", SMALL)]);
        let line = "sweep small.toml --set depth=1 --set pretraining=none";
        Some(on_a_terminal(&bench, line, variable)?.expect(0).stdout)
    };
    let Some(usual) = sweep(("TERM", "xterm")) else { return };
    assert!(usual.contains("/3 runs"), "{usual}");
    let dumb = sweep(("TERM", "dumb")).unwrap();
    assert!(dumb.contains("3 finished") && !dumb.contains(ESCAPE), "{dumb}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let bench = Bench::swept();
    let calls: [&[&str]; 7] = [
        &["query", "--columns", "all"],
        &["sql", "SELECT * FROM curves"],
        &["table", "small"],
        &["list", "metrics"],
        &["plan", "small.toml", "--format", "json"],
        &["sweep", "small.toml"],
        &["--help"],
    ];
    for args in calls {
        let mut call = bench.start(args);
        drop(call.0.stdout.take());
        let ended = call.end(std::time::Duration::from_secs(20)).expect(0);
        assert!(!ended.stderr.contains("error"), "{args:?}: {}", ended.stderr);
    }
}

#[test]
fn messages_that_nobody_reads_do_not_stop_a_sweep() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let args = ["sweep", "small.toml", "--set", "depth=1", "--log", "trace"];
    let mut sweep = bench.start(&args);
    drop(sweep.0.stderr.take());
    sweep.end(std::time::Duration::from_secs(30)).expect(0).prints(&["errors"]);
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let Ok(full) = OpenOptions::new().write(true).open("/dev/full") else {
        return skipped("no /dev/full");
    };
    let bench = Bench::swept();
    let output = bench.command(&["query"]).stdout(full).spawn().unwrap().wait_with_output();
    Ended::of(output.unwrap()).expect(1).says(&["No space left"]);
}

#[test]
fn quiet_says_nothing_but_data_and_errors() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let sweep = bench.ablate(&["sweep", "small.toml", "--quiet", "--set", "depth=1"]).expect(0);
    assert_eq!(sweep.stderr, "");
    assert!(sweep.stdout.contains("errors"));
    assert_eq!(bench.ablate(&["query", "-q"]).expect(0).stderr, "");
    bench.ablate(&["query", "dept == 1", "-q"]).expect(2).says(&["dept"]);
}

#[test]
fn neither_home_nor_path_nor_a_terminal_is_needed() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let mut bare = bench.command(&["sweep", "small.toml", "--set", "depth=1"]);
    bare.env_clear().env("ABLATE_DB", "store.db");
    Ended::of(bare.output().unwrap()).expect(0).prints(&["errors"]);
}

#[test]
fn logs_go_to_stderr_as_far_as_they_are_asked_for() {
    let bench = Bench::with(&[("small.toml", SMALL)]);
    let sweep = ["sweep", "small.toml", "--set", "depth=1", "--set", "pretraining=none"];
    let said = bench.ablate(&[&sweep[..], &["--log", "debug"]].concat()).expect(0);
    assert!(said.stderr.contains("DEBUG") && !said.stdout.contains("DEBUG"), "{}", said.stderr);
    let said = bench.ablate(&[&sweep[..], &["--log", "off"]].concat()).expect(0);
    assert!(!said.stderr.contains("DEBUG"));
}

#[test]
fn a_store_that_cannot_be_written_can_be_asked() {
    let bench = Bench::swept();
    let (store, folder) = (bench.store(), bench.store().parent().unwrap().to_owned());
    let allow = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    allow(&store, 0o444);
    allow(&folder, 0o555);
    let root = fs::write(bench.path("probe"), "").is_ok();
    let query = bench.ablate(&["query"]);
    let table = bench.ablate(&["table", "small"]);
    let sweep = bench.ablate(&["sweep", "small.toml", "--set", "depth=3"]);
    allow(&folder, 0o755);
    query.expect(0).says(&["18 runs"]);
    table.expect(0);
    if root {
        return skipped("the superuser may write everywhere");
    }
    sweep.expect(1).says(&["read-only"]);
}

#[test]
fn input_is_never_waited_for() {
    let bench = Bench::swept();
    let mut call = bench.command(&["query"]).stdin(Stdio::piped()).spawn().unwrap();
    let _unread = call.stdin.as_mut().map(|pipe| pipe.write_all(b"y\n"));
    Ended::of(call.wait_with_output().unwrap()).expect(0);
}
