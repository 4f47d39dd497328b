//! The summary in words: `depth 3: greedy lowers test_error by 1.20 percentage points [0.80, 1.60]
//! (n = 5 pairs, p = 0.003, Holm 0.009): better`.

use crate::label::{params_phrase, phrase};
use crate::number::{Precision, p_phrase, unit_phrase};

use super::{Comparison, Evidence, Scope, SummaryRow};

impl Comparison {
    /// One sentence a line of the summary, in its order.
    pub fn sentences(&self) -> Vec<String> {
        self.summary.iter().map(|row| self.sentence(row)).collect()
    }

    fn sentence(&self, row: &SummaryRow) -> String {
        let group = phrase(
            self.by.iter().map(String::as_str).zip(row.group.iter().map(ToString::to_string)),
        );
        let place = if group.is_empty() { String::new() } else { format!("{group}: ") };
        let subject = format!("{}{}", row.value, self.scope(&row.scope));
        let Some(evidence) = &row.evidence else {
            return format!("{place}{subject}: no pairs, {}", row.verdict.word());
        };
        let effect = self.effect(evidence);
        let statistics = statistics(row, evidence);
        format!("{place}{subject} {effect} ({statistics}): {}", row.verdict.word())
    }

    /// Which cells the line is about, behind the axis value.
    fn scope(&self, scope: &Scope) -> String {
        match scope {
            Scope::Chosen { among: 1, .. } => String::new(),
            Scope::Chosen { params, among, .. } => {
                let params = params_phrase(params, &self.varying);
                format!(" with {params} (best {} of {among})", self.select)
            }
            Scope::Mean { cells, .. } if cells.is_empty() => ", mean of no cell".to_owned(),
            Scope::Mean { cells, .. } => format!(", mean of {} cells,", cells.len()),
            Scope::NoneChosen { among } => format!(" ({among} cells, none with {})", self.select),
        }
    }

    /// `lowers test_error by 1.20 percentage points [0.80, 1.60]`: the interval is that of the
    /// effect in the direction stated, so one that reaches below 0 leaves the direction open.
    fn effect(&self, evidence: &Evidence) -> String {
        let (name, unit) = (&self.metric.name, unit_phrase(self.metric.unit));
        let difference = evidence.test.difference;
        if difference.mean == 0.0 && difference.interval.is_none() {
            return format!("leaves {name} as it is");
        }
        let sign = if difference.mean < 0.0 { -1.0 } else { 1.0 };
        let verb = if difference.mean < 0.0 { "lowers" } else { "raises" };
        let precision = Precision::of(self.metric.unit, [difference].iter());
        let size = precision.show(sign * difference.mean);
        let interval = difference.interval.map(|interval| {
            let (one, other) = (sign * interval.low, sign * interval.high);
            format!(" [{}, {}]", precision.show(one.min(other)), precision.show(one.max(other)))
        });
        format!("{verb} {name} by {size}{unit}{}", interval.unwrap_or_default())
    }
}

fn statistics(row: &SummaryRow, evidence: &Evidence) -> String {
    let n = evidence.test.difference.n;
    let pairs = if n == 1 { "n = 1 pair".to_owned() } else { format!("n = {n} pairs") };
    let p = match (row.holm_p, evidence.test.p) {
        (Some(holm), Some(p)) => {
            let holm = p_phrase("Holm", holm).replace(" = ", " ");
            format!(", {}, {holm}", p_phrase("p", p))
        }
        (None, _) if n >= 2 && evidence.test.p.is_none() => {
            ", all with the same difference, so without interval or p".to_owned()
        }
        (None | Some(_), Some(_) | None) => String::new(),
    };
    format!("{pairs}{p}")
}
