//! Minibatches: which examples make up each step, drawn anew every epoch from a stream of its own.

use ablate_data::Stream;
use candle_core::{Device, Result, Tensor};

use crate::engine::Band;

/// Visits `examples` examples once, in an order drawn from `stream`, `size` at a time (the last
/// batch may be smaller).
pub(crate) fn shuffled(examples: usize, size: usize, stream: &mut Stream) -> Vec<Vec<u32>> {
    stream.permutation(examples).chunks(size).map(<[u32]>::to_vec).collect()
}

/// Rows of row-major f32 data, and what is copied out of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a> {
    values: &'a [f32],
    width: usize,
}

impl<'a> Rows<'a> {
    /// Rows of `width` values.
    pub(crate) fn new(values: &'a [f32], width: usize) -> Rows<'a> {
        debug_assert!(values.len().is_multiple_of(width), "rows are whole");
        Rows { values, width }
    }

    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.width
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The first `count` rows.
    pub(crate) fn first(self, count: usize) -> Rows<'a> {
        Rows { values: &self.values[..count.min(self.len()) * self.width], width: self.width }
    }

    /// The row of that number.
    pub(crate) fn row(self, number: u32) -> &'a [f32] {
        &self.values[number as usize * self.width..][..self.width]
    }

    /// All rows, `size` at a time.
    pub(crate) fn chunks(self, size: usize) -> impl Iterator<Item = Rows<'a>> {
        self.values.chunks(size * self.width).map(move |values| Rows { values, width: self.width })
    }

    /// All values, row by row.
    pub(crate) fn values(self) -> &'a [f32] {
        self.values
    }

    /// As the engine reads them.
    pub(crate) fn band(self) -> Band<'a> {
        Band::packed(self.values, self.width)
    }

    /// The values of the rows named by `which`, one after another.
    pub(crate) fn gather(&self, which: &[u32]) -> Vec<f32> {
        let mut batch = Vec::with_capacity(which.len() * self.width);
        for &row in which {
            let start = row as usize * self.width;
            batch.extend_from_slice(&self.values[start..start + self.width]);
        }
        batch
    }
}

/// A batch (rows x width) from values laid out row by row.
pub(crate) fn tensor(values: Vec<f32>, width: usize) -> Result<Tensor> {
    let rows = values.len() / width;
    Tensor::from_vec(values, (rows, width), &Device::Cpu)
}

/// How many rows an evaluation takes at once: large enough for fast products, small enough for the
/// cache and for a small peak of memory.
pub(crate) const EVALUATION_ROWS: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_is_visited_once_an_epoch_and_each_epoch_in_its_own_order() {
        let order = |epoch| shuffled(10, 4, &mut Stream::new(1, "test/order", &[epoch]));
        let first = order(1);
        assert_eq!(first.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 2]);
        let mut seen = first.concat();
        assert_ne!(seen, order(2).concat());
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<u32>>());
        assert_eq!(order(1), first);
    }
}
