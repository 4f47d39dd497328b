//! What trains runs, tells what would be trained, or trains them again.

use std::num::NonZeroUsize;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::Target;

#[derive(Debug, Args)]
pub(crate) struct Sweep {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Trainings at a time, one thread each; as many as there are cores if not given
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// Stop the sweep at the first run that fails
    #[arg(long)]
    pub(crate) fail_fast: bool,
    /// Give each run so much time, such as `90s`, `20m` or `1h30m`: one that takes longer has failed as
    /// timed out; what it came to is kept, and the next sweep goes on from there
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) run_timeout: Option<Duration>,
    /// Give the sweep so much time: then it stops as it does at Ctrl-C
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
    /// Train each run in a process of its own: one that aborts, overflows its stack or is killed for want
    /// of memory fails alone; the bits are the same
    #[arg(long)]
    pub(crate) isolate: bool,
    /// Train also what a process that cannot be seen from here holds (another machine, another
    /// container): only where it is known to be gone
    #[arg(long)]
    pub(crate) take_over: bool,
    /// Keep no weights and no logs: nothing is written beside the store, and layers that several runs share are
    /// trained by each of them
    #[arg(long)]
    pub(crate) no_weights: bool,
    /// Wait for the disk at every commit: slower, and a power cut loses nothing at all
    #[arg(long)]
    pub(crate) durable: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Plan {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Trainings at a time, for the estimate of time and memory
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
    /// How it is printed
    #[arg(long, value_enum, default_value_t = PlanFormat::Table)]
    pub(crate) format: PlanFormat,
    /// List every run; without it, trials with the same reason are one line
    #[arg(long)]
    pub(crate) all: bool,
}

/// Formats of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlanFormat {
    /// To read.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Ids of finished runs, or the beginnings of them
    #[arg(value_name = "RUN", required_unless_present_any = ["filter", "sample"])]
    pub(crate) runs: Vec<String>,
    /// Every finished run that a filter finds: "experiment == 'depth'"
    #[arg(long = "where", value_name = "FILTER", conflicts_with = "runs")]
    pub(crate) filter: Option<String>,
    /// Only so many of them, drawn at random: of all finished runs if none are named
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<NonZeroUsize>,
    /// Which draw: the same seed draws the same runs
    #[arg(long, value_name = "S", default_value_t = 0, requires = "sample")]
    pub(crate) seed: u64,
}

/// Reads a time: numbers, each with its unit (`d`, `h`, `m`, `s`, `ms`), the largest first or not.
pub(super) fn time(text: &str) -> Result<Duration, String> {
    let wrong = || "a time is numbers with units: `90s`, `20m`, `1h30m`, `2d`".to_owned();
    let (mut rest, mut milliseconds) = (text.trim(), 0_u64);
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit.trim() {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
        let sum = part.and_then(|part| milliseconds.checked_add(part));
        milliseconds = sum.ok_or_else(wrong)?;
        rest = tail;
    }
    Ok(Duration::from_millis(milliseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_with_units() {
        for (text, seconds) in [("90s", 90), ("20m", 1200), ("1h30m", 5400), (" 2d ", 172_800)] {
            assert_eq!(time(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        assert_eq!(time("1500ms"), Ok(Duration::from_millis(1500)));
        let huge = "99999999999999999999s";
        for wrong in ["", "90", "s", "-1s", "1.5h", "1y", huge, "213503982335d", "1h30", "é"] {
            assert!(time(wrong).is_err(), "{wrong:?}");
        }
    }
}
