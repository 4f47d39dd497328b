//! Block occlusion: a block of the image's own proportions that covers `fraction` of its pixels, up to
//! rounding, becomes 0. Every place at which it lies within the image is equally likely. The block is
//! that of cutout (DeVries and Taylor 2017, arXiv:1708.04552), which may reach over the edge.

use crate::corruptions::{Corruption, Effect, Family, Severity};
use crate::images::Shape;
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static OCCLUSION: Corruption = Corruption {
    name: "occlusion",
    summary: "turns the pixels of a block at a random place to 0",
    formula: "x~ = 0 in a block of rows * side by columns * side pixels, side = sqrt(fraction), otherwise x",
    source: "DeVries and Taylor 2017, arXiv:1708.04552 (cutout), in tests",
    family: Family::Spatial,
    severity: Some(Severity { name: "fraction", range: 0.0..=1.0, graded: &[0.05, 0.1, 0.2, 0.3] }),
    effect: Effect::Image(cover),
};

fn cover(image: &mut [f32], shape: Shape, fraction: f32, stream: &mut Stream) {
    let side = f64::from(fraction).sqrt();
    let part = |pixels: usize| (pixels as f64 * side).round() as usize;
    let (rows, columns) = (part(shape.rows), part(shape.columns));
    // The place is drawn as a share of the room there is, so that a larger block is drawn alike.
    let mut place = |room: usize| ((room + 1) as f64 * stream.uniform_f64()) as usize;
    let (top, left) = (place(shape.rows - rows), place(shape.columns - columns));
    for row in image.chunks_exact_mut(shape.columns).skip(top).take(rows) {
        row[left..left + columns].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 20, columns: 10 };

    fn covered(fraction: f32, name: u64) -> Vec<usize> {
        let mut image = [1.0; 200];
        OCCLUSION.apply(&mut image, SHAPE, fraction, &mut Stream::new(name, "occlusion", &[]));
        (0..200).filter(|i| image[*i] == 0.0).collect()
    }

    #[test]
    fn the_block_covers_its_fraction_wherever_it_lies() {
        for name in 0..50 {
            let block = covered(0.25, name);
            assert_eq!(block.len(), 50);
            let (top, left) = (block[0] / 10, block[0] % 10);
            let expected = (0..50).map(|i| (top + i / 5) * 10 + left + i % 5);
            assert!(block.iter().copied().eq(expected), "{block:?}");
        }
        assert_eq!(covered(1.0, 1).len(), 200);
    }

    #[test]
    fn every_place_is_equally_likely() {
        let mut hits = [0u32; 6];
        (0..6_000).for_each(|name| hits[covered(0.25, name)[0] % 10] += 1);
        // Five standard errors of sqrt(6000 * 1/6 * 5/6).
        assert!(hits.iter().all(|n| n.abs_diff(1_000) < 145), "{hits:?}");
    }
}
