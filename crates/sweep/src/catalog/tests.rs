//! Trials and their identities, as the catalog resolves them.

use proptest::prelude::*;

use crate::fixtures::catalog;
use crate::params::Params;
use crate::run::Trial;
use crate::value::Value;

fn text(name: &str) -> Value {
    Value::Text(name.to_owned())
}

fn resolve(given: &[(&str, Value)]) -> Trial {
    let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
    catalog().resolve(&given.collect()).unwrap()
}

#[test]
fn what_tells_trials_apart_takes_several_values() {
    let trial = |pairs: &[(&str, Value)]| -> Params {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    };
    let trials = [
        trial(&[("depth", Value::Int(1)), ("pretraining", Value::Text("none".into()))]),
        trial(&[
            ("depth", Value::Int(1)),
            ("pretraining", Value::Text("greedy".into())),
            ("lambda", Value::Float(0.1)),
        ]),
    ];
    assert_eq!(catalog().telling(trials.iter()), ["pretraining"]);
}

#[test]
fn a_default_given_is_the_same_trial_as_a_default_left_out() {
    let plain = resolve(&[]);
    let given: Vec<(&str, Value)> =
        plain.params.iter().map(|(name, value)| (name, value.clone())).collect();
    assert_eq!(resolve(&given), plain);
    let adam = ("optimizer", text("adam"));
    let special = resolve(&[adam.clone(), ("learning_rate", Value::Float(0.001))]);
    assert_eq!(special, resolve(std::slice::from_ref(&adam)));
    assert_ne!(special.id, resolve(&[adam, ("learning_rate", Value::Float(0.1))]).id);
}

#[test]
fn what_means_nothing_is_dropped() {
    let none = resolve(&[("variant", text("sparse")), ("lambda", Value::Float(0.2))]);
    assert_eq!(none, resolve(&[]));
    let greedy = ("pretraining", text("greedy"));
    let masked = resolve(&[
        greedy.clone(),
        ("variant", text("denoising")),
        ("corruption", text("masking")),
        ("sigma", Value::Float(0.7)),
    ]);
    assert_eq!(masked.params.get("sigma"), None);
    assert_eq!(masked.params.get("fraction"), Some(&Value::Float(0.25)));
    assert_ne!(masked.id, resolve(&[greedy]).id);
}

#[test]
fn a_condition_may_name_what_does_not_fulfil_it() {
    use super::Condition;
    let condition = Condition::is_not("depth", "0");
    let with = |depth| [("depth".to_owned(), Value::Int(depth))].into_iter().collect::<Params>();
    assert!(condition.holds(&with(1)) && !condition.holds(&with(0)));
    assert!(!condition.holds(&Params::default()), "what means nothing fulfils nothing");
    assert_eq!(condition.to_string(), "depth is not 0");
}

#[test]
fn a_condition_holds_where_any_of_its_alternatives_does() {
    use super::Condition;
    let either =
        Condition::any("pretraining", &["greedy", "joint"]).or(Condition::is("optimizer", "adam"));
    assert_eq!(
        either.to_string(),
        "pretraining is \"greedy\" or \"joint\", or optimizer is \"adam\""
    );
    let holds = |pairs: &[(&str, &str)]| {
        let params = pairs.iter().map(|(name, word)| ((*name).to_owned(), text(word)));
        either.holds(&params.collect())
    };
    assert!(holds(&[("pretraining", "joint"), ("optimizer", "sgd")]));
    assert!(holds(&[("pretraining", "none"), ("optimizer", "adam")]));
    assert!(!holds(&[("pretraining", "none"), ("optimizer", "sgd")]));
    assert!(!holds(&[]));
}

#[test]
fn a_whole_number_for_a_real_one_is_the_same_trial() {
    let whole = resolve(&[("learning_rate", Value::Int(1))]);
    assert_eq!(whole, resolve(&[("learning_rate", Value::Float(1.0))]));
    assert_eq!(whole.params.get("learning_rate"), Some(&Value::Float(1.0)));
    let minus_zero = resolve(&[("momentum", Value::Float(-0.0))]);
    assert_eq!(minus_zero.id, resolve(&[]).id);
}

#[test]
fn a_rule_puts_parameters_into_their_canonical_form() {
    let listed = resolve(&[("width", Value::List(vec![100, 100]))]);
    assert_eq!(listed, resolve(&[("width", Value::Int(100))]));
    let given: Params = [("width".to_owned(), Value::List(vec![1, 2, 3]))].into_iter().collect();
    let breaches = catalog().resolve(&given).unwrap_err();
    assert_eq!(breaches[0].params, ["width", "depth"]);
    assert!(catalog().assemble(&given).is_ok());
}

#[test]
fn every_value_outside_its_domain_is_named_with_what_is_valid() {
    let given: Params = [("depth".to_owned(), Value::Int(0)), ("tied".to_owned(), text("yes"))]
        .into_iter()
        .collect();
    let breaches = catalog().resolve(&given).unwrap_err();
    let messages: Vec<&str> = breaches.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(
        messages,
        [
            "depth = 0 is not valid: it takes a whole number from 1 to 10",
            "tied = yes is not valid: it takes true or false",
        ]
    );
}

proptest! {
    #[test]
    fn the_order_in_which_parameters_are_given_does_not_matter(
        given in Just(vec![
            ("pretraining", text("greedy")),
            ("variant", text("contractive")),
            ("lambda", Value::Float(0.5)),
            ("depth", Value::Int(3)),
            ("optimizer", text("adam")),
            ("width", Value::List(vec![3, 2, 1])),
        ]).prop_shuffle()
    ) {
        let sorted = {
            let mut sorted = given.clone();
            sorted.sort_by_key(|(name, _)| *name);
            sorted
        };
        prop_assert_eq!(resolve(&given), resolve(&sorted));
    }
}

/// Released identities never change: a store keeps them. The shell's
/// `printf 'trial\\n{"depth":3}' | sha256sum | cut -c1-16` gives the second.
#[test]
fn identities_are_what_they_were() {
    assert_eq!(resolve(&[]).id.0, "c07b2e390cef2831");
    assert_eq!(resolve(&[("depth", Value::Int(3))]).id.0, "d4922ae5b76301af");
}
