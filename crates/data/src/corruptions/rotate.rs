//! Rotation about the center c, as MNIST-C has it (severity 2): the pixel at p is taken from
//! c + R(a) (p - c), a = 0.4 or -0.4 with equal chance, bilinearly; outside the image is 0. Mu and
//! Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::{rotation, warp};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static ROTATE: Corruption = Corruption {
    name: "rotate",
    summary: "rotates the image by 0.4 radians (22.9 degrees), to either side",
    formula: "x~(p) = x(c + R(a) (p - c)), a = +-0.4",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(rotate),
};

fn rotate(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    warp(image, shape, rotation(0.4 * stream.sign()), [0.0, 0.0]);
}
