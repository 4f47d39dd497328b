//! The catalog: which parameters exist, what they may be, and when they mean something. The crates
//! that own the open sets fill it in (variants, datasets, probes); this crate reads it to validate
//! experiment files and to resolve grid points into [`Trial`]s.

mod condition;
mod declarations;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use condition::Condition;
pub use declarations::{Breach, Param, ProbeEntry, Rule, VariantEntry};

pub use crate::domain::Domain;
use crate::domain::layer_names;
use crate::metric::Metric;
use crate::params::Params;
use crate::relative::Relative;
use crate::run::{Trial, TrialId, short_hash};

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

    /// The probe on request that measures `metric`, or what it follows from; `None` for what is measured
    /// of every run.
    pub fn probe_of(&self, metric: &str) -> Option<&ProbeEntry> {
        let relative = self.relative.iter().find(|relative| relative.metric.name == metric);
        let from = relative.and_then(|relative| relative.groups.iter().flatten().next());
        let measured = from.map_or(metric, String::as_str);
        self.probes.iter().find(|probe| probe.metrics.iter().any(|name| name == measured))
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
        for variant in self.named_variants(&resolved.params) {
            for param in &variant.params {
                resolved.take_own(variant, param, given);
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
}

#[derive(Default)]
struct Resolved<'a> {
    params: Params,
    breaches: Vec<Breach>,
    /// The variant that each parameter of a variant has been taken for.
    owners: BTreeMap<&'a str, &'a str>,
}

impl<'a> Resolved<'a> {
    /// Takes a parameter of `variant`. Where several variants of one trial have it, its one value holds
    /// for all of them; their defaults do too if they are equal, and say nothing if they are not.
    fn take_own(&mut self, variant: &'a VariantEntry, param: &'a Param, given: &Params) {
        let taken = self.params.get(param.name).cloned();
        self.take(param, given);
        let now = self.params.get(param.name);
        let (Some(other), Some(taken)) = (self.owners.get(param.name), taken) else {
            self.owners.insert(param.name, variant.name);
            return;
        };
        if given.get(param.name).is_none() && now != Some(&taken) {
            self.breaches.push(Breach {
                params: vec!["variant".to_owned()],
                message: format!(
                    "{other} and {} both have a parameter {}, by default {taken} and {}: give it a \
                     value, which holds for both",
                    variant.name,
                    param.name,
                    param.default_for(&self.params)
                ),
            });
        }
    }

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
