//! The contractive autoencoder: codes that hardly move when the input does. The penalty is lambda/2
//! times the squared Frobenius norm of the encoder's Jacobian, in closed form for one layer: with
//! g_j = dh_j/dz_j and S_j = sum_k W_jk^2 it is lambda/2 sum_j g_j^2 S_j. (Rifai et al. 2011 write
//! lambda where this writes lambda/2.)

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Objective, Variant};
use crate::autoencoder::Pass;

pub(super) const VARIANT: Variant = Variant {
    name: "contractive",
    summary: "penalty on the Jacobian of the codes",
    formula: "L + lambda/2 sum_jk (dh_j/dx_k)^2",
    source: "Rifai, Vincent, Muller, Glorot, Bengio 2011 (with lambda/2 for their lambda)",
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
        let half = params.float("lambda")? / 2.0;
        Some(Objective::penalized(move |pass| squared_jacobian(pass)? * half))
    },
};

/// Mean over the examples of ||dh/dx||_F^2.
fn squared_jacobian(pass: &Pass<'_>) -> Result<Tensor> {
    let slopes = pass.autoencoder.activation.slope(pass.code)?;
    let sizes = pass.autoencoder.encoder.weight.sqr()?.sum(1)?;
    // The slopes are summed over the examples first: the product with S is then over units only.
    (slopes.sqr()?.mean(0)? * sizes)?.sum_all()
}

#[cfg(test)]
mod tests;
