//! The spectrum of the codes: the singular values of their Jacobian J = dh/dx, the largest first, each
//! averaged over test images (Rifai et al. 2011, figure 3). Few large ones are directions in which an
//! image may move and be told apart; along the others the codes contract.
//!
//! They are the roots of the eigenvalues of J J^T or J^T J, whichever is smaller. That is formed in
//! single precision, so values below about a thousandth of the largest are not resolved.

use ablate_sweep::{Direction, Profile};

use super::{Moment, Networks, Occasion, Probe, Sitter, before_and_after, spread};
use crate::batches::Rows;
use crate::eigenvalues;
use crate::engine::{Evaluation, Matrix, Stack, product, scale_columns};

pub(super) const PROBE: Probe = Probe {
    name: "spectrum",
    summary: "singular values of the top codes' Jacobian",
    formula: "singular values s_1 >= s_2 >= ... of dh/dx, mean over images; rank exp(-sum q log q), q = s / sum s",
    source: "Rifai et al. 2011, figure 3; Roy and Vetterli 2007 (effective rank)",
    occasion: Occasion::OnRequest,
    networks: Networks::Layered,
    moments: &[Moment::Initial, Moment::Tuned],
    work: |extent| {
        let side = extent.top().min(extent.inputs) as f64;
        let chain = extent.widths.windows(2).map(|pair| pair[0] * pair[1]).sum::<usize>();
        let jacobian = 2.0 * (extent.inputs * chain) as f64;
        let gram = 2.0 * side * (extent.inputs * extent.top()) as f64;
        2.0 * examples(side as usize) as f64 * (jacobian + gram + SLOWER * side.powi(3) * 4.0 / 3.0)
    },
    metrics: || {
        [
            ("spectrum_rank", "effective rank of the top codes' Jacobian, mean over test images"),
            (
                "spectrum_norm",
                "largest singular value of the top codes' Jacobian, mean over test images",
            ),
        ]
        .into_iter()
        .flat_map(|(name, summary)| before_and_after(name, "1", Direction::Neither, summary))
        .collect()
    },
    measure: |subject, found| {
        let sitter = &subject.sitter;
        let side = sitter.stack.inputs().min(sitter.stack.top());
        let images = spread(subject.on.test.images, examples(side));
        let spectra = spectra(sitter, Rows::new(&images, sitter.stack.inputs()));
        let count = spectra.len() as f64;
        let rank = spectra.iter().map(|values| effective_rank(values)).sum::<f64>() / count;
        let mean = |place: usize| spectra.iter().map(|values| values[place]).sum::<f64>() / count;
        let values: Vec<f64> = (0..side).map(mean).collect();
        found.scores.insert(subject.moment.name("spectrum_rank"), rank);
        found.scores.insert(subject.moment.name("spectrum_norm"), values[0]);
        found.profiles.push(Profile {
            name: subject.moment.name("spectrum"),
            axis: "rank".into(),
            at: (1..=side).map(|rank| rank as f64).collect(),
            values,
        });
        Ok(())
    },
};

/// How much longer an operation on one number after another takes than one within a product.
const SLOWER: f64 = 25.0;

/// How many test images a spectrum of so many values is averaged over: all take about as long, however
/// wide the network is.
fn examples(side: usize) -> usize {
    (3_000_000_000 / side.pow(3).max(1)).clamp(10, 200)
}

/// The singular values of J for each of `images`, the largest first.
fn spectra(sitter: &Sitter<'_>, images: Rows<'_>) -> Vec<Vec<f64>> {
    let stack = &sitter.stack;
    let mut evaluation = Evaluation::new(stack);
    evaluation.top_codes(stack, images);
    let one = |row: usize| {
        let slopes_of = |layer: usize| -> Vec<f32> {
            let codes = evaluation.code(layer, row).iter();
            codes.map(|&h| sitter.network.code_activation.slope_at(h)).collect()
        };
        let slopes: Vec<Vec<f32>> = (0..stack.hidden().len()).map(slopes_of).collect();
        singular_values(&transposed_jacobian(stack, &slopes))
    };
    (0..images.len()).map(one).collect()
}

/// J^T = W_1 D_1 W_2 D_2 ... D_L, inputs x units, where W are as the engine keeps them and D hold the
/// slopes dh/dz of each layer.
fn transposed_jacobian(stack: &Stack, slopes: &[Vec<f32>]) -> Matrix {
    let inputs = stack.inputs();
    let mut jacobian = Matrix::zeros(inputs, 0);
    for (number, (layer, slopes)) in stack.hidden().iter().zip(slopes).enumerate() {
        let mut next = Matrix::zeros(inputs, layer.outputs());
        if number == 0 {
            next.copy_from(&layer.weights);
        } else {
            let weights = layer.weights.top(layer.inputs()).view();
            let below = jacobian.top(inputs).view();
            product(next.top_mut(inputs).view_mut(), 0.0, 1.0, below, weights);
        }
        scale_columns(next.top_mut(inputs), slopes);
        jacobian = next;
    }
    jacobian
}

fn singular_values(matrix: &Matrix) -> Vec<f64> {
    let side = matrix.rows().min(matrix.columns());
    let view = matrix.top(matrix.rows()).view();
    let (left, right) = if matrix.rows() == side { (view, view.t()) } else { (view.t(), view) };
    let mut gram = Matrix::zeros(side, side);
    product(gram.top_mut(side).view_mut(), 0.0, 1.0, left, right);
    let gram = gram.lines(side).flatten().map(|&value| f64::from(value)).collect();
    // Rounding may leave a tiny negative eigenvalue where it is 0.
    let root = |eigenvalue: f64| eigenvalue.max(0.0).sqrt();
    eigenvalues::of_symmetric(gram, side).into_iter().map(root).collect()
}

/// exp of the entropy of the singular values as shares of their sum; 0 where all are 0.
fn effective_rank(values: &[f64]) -> f64 {
    let sum: f64 = values.iter().sum();
    let share = |value: &f64| value / sum;
    let present = values.iter().filter(|value| **value > 0.0).map(share);
    let entropy: f64 = present.map(|share| -share * share.ln()).sum();
    if sum > 0.0 { entropy.exp() } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use candle_core::{Device, Tensor};

    use super::super::tests::sitter;
    use super::*;
    use crate::activation::Activation;
    use crate::network::Network;

    /// The squared singular values are the roots of a polynomial whose coefficients J decides; all
    /// sums of powers of them are traces, which a numerical Jacobian gives without any eigenvalue.
    #[test]
    fn sums_of_powers_of_singular_values_are_traces_of_a_numerical_jacobian() {
        for activation in Activation::ALL {
            for widths in [vec![6, 4], vec![4, 7], vec![6, 5, 4], vec![5, 7, 4, 6]] {
                let network = sitter(&widths, activation, None);
                let mut images = vec![0.0; 3 * widths[0]];
                Stream::new(9, "test/spectrum", &[]).fill_uniform(&mut images);
                let rows = Rows::new(&images, widths[0]);
                let spectra = spectra(&Sitter::new(&network).unwrap(), rows);
                for (image, values) in images.chunks(widths[0]).zip(spectra) {
                    let jacobian = numerical(&network, image);
                    for power in 1..=4 {
                        let expected = trace_of_power(&jacobian, widths[0], power);
                        let found: f64 = values.iter().map(|s| s.powi(2 * power)).sum();
                        assert!(
                            (found - expected).abs() < 2e-2 * expected + 1e-6,
                            "{widths:?} {} {power}: {found}, {expected}",
                            activation.word()
                        );
                    }
                }
            }
        }
    }

    /// J row by row, units x inputs, by central differences.
    fn numerical(network: &Network, image: &[f32]) -> Vec<f64> {
        let code = |place: usize, step: f32| -> Vec<f32> {
            let mut moved = image.to_vec();
            moved[place] += step;
            let moved = Tensor::from_vec(moved, (1, image.len()), &Device::Cpu).unwrap();
            network.top_code(&moved).unwrap().flatten_all().unwrap().to_vec1().unwrap()
        };
        let step = 1e-2;
        let columns: Vec<Vec<f64>> = (0..image.len())
            .map(|place| {
                let pairs = code(place, step).into_iter().zip(code(place, -step));
                pairs.map(|(up, down)| f64::from(up - down) / f64::from(2.0 * step)).collect()
            })
            .collect();
        let units = columns[0].len();
        (0..units).flat_map(|unit| columns.iter().map(move |column| column[unit])).collect()
    }

    /// tr (J J^T)^power.
    fn trace_of_power(jacobian: &[f64], inputs: usize, power: i32) -> f64 {
        let units = jacobian.len() / inputs;
        let rows: Vec<&[f64]> = jacobian.chunks(inputs).collect();
        let dot = |i: usize, j: usize| rows[i].iter().zip(rows[j]).map(|(a, b)| a * b).sum::<f64>();
        let gram: Vec<Vec<f64>> =
            (0..units).map(|i| (0..units).map(|j| dot(i, j)).collect()).collect();
        let mut product = gram.clone();
        for _ in 1..power {
            product = (0..units)
                .map(|i| {
                    (0..units)
                        .map(|j| (0..units).map(|k| product[i][k] * gram[k][j]).sum())
                        .collect()
                })
                .collect();
        }
        (0..units).map(|unit| product[unit][unit]).sum()
    }

    #[test]
    fn the_effective_rank_counts_equal_values_and_little_else() {
        assert!((effective_rank(&[2.0, 2.0, 2.0, 0.0]) - 3.0).abs() < 1e-12);
        assert!((effective_rank(&[5.0, 0.0]) - 1.0).abs() < 1e-12);
        assert!(effective_rank(&[1.0, 0.1]) < 2.0);
        assert_eq!(effective_rank(&[0.0, 0.0]), 0.0);
    }

    #[test]
    fn wide_networks_are_averaged_over_fewer_images() {
        assert_eq!([100, 200, 784].map(examples), [200, 200, 10]);
    }
}
