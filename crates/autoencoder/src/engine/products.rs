//! Matrix products: dst = keep dst + scale a b, on the calling thread, by the `gemm` crate. This is
//! the one file of the project with `unsafe` code: `gemm` takes pointers and strides, and the
//! bounds that it needs are asserted here. The benchmark of bare products includes it, too.
//!
//! Products of few rows with a transposed operand (a B^T, both row by row) are handed to `gemm` in
//! tiles small enough for its dot-product kernels: as one product it would transpose the large
//! operand first, which takes longer than the product itself.
#![expect(unsafe_code, reason = "the gemm crate takes pointers; every call here checks its bounds")]

use gemm::Parallelism;

/// An operand: rows x columns in memory at any two strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    values: &'a [f32],
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

/// A destination: rows x columns, row by row.
#[derive(Debug)]
pub(crate) struct ViewMut<'a> {
    values: &'a mut [f32],
    rows: usize,
    columns: usize,
    stride: usize,
}

/// dst = `keep` dst + `scale` `a` `b`. With `keep` 0 dst is not read. Panics unless the shapes fit.
pub(crate) fn product(mut dst: ViewMut<'_>, keep: f32, scale: f32, a: View<'_>, b: View<'_>) {
    if keep == 0.0 && prefers_dot_products(a, b) {
        for column in (0..dst.columns).step_by(DOT_COLUMNS) {
            for row in (0..dst.rows).step_by(DOT_ROWS) {
                let rows = row..(row + DOT_ROWS).min(a.rows);
                let columns = column..(column + DOT_COLUMNS).min(b.columns);
                let tile = dst.tile(rows.clone(), columns.clone());
                bare_product(tile, keep, scale, a.rows(rows), b.t().rows(columns).t());
            }
        }
    } else {
        bare_product(dst, keep, scale, a, b);
    }
}

/// Sides of a tile of dot products: `gemm` has kernels for at most 256 results.
const DOT_ROWS: usize = 32;
const DOT_COLUMNS: usize = 8;
/// Above this many rows transposing the large operand is paid back; below this depth a dot product
/// is too short (measured on AVX-512; other widths are in between).
const DOT_MOST_ROWS: usize = 64;
const DOT_LEAST_DEPTH: usize = 128;

fn prefers_dot_products(a: View<'_>, b: View<'_>) -> bool {
    cfg!(target_arch = "x86_64")
        && a.column_stride == 1
        && b.row_stride == 1
        && a.rows <= DOT_MOST_ROWS
        && a.columns >= DOT_LEAST_DEPTH
}

/// The same by `gemm` as it chooses.
pub(crate) fn bare_product(dst: ViewMut<'_>, keep: f32, scale: f32, a: View<'_>, b: View<'_>) {
    assert_eq!((dst.rows, dst.columns), (a.rows, b.columns), "the destination has another shape");
    assert_eq!(a.columns, b.rows, "inner sides of a product are equal");
    let strides = |view: View<'_>| (view.column_stride as isize, view.row_stride as isize);
    let ((a_columns, a_rows), (b_columns, b_rows)) = (strides(a), strides(b));
    // SAFETY: `View` and `ViewMut` hold values for every row and column at their strides, which
    // their constructors assert; the three shapes fit each other, as asserted above; `dst` is
    // borrowed mutably, so neither operand overlaps it.
    unsafe {
        gemm::gemm(
            dst.rows,
            dst.columns,
            a.columns,
            dst.values.as_mut_ptr(),
            1,
            dst.stride as isize,
            keep != 0.0,
            a.values.as_ptr(),
            a_columns,
            a_rows,
            b.values.as_ptr(),
            b_columns,
            b_rows,
            keep,
            scale,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

impl<'a> View<'a> {
    /// `values` as rows x columns at (row, column) strides. Panics if the last of them lies outside.
    pub(crate) fn new(
        values: &'a [f32],
        (rows, columns): (usize, usize),
        (row_stride, column_stride): (usize, usize),
    ) -> View<'a> {
        assert!(
            fits(values.len(), (rows, columns), (row_stride, column_stride)),
            "{} values do not hold {rows} x {columns}",
            values.len()
        );
        View { values, rows, columns, row_stride, column_stride }
    }

    /// The transpose.
    pub(crate) fn t(self) -> View<'a> {
        View {
            rows: self.columns,
            columns: self.rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
            ..self
        }
    }

    /// How many rows there are.
    pub(crate) fn count(self) -> usize {
        self.rows
    }

    /// Some rows.
    pub(crate) fn rows(self, range: std::ops::Range<usize>) -> View<'a> {
        assert!(range.start < range.end && range.end <= self.rows, "rows {range:?} exist");
        let values = &self.values[range.start * self.row_stride..];
        View::new(values, (range.len(), self.columns), (self.row_stride, self.column_stride))
    }
}

impl<'a> ViewMut<'a> {
    /// `values` as rows x columns, `stride` from row to row. Panics if the last lies outside.
    pub(crate) fn new(
        values: &'a mut [f32],
        (rows, columns): (usize, usize),
        stride: usize,
    ) -> ViewMut<'a> {
        assert!(
            fits(values.len(), (rows, columns), (stride, 1)) && (rows <= 1 || columns <= stride),
            "{} values do not hold {rows} x {columns}",
            values.len()
        );
        ViewMut { values, rows, columns, stride }
    }

    fn tile(
        &mut self,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
    ) -> ViewMut<'_> {
        let values = &mut self.values[rows.start * self.stride + columns.start..];
        ViewMut::new(values, (rows.len(), columns.len()), self.stride)
    }
}

/// Whether the value in the last row and column lies within `count` values.
fn fits(count: usize, (rows, columns): (usize, usize), (down, right): (usize, usize)) -> bool {
    rows == 0 || columns == 0 || (rows - 1) * down + (columns - 1) * right < count
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;

    use super::*;

    fn draw(count: usize, number: u64) -> Vec<f32> {
        let mut values = vec![0.0; count];
        Stream::new(1, "test/products", &[number]).fill_normal(&mut values);
        values
    }

    /// Every kind of product that a step asks for, at sides around those of tiles and kernels; Miri, which
    /// takes ten thousand times as long, sees some of each.
    #[test]
    fn products_agree_with_sums_in_double_precision() {
        let (rows, others): (&[usize], &[(usize, usize)]) = match cfg!(miri) {
            true => (&[1, 3, 20], &[(1, 5), (9, 20), (3, 130)]),
            false => {
                (&[1, 3, 20, 33, 64, 70], &[(1, 5), (16, 40), (130, 200), (17, 300), (9, 1100)])
            }
        };
        for &m in rows {
            for &(n, k) in others {
                for (a_transposed, b_transposed) in
                    [(false, false), (false, true), (true, false), (true, true)]
                {
                    let (a, b, before) = (draw(m * k, 1), draw(k * n, 2), draw(m * n, 3));
                    let view = |values, rows, columns, transposed| match transposed {
                        false => View::new(values, (rows, columns), (columns, 1)),
                        true => View::new(values, (columns, rows), (rows, 1)).t(),
                    };
                    let (a, b) = (view(&a, m, k, a_transposed), view(&b, k, n, b_transposed));
                    for keep in [0.0, 0.5] {
                        let mut found = before.clone();
                        product(ViewMut::new(&mut found, (m, n), n), keep, -2.0, a, b);
                        check(&found, keep, &before, a, b);
                    }
                }
            }
        }
    }

    fn check(found: &[f32], keep: f32, before: &[f32], a: View<'_>, b: View<'_>) {
        let at = |view: View<'_>, row: usize, column: usize| {
            f64::from(view.values[row * view.row_stride + column * view.column_stride])
        };
        for row in 0..a.rows {
            for column in 0..b.columns {
                let place = row * b.columns + column;
                let sum: f64 = (0..a.columns).map(|i| at(a, row, i) * at(b, i, column)).sum();
                let expected = f64::from(keep) * f64::from(before[place]) - 2.0 * sum;
                let error = (f64::from(found[place]) - expected).abs();
                assert!(
                    error < 1e-6 * (a.columns as f64 + 10.0),
                    "{a:?} at {row}, {column}: off by {error}"
                );
            }
        }
    }

    #[test]
    #[should_panic(expected = "inner sides")]
    fn sides_that_do_not_fit_are_refused() {
        let values = [0.0; 6];
        let mut out = [0.0; 4];
        let (a, b) = (View::new(&values, (2, 3), (3, 1)), View::new(&values, (2, 2), (2, 1)));
        product(ViewMut::new(&mut out, (2, 2), 2), 0.0, 1.0, a, b);
    }

    #[test]
    #[should_panic(expected = "5 values do not hold 2 x 3")]
    fn a_view_beyond_its_values_is_refused() {
        View::new(&[0.0; 5], (2, 3), (3, 1));
    }
}
