//! Additive Gaussian noise: x~ = x + e, e ~ N(0, sigma^2) for each pixel, not clipped (Vincent et
//! al. 2010, JMLR 11:3371).

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static GAUSSIAN: Corruption = Corruption {
    name: "gaussian",
    summary: "adds independent Gaussian noise to every pixel, without clipping",
    formula: "x~ = x + e, e ~ N(0, sigma^2)",
    source: "Vincent et al. 2010, JMLR 11:3371-3408",
    family: Family::Noise,
    severity: Some(Severity { name: "sigma", range: 0.0..=10.0, graded: &[0.1, 0.2, 0.3, 0.5] }),
    effect: Effect::Numbers(add_noise),
};

fn add_noise(images: &mut [f32], sigma: f32, stream: &mut Stream) {
    let mut noise = [0.0; 512];
    for pixels in images.chunks_mut(noise.len()) {
        let noise = &mut noise[..pixels.len()];
        stream.fill_normal(noise);
        for (pixel, e) in pixels.iter_mut().zip(noise) {
            *pixel += sigma * *e;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Shape;

    /// e / sigma has the moments of a standard normal number, to five standard errors.
    #[test]
    fn the_noise_has_mean_zero_and_deviation_sigma() {
        let n = 250_000;
        for sigma in [0.05, 0.3, 2.0] {
            let mut images = vec![0.25f32; n];
            let mut stream = Stream::new(1, "gaussian test", &[]);
            GAUSSIAN.apply(&mut images, Shape::flat(50), sigma, &mut stream);
            let z = |pixel: &f32| (f64::from(*pixel) - 0.25) / f64::from(sigma);
            let mean = images.iter().map(z).sum::<f64>() / n as f64;
            let square = images.iter().map(|pixel| z(pixel).powi(2)).sum::<f64>() / n as f64;
            assert!(mean.abs() < 5.0 / (n as f64).sqrt(), "{sigma}: {mean}");
            assert!((square - 1.0).abs() < 5.0 * (2.0 / n as f64).sqrt(), "{sigma}: {square}");
        }
    }

    #[test]
    fn black_and_white_pixels_are_not_clipped() {
        let mut images: Vec<f32> = (0..1000).map(|i| (i % 2) as f32).collect();
        let mut stream = Stream::new(1, "gaussian test", &[]);
        GAUSSIAN.apply(&mut images, Shape::flat(10), 0.1, &mut stream);
        assert!(images.iter().any(|pixel| *pixel < 0.0));
        assert!(images.iter().any(|pixel| *pixel > 1.0));
    }

    #[test]
    fn what_is_added_does_not_depend_on_the_image() {
        let noise = |image: f32| {
            let mut images = [image; 600];
            let mut stream = Stream::new(1, "gaussian test", &[]);
            GAUSSIAN.apply(&mut images, Shape::flat(6), 0.5, &mut stream);
            images.map(|pixel| pixel - image)
        };
        for (black, white) in noise(0.0).into_iter().zip(noise(1.0)) {
            assert!((black - white).abs() < 1e-6, "{black} {white}");
        }
    }
}
