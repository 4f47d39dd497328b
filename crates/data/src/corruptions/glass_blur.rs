//! Glass blur, as MNIST-C has it (severity 1): a Gaussian filter of sigma 0.7, rounding down to bytes,
//! two passes of local swaps, and the filter again. A pass goes from the last row and column to the
//! third; each pixel is swapped, with probability 1/2, with the one 0 or 1 rows above and 0 or 1
//! columns to the left. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::smoothing::{Edge, gaussian};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static GLASS_BLUR: Corruption = Corruption {
    name: "glass-blur",
    summary: "blurs the image, swaps neighboring pixels at random and blurs it again",
    formula: "x~ = G(swap(swap(floor(255 G(x)) / 255))), G a Gaussian filter of sigma 0.7",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(blur_through_glass),
};

const SIGMA: f64 = 0.7;

fn blur_through_glass(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let mut plane: Vec<f64> = image.iter().map(|pixel| f64::from(*pixel)).collect();
    gaussian(&mut plane, shape, SIGMA, Edge::Nearest);
    plane.iter_mut().for_each(|value| *value = (*value * 255.0).floor() / 255.0);
    for _ in 0..2 {
        for row in (2..shape.rows).rev() {
            for column in (2..shape.columns).rev() {
                let [swapped, up, left] = [0, 1, 2].map(|bit| stream.word() >> (29 + bit) & 1);
                if swapped == 1 {
                    let other = (row - up as usize, column - left as usize);
                    plane.swap(row * shape.columns + column, other.0 * shape.columns + other.1);
                }
            }
        }
    }
    gaussian(&mut plane, shape, SIGMA, Edge::Nearest);
    for (pixel, value) in image.iter_mut().zip(plane) {
        *pixel = value.clamp(0.0, 1.0) as f32;
    }
}
