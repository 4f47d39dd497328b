//! Which trials there are, and which are the same.

use ablate_sweep::Value;

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
fn without_hidden_layers_their_parameters_mean_nothing() {
    let catalog = catalog();
    let pixels = |name, value| catalog.resolve(&given(&[("depth", Value::Int(0)), (name, value)]));
    let plain = pixels("depth", Value::Int(0)).unwrap();
    assert_eq!(pixels("width", Value::Int(50)).unwrap(), plain);
    assert_eq!(pixels("pretraining", text("none")).unwrap(), plain);
    assert_eq!(pixels("variant", text("contractive")).unwrap(), plain);
    assert_eq!(pixels("code_activation", text("linear")).unwrap(), plain);
    let refused = pixels("fine_tuning", text("reconstruction")).unwrap_err();
    assert!(refused[0].message.contains("no layers to reconstruct with"), "{refused:?}");
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
    let with = |name, value| catalog.resolve(&given(&[("depth", Value::Int(3)), (name, value)]));
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
        (2, "contractive+weight-decay", "lambda, by default 0.1 and 0.001: give it a value"),
        (2, "denoising+", "or several joined by"),
        (2, "denoising+denoisy", "or several joined by"),
    ] {
        let refused = with(&[depth(layers), variant(names)]).unwrap_err();
        assert!(refused[0].message.contains(way_out), "{refused:?}");
    }
}

#[test]
fn what_joined_variants_share_has_one_value() {
    let catalog = catalog();
    let with = |names: &str, others: &[(&str, Value)]| {
        let base = [("depth", Value::Int(2)), ("variant", text(names))];
        catalog.resolve(&given(&[&base[..], others].concat()))
    };
    // Equal defaults hold for both.
    let plain = with("sparse-kl+sparse-l1", &[]).unwrap();
    assert_eq!(plain.params.float("lambda"), Some(0.1));
    let lambda = |value| [("lambda", Value::Float(value))];
    assert_eq!(with("sparse-kl+sparse-l1", &lambda(0.1)).unwrap().id, plain.id);
    // Others are refused, and a value that is given holds for both.
    let unequal = "weight-decay+contractive";
    assert!(with(unequal, &[]).is_err());
    for value in [0.001, 0.1, 2.0] {
        let trial = with(unequal, &lambda(value)).unwrap();
        assert_eq!(trial.params.float("lambda"), Some(value));
        assert_eq!(catalog.resolve(&trial.params).unwrap(), trial);
    }
    let ids = [0.001, 0.1].map(|value| with(unequal, &lambda(value)).unwrap().id);
    assert_ne!(ids[0], ids[1]);
    // What means nothing for one of them is no value of it.
    let masking = ("corruption", text("masking"));
    let noisy = with("denoising+contractive-h", std::slice::from_ref(&masking)).unwrap();
    assert_eq!(noisy.params.float("sigma"), Some(0.1));
    assert!(with("denoising+contractive-h", &[]).is_err());
}

#[test]
fn models_of_images_have_defaults_of_their_own() {
    let catalog = catalog();
    let tied = |variant: &str| {
        let trial = catalog.resolve(&given(&[("variant", text(variant))])).unwrap();
        trial.params.flag("tied")
    };
    assert_eq!(
        ["basic", "vae", "adversarial", "rbm"].map(tied),
        [Some(true), Some(false), Some(false), None]
    );
    let rate = |pairs: &[(&str, Value)]| {
        catalog.resolve(&given(pairs)).unwrap().params.float("pretraining_learning_rate")
    };
    let vae = ("variant", text("vae"));
    assert_eq!(rate(&[]), Some(0.05));
    assert_eq!(rate(std::slice::from_ref(&vae)), Some(0.02));
    assert_eq!(rate(&[vae, ("optimizer", text("adam"))]), Some(0.001));
}

#[test]
fn every_joined_variant_has_a_say() {
    let catalog = catalog();
    let with = |names: &str, others: &[(&str, Value)]| {
        let base = [("depth", Value::Int(2)), ("variant", text(names))];
        catalog.resolve(&given(&[&base[..], others].concat()))
    };
    let version = |names: &str| training_version(&with(names, &[]).unwrap().params);
    assert_eq!(version("basic"), format!("{ENGINE_VERSION}.1"));
    assert_eq!(version("rbm+vae"), format!("{ENGINE_VERSION}.1+2"));
    let mixed = with("rbm+denoising", &[]).unwrap();
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
        let params = [("variant", text("k-sparse")), ("depth", Value::Int(2)), ("width", width)];
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
