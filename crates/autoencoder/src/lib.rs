//! The science: autoencoder variants, greedy layer-wise pretraining, supervised fine-tuning, and the
//! probes that score a trained network. The only crate that names Candle; it knows no SQL and no
//! terminal.
//!
//! [`train`] takes a plan and a dataset and gives scores, curves and the hash of the weights; the
//! same plan gives the same bits. [`catalog`] declares every parameter, variant and metric.

pub mod activation;
pub mod autoencoder;
mod autoencoding;
mod batches;
mod catalog;
mod cost;
mod eigenvalues;
mod engine;
mod exported;
mod finetuning;
mod geometry;
pub mod initialization;
mod journal;
mod labels;
mod learner;
pub mod network;
pub mod optimizer;
mod pass;
pub mod pictures;
#[cfg(feature = "pieces")]
pub mod pieces;
mod pretraining;
pub mod probes;
pub mod reconstruction;
pub mod sampling;
mod selection;
pub mod settings;
mod shelf;
mod simd;
mod stage;
pub mod stored;
pub mod tensors;
mod training;
pub mod variants;

pub use catalog::{catalog, training_version};
pub use exported::exported_network;
pub use journal::Watch;
pub use shelf::Shelf;
pub use simd::simd;
pub use stored::Stored;
pub use training::{expected_cost, train};
