//! Claims in words: what was claimed, and what the runs say to it.

use ablate_sweep::claim::{ClaimSpec, Statement};

use crate::label::{params_phrase, phrase};
use crate::number::{Precision, counted, exact, p_phrase, plain, rounded, unit_phrase};
use crate::stats::{Estimate, Interval};
use crate::tables::{ALPHA, FEWEST_PAIRS};

use super::{Arm, Claim, Claims, Part, Scale, Side, Test, Verdict};

/// One claim as lines; each part of it, and each of its arms, one level deeper.
pub(crate) struct Told {
    pub(crate) verdict: Verdict,
    pub(crate) name: String,
    pub(crate) lines: Vec<(usize, String)>,
}

impl Claims {
    /// Every claim in words.
    pub(crate) fn told(&self) -> Vec<Told> {
        self.claims.iter().map(Claim::told).collect()
    }

    /// How many came out how, and how that was decided.
    pub(crate) fn tally(&self) -> String {
        let count = |verdict: Verdict| {
            let found = self.claims.iter().filter(|claim| claim.verdict == verdict).count();
            format!("{found} {}", verdict.word())
        };
        let verdicts = [Verdict::Supported, Verdict::Refuted, Verdict::Undecided].map(count);
        let parts = self.claims.iter().flat_map(|claim| &claim.parts);
        let tests = parts.flat_map(|part| &part.tests).filter(|test| test.p.is_some()).count();
        format!(
            "{}: {}; decided at Holm < {ALPHA}, corrected over {}",
            counted(self.claims.len(), "claim"),
            verdicts.join(", "),
            counted(tests, "test")
        )
    }
}

impl Claim {
    /// What is claimed, as a sentence without its full stop.
    pub fn statement(&self) -> String {
        let spec = &self.spec;
        let mut said = statement(spec, self.metric.unit);
        if !spec.by.is_empty() {
            said.push_str(&format!(", for every {}", spec.by.join(", ")));
        }
        if let Some(filter) = &spec.filter {
            said.push_str(&format!(", where {}", filter.text));
        }
        said
    }

    fn told(&self) -> Told {
        let mut lines = vec![(1, self.statement())];
        lines.extend(self.spec.source.iter().map(|source| (1, format!("source: {source}"))));
        for part in &self.parts {
            lines.extend(self.part(part));
        }
        Told { verdict: self.verdict, name: self.spec.name.clone(), lines }
    }

    fn part(&self, part: &Part) -> Vec<(usize, String)> {
        let place = self.place(part);
        let verdict = match self.parts.len() {
            1 => String::new(),
            _ => format!(": {}", part.verdict.word()),
        };
        let head = if place.is_empty() { String::new() } else { format!("{place}: ") };
        let mut lines: Vec<(usize, String)> = match &part.gap {
            Some(gap) => vec![(1, format!("{head}{}{verdict}", gap.words()))],
            None => {
                let tests = part.tests.iter();
                tests.map(|test| (1, format!("{head}{}", self.test(test)))).collect()
            }
        };
        if let (None, Some((_, first))) = (&part.gap, lines.first_mut()) {
            first.push_str(&verdict);
        }
        let precision = Precision::of(self.metric.unit, part.arms.iter().map(|arm| &arm.estimate));
        let unit = if self.metric.unit == "fraction" { " %".to_owned() } else { String::new() };
        for (at, arm) in part.arms.iter().enumerate() {
            let given = self.given(at);
            lines.push((2, format!("{}{}", told_arm(arm, precision, &unit), given)));
        }
        lines
    }

    /// `depth 3`: the values of the `by` parameters.
    pub(super) fn place(&self, part: &Part) -> String {
        let names = self.spec.by.iter().map(String::as_str);
        let labels = part.group.iter().map(ToString::to_string);
        phrase(names.zip(labels).filter(|(_, label)| label != "-"))
    }

    /// `difference: -1.55 percentage points [-2.50, -0.60] (n = 8 seeds, p = 0.006, Holm 0.031)`.
    fn test(&self, test: &Test) -> String {
        let number = match test.scale {
            Scale::Metric => self.signed(test),
            Scale::Ratio | Scale::Correlation => {
                let interval = test.interval.map(|interval| {
                    format!(" [{}, {}]", plain(interval.low, 2), plain(interval.high, 2))
                });
                format!("{}{}", plain(test.value, 2), interval.unwrap_or_default())
            }
        };
        let ps = match (test.p, test.holm_p) {
            (Some(p), Some(holm)) => {
                let holm = p_phrase("Holm", holm).replace(" = ", " ");
                format!(", {}, {holm}", p_phrase("p", p))
            }
            (None, _) | (_, None) => ", the same in every seed, so without p".to_owned(),
        };
        let side = match test.side {
            Side::For => "",
            Side::Against => ", not as claimed",
        };
        format!("{}: {number} (n = {}{ps}){side}", test.what, counted(test.n, "seed"))
    }

    fn signed(&self, test: &Test) -> String {
        let shown = Estimate { mean: test.value, interval: test.interval, n: test.n };
        let precision = Precision::of(self.metric.unit, std::iter::once(&shown));
        let ends = |interval: Interval| {
            format!(" [{}, {}]", precision.signed(interval.low), precision.signed(interval.high))
        };
        let interval = test.interval.map(ends).unwrap_or_default();
        let unit = unit_phrase(self.metric.unit);
        format!("{}{unit}{interval}", precision.signed(test.value))
    }

    /// The number that a rank correlation sets beside an arm.
    fn given(&self, at: usize) -> String {
        match &self.spec.statement {
            Statement::RankCorrelation { values, .. } => values
                .get(at)
                .map_or_else(String::new, |value| format!(", given {}", shown(*value))),
            _ => String::new(),
        }
    }
}

fn statement(spec: &ClaimSpec, unit: &str) -> String {
    let metric = &spec.measured();
    match &spec.statement {
        Statement::Below([first, second]) => {
            format!("{metric} is lower with {} than with {}", first.text, second.text)
        }
        Statement::Above([first, second]) => {
            format!("{metric} is higher with {} than with {}", first.text, second.text)
        }
        Statement::Equal { arms: [first, second], margin } => {
            let factor = if unit == "fraction" { 100.0 } else { 1.0 };
            format!(
                "{metric} differs by less than {}{} between {} and {}",
                shown(margin * factor),
                unit_phrase(unit),
                first.text,
                second.text
            )
        }
        Statement::LessSpread([first, second]) => {
            format!(
                "{metric} spreads less over seeds with {} than with {}",
                first.text, second.text
            )
        }
        Statement::GapGrows { arms: [first, second], along } => format!(
            "{metric} with {} minus {metric} with {} grows along {along}",
            first.text, second.text
        ),
        Statement::Rising(along) => format!("{metric} rises along {along}"),
        Statement::Falling(along) => format!("{metric} falls along {along}"),
        Statement::InnerOptimum(along) => {
            format!("the best {metric} lies inside the range of {along}")
        }
        Statement::RankCorrelation { arms, at_least, .. } => format!(
            "the order of {metric} over {} arms agrees with that of the numbers given: Spearman's r of \
             at least {}",
            arms.len(),
            shown(*at_least)
        ),
    }
}

/// `pretraining == 'greedy': 6.59 ± 0.60 %; variant basic (best valid_error of 7)`.
fn told_arm(arm: &Arm, precision: Precision, unit: &str) -> String {
    let half = arm.estimate.half_width().map(|half| format!(" ± {}", precision.show(half)));
    let mean = precision.show(arm.estimate.mean);
    let value = format!("{mean}{}{unit}", half.unwrap_or_default());
    let cells = match (&arm.choice, arm.trials.len()) {
        (Some(choice), _) => {
            let chosen = params_phrase(&choice.params, &arm.telling);
            format!("; {chosen} (best {} of {})", choice.by, choice.among)
        }
        (None, 0 | 1) => String::new(),
        (None, cells) => format!("; mean of {}", counted(cells, "cell")),
    };
    let few = if arm.by_seed.len() < FEWEST_PAIRS {
        format!(" (n = {})", counted(arm.by_seed.len(), "seed"))
    } else {
        String::new()
    };
    format!("{}: {value}{few}{cells}", arm.name)
}

fn shown(value: f64) -> String {
    exact(rounded(value))
}
