//! Error and cross-entropy of the fine-tuned network on the three splits.

use ablate_sweep::{Direction, Metric, Split};

use super::{Moment, Networks, Occasion, Probe};
use crate::engine::Evaluation;
use crate::finetuning::Classification;

pub(super) const PROBE: Probe = Probe {
    name: "classification",
    summary: "error and cross-entropy of the fine-tuned network",
    formula: "mean [argmax_c p_c != y] and mean -log p_y",
    source: "common practice",
    occasion: Occasion::Always,
    networks: Networks::Classifiers,
    moments: &[Moment::Tuned],
    work: |extent| extent.pass(extent.train) + 2.0 * extent.test_pass(),
    metrics: || {
        let splits = [("test", Split::Test), ("valid", Split::Valid), ("train", Split::Train)];
        let metric = |word: &str, split, what: &str, unit, summary: &str| Metric {
            name: format!("{word}_{what}"),
            unit,
            direction: Direction::Lower,
            split,
            summary: format!("{summary}, {word} images, weights of the best epoch"),
        };
        let of_split = |(word, split)| {
            [
                metric(word, split, "error", "fraction", "share of images classified wrongly"),
                metric(word, split, "loss", "nats", "mean cross-entropy of the softmax"),
            ]
        };
        splits.into_iter().flat_map(of_split).collect()
    },
    measure: |subject, found| {
        let splits =
            [("test", subject.on.test), ("valid", subject.on.valid), ("train", subject.on.train)];
        let stack = &subject.sitter.stack;
        let mut evaluation = Evaluation::new(stack);
        for (word, examples) in splits {
            let misses = evaluation.classify(stack, examples);
            let Classification { error, loss } = Classification::of(misses, examples.images.len());
            found.scores.insert(format!("{word}_error"), error);
            found.scores.insert(format!("{word}_loss"), loss);
        }
        Ok(())
    },
};
