//! Spatter, as MNIST-C has it (severity 4): where normal noise of mean 0.65 and deviation 0.3, smoothed
//! by a Gaussian filter of sigma 1, exceeds 0.65 there is a drop; drops are smoothed with sigma 1.5
//! to a mask m, which is 0 wherever it is below 0.8; and x~ = (1 - m) x + m 63 / 255. Mu and Gilmer
//! 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::smoothing::{Edge, gaussian};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static SPATTER: Corruption = Corruption {
    name: "spatter",
    summary: "spatters the image with grey mud",
    formula: "x~ = (1 - m) x + m 63 / 255, m = G([G(N(0.65, 0.3^2)) > 0.65]) with sigma 1 and 1.5, 0 where below 0.8",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(spatter),
};

/// The mean of the noise, and the level above which it is a drop.
const LEVEL: f64 = 0.65;
const DEVIATION: f64 = 0.3;
/// Where less of a smoothed drop is left, there is none.
const LEAST: f64 = 0.8;
const MUD: f64 = 63.0 / 255.0;

fn spatter(image: &mut [f32], shape: Shape, _: f32, stream: &mut Stream) {
    let mut noise = vec![0.0; image.len()];
    stream.fill_normal(&mut noise);
    let mut mask: Vec<f64> = noise.into_iter().map(|z| LEVEL + DEVIATION * f64::from(z)).collect();
    gaussian(&mut mask, shape, 1.0, Edge::Nearest);
    mask.iter_mut().for_each(|value| *value = f64::from(u8::from(*value > LEVEL)));
    gaussian(&mut mask, shape, 1.5, Edge::Nearest);
    for (pixel, m) in image.iter_mut().zip(mask) {
        let m = if m < LEAST { 0.0 } else { m };
        *pixel = (f64::from(*pixel) * (1.0 - m) + MUD * m).clamp(0.0, 1.0) as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference: the same definition in NumPy 2.4 and SciPy's `gaussian_filter` (mode "nearest"),
    /// 20000 masks of
    /// 28 x 28: 0.13557 of the pixels lie under a drop, with a deviation of 0.054 among masks.
    #[test]
    fn as_much_is_struck_as_by_the_definition_elsewhere() {
        let shape = Shape { rows: 28, columns: 28 };
        let mut struck = 0;
        for name in 0..400 {
            let mut image = vec![1.0; 784];
            SPATTER.apply(&mut image, shape, 1.0, &mut Stream::new(name, "spatter test", &[]));
            struck += image.iter().filter(|pixel| **pixel < 1.0).count();
            assert!(image.iter().all(|pixel| *pixel >= 63.0 / 255.0 - 1e-6));
        }
        let share = struck as f64 / (400.0 * 784.0);
        assert!((share - 0.135_57).abs() < 5.0 * 0.054 / 20.0, "{share}");
    }
}
