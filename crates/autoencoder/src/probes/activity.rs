//! How busy the top codes are: Hoyer's sparsity, which is 0 where all units are equally active and 1
//! where one unit alone is, the mean activation, and the share of saturated units.

use ablate_sweep::Direction;

use super::{Moment, Networks, Occasion, Probe, Sitter, before_and_after};
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::Evaluation;

pub(super) const PROBE: Probe = Probe {
    name: "activity",
    summary: "sparsity, mean and saturation of the top codes",
    formula: "(sqrt(n) - |h|_1 / |h|_2) / (sqrt(n) - 1); mean h; share of h < .05 or > .95",
    source: "Hoyer 2004 (sparsity); Rifai et al. 2011, table 1 (saturation)",
    occasion: Occasion::Always,
    networks: Networks::Layered,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| 2.0 * extent.test_pass(),
    metrics: || {
        let of = |name, unit, summary| before_and_after(name, unit, Direction::Neither, summary);
        [
            of(
                "sparsity",
                "1",
                "Hoyer sparsity of the top codes, from 0 to 1, mean over test images",
            ),
            of(
                "mean_activation",
                "1",
                "mean activation of the top codes over units and test images",
            ),
            of(
                "saturation",
                "fraction",
                "share of saturated top units (sigmoid: below .05 or above .95)",
            ),
        ]
        .into_iter()
        .flatten()
        .collect()
    },
    measure: |subject, found| {
        let activity = Activity::of(&subject.sitter, subject.on.test.images);
        let of = |name| subject.moment.name(name);
        found.scores.insert(of("sparsity"), activity.sparsity);
        found.scores.insert(of("mean_activation"), activity.mean);
        found.scores.insert(of("saturation"), activity.saturation);
        Ok(())
    },
};

struct Activity {
    sparsity: f64,
    mean: f64,
    saturation: f64,
}

impl Activity {
    fn of(sitter: &Sitter<'_>, images: Rows<'_>) -> Activity {
        let (stack, activation) = (&sitter.stack, sitter.network.code_activation);
        let mut evaluation = Evaluation::new(stack);
        let (mut sparsity, mut sum, mut saturated, mut units) = (0.0, 0.0, 0_usize, 0_usize);
        for batch in images.chunks(EVALUATION_ROWS) {
            for code in evaluation.top_codes(stack, batch).lines() {
                sparsity += hoyer(code);
                sum += code.iter().map(|&h| f64::from(h)).sum::<f64>();
                saturated += code.iter().filter(|&&h| activation.saturated(h)).count();
                units += code.len();
            }
        }
        Activity {
            sparsity: sparsity / images.len() as f64,
            mean: sum / units as f64,
            saturation: saturated as f64 / units as f64,
        }
    }
}

/// Hoyer's sparsity of one code; 0 for a code of one unit or of zeros only, where it is undefined.
fn hoyer(code: &[f32]) -> f64 {
    let absolute: f64 = code.iter().map(|&h| f64::from(h).abs()).sum();
    let euclidean = code.iter().map(|&h| f64::from(h).powi(2)).sum::<f64>().sqrt();
    let root = (code.len() as f64).sqrt();
    if euclidean > 0.0 && code.len() > 1 {
        (root - absolute / euclidean) / (root - 1.0)
    } else {
        0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hoyer_is_zero_for_equal_units_one_for_a_single_one_and_between_otherwise() {
        assert!(hoyer(&[0.3; 16]).abs() < 1e-7);
        assert!((hoyer(&[0.0, 0.0, -2.0, 0.0]) - 1.0).abs() < 1e-7);
        assert!((hoyer(&[3.0, 4.0]) - (2f64.sqrt() - 1.4) / (2f64.sqrt() - 1.0)).abs() < 1e-7);
        assert_eq!(hoyer(&[0.0; 4]), 0.0);
    }
}
