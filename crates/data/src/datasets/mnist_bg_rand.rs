//! Digits over noise: the problem "bg-rand" of Larochelle et al. 2007 (ICML), made anew. How digit and
//! background were put together is not written down; here the brighter one is seen.

use crate::generator::{Generator, Recipe, Sizes};
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_BG_RAND: Source = Source {
    name: "mnist-bg-rand",
    summary: "digits of MNIST over random pixels",
    formula: "x = max(digit, b), b ~ U{0 ... 255} / 255 for each pixel",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0",
    classes: 10,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::Digit(add_noise),
    }),
};

fn add_noise(image: &mut [f32], stream: &mut Stream) {
    for pixel in image {
        let shade = (stream.word() >> 24) as f32 / 255.0;
        *pixel = pixel.max(shade);
    }
}
