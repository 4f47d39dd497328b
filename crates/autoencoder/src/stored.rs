//! Networks and pretrained layers as named tensors, and a finished run's back from its files.
//!
//! The names are those that PyTorch would give: a network holds `hidden.0.weight` (outputs x inputs),
//! `hidden.0.bias`, ..., `output.weight`, `output.bias`, where it has them `classifier.weight`,
//! `classifier.bias`, and as a deep autoencoder `decoder.0.weight`, ... from the top codes down. A layer
//! holds `encoder.weight`, `encoder.bias` and, if it was trained as an autoencoder, `decoder.bias`, and
//! `decoder.weight` (inputs x outputs) unless it is the encoder's transpose. Beside what was
//! pretrained stands `loss`, its curve.

use ablate_data::Dataset;
use ablate_sweep::{Measured, Params, RunPlan};
use candle_core::{DType, Result};

use crate::autoencoder::Autoencoder;
use crate::finetuning::Examples;
use crate::journal::Halt;
use crate::labels;
use crate::network::{Decoder, Dense, Network};
use crate::pretraining::draw_marginals;
use crate::probes::{self, Material, Probe, Subject};
use crate::selection::Selection;
use crate::settings::{FineTuning, LayerPretraining, Pretraining, Settings};
use crate::shelf::{self, Part};
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
    /// The pretrained layers from the lowest up; none where no layer was pretrained as an autoencoder
    /// of its own.
    pub stack: Vec<Autoencoder>,
}

impl Stored {
    /// Reads the files of the run of `plan`, trained on images of `inputs` pixels in `classes` classes:
    /// its network, and what was pretrained, in the order of [`pretrained`].
    ///
    /// # Errors
    /// Which of them is not what it should be, and why.
    pub fn read(
        plan: &RunPlan,
        (inputs, classes): (usize, usize),
        network: &[u8],
        pretrained: &[Vec<u8>],
    ) -> std::result::Result<Stored, String> {
        let settings = Settings::read(&plan.trial.params)?;
        let of_network = |damage: Damage| format!("the network: {damage}");
        let tensors = Tensors::from_bytes(network).map_err(of_network)?;
        let drawn = || Network::new(&settings, inputs, classes, plan.seed, DType::F32);
        let mut tuned = drawn().map_err(|error| of_network(error.into()))?;
        if let FineTuning::Reconstruction(reconstruction) = settings.fine_tuning {
            let decoder = Decoder::of(&tuned, &[], reconstruction, &settings, plan.seed);
            tuned.decoder = Some(decoder.map_err(|error| of_network(error.into()))?);
        }
        fill(&tuned, &tensors).map_err(of_network)?;
        let mut initial = drawn().map_err(|error| of_network(error.into()))?;
        let mut stack = Vec::new();
        for (part, bytes) in parts(&settings).into_iter().zip(pretrained) {
            let of_part = |damage: Damage| format!("{part}: {damage}");
            let tensors = Tensors::from_bytes(bytes).map_err(of_part)?;
            stack.extend(restore(&mut initial, (part, &tensors), &settings).map_err(of_part)?);
        }
        if let Pretraining::Marginals(layers) = &settings.pretraining {
            let drawn = draw_marginals(&initial.hidden[..layers.len()], plan.seed);
            drawn.map_err(|error| of_network(error.into()))?;
            stack.clear();
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
        let train = Examples::first(&dataset.train, settings.train_size.unwrap_or(usize::MAX));
        let labelled = labels::draw(train, &settings, plan.seed);
        let learned = labels::learned(&settings, train, labelled.examples(train));
        let test = Examples::all(&dataset.test);
        let spaced = Selection::spaced(test, settings.test_size);
        let on = Material {
            train: learned,
            valid: Examples::all(&dataset.valid),
            test: spaced.examples(test),
            shape: dataset.test.images.shape(),
            seed: plan.seed,
        };
        self.find(on, probes).map_err(|halt| match halt {
            Halt::Candle(error) => format!("candle: {error}"),
            Halt::Trouble(message) | Halt::Unusable(message) => message,
            Halt::Ending(ending) => format!("{ending:?}"),
        })
    }

    fn find(
        &self,
        on: Material<'_>,
        probes: &[&'static Probe],
    ) -> std::result::Result<Measured, Halt> {
        let (mut before, mut found) = (Measured::default(), Measured::default());
        let initial = Subject::initial(&self.initial, &self.stack, on)?;
        probes::measure(&initial, probes.iter().copied(), &mut before)?;
        let tuned = Subject::tuned(&self.network, on)?;
        probes::measure(&tuned, probes.iter().copied(), &mut found)?;
        Ok(found.with(before))
    }
}

/// What a trial with `params` pretrains, as its artifacts are called: `layer 1`, `layer 2` ..., or
/// `autoencoder`.
///
/// # Errors
/// A parameter that this version does not know.
pub fn pretrained(params: &Params) -> std::result::Result<Vec<String>, String> {
    Ok(parts(&Settings::read(params)?).iter().map(Part::to_string).collect())
}

/// The files of what the run of `plan` pretrains, unless it finds them: other runs may have the same.
/// None for a plan of another version.
pub fn pretrained_files(plan: &RunPlan) -> Vec<String> {
    let settings = Settings::read(&plan.trial.params).ok();
    let parts = settings.iter().flat_map(parts);
    parts.map(|part| shelf::file(plan, part)).collect()
}

fn parts(settings: &Settings) -> Vec<Part> {
    match settings.pretraining {
        Pretraining::Joint { .. } => vec![Part::DeepAutoencoder],
        ref pretraining => (0..pretraining.layers()).map(Part::Layer).collect(),
    }
}

/// Puts a pretrained `part` into `initial`; returns the autoencoder that it was trained as.
fn restore(
    initial: &mut Network,
    (part, tensors): (Part, &Tensors),
    settings: &Settings,
) -> std::result::Result<Option<Autoencoder>, Damage> {
    match (part, &settings.pretraining) {
        (Part::Layer(number), Pretraining::Greedy(layers) | Pretraining::Marginals(layers)) => {
            let dense = &initial.hidden[number];
            let layer = layer_from(tensors, (number, dense), settings, &layers[number])?;
            adopt(dense, &layer.encoder)?;
            Ok(Some(layer))
        }
        (Part::Layer(number), _) => {
            fill_dense(&initial.hidden[number], "encoder", tensors)?;
            Ok(None)
        }
        (Part::DeepAutoencoder, pretraining) => {
            if let Pretraining::Joint { reconstruction, .. } = pretraining {
                // Its values are about to be replaced, so any seed would do.
                let decoder = Decoder::of(initial, &[], *reconstruction, settings, 0)?;
                initial.decoder = Some(decoder);
            }
            fill_autoencoder(initial, tensors)?;
            Ok(None)
        }
    }
}

/// `network` as tensors.
pub(crate) fn network_tensors(network: &Network) -> Result<Tensors> {
    let mut tensors = Tensors::default();
    for (name, layer) in named(network) {
        put_dense(&mut tensors, &name, layer)?;
    }
    Ok(tensors)
}

/// The layers of `network` that joint pretraining trains, and its loss after each epoch as tensors.
pub(crate) fn autoencoder_tensors(network: &Network, losses: &[f64]) -> Result<Tensors> {
    let mut tensors = Tensors::default();
    for (name, layer) in named(network).into_iter().filter(|(name, _)| is_of_autoencoder(name)) {
        put_dense(&mut tensors, &name, layer)?;
    }
    tensors.put_series(LOSS, losses);
    Ok(tensors)
}

/// Takes what [`autoencoder_tensors`] wrote into `network`; returns the losses.
pub(crate) fn adopt_autoencoder(
    tensors: &Tensors,
    network: &Network,
) -> std::result::Result<Vec<f64>, Halt> {
    let unusable = |damage| Halt::Trouble(format!("{}: {damage}", Part::DeepAutoencoder));
    fill_autoencoder(network, tensors).map_err(unusable)?;
    tensors.series(LOSS).map_err(unusable)
}

/// A layer that was not trained as an autoencoder, and its loss after each epoch as tensors.
pub(crate) fn encoder_tensors(layer: &Dense, losses: &[f64]) -> Result<Tensors> {
    let mut tensors = Tensors::default();
    put_dense(&mut tensors, "encoder", layer)?;
    tensors.put_series(LOSS, losses);
    Ok(tensors)
}

/// Takes what [`encoder_tensors`] wrote into `layer`, which is `part`; returns the losses.
pub(crate) fn adopt_encoder(
    tensors: &Tensors,
    part: Part,
    layer: &Dense,
) -> std::result::Result<Vec<f64>, Halt> {
    let unusable = |damage| Halt::Trouble(format!("{part}: {damage}"));
    fill_dense(layer, "encoder", tensors).map_err(unusable)?;
    tensors.series(LOSS).map_err(unusable)
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
    pretraining: &LayerPretraining,
) -> std::result::Result<Autoencoder, Damage> {
    let (outputs, inputs) = like.weight.dims2()?;
    let encoder = dense_from(tensors, "encoder", (outputs, inputs))?;
    let decoder = match pretraining.tied {
        true => None,
        false => Some(tensors.var("decoder.weight", &[inputs, outputs])?),
    };
    Ok(Autoencoder {
        encoder,
        activation: settings.units(number),
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

/// Every layer of `network` with its name.
fn named(network: &Network) -> Vec<(String, &Dense)> {
    let numbered = |kind: &'static str, layers| {
        let name = move |(number, layer)| (format!("{kind}.{number}"), layer);
        <[Dense]>::iter(layers).enumerate().map(name)
    };
    let mut all: Vec<_> = numbered("hidden", &network.hidden).collect();
    all.extend(network.classifier.iter().map(|layer| ("classifier".to_owned(), layer)));
    all.push(("output".to_owned(), &network.output));
    all.extend(network.decoder.iter().flat_map(|decoder| numbered("decoder", &decoder.layers)));
    all
}

fn is_of_autoencoder(name: &str) -> bool {
    name.starts_with("hidden.") || name.starts_with("decoder.")
}

/// Gives every layer of `network` the values that `tensors` have for it.
fn fill(network: &Network, tensors: &Tensors) -> std::result::Result<(), Damage> {
    named(network).into_iter().try_for_each(|(name, layer)| fill_dense(layer, &name, tensors))
}

fn fill_autoencoder(network: &Network, tensors: &Tensors) -> std::result::Result<(), Damage> {
    let layers = named(network).into_iter().filter(|(name, _)| is_of_autoencoder(name));
    layers.into_iter().try_for_each(|(name, layer)| fill_dense(layer, &name, tensors))
}

fn fill_dense(layer: &Dense, name: &str, tensors: &Tensors) -> std::result::Result<(), Damage> {
    let shape = layer.weight.dims2()?;
    Ok(adopt(layer, &dense_from(tensors, name, shape)?)?)
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
