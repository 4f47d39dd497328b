//! The contraction curve: how far codes move when images do, against how far those moved. For an image
//! x0 and a point x1 drawn uniformly from the sphere of radius r around it, the ratio
//! |h(x1) - h(x0)| / |x1 - x0|, averaged over images, as r grows (Rifai et al. 2011, figure 2). A
//! network that contracts near the images has a small ratio at a small radius, and one that contracts
//! along few directions a bump where the sphere leaves what the images span.
//!
//! The points are the same for every network: a direction an image, at every radius.

use ablate_data::Stream;
use ablate_sweep::{Direction, Metric, Profile, Split};

use super::{Moment, Networks, Occasion, Probe, Sitter, spread};
use crate::batches::Rows;
use crate::engine::Evaluation;
use crate::geometry;

/// How many validation images the mean is over, at most.
const EXAMPLES: usize = 200;

/// Images of 784 pixels lie about 10 apart.
const RADII: [f64; 12] = [0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 16.0, 24.0];

pub(super) const PROBE: Probe = Probe {
    name: "contraction",
    summary: "how far the top codes move, against how far the input did",
    formula: "mean |h(x1) - h(x0)| / |x1 - x0| for x1 uniform on spheres around x0, at each radius",
    source: "Rifai et al. 2011, figure 2",
    occasion: Occasion::OnRequest,
    networks: Networks::Layered,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| 2.0 * (RADII.len() + 1) as f64 * extent.pass(EXAMPLES),
    metrics: || {
        let metric = |name: &str, summary: &str| Metric {
            name: name.to_owned(),
            unit: "1",
            direction: Direction::Neither,
            split: Split::Valid,
            summary: summary.to_owned(),
        };
        vec![
            metric("contraction_peak", "largest mean ratio of the contraction curve"),
            metric("contraction_peak_radius", "radius at which the contraction curve is highest"),
            metric(
                "initial_contraction_peak",
                "largest mean ratio of the contraction curve, before fine-tuning",
            ),
            metric(
                "initial_contraction_peak_radius",
                "radius at which the contraction curve is highest, before fine-tuning",
            ),
        ]
    },
    measure: |subject, found| {
        let images = spread(subject.on.valid.images, EXAMPLES);
        let sitter = &subject.sitter;
        let ratios = ratios(sitter, Rows::new(&images, sitter.stack.inputs()));
        let (mut peak, mut radius) = (f64::NEG_INFINITY, 0.0);
        for (ratio, at) in ratios.iter().zip(RADII) {
            if *ratio > peak {
                (peak, radius) = (*ratio, at);
            }
        }
        found.scores.insert(subject.moment.name("contraction_peak"), peak);
        found.scores.insert(subject.moment.name("contraction_peak_radius"), radius);
        found.profiles.push(Profile {
            name: subject.moment.name("contraction"),
            axis: "radius".into(),
            at: RADII.to_vec(),
            values: ratios,
        });
        Ok(())
    },
};

/// The mean ratio at each of [`RADII`].
fn ratios(sitter: &Sitter<'_>, images: Rows<'_>) -> Vec<f64> {
    let (still, moved) = (&mut Evaluation::new(&sitter.stack), &mut Evaluation::new(&sitter.stack));
    let directions = directions(images);
    let still = still.top_codes(&sitter.stack, images);
    let at_radius = |radius: f64| {
        let points = images.values().iter().zip(&directions);
        let points: Vec<f32> = points.map(|(x, direction)| x + radius as f32 * direction).collect();
        let codes = moved.top_codes(&sitter.stack, Rows::new(&points, images.width()));
        let pairs = codes.lines().zip(still.lines());
        let sum: f64 = pairs.map(|(moved, still)| geometry::distance(moved, still)).sum();
        sum / radius / images.len() as f64
    };
    RADII.into_iter().map(at_radius).collect()
}

/// A direction of length 1 for each image, row by row.
fn directions(images: Rows<'_>) -> Vec<f32> {
    let mut directions = vec![0.0; images.values().len()];
    for (number, direction) in directions.chunks_mut(images.width()).enumerate() {
        let mut stream = Stream::new(0, "probes/contraction", &[number as u64]);
        geometry::draw_direction(direction, &mut stream);
    }
    directions
}

#[cfg(test)]
mod tests {
    use super::super::tests::sitter;
    use super::*;
    use crate::activation::Activation;

    fn images(count: usize, width: usize) -> Vec<f32> {
        let mut images = vec![0.0; count * width];
        Stream::new(1, "test/contraction", &[]).fill_uniform(&mut images);
        images
    }

    /// A linear layer that doubles every direction moves codes twice as far as inputs.
    #[test]
    fn a_linear_network_has_a_flat_curve() {
        let mut weights = vec![0.0; 36];
        (0..6).for_each(|unit| weights[unit * 6 + unit] = 2.0);
        let (network, images) =
            (sitter(&[6, 6], Activation::Linear, Some(&weights)), images(20, 6));
        for ratio in ratios(&Sitter::new(&network).unwrap(), Rows::new(&images, 6)) {
            assert!((ratio - 2.0).abs() < 1e-4, "{ratio}");
        }
    }

    /// Near 0 the ratio is |J u|, whose mean square is |J|_F^2 / n; far out sigmoids saturate.
    #[test]
    fn the_curve_begins_at_the_jacobian_and_falls_where_units_saturate() {
        let (network, images) = (sitter(&[6, 4], Activation::Sigmoid, None), images(200, 6));
        let ratios = ratios(&Sitter::new(&network).unwrap(), Rows::new(&images, 6));
        let weights: Vec<f32> = network.hidden[0].weight.flatten_all().unwrap().to_vec1().unwrap();
        let squares: f64 = weights.iter().map(|weight| f64::from(*weight).powi(2)).sum();
        // A sigmoid's slope is at most a quarter.
        assert!(ratios[0] < 0.25 * squares.sqrt() && ratios[0] > 0.0, "{ratios:?}");
        assert!(ratios[11] < 0.2 * ratios[0], "{ratios:?}");
        assert!(ratios[11] <= 2.0 / 24.0, "a code of 4 units moves at most by 2");
    }
}
