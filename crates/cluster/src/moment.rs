//! The time now, as the store writes it, and stamps, which no clock that jumps back can turn round.

use std::time::{SystemTime, UNIX_EPOCH};

/// When something happens: for people, and for the order of events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// What the clock says: UTC, ISO 8601 with milliseconds.
    pub at: String,
    /// The clock's milliseconds since 1970 or, where those are behind, one more than the stamp before:
    /// the stamps of the store.
    pub stamp: i64,
}

impl Moment {
    /// Now, behind all that has the stamp `last` or a smaller one.
    pub fn after(last: i64) -> Moment {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let clock = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Moment {
            at: text(since.as_secs(), since.subsec_millis()),
            stamp: clock.max(last.saturating_add(1)),
        }
    }
}

/// Days to a date by the calendar's cycles of 400 years (146097 days), counted from 1 March of year 0.
fn text(seconds: u64, millis: u32) -> String {
    let days = seconds / 86_400 + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year_of_cycle = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = cycle * 400 + year_of_cycle + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn seconds_become_dates() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400, "2000-02-29T00:00:00.000Z"),
            (951_868_799, "2000-02-29T23:59:59.000Z"),
            (1_709_164_800, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599, "2024-12-31T23:59:59.000Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(text(seconds, 0), expected);
        }
    }
}
