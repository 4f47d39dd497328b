//! Fog, as MNIST-C has it (severity 5): x~ = (x + 3 f) m / (m + 3), m the brightest pixel of x and f a
//! plasma fractal in [0, 1], made on a torus of 256 x 256 points by the diamond-square algorithm
//! (Fournier, Fussell and Carpenter 1982, CACM 25:371). Its first rows and columns lie over the
//! image. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static FOG: Corruption = Corruption {
    name: "fog",
    summary: "lays a fog over the image, a plasma fractal",
    formula: "x~ = (x + 3 f) max(x) / (max(x) + 3), f the plasma fractal of decay 1.4 in [0, 1]",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(cover_in_fog),
};

/// Points along a side of the fractal, a power of two.
const SIDE: usize = 256;
/// By what the random part shrinks from a grid to the one of half its step, squared in effect.
const DECAY: f32 = 1.4;
/// How much fog is laid over an image whose brightest pixel is 1.
const THICKNESS: f32 = 3.0;

fn cover_in_fog(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let fog = plasma(stream);
    let brightest = image.iter().copied().fold(0.0, f32::max);
    let light = brightest / (brightest + THICKNESS);
    for (row, line) in image.chunks_exact_mut(shape.columns).enumerate() {
        for (column, pixel) in line.iter_mut().enumerate() {
            let fog = fog[row % SIDE * SIDE + column % SIDE];
            *pixel = ((*pixel + THICKNESS * fog) * light).clamp(0.0, 1.0);
        }
    }
}

/// SIDE x SIDE numbers from 0 to 1. From a grid of one point on, the middle of each square of four
/// points becomes their mean plus noise, then the middle of each diamond likewise, and the grid's
/// step is halved.
fn plasma(stream: &mut Stream) -> Vec<f32> {
    let mut field = vec![0.0f32; SIDE * SIDE];
    let mut draws = Vec::new();
    let (mut step, mut wibble) = (SIDE, 100.0f32);
    while step >= 2 {
        let half = step / 2;
        let mut fill = |top: usize, left: usize, around: [(usize, usize); 4]| {
            let side = SIDE / step;
            draws.resize(side * side, 0.0);
            stream.fill_uniform(&mut draws);
            for (number, draw) in draws.iter().enumerate() {
                let (row, column) = (top + number / side * step, left + number % side * step);
                let near = around.map(|(down, right)| {
                    field[(row + down) % SIDE * SIDE + (column + right) % SIDE]
                });
                let mean = (near[0] + near[1] + near[2] + near[3]) / 4.0;
                field[row * SIDE + column] = mean + wibble * wibble * (2.0 * draw - 1.0);
            }
        };
        // Steps back are steps forward around the torus.
        let back = SIDE - half;
        let corners = [(back, back), (back, half), (half, back), (half, half)];
        fill(half, half, corners);
        let beside = [(back, 0), (half, 0), (0, back), (0, half)];
        fill(0, half, beside);
        fill(half, 0, beside);
        step = half;
        wibble /= DECAY;
    }
    let least = field.iter().copied().fold(f32::INFINITY, f32::min);
    let span = field.iter().copied().fold(0.0, |most, value| f32::max(most, value - least));
    field.iter_mut().for_each(|value| *value = (*value - least) / span);
    field
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fractal_spans_zero_to_one_and_is_rough_at_every_scale() {
        let field = plasma(&mut Stream::new(1, "fog test", &[]));
        assert_eq!(field.iter().copied().fold(1.0, f32::min), 0.0);
        assert_eq!(field.iter().copied().fold(0.0, f32::max), 1.0);
        // The mean square difference between points d apart, both ways around the torus.
        let roughness = |d: usize| {
            let square = |i: usize| {
                let (row, column) = (i / SIDE, i % SIDE);
                let right = field[row * SIDE + (column + d) % SIDE] - field[i];
                let down = field[(row + d) % SIDE * SIDE + column] - field[i];
                f64::from(right * right + down * down)
            };
            (0..SIDE * SIDE).map(square).sum::<f64>() / (2 * SIDE * SIDE) as f64
        };
        let found = [1, 2, 4, 8, 16, 32].map(roughness);
        assert!(found.is_sorted_by(|near, far| near < far), "{found:?}");
        // Each doubling of the step multiplies the noise by 1.4^2, its square by 1.4^4 = 3.84; the
        // differences grow by less, since smooth parts count too.
        let growth = (found[3] / found[2]).ln() / 2f64.ln();
        assert!((0.8..2.0).contains(&growth), "{growth}");
    }

    #[test]
    fn a_black_image_stays_black_and_fog_never_exceeds_the_brightest_pixel() {
        let shape = Shape { rows: 28, columns: 28 };
        for brightest in [0.0, 0.5, 1.0] {
            let mut image = vec![0.0; 784];
            image[400] = brightest;
            FOG.apply(&mut image, shape, 1.0, &mut Stream::new(1, "fog test", &[]));
            let most = image.iter().copied().fold(0.0, f32::max);
            assert!(most <= brightest, "{most}");
            assert_eq!(most > 0.0, brightest > 0.0);
        }
    }
}
