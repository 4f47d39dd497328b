//! The open set of variants: what each adds to the reconstruction loss of a layer. To add one, write
//! `variants/<name>.rs` and name it in [`ALL`]; the catalog, `ablate list`, the documentation check
//! and the tests below then hold for it too.

mod basic;
mod contractive;
mod denoising;
mod sparse_kl;
mod sparse_l1;
mod weight_decay;

use std::fmt;

use ablate_data::corruptions::Corruption;
use ablate_sweep::{Param, Params};
use candle_core::{Result, Tensor};

use crate::autoencoder::Pass;
pub use crate::engine::{Encoding, Pull};

/// Every variant, in the order in which they are listed.
pub const ALL: &[&Variant] = &[
    &basic::VARIANT,
    &weight_decay::VARIANT,
    &sparse_kl::VARIANT,
    &sparse_l1::VARIANT,
    &denoising::VARIANT,
    &contractive::VARIANT,
];

/// A variant of the autoencoder.
pub struct Variant {
    /// Its one name.
    pub name: &'static str,
    /// One line: what it is.
    pub summary: &'static str,
    /// What it adds to the reconstruction loss L, as a formula.
    pub formula: &'static str,
    /// Where it comes from.
    pub source: &'static str,
    /// Counts the meanings that its code has had: a change that alters what it trains adds one, and
    /// the runs of the older meaning are trained again.
    pub version: u32,
    /// The parameters that only it has.
    pub params: fn() -> Vec<Param>,
    /// Its objective under a trial's parameters; `None` where they are not its own.
    pub objective: fn(&Params) -> Option<Objective>,
}

impl fmt::Debug for Variant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Variant").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What a variant adds to the loss. The graph says what it is; the same by hand makes it fast, and a
/// penalty without is trained by its graph.
pub struct Penalty {
    /// Mean penalty an example, a scalar, from a pass of the encoder over a batch.
    pub graph: Graph,
    /// The same by hand.
    pub by_hand: Option<ByHand>,
}

/// A penalty as a Candle graph.
pub type Graph = Box<dyn Fn(&Pass<'_>) -> Result<Tensor> + Send + Sync>;

/// A penalty by hand: returns its mean an example and adds its gradient to the pull.
pub type ByHand = Box<dyn Fn(&Encoding<'_>, &mut Pull<'_>) -> f64 + Send + Sync>;

/// What a variant adds to plain reconstruction.
#[derive(Default)]
pub struct Objective {
    /// What is done to the encoder's input in training, and how strongly.
    pub corruption: Option<(&'static Corruption, f32)>,
    /// What is added to the loss.
    pub penalty: Option<Penalty>,
}

impl fmt::Debug for Penalty {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Penalty")
            .field("by_hand", &self.by_hand.is_some())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Objective {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let corruption = self.corruption.map(|(corruption, severity)| (corruption.name, severity));
        let mut out = out.debug_struct("Objective");
        out.field("corruption", &corruption).field("penalty", &self.penalty).finish()
    }
}

impl Objective {
    /// Reconstruction loss plus the penalty of `graph`.
    pub(crate) fn penalized(
        graph: impl Fn(&Pass<'_>) -> Result<Tensor> + Send + Sync + 'static,
    ) -> Objective {
        let penalty = Penalty { graph: Box::new(graph), by_hand: None };
        Objective { corruption: None, penalty: Some(penalty) }
    }

    /// The same, its penalty also worked out by hand.
    pub(crate) fn by_hand(
        self,
        by_hand: impl Fn(&Encoding<'_>, &mut Pull<'_>) -> f64 + Send + Sync + 'static,
    ) -> Objective {
        let by_hand = Some(Box::new(by_hand) as ByHand);
        Objective { penalty: self.penalty.map(|penalty| Penalty { by_hand, ..penalty }), ..self }
    }
}

/// The variant of that name.
pub fn find(name: &str) -> Option<&'static Variant> {
    ALL.iter().copied().find(|variant| variant.name == name)
}

#[cfg(test)]
pub(crate) mod tests;
