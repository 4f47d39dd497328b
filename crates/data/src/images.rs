//! Images and labels in memory: one flat `f32` array for a whole set, so that a batch is a copy of
//! rows and a dataset is decoded once and shared by every run.

/// The size of an image, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Pixels from top to bottom.
    pub rows: usize,
    /// Pixels from left to right.
    pub columns: usize,
}

impl Shape {
    /// The shape of `width` numbers that lie in no plane, such as a hidden layer: one row.
    pub fn flat(width: usize) -> Shape {
        Shape { rows: 1, columns: width }
    }

    /// Pixels an image.
    pub fn pixels(self) -> usize {
        self.rows * self.columns
    }
}

/// Images of one shape: n x (rows * columns) numbers in [0, 1], image by image, each from its top
/// row to its bottom row.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    shape: Shape,
    pixels: Vec<f32>,
}

impl Images {
    /// Images from their pixels. Panics if `pixels` is not a whole number of images, or an image
    /// has no pixel.
    pub fn new(shape: Shape, pixels: Vec<f32>) -> Images {
        assert!(shape.pixels() > 0, "an image has at least one pixel, found {shape:?}");
        assert!(
            pixels.len().is_multiple_of(shape.pixels()),
            "{} pixels are no whole number of images of {shape:?}",
            pixels.len()
        );
        Images { shape, pixels }
    }

    /// Images from bytes: 0 becomes 0 and 255 becomes 1. Panics as [`Images::new`] does.
    pub fn from_bytes(shape: Shape, bytes: &[u8]) -> Images {
        Images::new(shape, bytes.iter().map(|byte| f32::from(*byte) / 255.0).collect())
    }

    /// How many images there are.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.width()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// The size of each image.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Pixels an image: rows * columns.
    pub fn width(&self) -> usize {
        self.shape.pixels()
    }

    /// All pixels, image after image.
    pub fn pixels(&self) -> &[f32] {
        &self.pixels
    }

    /// The pixels of image `i`, row after row. Panics unless `i` < `len()`.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.pixels[i * self.width()..][..self.width()]
    }

    /// Copies the images numbered `which` into `batch`, in that order. Panics unless each number is
    /// below `len()` and `batch` holds exactly as many images.
    pub fn gather(&self, which: &[u32], batch: &mut [f32]) {
        assert_eq!(batch.len(), which.len() * self.width(), "the batch has another size");
        for (image, i) in batch.chunks_exact_mut(self.width()).zip(which) {
            image.copy_from_slice(self.row(*i as usize));
        }
    }
}

/// Images and, for each, the class it belongs to.
#[derive(Clone, Debug, PartialEq)]
pub struct Labelled {
    /// The images.
    pub images: Images,
    /// One class an image, counted from 0.
    pub labels: Vec<u8>,
}

impl Labelled {
    /// How many images there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A dataset in memory, its three splits of one shape. Decoded once and shared by all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Its one name.
    pub name: String,
    /// How many classes there are; labels are below this.
    pub classes: usize,
    /// The images that weights are fitted on.
    pub train: Labelled,
    /// Held out of training; early stopping and selection look at these.
    pub valid: Labelled,
    /// Looked at once, for the scores.
    pub test: Labelled,
    /// Sixteen hexadecimal digits that name its content and its splits.
    pub checksum: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 1, columns: 2 };

    fn images() -> Images {
        Images::from_bytes(SHAPE, &[0, 51, 102, 153, 204, 255])
    }

    #[test]
    fn bytes_become_numbers_from_zero_to_one() {
        assert_eq!(images().pixels(), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!((images().len(), images().width(), images().is_empty()), (3, 2, false));
        assert_eq!(images().row(1), [0.4, 0.6]);
    }

    #[test]
    fn a_batch_holds_the_rows_asked_for_in_that_order() {
        let mut batch = [9.0; 6];
        images().gather(&[2, 0, 2], &mut batch);
        assert_eq!(batch, [0.8, 1.0, 0.0, 0.2, 0.8, 1.0]);
        images().gather(&[], &mut []);
    }

    #[test]
    #[should_panic(expected = "3 pixels are no whole number of images")]
    fn half_an_image_is_refused() {
        Images::new(SHAPE, vec![0.0; 3]);
    }

    #[test]
    #[should_panic(expected = "the batch has another size")]
    fn a_batch_of_another_size_is_refused() {
        images().gather(&[0, 1], &mut [0.0; 2]);
    }
}
