//! The parameters of every trial, stage by stage, in the order in which they are resolved.

use std::ops::Bound;

use ablate_data::{datasets, own};
use ablate_sweep::{Condition, Domain, Param, Value};

use crate::activation::Activation;
use crate::initialization::Initialization;
use crate::reconstruction::Reconstruction;
use crate::settings::SAME;
use crate::variants::{self, Decoder};

/// Every parameter that is no variant's own.
pub(super) fn all() -> Vec<Param> {
    [images(), network(), stages(), autoencoders(), optimization()].concat()
}

/// What is learned from.
fn images() -> Vec<Param> {
    vec![
        Param::new(
            "dataset",
            Domain::ChoiceOrPath {
                names: datasets::ALL.iter().map(|source| source.name).collect(),
                endings: own::ENDINGS,
            },
            text("mnist-5k"),
            "the images: a dataset's name, or the path of a user's own",
        ),
        Param::new(
            "train_size",
            Domain::Int { min: 1, max: i64::MAX, word: Some("all") },
            text("all"),
            "how many training images are used, from the first",
        ),
        Param::new(
            "test_size",
            Domain::Int { min: 1, max: i64::MAX, word: Some("all") },
            text("all"),
            "how many test images are scored, evenly spaced",
        ),
    ]
}

/// What is trained.
fn network() -> Vec<Param> {
    vec![
        Param::new(
            "depth",
            count(0, 20),
            Value::Int(1),
            "number of hidden layers; 0 is a classifier of the pixels",
        ),
        Param::new(
            "width",
            Domain::Widths { min: 1, max: 100_000 },
            Value::Int(200),
            "units of every hidden layer, or a list from the lowest layer up",
        )
        .only_when(layered()),
        Param::new(
            "activation",
            Domain::Choice(Activation::ALL.map(Activation::word).to_vec()),
            text("sigmoid"),
            "the hidden units",
        ),
        Param::new(
            "code_activation",
            Domain::Choice(
                [SAME].into_iter().chain(Activation::ALL.map(Activation::word)).collect(),
            ),
            text(SAME),
            "the units of the top hidden layer, where they are other than the rest",
        )
        .only_when(layered()),
        Param::new(
            "initialization",
            Domain::Choice(Initialization::ALL.map(Initialization::word).to_vec()),
            text("fan-in"),
            "where weights start: U(+-1/sqrt(inputs)), Glorot and Bengio 2010, or He et al. 2015",
        ),
    ]
}

/// Which stages there are.
fn stages() -> Vec<Param> {
    vec![
        Param::new(
            "pretraining",
            Domain::Choice(vec!["none", "greedy", "supervised-greedy", "marginals", "joint"]),
            text("greedy"),
            "what precedes fine-tuning: nothing, greedy layer-wise pretraining, or its controls",
        )
        .only_when(layered()),
        Param::new(
            "pretrained_layers",
            Domain::Int { min: 1, max: 20, word: Some("all") },
            text("all"),
            "how many layers are pretrained, from the lowest up",
        )
        .only_when(layer_wise()),
        Param::new(
            "fine_tuning",
            Domain::Choice(vec!["supervised", "reconstruction", "frozen"]),
            text("supervised"),
            "what is trained last: all to classify, a deep autoencoder, or a classifier on the codes",
        ),
        Param::new(
            "classifier_width",
            Domain::Int { min: 1, max: 100_000, word: Some("none") },
            text("none"),
            "units of the hidden layer of a classifier on frozen codes; without it is linear",
        )
        .only_when(Condition::is("fine_tuning", "frozen")),
        Param::new(
            "labels",
            Domain::Int { min: 1, max: i64::MAX, word: Some("all") },
            text("all"),
            "how many training images have a label, drawn by seed, as many of each class",
        )
        .only_when(labelling()),
    ]
}

/// How layers are pretrained.
fn autoencoders() -> Vec<Param> {
    vec![
        Param::new(
            "variant",
            Domain::LayerChoice(variants::ALL.iter().map(|variant| variant.name).collect()),
            text("basic"),
            "the objective that each layer is pretrained with",
        )
        .only_when(greedy()),
        Param::new(
            "tied",
            Domain::Bool,
            Value::Bool(true),
            "whether a decoder's weights are its encoder's, transposed",
        )
        .only_when(greedy())
        .only_when(variant_whose_decoder(|decoder| decoder != Decoder::Symmetric))
        .default_when(
            variant_whose_decoder(|decoder| decoder == Decoder::Untied),
            Value::Bool(false),
        ),
        Param::new(
            "reconstruction",
            Domain::Choice(Reconstruction::ALL.map(Reconstruction::word).to_vec()),
            text("cross-entropy"),
            "how reconstructions are judged; squared error has linear outputs",
        )
        .only_when(reconstructing()),
    ]
}

/// How each stage goes on.
fn optimization() -> Vec<Param> {
    vec![
        Param::new("batch_size", count(1, 1_000_000), Value::Int(50), "examples a step"),
        Param::new(
            "optimizer",
            Domain::Choice(vec!["sgd", "adam"]),
            text("sgd"),
            "gradient descent with momentum, or Adam",
        ),
        Param::new(
            "momentum",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Excluded(1.0) },
            Value::Float(0.0),
            "share of the last step that is made again",
        )
        .only_when(sgd()),
        Param::new("learning_rate", rate(), Value::Float(0.5), "step size of fine-tuning")
            .default_when(Condition::is("optimizer", "adam"), Value::Float(1e-3)),
        Param::new(
            "epochs",
            count(0, 1_000_000),
            Value::Int(30),
            "passes of fine-tuning over the training images, at most",
        ),
        Param::new(
            "patience",
            Domain::Int { min: 1, max: 1_000_000, word: Some("never") },
            Value::Int(10),
            "fine-tuning ends after this many epochs without a better validation error",
        ),
        Param::new(
            "pretraining_learning_rate",
            rate(),
            Value::Float(0.05),
            "step size of pretraining",
        )
        .only_when(pretrained())
        .default_when(Condition::is("optimizer", "adam"), Value::Float(1e-3))
        // Its loss rises as the exponential of what it learns: it diverges where others learn well.
        .default_when(Condition::is("variant", "vae"), Value::Float(0.02)),
        Param::new(
            "pretraining_epochs",
            count(0, 1_000_000),
            Value::Int(10),
            "passes of pretraining over the training images, a layer",
        )
        .only_when(pretrained()),
        Param::new(
            "dropout",
            share(),
            Value::Float(0.0),
            "share of every hidden layer's units that each step of fine-tuning leaves out",
        )
        .only_when(supervised()),
        Param::new(
            "input_dropout",
            share(),
            Value::Float(0.0),
            "share of the inputs that each step of fine-tuning leaves out",
        )
        .only_when(supervised()),
        Param::new(
            "weight_decay",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
            Value::Float(0.0),
            "half of it times the squared weights is added to the loss of fine-tuning",
        ),
    ]
}

/// There are hidden layers.
fn layered() -> Condition {
    Condition::is_not("depth", "0")
}

/// Layers are pretrained one after another.
fn layer_wise() -> Condition {
    Condition::any("pretraining", &["greedy", "supervised-greedy", "marginals"])
}

/// Layers are pretrained as autoencoders of a variant.
fn greedy() -> Condition {
    Condition::any("pretraining", &["greedy", "marginals"])
}

fn pretrained() -> Condition {
    Condition::any("pretraining", &["greedy", "supervised-greedy", "marginals", "joint"])
}

fn reconstructing() -> Condition {
    Condition::any("pretraining", &["greedy", "marginals", "joint"])
        .or(Condition::is("fine_tuning", "reconstruction"))
}

fn labelling() -> Condition {
    Condition::any("fine_tuning", &["supervised", "frozen"])
        .or(Condition::is("pretraining", "supervised-greedy"))
}

fn supervised() -> Condition {
    Condition::is("fine_tuning", "supervised")
}

fn sgd() -> Condition {
    Condition::is("optimizer", "sgd")
}

fn variant_whose_decoder(is: fn(Decoder) -> bool) -> Condition {
    let those = variants::ALL.iter().filter(|variant| is(variant.decoder));
    Condition::any("variant", &those.map(|variant| variant.name).collect::<Vec<_>>())
}

fn text(word: &str) -> Value {
    Value::Text(word.to_owned())
}

/// A step size.
fn rate() -> Domain {
    Domain::Float { min: Bound::Excluded(0.0), max: Bound::Unbounded }
}

fn count(min: i64, max: i64) -> Domain {
    Domain::Int { min, max, word: None }
}

/// Less than all.
fn share() -> Domain {
    Domain::Float { min: Bound::Included(0.0), max: Bound::Excluded(1.0) }
}
