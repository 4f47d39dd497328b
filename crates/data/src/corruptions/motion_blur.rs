//! Motion blur in the manner of MNIST-C (severity 1), which calls an image program with radius 10,
//! sigma 3 and an angle a ~ U(-45, 45) degrees: the mean of 2 * 10 + 1 pixels along the direction
//! a, to one side, weighted by half a Gaussian of sigma 3; coordinates are rounded to whole pixels,
//! and beyond the edge its pixels go on. Mu and Gilmer 2019, arXiv:1906.02337; the kernel is our own.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static MOTION_BLUR: Corruption = Corruption {
    name: "motion-blur",
    summary: "blurs the image along a random direction",
    formula: "x~(p) = sum_i k_i x(p + round(i (cos a, sin a))), i = 0..20, k_i ~ exp(-i^2 / 18), a ~ U(-45, 45) degrees",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(blur_along),
};

const SIGMA: f64 = 3.0;
const STEPS: usize = 21;

fn blur_along(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let angle = (90.0 * stream.uniform_f64() - 45.0).to_radians();
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let mut kernel: [f64; STEPS] = std::array::from_fn(|i| {
        let i = i as f64 / SIGMA;
        libm::exp(-0.5 * i * i)
    });
    let sum: f64 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);

    let from = image.to_vec();
    let last = (shape.columns as f64 - 1.0, shape.rows as f64 - 1.0);
    for (number, pixel) in image.iter_mut().enumerate() {
        let (row, column) = (number / shape.columns, number % shape.columns);
        let seen = kernel.iter().enumerate().map(|(i, weight)| {
            let x = (column as f64 + (i as f64 * cos).round()).clamp(0.0, last.0);
            let y = (row as f64 + (i as f64 * sin).round()).clamp(0.0, last.1);
            weight * f64::from(from[y as usize * shape.columns + x as usize])
        });
        *pixel = seen.sum::<f64>().min(1.0) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The light of one pixel is spread to the left, by the half Gaussian, and none is lost.
    #[test]
    fn a_point_becomes_a_tail_of_the_kernels_weights() {
        let shape = Shape { rows: 81, columns: 81 };
        for name in 0..20 {
            let mut image = vec![0.0; shape.pixels()];
            image[40 * 81 + 40] = 1.0;
            MOTION_BLUR.apply(&mut image, shape, 1.0, &mut Stream::new(name, "motion", &[]));
            let sum: f64 = image.iter().map(|pixel| f64::from(*pixel)).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
            // 1 / sum of exp(-i^2 / 18) over i = 0..20 = 1 / 4.259941...
            assert!((image[40 * 81 + 40] - 0.234_743).abs() < 1e-5, "{}", image[40 * 81 + 40]);
            let lit = |i: &usize| image[*i] > 0.0;
            assert!((0..shape.pixels()).filter(lit).all(|i| i % 81 <= 40));
        }
    }
}
