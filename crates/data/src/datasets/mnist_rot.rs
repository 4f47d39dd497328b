//! Digits turned by any angle: the problem "rot" of Larochelle et al. 2007 (ICML), made anew. Turned
//! about the center, bilinearly.

use crate::generator::{Generator, Recipe, SHAPE, Sizes};
use crate::source::{Origin, Source};
use crate::stream::Stream;
use crate::warp::{rotation, warp};

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_ROT: Source = Source {
    name: "mnist-rot",
    summary: "digits of MNIST, each rotated by any angle",
    formula: "x(p) = digit(c + R(a) (p - c)), a ~ U(0, 2 pi)",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    classes: 10,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::Digit(turn),
    }),
};

/// Turns a digit by an angle between 0 and a whole turn.
pub(super) fn turn(image: &mut [f32], stream: &mut Stream) {
    let angle = std::f64::consts::TAU * stream.uniform_f64();
    warp(image, SHAPE, rotation(angle), [0.0, 0.0]);
}
