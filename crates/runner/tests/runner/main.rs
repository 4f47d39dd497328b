//! Whole sweeps with a mock trainer on real stores, in milliseconds.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

mod budgets;
mod failures;
mod mock;
mod sharing;
mod stopping;
mod sweeps;
