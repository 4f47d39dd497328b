//! How many runs may train at once: as many as were asked for, but no more than there are runs,
//! and no more than fit into memory whichever of them come together, that is
//! `sum of the k largest peaks <= available bytes`.

use std::fmt;

use crate::order::Queued;

/// How many runs train at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jobs {
    /// How many were asked for.
    pub asked: usize,
    /// How many it is; 0 only where there is nothing to train.
    pub used: usize,
    /// Why it is fewer than asked for, if it is.
    pub lowered: Option<Lowered>,
}

/// Why fewer runs train at once than were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lowered {
    /// There are no more runs.
    FewRuns,
    /// More would not fit into memory.
    Memory {
        /// How many runs do not fit together: one more than train at once.
        runs: usize,
        /// Bytes that the largest so many runs would need at their peaks.
        needed: u64,
        /// Bytes that are available to trainings.
        available: u64,
    },
}

/// As a phrase: `the largest 4 runs need 8.0 GiB together, and 6.5 GiB are available`.
impl fmt::Display for Lowered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Lowered::FewRuns => write!(out, "there are no more runs"),
            Lowered::Memory { runs, needed, available } => {
                let (needed, available) = (show_bytes(*needed), show_bytes(*available));
                write!(out, "the largest {runs} runs need {needed} together, and {available} are")?;
                write!(out, " available")
            }
        }
    }
}

/// The number of jobs for runs with these peaks, each of which fits into `available` by itself.
pub(crate) fn jobs(asked: usize, mut peaks: Vec<u64>, available: Option<u64>) -> Jobs {
    peaks.sort_unstable_by(|left, right| right.cmp(left));
    let few = (peaks.len() < asked).then_some(Lowered::FewRuns);
    let most = asked.min(peaks.len());
    let Some(available) = available else { return Jobs { asked, used: most, lowered: few } };
    let mut needed = 0_u64;
    for (used, peak) in peaks.into_iter().take(most).enumerate() {
        needed = needed.saturating_add(peak);
        if needed > available {
            let lowered = Lowered::Memory { runs: used + 1, needed, available };
            return Jobs { asked, used, lowered: Some(lowered) };
        }
    }
    Jobs { asked, used: most, lowered: few }
}

/// The runs that fit into `available` by themselves, and those that do not, each in order.
pub(crate) fn split(queue: Vec<Queued>, available: Option<u64>) -> (Vec<Queued>, Vec<Queued>) {
    let fits = |queued: &Queued| available.is_none_or(|available| queued.cost.bytes <= available);
    queue.into_iter().partition(fits)
}

/// The message of a run that does not fit by itself.
pub(crate) fn too_large(needed: u64, available: u64) -> String {
    format!(
        "not started: it needs {} at its peak, and {} are available to trainings; \
         smaller batches or layers need less",
        show_bytes(needed),
        show_bytes(available)
    )
}

/// Bytes as a person reads them: `512 B`, `1.5 MiB`.
fn show_bytes(bytes: u64) -> String {
    let mut amount = bytes as f64;
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    for unit in ["KiB", "MiB", "GiB", "TiB"] {
        amount /= 1024.0;
        if amount < 1024.0 {
            return format!("{amount:.1} {unit}");
        }
    }
    format!("{:.1} PiB", amount / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_are_those_asked_for_where_memory_is_unknown_or_plenty() {
        let as_asked = Jobs { asked: 2, used: 2, lowered: None };
        assert_eq!(jobs(2, vec![10, 20, 30], None), as_asked);
        assert_eq!(jobs(2, vec![10, 20, 30], Some(50)), as_asked);
    }

    #[test]
    fn jobs_are_lowered_until_the_largest_runs_fit_together() {
        let lowered = jobs(4, vec![10, 40, 20, 30], Some(75));
        let reason = Lowered::Memory { runs: 3, needed: 90, available: 75 };
        assert_eq!(lowered, Jobs { asked: 4, used: 2, lowered: Some(reason) });
        assert_eq!(
            reason.to_string(),
            "the largest 3 runs need 90 B together, and 75 B are available"
        );
    }

    #[test]
    fn there_are_never_more_jobs_than_runs() {
        let few = Jobs { asked: 8, used: 2, lowered: Some(Lowered::FewRuns) };
        assert_eq!(jobs(8, vec![1, 1], Some(100)), few);
        assert_eq!(jobs(8, Vec::new(), Some(100)).used, 0);
    }

    #[test]
    fn one_run_that_just_fits_is_one_job_and_huge_peaks_do_not_overflow() {
        assert_eq!(jobs(4, vec![75, 75], Some(75)).used, 1);
        assert_eq!(jobs(4, vec![u64::MAX, u64::MAX], Some(u64::MAX)).used, 2);
        assert_eq!(jobs(4, vec![u64::MAX - 1, u64::MAX - 1], Some(u64::MAX - 1)).used, 1);
    }

    #[test]
    fn bytes_are_shown_in_the_unit_that_fits() {
        for (bytes, shown) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_572_864, "1.5 MiB"),
            (8 << 30, "8.0 GiB"),
            (u64::MAX, "16384.0 PiB"),
        ] {
            assert_eq!(show_bytes(bytes), shown);
        }
    }
}
