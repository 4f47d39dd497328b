//! What ties several parameters together: combinations that cannot be trained, and other ways to write
//! the same trial.

use ablate_data::{Source, datasets};
use ablate_sweep::catalog::Breach;
use ablate_sweep::{Params, Rule, Value, layer_names};

use crate::settings::SAME;
use crate::variants;

/// Every rule, in the order in which they look at a trial.
pub(super) const ALL: [Rule; 12] = [
    Rule(test_size_fits_the_dataset),
    Rule(train_size_fits_the_dataset),
    Rule(widths_match_the_depth),
    Rule(a_deep_autoencoder_has_layers),
    Rule(labels_fit_the_images_and_their_classes),
    Rule(pretrained_layers_exist),
    Rule(variants_match_the_layers),
    Rule(equal_code_units_are_the_same),
    Rule(cross_entropy_needs_codes_between_0_and_1),
    Rule(some_variants_need_sigmoid_units),
    Rule(k_is_at_most_every_width),
    Rule(emphasis_leaves_something_to_learn),
];

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

/// Pixels need no way back from themselves.
fn a_deep_autoencoder_has_layers(params: &mut Params) -> Result<(), Breach> {
    let reconstructs = params.text("fine_tuning") == Some("reconstruction");
    if !reconstructs || params.count("depth") != Some(0) {
        return Ok(());
    }
    Err(Breach {
        params: vec!["depth".into(), "fine_tuning".into()],
        message: "depth is 0, so there are no layers to reconstruct with: take depth = 1 or more, \
                  or fine_tuning = \"supervised\""
            .into(),
    })
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
