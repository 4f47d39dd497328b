//! `diff`: what two runs do not have in common.

use std::process::Command;

use crate::bench::Bench;
use crate::store::meddle;

/// Two runs, equal but for the seed.
fn two(bench: &Bench) -> [String; 2] {
    ["seed == 0", "seed == 1"]
        .map(|seed| bench.ask(&format!("{seed} and depth == 1 and variant == 'denoising'"), "id"))
}

#[test]
fn what_differs_is_shown_and_what_does_not_is_left_out() {
    let bench = Bench::swept();
    let [left, right] = two(&bench);
    let found = bench.ablate(&["diff", &left, &right]).expect(0);
    found.prints(&["parameters: the same", "seed", "weights", "test_error", "train_loss, epoch 1"]);
    let json = bench.ablate(&["diff", &left, &right, "--format", "json"]).expect(0).json();
    assert_eq!(json["runs"], serde_json::json!([left, right]));
    assert_eq!(json["parameters"], serde_json::json!({}));
    assert_eq!(json["origin"]["seed"], serde_json::json!([0, 1]));
    assert!(json["origin"].get("data").is_none());
    let deeper = bench.ask("seed == 0 and depth == 2 and variant == 'denoising'", "id");
    let json = bench.ablate(&["diff", &left, &deeper, "--format", "json"]).expect(0).json();
    assert_eq!(json["parameters"]["depth"], serde_json::json!([1, 2]));
    let same = bench.ablate(&["diff", &left, &left]).expect(0);
    same.prints(&[
        "parameters: the same",
        "origin: the same",
        "scores: the same",
        "curves: the same",
    ]);
    bench.ablate(&["diff", &left, "zz"]).expect(2).says(&["no run"]);
}

fn git(bench: &Bench, args: &[&str]) -> String {
    let mut call = Command::new("git");
    call.args(["-c", "user.name=a", "-c", "user.email=a@example.org"]);
    let output = call.args(args).current_dir(bench.path("")).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn what_sweeps_write_into_results_is_no_change_of_the_code() {
    let bench = Bench::with_tiny(3);
    bench.write("results/tables.md", "none yet\n");
    bench.write("code/rate.rs", "let rate = 1;\n");
    git(&bench, &["init", "-q"]);
    git(&bench, &["add", "."]);
    git(&bench, &["commit", "-q", "-m", "step"]);
    let commit = git(&bench, &["rev-parse", "HEAD"]);
    let trained = |seed: u32| {
        let seeds = format!("seeds={}", seed + 1);
        bench.ablate(&["sweep", "tiny.toml", "--set", &seeds]).expect(0);
        let [commit, changes] =
            ["git_commit", "git_dirty"].map(|column| bench.ask(&format!("seed == {seed}"), column));
        (commit, changes)
    };
    bench.write("results/tables.md", "one\n");
    assert_eq!(trained(0), (commit.clone(), String::new()));
    bench.write("code/rate.rs", "let rate = 2;\n");
    let (of, changes) = trained(1);
    assert_eq!((of, changes.len()), (commit, 16));
    bench.write("results/tables.md", "two\n");
    assert_eq!(trained(2).1, changes);
}

#[test]
fn code_is_compared_where_git_knows_both_commits() {
    let bench = Bench::swept();
    let [left, right] = two(&bench);
    git(&bench, &["init", "-q"]);
    let commit = |text: &str| {
        bench.write("code.rs", text);
        git(&bench, &["add", "code.rs"]);
        git(&bench, &["commit", "-q", "-m", "step"]);
        git(&bench, &["rev-parse", "HEAD"])
    };
    let (old, new) = (commit("let rate = 1;\n"), commit("let rate = 2;\n"));
    let tell = |right_commit: &str| {
        meddle(
            &bench.store(),
            &format!(
                "UPDATE session SET git_commit = '{old}', git_dirty = NULL;
                 INSERT OR REPLACE INTO session (key, id, started_at, version, git_commit, command,
                     os, pid) VALUES (99, 'b', '', '', '{right_commit}', '', '', 1);
                 UPDATE run SET session = 99 WHERE id = '{right}'"
            ),
        );
        bench.ablate(&["diff", &left, &right]).expect(0)
    };
    tell(&old).prints(&["code\n  the same\n"]);
    tell("0123456789abcdef").prints(&["git does not know 0123456789abcdef here"]);
    tell("--output=owned").prints(&["git does not know --output=owned here"]);
    assert!(!bench.path("owned").exists());
    tell(&new).prints(&["code.rs", "1 file changed"]);
    bench.ablate(&["diff", &left, &right, "--patch"]).expect(0).prints(&["+let rate = 2;"]);
}
