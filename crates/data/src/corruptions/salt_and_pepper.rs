//! Salt-and-pepper noise: each pixel, with probability `fraction`, becomes 0 or 1 with equal
//! chance (Vincent et al. 2010, JMLR 11:3371). The pixel's own value does not matter, so a black
//! one struck by pepper stays black. Each pixel is drawn by itself, so the fraction of an image
//! that is struck varies about `fraction`.

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static SALT_AND_PEPPER: Corruption = Corruption {
    name: "salt-and-pepper",
    summary: "turns a random fraction of the pixels to 0 or 1, with equal chance",
    formula: "x~ = 0 or 1, each with probability fraction / 2, otherwise x",
    source: "Vincent et al. 2010, JMLR 11:3371-3408",
    family: Family::Noise,
    severity: Some(Severity { name: "fraction", range: 0.0..=1.0, graded: &[0.05, 0.1, 0.2, 0.4] }),
    effect: Effect::Numbers(strike),
};

/// Strikes that fraction of the numbers.
pub(super) fn strike(images: &mut [f32], fraction: f32, stream: &mut Stream) {
    let pepper = fraction / 2.0;
    let mut draws = [0.0; 512];
    for pixels in images.chunks_mut(draws.len()) {
        let draws = &mut draws[..pixels.len()];
        stream.fill_uniform(draws);
        for (pixel, draw) in pixels.iter_mut().zip(draws) {
            let salted = if *draw < fraction { 1.0 } else { *pixel };
            *pixel = if *draw < pepper { 0.0 } else { salted };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Shape;

    #[test]
    fn salt_and_pepper_each_strike_half_of_the_fraction() {
        let n = 250_000;
        for fraction in [0.01, 0.2, 0.9] {
            let mut images = vec![0.5f32; n];
            let mut stream = Stream::new(1, "salt-and-pepper test", &[]);
            SALT_AND_PEPPER.apply(&mut images, Shape::flat(50), fraction, &mut stream);
            let half = f64::from(fraction) / 2.0;
            let error = (half * (1.0 - half) / n as f64).sqrt();
            for value in [0.0, 1.0] {
                let struck = images.iter().filter(|pixel| **pixel == value).count();
                let struck = struck as f64 / n as f64;
                assert!((struck - half).abs() < 5.0 * error, "{fraction} {value}: {struck}");
            }
            assert!(images.iter().all(|pixel| [0.0, 0.5, 1.0].contains(pixel)));
        }
    }

    #[test]
    fn fraction_one_leaves_no_pixel_as_it_was() {
        let mut images = vec![0.5; 100_000];
        let mut stream = Stream::new(1, "salt-and-pepper test", &[]);
        SALT_AND_PEPPER.apply(&mut images, Shape::flat(10), 1.0, &mut stream);
        assert!(images.iter().all(|pixel| *pixel == 0.0 || *pixel == 1.0));
    }
}
