//! What the pretrained stack keeps of an image: encoded through every layer and decoded back, before
//! fine-tuning. Without pretraining there is no decoder and no score.

use ablate_sweep::Direction;

use super::{Probe, on_test};
use crate::autoencoder::Autoencoder;
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::{Dense, sum_of};

pub(super) const PROBE: Probe = Probe {
    name: "reconstruction",
    summary: "what the pretrained stack keeps of an image",
    formula: "mean sum_k (r_k - x_k)^2 through all layers and back (Hinton, Salakhutdinov 2006)",
    metrics: || {
        vec![on_test(
            "reconstruction_error",
            "squared pixels",
            Direction::Lower,
            "squared error summed over the pixels, through every layer and back, before fine-tuning",
        )]
    },
    measure: |subject, scores| {
        if subject.stack.is_empty() {
            return Ok(());
        }
        let load = |layer: &Autoencoder| {
            let encoder = Dense::load(&layer.encoder.weight, &layer.encoder.bias)?;
            Ok((encoder, Dense::decoder(layer)?, layer.activation, layer.reconstruction.units()))
        };
        let layers: Vec<_> = subject.stack.iter().map(load).collect::<candle_core::Result<_>>()?;
        let mut sum = 0.0;
        for images in subject.test.images.chunks(EVALUATION_ROWS) {
            let mut code = images.values().to_vec();
            for (encoder, _, units, _) in &layers {
                code = encoder.codes(Rows::new(&code, encoder.inputs()), *units);
            }
            for (_, decoder, _, units) in layers.iter().rev() {
                code = decoder.codes(Rows::new(&code, decoder.inputs()), *units);
            }
            sum += sum_of(
                &code,
                images.values(),
                #[inline(always)]
                |r, x| (r - x) * (r - x),
            );
        }
        let error = sum / subject.test.images.len() as f64;
        scores.insert("reconstruction_error".into(), error);
        Ok(())
    },
};
