//! The commands that `QUESTIONS.md` shows answer what they are asked.

use crate::bench::Bench;

const PAGE: &str = include_str!("../../QUESTIONS.md");

/// The words of a command line without escapes.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(index, part)| match index % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn every_question_is_answered() {
    let bench = Bench::swept();
    let mut answered = 0;
    for question in PAGE.split("\n## ").skip(1) {
        let block = question.split("```console\n").nth(1).unwrap().split("```").next().unwrap();
        for line in block.lines() {
            let line = line.strip_prefix("$ ablate ").expect("a command of ablate");
            let words = words(line);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let ended = bench.ablate(&words).expect(0);
            let rows = ended.stdout.lines().count();
            let none = line.starts_with("tag") || line.contains("failed");
            assert!(rows > 2 || none, "{line}: {}", ended.stdout);
        }
        answered += 1;
    }
    assert_eq!(answered, 10);
}
