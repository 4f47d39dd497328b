//! The run store: one SQLite file that holds every experiment, trial, run, score and curve. This is
//! the only crate that writes SQL; it knows neither Candle nor the terminal.
//!
//! A sweep writes through [`Store`]: [`declare`](Store::declare) the catalog,
//! [`begin_session`](Store::begin_session), [`save_experiment`](Store::save_experiment), then for
//! every run [`claim`](Store::claim) and one of [`finish`](Store::finish), [`fail`](Store::fail) and
//! [`interrupt`](Store::interrupt). Each is one transaction: once it has returned, a crash or a
//! `kill -9` takes nothing of it. Any number of processes may do so on one file.
//!
//! Others read: [`runs`](Store::runs), [`query`](Store::query) and [`sql`](Store::sql) here, or any
//! SQLite client, through the flat views that `SCHEMA.md` draws.

mod artifacts;
mod check;
mod claim;
mod columns;
mod content;
mod declaration;
mod deletion;
mod digest;
mod ending;
mod error;
mod experiment;
mod file;
mod filter;
mod grouping;
mod import;
mod marks;
mod measured;
mod merge;
mod migrations;
mod process;
mod query;
mod readings;
mod rows;
mod runs;
mod seal;
mod series;
mod session;
mod sql;
mod stamp;
mod standing;
mod store;
mod time;
mod trial;
mod views;

pub use artifacts::{ArtifactFolder, StoredFile};
pub use check::{Depth, Health, Hurt};
pub use claim::Claim;
pub use columns::ColumnType;
pub use deletion::Doomed;
pub use error::RecordsError;
pub use experiment::{ExperimentRecord, ExperimentSummary};
pub use file::Durability;
pub use grouping::Group;
pub use import::{Earlier, ForeignRun, IMPORTED, Imported, ImportedFile};
pub use marks::{Archived, Marks};
pub use measured::{Added, Difference};
pub use merge::{Conflict, Ended, Merged, Origin, Returned, TakenIn};
pub use process::Owner;
pub use query::{Archive, Columns, Order, Query};
pub use rows::{Cell, Rows, Total};
pub use runs::Timing;
pub use session::{Provenance, Session, SessionId};
pub use sql::SqlLimits;
pub use standing::Standing;
pub use store::Store;
