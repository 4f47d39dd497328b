//! Shot noise, as MNIST-C has it (severity 5): x~ = min(n / 3, 1) with n ~ Poisson(3 x), pixel by
//! pixel. Mu and Gilmer 2019, arXiv:1906.02337. A count is drawn by inversion: the least n with
//! P(0) + ... + P(n) > u, u uniform.

use crate::corruptions::{Corruption, Effect, Family};
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static SHOT_NOISE: Corruption = Corruption {
    name: "shot-noise",
    summary: "counts the photons of a picture of at most 3 a pixel",
    formula: "x~ = min(n / 3, 1), n ~ Poisson(3 x)",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Numbers(count_photons),
};

/// How many photons a white pixel sends on average.
const PHOTONS: f64 = 3.0;

fn count_photons(pixels: &mut [f32], _: f32, stream: &mut Stream) {
    for pixel in pixels {
        let count = poisson(PHOTONS * f64::from(*pixel), stream.uniform_f64());
        *pixel = (f64::from(count) / PHOTONS).min(1.0) as f32;
    }
}

/// The least count n at which the distribution of mean `mean` exceeds `u`; no more than the mean's
/// 100 standard deviations could ask for.
fn poisson(mean: f64, u: f64) -> u32 {
    let mean = mean.max(0.0);
    let mut share = libm::exp(-mean);
    let (mut sum, mut count) = (share, 0);
    while u >= sum && count < 1_000 {
        count += 1;
        share *= mean / f64::from(count);
        sum += share;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images::Shape;

    /// P(n <= k) of the Poisson distribution of mean 1.5, by hand: e^-1.5 (1, 2.5, 3.625).
    #[test]
    fn a_count_is_the_quantile_of_its_distribution() {
        for (u, count) in
            [(0.0, 0), (0.2231, 0), (0.2232, 1), (0.5578, 1), (0.5579, 2), (0.8088, 2)]
        {
            assert_eq!(poisson(1.5, u), count, "{u}");
        }
        assert_eq!(poisson(0.0, 1.0 - 1e-16), 0);
    }

    /// Mean and variance of n are both 3 x; here to five standard errors (the variance's is
    /// sqrt((3 x + 2 (3 x)^2) / N)). Pixels dark enough that the bound of 1 plays no part.
    #[test]
    fn counts_have_the_moments_of_the_poisson_distribution() {
        let n = 200_000;
        for mean in [0.02, 0.75, 3.0] {
            let mut stream = Stream::new(1, "shot noise test", &[]);
            let counts: Vec<f64> =
                (0..n).map(|_| f64::from(poisson(mean, stream.uniform_f64()))).collect();
            let average = counts.iter().sum::<f64>() / f64::from(n);
            let square = counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>();
            let variance = square / f64::from(n);
            assert!((average - mean).abs() < 5.0 * (mean / f64::from(n)).sqrt(), "{average}");
            let error = ((mean + 2.0 * mean * mean) / f64::from(n)).sqrt();
            assert!((variance - mean).abs() < 5.0 * error, "{variance}");
        }
    }

    #[test]
    fn black_stays_black_and_the_others_are_thirds() {
        let mut image: Vec<f32> = (0..3_000).map(|i| (i % 2) as f32).collect();
        let mut stream = Stream::new(1, "shot noise test", &[]);
        SHOT_NOISE.apply(&mut image, Shape::flat(10), 1.0, &mut stream);
        let thirds = [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0];
        assert!(image.iter().step_by(2).all(|pixel| *pixel == 0.0));
        assert!(image.iter().all(|pixel| thirds.contains(pixel)));
        assert!(thirds.iter().all(|third| image.contains(third)));
    }
}
