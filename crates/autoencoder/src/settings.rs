//! A trial's parameters as the training code uses them: typed, complete, in range.

use ablate_data::corruptions::Corruption;
use ablate_sweep::{Params, Value};

use crate::activation::Activation;
use crate::catalog;
use crate::initialization::Initialization;
use crate::learner::Objective;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::variants::{self, Decoder, Variant};

/// The word of `code_activation` for the units of the other layers.
pub(crate) const SAME: &str = "same";

/// Everything that a run needs to know besides its seed and its data.
#[derive(Debug)]
pub struct Settings {
    /// How many training images are used, from the first; `None` is all of them.
    pub train_size: Option<usize>,
    /// How many test images are scored, evenly spaced; `None` is all of them.
    pub test_size: Option<usize>,
    /// How many of the training images have labels; `None` is all of them.
    pub labels: Option<usize>,
    /// Units of each hidden layer, from the input up; none of a classifier of the pixels.
    pub widths: Vec<usize>,
    /// The hidden units, but for the top ones.
    pub activation: Activation,
    /// The units of the top hidden layer.
    pub code_activation: Activation,
    /// Where the weights start.
    pub initialization: Initialization,
    /// What is done before fine-tuning.
    pub pretraining: Pretraining,
    /// Examples a step.
    pub batch_size: usize,
    /// What fine-tuning trains, and for what.
    pub fine_tuning: FineTuning,
    /// The fine-tuning's optimizer.
    pub optimizer: Rule,
    /// Half of this times the sum of the squared weights is added to the loss of fine-tuning.
    pub weight_decay: f64,
    /// Epochs of fine-tuning at most.
    pub epochs: u32,
    /// Fine-tuning ends after this many epochs without a better validation error; `None` is never.
    pub patience: Option<u32>,
}

/// What is done before fine-tuning.
#[derive(Debug)]
pub enum Pretraining {
    /// Nothing.
    None,
    /// These layers, from the lowest up, are trained as autoencoders one after another.
    Greedy(Vec<LayerPretraining>),
    /// The same; then every weight is drawn anew from the weights that its layer has come to.
    Marginals(Vec<LayerPretraining>),
    /// The lowest `layers` are trained one after another as the hidden layer of a classifier.
    SupervisedGreedy {
        /// How many.
        layers: usize,
        /// How each is trained.
        course: Course,
    },
    /// All layers are trained at once as a deep autoencoder.
    Joint {
        /// How reconstructions are judged.
        reconstruction: Reconstruction,
        /// How it is trained.
        course: Course,
    },
}

/// How a stage of pretraining proceeds.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// Its optimizer.
    pub optimizer: Rule,
    /// Its epochs.
    pub epochs: u32,
}

/// How a layer is pretrained as an autoencoder.
#[derive(Debug)]
pub struct LayerPretraining {
    /// The variant that it is trained as.
    pub variant: &'static Variant,
    /// What the variant makes of it under the trial's parameters.
    pub(crate) objective: Box<dyn Objective>,
    /// Whether the decoder's weights are the encoder's, transposed.
    pub tied: bool,
    /// How reconstructions are judged, as [`LayerPretraining::reconstruction_of`] a layer has it.
    pub reconstruction: Reconstruction,
    /// Its optimizer.
    pub optimizer: Rule,
    /// Its epochs.
    pub epochs: u32,
}

/// What fine-tuning trains, and for what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FineTuning {
    /// The whole network, to classify.
    Supervised(Dropout),
    /// The hidden layers and a decoder, to reconstruct.
    Reconstruction(Reconstruction),
    /// A classifier on top of the codes, which stay as they are.
    Frozen {
        /// The width of its hidden layer; `None` is a linear classifier.
        classifier: Option<usize>,
    },
}

/// The shares of inputs and of hidden units that each step leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Dropout {
    /// Of the network's inputs.
    pub inputs: f64,
    /// Of the units of every hidden layer.
    pub hidden: f64,
}

impl Settings {
    /// Reads the parameters of a resolved trial. One that an earlier version has resolved lacks the
    /// parameters that have been added since: their defaults are what was done before.
    ///
    /// # Errors
    /// The name of a parameter that is missing or of another kind: a trial that another version of
    /// the catalog has resolved.
    pub fn read(params: &Params) -> Result<Settings, String> {
        let params = &catalog::completed(params);
        let depth = count(params, "depth")?;
        let widths = match params.get("width") {
            _ if depth == 0 => Vec::new(),
            Some(Value::Int(width)) => vec![usize::try_from(*width).unwrap_or(0); depth],
            Some(Value::List(widths)) => {
                widths.iter().map(|width| usize::try_from(*width).unwrap_or(0)).collect()
            }
            _ => return Err(unreadable("width")),
        };
        let activation = word(params, "activation", Activation::from_word)?;
        Ok(Settings {
            train_size: params.count("train_size"),
            test_size: params.count("test_size"),
            labels: params.count("labels"),
            widths,
            activation,
            code_activation: match params.text("code_activation") {
                Some(SAME) => activation,
                None if depth == 0 => activation,
                _ => word(params, "code_activation", Activation::from_word)?,
            },
            initialization: word(params, "initialization", Initialization::from_word)?,
            pretraining: Pretraining::read(params)?,
            batch_size: count(params, "batch_size")?,
            fine_tuning: FineTuning::read(params)?,
            optimizer: optimizer(params, "learning_rate")?,
            weight_decay: float(params, "weight_decay")?,
            epochs: epochs(params, "epochs")?,
            patience: params.count("patience").and_then(|count| u32::try_from(count).ok()),
        })
    }

    /// The units of hidden layer number `layer`, counted from 0.
    pub fn units(&self, layer: usize) -> Activation {
        if layer + 1 == self.widths.len() { self.code_activation } else { self.activation }
    }
}

impl Pretraining {
    fn read(params: &Params) -> Result<Pretraining, String> {
        let course = || {
            let optimizer = optimizer(params, "pretraining_learning_rate")?;
            Ok::<Course, String>(Course {
                optimizer,
                epochs: epochs(params, "pretraining_epochs")?,
            })
        };
        if params.count("depth") == Some(0) {
            return Ok(Pretraining::None);
        }
        match text(params, "pretraining")? {
            "none" => Ok(Pretraining::None),
            "greedy" => Ok(Pretraining::Greedy(LayerPretraining::read(params)?)),
            "marginals" => Ok(Pretraining::Marginals(LayerPretraining::read(params)?)),
            "supervised-greedy" => Ok(Pretraining::SupervisedGreedy {
                layers: pretrained_layers(params)?,
                course: course()?,
            }),
            "joint" => Ok(Pretraining::Joint {
                reconstruction: word(params, "reconstruction", Reconstruction::from_word)?,
                course: course()?,
            }),
            _ => Err(unreadable("pretraining")),
        }
    }

    /// How many layers, from the lowest up, are trained one after another.
    pub fn layers(&self) -> usize {
        match self {
            Pretraining::Greedy(layers) | Pretraining::Marginals(layers) => layers.len(),
            Pretraining::SupervisedGreedy { layers, .. } => *layers,
            Pretraining::None | Pretraining::Joint { .. } => 0,
        }
    }
}

impl LayerPretraining {
    /// One a pretrained layer, the lowest first.
    fn read(params: &Params) -> Result<Vec<LayerPretraining>, String> {
        let variants = variants::of_layers(text(params, "variant")?, pretrained_layers(params)?);
        let one = |variant: &'static Variant| {
            Ok(LayerPretraining {
                variant,
                objective: (variant.objective)(params).ok_or_else(|| unreadable(variant.name))?,
                tied: match variant.decoder {
                    Decoder::AsGiven | Decoder::Untied => {
                        params.flag("tied").ok_or_else(|| unreadable("tied"))?
                    }
                    Decoder::Symmetric => true,
                },
                reconstruction: word(params, "reconstruction", Reconstruction::from_word)?,
                optimizer: optimizer(params, "pretraining_learning_rate")?,
                epochs: epochs(params, "pretraining_epochs")?,
            })
        };
        variants.ok_or_else(|| unreadable("variant"))?.into_iter().map(one).collect()
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
            Decoder::Symmetric | Decoder::AsGiven | Decoder::Untied => self.reconstruction,
        }
    }
}

impl FineTuning {
    fn read(params: &Params) -> Result<FineTuning, String> {
        match text(params, "fine_tuning")? {
            "supervised" => {
                let inputs = float(params, "input_dropout")?;
                Ok(FineTuning::Supervised(Dropout { inputs, hidden: float(params, "dropout")? }))
            }
            "reconstruction" => {
                let judged = word(params, "reconstruction", Reconstruction::from_word)?;
                Ok(FineTuning::Reconstruction(judged))
            }
            "frozen" => Ok(FineTuning::Frozen { classifier: params.count("classifier_width") }),
            _ => Err(unreadable("fine_tuning")),
        }
    }
}

/// How many layers a trial with `params` pretrains one after another.
fn pretrained_layers(params: &Params) -> Result<usize, String> {
    params.get("pretrained_layers").ok_or_else(|| unreadable("pretrained_layers"))?;
    Ok(params.count("pretrained_layers").unwrap_or(count(params, "depth")?))
}

fn optimizer(params: &Params, rate: &str) -> Result<Rule, String> {
    let rate = float(params, rate)?;
    match text(params, "optimizer")? {
        "sgd" => Ok(Rule::Sgd { rate, momentum: float(params, "momentum")? }),
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

fn float(params: &Params, name: &str) -> Result<f64, String> {
    params.float(name).ok_or_else(|| unreadable(name))
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
