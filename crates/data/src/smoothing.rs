//! The Gaussian filter, along rows and then along columns, with weights proportional to
//! exp(-d^2 / (2 sigma^2)) up to a distance of 4 sigma, rounded: `scipy.ndimage.gaussian_filter`.

use crate::images::Shape;

/// What lies beyond the edge of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Edge {
    /// The nearest pixel of the edge.
    Nearest,
    /// Nothing: 0.
    Zero,
}

/// Smooths `plane`, row after row of `shape`.
pub(crate) fn gaussian(plane: &mut [f64], shape: Shape, sigma: f64, edge: Edge) {
    let kernel = kernel(sigma);
    let mut line = Vec::new();
    for column in 0..shape.columns {
        convolve(plane, (column, shape.columns, shape.rows), &kernel, edge, &mut line);
    }
    for row in 0..shape.rows {
        convolve(plane, (row * shape.columns, 1, shape.columns), &kernel, edge, &mut line);
    }
}

/// The weights at distances 0, 1, 2 ...
fn kernel(sigma: f64) -> Vec<f64> {
    let radius = (4.0 * sigma + 0.5) as usize;
    let weight = |distance: usize| {
        let distance = distance as f64 / sigma;
        libm::exp(-0.5 * distance * distance)
    };
    let weights: Vec<f64> = (0..=radius).map(weight).collect();
    let sum = weights[0] + 2.0 * weights[1..].iter().sum::<f64>();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// Smooths the `count` numbers of `plane` that lie `step` apart from `start` on; `line` is for use
/// again.
fn convolve(
    plane: &mut [f64],
    (start, step, count): (usize, usize, usize),
    kernel: &[f64],
    edge: Edge,
    line: &mut Vec<f64>,
) {
    line.clear();
    line.extend((0..count).map(|i| plane[start + i * step]));
    let at = |i: Option<usize>, nearest: usize| match (i.filter(|i| *i < count), edge) {
        (Some(i), _) => line[i],
        (None, Edge::Nearest) => line[nearest],
        (None, Edge::Zero) => 0.0,
    };
    for i in 0..count {
        let beside = kernel.iter().enumerate().skip(1).map(|(distance, weight)| {
            weight * (at(i.checked_sub(distance), 0) + at(Some(i + distance), count - 1))
        });
        plane[start + i * step] = kernel[0] * line[i] + beside.sum::<f64>();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 5, columns: 4 };

    /// SciPy 1.17: x = ((arange(20) * .618034) % 1).reshape(5, 4),
    /// `gaussian_filter(x, 0.7, mode="nearest")` and with mode "constant".
    #[test]
    fn smoothing_agrees_with_that_of_scipy() {
        let nearest = [
            0.191067, 0.388404, 0.455332, 0.658058, 0.433075, 0.378911, 0.465098, 0.526037,
            0.649415, 0.445184, 0.427713, 0.548146, 0.546662, 0.369971, 0.411993, 0.470865,
            0.708243, 0.458295, 0.364000, 0.559176,
        ];
        let zero = [
            0.140449, 0.299391, 0.354148, 0.381415, 0.331371, 0.370403, 0.455653, 0.405469,
            0.492539, 0.438039, 0.421886, 0.420552, 0.405914, 0.359000, 0.404048, 0.363011,
            0.406338, 0.342211, 0.285403, 0.322614,
        ];
        for (edge, expected) in [(Edge::Nearest, nearest), (Edge::Zero, zero)] {
            let mut plane: Vec<f64> = (0..20).map(|i| f64::from(i) * 0.618034 % 1.0).collect();
            gaussian(&mut plane, SHAPE, 0.7, edge);
            let close = plane.iter().zip(expected).all(|(found, one)| (found - one).abs() < 1e-6);
            assert!(close, "{edge:?}: {plane:?}");
        }
    }

    #[test]
    fn a_plane_that_is_the_same_everywhere_stays_so() {
        let mut plane = [0.25; 20];
        gaussian(&mut plane, SHAPE, 3.0, Edge::Nearest);
        assert!(plane.iter().all(|value| (value - 0.25).abs() < 1e-15), "{plane:?}");
    }
}
