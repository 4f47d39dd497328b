//! How the error grows with the severity of a corruption, for every corruption that has graded
//! severities: noise, and what covers or moves parts of an image. The area under that curve from severity
//! 0, where it is the clean error, to the most severe, by trapezoids and as a share of its width, is the
//! error averaged over severities. The corrupted images are the same for every network, clipped to
//! [0, 1]; a milder severity is the same draw, milder.

use ablate_data::Corruption;
use ablate_data::corruptions::Family;
use ablate_sweep::{Direction, Profile};

use super::{Moment, Networks, Occasion, Probe, Subject, evenly, on_test};
use crate::batches::Rows;
use crate::engine::Evaluation;

/// How many test images are corrupted, at most.
const EXAMPLES: usize = 1000;

pub(super) const PROBE: Probe = Probe {
    name: "severity",
    summary: "how the test error grows with the severity of corruptions",
    formula: "area under error(severity) by trapezoids from 0 to the most severe, over that severity",
    source: "Hendrycks and Dietterich 2019 (graded severities)",
    occasion: Occasion::OnRequest,
    networks: Networks::Classifiers,
    moments: &[Moment::Tuned],
    work: |extent| {
        let severities = graded().map(|corruption| corruption.graded().len()).sum::<usize>();
        (severities + 1) as f64 * extent.pass(EXAMPLES)
    },
    metrics: || {
        let area = |name: &str, summary: &str| on_test(name, "fraction", Direction::Lower, summary);
        let of = |corruption: &'static Corruption| {
            let summary = format!("test error under {}, averaged over severities", corruption.name);
            area(&format!("severity_area_{}", plain(corruption)), &summary)
        };
        let mean =
            area("severity_area", "area under the error over the severity, mean over corruptions");
        std::iter::once(mean).chain(graded().map(of)).collect()
    },
    measure: |subject, found| {
        let mut sum = 0.0;
        for corruption in graded() {
            let (severities, errors) = errors(subject, corruption);
            let area = mean_height(&severities, &errors);
            found.scores.insert(format!("severity_area_{}", plain(corruption)), area);
            sum += area;
            let axis = corruption.severity.as_ref().map_or("severity", |severity| severity.name);
            found.profiles.push(Profile {
                name: format!("severity_error_{}", plain(corruption)),
                axis: axis.into(),
                at: severities,
                values: errors,
            });
        }
        found.scores.insert("severity_area".into(), sum / graded().count() as f64);
        Ok(())
    },
};

/// The corruptions that have several severities.
fn graded() -> impl Iterator<Item = &'static Corruption> {
    Family::Noise.members().chain(Family::Spatial.members())
}

/// The name without dashes, which need quotes in SQL.
fn plain(corruption: &Corruption) -> String {
    corruption.name.replace('-', "_")
}

/// Severities from 0 up, and the test error at each.
fn errors(subject: &Subject<'_>, corruption: &Corruption) -> (Vec<f64>, Vec<f64>) {
    let (stack, images) = (&subject.sitter.stack, subject.on.test.images);
    let which = evenly(images.len(), EXAMPLES);
    let labels: Vec<u8> = which.iter().map(|&one| subject.on.test.labels[one as usize]).collect();
    let mut evaluation = Evaluation::new(stack);
    let error = |severity: f32| {
        let mut corrupted = images.gather(&which);
        for (image, &number) in corrupted.chunks_mut(images.width()).zip(&which) {
            corruption.apply_to_test(image, subject.on.shape, severity, number as usize);
            image.iter_mut().for_each(|pixel| *pixel = pixel.clamp(0.0, 1.0));
        }
        let missed = evaluation.missed(stack, Rows::new(&corrupted, images.width()), &labels);
        missed.iter().filter(|missed| **missed).count() as f64 / labels.len() as f64
    };
    let severities: Vec<f32> =
        std::iter::once(0.0).chain(corruption.graded().iter().copied()).collect();
    let errors = severities.iter().copied().map(error).collect();
    (severities.into_iter().map(super::decimal).collect(), errors)
}

/// The area under the points by trapezoids, over the width from the first to the last.
fn mean_height(at: &[f64], heights: &[f64]) -> f64 {
    let trapezoid = |(x, y): (&[f64], &[f64])| (x[1] - x[0]) * (y[0] + y[1]) / 2.0;
    let area: f64 = at.windows(2).zip(heights.windows(2)).map(trapezoid).sum();
    area / (at[at.len() - 1] - at[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_height_of_a_line_is_its_middle_however_it_is_cut() {
        assert!((mean_height(&[0.0, 1.0, 4.0], &[0.1, 0.2, 0.5]) - 0.3).abs() < 1e-12);
        assert!((mean_height(&[0.0, 2.0], &[0.25, 0.25]) - 0.25).abs() < 1e-12);
        assert!((mean_height(&[0.0, 1.0, 2.0], &[0.0, 1.0, 0.0]) - 0.5).abs() < 1e-12);
    }
}
