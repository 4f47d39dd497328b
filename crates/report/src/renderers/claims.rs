//! Claims in every format: the verdict and the name, and below them what was claimed, what every test
//! says, and what stood for every arm. CSV has a line a test; JSON has the runs behind every number.

use serde_json::{Value as Json, json};

use crate::claims::{Arm, Claim, Claims, Gap, Part, Side, Test, Verdict};
use crate::run_set::Score;

use super::{Format, Style, csv, html, json, latex, markdown, painted, visible};

impl Claims {
    /// The claims in `format`, with a line break at the end.
    pub fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Text => text(self, style),
            Format::Markdown => list(self, markdown::escape, &MARKDOWN),
            Format::Latex => list(self, latex::escape, &LATEX),
            Format::Html => list(self, html::escape, &HTML),
            Format::Csv => csv::grid(&self.grid()),
            Format::Json => json::pretty(&claims(self)),
        }
    }
}

fn text(claims: &Claims, style: Style) -> String {
    let mut out = String::new();
    for told in claims.told() {
        let code = match told.verdict {
            Verdict::Supported => "32",
            Verdict::Refuted => "31",
            Verdict::Undecided => "33",
        };
        let verdict = painted(told.verdict.word(), code, style.emphasis);
        out.push_str(&format!("{verdict}: {}\n", visible(&told.name)));
        for (level, line) in told.lines {
            out.push_str(&format!("{}{}\n", "  ".repeat(level), visible(&line)));
        }
        out.push('\n');
    }
    out.push_str(&format!("{}\n", visible(&claims.tally())));
    out
}

/// How a format writes nested lists.
struct Lists {
    open: fn(usize) -> String,
    close: fn(usize) -> String,
    item: fn(usize, &str) -> String,
    strong: fn(&str) -> String,
    paragraph: fn(&str) -> String,
}

const MARKDOWN: Lists = Lists {
    open: |_| String::new(),
    close: |_| String::new(),
    item: |level, text| format!("{}- {text}\n", "  ".repeat(level)),
    strong: |text| format!("**{text}**"),
    paragraph: |text| format!("\n{text}\n"),
};

const LATEX: Lists = Lists {
    open: |level| format!("{}\\begin{{itemize}}\n", "  ".repeat(level)),
    close: |level| format!("{}\\end{{itemize}}\n", "  ".repeat(level)),
    item: |level, text| format!("{}\\item {text}\n", "  ".repeat(level)),
    strong: |text| format!("\\textbf{{{text}}}"),
    paragraph: |text| format!("\n\\noindent {text}.\n"),
};

const HTML: Lists = Lists {
    open: |level| format!("{}<ul>\n", "  ".repeat(level)),
    close: |level| format!("{}</ul>\n", "  ".repeat(level)),
    item: |level, text| format!("{}<li>{text}</li>\n", "  ".repeat(level + 1)),
    strong: |text| format!("<strong>{text}</strong>"),
    paragraph: |text| format!("<p>{text}</p>\n"),
};

fn list(claims: &Claims, escape: fn(&str) -> String, lists: &Lists) -> String {
    let told = claims.told();
    let mut out = String::new();
    let mut level = 0;
    let item = |out: &mut String, from: &mut usize, to: usize, text: &str| {
        while *from < to + 1 {
            out.push_str(&(lists.open)(*from));
            *from += 1;
        }
        while *from > to + 1 {
            *from -= 1;
            out.push_str(&(lists.close)(*from));
        }
        out.push_str(&(lists.item)(to, text));
    };
    for claim in told {
        let head = format!("{}: {}", (lists.strong)(claim.verdict.word()), escape(&claim.name));
        item(&mut out, &mut level, 0, &head);
        for (depth, line) in claim.lines {
            item(&mut out, &mut level, depth, &escape(&line));
        }
    }
    while level > 0 {
        level -= 1;
        out.push_str(&(lists.close)(level));
    }
    out.push_str(&(lists.paragraph)(&escape(&claims.tally())));
    out
}

fn claims(claims: &Claims) -> Json {
    json!({
        "schema": json::SCHEMA,
        "claims": claims.claims.iter().map(claim).collect::<Vec<_>>(),
        "tally": claims.tally(),
    })
}

fn claim(claim: &Claim) -> Json {
    json!({
        "name": claim.spec.name,
        "kind": claim.spec.statement.kind(),
        "metric": claim.metric.name,
        "unit": claim.metric.unit,
        "statement": claim.statement(),
        "source": claim.spec.source,
        "verdict": claim.verdict.word(),
        "parts": claim.parts.iter().map(|found| part(claim, found)).collect::<Vec<_>>(),
    })
}

fn part(claim: &Claim, part: &Part) -> Json {
    let gap = part.gap.as_ref().map(Gap::words);
    json!({
        "group": json::labels(&claim.spec.by, &part.group),
        "verdict": part.verdict.word(),
        "gap": gap,
        "tests": part.tests.iter().map(test).collect::<Vec<_>>(),
        "arms": part.arms.iter().map(arm).collect::<Vec<_>>(),
    })
}

fn test(test: &Test) -> Json {
    json!({
        "what": test.what,
        "value": test.value,
        "low": test.interval.map(|interval| interval.low),
        "high": test.interval.map(|interval| interval.high),
        "level": test.interval.map(|interval| interval.level),
        "n": test.n,
        "p": test.p,
        "holm_p": test.holm_p,
        "side": match test.side {
            Side::For => "for",
            Side::Against => "against",
        },
    })
}

fn arm(arm: &Arm) -> Json {
    let choice = arm.choice.as_ref().map(|choice| {
        json!({ "params": choice.params.to_json(), "among": choice.among, "by": choice.by })
    });
    let runs = arm.scores.iter().map(|Score { seed, run, value }| {
        json!({ "seed": seed, "run": run.to_string(), "value": value })
    });
    json!({
        "name": arm.name,
        "estimate": json::estimate(&arm.estimate),
        "trials": arm.trials.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "choice": choice,
        "runs": runs.collect::<Vec<_>>(),
    })
}
