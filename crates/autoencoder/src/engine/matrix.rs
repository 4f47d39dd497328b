//! A matrix of `f32` as the products read it fastest: row by row, each row starting on a cache line
//! (64 bytes) and filled up with zeros to a whole number of them. The zeros are part of the layout:
//! products run over them, so whatever writes a row keeps them 0.

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, DType, InplaceOp1, Layout, Result, Shape, Storage, Tensor};

use super::products::{View, ViewMut};

/// `f32` values a cache line.
pub(crate) const LINE: usize = 16;

/// rows x columns, row by row, with padded rows.
#[derive(Debug)]
pub(crate) struct Matrix {
    /// The rows, preceded by as many zeros as it takes to start them on a cache line.
    values: Vec<f32>,
    start: usize,
    rows: usize,
    columns: usize,
    stride: usize,
}

/// Puts the transpose of a matrix where a tensor has its values.
struct Transpose<'a>(&'a Matrix);

impl InplaceOp1 for Transpose<'_> {
    fn name(&self) -> &'static str {
        "transpose"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let Transpose(matrix) = *self;
        let (rows, columns) = (matrix.rows, matrix.columns);
        if layout.dims() != [columns, rows] {
            let (lhs, rhs) = (layout.shape().clone(), Shape::from((columns, rows)));
            return Err(
                candle_core::Error::ShapeMismatchBinaryOp { lhs, rhs, op: self.name() }.bt()
            );
        }
        let CpuStorage::F32(values) = storage else {
            let (got, expected) = (storage.dtype(), DType::F32);
            let msg = "the engine computes in single precision";
            return Err(candle_core::Error::UnexpectedDType { msg, expected, got }.bt());
        };
        let (values, steps) = (&mut values[layout.start_offset()..], layout.stride());
        let own = matrix.padded();
        by_tiles((rows, columns), |row, column| {
            values[column * steps[0] + row * steps[1]] = own[row * matrix.stride + column];
        });
        Ok(())
    }
}

/// Every place of a matrix of that shape, a cache line of the transpose after another.
fn by_tiles((rows, columns): (usize, usize), mut visit: impl FnMut(usize, usize)) {
    for top in (0..rows).step_by(LINE) {
        for column in 0..columns {
            (top..rows.min(top + LINE)).for_each(|row| visit(row, column));
        }
    }
}

impl Matrix {
    /// All zeros.
    pub(crate) fn zeros(rows: usize, columns: usize) -> Matrix {
        let stride = columns.next_multiple_of(LINE);
        let values = vec![0.0_f32; rows * stride + LINE];
        // Where alignment cannot be had, rows start anywhere: slower, and as right.
        let start = values.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
        Matrix { values, start, rows, columns, stride }
    }

    /// The transpose of a Candle matrix.
    ///
    /// # Errors
    /// Whatever Candle reports, such as for a tensor that is no matrix of `f32`.
    pub(crate) fn transposed(tensor: &Tensor) -> Result<Matrix> {
        let (columns, rows) = tensor.dims2()?;
        let (storage, layout) = tensor.storage_and_layout();
        let Storage::Cpu(storage) = &*storage else {
            return Err(candle_core::Error::msg("the engine works in main memory").bt());
        };
        let (values, steps) =
            (&storage.as_slice::<f32>()?[layout.start_offset()..], layout.stride());
        let mut matrix = Matrix::zeros(rows, columns);
        let (stride, own) = (matrix.stride, matrix.padded_mut());
        by_tiles((rows, columns), |row, column| {
            own[row * stride + column] = values[column * steps[0] + row * steps[1]];
        });
        Ok(matrix)
    }

    /// Writes the transpose over `tensor`: columns x rows, of `f32`. Nothing is allocated, since the
    /// best epoch's weights are put away so.
    ///
    /// # Errors
    /// Whatever Candle reports, such as for a tensor of another shape or kind.
    pub(crate) fn transpose_into(&self, tensor: &Tensor) -> Result<()> {
        tensor.inplace_op1(&Transpose(self))
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Takes the values of `other`, which has the same shape.
    pub(crate) fn copy_from(&mut self, other: &Matrix) {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns), "shapes are the same");
        let (start, from) = (self.start, other.start);
        let count = self.rows * self.stride;
        self.values[start..start + count].copy_from_slice(&other.values[from..from + count]);
    }

    /// Row `number`, without its padding.
    pub(crate) fn row(&self, number: usize) -> &[f32] {
        &self.padded()[number * self.stride..][..self.columns]
    }

    /// The first `count` rows, without their padding.
    pub(crate) fn lines(&self, count: usize) -> impl Iterator<Item = &[f32]> {
        self.top(count).lines()
    }

    /// The first `count` rows, without their padding.
    pub(crate) fn lines_mut(&mut self, count: usize) -> impl Iterator<Item = &mut [f32]> {
        self.top_mut(count).into_lines()
    }

    /// The first `count` rows.
    pub(crate) fn top(&self, count: usize) -> Band<'_> {
        let Matrix { columns, stride, .. } = *self;
        Band { values: &self.padded()[..count * stride], columns, stride }
    }

    /// The first `count` rows.
    pub(crate) fn top_mut(&mut self, count: usize) -> BandMut<'_> {
        let Matrix { columns, stride, .. } = *self;
        BandMut { values: &mut self.padded_mut()[..count * stride], columns, stride }
    }

    /// Its first rows in parts of so many each, one after another.
    pub(crate) fn parts<const N: usize>(&mut self, counts: [usize; N]) -> [BandMut<'_>; N] {
        self.top_mut(counts.iter().sum()).split(counts)
    }

    /// The rows of that range.
    pub(crate) fn band_mut(&mut self, rows: std::ops::Range<usize>) -> BandMut<'_> {
        let Matrix { columns, stride, .. } = *self;
        let values = &mut self.padded_mut()[rows.start * stride..rows.end * stride];
        BandMut { values, columns, stride }
    }

    fn padded(&self) -> &[f32] {
        &self.values[self.start..][..self.rows * self.stride]
    }

    fn padded_mut(&mut self) -> &mut [f32] {
        &mut self.values[self.start..][..self.rows * self.stride]
    }
}

/// Some rows of a matrix, or of any values laid out row by row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band<'a> {
    values: &'a [f32],
    columns: usize,
    stride: usize,
}

impl<'a> Band<'a> {
    /// Band of `columns` values without padding.
    pub(crate) fn packed(values: &'a [f32], columns: usize) -> Band<'a> {
        Band { values, columns, stride: columns }
    }

    pub(crate) fn count(self) -> usize {
        self.values.len() / self.stride
    }

    /// Row `number`, without its padding.
    pub(crate) fn row(self, number: usize) -> &'a [f32] {
        &self.values[number * self.stride..][..self.columns]
    }

    /// Each row without its padding.
    pub(crate) fn lines(self) -> impl Iterator<Item = &'a [f32]> {
        self.values.chunks_exact(self.stride).map(move |row| &row[..self.columns])
    }

    /// As an operand of a product, without the padding.
    pub(crate) fn view(self) -> View<'a> {
        View::new(self.values, (self.count(), self.columns), (self.stride, 1))
    }

    /// As an operand of a product, with the padding.
    pub(crate) fn padded_view(self) -> View<'a> {
        View::new(self.values, (self.count(), self.stride), (self.stride, 1))
    }
}

/// Some rows of a matrix, to be written.
#[derive(Debug)]
pub(crate) struct BandMut<'a> {
    values: &'a mut [f32],
    columns: usize,
    stride: usize,
}

impl<'a> BandMut<'a> {
    pub(crate) fn count(&self) -> usize {
        self.values.len() / self.stride
    }

    pub(crate) fn share(&self) -> Band<'_> {
        Band { values: self.values, columns: self.columns, stride: self.stride }
    }

    /// Its rows in parts of so many each, one after another.
    pub(crate) fn split<const N: usize>(self, counts: [usize; N]) -> [BandMut<'a>; N] {
        let BandMut { values: mut rest, columns, stride } = self;
        counts.map(|count| {
            let (values, others) = std::mem::take(&mut rest).split_at_mut(count * stride);
            rest = others;
            BandMut { values, columns, stride }
        })
    }

    pub(crate) fn into_share(self) -> Band<'a> {
        Band { values: self.values, columns: self.columns, stride: self.stride }
    }

    pub(crate) fn reborrow(&mut self) -> BandMut<'_> {
        BandMut { values: self.values, columns: self.columns, stride: self.stride }
    }

    /// Each row without its padding.
    pub(crate) fn into_lines(self) -> impl Iterator<Item = &'a mut [f32]> {
        let columns = self.columns;
        self.values.chunks_exact_mut(self.stride).map(move |row| &mut row[..columns])
    }

    /// Each row without its padding.
    pub(crate) fn lines_mut(&mut self) -> impl Iterator<Item = &mut [f32]> {
        self.reborrow().into_lines()
    }

    /// All values in one run, if no padding separates the rows.
    pub(crate) fn unpadded(&mut self) -> Option<&mut [f32]> {
        (self.columns == self.stride).then_some(&mut *self.values)
    }

    /// As the destination of a product, without the padding.
    pub(crate) fn view_mut(&mut self) -> ViewMut<'_> {
        let shape = (self.count(), self.columns);
        ViewMut::new(self.values, shape, self.stride)
    }

    /// As the destination of a product, with the padding, which the product must leave 0.
    pub(crate) fn padded_view_mut(&mut self) -> ViewMut<'_> {
        let shape = (self.count(), self.stride);
        ViewMut::new(self.values, shape, self.stride)
    }
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn a_candle_matrix_comes_back_as_it_went_in() {
        let values: Vec<f32> = (0..15).map(|value| value as f32).collect();
        let tensor = Tensor::from_vec(values, (3, 5), &Device::Cpu).unwrap();
        let matrix = Matrix::transposed(&tensor).unwrap();
        assert_eq!((matrix.rows(), matrix.columns()), (5, 3));
        assert_eq!(matrix.lines(5).nth(1).unwrap(), [1.0, 6.0, 11.0]);
        let back = tensor.zeros_like().unwrap();
        matrix.transpose_into(&back).unwrap();
        assert_eq!(back.to_vec2::<f32>().unwrap(), tensor.to_vec2::<f32>().unwrap());
    }

    #[test]
    fn rows_start_on_cache_lines() {
        for (rows, columns) in [(1, 1), (3, 17), (40, 1000)] {
            let matrix = Matrix::zeros(rows, columns);
            assert!(matrix.lines(rows).all(|row| row.as_ptr().addr().is_multiple_of(64)));
        }
    }

    #[test]
    fn parts_and_bands_are_the_rows_in_order() {
        let mut matrix = Matrix::zeros(7, 2);
        for (number, row) in matrix.lines_mut(7).enumerate() {
            row.fill(number as f32);
        }
        let [first, second] = matrix.parts([3, 3]);
        let numbers = |rows: Band<'_>| rows.lines().map(|row| row[1]).collect::<Vec<_>>();
        assert_eq!(numbers(first.share()), [0.0, 1.0, 2.0]);
        assert_eq!(numbers(second.share()), [3.0, 4.0, 5.0]);
        assert_eq!(numbers(matrix.band_mut(2..5).share()), [2.0, 3.0, 4.0]);
    }
}
