//! Runs a plan in parallel through a [`Trainer`] it is given: order, budget of threads and memory,
//! stop, failures. This crate knows no Candle, no SQL text and no terminal.
//!
//! [`run`] is the whole of it. Its thread is the coordinator: it alone holds the store, claims a
//! run right before handing it out, and writes what came of it. Workers are threads that train
//! one run after another; what they have to say comes back over one channel, and reaches the
//! caller as [`Event`]s. The flow is
//!
//! ```text
//! [Task] -order-> queue -claim-> worker -> Trainer::train -> report -> store, Event, Summary
//! ```
//!
//! The same run gives the same bits whatever the number of jobs is, because nothing of one
//! training can reach another: each has one thread and draws all its chance from its seed.

mod budget;
mod coordinator;
mod crew;
mod each;
mod error;
mod event;
mod memory;
mod order;
mod panics;
mod patience;
mod settings;
mod summary;
mod time_left;
mod trainer;

pub use budget::{Jobs, Lowered};
pub use coordinator::run;
pub use each::each;
pub use error::RunnerError;
pub use event::Event;
pub use memory::available as available_memory;
pub use settings::{Limits, OnFailure, Settings, Stop};
pub use summary::{FailedRun, StoppedEarly, Summary};
pub use time_left::TimeLeft;
pub use trainer::{Task, Trainer};
