//! Shear about the center c, as MNIST-C has it (severity 2): the pixel at p = (column, row) is taken
//! from c + [1, -sin s; 0, cos s] (p - c), s = 0.4 or -0.4 with equal chance, bilinearly; outside
//! the image is 0. Mu and Gilmer 2019, arXiv:1906.02337, over the affine map of scikit-image of its
//! day, whose shear also stretches: rows lie 1 / cos s as far apart as before.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::warp;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static SHEAR: Corruption = Corruption {
    name: "shear",
    summary: "shears the image by 0.4 radians, to either side",
    formula: "x~(p) = x(c + [1 -sin s; 0 cos s] (p - c)), s = +-0.4",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(shear),
};

fn shear(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let angle = 0.4 * stream.sign();
    warp(image, shape, [[1.0, -libm::sin(angle)], [0.0, libm::cos(angle)]], [0.0, 0.0]);
}
