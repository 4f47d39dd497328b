//! The values by which rows, columns and groups are told apart, and the order they stand in.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use ablate_sweep::{Catalog, Params, Trial, Value};

/// A parameter's value, or `None` where the parameter means nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Label(pub Option<Value>);

/// The value as a person writes it; `-` where there is none.
impl fmt::Display for Label {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(value) => write!(out, "{value}"),
            None => out.write_str("-"),
        }
    }
}

/// The labels of one trial, one a key.
pub(crate) fn labels(trial: &Trial, keys: &[String]) -> Vec<Label> {
    keys.iter().map(|key| Label(trial.params.get(key).cloned())).collect()
}

/// `depth 3, variant basic`: keys with their values, for a sentence.
pub(crate) fn phrase<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let words: Vec<String> =
        pairs.into_iter().map(|(name, value)| format!("{name} {value}")).collect();
    words.join(", ")
}

/// The same for those of `params` that are among `names`, in the order of `names`.
pub(crate) fn params_phrase(params: &Params, names: &[String]) -> String {
    let found = names.iter().filter_map(|name| Some((name.as_str(), params.get(name)?)));
    phrase(found.map(|(name, value)| (name, value.to_string())))
}

/// The distinct labels of `trials` under `keys`, and for each of them the places of its trials.
/// The outermost key comes first; under each key, numbers stand by size (absence before them), and
/// names in the order in which the plan first has them.
pub(crate) fn groups(trials: &[&Trial], keys: &[String]) -> Vec<(Vec<Label>, Vec<usize>)> {
    let mut found: Vec<(Vec<Label>, Vec<usize>)> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for (at, trial) in trials.iter().enumerate() {
        let labels = labels(trial, keys);
        // Two values of one parameter never print alike; the quotes tell the text "-" from absence.
        let key = labels.iter().map(|label| format!("{:?}", label.0)).collect();
        let place = *places.entry(key).or_insert(found.len());
        match found.get_mut(place) {
            Some((_, members)) => members.push(at),
            None => found.push((labels, vec![at])),
        }
    }
    let ranks: Vec<Vec<Label>> = (0..keys.len()).map(|key| ranking(&found, key)).collect();
    found.sort_by_key(|(labels, _)| {
        let rank =
            |(key, label): (usize, &Label)| ranks[key].iter().position(|other| other == label);
        labels.iter().enumerate().map(rank).collect::<Vec<_>>()
    });
    found
}

/// The distinct labels under one key, in order.
fn ranking(found: &[(Vec<Label>, Vec<usize>)], key: usize) -> Vec<Label> {
    let mut distinct: Vec<Label> = Vec::new();
    for (labels, _) in found {
        if !distinct.contains(&labels[key]) {
            distinct.push(labels[key].clone());
        }
    }
    if distinct.iter().any(|label| number(label).is_some()) {
        distinct.sort_by(by_size);
    }
    distinct
}

fn number(label: &Label) -> Option<f64> {
    label.0.as_ref().and_then(Value::as_float)
}

/// Absence, then numbers by size, then words (`all`, `never`) as they came: the sort is stable.
fn by_size(left: &Label, right: &Label) -> Ordering {
    let class = |label: &Label| match (&label.0, number(label)) {
        (None, _) => 0,
        (Some(_), Some(_)) => 1,
        (Some(_), None) => 2,
    };
    class(left).cmp(&class(right)).then_with(|| match (number(left), number(right)) {
        (Some(left), Some(right)) => left.total_cmp(&right),
        _ => Ordering::Equal,
    })
}

/// The parameters that tell `trials` apart, in the catalog's order.
pub(crate) fn varying(trials: &[&Trial], catalog: &Catalog) -> Vec<String> {
    catalog.telling(trials.iter().map(|trial| &trial.params))
}

#[cfg(test)]
mod tests {
    use ablate_sweep::TrialId;

    use super::*;

    fn trial(params: &[(&str, Value)]) -> Trial {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Trial { id: TrialId("0".into()), params: params.collect::<Params>() }
    }

    fn order(trials: &[Trial], keys: &[&str]) -> Vec<String> {
        let trials: Vec<&Trial> = trials.iter().collect();
        let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        let text =
            |labels: &[Label]| labels.iter().map(Label::to_string).collect::<Vec<_>>().join(" ");
        groups(&trials, &keys).iter().map(|(labels, _)| text(labels)).collect()
    }

    #[test]
    fn names_stand_in_plan_order_and_numbers_by_size_with_absence_first() {
        let text = |text: &str| Value::Text(text.into());
        let trials = [
            trial(&[("variant", text("sparse")), ("depth", Value::Int(10))]),
            trial(&[("variant", text("basic")), ("depth", Value::Int(9))]),
            trial(&[("variant", text("sparse")), ("depth", Value::Int(9))]),
            trial(&[("variant", text("basic")), ("depth", text("all"))]),
            trial(&[("variant", text("sparse"))]),
            trial(&[("depth", Value::Int(9))]),
        ];
        assert_eq!(
            order(&trials, &["variant", "depth"]),
            ["sparse -", "sparse 9", "sparse 10", "basic 9", "basic all", "- 9"]
        );
        assert_eq!(order(&trials, &["depth"]), ["-", "9", "10", "all"]);
    }

    #[test]
    fn without_keys_all_trials_are_one_group() {
        let trials = [trial(&[]), trial(&[("depth", Value::Int(1))])];
        let trials: Vec<&Trial> = trials.iter().collect();
        assert_eq!(groups(&trials, &[]), vec![(vec![], vec![0, 1])]);
    }
}
