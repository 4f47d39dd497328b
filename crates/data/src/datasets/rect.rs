//! Wide and tall rectangles: the problem "rect" of Larochelle et al. 2007 (ICML), made anew. A white
//! border of one pixel on black; height and width are uniform from 1 to 28 pixels, drawn again
//! while they differ by less than 3; every place at which it fits is equally likely.

use crate::generator::{Generator, Recipe, Sizes};
use crate::source::{Origin, Source};
use crate::stream::Stream;

/// Declared in [`crate::datasets::ALL`].
pub(super) static RECT: Source = Source {
    name: "rect",
    summary: "outlines of rectangles, wide (0) or tall (1)",
    formula: "x = 1 on the border of h x w, |h - w| >= 3; label = [h > w]",
    source: "Larochelle, Erhan, Courville, Bergstra and Bengio 2007, ICML",
    licence: "none: made by the program",
    classes: 2,
    origin: Origin::Generated(Generator {
        version: 1,
        sizes: Sizes { train: 1_000, valid: 200, test: 50_000 },
        recipe: Recipe::Drawn(draw_outline),
    }),
};

fn draw_outline(image: &mut [f32], stream: &mut Stream) -> u8 {
    let (height, width) = loop {
        let (height, width) = (1 + stream.below(28), 1 + stream.below(28));
        if height.abs_diff(width) >= 3 {
            break (height as usize, width as usize);
        }
    };
    let top = stream.below(29 - height as u64) as usize;
    let left = stream.below(29 - width as u64) as usize;
    for row in top..top + height {
        for column in left..left + width {
            let inside = (top + 1..top + height - 1).contains(&row)
                && (left + 1..left + width - 1).contains(&column);
            if !inside {
                image[row * 28 + column] = 1.0;
            }
        }
    }
    u8::from(height > width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_says_whether_the_border_is_taller_than_wide() {
        let mut counts = [0; 2];
        for number in 0..500 {
            let mut image = [0.0; 784];
            let label = draw_outline(&mut image, &mut Stream::new(number, "rect test", &[]));
            let white: Vec<(usize, usize)> =
                (0..784).filter(|i| image[*i] == 1.0).map(|i| (i / 28, i % 28)).collect();
            let (top, bottom) = (white[0].0, white[white.len() - 1].0);
            let left = white.iter().map(|place| place.1).min().unwrap();
            let right = white.iter().map(|place| place.1).max().unwrap();
            let (height, width) = (bottom - top + 1, right - left + 1);
            assert!(height.abs_diff(width) >= 3);
            assert_eq!(label, u8::from(height > width));
            let border = |&(row, column): &(usize, usize)| {
                row == top || row == bottom || column == left || column == right
            };
            assert!(white.iter().all(border), "{white:?}");
            let thin = height.min(width) == 1;
            let around = if thin { height * width } else { 2 * (height + width) - 4 };
            assert_eq!(white.len(), around);
            counts[usize::from(label)] += 1;
        }
        assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
    }
}
