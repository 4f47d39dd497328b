//! L2 weight decay: a Gaussian prior on the weights, the control that every regularizer of codes has
//! to beat (AE+wd in Rifai et al. 2011). Biases are free; an untied decoder's weights decay too.

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};

use super::{Decoder, Penalty, Variant};

pub(super) const VARIANT: Variant = Variant {
    name: "weight-decay",
    summary: "L2 penalty on the weights",
    formula: "L + lambda/2 sum_ji W_ji^2",
    source: "Rifai, Vincent, Muller, Glorot, Bengio 2011 (AE+wd)",
    version: 1,
    params: || {
        vec![Param::new(
            "lambda",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
            Value::Float(1e-3),
            "strength of the penalty; 0 is the basic autoencoder",
        )]
    },
    objective: |params| {
        let half = params.float("lambda")? / 2.0;
        Some(penalty(half).objective())
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// half sum W^2, an untied decoder's weights included.
fn penalty(half: f64) -> Penalty {
    Penalty::new(move |pass| {
        let mut squares = pass.autoencoder.encoder.weight.sqr()?.sum_all()?;
        if let Some(decoder) = &pass.autoencoder.decoder {
            squares = (squares + decoder.sqr()?.sum_all()?)?;
        }
        squares * half
    })
    .by_hand(move |encoding, pull| {
        pull.decay.fill((2.0 * half) as f32);
        *pull.decoder_decay = (2.0 * half) as f32;
        half * (encoding.encoder_squares() + encoding.decoder_squares)
    })
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Tensor};

    use super::*;
    use crate::activation::Activation;
    use crate::autoencoder::{Pass, small};
    use crate::reconstruction::Reconstruction;

    #[test]
    fn the_penalty_is_half_lambda_times_the_sum_of_squared_weights() {
        for tied in [Some(()), None] {
            let autoencoder =
                small((3, 4), tied, Activation::Sigmoid, Reconstruction::CrossEntropy, 1);
            let code = Tensor::zeros((2, 3), candle_core::DType::F64, &Device::Cpu).unwrap();
            let pass = Pass { autoencoder: &autoencoder, code: &code, near: &[] };
            let found = (penalty(0.15).graph)(&pass).unwrap().to_scalar::<f64>().unwrap();
            let weights = autoencoder.decoder.iter().chain([&autoencoder.encoder.weight]);
            let squares: f64 = weights
                .flat_map(|var| var.flatten_all().unwrap().to_vec1::<f64>().unwrap())
                .map(|weight| weight * weight)
                .sum();
            assert!((found - 0.15 * squares).abs() < 1e-12);
        }
    }
}
