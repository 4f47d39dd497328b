//! What the pretrained stack keeps of an image: encoded through every layer and decoded back, before
//! fine-tuning. Without pretraining there is no decoder and no score.

use ablate_sweep::Direction;

use super::{Probe, on_test};
use crate::batches::EVALUATION_ROWS;

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
        let mut sum = 0.0;
        for batch in subject.test.images.tensors(EVALUATION_ROWS) {
            let images = batch?;
            let mut code = images.clone();
            for layer in subject.stack {
                code = layer.encode(&code)?.detach();
            }
            for layer in subject.stack.iter().rev() {
                code = layer.decode(&code)?.detach();
            }
            sum += f64::from((code - images)?.sqr()?.sum_all()?.to_scalar::<f32>()?);
        }
        let error = sum / subject.test.images.len() as f64;
        scores.insert("reconstruction_error".into(), error);
        Ok(())
    },
};
