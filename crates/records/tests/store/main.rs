//! The store from outside: what its users may count on, and what it does when it is hurt.
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod checking;
mod claims;
mod clocks;
mod deleting;
mod experiments;
mod filters;
mod fixtures;
mod importing;
mod kill;
mod marks;
mod merging;
mod opening;
mod page;
mod queries;
mod round_trips;
mod sandbox;
