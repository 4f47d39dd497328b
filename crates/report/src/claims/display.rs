//! Claims as one flat sheet for programs: a line a test, all numbers as they are.

use ablate_sweep::Value;

use crate::grid::{Field, Grid};

use super::{Arm, Claim, Claims, Part, Side, Test};

const SHEET: [&str; 20] = [
    "claim",
    "kind",
    "metric",
    "verdict",
    "statement",
    "group",
    "part_verdict",
    "test",
    "value",
    "low",
    "high",
    "level",
    "n",
    "p",
    "holm_p",
    "side",
    "gap",
    "arms",
    "means",
    "runs",
];

impl Claims {
    /// A line a test, or a line that says why there is none.
    pub fn grid(&self) -> Grid {
        let columns = SHEET.iter().map(|name| (*name).to_owned()).collect();
        let of_part = |claim: &Claim, part: &Part| -> Vec<Vec<Field>> {
            match part.tests.as_slice() {
                [] => vec![line(claim, part, None)],
                tests => tests.iter().map(|test| line(claim, part, Some(test))).collect(),
            }
        };
        let parts =
            self.claims.iter().flat_map(|claim| claim.parts.iter().map(move |part| (claim, part)));
        Grid { columns, rows: parts.flat_map(|(claim, part)| of_part(claim, part)).collect() }
    }
}

fn line(claim: &Claim, part: &Part, test: Option<&Test>) -> Vec<Field> {
    let text = |text: &str| Field::Text(text.to_owned());
    let interval = test.and_then(|test| test.interval);
    let gap = part.gap.as_ref().map(|gap| text(gap.words()));
    let side = test.map(|test| match test.side {
        Side::For => text("for"),
        Side::Against => text("against"),
    });
    vec![
        text(&claim.spec.name),
        text(claim.spec.statement.kind()),
        text(&claim.metric.name),
        text(claim.verdict.word()),
        text(&claim.statement()),
        text(&claim.place(part)),
        text(part.verdict.word()),
        test.map_or(Field::Null, |test| text(&test.what)),
        Field::real(test.map(|test| test.value)),
        Field::real(interval.map(|interval| interval.low)),
        Field::real(interval.map(|interval| interval.high)),
        Field::real(interval.map(|interval| interval.level)),
        Field::count(test.map(|test| test.n)),
        Field::real(test.and_then(|test| test.p)),
        Field::real(test.and_then(|test| test.holm_p)),
        side.unwrap_or(Field::Null),
        gap.unwrap_or(Field::Null),
        joined(part, "; ", |arm| arm.name.clone()),
        joined(part, "; ", |arm| Value::Float(arm.estimate.mean).to_string()),
        joined(part, " ", |arm| {
            let runs = arm.scores.iter().map(|score| score.run.to_string());
            runs.collect::<Vec<_>>().join(" ")
        }),
    ]
}

fn joined(part: &Part, between: &str, of_arm: impl Fn(&Arm) -> String) -> Field {
    let texts: Vec<String> = part.arms.iter().map(of_arm).collect();
    if texts.is_empty() { Field::Null } else { Field::Text(texts.join(between)) }
}
