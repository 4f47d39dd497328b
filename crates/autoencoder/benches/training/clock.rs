//! Seconds of this thread's processor time where Linux tells, which others on the machine hardly
//! disturb; else, and for spans shorter than its ticks allow, seconds of the clock.

use std::time::Instant;

/// The moment from which on seconds count.
pub(crate) struct Clock {
    start: Instant,
    used: Option<f64>,
}

impl Clock {
    pub(crate) fn now() -> Clock {
        Clock { start: Instant::now(), used: Clock::used() }
    }

    pub(crate) fn seconds(&self) -> f64 {
        let elapsed = self.elapsed();
        let used = Clock::used().zip(self.used).map(|(now, then)| now - then);
        used.filter(|_| elapsed > 0.1).unwrap_or(elapsed)
    }

    /// Seconds of the clock.
    pub(crate) fn elapsed(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    fn used() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    }
}

/// The middle one, or the upper of the two in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
