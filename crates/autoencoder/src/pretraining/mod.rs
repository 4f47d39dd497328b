//! Greedy layer-wise pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as an autoencoder of its variant on the clean codes of the layers below.

mod layer;

use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::engine::Dense;
use crate::journal::{Halt, Journal};
use crate::network::Network;
use crate::settings::{Pretraining, Settings};
use crate::shelf::Keeper;
use crate::stored;
use layer::Layer;

/// The layers that are to be pretrained.
#[derive(Debug)]
pub(crate) struct Layers<'a> {
    pub(crate) network: &'a Network,
    pub(crate) settings: &'a Settings,
    pub(crate) pretraining: &'a Pretraining,
    pub(crate) seed: u64,
}

/// Trains the hidden layers on `images` and leaves them in place; a layer that `keeper` finds is taken
/// as it is. Returns the autoencoders, the lowest first, with the weights as they are before any
/// fine-tuning.
pub(crate) fn greedy(
    layers: &Layers<'_>,
    images: Rows<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<Vec<Autoencoder>, Halt> {
    let Layers { network, settings, pretraining, seed } = *layers;
    let mut stack = Vec::with_capacity(network.hidden.len());
    let mut below: Option<Vec<f32>> = None;
    for (number, encoder) in network.hidden.iter().enumerate() {
        let inputs = match &below {
            Some(codes) => Rows::new(codes, encoder.weight.dim(1)?),
            None => images,
        };
        let layer = Layer {
            number,
            autoencoder: Autoencoder::new(encoder.clone(), settings, pretraining, number, seed)?,
            batch_size: settings.batch_size,
            pretraining,
            seed,
        };
        match keeper.fetch_layer(number).map(|kept| layer.adopt(&kept, settings)) {
            Some(losses) => layer.skip(inputs, &losses?, journal)?,
            None => {
                let losses = layer.train(inputs, journal)?;
                keeper.keep_layer(number, || stored::layer_tensors(&layer.autoencoder, &losses))?;
            }
        }
        if number + 1 < network.hidden.len() {
            let encoder = Dense::load(&encoder.weight, &encoder.bias)?;
            below = Some(encoder.codes(inputs, network.activation));
        }
        stack.push(layer.autoencoder.frozen()?);
    }
    Ok(stack)
}
