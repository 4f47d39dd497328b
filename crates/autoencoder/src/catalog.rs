//! The catalog of this project: the parameters of every trial, the variants with their own, the
//! rules that tie them together, and every metric.

use std::ops::Bound;
use std::sync::LazyLock;

use ablate_data::{Source, datasets, own};
use ablate_sweep::catalog::Breach;
use ablate_sweep::{
    Catalog, Condition, Domain, Param, Params, ProbeEntry, Rule, Value, VariantEntry, layer_names,
};

use crate::activation::Activation;
use crate::initialization::Initialization;
use crate::probes::{self, Occasion, Probe};
use crate::reconstruction::Reconstruction;
use crate::settings::SAME;
use crate::variants::{self, Decoder};

/// The meaning of the training code. A change after which the same plan gives other numbers adds
/// one, and every run of the older meaning is trained again.
///
/// - 1: the first.
const ENGINE_VERSION: u32 = 2;

/// The meaning of the code that trains a trial with `params`: the engine's, and that of its variant,
/// or of each where a layer has its own: `1.1`, `1.1+2`.
pub fn training_version(params: &Params) -> String {
    let named = params.text("variant").map(layer_names).into_iter().flatten();
    let versions: Vec<String> =
        named.filter_map(variants::find).map(|variant| variant.version.to_string()).collect();
    if versions.is_empty() {
        return ENGINE_VERSION.to_string();
    }
    format!("{ENGINE_VERSION}.{}", versions.join("+"))
}

/// Every parameter, variant, rule and metric.
pub fn catalog() -> Catalog {
    let entry = |variant: &&variants::Variant| VariantEntry {
        name: variant.name,
        summary: variant.summary,
        params: (variant.params)(),
    };
    Catalog {
        params: params(),
        variants: variants::ALL.iter().map(entry).collect(),
        rules: vec![
            Rule(test_size_fits_the_dataset),
            Rule(train_size_fits_the_dataset),
            Rule(widths_match_the_depth),
            Rule(labels_fit_the_images_and_their_classes),
            Rule(pretrained_layers_exist),
            Rule(variants_match_the_layers),
            Rule(equal_code_units_are_the_same),
            Rule(cross_entropy_needs_codes_between_0_and_1),
            Rule(some_variants_need_sigmoid_units),
            Rule(k_is_at_most_every_width),
            Rule(emphasis_leaves_something_to_learn),
        ],
        metrics: probes::ALL.iter().flat_map(|probe| (probe.metrics)()).collect(),
        relative: probes::relative(),
        probes: probes::ALL.iter().filter_map(on_request).collect(),
    }
}

fn on_request(probe: &&'static Probe) -> Option<ProbeEntry> {
    let metrics = || (probe.metrics)().into_iter().map(|metric| metric.name).collect();
    match probe.occasion {
        Occasion::Always => None,
        Occasion::OnRequest => Some(ProbeEntry { name: probe.name, metrics: metrics() }),
    }
}

/// `params` with the defaults of the parameters that mean something beside them and are not among
/// them.
pub(crate) fn completed(params: &Params) -> Params {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(catalog);
    CATALOG.assemble(params).unwrap_or_else(|_| params.clone())
}

fn params() -> Vec<Param> {
    let greedy = || Condition::any("pretraining", &["greedy", "marginals"]);
    let layer_wise =
        || Condition::any("pretraining", &["greedy", "supervised-greedy", "marginals"]);
    let pretrained =
        || Condition::any("pretraining", &["greedy", "supervised-greedy", "marginals", "joint"]);
    let reconstructing = || {
        Condition::any("pretraining", &["greedy", "marginals", "joint"])
            .or(Condition::is("fine_tuning", "reconstruction"))
    };
    let labelling = || {
        Condition::any("fine_tuning", &["supervised", "frozen"])
            .or(Condition::is("pretraining", "supervised-greedy"))
    };
    let supervised = || Condition::is("fine_tuning", "supervised");
    let sgd = || Condition::is("optimizer", "sgd");
    let text = |word: &str| Value::Text(word.to_owned());
    let rate = || Domain::Float { min: Bound::Excluded(0.0), max: Bound::Unbounded };
    let count = |min, max| Domain::Int { min, max, word: None };
    let share = || Domain::Float { min: Bound::Included(0.0), max: Bound::Excluded(1.0) };
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
        Param::new("depth", count(1, 20), Value::Int(1), "number of hidden layers"),
        Param::new(
            "width",
            Domain::Widths { min: 1, max: 100_000 },
            Value::Int(200),
            "units of every hidden layer, or a list from the lowest layer up",
        ),
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
        ),
        Param::new(
            "initialization",
            Domain::Choice(Initialization::ALL.map(Initialization::word).to_vec()),
            text("fan-in"),
            "where weights start: U(+-1/sqrt(inputs)), Glorot and Bengio 2010, or He et al. 2015",
        ),
        Param::new(
            "pretraining",
            Domain::Choice(vec!["none", "greedy", "supervised-greedy", "marginals", "joint"]),
            text("greedy"),
            "what precedes fine-tuning: nothing, greedy layer-wise pretraining, or its controls",
        ),
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
        .only_when(variants_whose_decoder_may_be_untied()),
        Param::new(
            "reconstruction",
            Domain::Choice(Reconstruction::ALL.map(Reconstruction::word).to_vec()),
            text("cross-entropy"),
            "how reconstructions are judged; squared error has linear outputs",
        )
        .only_when(reconstructing()),
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
        .default_when(Condition::is("optimizer", "adam"), Value::Float(1e-3)),
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

fn variants_whose_decoder_may_be_untied() -> Condition {
    let free = variants::ALL.iter().filter(|variant| variant.decoder == Decoder::AsGiven);
    Condition::any("variant", &free.map(|variant| variant.name).collect::<Vec<_>>())
}

fn train_size_fits_the_dataset(params: &mut Params) -> Result<(), Breach> {
    size_fits_the_dataset(params, "train_size", ("training", Source::train_len))
}

fn test_size_fits_the_dataset(params: &mut Params) -> Result<(), Breach> {
    size_fits_the_dataset(params, "test_size", ("test", Source::test_len))
}

/// All images of a split by their number are the same trial as all images; there are no more.
fn size_fits_the_dataset(
    params: &mut Params,
    name: &str,
    (split, len): (&str, fn(&Source) -> usize),
) -> Result<(), Breach> {
    let dataset = params.text("dataset").and_then(datasets::find);
    let (Some(size), Some(dataset)) = (params.count(name), dataset) else { return Ok(()) };
    let there = len(dataset);
    if size > there {
        return Err(Breach {
            params: vec![name.into(), "dataset".into()],
            message: format!(
                "{name} is {size}, but {} has {there} {split} images: give fewer, or \"all\"",
                dataset.name
            ),
        });
    }
    if size == there {
        params.set(name, Value::Text("all".into()));
    }
    Ok(())
}

/// A list of widths names one a layer; equal widths are the same trial as one number.
fn widths_match_the_depth(params: &mut Params) -> Result<(), Breach> {
    let (Some(Value::List(widths)), Some(depth)) = (params.get("width"), params.count("depth"))
    else {
        return Ok(());
    };
    if widths.len() != depth {
        return Err(Breach {
            params: vec!["width".into(), "depth".into()],
            message: format!(
                "width lists {} layers but depth is {depth}: give one width a layer, or one number",
                widths.len()
            ),
        });
    }
    let lowest = widths[0];
    if widths.iter().all(|&width| width == lowest) {
        params.set("width", Value::Int(lowest));
    }
    Ok(())
}

/// All images by their number, and no fewer than one a class.
fn labels_fit_the_images_and_their_classes(params: &mut Params) -> Result<(), Breach> {
    let dataset = params.text("dataset").and_then(datasets::find);
    let (Some(labels), Some(dataset)) = (params.count("labels"), dataset) else { return Ok(()) };
    let images = params.count("train_size").unwrap_or(dataset.train_len());
    let refuse = |names: &[&str], message| {
        let params = names.iter().map(|name| (*name).to_owned()).collect();
        Err(Breach { params, message })
    };
    if labels > images {
        let message = format!(
            "labels is {labels}, but there are {images} training images: give fewer, or \"all\""
        );
        return refuse(&["labels", "train_size", "dataset"], message);
    }
    if labels < dataset.classes {
        let message = format!(
            "labels is {labels}, but {} has {} classes: each needs one at least",
            dataset.name, dataset.classes
        );
        return refuse(&["labels", "dataset"], message);
    }
    if labels == images {
        params.set("labels", Value::Text("all".into()));
    }
    Ok(())
}

/// All layers by their number are the same trial as all layers; there are no more.
fn pretrained_layers_exist(params: &mut Params) -> Result<(), Breach> {
    let (Some(layers), Some(depth)) = (params.count("pretrained_layers"), params.count("depth"))
    else {
        return Ok(());
    };
    if layers > depth {
        return Err(Breach {
            params: vec!["pretrained_layers".into(), "depth".into()],
            message: format!(
                "pretrained_layers is {layers}, but depth is {depth}: give fewer, or \"all\""
            ),
        });
    }
    if layers == depth {
        params.set("pretrained_layers", Value::Text("all".into()));
    }
    Ok(())
}

/// Joined variants name one for each pretrained layer; equal ones are the same trial as one for all.
fn variants_match_the_layers(params: &mut Params) -> Result<(), Breach> {
    let layers = autoencoders(params);
    let Some(joined) = params.text("variant").filter(|names| names.contains('+')) else {
        return Ok(());
    };
    let named = layer_names(joined).count();
    if named != layers {
        return Err(Breach {
            params: ["variant", "depth", "pretrained_layers"].map(str::to_owned).to_vec(),
            message: format!(
                "variant {joined} names {named} layers, but {layers} are pretrained: name one for \
                 each of them, or one for all"
            ),
        });
    }
    let variant = variants::up_to(joined, named);
    params.set("variant", Value::Text(variant));
    Ok(())
}

/// The units of the other layers by their name are the same trial as `same`.
fn equal_code_units_are_the_same(params: &mut Params) -> Result<(), Breach> {
    if params.get("code_activation") == params.get("activation") {
        params.set("code_activation", Value::Text(SAME.into()));
    }
    Ok(())
}

/// From the second layer on an autoencoder's inputs are codes, and cross-entropy reads inputs as
/// probabilities. A deep autoencoder's inputs are images, however deep it is.
fn cross_entropy_needs_codes_between_0_and_1(params: &mut Params) -> Result<(), Breach> {
    let of_codes = autoencoders(params) > 1;
    let cross_entropy = params.text("reconstruction") == Some("cross-entropy");
    if of_codes && cross_entropy && params.text("activation") != Some("sigmoid") {
        return Err(Breach {
            params: vec!["reconstruction".into(), "activation".into(), "depth".into()],
            message: "cross-entropy reconstructs values in [0, 1], which only sigmoid codes are: \
                      take reconstruction = \"squared-error\", or activation = \"sigmoid\""
                .into(),
        });
    }
    Ok(())
}

/// How many layers, from the lowest up, are pretrained as autoencoders of their own.
fn autoencoders(params: &Params) -> usize {
    match params.text("pretraining") {
        Some("greedy" | "marginals") => {
            params.count("pretrained_layers").or(params.count("depth")).unwrap_or(0)
        }
        _ => 0,
    }
}

/// What reads the activations of units as probabilities.
fn some_variants_need_sigmoid_units(params: &mut Params) -> Result<(), Breach> {
    let reason = |name| match name {
        "sparse-kl" => Some("sparse-kl reads mean activations as probabilities: take sparse-l1"),
        "rbm" => {
            Some("the hidden units of an rbm are on with the probability sigmoid(z): take vae")
        }
        _ => None,
    };
    let mut named = params.text("variant").into_iter().flat_map(layer_names);
    let Some(way_out) = named.find_map(reason) else { return Ok(()) };
    let sigmoid = |name| matches!(params.text(name), Some("sigmoid" | SAME));
    if sigmoid("activation") && sigmoid("code_activation") {
        return Ok(());
    }
    Err(Breach {
        params: vec!["variant".into(), "activation".into(), "code_activation".into()],
        message: format!("{way_out}, or activation = \"sigmoid\""),
    })
}

/// There are no more codes to select than there are units.
fn k_is_at_most_every_width(params: &mut Params) -> Result<(), Breach> {
    let variants = params.text("variant").unwrap_or_default();
    let narrowest = match params.get("width") {
        Some(Value::List(widths)) if variants.contains('+') => {
            let layers = widths.iter().zip(layer_names(variants));
            layers.filter(|(_, name)| *name == "k-sparse").map(|(width, _)| *width).min()
        }
        Some(Value::List(widths)) => widths.iter().copied().min(),
        Some(Value::Int(width)) => Some(*width),
        _ => None,
    };
    let (Some(k), Some(narrowest)) = (params.count("k"), narrowest) else { return Ok(()) };
    if i64::try_from(k).is_ok_and(|k| k <= narrowest) {
        return Ok(());
    }
    Err(Breach {
        params: vec!["k".into(), "width".into()],
        message: format!(
            "k is {k}, but a layer has only {narrowest} units: take at most {narrowest}, \
             with which k-sparse is the basic autoencoder"
        ),
    })
}

/// Weights of 0 for all inputs would leave no loss.
fn emphasis_leaves_something_to_learn(params: &mut Params) -> Result<(), Breach> {
    let nothing = |name| params.float(name) == Some(0.0);
    if !(nothing("alpha") && nothing("beta")) {
        return Ok(());
    }
    Err(Breach {
        params: vec!["alpha".into(), "beta".into()],
        message: "alpha and beta are both 0, so no input has a loss: raise one of them".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, Value)]) -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    fn text(word: &str) -> Value {
        Value::Text(word.into())
    }

    #[test]
    fn without_pretraining_the_variant_means_nothing() {
        let catalog = catalog();
        let none = |variant: &str| {
            let params = [("pretraining", text("none")), ("variant", text(variant))];
            catalog.resolve(&given(&params)).unwrap()
        };
        assert_eq!(none("contractive"), none("denoising"));
        assert_eq!(none("basic").params.get("variant"), None);
    }

    #[test]
    fn a_strength_belongs_to_the_variants_that_have_it() {
        let catalog = catalog();
        let with = |sigma: f64| {
            let params = [("variant", text("contractive")), ("sigma", Value::Float(sigma))];
            catalog.resolve(&given(&params)).unwrap().id
        };
        assert_eq!(with(0.1), with(0.5));
    }

    #[test]
    fn a_list_of_equal_widths_is_the_trial_of_that_width() {
        let catalog = catalog();
        let with =
            |width: Value| catalog.resolve(&given(&[("depth", Value::Int(2)), ("width", width)]));
        let list = |widths: [i64; 2]| Value::List(widths.to_vec());
        assert_eq!(with(list([300, 300])).unwrap().id, with(Value::Int(300)).unwrap().id);
        assert_ne!(with(list([300, 200])).unwrap().id, with(Value::Int(300)).unwrap().id);
        assert!(with(Value::List(vec![300])).is_err());
    }

    #[test]
    fn all_images_by_their_number_are_all_images() {
        let catalog = catalog();
        for (name, all, there) in [
            ("train_size", 4000, "has 4000 training images"),
            ("test_size", 1000, "has 1000 test images"),
        ] {
            let with = |size| catalog.resolve(&given(&[(name, size)]));
            let whole = with(text("all")).unwrap().id;
            assert_eq!(with(Value::Int(all)).unwrap().id, whole);
            assert_ne!(with(Value::Int(all - 1)).unwrap().id, whole);
            let refused = with(Value::Int(all + 1)).unwrap_err();
            assert!(refused[0].message.contains(there), "{refused:?}");
        }
    }

    #[test]
    fn all_layers_and_all_labels_by_their_number_are_all_of_them() {
        let catalog = catalog();
        let with =
            |name, value| catalog.resolve(&given(&[("depth", Value::Int(3)), (name, value)]));
        let deep = with("depth", Value::Int(3)).unwrap().id;
        assert_eq!(with("pretrained_layers", Value::Int(3)).unwrap().id, deep);
        assert_ne!(with("pretrained_layers", Value::Int(2)).unwrap().id, deep);
        assert_eq!(with("labels", Value::Int(4000)).unwrap().id, deep);
        assert_eq!(with("code_activation", text("sigmoid")).unwrap().id, deep);
        for (name, value, way_out) in [
            ("pretrained_layers", 4, "depth is 3"),
            ("labels", 4001, "there are 4000 training images"),
            ("labels", 9, "mnist-5k has 10 classes"),
        ] {
            let refused = with(name, Value::Int(value)).unwrap_err();
            assert!(refused[0].message.contains(way_out), "{refused:?}");
        }
    }

    #[test]
    fn what_a_stage_does_not_look_at_means_nothing_to_it() {
        let catalog = catalog();
        let names = |pairs: &[(&str, Value)]| {
            let trial = catalog.resolve(&given(pairs)).unwrap();
            trial.params.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        let none = ("pretraining", text("none"));
        let reconstructing = ("fine_tuning", text("reconstruction"));
        let unrolled = names(&[none.clone(), reconstructing.clone()]);
        assert!(unrolled.contains(&"reconstruction".into()));
        for name in ["labels", "dropout", "variant", "pretraining_epochs", "classifier_width"] {
            assert!(!unrolled.contains(&name.into()), "{name}");
        }
        assert!(!names(&[none]).contains(&"reconstruction".into()));
        let supervised = ("pretraining", text("supervised-greedy"));
        assert!(names(&[supervised, reconstructing]).contains(&"labels".into()));
    }

    #[test]
    fn what_cannot_be_trained_is_refused_with_the_way_out() {
        let catalog = catalog();
        let relu = [("activation", text("relu")), ("depth", Value::Int(2))];
        let refused = catalog.resolve(&given(&relu)).unwrap_err();
        assert!(refused[0].message.contains("squared-error"), "{refused:?}");
        // Neither the lowest layer nor a deep autoencoder reconstructs codes.
        let lowest = [relu[0].clone(), relu[1].clone(), ("pretrained_layers", Value::Int(1))];
        assert!(catalog.resolve(&given(&lowest)).is_ok());
        let joint = [relu[0].clone(), relu[1].clone(), ("pretraining", text("joint"))];
        assert!(catalog.resolve(&given(&joint)).is_ok());
        let kl = [("activation", text("tanh")), ("variant", text("sparse-kl"))];
        assert!(catalog.resolve(&given(&kl)).unwrap_err()[0].message.contains("sparse-l1"));
        let rbm = [("activation", text("relu")), ("variant", text("rbm"))];
        assert!(catalog.resolve(&given(&rbm)).unwrap_err()[0].message.contains("take vae"));
        let blind = [
            ("variant", text("denoising")),
            ("corruption", text("masking")),
            ("alpha", Value::Int(0)),
            ("beta", Value::Int(0)),
        ];
        assert!(catalog.resolve(&given(&blind)).unwrap_err()[0].message.contains("raise one"));
    }

    #[test]
    fn joined_variants_name_one_a_pretrained_layer() {
        let catalog = catalog();
        let with = |pairs: &[(&str, Value)]| catalog.resolve(&given(pairs));
        let depth = |layers| ("depth", Value::Int(layers));
        let variant = |names| ("variant", text(names));
        let mixed = with(&[depth(2), variant("denoising+contractive")]).unwrap();
        assert_eq!(mixed.params.float("sigma"), Some(0.3));
        assert_eq!(mixed.params.float("lambda"), Some(0.1));
        assert_ne!(mixed.id, with(&[depth(2), variant("contractive+denoising")]).unwrap().id);
        let same = with(&[depth(2), variant("denoising+denoising")]).unwrap();
        assert_eq!(same, with(&[depth(2), variant("denoising")]).unwrap());
        let lowest = ("pretrained_layers", Value::Int(2));
        assert!(with(&[depth(3), lowest, variant("denoising+contractive")]).is_ok());
        for (layers, names, way_out) in [
            (3, "denoising+denoising", "names 2 layers, but 3 are pretrained: name one for each"),
            (1, "denoising+basic", "names 2 layers, but 1 are pretrained"),
            (2, "contractive+weight-decay", "both have a parameter lambda"),
            (2, "denoising+", "or several joined by"),
            (2, "denoising+denoisy", "or several joined by"),
        ] {
            let refused = with(&[depth(layers), variant(names)]).unwrap_err();
            assert!(refused[0].message.contains(way_out), "{refused:?}");
        }
    }

    #[test]
    fn every_joined_variant_has_a_say() {
        let catalog = catalog();
        let with = |names: &str, others: &[(&str, Value)]| {
            let base = [("depth", Value::Int(2)), ("variant", text(names))];
            catalog.resolve(&given(&[&base[..], others].concat()))
        };
        assert_eq!(
            training_version(&with("basic", &[]).unwrap().params),
            format!("{ENGINE_VERSION}.1")
        );
        let mixed = with("rbm+denoising", &[]).unwrap();
        assert_eq!(training_version(&mixed.params), format!("{ENGINE_VERSION}.1+1"));
        assert_eq!(mixed.params.flag("tied"), Some(true), "the upper decoder may be untied");
        let tanh = [("activation", text("tanh")), ("reconstruction", text("squared-error"))];
        let refused = with("basic+rbm", &tanh).unwrap_err();
        assert!(refused[0].message.contains("take vae"), "{refused:?}");
        let widths = |list: [i64; 2]| [("width", Value::List(list.to_vec()))];
        assert!(with("basic+k-sparse", &widths([10, 100])).is_ok());
        let refused = with("basic+k-sparse", &widths([100, 10])).unwrap_err();
        assert!(refused[0].message.contains("only 10 units"), "{refused:?}");
    }

    #[test]
    fn k_is_held_against_the_narrowest_layer() {
        let catalog = catalog();
        let with = |width: Value| {
            let params =
                [("variant", text("k-sparse")), ("depth", Value::Int(2)), ("width", width)];
            catalog.resolve(&given(&params))
        };
        assert!(with(Value::List(vec![100, 25])).is_ok());
        let refused = with(Value::List(vec![100, 24])).unwrap_err();
        assert!(refused[0].message.contains("only 24 units: take at most 24"), "{refused:?}");
    }

    #[test]
    fn a_boltzmann_machine_has_no_decoder_to_untie() {
        let catalog = catalog();
        let with = |tied| {
            let params = [("variant", text("rbm")), ("tied", Value::Bool(tied))];
            catalog.resolve(&given(&params)).unwrap().id
        };
        assert_eq!(with(true), with(false));
    }

    #[test]
    fn names_of_parameters_and_metrics_never_collide() {
        let catalog = catalog();
        let metrics: Vec<&str> = catalog.metrics.iter().map(|one| one.name.as_str()).collect();
        for name in catalog.param_names() {
            assert!(!metrics.contains(&name), "{name} is both a parameter and a metric");
        }
    }

    #[test]
    fn every_default_lies_in_its_domain() {
        let catalog = catalog();
        for name in catalog.param_names() {
            for param in catalog.declarations(name) {
                let special = param.default_when.iter().map(|(_, value)| value);
                for value in special.chain([&param.default]) {
                    assert_eq!(param.domain.check(value).as_ref(), Ok(value), "{name}");
                }
            }
        }
    }

    /// A store of the first release holds no parameters that came later.
    #[test]
    fn trials_of_the_first_release_are_read() {
        let catalog = catalog();
        let mut released = catalog.resolve(&given(&[])).unwrap().params;
        for later in [
            "code_activation",
            "pretrained_layers",
            "fine_tuning",
            "test_size",
            "labels",
            "dropout",
            "input_dropout",
            "weight_decay",
        ] {
            released.remove(later).unwrap();
        }
        let settings = crate::settings::Settings::read(&released).unwrap();
        assert_eq!(settings.pretraining.layers(), 1);
        let today = catalog.resolve(&given(&[])).unwrap();
        assert_eq!(catalog.resolve(&released).unwrap().id, today.id);
    }

    /// Identities hold only what differs from the defaults, so a default, once released, stays.
    #[test]
    fn identities_of_released_trials_stay() {
        let catalog = catalog();
        let id = |pairs: &[(&str, Value)]| catalog.resolve(&given(pairs)).unwrap().id.0;
        assert_eq!(id(&[]), "c07b2e390cef2831");
        let deep = [
            ("depth", Value::Int(3)),
            ("variant", text("denoising")),
            ("sigma", Value::Float(0.2)),
            ("learning_rate", Value::Int(1)),
        ];
        assert_eq!(id(&deep), "a352c95e8dcc2eae");
    }
}
