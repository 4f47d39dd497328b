//! The catalog: which parameters exist, what they may be, and when they mean something. The crates
//! that own the open sets fill it in (variants, datasets, probes); this crate reads it to validate
//! experiment files and to resolve grid points into [`Trial`]s.

use std::collections::BTreeMap;
use std::fmt;

pub use crate::domain::Domain;
use crate::domain::layer_names;
use crate::metric::Metric;
use crate::params::Params;
use crate::relative::Relative;
use crate::run::{Trial, TrialId, short_hash};
use crate::value::Value;

/// "Parameter `param` is one of `any_of`", or another condition. A parameter that means nothing itself
/// fulfils none.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The parameter looked at.
    pub param: &'static str,
    /// Its values that fulfil the condition, as they print.
    pub any_of: Vec<&'static str>,
    /// What fulfils it as well.
    pub or: Option<Box<Condition>>,
}

impl Condition {
    /// "`param` is `value`".
    pub fn is(param: &'static str, value: &'static str) -> Condition {
        Condition::any(param, &[value])
    }

    /// "`param` is one of `any_of`".
    pub fn any(param: &'static str, any_of: &[&'static str]) -> Condition {
        Condition { param, any_of: any_of.to_vec(), or: None }
    }

    /// The same, fulfilled as well where `other` is.
    pub fn or(self, other: Condition) -> Condition {
        Condition { or: Some(Box::new(other)), ..self }
    }

    /// Whether `params` fulfil it. Of names joined by `+`, one that does is enough.
    pub fn holds(&self, params: &Params) -> bool {
        let fulfils = |value: &Value| match value {
            Value::Text(text) => layer_names(text).any(|name| self.any_of.contains(&name)),
            other => self.any_of.contains(&other.to_string().as_str()),
        };
        params.get(self.param).is_some_and(fulfils)
            || self.or.as_ref().is_some_and(|other| other.holds(params))
    }
}

/// As a phrase: `pretraining is "greedy" or "joint"`.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.any_of.iter().map(|name| format!("\"{name}\"")).collect();
        write!(out, "{} is {}", self.param, names.join(" or "))?;
        self.or.as_ref().map_or(Ok(()), |other| write!(out, ", or {other}"))
    }
}

/// A parameter's declaration. Once released, a default never changes, and a parameter added later
/// defaults to what was done before: identities hold only what differs from the defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// Its one name in TOML, filters, SQL columns and tables.
    pub name: &'static str,
    /// One line: what it is, with its unit.
    pub summary: &'static str,
    /// What it may be.
    pub domain: Domain,
    /// Its value where the file names none.
    pub default: Value,
    /// Other defaults where a condition holds; the first that does wins over `default`.
    pub default_when: Vec<(Condition, Value)>,
    /// It means something only where all of these hold; conditions look at parameters declared
    /// before this one.
    pub relevant_when: Vec<Condition>,
}

impl Param {
    /// A parameter that always means something.
    pub fn new(name: &'static str, domain: Domain, default: Value, summary: &'static str) -> Param {
        Param {
            name,
            summary,
            domain,
            default,
            default_when: Vec::new(),
            relevant_when: Vec::new(),
        }
    }

    /// The same, but only where `condition` holds too.
    pub fn only_when(mut self, condition: Condition) -> Param {
        self.relevant_when.push(condition);
        self
    }

    /// The same, but with another default where `condition` holds.
    pub fn default_when(mut self, condition: Condition, value: Value) -> Param {
        self.default_when.push((condition, value));
        self
    }

    /// Its default beside the parameters declared before it.
    pub fn default_for(&self, params: &Params) -> &Value {
        let special = self.default_when.iter().find(|(condition, _)| condition.holds(params));
        special.map_or(&self.default, |(_, value)| value)
    }
}

/// A variant's declaration: its name and the parameters that only it has.
#[derive(Clone, Debug, PartialEq)]
pub struct VariantEntry {
    /// Its one name.
    pub name: &'static str,
    /// One line: what it adds to the objective.
    pub summary: &'static str,
    /// Its own parameters.
    pub params: Vec<Param>,
}

/// A probe that runs where it is asked for: its name and what it measures.
#[derive(Clone, Debug, PartialEq)]
pub struct ProbeEntry {
    /// Its one name.
    pub name: &'static str,
    /// Its metrics, all of them in [`Catalog::metrics`]. A network that it has measured has the
    /// first of them.
    pub metrics: Vec<String>,
}

/// A condition over several parameters of one trial. It may rewrite them into their canonical
/// form; the error names the parameters at fault and says what would be valid.
#[derive(Clone, Copy, Debug)]
pub struct Rule(pub fn(&mut Params) -> Result<(), Breach>);

/// A broken [`Rule`], or a value outside its [`Domain`].
#[derive(Clone, Debug, PartialEq)]
pub struct Breach {
    /// The parameters at fault; the first is where a caret should point.
    pub params: Vec<String>,
    /// What is wrong and what would be valid.
    pub message: String,
}

/// Every parameter, variant and metric there is.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// The parameters of every trial, in the order in which they are resolved. One of them is
    /// `variant`.
    pub params: Vec<Param>,
    /// The variants, with the parameters of each.
    pub variants: Vec<VariantEntry>,
    /// Conditions over several parameters.
    pub rules: Vec<Rule>,
    /// What can be measured.
    pub metrics: Vec<Metric>,
    /// What follows for a run from its scores and those of its baseline.
    pub relative: Vec<Relative>,
    /// The probes that run on request only; all others measure every run.
    pub probes: Vec<ProbeEntry>,
}

impl Catalog {
    /// Every name that may stand in a grid, sorted, each once.
    pub fn param_names(&self) -> Vec<&'static str> {
        let own = self.variants.iter().flat_map(|variant| &variant.params);
        let mut names: Vec<_> = self.params.iter().chain(own).map(|param| param.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every declaration of `name`: one for a general parameter, one a variant for the others.
    pub fn declarations(&self, name: &str) -> Vec<&Param> {
        let own = self.variants.iter().flat_map(|variant| &variant.params);
        self.params.iter().chain(own).filter(|param| param.name == name).collect()
    }

    /// The parameters that tell `trials` apart, in the order of their declarations: those that take
    /// several values. One that some trials have and others lack tells no more than the parameter
    /// that decides whether they have it.
    pub fn telling<'a>(&self, trials: impl Iterator<Item = &'a Params> + Clone) -> Vec<String> {
        let own = self.variants.iter().flat_map(|variant| &variant.params);
        let mut names: Vec<&str> = Vec::new();
        for param in self.params.iter().chain(own) {
            if !names.contains(&param.name) {
                names.push(param.name);
            }
        }
        let several = |name: &&str| {
            let mut values = trials.clone().filter_map(|params| params.get(name));
            let first = values.next();
            values.any(|value| Some(value) != first)
        };
        names.into_iter().filter(several).map(str::to_owned).collect()
    }

    /// The variant of that name.
    pub fn variant(&self, name: &str) -> Option<&VariantEntry> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// Everything that a run may have a value of: what is measured, and what follows from it and the
    /// baseline.
    pub fn all_metrics(&self) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().chain(self.relative.iter().map(|relative| &relative.metric))
    }

    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.all_metrics().find(|metric| metric.name == name)
    }

    /// The probe on request that measures `metric`; `None` for what is measured of every run.
    pub fn probe_of(&self, metric: &str) -> Option<&ProbeEntry> {
        self.probes.iter().find(|probe| probe.metrics.iter().any(|name| name == metric))
    }

    /// Every parameter that means something beside `given`, defaults filled in, before the rules
    /// have looked at them.
    ///
    /// # Errors
    /// Every value outside its domain.
    pub fn assemble(&self, given: &Params) -> Result<Params, Vec<Breach>> {
        let mut resolved = Resolved::default();
        for param in &self.params {
            resolved.take(param, given);
        }
        match self.shared_by_variants(&resolved.params) {
            Some(breach) => resolved.breaches.push(breach),
            None => {
                for param in self.own_params(&resolved.params) {
                    resolved.take(param, given);
                }
            }
        }
        if resolved.breaches.is_empty() { Ok(resolved.params) } else { Err(resolved.breaches) }
    }

    /// The trial that `given` names: what means nothing is dropped, defaults are filled in, and
    /// the rules have put the rest into its canonical form. Names that no declaration has are
    /// ignored here: the parser has already refused them.
    ///
    /// # Errors
    /// Every value outside its domain; if there is none, every broken rule.
    pub fn resolve(&self, given: &Params) -> Result<Trial, Vec<Breach>> {
        let mut params = self.assemble(given)?;
        let own = self.own_params(&params);
        let broken = self.rules.iter().filter_map(|Rule(check)| check(&mut params).err());
        let breaches: Vec<Breach> = broken.collect();
        if !breaches.is_empty() {
            return Err(breaches);
        }
        let mut identity = Params::default();
        for param in self.params.iter().chain(own) {
            let value = params.get(param.name).filter(|value| *value != param.default_for(&params));
            if let Some(value) = value {
                identity.set(param.name, value.clone());
            }
        }
        let id = TrialId(short_hash(&format!("trial\n{}", identity.to_json())));
        Ok(Trial { id, params })
    }

    /// The parameters that only the variants named in `params` have.
    pub fn own_params(&self, params: &Params) -> Vec<&Param> {
        self.named_variants(params).into_iter().flat_map(|variant| &variant.params).collect()
    }

    /// The variants that `params` name, each once.
    fn named_variants(&self, params: &Params) -> Vec<&VariantEntry> {
        let mut variants: Vec<&VariantEntry> = Vec::new();
        let names = params.text("variant").into_iter().flat_map(layer_names);
        for variant in names.filter_map(|name| self.variant(name)) {
            if !variants.iter().any(|known| known.name == variant.name) {
                variants.push(variant);
            }
        }
        variants
    }

    /// Two variants of one trial that both have a parameter, whose one value would mean two things.
    fn shared_by_variants(&self, params: &Params) -> Option<Breach> {
        let variants = self.named_variants(params);
        let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
        for variant in variants {
            for Param { name, .. } in &variant.params {
                let Some(other) = owners.insert(name, variant.name) else { continue };
                let message = format!(
                    "{other} and {} both have a parameter {name}, and its one value would mean \
                     two things: join variants that share none",
                    variant.name
                );
                return Some(Breach { params: vec!["variant".to_owned()], message });
            }
        }
        None
    }
}

#[derive(Default)]
struct Resolved {
    params: Params,
    breaches: Vec<Breach>,
}

impl Resolved {
    fn take(&mut self, param: &Param, given: &Params) {
        if !param.relevant_when.iter().all(|condition| condition.holds(&self.params)) {
            return;
        }
        let value = given.get(param.name).unwrap_or_else(|| param.default_for(&self.params));
        match param.domain.check(value) {
            Ok(value) => self.params.set(param.name, value),
            Err(valid) => self.breaches.push(Breach {
                params: vec![param.name.to_owned()],
                message: format!("{} = {value} is not valid: it takes {valid}", param.name),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
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
    fn a_condition_holds_where_any_of_its_alternatives_does() {
        use super::Condition;
        let either = Condition::any("pretraining", &["greedy", "joint"])
            .or(Condition::is("optimizer", "adam"));
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
        let given: Params =
            [("width".to_owned(), Value::List(vec![1, 2, 3]))].into_iter().collect();
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
}
