//! A comparison in words: `depth 3: greedy lowers test_error by 1.20 percentage points [0.80, 1.60]
//! (n = 5 pairs, p = 0.003, Holm 0.009): better`. Only what is decided lowers or raises; the rest
//! `changes test_error by -0.15 percentage points [-0.87, +0.57]`, with the table's signs.

use ablate_sweep::Direction;

use crate::label::{params_phrase, phrase};
use crate::number::{Precision, counted, p_phrase, unit_phrase};
use crate::stats::{Estimate, PairedTest};

use super::{Change, Comparison, Opponent, Scope, SummaryRow, Trend, Verdict};

impl Comparison {
    /// A sentence a trend, then one a line of the summary, in their orders.
    pub fn sentences(&self) -> Vec<String> {
        let trends = self.trends.iter().map(|trend| self.trend_sentence(trend));
        trends.chain(self.summary.iter().map(|row| self.sentence(row))).collect()
    }

    fn sentence(&self, row: &SummaryRow) -> String {
        let group = phrase(
            self.by.iter().map(String::as_str).zip(row.group.iter().map(ToString::to_string)),
        );
        let place = if group.is_empty() { String::new() } else { format!("{group}: ") };
        let subject = format!("{}{}{}", row.value, self.scope(&row.scope), self.against(row));
        let verdict = row.verdict.word();
        let Some(evidence) = &row.evidence else {
            return format!("{place}{subject}: no pairs, {verdict}");
        };
        let effect = self.effect(&evidence.test.difference, row.verdict);
        let statistics = statistics("pair", "difference", &evidence.test, row.holm_p);
        format!("{place}{subject} {effect} ({statistics}): {verdict}")
    }

    fn trend_sentence(&self, trend: &Trend) -> String {
        let (name, by) = (&self.metric.name, self.by.join(", "));
        let [from, to] = &trend.ends;
        let subject = format!(
            "from {by} {from} to {by} {to}, the difference {} makes to {name}",
            trend.value
        );
        let verdict = trend.verdict.word();
        let Some(change) = &trend.change else {
            return format!("{subject}: no seed has a pair at both, {verdict}");
        };
        let mean = &change.test.difference;
        let effect = if unchanged(mean) {
            "stays as it is".to_owned()
        } else {
            format!("changes by {}", self.signed(mean))
        };
        let statistics = statistics("seed", "change", &change.test, trend.holm_p);
        let meaning = meaning(trend.verdict, change, self.metric.direction);
        format!("{subject} {effect} ({statistics}): {verdict}{meaning}")
    }

    /// Which cells the line is about, behind the axis value.
    fn scope(&self, scope: &Scope) -> String {
        match scope {
            Scope::Chosen { among: 1, .. } => String::new(),
            Scope::Chosen { params, among, .. } => {
                let params = params_phrase(params, &self.varying);
                format!(" with {params} (best {} of {among})", self.select)
            }
            Scope::Mean { cells, .. } => format!(", mean of {},", counted(cells.len(), "cell")),
            Scope::NoneChosen { among } => {
                format!(" ({}, none with {})", counted(*among, "cell"), self.select)
            }
        }
    }

    /// Which cell at the baseline was chosen, where there were several.
    fn against(&self, row: &SummaryRow) -> String {
        match &row.opponent {
            Some(Opponent { params, telling, among: among @ 2.., .. }) => {
                let params = params_phrase(params, telling);
                format!(" against {} with {params} (best of {among})", self.baseline)
            }
            Some(_) | None => String::new(),
        }
    }

    /// `lowers test_error by 1.20 percentage points [0.80, 1.60]` where the direction is decided;
    /// the interval is that of the effect in this direction.
    fn effect(&self, difference: &Estimate, verdict: Verdict) -> String {
        let name = &self.metric.name;
        match verdict {
            Verdict::Better | Verdict::Worse | Verdict::Different => {
                let turned = difference.mean < 0.0;
                let verb = if turned { "lowers" } else { "raises" };
                let sign = if turned { -1.0 } else { 1.0 };
                let precision = self.precision(difference);
                let show = |value: f64| precision.show(sign * value);
                format!("{verb} {name} by {}", self.size(difference, turned, show))
            }
            Verdict::Undecided | Verdict::TooFewPairs if unchanged(difference) => {
                format!("leaves {name} as it is")
            }
            Verdict::Undecided | Verdict::TooFewPairs => {
                format!("changes {name} by {}", self.signed(difference))
            }
        }
    }

    /// `-0.15 percentage points [-0.87, +0.57]`.
    fn signed(&self, difference: &Estimate) -> String {
        let precision = self.precision(difference);
        self.size(difference, false, |value| precision.signed(value))
    }

    /// The mean, its unit and its interval; where the signs are turned, its ends change places.
    fn size(&self, difference: &Estimate, turned: bool, show: impl Fn(f64) -> String) -> String {
        let interval = difference.interval.map(|interval| {
            let (low, high) = (show(interval.low), show(interval.high));
            if turned { format!(" [{high}, {low}]") } else { format!(" [{low}, {high}]") }
        });
        let unit = unit_phrase(self.metric.unit);
        format!("{}{unit}{}", show(difference.mean), interval.unwrap_or_default())
    }

    fn precision(&self, difference: &Estimate) -> Precision {
        Precision::of(self.metric.unit, std::iter::once(difference))
    }
}

/// What a decided change means: less harm is not help, so the side that the difference is on counts.
fn meaning(verdict: Verdict, change: &Change, direction: Direction) -> &'static str {
    let helps = |difference: &Estimate| match direction {
        Direction::Lower => difference.mean < 0.0,
        Direction::Higher => difference.mean > 0.0,
        Direction::Neither => false,
    };
    match verdict {
        Verdict::Better if helps(&change.last) => ", it helps more",
        Verdict::Better => ", it harms less",
        Verdict::Worse if helps(&change.first) => ", it helps less",
        Verdict::Worse => ", it harms more",
        Verdict::Different | Verdict::Undecided | Verdict::TooFewPairs => "",
    }
}

fn unchanged(difference: &Estimate) -> bool {
    difference.mean == 0.0 && difference.interval.is_none()
}

/// `n = 5 pairs, p = 0.003, Holm 0.009`, with the words for one replicate and for its value.
fn statistics(replicate: &str, value: &str, test: &PairedTest, holm_p: Option<f64>) -> String {
    let n = test.difference.n;
    let p = match (holm_p, test.p) {
        (Some(holm), Some(p)) => {
            let holm = p_phrase("Holm", holm).replace(" = ", " ");
            format!(", {}, {holm}", p_phrase("p", p))
        }
        (None, None) if n >= 2 => {
            format!(", all with the same {value}, so without interval or p")
        }
        (None | Some(_), Some(_) | None) => String::new(),
    };
    format!("n = {}{p}", counted(n, replicate))
}
