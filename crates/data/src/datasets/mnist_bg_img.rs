//! Digits over photographs: the problem "bg-img" of Larochelle et al. 2007 (ICML), made anew with other
//! photographs. How digit and background were put together is not written down; here the brighter
//! one is seen.

use crate::generator::lay_over;
use crate::generator::{Generator, Recipe, Sizes};
use crate::photographs::Patches;
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_BG_IMG: Source = Source {
    name: "mnist-bg-img",
    summary: "digits of MNIST over patches of photographs",
    formula: "x = max(digit, patch)",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0; photographs as in images/LICENSES.md",
    classes: 10,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::DigitOnPhotographs(lay_over_patch),
    }),
};

/// Lays a digit over a patch.
pub(super) fn lay_over_patch(image: &mut [f32], patches: Patches<'_>, stream: &mut Stream) {
    lay_over(image, &patches.draw(stream));
}
