//! Networks and pretrained layers as named tensors, and a finished run's back from its files.
//!
//! The names are those that PyTorch would give: a network holds `hidden.0.weight` (outputs x inputs),
//! `hidden.0.bias`, ..., `output.weight`, `output.bias`; a layer holds `encoder.weight`,
//! `encoder.bias`, `decoder.bias`, and `decoder.weight` (inputs x outputs) unless it is the
//! encoder's transpose; beside them `loss`, the layer's curve.

use ablate_data::Dataset;
use ablate_sweep::{Measured, Params, RunPlan};
use candle_core::{DType, Result};

use crate::autoencoder::Autoencoder;
use crate::journal::Halt;
use crate::network::{Dense, Network};
use crate::probes::{self, Probe, Subject};
use crate::settings::{Pretraining, Settings};
use crate::tensors::{Damage, Tensors};

/// What the loss curve of a layer is called in its file.
pub(crate) const LOSS: &str = "loss";

/// A finished run's weights.
#[derive(Debug)]
pub struct Stored {
    /// As fine-tuning left them.
    pub network: Network,
    /// As they were before fine-tuning.
    pub initial: Network,
    /// The pretrained layers from the lowest up; none without pretraining.
    pub stack: Vec<Autoencoder>,
}

impl Stored {
    /// Reads the files of the run of `plan`, trained on images of `inputs` pixels in `classes` classes:
    /// its network, and its pretrained layers from the lowest up.
    ///
    /// # Errors
    /// Which of them is not what it should be, and why.
    pub fn read(
        plan: &RunPlan,
        (inputs, classes): (usize, usize),
        network: &[u8],
        layers: &[Vec<u8>],
    ) -> std::result::Result<Stored, String> {
        let settings = Settings::read(&plan.trial.params)?;
        let of_network = |damage: Damage| format!("the network: {damage}");
        let tuned = Tensors::from_bytes(network).map_err(of_network)?;
        let tuned = network_from(&tuned, &settings, inputs, classes).map_err(of_network)?;
        let initial = Network::new(&settings, inputs, classes, plan.seed, DType::F32)
            .map_err(|error| of_network(error.into()))?;
        let mut stack = Vec::with_capacity(layers.len());
        for (number, (bytes, dense)) in layers.iter().zip(&initial.hidden).enumerate() {
            let of_layer = |damage: Damage| format!("layer {}: {damage}", number + 1);
            let pretraining = settings.pretraining.as_ref();
            let pretraining = pretraining.ok_or("layers without pretraining")?;
            let tensors = Tensors::from_bytes(bytes).map_err(of_layer)?;
            let layer = layer_from(&tensors, (number, dense), &settings, pretraining);
            let layer = layer.map_err(of_layer)?;
            adopt(dense, &layer.encoder).map_err(|error| of_layer(error.into()))?;
            stack.push(layer);
        }
        Ok(Stored { network: tuned, initial, stack })
    }
}

impl Stored {
    /// What `probes` find of the run of `plan`, of which these are the weights: to the bit what
    /// they would have found at the end of its training.
    ///
    /// # Errors
    /// A parameter that this version does not know; whatever Candle reports.
    pub fn measure(
        &self,
        plan: &RunPlan,
        dataset: &Dataset,
        probes: &[&'static Probe],
    ) -> std::result::Result<Measured, String> {
        let settings = Settings::read(&plan.trial.params)?;
        let networks = (&self.initial, &self.network);
        let subject = Subject::new(networks, &self.stack, dataset, settings.train_size, plan.seed);
        let subject = subject.map_err(|error| format!("candle: {error}"))?;
        probes::measure(&subject, probes.iter().copied()).map_err(|halt| match halt {
            Halt::Candle(error) => format!("candle: {error}"),
            Halt::Trouble(message) => message,
            Halt::Ending(ending) => format!("{ending:?}"),
        })
    }
}

/// How many pretrained layers a trial with `params` has.
///
/// # Errors
/// A parameter that this version does not know.
pub fn pretrained_layers(params: &Params) -> std::result::Result<usize, String> {
    let settings = Settings::read(params)?;
    Ok(settings.pretraining.map_or(0, |_| settings.widths.len()))
}

/// `network` as tensors.
pub(crate) fn network_tensors(network: &Network) -> Result<Tensors> {
    let mut tensors = Tensors::default();
    for (number, layer) in network.hidden.iter().enumerate() {
        put_dense(&mut tensors, &format!("hidden.{number}"), layer)?;
    }
    put_dense(&mut tensors, "output", &network.output)?;
    Ok(tensors)
}

/// `layer` and its loss after each epoch as tensors.
pub(crate) fn layer_tensors(layer: &Autoencoder, losses: &[f64]) -> Result<Tensors> {
    let mut tensors = Tensors::default();
    put_dense(&mut tensors, "encoder", &layer.encoder)?;
    if let Some(weight) = &layer.decoder {
        tensors.put("decoder.weight", weight)?;
    }
    tensors.put("decoder.bias", &layer.decoder_bias)?;
    tensors.put_series(LOSS, losses);
    Ok(tensors)
}

/// The layer of that number, counted from 0, as [`layer_tensors`] wrote it, of the shape of `like`.
pub(crate) fn layer_from(
    tensors: &Tensors,
    (number, like): (usize, &Dense),
    settings: &Settings,
    pretraining: &Pretraining,
) -> std::result::Result<Autoencoder, Damage> {
    let (outputs, inputs) = like.weight.dims2()?;
    let encoder = dense_from(tensors, "encoder", (outputs, inputs))?;
    let decoder = match pretraining.tied {
        true => None,
        false => Some(tensors.var("decoder.weight", &[inputs, outputs])?),
    };
    Ok(Autoencoder {
        encoder,
        activation: settings.activation,
        decoder,
        decoder_bias: tensors.var("decoder.bias", &[inputs])?,
        reconstruction: pretraining.reconstruction_of(number),
    })
}

/// Gives the variables of `dense` the values of those of `other`.
pub(crate) fn adopt(dense: &Dense, other: &Dense) -> Result<()> {
    dense.weight.set(other.weight.as_tensor())?;
    dense.bias.set(other.bias.as_tensor())
}

fn network_from(
    tensors: &Tensors,
    settings: &Settings,
    inputs: usize,
    classes: usize,
) -> std::result::Result<Network, Damage> {
    let mut below = inputs;
    let mut hidden = Vec::with_capacity(settings.widths.len());
    for (number, &width) in settings.widths.iter().enumerate() {
        hidden.push(dense_from(tensors, &format!("hidden.{number}"), (width, below))?);
        below = width;
    }
    let output = dense_from(tensors, "output", (classes, below))?;
    Ok(Network { hidden, activation: settings.activation, output })
}

fn put_dense(tensors: &mut Tensors, name: &str, dense: &Dense) -> Result<()> {
    tensors.put(&format!("{name}.weight"), &dense.weight)?;
    tensors.put(&format!("{name}.bias"), &dense.bias)
}

fn dense_from(
    tensors: &Tensors,
    name: &str,
    (outputs, inputs): (usize, usize),
) -> std::result::Result<Dense, Damage> {
    Ok(Dense {
        weight: tensors.var(&format!("{name}.weight"), &[outputs, inputs])?,
        bias: tensors.var(&format!("{name}.bias"), &[outputs])?,
    })
}
