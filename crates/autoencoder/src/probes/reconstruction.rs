//! What is kept of an image through every layer and back: by the pretrained layers before fine-tuning,
//! and by a deep autoencoder after its fine-tuning on reconstruction. Where there is no decoder there
//! is no score.

use ablate_sweep::{Direction, Metric, Split};
use candle_core::Result;

use super::{Moment, Networks, Occasion, Probe, Sitter, on_test};
use crate::autoencoder::Autoencoder;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::{Dense, Evaluation, Stack};
use crate::network::Network;

pub(super) const PROBE: Probe = Probe {
    name: "reconstruction",
    summary: "what is kept of an image through every layer and back",
    formula: "mean sum_k (r_k - x_k)^2 through all layers and back",
    source: "Hinton and Salakhutdinov 2006",
    occasion: Occasion::Always,
    networks: Networks::Layered,
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
        let Sitter { network, stack } = &subject.sitter;
        let Some((layer, back)) = way_back(network, subject.autoencoders)? else {
            return Ok(());
        };
        let (mut up, mut down) = (Evaluation::new(stack), Evaluation::new(&back));
        let mut error = |images: Rows<'_>| {
            let chunks = images.chunks(EVALUATION_ROWS);
            let of = |images| down.distance(&back, up.codes_of(stack, images, layer), images);
            chunks.map(of).sum::<f64>() / images.len() as f64
        };
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

/// The way back from the codes of a hidden layer to an image: of the highest of the pretrained
/// layers `autoencoders`, or else of the top one of `network`, where it has a decoder. That layer's
/// number, counted from 0, and the layers on the way.
pub(crate) fn way_back(
    network: &Network,
    autoencoders: &[Autoencoder],
) -> Result<Option<(usize, Stack)>> {
    if let Some(top) = autoencoders.len().checked_sub(1) {
        let down = |layer: &Autoencoder| Ok((Dense::decoder(layer)?, layer.reconstruction.units()));
        let layers = autoencoders.iter().rev().map(down).collect::<Result<_>>()?;
        return Ok(Some((top, Stack::of(layers))));
    }
    let top = network.hidden.len() - 1;
    Ok(network.decoding().map(|route| Stack::along(&route)).transpose()?.map(|back| (top, back)))
}
