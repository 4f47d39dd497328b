//! Rectangles cut from photographs: the problem "rect-img" of Larochelle et al. 2007 (ICML), made anew
//! with other photographs. The inside is one patch, what lies around it another; the sides are
//! uniform from 10 to 28 pixels, drawn again until the area is 25 % to 75 % of the image and they
//! differ by 5 or more; every place at which it fits is equally likely.

use crate::generator::{Generator, Recipe, Sizes};
use crate::photographs::Patches;
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static RECT_IMG: Source = Source {
    name: "rect-img",
    summary: "rectangles of one photograph on another, wide (0) or tall (1)",
    formula: "x = patch inside h x w, another patch outside, |h - w| >= 5; label = [h > w]",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "photographs as in images/LICENSES.md",
    classes: 2,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes::LAROCHELLE,
        recipe: Recipe::OnPhotographs(cut_out),
    }),
};

fn cut_out(image: &mut [f32], patches: Patches<'_>, stream: &mut Stream) -> u8 {
    let (height, width) = loop {
        let (height, width) = (10 + stream.below(19), 10 + stream.below(19));
        if height.abs_diff(width) >= 5 && (196..=588).contains(&(height * width)) {
            break (height as usize, width as usize);
        }
    };
    let top = stream.below(29 - height as u64) as usize;
    let left = stream.below(29 - width as u64) as usize;
    let (inside, outside) = (patches.draw(stream), patches.draw(stream));
    image.copy_from_slice(&outside);
    for start in (top..top + height).map(|row| row * 28 + left) {
        image[start..start + width].copy_from_slice(&inside[start..start + width]);
    }
    u8::from(height > width)
}
