//! What is kept of an image through every layer and back: by the pretrained layers before fine-tuning,
//! and by a deep autoencoder after its fine-tuning on reconstruction. Where there is no decoder there
//! is no score.

use ablate_sweep::{Direction, Metric, Split};
use candle_core::Result;

use super::{Moment, Networks, Occasion, Probe, on_test};
use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::engine::{Dense, Evaluation, Stack};
use crate::network::Network;

pub(super) const PROBE: Probe = Probe {
    name: "reconstruction",
    summary: "what is kept of an image through every layer and back",
    formula: "mean sum_k (r_k - x_k)^2 through all layers and back",
    source: "Hinton and Salakhutdinov 2006",
    occasion: Occasion::Always,
    networks: Networks::All,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| 2.0 * extent.test_pass(),
    metrics: || {
        let mut metrics = vec![on_test(
            "reconstruction_error",
            "squared pixels",
            Direction::Lower,
            "squared error summed over the pixels, through every layer and back, before fine-tuning",
        )];
        let splits = [("test", Split::Test), ("valid", Split::Valid), ("train", Split::Train)];
        metrics.extend(splits.map(|(word, split)| Metric {
            name: format!("{word}_squared_error"),
            unit: "squared pixels",
            direction: Direction::Lower,
            split,
            summary: format!(
                "squared error summed over the pixels of the deep autoencoder, {word} images, weights \
                 of the best epoch"
            ),
        }));
        metrics
    },
    measure: |subject, found| {
        let Some(stack) = there_and_back(subject.sitter.network, subject.autoencoders)? else {
            return Ok(());
        };
        let mut evaluation = Evaluation::new(&stack);
        let mut error =
            |images: Rows<'_>| evaluation.squared_error(&stack, images) / images.len() as f64;
        if subject.moment == Moment::Initial {
            found.scores.insert("reconstruction_error".into(), error(subject.on.test.images));
            return Ok(());
        }
        for (word, examples) in
            [("test", subject.on.test), ("valid", subject.on.valid), ("train", subject.on.train)]
        {
            found.scores.insert(format!("{word}_squared_error"), error(examples.images));
        }
        Ok(())
    },
};

/// The way through the pretrained layers `stack` and back, or else through `network` and its decoder,
/// if there is either.
pub(crate) fn there_and_back(network: &Network, stack: &[Autoencoder]) -> Result<Option<Stack>> {
    if stack.is_empty() {
        return network.autoencoding().map(|route| Stack::along(&route)).transpose();
    }
    let up = |layer: &Autoencoder| {
        let encoder = Dense::load(&layer.encoder.weight, &layer.encoder.bias)?;
        Ok((encoder, layer.activation))
    };
    let down = |layer: &Autoencoder| Ok((Dense::decoder(layer)?, layer.reconstruction.units()));
    let layers = stack.iter().map(up).chain(stack.iter().rev().map(down));
    Ok(Some(Stack::of(layers.collect::<Result<_>>()?)))
}
