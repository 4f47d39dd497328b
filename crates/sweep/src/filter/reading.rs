//! What a filter asks of a curve: one of its numbers. A value that is no finite number (where a run
//! diverged, say) is missing, and so is whatever lies beyond the end of the curve.

use crate::metric::Direction;

/// Which number of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// `final(curve)`: the last that is finite.
    Final,
    /// `last(curve)`: the one after the last epoch.
    Last,
    /// `best(curve)`: the lowest or the highest, whichever is better.
    Best,
    /// `min(curve)`: the lowest.
    Min,
    /// `max(curve)`: the highest.
    Max,
    /// `at(curve, epoch)`: the one after an epoch.
    At(Epoch),
}

/// An epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// This one, from 1.
    Number(u32),
    /// The one whose weights the run kept.
    Best,
}

impl Reading {
    /// Those that name a curve and nothing else.
    pub(super) const SIMPLE: [Reading; 5] =
        [Reading::Final, Reading::Last, Reading::Best, Reading::Min, Reading::Max];

    /// Its word in a filter.
    pub fn word(self) -> &'static str {
        match self {
            Reading::Final => "final",
            Reading::Last => "last",
            Reading::Best => "best",
            Reading::Min => "min",
            Reading::Max => "max",
            Reading::At(_) => "at",
        }
    }

    /// The number that it is of `curve`, of which `direction` is better and which was kept after
    /// `best_epoch`. The best is missing where neither direction is better.
    pub fn of(self, curve: &[f64], direction: Direction, best_epoch: Option<u32>) -> Option<f64> {
        let mut finite = curve.iter().copied().filter(|value| value.is_finite());
        let after = |epoch: u32| curve.get(usize::try_from(epoch).ok()?.checked_sub(1)?).copied();
        let found = match self {
            Reading::Final => finite.next_back(),
            Reading::Last => curve.last().copied(),
            Reading::Min => finite.reduce(f64::min),
            Reading::Max => finite.reduce(f64::max),
            Reading::Best => match direction {
                Direction::Lower => finite.reduce(f64::min),
                Direction::Higher => finite.reduce(f64::max),
                Direction::Neither => None,
            },
            Reading::At(Epoch::Number(epoch)) => after(epoch),
            Reading::At(Epoch::Best) => after(best_epoch?),
        };
        found.filter(|value| value.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_a_finite_number_of_the_curve_or_missing() {
        let curve = [0.5, f64::NEG_INFINITY, 0.2, 0.3, f64::NAN];
        let of = |reading: Reading| reading.of(&curve, Direction::Lower, Some(4));
        assert_eq!(of(Reading::Final), Some(0.3));
        assert_eq!(of(Reading::Last), None);
        assert_eq!((of(Reading::Best), of(Reading::Min)), (Some(0.2), Some(0.2)));
        assert_eq!(of(Reading::Max), Some(0.5));
        assert_eq!(of(Reading::At(Epoch::Best)), Some(0.3));
        for (epoch, expected) in [(0, None), (1, Some(0.5)), (2, None), (5, None), (6, None)] {
            assert_eq!(of(Reading::At(Epoch::Number(epoch))), expected, "{epoch}");
        }
        assert_eq!(Reading::Best.of(&curve, Direction::Higher, None), Some(0.5));
        assert_eq!(Reading::Best.of(&curve, Direction::Neither, None), None);
        assert_eq!(Reading::At(Epoch::Best).of(&curve, Direction::Lower, None), None);
        assert_eq!(Reading::Max.of(&[], Direction::Lower, None), None);
    }
}
