//! Masking noise: each pixel becomes 0 with probability `fraction`, and stays as it is otherwise
//! (Vincent et al. 2008, ICML; 2010, JMLR 11:3371, where the fraction is called nu). Each pixel is
//! drawn by itself, so the fraction of an image that is masked varies about `fraction`.

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static MASKING: Corruption = Corruption {
    name: "masking",
    summary: "turns a random fraction of the pixels to 0",
    formula: "x~ = 0 with probability fraction, otherwise x",
    source: "Vincent et al. 2008, ICML; 2010, JMLR 11:3371-3408",
    family: Family::Noise,
    severity: Some(Severity {
        name: "fraction",
        range: 0.0..=1.0,
        graded: &[0.1, 0.25, 0.5, 0.75],
    }),
    effect: Effect::Numbers(mask),
};

fn mask(images: &mut [f32], fraction: f32, stream: &mut Stream) {
    let mut draws = [0.0; 512];
    for pixels in images.chunks_mut(draws.len()) {
        let draws = &mut draws[..pixels.len()];
        stream.fill_uniform(draws);
        for (pixel, draw) in pixels.iter_mut().zip(draws) {
            *pixel = if *draw < fraction { 0.0 } else { *pixel };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Shape;

    #[test]
    fn the_fraction_of_pixels_turned_to_zero_is_the_one_asked_for() {
        let n = 250_000;
        for fraction in [0.001, 0.25, 0.9] {
            let mut images = vec![0.5f32; n];
            let mut stream = Stream::new(1, "masking test", &[]);
            MASKING.apply(&mut images, Shape::flat(50), fraction, &mut stream);
            assert!(images.iter().all(|pixel| *pixel == 0.0 || *pixel == 0.5));
            let masked = images.iter().filter(|pixel| **pixel == 0.0).count() as f64 / n as f64;
            let fraction = f64::from(fraction);
            let error = (fraction * (1.0 - fraction) / n as f64).sqrt();
            assert!((masked - fraction).abs() < 5.0 * error, "{fraction}: {masked}");
        }
    }

    #[test]
    fn fraction_one_masks_every_pixel() {
        let mut images = vec![0.5; 100_000];
        let mut stream = Stream::new(1, "masking test", &[]);
        MASKING.apply(&mut images, Shape::flat(10), 1.0, &mut stream);
        assert!(images.iter().all(|pixel| *pixel == 0.0));
    }

    #[test]
    fn a_larger_fraction_masks_the_same_pixels_and_more() {
        let masked = |fraction| {
            let mut images = vec![1.0f32; 5_000];
            let mut stream = Stream::new(1, "masking test", &[]);
            MASKING.apply(&mut images, Shape::flat(10), fraction, &mut stream);
            images
        };
        for (mild, severe) in masked(0.3).into_iter().zip(masked(0.6)) {
            assert!(severe <= mild);
        }
    }
}
