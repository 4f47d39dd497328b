//! Translation, as MNIST-C has it (severity 3): the pixel at p is the one at p + (+-3, +-3), each sign
//! with equal chance; outside the image is 0. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::{IDENTITY, warp};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static TRANSLATE: Corruption = Corruption {
    name: "translate",
    summary: "moves the image by 3 pixels along rows and columns, to either side",
    formula: "x~(p) = x(p + (+-3, +-3))",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(translate),
};

fn translate(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let shift = [3.0 * stream.sign(), 3.0 * stream.sign()];
    warp(image, shape, IDENTITY, shift);
}
