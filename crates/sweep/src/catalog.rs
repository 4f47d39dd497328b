//! The catalog: which parameters exist, what they may be, and when they mean something. The crates
//! that own the open sets fill it in (variants, datasets, probes); this crate reads it to validate
//! experiment files and to resolve grid points into [`Trial`]s.

use std::fmt;
use std::ops::Bound;

use crate::metric::Metric;
use crate::params::Params;
use crate::run::{Trial, TrialId, short_hash};
use crate::value::Value;

/// What a parameter may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Domain {
    /// `true` or `false`.
    Bool,
    /// A whole number from `min` to `max`, or the one word that stands outside the numbers
    /// (`"all"`, `"never"`).
    Int {
        /// The smallest number allowed.
        min: i64,
        /// The largest number allowed.
        max: i64,
        /// A word allowed instead of a number.
        word: Option<&'static str>,
    },
    /// A real number between two bounds.
    Float {
        /// The lower bound.
        min: Bound<f64>,
        /// The upper bound.
        max: Bound<f64>,
    },
    /// One of these names.
    Choice(Vec<&'static str>),
    /// A whole number from `min` to `max`, or a list of them, one a layer.
    Widths {
        /// The smallest number allowed.
        min: i64,
        /// The largest number allowed.
        max: i64,
    },
}

impl Domain {
    /// `value` as this domain stores it: a whole number given for a real one becomes real.
    /// The error says what would be valid.
    pub fn check(&self, value: &Value) -> Result<Value, String> {
        let accepted = match (self, value) {
            (Domain::Bool, Value::Bool(_)) => Some(value.clone()),
            (Domain::Int { min, max, .. }, Value::Int(whole)) => {
                (min..=max).contains(&whole).then(|| value.clone())
            }
            (Domain::Int { word: Some(word), .. }, Value::Text(text)) => {
                (text == word).then(|| value.clone())
            }
            (Domain::Float { min, max }, Value::Int(_) | Value::Float(_)) => {
                let real = value.as_float().filter(|real| real.is_finite());
                real.filter(|real| within(*real, *min, *max)).map(|real| Value::Float(real + 0.0))
            }
            (Domain::Choice(names), Value::Text(text)) => {
                names.contains(&text.as_str()).then(|| value.clone())
            }
            (Domain::Widths { min, max }, Value::Int(whole)) => {
                (min..=max).contains(&whole).then(|| value.clone())
            }
            (Domain::Widths { min, max }, Value::List(items)) => (!items.is_empty()
                && items.iter().all(|whole| (min..=max).contains(&whole)))
            .then(|| value.clone()),
            _ => None,
        };
        accepted.ok_or_else(|| self.to_string())
    }
}

fn within(real: f64, min: Bound<f64>, max: Bound<f64>) -> bool {
    let above = match min {
        Bound::Included(low) => real >= low,
        Bound::Excluded(low) => real > low,
        Bound::Unbounded => true,
    };
    let below = match max {
        Bound::Included(high) => real <= high,
        Bound::Excluded(high) => real < high,
        Bound::Unbounded => true,
    };
    above && below
}

/// What would be valid, as a phrase: `a number in (0, 1]`, `one of "sgd", "adam"`.
impl fmt::Display for Domain {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Domain::Bool => write!(out, "true or false"),
            Domain::Int { min, max, word } => {
                if *max == i64::MAX {
                    write!(out, "a whole number of at least {min}")?;
                } else {
                    write!(out, "a whole number from {min} to {max}")?;
                }
                word.map_or(Ok(()), |word| write!(out, " or \"{word}\""))
            }
            Domain::Float { min, max } => match (min, max) {
                (Bound::Unbounded, Bound::Unbounded) => write!(out, "a number"),
                (Bound::Included(low), Bound::Unbounded) => {
                    write!(out, "a number of at least {low}")
                }
                (Bound::Excluded(low), Bound::Unbounded) => write!(out, "a number above {low}"),
                _ => write!(out, "a number in {}, {}", lower(*min), upper(*max)),
            },
            Domain::Choice(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
                write!(out, "one of {}", names.join(", "))
            }
            Domain::Widths { min, max } => {
                write!(out, "a whole number from {min} to {max}, or a list of them, one a layer")
            }
        }
    }
}

fn lower(bound: Bound<f64>) -> String {
    match bound {
        Bound::Included(low) => format!("[{low}"),
        Bound::Excluded(low) => format!("({low}"),
        Bound::Unbounded => "(-inf".to_owned(),
    }
}

fn upper(bound: Bound<f64>) -> String {
    match bound {
        Bound::Included(high) => format!("{high}]"),
        Bound::Excluded(high) => format!("{high})"),
        Bound::Unbounded => "inf)".to_owned(),
    }
}

/// "Parameter `param` is one of `any_of`". A parameter that means nothing itself fulfils none.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The parameter looked at.
    pub param: &'static str,
    /// Its values that fulfil the condition, as they print.
    pub any_of: Vec<&'static str>,
}

impl Condition {
    /// "`param` is `value`".
    pub fn is(param: &'static str, value: &'static str) -> Condition {
        Condition { param, any_of: vec![value] }
    }

    /// Whether `params` fulfil it.
    pub fn holds(&self, params: &Params) -> bool {
        params
            .get(self.param)
            .is_some_and(|value| self.any_of.contains(&value.to_string().as_str()))
    }
}

/// As a phrase: `pretraining is "greedy"`.
impl fmt::Display for Condition {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.any_of.iter().map(|name| format!("\"{name}\"")).collect();
        write!(out, "{} is {}", self.param, names.join(" or "))
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

    /// The variant of that name.
    pub fn variant(&self, name: &str) -> Option<&VariantEntry> {
        self.variants.iter().find(|variant| variant.name == name)
    }

    /// The metric of that name.
    pub fn metric(&self, name: &str) -> Option<&Metric> {
        self.metrics.iter().find(|metric| metric.name == name)
    }

    /// The trial that `given` names: what means nothing is dropped, defaults are filled in, and
    /// the rules have put the rest into its canonical form. Names that no declaration has are
    /// ignored here: the parser has already refused them.
    ///
    /// # Errors
    /// Every value outside its domain; if there is none, every broken rule.
    pub fn resolve(&self, given: &Params) -> Result<Trial, Vec<Breach>> {
        let mut resolved = Resolved::default();
        for param in &self.params {
            resolved.take(param, given);
        }
        let variant = resolved.params.text("variant").and_then(|name| self.variant(name));
        for param in variant.into_iter().flat_map(|variant| &variant.params) {
            resolved.take(param, given);
        }
        let Resolved { mut params, mut breaches, .. } = resolved;
        if breaches.is_empty() {
            breaches.extend(self.rules.iter().filter_map(|Rule(check)| check(&mut params).err()));
        }
        if !breaches.is_empty() {
            return Err(breaches);
        }
        let mut identity = Params::default();
        let own = variant.into_iter().flat_map(|variant| &variant.params);
        for param in self.params.iter().chain(own) {
            let value = params.get(param.name).filter(|value| *value != param.default_for(&params));
            if let Some(value) = value {
                identity.set(param.name, value.clone());
            }
        }
        let id = TrialId(short_hash(&format!("trial\n{}", identity.to_json())));
        Ok(Trial { id, params })
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
