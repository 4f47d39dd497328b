//! How far the top codes move when the input does: the Frobenius norm of their Jacobian J = dh/dx,
//! exact, averaged over evenly spaced test images (Rifai et al. 2011, table 1).
//!
//! J = D_L W_L ... D_1 W_1 with D_l = diag(dh_l/dz_l). With A = D_L W_L ... D_1, the norm is
//! ||A W_1||_F^2 = sum(A G * A) for G = W_1 W_1^T, which is computed once a network, so no product
//! has the many pixels in it.

use ablate_sweep::Direction;

use super::{Moment, Networks, Occasion, Probe, before_and_after, spread};
use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::{
    Dense, Evaluation, Matrix, Stack, add_squares, product, scale_columns, sum_of,
};

/// How many test images the mean is over where `per_image` operations give the norm of one: 200, but for
/// wide and deep networks, of which 200 would take as long as training them.
fn examples(per_image: f64) -> usize {
    (12e9 / per_image.max(1.0)).clamp(40.0, 200.0) as usize
}

/// Operations that the norm of one image's Jacobian takes in a network with hidden layers of `widths`.
fn per_image(widths: &[usize]) -> f64 {
    let products = widths.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>();
    4.0 * (products * widths.last().copied().unwrap_or(0)) as f64
}

pub(super) const PROBE: Probe = Probe {
    name: "jacobian",
    summary: "how far the top codes move when the input does",
    formula: "mean ||dh/dx||_F over 200 test images, 40 or more where the network is wide and deep",
    source: "Rifai et al. 2011, table 1",
    occasion: Occasion::Always,
    networks: Networks::Layered,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| {
        let per_image = per_image(extent.widths);
        2.0 * examples(per_image) as f64 * per_image
    },
    metrics: || {
        let summary =
            "Frobenius norm of the top codes' Jacobian, mean over at most 200 test images";
        before_and_after("jacobian_norm", "1", Direction::Neither, summary).into()
    },
    measure: |subject, found| {
        let widths: Vec<usize> = subject.sitter.stack.hidden().iter().map(Dense::outputs).collect();
        let images = spread(subject.on.test.images, examples(per_image(&widths)));
        let name = subject.moment.name("jacobian_norm");
        found.scores.insert(name, mean_norm(&subject.sitter.stack, &images));
        Ok(())
    },
};

/// The mean of ||dh/dx||_F of the top codes over `images`, row by row.
fn mean_norm(stack: &Stack, images: &[f32]) -> f64 {
    let norms = norms(stack, Rows::new(images, stack.inputs()));
    norms.iter().sum::<f64>() / norms.len() as f64
}

/// ||dh/dx||_F of the top codes for each row of `x`.
fn norms(stack: &Stack, x: Rows<'_>) -> Vec<f64> {
    let mut chain = Chain::new(stack.hidden());
    let mut evaluation = Evaluation::new(stack);
    let mut slopes: Vec<Vec<f32>> = stack.hidden().iter().map(|_| Vec::new()).collect();
    let mut norms = Vec::with_capacity(x.len());
    for rows in x.chunks(EVALUATION_ROWS) {
        evaluation.top_codes(stack, rows);
        for row in 0..rows.len() {
            for (layer, slopes) in slopes.iter_mut().enumerate() {
                let units = stack.units(layer);
                slopes.clear();
                slopes.extend(evaluation.code(layer, row).iter().map(|&h| units.slope_at(h)));
            }
            norms.push(chain.norm(&slopes));
        }
    }
    norms
}

/// The layers of a network, and room for the products of one example's Jacobian. Everything is kept
/// transposed, as the engine keeps weights: A^T = D_1 W_2^T D_2 ... W_L^T D_L, units_1 x units_L.
struct Chain<'a> {
    layers: &'a [Dense],
    /// Sums of the squares of the lowest weights, a unit each.
    squares: Vec<f32>,
    /// G, where there is more than one layer.
    gram: Option<Matrix>,
    /// A^T up to each layer but the lowest.
    products: Vec<Matrix>,
    /// Some rows of G A^T.
    along: Matrix,
}

/// Rows of G A^T held at once.
const PANEL: usize = 192;

impl<'a> Chain<'a> {
    fn new(layers: &'a [Dense]) -> Chain<'a> {
        let lowest = &layers[0].weights;
        let (inputs, units) = (lowest.rows(), lowest.columns());
        let mut squares = vec![0.0; units];
        add_squares(lowest.top(inputs), &mut squares);
        let gram = (layers.len() > 1).then(|| {
            let mut gram = Matrix::zeros(units, units);
            let weights = lowest.top(inputs).view();
            product(gram.top_mut(units).view_mut(), 0.0, 1.0, weights.t(), weights);
            gram
        });
        let products = layers[1..].iter().map(|layer| Matrix::zeros(units, layer.outputs()));
        let top = layers[layers.len() - 1].outputs();
        let along = Matrix::zeros(PANEL.min(units), top);
        Chain { layers, squares, gram, products: products.collect(), along }
    }

    /// ||J||_F of the example whose dh/dz are `slopes`, a layer each.
    fn norm(&mut self, slopes: &[Vec<f32>]) -> f64 {
        self.multiply(slopes);
        let (Some(gram), Some(top)) = (&self.gram, self.products.last()) else {
            let squared = sum_of(&slopes[0], &self.squares, |slope, square| slope * slope * square);
            return squared.sqrt();
        };
        let units = gram.rows();
        let mut squared = 0.0;
        for start in (0..units).step_by(PANEL) {
            let rows = start..(start + PANEL).min(units);
            let mut along = self.along.top_mut(rows.len());
            let some = gram.top(units).view().rows(rows.clone());
            product(along.padded_view_mut(), 0.0, 1.0, some, top.top(units).padded_view());
            let below = top.lines(units).skip(start);
            for (along, product) in along.share().lines().zip(below) {
                squared += sum_of(along, product, |along, product| along * product);
            }
        }
        // Rounding may leave a tiny negative sum where the norm is 0.
        squared.max(0.0).sqrt()
    }

    /// Fills `products`.
    fn multiply(&mut self, slopes: &[Vec<f32>]) {
        for (number, layer) in self.layers.iter().enumerate().skip(1) {
            let units = slopes[0].len();
            let (done, rest) = self.products.split_at_mut(number - 1);
            let mut next = rest[0].top_mut(units);
            match done.last() {
                Some(before) => {
                    let weights = layer.weights.top(layer.inputs()).padded_view();
                    let before = before.top(units).view();
                    product(next.padded_view_mut(), 0.0, 1.0, before, weights);
                }
                None => {
                    let weights = layer.weights.lines(units).zip(&slopes[0]);
                    for (row, (weights, slope)) in next.lines_mut().zip(weights) {
                        row.iter_mut().zip(weights).for_each(|(to, weight)| *to = slope * weight);
                    }
                }
            }
            scale_columns(next, &slopes[number]);
        }
    }
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use candle_core::{DType, Device, Tensor, Var};

    use super::*;
    use crate::activation::Activation;
    use crate::network::{self, Network};

    #[test]
    fn the_norm_equals_that_of_a_numerical_jacobian_at_every_depth() {
        for activation in Activation::ALL {
            for widths in [vec![5, 4], vec![5, 4, 3], vec![5, 4, 3, 6]] {
                let network = network(&widths, activation);
                let x = draw(&[2, 5], 9);
                let values = x.flatten_all().unwrap().to_dtype(DType::F32).unwrap();
                let values = values.to_vec1::<f32>().unwrap();
                let stack = Stack::load(&in_single(&network)).unwrap();
                let found = norms(&stack, Rows::new(&values, 5));
                for (example, found) in found.into_iter().enumerate() {
                    let x = x.narrow(0, example, 1).unwrap();
                    let expected = numerical(&network, &x);
                    assert!(
                        (found - expected).abs() < 1e-5 * (1.0 + expected),
                        "{widths:?} {}: {found}, expected {expected}",
                        activation.word()
                    );
                }
            }
        }
    }

    fn numerical(network: &Network, x: &Tensor) -> f64 {
        let values: Vec<f64> = x.flatten_all().unwrap().to_vec1().unwrap();
        let code = |place: usize, step: f64| -> Vec<f64> {
            let mut moved = values.clone();
            moved[place] += step;
            let moved = Tensor::from_vec(moved, (1, values.len()), &Device::Cpu).unwrap();
            network.top_code(&moved).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let column = |place: usize| -> f64 {
            let (up, down) = (code(place, 1e-5), code(place, -1e-5));
            up.iter().zip(&down).map(|(u, d)| ((u - d) / 2e-5).powi(2)).sum()
        };
        (0..values.len()).map(column).sum::<f64>().sqrt()
    }

    fn network(widths: &[usize], activation: Activation) -> Network {
        let layer = |(number, shape): (usize, &[usize])| network::Dense {
            weight: Var::from_tensor(&draw(&[shape[1], shape[0]], number as u64)).unwrap(),
            bias: Var::from_tensor(&draw(&[shape[1]], 50 + number as u64)).unwrap(),
        };
        let hidden: Vec<network::Dense> = widths.windows(2).enumerate().map(layer).collect();
        let output = layer((99, &[widths[widths.len() - 1], 1]));
        Network::of(hidden, activation, output)
    }

    fn in_single(network: &Network) -> Network {
        let var = |var: &Var| Var::from_tensor(&var.to_dtype(DType::F32).unwrap()).unwrap();
        let dense = |layer: &network::Dense| network::Dense {
            weight: var(&layer.weight),
            bias: var(&layer.bias),
        };
        let hidden = network.hidden.iter().map(dense).collect();
        Network::of(hidden, network.activation, dense(&network.output))
    }

    fn draw(shape: &[usize], number: u64) -> Tensor {
        let mut stream = Stream::new(3, "test/jacobian", &[number]);
        let count = shape.iter().product();
        let values: Vec<f64> = (0..count).map(|_| f64::from(stream.normal())).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap()
    }
}
