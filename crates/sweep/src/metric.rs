//! What is measured: name, unit, direction and split, declared once, by the probe that emits it.

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Lower is better, as for an error.
    Lower,
    /// Higher is better, as for an accuracy.
    Higher,
    /// Neither: a description, such as the share of saturated units. Never marked "best".
    Neither,
}

/// Which images a metric was measured on. Selection may only look at [`Split::Valid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// The images that the weights were fitted on.
    Train,
    /// Held out of training; early stopping and selection look at these.
    Valid,
    /// Looked at once, for the scores.
    Test,
}

/// A metric's declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its one name in TOML, filters, SQL columns and tables: lower case letters, digits and `_`.
    pub name: String,
    /// What one unit of it is: `fraction`, `nats`, `1` for a plain number.
    pub unit: &'static str,
    /// Which way is better.
    pub direction: Direction,
    /// Which images it was measured on.
    pub split: Split,
    /// One line: what it says, and how it is computed.
    pub summary: String,
}
