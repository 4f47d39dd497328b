//! What the crates that own the open sets declare: parameters, variants, probes, and rules over several
//! parameters.

use super::condition::Condition;
use crate::domain::Domain;
use crate::params::Params;
use crate::value::Value;

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
    /// Its metrics, all of them in [`Catalog::metrics`](super::Catalog::metrics). A network that it
    /// has measured has the first of them.
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
