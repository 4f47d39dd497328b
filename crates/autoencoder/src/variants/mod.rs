//! The open set of variants: what a layer is pretrained to do. To add one, write `variants/<name>.rs`
//! and name it in [`ALL`]; the catalog, `ablate list`, the documentation check and the tests below
//! then hold for it too. Most change something about reconstruction (`Autoencoding`); any other
//! objective, with variables and steps of its own, is an `Objective` of its file.

mod adversarial;
mod basic;
mod contractive;
mod contractive_h;
mod denoising;
mod k_sparse;
mod rbm;
mod sparse_kl;
mod sparse_l1;
mod vae;
mod weight_decay;

use std::fmt;

use ablate_sweep::{Param, Params, layer_names};
use candle_core::{Result, Tensor};

use crate::autoencoder::{Autoencoder, Pass};
pub(crate) use crate::autoencoding::Autoencoding;
pub use crate::engine::{Encoding, Pull};
pub(crate) use crate::learner::Objective;
use crate::sampling::Sampling;

/// Every variant, in the order in which they are listed.
pub const ALL: &[&Variant] = &[
    &basic::VARIANT,
    &weight_decay::VARIANT,
    &sparse_kl::VARIANT,
    &sparse_l1::VARIANT,
    &k_sparse::VARIANT,
    &denoising::VARIANT,
    &contractive::VARIANT,
    &contractive_h::VARIANT,
    &rbm::VARIANT,
    &vae::VARIANT,
    &adversarial::VARIANT,
];

/// A variant of the autoencoder.
pub struct Variant {
    /// Its one name.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// What it trains a layer to minimize, L being the reconstruction loss.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Counts the meanings that its code has had: a change that alters what it trains adds one, and
    /// the runs of the older meaning are trained again.
    pub version: u32,
    /// The parameters that only it has.
    pub params: fn() -> Vec<Param>,
    /// Its objective under a trial's parameters; `None` where they are not its own.
    pub(crate) objective: fn(&Params) -> Option<Box<dyn Objective>>,
    /// What its decoder may be.
    pub(crate) decoder: Decoder,
    /// Draws images from a stack whose top layer it trained, if it is a model of how they come about.
    pub(crate) sample: Option<Sample>,
}

/// Which decoders a variant can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decoder {
    /// What the parameters `tied` and `reconstruction` say; tied unless they say otherwise.
    AsGiven,
    /// The same, but untied unless they say otherwise.
    Untied,
    /// Always tied, and above the lowest layer always of units between 0 and 1.
    Symmetric,
}

/// Images (one after another) drawn from a stack of at least one layer.
pub(crate) type Sample = fn(&[Autoencoder], &Sampling) -> Result<Vec<f32>>;

impl fmt::Debug for Variant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Variant").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a variant adds to the loss. The graph says what it is; the same by hand makes it fast, and a
/// penalty without is trained by its graph.
pub(crate) struct Penalty {
    /// Mean penalty an example, a scalar, from a pass of the encoder over a batch.
    pub(crate) graph: PenaltyGraph,
    /// The same by hand.
    pub(crate) by_hand: Option<ByHand>,
}

/// A penalty as a Candle graph.
pub(crate) type PenaltyGraph = Box<dyn Fn(&Pass<'_>) -> Result<Tensor> + Send + Sync>;

/// A penalty by hand: returns its mean an example and adds its gradient to the pull.
pub(crate) type ByHand = Box<dyn Fn(&Encoding<'_>, &mut Pull<'_>) -> f64 + Send + Sync>;

impl fmt::Debug for Penalty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Penalty")
            .field("by_hand", &self.by_hand.is_some())
            .finish_non_exhaustive()
    }
}

impl Penalty {
    /// The penalty of `graph`.
    fn new(graph: impl Fn(&Pass<'_>) -> Result<Tensor> + Send + Sync + 'static) -> Penalty {
        Penalty { graph: Box::new(graph), by_hand: None }
    }

    /// The same, also worked out by hand.
    fn by_hand(
        self,
        by_hand: impl Fn(&Encoding<'_>, &mut Pull<'_>) -> f64 + Send + Sync + 'static,
    ) -> Penalty {
        Penalty { by_hand: Some(Box::new(by_hand)), ..self }
    }

    /// Reconstruction loss plus this.
    fn objective(self) -> Box<dyn Objective> {
        Box::new(Autoencoding::penalized(self))
    }
}

/// The variant of that name.
pub fn find(name: &str) -> Option<&'static Variant> {
    ALL.iter().copied().find(|variant| variant.name == name)
}

/// The variant of each of `layers` layers, the lowest first, from one name for all of them or from
/// names joined by `+`, one a layer.
pub(crate) fn of_layers(names: &str, layers: usize) -> Option<Vec<&'static Variant>> {
    let named: Vec<_> = layer_names(names).map(find).collect::<Option<_>>()?;
    match named.as_slice() {
        [all] => Some(vec![all; layers]),
        each => (each.len() == layers).then_some(named),
    }
}

/// The names of the lowest `layers` among `names` of [`of_layers`]: a single one if they are equal.
pub(crate) fn up_to(names: &str, layers: usize) -> String {
    let lowest: Vec<&str> = layer_names(names).take(layers).collect();
    match lowest.as_slice() {
        [first, rest @ ..] if rest.iter().all(|name| name == first) => (*first).to_owned(),
        _ => lowest.join("+"),
    }
}

#[cfg(test)]
pub(crate) mod tests;
