//! A zigzag line, as MNIST-C has it: teeth of length and height 2 along a line from the third column, at
//! a random row r, to the third last one, at a row from r - 5 to r + 4; drawn as the dotted line is,
//! every column of it. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::strokes::{Point, draw};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static ZIGZAG: Corruption = Corruption {
    name: "zigzag",
    summary: "draws a zigzag line from left to right",
    formula: "x~ = min(x + l, 1), l = max(1 + ln(1 - d / 2.3), 0) at d rows from the line",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(draw_zigzag),
};

/// Half a tooth's length, and its height.
const TOOTH: f64 = 2.0;

fn draw_zigzag(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let (first, last) = (2.0, shape.columns as f64 - 3.0);
    let row = stream.below((shape.rows as u64 - 1).max(1)) as f64;
    let rise = stream.below(10) as f64 - 5.0;
    if last <= first {
        return;
    }
    let angle = libm::atan(rise / (last - first));
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    let points: Vec<Point> = teeth((last - first) / cos)
        .into_iter()
        .map(|(along, across)| Point {
            column: first + cos * along - sin * across,
            row: row + sin * along + cos * across,
        })
        .collect();
    for ends in points.windows(2) {
        draw(image, shape, ends[0], ends[1], |_| true);
    }
}

/// The corners of the zigzag along a line of that length, as distances along it and from it.
fn teeth(length: f64) -> Vec<(f64, f64)> {
    let mut corners = vec![(0.0, 0.0)];
    let mut across = TOOTH;
    let count = ((length - TOOTH) / (2.0 * TOOTH)).floor() as i64 + 1;
    for tooth in 0..count {
        across = if tooth % 2 == 0 { TOOTH } else { -TOOTH };
        corners.push(((2 * tooth + 1) as f64 * TOOTH, across));
    }
    let whole = 2.0 * TOOTH * (length / (2.0 * TOOTH)).floor();
    if length != whole {
        corners.push((length, across / (2.0 * (length - whole))));
    }
    corners
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the definition in NumPy: d = 23, a = b = 2.
    #[test]
    fn teeth_go_up_and_down_and_end_where_the_line_does() {
        let expected = [
            (0.0, 0.0),
            (2.0, 2.0),
            (6.0, -2.0),
            (10.0, 2.0),
            (14.0, -2.0),
            (18.0, 2.0),
            (22.0, -2.0),
            (23.0, -1.0 / 3.0),
        ];
        assert_eq!(teeth(23.0), expected);
    }
}
