//! The fast path of training: one dense layer or network over buffers that are allocated once, with
//! gradients worked out by hand. Candle's variables hold the weights before and after a stage; in
//! between they lie here as plain `f32`, laid out for the products.
//!
//! It is composed of the same pieces as the Candle graph (layer, activation, reconstruction,
//! penalty, optimizer), and that graph is its oracle: `agreement` trains both ways and compares.
//! What has no gradient by hand is trained by the graph.
//!
//! Bits: a step runs on one thread, and everything but the products is written in IEEE additions,
//! multiplications, divisions and roots whose order does not depend on the width of the machine's
//! vectors. The products are `gemm`'s, whose order of summation depends on the processor's vector
//! width and cache sizes and on nothing else.

mod adversary;
mod boltzmann;
mod changes;
mod dense;
mod encoder;
mod gradient;
mod kernels;
mod math;
mod matrix;
mod negligible;
mod products;
mod stack;
mod state;
mod training;
mod update;
mod variational;

#[cfg(test)]
mod agreement;

pub(crate) use adversary::AdversarialStep;
pub(crate) use boltzmann::{BoltzmannStep, Chain, Gibbs};
pub(crate) use changes::Changes;
pub use changes::{Encoding, Pull};
pub(crate) use dense::Dense;
pub(crate) use encoder::AutoencoderStep;
pub(crate) use gradient::InputGradient;
pub(crate) use kernels::{add_squares, scale_columns, sum_of, wide};
pub(crate) use matrix::{Band, BandMut, Matrix};
pub(crate) use products::product;
pub(crate) use stack::{Evaluation, Misses, Stack};
pub(crate) use state::{LayerStep, State};
pub(crate) use training::NetworkStep;
pub(crate) use variational::VariationalStep;
