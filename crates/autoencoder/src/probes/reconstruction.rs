//! What the pretrained stack keeps of an image: encoded through every layer and decoded back, before
//! fine-tuning. Without pretraining there is no decoder and no score.

use ablate_sweep::Direction;
use candle_core::Result;

use super::{Occasion, Probe, on_test};
use crate::autoencoder::Autoencoder;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::{Dense, sum_of};

pub(super) const PROBE: Probe = Probe {
    name: "reconstruction",
    summary: "what the pretrained stack keeps of an image",
    formula: "mean sum_k (r_k - x_k)^2 through all layers and back",
    source: "Hinton and Salakhutdinov 2006",
    occasion: Occasion::Always,
    work: |extent| 2.0 * extent.test_pass(),
    metrics: || {
        vec![on_test(
            "reconstruction_error",
            "squared pixels",
            Direction::Lower,
            "squared error summed over the pixels, through every layer and back, before fine-tuning",
        )]
    },
    measure: |subject, found| {
        if subject.stack.is_empty() {
            return Ok(());
        }
        let images = subject.test.images;
        let reconstructions = through_and_back(subject.stack, images)?;
        let batches = images.chunks(EVALUATION_ROWS);
        let mut sum = 0.0;
        for (r, x) in reconstructions.chunks(EVALUATION_ROWS * images.width()).zip(batches) {
            sum += sum_of(
                r,
                x.values(),
                #[inline(always)]
                |r, x| (r - x) * (r - x),
            );
        }
        let error = sum / images.len() as f64;
        found.scores.insert("reconstruction_error".into(), error);
        Ok(())
    },
};

/// `images` encoded through every layer of `stack` and decoded back, row by row.
pub(crate) fn through_and_back(stack: &[Autoencoder], images: Rows<'_>) -> Result<Vec<f32>> {
    let load = |layer: &Autoencoder| {
        let encoder = Dense::load(&layer.encoder.weight, &layer.encoder.bias)?;
        Ok((encoder, Dense::decoder(layer)?, layer.activation, layer.reconstruction.units()))
    };
    let layers: Vec<_> = stack.iter().map(load).collect::<Result<_>>()?;
    let mut reconstructions = Vec::with_capacity(images.values().len());
    for images in images.chunks(EVALUATION_ROWS) {
        let mut code = images.values().to_vec();
        for (encoder, _, units, _) in &layers {
            code = encoder.codes(Rows::new(&code, encoder.inputs()), *units);
        }
        for (_, decoder, _, units) in layers.iter().rev() {
            code = decoder.codes(Rows::new(&code, decoder.inputs()), *units);
        }
        reconstructions.extend(code);
    }
    Ok(reconstructions)
}
