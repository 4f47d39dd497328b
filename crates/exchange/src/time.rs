//! Points in time, as the store writes them and as other programs want them.

/// Seconds since 1970 of `2026-11-26T01:02:03.456Z`; `None` for anything else.
///
/// Days are counted as in <https://howardhinnant.github.io/date_algorithms.html>, `days_from_civil`.
pub(crate) fn unix_seconds(text: &str) -> Option<f64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let mut date = date.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let mut time = time.splitn(3, ':');
    let hour: f64 = time.next()?.parse().ok()?;
    let minute: f64 = time.next()?.parse().ok()?;
    let second: f64 = time.next()?.parse().ok()?;
    // Years begin in March, so that the leap day is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = of_era * 365 + of_era / 4 - of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    Some(days as f64 * 86_400.0 + hour * 3_600.0 + minute * 60.0 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `date -u -d 2026-11-26T01:02:03 +%s`, and the like.
    #[test]
    fn seconds_are_those_of_the_clock() {
        assert_eq!(unix_seconds("1970-01-01T00:00:00.000Z"), Some(0.0));
        assert_eq!(unix_seconds("2026-11-26T01:02:03.500Z"), Some(1_795_654_923.5));
        assert_eq!(unix_seconds("2024-02-29T23:59:59.000Z"), Some(1_709_251_199.0));
        for text in ["", "2026-11-26", "2026-11-26T01:02Z", "now", "2026-11-26T01:02:03"] {
            assert_eq!(unix_seconds(text), None, "{text}");
        }
    }
}
