//! What an objective may change about a plain autoencoder's step: what is added to the loss, which codes
//! the decoder sees, and what becomes of the latents on their way to the codes.

use super::kernels;
use super::matrix::{Band, BandMut};
use crate::activation::Activation;
use crate::variants::ByHand;

/// Changes to one step.
#[derive(Default)]
pub(crate) struct Changes<'a> {
    /// What is added to the loss.
    pub(crate) penalty: Option<&'a ByHand>,
    /// How many codes of each example, the largest, the decoder sees; `None` is all.
    pub(crate) kept: Option<usize>,
    /// What is done to the latents.
    pub(crate) latents: Option<&'a mut dyn Latents>,
}

/// Something between the latents z = x W + b and the codes s(z) that are made of them.
pub(crate) trait Latents {
    /// Replaces the latents of `x` by what the codes are made of. Returns what it adds to the mean
    /// objective an example.
    fn pass(&mut self, x: Band<'_>, z: BandMut<'_>) -> f64;

    /// Replaces the gradient by what [`Latents::pass`] has left by the gradient of the whole objective by
    /// what it found; both are of the objective summed over the examples.
    fn pass_back(&mut self, delta: BandMut<'_>);
}

/// What the encoder made of a batch: what a penalty by hand may look at.
#[derive(Debug)]
pub struct Encoding<'a> {
    /// The units.
    pub activation: Activation,
    /// S_j = sum_k W_jk^2 for each unit j.
    pub squares: &'a [f32],
    /// The sum of the squares of the decoder's own weights; 0 where they are the encoder's.
    pub decoder_squares: f64,
    pub(super) code: Band<'a>,
    /// Codes of the copies, those of the first copy of every example first.
    pub(super) near: Band<'a>,
}

impl<'a> Encoding<'a> {
    /// How many examples there are.
    pub fn examples(&self) -> usize {
        self.code.count()
    }

    /// How many noisy copies of each example there are.
    pub fn copies(&self) -> usize {
        self.near.count() / self.examples()
    }

    /// The sum of the squares of the encoder's weights.
    pub fn encoder_squares(&self) -> f64 {
        kernels::total(self.squares)
    }

    /// h for each example.
    pub fn codes(&self) -> impl Iterator<Item = &'a [f32]> {
        self.code.lines()
    }

    /// h for each example's copy of that number, counted from 0.
    pub fn codes_of_copy(&self, copy: usize) -> impl Iterator<Item = &'a [f32]> {
        self.near.lines().skip(copy * self.examples()).take(self.examples())
    }
}

/// Where a penalty by hand adds its gradient. All start at 0 but for the codes, which hold the
/// gradient of the reconstruction loss.
#[derive(Debug)]
pub struct Pull<'a> {
    /// p_j for each unit j: the penalty's gradient by W_jk at constant codes is p_j W_jk.
    pub decay: &'a mut [f32],
    /// q: its gradient by the decoder's own weights V is q V.
    pub decoder_decay: &'a mut f32,
    pub(super) code: BandMut<'a>,
    pub(super) near: BandMut<'a>,
}

impl Pull<'_> {
    /// For each example, the gradient by h of the objective summed over the examples (not averaged).
    pub fn codes(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.code.lines_mut()
    }

    /// The rows of [`Pull::codes`], and the decay beside them.
    pub fn codes_and_decay(&mut self) -> (impl Iterator<Item = &mut [f32]>, &mut [f32]) {
        (self.code.lines_mut(), self.decay)
    }

    /// The rows of [`Pull::codes`], each with the same of the example's copy of that number.
    pub fn codes_of_copy(&mut self, copy: usize) -> impl Iterator<Item = (&mut [f32], &mut [f32])> {
        let examples = self.code.count();
        self.code.lines_mut().zip(self.near.lines_mut().skip(copy * examples))
    }
}
