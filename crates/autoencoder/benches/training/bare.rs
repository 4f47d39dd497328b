//! The bare matrix products of a step, by `gemm` on one thread over plain buffers: what a step cannot
//! be faster than, unless it spares `gemm` some of its packing.

use ablate_data::Stream;

use self::products::{View, ViewMut, bare_product};
use crate::rows::Row;

// The engine's own, with its bounds and its tests.
#[expect(dead_code, reason = "a benchmark uses a part of it")]
#[path = "../../src/engine/products.rs"]
mod products;

/// The products of one step, over plain buffers, weights as inputs x outputs.
pub(crate) struct Products {
    batch: usize,
    /// Sides and weights of each layer, and whether the gradient by its input is asked for.
    layers: Vec<(usize, usize, Vec<f32>, bool)>,
    /// Activations from the input up, and gradients by them.
    values: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
}

impl Products {
    /// Those of `row`.
    pub(crate) fn of(row: &Row) -> Products {
        Products::network(&row.sides(), row.batch)
    }

    fn network(sides: &[usize], batch: usize) -> Products {
        let mut stream = Stream::new(1, "benchmark/products", &[]);
        let mut draw = |count: usize| {
            let mut values = vec![0.0; count];
            stream.fill_uniform(&mut values);
            values
        };
        let layer = |(number, sides): (usize, &[usize])| {
            (sides[0], sides[1], draw(sides[0] * sides[1]), number > 0)
        };
        let layers = sides.windows(2).enumerate().map(layer).collect();
        let rows = |sides: &[usize]| sides.iter().map(|side| vec![0.1; side * batch]).collect();
        Products { batch, layers, values: rows(sides), gradients: rows(sides) }
    }

    /// Those of one step.
    pub(crate) fn run(&mut self) {
        let batch = self.batch;
        for (number, (inputs, outputs, weights, _)) in self.layers.iter().enumerate() {
            let (below, above) = self.values.split_at_mut(number + 1);
            let (x, z) = (&below[number], &mut above[0]);
            gemm((batch, *outputs, *inputs), z, 0.0, (x, *inputs, 1), (weights, *outputs, 1));
        }
        for (number, (inputs, outputs, weights, deep)) in self.layers.iter_mut().enumerate().rev() {
            let (below, above) = self.gradients.split_at_mut(number + 1);
            let (dx, dz) = (&mut below[number], &above[0]);
            if *deep {
                gemm(
                    (batch, *inputs, *outputs),
                    dx,
                    0.0,
                    (dz, *outputs, 1),
                    (weights, 1, *outputs),
                );
            }
            let x = &self.values[number];
            gemm((*inputs, *outputs, batch), weights, 1.0, (x, 1, *inputs), (dz, *outputs, 1));
        }
    }
}

/// dst (m x n, row by row) = keep dst + 1e-9 a b, of m x k and k x n values at two strides each.
fn gemm(
    (m, n, k): (usize, usize, usize),
    dst: &mut [f32],
    keep: f32,
    (a, a_rows, a_columns): (&[f32], usize, usize),
    (b, b_rows, b_columns): (&[f32], usize, usize),
) {
    let a = View::new(a, (m, k), (a_rows, a_columns));
    let b = View::new(b, (k, n), (b_rows, b_columns));
    bare_product(ViewMut::new(dst, (m, n), n), keep, 1e-9, a, b);
}
