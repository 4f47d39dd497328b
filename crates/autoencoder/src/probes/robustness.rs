//! Robustness to perturbation: every test image is corrupted, clipped to [0, 1] and shown to the
//! fine-tuned network, for each corruption at each of its graded severities. The perturbed images
//! are the same for every network (their streams know the corruption, the severity and the batch,
//! not the run), so networks are compared on equal terms.
//!
//! Scores: the test error under each, the relative code shift mean |h(x~) - h(x)| / |h(x)|, and two
//! summaries: the mean over the corruptions of the mean over their severities of either.

use ablate_data::Stream;
use ablate_data::corruptions::{self, Corruption};
use ablate_sweep::Direction;
use candle_core::{D, DType, Tensor};

use super::{Probe, Subject, on_test};
use crate::batches::{self, EVALUATION_ROWS};
use crate::finetuning::targets;
use crate::journal::Halt;

pub(super) const PROBE: Probe = Probe {
    name: "robustness",
    summary: "test error and code shift under perturbation",
    formula: "mean over corruptions of mean over severities of the test error on clip(x~, 0, 1)",
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
            let (name, of) = (corruption.name, corruption.severity);
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
    measure: |subject, scores| {
        let (mut errors, mut shifts) = (0.0, 0.0);
        for (corruption, severity) in perturbations() {
            let found = perturbed(subject, corruption, severity)?;
            scores.insert(metric_name("test_error", corruption, severity), found.error);
            scores.insert(metric_name("code_shift", corruption, severity), found.shift);
            let share = 1.0 / (corruptions::ALL.len() * corruption.graded.len()) as f64;
            errors += share * found.error;
            shifts += share * found.shift;
        }
        scores.insert("robust_error".into(), errors);
        scores.insert("robust_code_shift".into(), shifts);
        Ok(())
    },
};

/// Every corruption at every graded severity.
pub(crate) fn perturbations() -> impl Iterator<Item = (&'static Corruption, f32)> {
    let graded = |corruption: &'static Corruption| {
        corruption.graded.iter().map(move |&severity| (corruption, severity))
    };
    corruptions::ALL.iter().copied().flat_map(graded)
}

/// `<what>_<corruption>_<severity>`, dashes and the decimal point written as `_`, so that the name
/// needs no quotes in SQL.
fn metric_name(what: &str, corruption: &Corruption, severity: f32) -> String {
    format!("{what}_{}_{severity}", corruption.name).replace(['-', '.'], "_")
}

struct Perturbed {
    error: f64,
    shift: f64,
}

fn perturbed(
    subject: &Subject<'_>,
    corruption: &Corruption,
    severity: f32,
) -> Result<Perturbed, Halt> {
    let (images, labels) = (subject.test.images, subject.test.labels);
    let (mut wrong, mut shift) = (0.0, 0.0);
    let rows: Vec<u32> = (0..images.len() as u32).collect();
    for (number, rows) in rows.chunks(EVALUATION_ROWS).enumerate() {
        let clean = images.gather(rows);
        let mut values = clean.clone();
        let counters = [u64::from(severity.to_bits()), number as u64];
        let purpose = format!("probes/robustness/{}", corruption.name);
        let mut stream = Stream::new(0, &purpose, &counters);
        corruption.apply(&mut values, subject.shape, severity, &mut stream);
        values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        let labels = &labels[number * EVALUATION_ROWS..][..rows.len()];
        let code = |values| -> candle_core::Result<Tensor> {
            Ok(subject.tuned.top_code(&batches::tensor(values, images.width())?)?.detach())
        };
        let (moved, still) = (code(values)?, code(clean)?);
        shift += relative_shift(&moved, &still)?;
        let chosen = subject.tuned.output.forward(&moved)?.argmax(D::Minus1)?;
        let misses = chosen.ne(&targets(labels)?)?.to_dtype(DType::F32)?.sum_all()?;
        wrong += f64::from(misses.to_scalar::<f32>()?);
    }
    let count = images.len() as f64;
    Ok(Perturbed { error: wrong / count, shift: shift / count })
}

/// Sum over the rows of |moved - still| / |still|; a code of zeros only is taken to be 1e-6 long.
fn relative_shift(moved: &Tensor, still: &Tensor) -> candle_core::Result<f64> {
    let length = |codes: &Tensor| codes.sqr()?.sum(1)?.sqrt();
    let shift = (length(&(moved - still)?)? / length(still)?.maximum(1e-6)?)?;
    Ok(f64::from(shift.sum_all()?.to_scalar::<f32>()?))
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn the_relative_shift_is_the_moved_distance_over_the_length() {
        let still = Tensor::new(&[[3.0_f32, 4.0], [0.0, 2.0]], &Device::Cpu).unwrap();
        let moved = Tensor::new(&[[3.0_f32, 9.0], [0.0, 1.0]], &Device::Cpu).unwrap();
        assert!((relative_shift(&moved, &still).unwrap() - 1.5).abs() < 1e-7);
        assert_eq!(relative_shift(&still, &still).unwrap(), 0.0);
    }

    #[test]
    fn a_metric_is_named_by_corruption_and_severity_without_quotes_in_sql() {
        let impulses = corruptions::find("salt-and-pepper").unwrap();
        assert_eq!(metric_name("test_error", impulses, 0.05), "test_error_salt_and_pepper_0_05");
    }
}
