//! From evidence to a word: better, worse, undecided, or too few pairs to say.

use ablate_sweep::Direction;

use crate::stats::{PairedTest, holm};
use crate::tables::{ALPHA, FEWEST_PAIRS};

use super::{SummaryRow, Trend};

/// Corrects and judges. All that can be tested is one family: chosen cells, means and trends alike.
pub(super) fn judge(rows: &mut [SummaryRow], trends: &mut [Trend], direction: Direction) {
    let tests = rows.iter().map(|row| row.evidence.map(|evidence| evidence.test));
    let tests = tests.chain(trends.iter().map(|trend| trend.change.map(|change| change.test)));
    let tests: Vec<Option<PairedTest>> =
        tests.map(|test| test.filter(|test| test.difference.n >= FEWEST_PAIRS)).collect();
    let corrected =
        holm(&tests.iter().map(|test| test.and_then(|test| test.p)).collect::<Vec<_>>());
    let places = rows
        .iter_mut()
        .map(|row| (&mut row.holm_p, &mut row.verdict))
        .chain(trends.iter_mut().map(|trend| (&mut trend.holm_p, &mut trend.verdict)));
    for ((test, p), (holm_p, verdict)) in tests.iter().zip(corrected).zip(places) {
        *holm_p = p;
        *verdict = Verdict::on(test.as_ref(), p, direction);
    }
}

/// What a line of the summary, or a trend, comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The interval excludes 0 on the better side, and the corrected p is below 0.05.
    Better,
    /// The same on the worse side.
    Worse,
    /// The same, for a metric that has no better side.
    Different,
    /// Not so.
    Undecided,
    /// Fewer than three pairs.
    TooFewPairs,
}

impl Verdict {
    /// In a word or a few.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Better => "better",
            Verdict::Worse => "worse",
            Verdict::Different => "different",
            Verdict::Undecided => "undecided",
            Verdict::TooFewPairs => "too few pairs to say",
        }
    }

    /// The verdict on a test with enough pairs. Differences without spread leave it undecided: they
    /// have no t.
    fn on(test: Option<&PairedTest>, holm_p: Option<f64>, direction: Direction) -> Verdict {
        let Some(test) = test else { return Verdict::TooFewPairs };
        let difference = test.difference;
        let told_apart = difference.interval.is_some_and(|interval| !interval.contains(0.0))
            && holm_p.is_some_and(|p| p < ALPHA);
        match (told_apart, direction, difference.mean < 0.0) {
            (false, _, _) => Verdict::Undecided,
            (true, Direction::Neither, _) => Verdict::Different,
            (true, Direction::Lower, true) | (true, Direction::Higher, false) => Verdict::Better,
            (true, Direction::Lower, false) | (true, Direction::Higher, true) => Verdict::Worse,
        }
    }
}
