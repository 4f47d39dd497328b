//! Moments as people write them in filters: a date, with or without a time of day, in UTC.

/// `text` as the store writes moments (`2026-11-01T00:00:00.000Z`); `None` if it is none. A date is
/// its first moment, and so are a month and a year.
pub(crate) fn moment(text: &str) -> Option<String> {
    let text = text.trim().trim_end_matches(['Z', 'z']);
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = number(parts.next()?, 4, 0..=9999)?;
    let (month, day) = (parts.next(), parts.next());
    if parts.next().is_some() || (time.is_some() && day.is_none()) {
        return None;
    }
    let month = month.map_or(Some(1), |month| number(month, 2, 1..=12))?;
    let day = day.map_or(Some(1), |day| number(day, 2, 1..=days_in(year, month)))?;
    let (hour, minute, millisecond) = time.map_or(Some((0, 0, 0)), time_of_day)?;
    let (second, millisecond) = (millisecond / 1000, millisecond % 1000);
    Some(format!(
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z"
    ))
}

/// Hours, minutes, and the milliseconds of the minute.
fn time_of_day(text: &str) -> Option<(u32, u32, u32)> {
    let mut parts = text.split(':');
    let hour = number(parts.next()?, 2, 0..=23)?;
    let minute = number(parts.next()?, 2, 0..=59)?;
    let Some(seconds) = parts.next() else { return Some((hour, minute, 0)) };
    if parts.next().is_some() {
        return None;
    }
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    let second = number(whole, 2, 0..=59)?;
    let digits = fraction.len();
    let fraction = number(fraction, digits, 0..=999).filter(|_| (1..=3).contains(&digits))?;
    let millisecond = fraction * 10_u32.pow(3 - u32::try_from(digits).ok()?);
    Some((hour, minute, second * 1000 + millisecond))
}

fn number(text: &str, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|number| plain && range.contains(number))
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_date_is_its_first_moment() {
        for (text, expected) in [
            ("2026", "2026-01-01T00:00:00.000Z"),
            ("2026-11", "2026-11-01T00:00:00.000Z"),
            ("2024-02-29", "2024-02-29T00:00:00.000Z"),
            ("2026-11-01 12:30", "2026-11-01T12:30:00.000Z"),
            ("2026-11-01T12:30:05Z", "2026-11-01T12:30:05.000Z"),
            ("2026-11-01T12:30:05.25Z", "2026-11-01T12:30:05.250Z"),
            ("2026-11-01T23:59:59.999", "2026-11-01T23:59:59.999Z"),
        ] {
            assert_eq!(moment(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "today",
            "1.11.2026",
            "11/01/2026",
            "2026-13-01",
            "2026-02-29",
            "1900-02-29",
            "2026-1-1",
            "26-11-01",
            "2026-11-01 24:00",
            "2026-11-01 12",
            "2026-11 12:00",
            "2026-11-01 12:00:00.1234",
            "2026-11-01 12:00:00.",
            "2026-11-01T12:00+02:00",
            "2026-11-01-01",
            "+026-11-01",
            "２０２６",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
