//! Turned digits over photographs: the problem "bg-img-rot" of Larochelle et al. 2007 (ICML), made anew
//! with other photographs. The digit is turned, the background is not.

use crate::datasets::mnist_bg_img::lay_over_patch;
use crate::datasets::mnist_rot::turn;
use crate::generator::{Generator, Recipe, Sizes};
use crate::photographs::Patches;
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static MNIST_BG_IMG_ROT: Source = Source {
    name: "mnist-bg-img-rot",
    summary: "digits of MNIST, each rotated by any angle, over patches of photographs",
    formula: "x(p) = max(digit(c + R(a) (p - c)), patch(p)), a ~ U(0, 2 pi)",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "(c) Yann LeCun and Corinna Cortes, CC BY-SA 3.0; photographs as in images/LICENSES.md",
    classes: 10,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::DigitOnPhotographs(turn_and_lay_over_patch),
    }),
};

fn turn_and_lay_over_patch(image: &mut [f32], patches: Patches<'_>, stream: &mut Stream) {
    turn(image, stream);
    lay_over_patch(image, patches, stream);
}
