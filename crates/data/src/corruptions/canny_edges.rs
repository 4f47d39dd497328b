//! Canny's edges, as MNIST-C has them: 1 on an edge, 0 elsewhere. The detector is scikit-image's with its
//! defaults: a Gaussian filter of sigma 1, Sobel's gradient, pixels whose gradient is no smaller
//! than its two neighbors' along it, thresholds 0.1 and 0.2 with hysteresis; never on the border.
//! Canny 1986, IEEE Trans. Pattern Anal. Mach. Intell. 8:679; Mu and Gilmer 2019,
//! arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::smoothing::{Edge, gaussian};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static CANNY_EDGES: Corruption = Corruption {
    name: "canny-edges",
    summary: "leaves the edges of the image only, in white",
    formula: "x~ = 1 on the edges that Canny's detector finds at sigma 1, otherwise 0",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(find_edges),
};

/// Edges at least this steep are edges where they touch those of `HIGH`.
const LOW: f64 = 0.1;
const HIGH: f64 = 0.2;

fn find_edges(image: &mut [f32], shape: Shape, _: f32, _: &mut Stream) {
    let gradient = Gradient::of(&smoothed(image, shape), shape);
    let ridge = gradient.ridge();
    let mut edge = vec![false; image.len()];
    let mut todo: Vec<usize> = (0..image.len()).filter(|i| ridge[*i] >= HIGH).collect();
    while let Some(i) = todo.pop() {
        if !edge[i] {
            edge[i] = true;
            // A ridge never lies on the border, so each of its pixels has eight around it.
            for row in [i - shape.columns, i, i + shape.columns] {
                todo.extend((row - 1..=row + 1).filter(|near| ridge[*near] > 0.0 && !edge[*near]));
            }
        }
    }
    for (pixel, edge) in image.iter_mut().zip(edge) {
        *pixel = f32::from(u8::from(edge));
    }
}

/// The image smoothed with sigma 1, as if nothing lay outside it.
fn smoothed(image: &[f32], shape: Shape) -> Vec<f64> {
    let mut plane: Vec<f64> = image.iter().map(|pixel| f64::from(*pixel)).collect();
    let mut inside = vec![1.0; plane.len()];
    gaussian(&mut plane, shape, 1.0, Edge::Zero);
    gaussian(&mut inside, shape, 1.0, Edge::Zero);
    plane.iter_mut().zip(inside).for_each(|(value, share)| *value /= share + f64::EPSILON);
    plane
}

/// Sobel's gradient: down the rows, along the columns, and its length.
struct Gradient {
    shape: Shape,
    down: Vec<f64>,
    right: Vec<f64>,
    length: Vec<f64>,
}

impl Gradient {
    fn of(plane: &[f64], shape: Shape) -> Gradient {
        // Beyond an edge its pixels go on.
        let at = |row: isize, column: isize| {
            let row = row.clamp(0, shape.rows as isize - 1) as usize;
            let column = column.clamp(0, shape.columns as isize - 1) as usize;
            plane[row * shape.columns + column]
        };
        let sobel = |step: fn(isize, isize) -> (isize, isize)| -> Vec<f64> {
            let difference = |row: isize, column: isize, beside: isize| {
                let ((up, left), (down, right)) = (step(-1, beside), step(1, beside));
                at(row + down, column + right) - at(row + up, column + left)
            };
            (0..plane.len() as isize)
                .map(|i| {
                    let (row, column) = (i / shape.columns as isize, i % shape.columns as isize);
                    let [before, here, after] =
                        [-1, 0, 1].map(|beside| difference(row, column, beside));
                    before + 2.0 * here + after
                })
                .collect()
        };
        let down = sobel(|along, beside| (along, beside));
        let right = sobel(|along, beside| (beside, along));
        let length = down.iter().zip(&right).map(|(d, r)| (d * d + r * r).sqrt()).collect();
        Gradient { shape, down, right, length }
    }

    /// The gradient's length where it is at least `LOW` and no smaller than on either side along the
    /// gradient, between the two pixels there; 0 elsewhere and on the border.
    fn ridge(&self) -> Vec<f64> {
        let Shape { rows, columns } = self.shape;
        let mut ridge = vec![0.0; self.length.len()];
        for row in 1..rows.saturating_sub(1) {
            for column in 1..columns.saturating_sub(1) {
                let i = row * columns + column;
                if self.length[i] >= LOW && self.is_greatest(i) {
                    ridge[i] = self.length[i];
                }
            }
        }
        ridge
    }

    fn is_greatest(&self, i: usize) -> bool {
        let columns = self.shape.columns as isize;
        let (down, right) = (self.down[i], self.right[i]);
        let vertical = if down < 0.0 { -columns } else { columns };
        let horizontal = if right < 0.0 { -1 } else { 1 };
        // The nearest pixel along the gradient, and the share of the diagonal one beside it.
        let (straight, diagonal) = if down.abs() >= right.abs() {
            (vertical, right.abs() / down.abs())
        } else {
            (horizontal, down.abs() / right.abs())
        };
        [1, -1].into_iter().all(|side| {
            let at = |step: isize| self.length[(i as isize + side * step) as usize];
            let beside = at(vertical + horizontal) * diagonal + at(straight) * (1.0 - diagonal);
            beside <= self.length[i]
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::datasets;

    const SHAPE: Shape = Shape { rows: 28, columns: 28 };

    fn edges(image: &[f32]) -> Vec<usize> {
        let mut image = image.to_vec();
        CANNY_EDGES.apply(&mut image, SHAPE, 1.0, &mut Stream::new(1, "canny test", &[]));
        assert!(image.iter().all(|pixel| *pixel == 0.0 || *pixel == 1.0));
        (0..784).filter(|i| image[*i] == 1.0).collect()
    }

    /// scikit-image 0.26.0, over the same 1000 images: e = `canny(image / 255.)`; the sums of e, and
    /// that of (number of the image + 1) * (number of the pixel) over all edges.
    #[test]
    fn edges_of_digits_are_those_of_scikit_image() {
        let digits =
            datasets::find("mnist-5k").unwrap().load(Path::new("none")).unwrap().test.images;
        let found: Vec<Vec<usize>> = (0..digits.len()).map(|i| edges(digits.row(i))).collect();
        let counts: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(counts[..10], [74, 108, 75, 83, 44, 78, 75, 86, 67, 101]);
        assert_eq!(counts.iter().sum::<usize>(), 85_114);
        let weighted = found.iter().zip(1..).map(|(edges, i)| i * edges.iter().sum::<usize>());
        assert_eq!(weighted.sum::<usize>(), 17_349_042_201);
    }

    #[test]
    fn an_image_without_an_edge_becomes_black() {
        assert!(edges(&[0.5; 784]).is_empty());
    }
}
