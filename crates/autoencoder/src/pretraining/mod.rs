//! What precedes fine-tuning. Greedy layer-wise pretraining (Bengio et al. 2007) trains each hidden
//! layer, from the bottom up, as an autoencoder of its variant on the clean codes of the layers below.
//! The others are what it is compared with: layers trained one after another to classify, weights
//! drawn from the marginals of pretrained ones, and all layers trained at once.

mod joint;
mod layer;
mod marginals;
mod supervised;

use candle_core::Result;

use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::engine::Dense;
use crate::finetuning::Examples;
use crate::journal::{Halt, Journal};
use crate::network::Network;
use crate::settings::{LayerPretraining, Pretraining, Settings};
use crate::shelf::{Keeper, Part};
use crate::stored;
use layer::Layer;
pub(crate) use marginals::draw as draw_marginals;

/// What pretraining works with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) settings: &'a Settings,
    /// All training images.
    pub(crate) images: Rows<'a>,
    /// Those with labels.
    pub(crate) labelled: Examples<'a>,
    pub(crate) classes: usize,
    pub(crate) seed: u64,
}

/// Pretrains `network` as the settings say; what `keeper` finds is taken as it is. Returns the
/// autoencoders of the layers that were trained as such, the lowest first; their encoders are those
/// of `network`.
pub(crate) fn pretrain(
    network: &mut Network,
    stage: &Stage<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> std::result::Result<Vec<Autoencoder>, Halt> {
    match &stage.settings.pretraining {
        Pretraining::None => {}
        Pretraining::Greedy(layers) => return greedy(network, layers, stage, keeper, journal),
        Pretraining::Marginals(layers) => {
            greedy(network, layers, stage, keeper, journal)?;
            draw_marginals(&network.hidden[..layers.len()], stage.seed)?;
        }
        Pretraining::SupervisedGreedy { layers, course } => {
            supervised::greedy(network, (*layers, *course), stage, keeper, journal)?;
        }
        Pretraining::Joint { reconstruction, course } => {
            joint::train(network, (*reconstruction, *course), stage, keeper, journal)?;
        }
    }
    Ok(Vec::new())
}

fn greedy(
    network: &Network,
    layers: &[LayerPretraining],
    stage: &Stage<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> std::result::Result<Vec<Autoencoder>, Halt> {
    let Stage { settings, images, seed, .. } = *stage;
    let mut stack = Vec::with_capacity(layers.len());
    let mut below: Option<Vec<f32>> = None;
    for (number, (encoder, pretraining)) in network.hidden.iter().zip(layers).enumerate() {
        let inputs = inputs(images, below.as_deref(), encoder.weight.dim(1)?);
        let layer = Layer {
            number,
            autoencoder: Autoencoder::new(encoder.clone(), settings, pretraining, number, seed)?,
            batch_size: settings.batch_size,
            pretraining,
            seed,
        };
        let part = Part::Layer(number);
        match keeper.fetch(part).map(|kept| layer.adopt(&kept, settings)) {
            Some(losses) => layer.skip(inputs, &losses?, journal)?,
            None => {
                let losses = layer.train(inputs, keeper, journal)?;
                keeper.keep(part, || stored::layer_tensors(&layer.autoencoder, &losses))?;
            }
        }
        if number + 1 < layers.len() {
            below = Some(codes(network, number, inputs)?);
        }
        stack.push(layer.autoencoder);
    }
    Ok(stack)
}

/// What a layer of `width` inputs is trained on: the codes of the layer below it, or the images.
fn inputs<'a>(images: Rows<'a>, below: Option<&'a [f32]>, width: usize) -> Rows<'a> {
    below.map_or(images, |codes| Rows::new(codes, width))
}

/// The codes of hidden layer number `layer`, counted from 0, for its `inputs`.
fn codes(network: &Network, layer: usize, inputs: Rows<'_>) -> Result<Vec<f32>> {
    let dense = &network.hidden[layer];
    Ok(Dense::load(&dense.weight, &dense.bias)?.codes(inputs, network.units(layer)))
}
