//! Shrinks the image about its center c to 70 %, as MNIST-C does (severity 3): the pixel at p is
//! taken from c + (p - c) / 0.7, bilinearly; outside the image is 0. Mu and Gilmer 2019,
//! arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::warp;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static SCALE: Corruption = Corruption {
    name: "scale",
    summary: "shrinks the image to 70 %",
    formula: "x~(p) = x(c + (p - c) / 0.7)",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(shrink),
};

fn shrink(image: &mut [f32], shape: Shape, _: f32, _: &mut Stream) {
    warp(image, shape, [[1.0 / 0.7, 0.0], [0.0, 1.0 / 0.7]], [0.0, 0.0]);
}
