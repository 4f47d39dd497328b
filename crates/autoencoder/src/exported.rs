//! A finished run's network for other programs: a safetensors file with the names that PyTorch would
//! give, the activation in its metadata, and with it a few inputs and the logits that the network has
//! for them here, so that whoever loads it can see that it is the same network there.

use std::collections::HashMap;

use ablate_data::Images;
use ablate_sweep::RunPlan;
use candle_core::{Device, Tensor};

use crate::stored::{Stored, network_tensors};

/// How many examples go with the weights.
const EXAMPLES: usize = 100;

/// The file of the run of `plan`, whose network was kept as the bytes `network`; the first of `images`
/// are its examples, as `example.input` (examples x pixels) and `example.logits` (examples x
/// classes).
///
/// # Errors
/// What the kept bytes are instead of the run's network.
pub fn exported_network(
    plan: &RunPlan,
    network: &[u8],
    images: &Images,
    classes: usize,
) -> Result<Vec<u8>, String> {
    let width = images.width();
    let stored = Stored::read(plan, (width, classes), network, &[])?;
    let count = images.len().min(EXAMPLES);
    let pixels = images.pixels()[..count * width].to_vec();
    let metadata = HashMap::from([
        ("activation".to_owned(), stored.network.activation.word().to_owned()),
        ("run".to_owned(), plan.id.0.clone()),
    ]);
    let tensors = || -> candle_core::Result<_> {
        let input = Tensor::from_vec(pixels, (count, width), &Device::Cpu)?;
        let logits = stored.network.logits(&input)?;
        let mut tensors = network_tensors(&stored.network)?;
        tensors.put("example.input", &input)?;
        tensors.put("example.logits", &logits)?;
        Ok(tensors)
    };
    Ok(tensors().map_err(|error| error.to_string())?.to_bytes_with(metadata))
}
