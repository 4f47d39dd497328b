//! Images in, images out: datasets, and the corruptions that networks are trained and tested with,
//! on plain `f32` and `u8` slices. This crate knows no Candle and no SQL.
//!
//! Every random draw of the project comes from a [`stream::Stream`], which is named by what it is
//! for; nothing else in the workspace makes random numbers.

pub mod corruptions;
pub mod datasets;
pub mod error;
pub mod files;
pub mod generator;
pub mod idx;
pub mod images;
mod normal;
mod npy;
pub mod own;
mod photographs;
mod smoothing;
pub mod source;
pub mod status;
pub mod stream;
mod strokes;
mod warp;

pub use corruptions::Corruption;
pub use error::DataError;
pub use files::{Files, Place, SourceFile};
pub use generator::Generator;
pub use images::{Dataset, Images, Labelled, Shape};
pub use source::{Origin, Source};
pub use status::{FileState, FileStatus};
pub use stream::Stream;
