//! A dotted line, as MNIST-C has it: from a random row of the first column to one of the last, x~ =
//! min(x + l, 1) with l = 1 + ln(1 - d / 2.3) at d rows from the line, but 0 in every other pair of
//! columns. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;
use crate::strokes::{Point, draw};

/// Declared in [`crate::corruptions::ALL`].
pub(super) static DOTTED_LINE: Corruption = Corruption {
    name: "dotted-line",
    summary: "draws a dotted line from the left edge to the right",
    formula: "x~ = min(x + l, 1), l = max(1 + ln(1 - d / 2.3), 0) at d rows from the line",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(draw_dotted_line),
};

fn draw_dotted_line(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let end = |stream: &mut Stream| stream.below((shape.rows as u64 - 1).max(1)) as f64;
    let from = Point { column: 0.0, row: end(stream) };
    let to = Point { column: shape.columns as f64 - 1.0, row: end(stream) };
    draw(image, shape, from, to, |column| column % 4 >= 2);
}
