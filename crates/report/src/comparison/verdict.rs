//! From evidence to a word: better, worse, undecided, or too few pairs to say.

use ablate_sweep::Direction;

use crate::tables::{ALPHA, FEWEST_PAIRS};

use super::Evidence;

/// What a line of the summary comes to.
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

    /// The verdict on `evidence`. Differences without spread leave it undecided: they have no t.
    pub(super) fn on(
        evidence: Option<&Evidence>,
        holm_p: Option<f64>,
        direction: Direction,
    ) -> Verdict {
        let Some(evidence) = evidence.filter(|e| e.test.difference.n >= FEWEST_PAIRS) else {
            return Verdict::TooFewPairs;
        };
        let difference = evidence.test.difference;
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
