//! Affine maps of an image about its center c = ((columns - 1) / 2, (rows - 1) / 2): the pixel at
//! p = (column, row) is taken from c + A (p - c) + t, bilinearly between the four pixels around it,
//! and whatever lies outside the image is 0. This is what `skimage.transform.warp` does with an
//! inverse map of order 1 in its mode "constant".

use crate::images::Shape;

/// A = 1.
pub(crate) const IDENTITY: [[f64; 2]; 2] = [[1.0, 0.0], [0.0, 1.0]];

/// The matrix that turns (column, row) by `angle` radians. Sines are those of a library of our own,
/// so that no machine's can change a bit.
pub(crate) fn rotation(angle: f64) -> [[f64; 2]; 2] {
    let (sin, cos) = (libm::sin(angle), libm::cos(angle));
    [[cos, -sin], [sin, cos]]
}

/// Replaces `image` by itself seen through `matrix` and `shift`, both in (column, row).
pub(crate) fn warp(image: &mut [f32], shape: Shape, matrix: [[f64; 2]; 2], shift: [f64; 2]) {
    let from = image.to_vec();
    let center = [(shape.columns - 1) as f64 / 2.0, (shape.rows - 1) as f64 / 2.0];
    for (row, line) in image.chunks_exact_mut(shape.columns).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            let p = [column as f64 - center[0], row as f64 - center[1]];
            let [x, y] = [0, 1].map(|axis| {
                let [a, b] = matrix[axis];
                center[axis] + a * p[0] + b * p[1] + shift[axis]
            });
            *pixel = bilinear(&from, shape, x, y);
        }
    }
}

/// The value at column `x` and row `y`, between pixels.
fn bilinear(image: &[f32], shape: Shape, x: f64, y: f64) -> f32 {
    let (left, top) = (x.floor(), y.floor());
    let (right, below) = (x - left, y - top);
    let at = |row: f64, column: f64| {
        let inside = (0.0..shape.rows as f64).contains(&row)
            && (0.0..shape.columns as f64).contains(&column);
        if inside { f64::from(image[row as usize * shape.columns + column as usize]) } else { 0.0 }
    };
    let upper = (1.0 - right) * at(top, left) + right * at(top, left + 1.0);
    let lower = (1.0 - right) * at(top + 1.0, left) + right * at(top + 1.0, left + 1.0);
    ((1.0 - below) * upper + below * lower) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 5, columns: 4 };

    fn warped(matrix: [[f64; 2]; 2], shift: [f64; 2]) -> Vec<f32> {
        let mut image: Vec<f32> = (0..20).map(|i| (f64::from(i) * 0.618034 % 1.0) as f32).collect();
        warp(&mut image, SHAPE, matrix, shift);
        image
    }

    fn assert_close(found: &[f32], expected: [f32; 20]) {
        let close = found.iter().zip(expected).all(|(found, one)| (found - one).abs() < 2e-6);
        assert!(close, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn the_identity_changes_no_bit() {
        assert_eq!(warped(IDENTITY, [0.0, 0.0]), warped(rotation(0.0), [0.0, 0.0]));
        assert_eq!(warped(IDENTITY, [0.0, 0.0])[7], (7.0 * 0.618034 % 1.0) as f32);
    }

    /// scikit-image 0.26.0: x = ((arange(20) * .618034) % 1).reshape(5, 4), A the matrix,
    /// c = (1.5, 2), `transform.warp(x, AffineTransform(matrix=[A | c - A c + t]))`.
    #[test]
    fn maps_agree_with_those_of_scikit_image() {
        let rotated = [
            0.318161, 0.294218, 0.598800, 0.157026, 0.296194, 0.366696, 0.525849, 0.466040,
            0.623256, 0.462986, 0.279660, 0.486019, 0.558710, 0.312560, 0.375950, 0.446452,
            0.182763, 0.622522, 0.421075, 0.107933,
        ];
        assert_close(&warped(rotation(0.4), [0.0, 0.0]), rotated);
        let shrunk = [
            0.000000, 0.069371, 0.052643, 0.043577, 0.096354, 0.306411, 0.515847, 0.197309,
            0.337240, 0.644156, 0.312776, 0.285134, 0.220983, 0.318636, 0.436235, 0.168876,
            0.045334, 0.084061, 0.036721, 0.037890,
        ];
        assert_close(&warped([[1.0 / 0.7, 0.0], [0.0, 1.0 / 0.7]], [0.0, 0.0]), shrunk);
        let sheared = [
            0.432926, 0.360168, 0.668994, 0.170465, 0.360661, 0.337373, 0.548531, 0.221951,
            0.944272, 0.562306, 0.180340, 0.798374, 0.279693, 0.224856, 0.405273, 0.430183,
            0.180028, 0.729527, 0.382478, 0.309720,
        ];
        let matrix = [[1.0, -0.4f64.sin()], [0.0, 0.4f64.cos()]];
        assert_close(&warped(matrix, [0.0, 0.0]), sheared);
        let moved = [
            0.000000, 0.000000, 0.000000, 0.000000, 0.077254, 0.261271, 0.195288, 0.320288,
            0.265576, 0.383610, 0.501644, 0.442627, 0.612712, 0.355746, 0.473780, 0.421729,
            0.584848, 0.327882, 0.445916, 0.400831,
        ];
        assert_close(&warped(IDENTITY, [0.25, -1.5]), moved);
    }
}
