//! Completions and manual pages: one for every command, made from the commands themselves.

use crate::bench::Bench;

#[test]
fn every_shell_gets_its_completions() {
    let bench = Bench::with(&[]);
    for (shell, sign) in
        [("bash", "complete -F"), ("zsh", "#compdef ablate"), ("fish", "complete -c ablate")]
    {
        let script = bench.ablate(&["completions", shell]).expect(0);
        script.prints(&[sign, "group-by", "completions"]);
    }
    bench.ablate(&["completions", "cmd.exe"]).expect(2);
}

#[test]
fn every_command_has_a_manual_page() {
    let bench = Bench::with(&[]);
    bench.ablate(&["man", "pages/man1"]).expect(0).says(&["pages/man1/ablate.1"]);
    let help = bench.ablate(&["--help"]).expect(0).stdout;
    let commands = help.split("Commands:").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands =
        commands.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let mut count = 0;
    for name in commands.filter_map(|line| line.split_whitespace().next()) {
        if name != "help" {
            let page = std::fs::read_to_string(bench.path(&format!("pages/man1/ablate-{name}.1")));
            assert!(page.unwrap().contains(".SH NAME"), "{name}");
            count += 1;
        }
    }
    assert!(count >= 15, "{count}");
    bench.write("taken", "");
    bench.ablate(&["man", "taken/deep"]).expect(1).says(&["cannot write manual pages"]);
}
