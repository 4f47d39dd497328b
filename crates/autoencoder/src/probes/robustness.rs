//! Robustness to perturbation: every test image is corrupted, clipped to [0, 1] and shown to the
//! fine-tuned network, for each noise at each of its graded severities. The perturbed images
//! are the same for every network (their streams know the corruption, the severity and the batch,
//! not the run), so networks are compared on equal terms.
//!
//! Scores: the test error under each, the relative code shift mean |h(x~) - h(x)| / |h(x)|, and two
//! summaries: the mean over the corruptions of the mean over their severities of either.

use ablate_data::Stream;
use ablate_data::corruptions::{Corruption, Family};
use ablate_sweep::{Direction, Relative};

use super::{Moment, Networks, Occasion, Probe, Subject, corruption_errors, on_test};
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::Evaluation;
use crate::geometry;

pub(super) const PROBE: Probe = Probe {
    name: "robustness",
    summary: "test error and code shift under perturbation",
    formula: "mean over corruptions of mean over severities of the test error on clip(x~, 0, 1)",
    source: "Hendrycks and Dietterich 2019 (the mean over corruptions and severities)",
    occasion: Occasion::Always,
    networks: Networks::All,
    moments: &[Moment::Tuned],
    work: |extent| (perturbations().count() + 1) as f64 * extent.test_pass(),
    metrics: || {
        let mut metrics = vec![
            on_test(
                "robust_error",
                "fraction",
                Direction::Lower,
                "test error under perturbation: mean over corruptions of the mean over severities",
            ),
            on_test(
                "robust_code_shift",
                "1",
                Direction::Neither,
                "relative code shift under perturbation: mean over corruptions of that over severities",
            ),
        ];
        for (corruption, severity) in perturbations() {
            let name = corruption.name;
            let of = corruption.severity.as_ref().map_or("severity", |severity| severity.name);
            metrics.push(on_test(
                &metric_name("test_error", corruption, severity),
                "fraction",
                Direction::Lower,
                &format!("test error under {name} of {of} {severity}"),
            ));
            metrics.push(on_test(
                &metric_name("code_shift", corruption, severity),
                "1",
                Direction::Neither,
                &format!(
                    "mean |h(x~) - h(x)| / |h(x)| of the top codes under {name} of {of} {severity}"
                ),
            ));
        }
        metrics
    },
    measure: |subject, found| {
        let (mut errors, mut shifts) = (0.0, 0.0);
        for ((corruption, severity), one) in perturbations().zip(perturbed(subject)) {
            if subject.sitter.classifies() {
                found.scores.insert(metric_name("test_error", corruption, severity), one.error);
            }
            found.scores.insert(metric_name("code_shift", corruption, severity), one.shift);
            let share = 1.0 / (Family::Noise.members().count() * corruption.graded().len()) as f64;
            errors += share * one.error;
            shifts += share * one.shift;
        }
        if subject.sitter.classifies() {
            found.scores.insert("robust_error".into(), errors);
        }
        found.scores.insert("robust_code_shift".into(), shifts);
        Ok(())
    },
};

/// mCE and relative mCE under noise: each corruption's errors summed over its severities, as shares of
/// the baseline's (Hendrycks and Dietterich 2019).
pub(crate) fn relative() -> [Relative; 2] {
    let of = |corruption: &'static Corruption| -> Vec<String> {
        let severities = corruption.graded().iter();
        severities.map(|&severity| metric_name("test_error", corruption, severity)).collect()
    };
    corruption_errors("robust", "noise", Family::Noise.members().map(of).collect())
}

/// Every noise at every graded severity.
fn perturbations() -> impl Iterator<Item = (&'static Corruption, f32)> {
    let graded = |corruption: &'static Corruption| {
        corruption.graded().iter().map(move |&severity| (corruption, severity))
    };
    Family::Noise.members().flat_map(graded)
}

/// `<what>_<corruption>_<severity>`, dashes and the decimal point written as `_`, so that the name
/// needs no quotes in SQL.
fn metric_name(what: &str, corruption: &Corruption, severity: f32) -> String {
    format!("{what}_{}_{severity}", corruption.name).replace(['-', '.'], "_")
}

#[derive(Clone, Copy, Default)]
struct Perturbed {
    error: f64,
    shift: f64,
}

/// One result a perturbation, in order. The images are taken some at a time, so that the codes of
/// the clean ones are computed once.
fn perturbed(subject: &Subject<'_>) -> Vec<Perturbed> {
    let (stack, test) = (&subject.sitter.stack, subject.on.test);
    let mut found = vec![Perturbed::default(); perturbations().count()];
    let (mut clean, mut moved) = (Evaluation::new(stack), Evaluation::new(stack));
    let mut images = Vec::new();
    let batches = test.images.chunks(EVALUATION_ROWS).zip(test.labels.chunks(EVALUATION_ROWS));
    for (number, (batch, labels)) in batches.enumerate() {
        let still = clean.top_codes(stack, batch);
        for ((corruption, severity), found) in perturbations().zip(&mut found) {
            let counters = [u64::from(severity.to_bits()), number as u64];
            let purpose = format!("probes/robustness/{}", corruption.name);
            let mut stream = Stream::new(0, &purpose, &counters);
            images.clear();
            images.extend_from_slice(batch.values());
            corruption.apply(&mut images, subject.on.shape, severity, &mut stream);
            images.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
            let codes = moved.top_codes(stack, Rows::new(&images, batch.width()));
            found.shift += codes.lines().zip(still.lines()).map(relative_shift).sum::<f64>();
            found.error += moved.misses(labels).wrong as f64;
        }
    }
    let share = 1.0 / test.labels.len() as f64;
    found
        .iter()
        .map(|sum| Perturbed { error: sum.error * share, shift: sum.shift * share })
        .collect()
}

/// |moved - still| / |still|; a code of zeros only is taken to be 1e-6 long.
fn relative_shift((moved, still): (&[f32], &[f32])) -> f64 {
    geometry::distance(moved, still) / geometry::length(still).max(1e-6)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ablate_data::corruptions;

    #[test]
    fn the_relative_shift_is_the_moved_distance_over_the_length() {
        assert!((relative_shift((&[3.0, 9.0], &[3.0, 4.0])) - 1.0).abs() < 1e-7);
        assert!((relative_shift((&[0.0, 1.0], &[0.0, 2.0])) - 0.5).abs() < 1e-7);
        assert_eq!(relative_shift((&[3.0, 4.0], &[3.0, 4.0])), 0.0);
        assert!(relative_shift((&[0.0, 0.0], &[0.0, 0.0])) == 0.0);
    }

    #[test]
    fn a_metric_is_named_by_corruption_and_severity_without_quotes_in_sql() {
        let impulses = corruptions::find("salt-and-pepper").unwrap();
        assert_eq!(metric_name("test_error", impulses, 0.05), "test_error_salt_and_pepper_0_05");
    }
}
