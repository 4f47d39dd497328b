//! Which images of a split are used: all of them, where they stand, or some, which are gathered once.

use crate::batches::Rows;
use crate::finetuning::Examples;

/// Images of a split.
#[derive(Debug)]
pub(crate) enum Selection {
    /// All of them.
    All,
    /// These, row by row, and their labels.
    Some { pixels: Vec<f32>, labels: Vec<u8> },
}

impl Selection {
    /// Those of `split` that `which` numbers, in that order.
    pub(crate) fn of(split: Examples<'_>, which: &[u32]) -> Selection {
        Selection::Some {
            pixels: split.images.gather(which),
            labels: which.iter().map(|&number| split.labels[number as usize]).collect(),
        }
    }

    /// As many of `split` as `size` says, evenly spaced: of n among N, image number i is floor(i N / n).
    /// A prefix would be another sample where the order means something, as that of MNIST's test
    /// images does.
    pub(crate) fn spaced(split: Examples<'_>, size: Option<usize>) -> Selection {
        let there = split.images.len();
        match size {
            Some(size) if size < there => {
                let which: Vec<u32> = (0..size).map(|i| (i * there / size) as u32).collect();
                Selection::of(split, &which)
            }
            _ => Selection::All,
        }
    }

    /// Those of `split`, from which they were taken.
    pub(crate) fn examples<'a>(&'a self, split: Examples<'a>) -> Examples<'a> {
        match self {
            Selection::All => split,
            Selection::Some { pixels, labels } => {
                Examples { images: Rows::new(pixels, split.images.width()), labels }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten images of two pixels; number i has the label i and the pixels 2 i and 2 i + 1.
    fn labels_of(size: Option<usize>) -> Vec<u8> {
        let pixels: Vec<f32> = (0..20u8).map(f32::from).collect();
        let labels: Vec<u8> = (0..10).collect();
        let split = Examples { images: Rows::new(&pixels, 2), labels: &labels };
        let selection = Selection::spaced(split, size);
        let chosen = selection.examples(split);
        let which: Vec<u32> = chosen.labels.iter().map(|&label| label.into()).collect();
        let all: Vec<u32> = (0..chosen.images.len() as u32).collect();
        assert_eq!(chosen.images.gather(&all), split.images.gather(&which));
        chosen.labels.to_vec()
    }

    #[test]
    fn fewer_images_are_evenly_spaced_ones() {
        assert_eq!(labels_of(Some(1)), [0]);
        assert_eq!(labels_of(Some(4)), [0, 2, 5, 7]);
        assert_eq!(labels_of(Some(5)), [0, 2, 4, 6, 8]);
        assert_eq!(labels_of(Some(9)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn all_images_stay_where_they_are() {
        let pixels = [0.0; 6];
        let split = Examples { images: Rows::new(&pixels, 2), labels: &[0, 1, 2] };
        for size in [None, Some(3), Some(4)] {
            assert!(matches!(Selection::spaced(split, size), Selection::All), "{size:?}");
        }
    }
}
