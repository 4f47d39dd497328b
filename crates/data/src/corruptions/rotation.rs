//! Rotation about the center c by a given angle: the pixel at p is taken from c + R(a) (p - c), a =
//! `degrees` or -`degrees` with equal chance, bilinearly; outside the image is 0. MNIST-C has it at
//! 22.9 degrees (`rotate`).

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::images::Shape;
use crate::stream::Stream;
use crate::warp::{rotation, warp};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static ROTATION: Corruption = Corruption {
    name: "rotation",
    summary: "rotates the image by an angle, to either side",
    formula: "x~(p) = x(c + R(a) (p - c)), a = +-degrees",
    source: "bilinear, as in Mu and Gilmer 2019, arXiv:1906.02337, at graded angles",
    family: Family::Spatial,
    severity: Some(Severity {
        name: "degrees",
        range: 0.0..=180.0,
        graded: &[10.0, 20.0, 30.0, 45.0, 60.0],
    }),
    effect: Effect::Image(rotate),
};

fn rotate(image: &mut [f32], shape: Shape, degrees: f32, stream: &mut Stream) {
    let angle = f64::from(degrees).to_radians() * stream.sign();
    warp(image, shape, rotation(angle), [0.0, 0.0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 3, columns: 3 };

    fn rotated(degrees: f32, name: u64) -> [f32; 9] {
        let mut image = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];
        ROTATION.apply(&mut image, SHAPE, degrees, &mut Stream::new(name, "rotation test", &[]));
        image
    }

    #[test]
    fn a_quarter_turn_moves_pixels_without_a_change_and_goes_to_either_side() {
        let clockwise = [0.7, 0.4, 0.1, 0.8, 0.5, 0.2, 0.9, 0.6, 0.3];
        let counterclockwise = [0.3, 0.6, 0.9, 0.2, 0.5, 0.8, 0.1, 0.4, 0.7];
        let turned: Vec<_> = (0..20).map(|name| rotated(90.0, name)).collect();
        assert!(turned.iter().all(|image| [clockwise, counterclockwise].contains(image)));
        assert!(turned.contains(&clockwise) && turned.contains(&counterclockwise));
    }

    #[test]
    fn half_a_turn_is_the_image_backwards() {
        assert_eq!(rotated(180.0, 1), [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
    }
}
