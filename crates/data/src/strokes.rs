//! Strokes of a pen over an image: brightest on the line between two points, x~ = min(x + l, 1) with
//! l = 1 + ln(1 - d / 2.3), not below 0, at d rows from it. This is the line of MNIST-C (Mu and
//! Gilmer 2019, arXiv:1906.02337), whose thickness is measured along columns, so that steep strokes
//! are thin.

use crate::images::Shape;

/// A place on an image, between pixels too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) column: f64,
    pub(crate) row: f64,
}

/// From how many rows away nothing is seen of a line; half of that is where l is 0.31.
const REACH: f64 = 2.3;

/// Draws the line between two points onto the columns from that of `from` to that before `to` that
/// `inked` lets through. Nothing is drawn unless `to` lies to the right.
pub(crate) fn draw(
    image: &mut [f32],
    shape: Shape,
    from: Point,
    to: Point,
    inked: impl Fn(usize) -> bool,
) {
    if to.column <= from.column {
        return;
    }
    let slope = (to.row - from.row) / (to.column - from.column);
    let first = from.column.max(0.0).floor() as usize;
    let end = (to.column.ceil() as usize).min(shape.columns);
    for column in (first..end).filter(|column| inked(*column)) {
        let center = slope * (column as f64 - from.column) + from.row;
        for row in 0..shape.rows {
            let distance = (row as f64 - center).abs();
            if distance < REACH {
                let ink = (1.0 + libm::log(1.0 - distance / REACH)).max(0.0);
                let pixel = &mut image[row * shape.columns + column];
                *pixel = (f64::from(*pixel) + ink).min(1.0) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the definition in NumPy: l at 0, 1 and 2 rows is 1, 1 + ln(1 - 1 / 2.3) = 0.429,
    /// and 1 + ln(1 - 2 / 2.3) < 0.
    #[test]
    fn ink_falls_off_with_the_distance_in_rows() {
        let shape = Shape { rows: 7, columns: 4 };
        let mut image = [0.0; 28];
        let (from, to) = (Point { column: 0.0, row: 3.0 }, Point { column: 3.0, row: 3.0 });
        draw(&mut image, shape, from, to, |_| true);
        for row in 0..7 {
            let ink = [0.0, 0.0, 0.429_455, 1.0, 0.429_455, 0.0, 0.0][row];
            for (column, pixel) in image[4 * row..4 * row + 4].iter().enumerate() {
                let expected = if column < 3 { ink } else { 0.0 };
                assert!((pixel - expected).abs() < 1e-6, "row {row}, column {column}: {pixel}");
            }
        }
    }

    #[test]
    fn a_line_leads_from_point_to_point_and_is_never_brighter_than_white() {
        let shape = Shape { rows: 9, columns: 9 };
        let mut image = [0.75; 81];
        let (from, to) = (Point { column: 0.0, row: 0.0 }, Point { column: 8.0, row: 8.0 });
        draw(&mut image, shape, from, to, |column| column % 2 == 0);
        for column in 0..9 {
            let on_the_line = image[column * 9 + column];
            let inked = column % 2 == 0 && column < 8;
            assert_eq!(on_the_line, if inked { 1.0 } else { 0.75 }, "{column}");
        }
    }
}
