//! A trial's parameters as the training code uses them: typed, complete, in range.

use ablate_data::corruptions::Corruption;
use ablate_sweep::{Params, Value};

use crate::activation::Activation;
use crate::initialization::Initialization;
use crate::learner::Objective;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::variants::{self, Decoder, Variant};

/// Everything that a run needs to know besides its seed and its data.
#[derive(Debug)]
pub struct Settings {
    /// How many training images are used, from the first; `None` is all of them.
    pub train_size: Option<usize>,
    /// Units of each hidden layer, from the input up.
    pub widths: Vec<usize>,
    /// The hidden units.
    pub activation: Activation,
    /// Where the weights start.
    pub initialization: Initialization,
    /// What is done before fine-tuning; `None` where nothing is.
    pub pretraining: Option<Pretraining>,
    /// Examples a step.
    pub batch_size: usize,
    /// The fine-tuning's optimizer.
    pub optimizer: Rule,
    /// Epochs of fine-tuning at most.
    pub epochs: u32,
    /// Fine-tuning ends after this many epochs without a better validation error; `None` is never.
    pub patience: Option<u32>,
}

/// Greedy layer-wise pretraining.
#[derive(Debug)]
pub struct Pretraining {
    /// The variant that each layer is trained as.
    pub variant: &'static Variant,
    /// What the variant makes of it under the trial's parameters.
    pub(crate) objective: Box<dyn Objective>,
    /// Whether the decoder's weights are the encoder's, transposed.
    pub tied: bool,
    /// How reconstructions are judged, as [`Pretraining::reconstruction_of`] a layer has it.
    pub reconstruction: Reconstruction,
    /// The optimizer of every layer.
    pub optimizer: Rule,
    /// Epochs a layer.
    pub epochs: u32,
}

impl Settings {
    /// Reads the parameters of a resolved trial.
    ///
    /// # Errors
    /// The name of a parameter that is missing or of another kind: a trial that another version of
    /// the catalog has resolved.
    pub fn read(params: &Params) -> Result<Settings, String> {
        let depth = count(params, "depth")?;
        let widths = match params.get("width") {
            Some(Value::Int(width)) => vec![usize::try_from(*width).unwrap_or(0); depth],
            Some(Value::List(widths)) => {
                widths.iter().map(|width| usize::try_from(*width).unwrap_or(0)).collect()
            }
            _ => return Err(unreadable("width")),
        };
        let pretraining = match text(params, "pretraining")? {
            "greedy" => Some(Pretraining::read(params)?),
            _ => None,
        };
        Ok(Settings {
            train_size: params.count("train_size"),
            widths,
            activation: word(params, "activation", Activation::from_word)?,
            initialization: word(params, "initialization", Initialization::from_word)?,
            pretraining,
            batch_size: count(params, "batch_size")?,
            optimizer: optimizer(params, "learning_rate")?,
            epochs: epochs(params, "epochs")?,
            patience: params.count("patience").and_then(|count| u32::try_from(count).ok()),
        })
    }
}

impl Pretraining {
    fn read(params: &Params) -> Result<Pretraining, String> {
        let variant = word(params, "variant", variants::find)?;
        Ok(Pretraining {
            variant,
            objective: (variant.objective)(params).ok_or_else(|| unreadable(variant.name))?,
            tied: match variant.decoder {
                Decoder::AsGiven => params.flag("tied").ok_or_else(|| unreadable("tied"))?,
                Decoder::Symmetric => true,
            },
            reconstruction: word(params, "reconstruction", Reconstruction::from_word)?,
            optimizer: optimizer(params, "pretraining_learning_rate")?,
            epochs: epochs(params, "pretraining_epochs")?,
        })
    }

    /// The corruption of the inputs and its severity, where the variant has one.
    pub fn corruption(&self) -> Option<(&'static Corruption, f32)> {
        self.objective.noise().map(|noise| (noise.corruption, noise.severity))
    }

    /// How the reconstructions of a layer are judged, counted from 0.
    pub fn reconstruction_of(&self, layer: usize) -> Reconstruction {
        match self.variant.decoder {
            // What the layer below passes on are probabilities, of whatever its own inputs are.
            Decoder::Symmetric if layer > 0 => Reconstruction::CrossEntropy,
            Decoder::Symmetric | Decoder::AsGiven => self.reconstruction,
        }
    }
}

fn optimizer(params: &Params, rate: &str) -> Result<Rule, String> {
    let rate = params.float(rate).ok_or_else(|| unreadable(rate))?;
    match text(params, "optimizer")? {
        "sgd" => {
            let momentum = params.float("momentum").ok_or_else(|| unreadable("momentum"))?;
            Ok(Rule::Sgd { rate, momentum })
        }
        "adam" => Ok(Rule::Adam { rate }),
        _ => Err(unreadable("optimizer")),
    }
}

fn word<T>(params: &Params, name: &str, from: fn(&str) -> Option<T>) -> Result<T, String> {
    from(text(params, name)?).ok_or_else(|| unreadable(name))
}

fn text<'a>(params: &'a Params, name: &str) -> Result<&'a str, String> {
    params.text(name).ok_or_else(|| unreadable(name))
}

fn count(params: &Params, name: &str) -> Result<usize, String> {
    params.count(name).ok_or_else(|| unreadable(name))
}

fn epochs(params: &Params, name: &str) -> Result<u32, String> {
    count(params, name)?.try_into().map_err(|_| unreadable(name))
}

fn unreadable(name: &str) -> String {
    format!("parameter {name} is missing or of another kind than this version knows")
}
