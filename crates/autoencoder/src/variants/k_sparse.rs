//! k-sparse codes: the decoder sees the k largest codes of each example, and only they learn from it.
//! Sparsity is exact and needs no strength to be tuned; with linear units this is the k-sparse
//! autoencoder of Makhzani and Frey. Units that never come among the largest never learn, so k
//! falls to its value from all units over the first epochs. The network that is fine-tuned keeps
//! the encoder and selects no more.

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};

use super::{Autoencoding, Decoder, Variant};
use crate::autoencoding::Selection;

pub(super) const VARIANT: Variant = Variant {
    name: "k-sparse",
    summary: "the decoder sees the k largest codes only",
    formula: "L(x, g(top_k(f(x))))",
    source: "Makhzani, Frey 2013",
    version: 1,
    params: || {
        vec![
            Param::new(
                "k",
                Domain::Int { min: 1, max: 100_000, word: None },
                Value::Int(25),
                "how many codes the decoder sees; with all units it is the basic autoencoder",
            ),
            Param::new(
                "annealing",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Included(1.0) },
                Value::Float(0.5),
                "the share of the epochs over which k falls from all units to its value",
            ),
        ]
    },
    objective: |params| {
        let selection = Selection { k: params.count("k")?, annealing: params.float("annealing")? };
        Some(Box::new(Autoencoding { selection: Some(selection), ..Autoencoding::default() }))
    },
    decoder: Decoder::AsGiven,
    sample: None,
};
