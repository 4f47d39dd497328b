//! The fifteen corruptions of MNIST-C (Mu and Gilmer 2019), each at the one severity of the benchmark,
//! applied to every test image: the test error under each, and their mean. The corrupted images are
//! drawn by image number, so they are the same for every network.

use ablate_data::Corruption;
use ablate_data::corruptions::Family;
use ablate_sweep::{Direction, Relative};

use super::{Moment, Networks, Occasion, Probe, Subject, corruption_errors, on_test};
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::Evaluation;

/// The severity of the benchmark.
const SEVERITY: f32 = 1.0;

pub(super) const PROBE: Probe = Probe {
    name: "mnist-c",
    summary: "test error under the fifteen corruptions of MNIST-C",
    formula: "mean over corruptions of mean [argmax_c p_c(x~) != y]",
    source: "Mu and Gilmer 2019; the mean as in Hendrycks and Dietterich 2019",
    occasion: Occasion::OnRequest,
    networks: Networks::Classifiers,
    moments: &[Moment::Tuned],
    work: |extent| corruptions().count() as f64 * extent.test_pass(),
    metrics: || {
        let error =
            |name: &str, summary: &str| on_test(name, "fraction", Direction::Lower, summary);
        let of = |corruption: &'static Corruption| {
            let summary = format!("test error under {} of MNIST-C", corruption.name);
            error(&metric_name(corruption), &summary)
        };
        let mean = error("mnist_c_error", "test error, mean over the corruptions of MNIST-C");
        std::iter::once(mean).chain(corruptions().map(of)).collect()
    },
    measure: |subject, found| {
        let mut sum = 0.0;
        for corruption in corruptions() {
            let error = error_under(corruption, subject);
            found.scores.insert(metric_name(corruption), error);
            sum += error;
        }
        found.scores.insert("mnist_c_error".into(), sum / corruptions().count() as f64);
        Ok(())
    },
};

/// mCE and relative mCE under MNIST-C, where each corruption has one severity.
pub(crate) fn relative() -> [Relative; 2] {
    let of = |corruption: &'static Corruption| vec![metric_name(corruption)];
    corruption_errors("mnist_c", "corruptions of MNIST-C", corruptions().map(of).collect())
}

fn corruptions() -> impl Iterator<Item = &'static Corruption> {
    Family::MnistC.members()
}

/// `mnist_c_error_<corruption>`, dashes written as `_`.
fn metric_name(corruption: &Corruption) -> String {
    format!("mnist_c_error_{}", corruption.name).replace('-', "_")
}

/// The share of the test images that are classified wrongly under `corruption`.
fn error_under(corruption: &Corruption, subject: &Subject<'_>) -> f64 {
    let (stack, test) = (&subject.sitter.stack, subject.on.test);
    let mut evaluation = Evaluation::new(stack);
    let (mut images, mut wrong) = (Vec::new(), 0);
    let batches = test.images.chunks(EVALUATION_ROWS).zip(test.labels.chunks(EVALUATION_ROWS));
    for (number, (batch, labels)) in batches.enumerate() {
        images.clear();
        images.extend_from_slice(batch.values());
        let first = number * EVALUATION_ROWS;
        corruption.apply_to_test(&mut images, subject.on.shape, SEVERITY, first);
        let missed = evaluation.missed(stack, Rows::new(&images, batch.width()), labels);
        wrong += missed.iter().filter(|missed| **missed).count();
    }
    wrong as f64 / test.labels.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_fifteen_corruptions_and_their_metrics_need_no_quotes_in_sql() {
        let names: Vec<String> = (PROBE.metrics)().into_iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), 1 + 15);
        assert!(names.contains(&"mnist_c_error_dotted_line".to_owned()), "{names:?}");
    }
}
