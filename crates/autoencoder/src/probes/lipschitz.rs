//! A local Lipschitz constant of the top codes: the largest |h(x') - h(x)| / |x' - x| over the points x'
//! of a ball around an image, found by ascent. On the sphere of radius r the ratio is largest where its
//! gradient points outward, so
//!
//! ```text
//! u <- v / |v|,   v = J(x + r u)^T (h(x + r u) - h(x)),
//! ```
//!
//! which for r -> 0 is the power iteration for the largest singular value of J(x). Every ratio on the way
//! is a true one, so the largest of them is a lower bound.

use ablate_data::Stream;
use ablate_sweep::{Direction, Profile};

use super::{Moment, Networks, Occasion, Probe, Sitter, before_and_after, spread};
use crate::batches::Rows;
use crate::engine::{Band, BandMut, Evaluation, InputGradient};
use crate::geometry;

/// How many test images the mean is over, at most.
const EXAMPLES: usize = 100;

/// Radii of the spheres; the ball is that of the last.
const RADII: [f64; 5] = [0.01, 0.1, 0.5, 1.0, 2.0];

/// Steps of ascent on each sphere. They begin where those on the smaller one ended.
const STEPS: usize = 10;

pub(super) const PROBE: Probe = Probe {
    name: "lipschitz",
    summary: "local Lipschitz constant of the top codes",
    formula: "mean max |h(x') - h(x)| / |x' - x| over |x' - x| <= 2, by ascent (a lower bound)",
    source: "Yang et al. 2020; the ascent is a power iteration on spheres",
    occasion: Occasion::OnRequest,
    networks: Networks::Layered,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| 2.0 * (RADII.len() * (2 * STEPS + 1)) as f64 * extent.pass(EXAMPLES),
    metrics: || {
        let summary = "largest ratio of the distance of top codes to that of inputs in a ball of \
                       radius 2, mean over 100 test images";
        before_and_after("lipschitz", "1", Direction::Neither, summary).into()
    },
    measure: |subject, found| {
        let images = spread(subject.on.test.images, EXAMPLES);
        let sitter = &subject.sitter;
        let images = Rows::new(&images, sitter.stack.inputs());
        let spheres = Ascent::new(sitter, images).by_sphere();
        let mean = |ratios: &[f64]| ratios.iter().sum::<f64>() / ratios.len() as f64;
        let largest = |image: usize| spheres.iter().map(|ratios| ratios[image]).fold(0.0, f64::max);
        let ball: Vec<f64> = (0..images.len()).map(largest).collect();
        found.scores.insert(subject.moment.name("lipschitz"), mean(&ball));
        found.profiles.push(Profile {
            name: subject.moment.name("lipschitz"),
            axis: "radius".into(),
            at: RADII.to_vec(),
            values: spheres.iter().map(|ratios| mean(ratios)).collect(),
        });
        Ok(())
    },
};

/// The images, their codes, and the direction in which each has come farthest.
struct Ascent<'a> {
    sitter: &'a Sitter<'a>,
    images: Rows<'a>,
    codes: Vec<f32>,
    directions: Vec<f32>,
    evaluation: Evaluation,
    gradient: InputGradient,
}

impl<'a> Ascent<'a> {
    fn new(sitter: &'a Sitter<'a>, images: Rows<'a>) -> Ascent<'a> {
        let mut evaluation = Evaluation::new(&sitter.stack);
        let codes =
            evaluation.top_codes(&sitter.stack, images).lines().flatten().copied().collect();
        let mut directions = vec![0.0; images.values().len()];
        for (number, direction) in directions.chunks_mut(images.width()).enumerate() {
            let mut stream = Stream::new(0, "probes/lipschitz", &[number as u64]);
            geometry::draw_direction(direction, &mut stream);
        }
        let gradient = InputGradient::new(&sitter.stack, images.len());
        Ascent { sitter, images, codes, directions, evaluation, gradient }
    }

    /// For each of [`RADII`] the largest ratio found on its sphere, an image each.
    fn by_sphere(mut self) -> Vec<Vec<f64>> {
        RADII.into_iter().map(|radius| self.climb(radius)).collect()
    }

    fn climb(&mut self, radius: f64) -> Vec<f64> {
        let mut best = vec![0.0_f64; self.images.len()];
        for _ in 0..STEPS {
            let points = self.points(radius);
            self.note_ratios(&points, radius, &mut best);
            self.turn(&points);
        }
        let points = self.points(radius);
        self.note_ratios(&points, radius, &mut best);
        best
    }

    fn points(&self, radius: f64) -> Vec<f32> {
        let pairs = self.images.values().iter().zip(&self.directions);
        pairs.map(|(x, direction)| x + radius as f32 * direction).collect()
    }

    fn note_ratios(&mut self, points: &[f32], radius: f64, best: &mut [f64]) {
        let rows = Rows::new(points, self.images.width());
        let moved: Band<'_> = self.evaluation.top_codes(&self.sitter.stack, rows);
        let still = self.codes.chunks(self.sitter.stack.top());
        for ((moved, still), best) in moved.lines().zip(still).zip(best) {
            *best = best.max(geometry::distance(moved, still) / radius);
        }
    }

    /// Turns every direction to where the codes move fastest from there.
    fn turn(&mut self, points: &[f32]) {
        let (width, top) = (self.images.width(), self.sitter.stack.top());
        let codes = &self.codes;
        let away = |mut moved: BandMut<'_>| {
            for (moved, still) in moved.lines_mut().zip(codes.chunks(top)) {
                moved.iter_mut().zip(still).for_each(|(moved, still)| *moved -= still);
            }
        };
        let steepest = self.gradient.of_codes(&self.sitter.stack, Rows::new(points, width), away);
        for (direction, steepest) in self.directions.chunks_mut(width).zip(steepest.lines()) {
            // Where nothing moves there is nowhere to turn.
            if geometry::length(steepest) > 0.0 {
                direction.copy_from_slice(steepest);
                geometry::scale_to(1.0, direction);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::sitter;
    use super::*;
    use crate::activation::Activation;

    const WIDTH: usize = 6;

    fn images() -> Vec<f32> {
        let mut images = vec![0.0; 10 * WIDTH];
        Stream::new(1, "test/lipschitz", &[]).fill_uniform(&mut images);
        images
    }

    #[test]
    fn a_linear_network_has_the_largest_singular_value_everywhere() {
        let mut weights = vec![0.0; WIDTH * WIDTH];
        for (unit, value) in [3.0, -1.5, 1.0, 0.5, 0.2, 0.0].into_iter().enumerate() {
            weights[unit * WIDTH + unit] = value;
        }
        let (network, images) = (sitter(&[6, 6], Activation::Linear, Some(&weights)), images());
        let sitter = Sitter::new(&network).unwrap();
        let spheres = Ascent::new(&sitter, Rows::new(&images, WIDTH)).by_sphere();
        // Differences of codes a hundredth apart are known to five digits.
        let near = |ratio: &f64| (ratio - 3.0).abs() < 2e-3;
        assert!(spheres.iter().flatten().all(near), "{spheres:?}");
    }

    /// The largest of many random points on each sphere.
    #[test]
    fn random_points_come_near_what_the_ascent_finds_and_near_the_image_never_beyond() {
        let network = sitter(&[WIDTH, 8, 5], Activation::Sigmoid, None);
        let (sitter, images) = (Sitter::new(&network).unwrap(), images());
        let spheres = Ascent::new(&sitter, Rows::new(&images, WIDTH)).by_sphere();
        let mut best = vec![vec![0.0; 10]; RADII.len()];
        let mut random = Ascent::new(&sitter, Rows::new(&images, WIDTH));
        for number in 0..200 {
            let mut stream = Stream::new(2, "test/lipschitz", &[number]);
            for direction in random.directions.chunks_mut(WIDTH) {
                geometry::draw_direction(direction, &mut stream);
            }
            for (radius, best) in RADII.into_iter().zip(&mut best) {
                let points = random.points(radius);
                random.note_ratios(&points, radius, best);
            }
        }
        let sum = |ratios: &[f64]| ratios.iter().sum::<f64>();
        for ((radius, found), random) in RADII.into_iter().zip(&spheres).zip(&best) {
            for (found, random) in found.iter().zip(random).filter(|_| radius <= 0.1) {
                assert!(*found >= random * 0.999, "{radius}: {found}, {random}");
            }
            // Farther out the ascent may end on a lower hill.
            let (found, random) = (sum(found), sum(random));
            assert!(found >= random * 0.85, "{radius}: {found}, {random}");
            assert!(found <= random * 1.5, "{radius}: {found}, {random}");
        }
    }
}
