//! Translation by a given distance along both axes: the pixel at p is the one at p + (+-`pixels`,
//! +-`pixels`), each sign with equal chance, bilinearly between pixels; outside the image is 0.
//! MNIST-C has it at 3 pixels (`translate`).

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::{IDENTITY, warp};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static TRANSLATION: Corruption = Corruption {
    name: "translation",
    summary: "moves the image along rows and columns, to either side",
    formula: "x~(p) = x(p + (+-pixels, +-pixels))",
    source: "bilinear, as in Mu and Gilmer 2019, arXiv:1906.02337, at graded distances",
    family: Family::Spatial,
    severity: Some(Severity {
        name: "pixels",
        range: 0.0..=100.0,
        graded: &[1.0, 2.0, 3.0, 4.0, 5.0],
    }),
    effect: Effect::Image(translate),
};

fn translate(image: &mut [f32], shape: Shape, pixels: f32, stream: &mut Stream) {
    let pixels = f64::from(pixels);
    let shift = [pixels * stream.sign(), pixels * stream.sign()];
    warp(image, shape, IDENTITY, shift);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moved(pixels: f32, name: u64) -> [f32; 9] {
        let mut image = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        let shape = Shape { rows: 3, columns: 3 };
        let mut stream = Stream::new(name, "translation test", &[]);
        TRANSLATION.apply(&mut image, shape, pixels, &mut stream);
        image
    }

    #[test]
    fn by_a_whole_pixel_every_pixel_is_one_of_the_image_in_each_of_four_directions() {
        let four = [
            [0.5, 0.6, 0.0, 0.8, 0.9, 0.0, 0.0, 0.0, 0.0],
            [0.0, 0.4, 0.5, 0.0, 0.7, 0.8, 0.0, 0.0, 0.0],
            [0.0, 0.0, 0.0, 0.2, 0.3, 0.0, 0.5, 0.6, 0.0],
            [0.0, 0.0, 0.0, 0.0, 0.1, 0.2, 0.0, 0.4, 0.5],
        ];
        let found: Vec<_> = (0..40).map(|name| moved(1.0, name)).collect();
        assert!(found.iter().all(|image| four.contains(image)), "{found:?}");
        assert!(four.iter().all(|image| found.contains(image)), "{found:?}");
    }

    #[test]
    fn by_half_a_pixel_the_middle_is_the_mean_of_four() {
        let means = [0.3, 0.4, 0.6, 0.7];
        let middle = moved(0.5, 1)[4];
        assert!(means.iter().any(|mean| (middle - mean).abs() < 1e-6), "{middle}");
    }

    #[test]
    fn far_away_nothing_is_left() {
        assert_eq!(moved(3.0, 1), [0.0; 9]);
    }
}
