//! Impulse noise, as MNIST-C has it (severity 4): salt and pepper on 17 % of the pixels. Mu and Gilmer
//! 2019, arXiv:1906.02337. Each pixel is drawn by itself.

use crate::corruptions::salt_and_pepper::strike;
use crate::corruptions::{Corruption, Effect, Family};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static IMPULSE_NOISE: Corruption = Corruption {
    name: "impulse-noise",
    summary: "turns 17 % of the pixels to 0 or 1, with equal chance",
    formula: "x~ = 0 or 1, each with probability 0.085, otherwise x",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Numbers(|pixels, _, stream| strike(pixels, AMOUNT, stream)),
};

/// Share of the pixels that is struck.
const AMOUNT: f32 = 0.17;
