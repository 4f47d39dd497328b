//! Two stripes of negative: x~ = 1 - x in the first and the last quarter of the columns (of 28: 0 to
//! 6 and 21 to 27). Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static STRIPE: Corruption = Corruption {
    name: "stripe",
    summary: "turns the left and the right quarter of the image into their negatives",
    formula: "x~ = 1 - x in the first and the last quarter of the columns, otherwise x",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(invert_sides),
};

fn invert_sides(image: &mut [f32], shape: Shape, _: f32, _: &mut Stream) {
    let quarter = shape.columns / 4;
    for row in image.chunks_exact_mut(shape.columns) {
        let (left, rest) = row.split_at_mut(quarter);
        let right = rest.len() - quarter;
        for pixel in left.iter_mut().chain(&mut rest[right..]) {
            *pixel = 1.0 - *pixel;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_columns_a_side_of_a_digit_are_inverted() {
        let mut image = [0.25; 28];
        let mut stream = Stream::new(1, "stripe test", &[]);
        STRIPE.apply(&mut image, Shape { rows: 1, columns: 28 }, 1.0, &mut stream);
        let expected = |column| if (7..21).contains(&column) { 0.25 } else { 0.75 };
        assert_eq!(image, std::array::from_fn(expected));
    }
}
