//! The plain autoencoder: reconstruction loss and nothing else (Bengio et al. 2007). A hidden layer
//! narrower than its input keeps it from learning the identity; a wider one mostly does not.

use super::{Autoencoding, Decoder, Variant};

pub(super) const VARIANT: Variant = Variant {
    name: "basic",
    summary: "the plain autoencoder",
    formula: "L",
    source: "Bengio, Lamblin, Popovici, Larochelle 2007",
    version: 1,
    params: Vec::new,
    objective: |_| Some(Box::new(Autoencoding::default())),
    decoder: Decoder::AsGiven,
    sample: None,
};
