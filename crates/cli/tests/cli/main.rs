//! The program from outside: what its users type, what they read, and what they find in the store.
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod bench;
mod browsing;
mod chromium;
mod claims;
mod deleting;
mod differing;
mod exchange;
mod faults;
mod grouping;
mod hostile;
mod interruptions;
mod isolation;
mod listing;
mod manual;
mod marking;
mod mistakes;
mod own_data;
mod pages;
mod pictures;
mod planning;
mod plotting;
mod probing;
mod querying;
mod questions;
mod runs;
mod scaling;
mod serving;
mod store;
mod surroundings;
mod sweeping;
mod tables;
mod verifying;
mod weights;
