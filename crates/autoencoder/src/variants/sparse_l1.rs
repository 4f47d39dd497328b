//! Sparse codes by their size: lambda sum_j |h_j|, averaged over the examples (Olshausen and Field
//! 1996).

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Decoder, Encoding, Penalty, Pull, Variant};

pub(super) const VARIANT: Variant = Variant {
    name: "sparse-l1",
    summary: "small codes: L1 on the activations",
    formula: "L + lambda sum_j |h_j|",
    source: "Olshausen and Field 1996",
    version: 1,
    params: || {
        vec![Param::new(
            "lambda",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
            Value::Float(0.1),
            "strength of the penalty; 0 is the basic autoencoder",
        )]
    },
    objective: |params| {
        let lambda = params.float("lambda")?;
        let penalty = Penalty::new(move |pass| l1(pass.code)? * lambda)
            .by_hand(move |encoding, pull| pull_to_zero(lambda, encoding, pull));
        Some(penalty.objective())
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// Mean over the examples of sum_j |h_j|, for `code` of examples x units.
fn l1(code: &Tensor) -> Result<Tensor> {
    code.abs()?.sum_all()? / code.dim(0)? as f64
}

/// By hand: dR/dh_j = lambda/n sign(h_j).
fn pull_to_zero(lambda: f64, encoding: &Encoding<'_>, pull: &mut Pull<'_>) -> f64 {
    let mut sum = 0.0;
    for (code, row) in encoding.codes().zip(pull.codes()) {
        let mut magnitudes = 0.0;
        for (h, pull) in code.iter().zip(row) {
            magnitudes += f64::from(h.abs());
            let sign = if *h > 0.0 {
                1.0
            } else if *h < 0.0 {
                -1.0
            } else {
                0.0
            };
            *pull += lambda as f32 * sign;
        }
        sum += magnitudes;
    }
    lambda * sum / encoding.examples() as f64
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn l1_is_the_mean_over_examples_of_the_summed_magnitudes() {
        let code = Tensor::new(&[[1.0_f64, -2.0], [0.5, 0.0]], &Device::Cpu).unwrap();
        assert_eq!(l1(&code).unwrap().to_scalar::<f64>().unwrap(), 1.75);
    }
}
