//! How far the top codes move when the input does: the Frobenius norm of their Jacobian J = dh/dx,
//! exact, averaged over evenly spaced test images (Rifai et al. 2011, table 1).
//!
//! J = D_L W_L ... D_1 W_1 with D_l = diag(dh_l/dz_l). With A = D_L W_L ... D_1, the norm is
//! ||A W_1||_F^2 = sum(A G * A) for G = W_1 W_1^T, which is computed once a network, so no product
//! has the many pixels in it.

use ablate_sweep::Direction;
use candle_core::{D, Tensor};

use super::{Probe, before_and_after};
use crate::batches::{self, Rows};
use crate::journal::Halt;
use crate::network::Network;

/// How many test images the mean is over, at most.
pub(crate) const EXAMPLES: usize = 200;
/// How many Jacobians are held at once.
pub(crate) const BATCH: usize = 50;

pub(super) const PROBE: Probe = Probe {
    name: "jacobian",
    summary: "how far the top codes move when the input does",
    formula: "mean ||dh/dx||_F over 200 test images",
    metrics: || {
        let summary = "Frobenius norm of the top codes' Jacobian, mean over 200 test images";
        before_and_after("jacobian_norm", "1", Direction::Neither, summary).into()
    },
    measure: |subject, scores| {
        let images = spread(subject.test.images);
        scores.insert("jacobian_norm".into(), mean_norm(subject.tuned, &images)?);
        scores.insert("initial_jacobian_norm".into(), mean_norm(subject.initial, &images)?);
        Ok(())
    },
};

/// At most [`EXAMPLES`] images, evenly spaced, as batches of at most [`BATCH`].
fn spread(images: Rows<'_>) -> Vec<(Vec<f32>, usize)> {
    let stride = images.len().div_ceil(EXAMPLES).max(1);
    let which: Vec<u32> = (0..images.len() as u32).step_by(stride).collect();
    which.chunks(BATCH).map(|batch| (images.gather(batch), images.width())).collect()
}

fn mean_norm(network: &Network, images: &[(Vec<f32>, usize)]) -> Result<f64, Halt> {
    let (mut sum, mut count) = (0.0, 0);
    for (values, width) in images {
        let norms = norms(network, &batches::tensor(values.clone(), *width)?)?;
        let norms = norms.to_vec1::<f32>()?;
        sum += norms.iter().map(|&norm| f64::from(norm)).sum::<f64>();
        count += norms.len();
    }
    Ok(sum / count as f64)
}

/// ||dh/dx||_F of the top codes for each row of `x` (examples x inputs).
fn norms(network: &Network, x: &Tensor) -> candle_core::Result<Tensor> {
    let slopes: Vec<Tensor> = network
        .codes(x)?
        .iter()
        .map(|code| network.activation.slope(&code.detach()))
        .collect::<candle_core::Result<_>>()?;
    let weight = |layer: usize| network.hidden[layer].weight.as_tensor().detach();
    let lowest = weight(0);
    if slopes.len() == 1 {
        let sizes = lowest.sqr()?.sum(1)?;
        return slopes[0].sqr()?.broadcast_mul(&sizes)?.sum(1)?.sqrt();
    }
    // A starts as D_2 W_2 for the second layer and grows from the left: examples x units x units_1.
    let mut a: Option<Tensor> = None;
    for (layer, slope) in slopes.iter().enumerate().skip(1) {
        let product = match &a {
            Some(a) => weight(layer).broadcast_matmul(a)?,
            None => weight(layer).unsqueeze(0)?.broadcast_mul(&slopes[0].unsqueeze(1)?)?,
        };
        a = Some(product.broadcast_mul(&slope.unsqueeze(D::Minus1)?)?);
    }
    let a = a.expect("a stack of at least two layers has a second one");
    let gram = lowest.matmul(&lowest.t()?)?;
    let (examples, units, below) = a.dims3()?;
    let along = a.reshape((examples * units, below))?.matmul(&gram)?;
    let product = (along.reshape((examples, units, below))? * &a)?;
    // Rounding may leave a tiny negative sum where the norm is 0.
    product.sum((1, 2))?.relu()?.sqrt()
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use candle_core::{DType, Device, Var};

    use super::*;
    use crate::activation::Activation;
    use crate::network::Dense;

    #[test]
    fn the_norm_equals_that_of_a_numerical_jacobian_at_every_depth() {
        for activation in Activation::ALL {
            for widths in [vec![5, 4], vec![5, 4, 3], vec![5, 4, 3, 6]] {
                let network = network(&widths, activation);
                let x = draw(&[2, 5], 9);
                let found = norms(&network, &x).unwrap().to_vec1::<f64>().unwrap();
                for (example, found) in found.into_iter().enumerate() {
                    let x = x.narrow(0, example, 1).unwrap();
                    let expected = numerical(&network, &x);
                    assert!(
                        (found - expected).abs() < 1e-8 * (1.0 + expected),
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
        let layer = |(number, shape): (usize, &[usize])| Dense {
            weight: Var::from_tensor(&draw(&[shape[1], shape[0]], number as u64)).unwrap(),
            bias: Var::from_tensor(&draw(&[shape[1]], 50 + number as u64)).unwrap(),
        };
        let hidden: Vec<Dense> = widths.windows(2).enumerate().map(layer).collect();
        let output = layer((99, &[1, 1]));
        Network { hidden, activation, output }
    }

    fn draw(shape: &[usize], number: u64) -> Tensor {
        let mut stream = Stream::new(3, "test/jacobian", &[number]);
        let count = shape.iter().product();
        let values: Vec<f64> = (0..count).map(|_| f64::from(stream.normal())).collect();
        Tensor::from_vec(values, shape, &Device::Cpu).unwrap().to_dtype(DType::F64).unwrap()
    }
}
