//! A part of MNIST, unchanged: the problem "basic" of Larochelle et al. 2007 (ICML), made anew. Its
//! digits are those of the other problems made from MNIST.

use crate::generator::{Generator, Recipe, Sizes};
use crate::source::{Origin, Source};

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_BASIC: Source = Source {
    name: "mnist-basic",
    summary: "digits of MNIST, fewer to train on",
    formula: "x = digit",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    classes: 10,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::Digit(|_, _| {}),
    }),
};
