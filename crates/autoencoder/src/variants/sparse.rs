//! Sparse codes: loss + lambda x sparsity, with one of two sparsities. `kl` asks that every unit's
//! mean activation over the batch be the target rho: sum_j KL(rho || rho^_j) (Ng, CS294A notes);
//! its units must be sigmoid, a mean activation being read as a probability. `l1` is the mean over
//! examples of sum_j |h_j|.

use std::ops::Bound;

use ablate_sweep::{Condition, Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Objective, Variant};

pub(super) const VARIANT: Variant = Variant {
    name: "sparse",
    summary: "few active units: KL to a target activation, or L1 on the codes",
    formula: "L + lambda sum_j KL(rho || mean h_j), or L + lambda sum_j |h_j|",
    source: "Ng, CS294A lecture notes (KL); Olshausen and Field 1996 (L1)",
    version: 1,
    params: || {
        vec![
            Param::new(
                "lambda",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
                Value::Float(0.1),
                "strength of the penalty; 0 is the basic autoencoder",
            ),
            Param::new(
                "penalty",
                Domain::Choice(vec!["kl", "l1"]),
                Value::Text("kl".into()),
                "which sparsity: KL to a target activation, or L1",
            ),
            Param::new(
                "target",
                Domain::Float { min: Bound::Excluded(0.0), max: Bound::Excluded(1.0) },
                Value::Float(0.05),
                "the mean activation asked of every unit (rho)",
            )
            .only_when(Condition::is("penalty", "kl")),
        ]
    },
    objective: |params| {
        let lambda = params.float("lambda")?;
        match params.text("penalty")? {
            "kl" => {
                let target = params.float("target")?;
                Some(Objective::penalized(move |pass| kl(pass.code, target)? * lambda))
            }
            "l1" => Some(Objective::penalized(move |pass| l1(pass.code)? * lambda)),
            _ => None,
        }
    },
};

/// sum_j rho log(rho / rho^_j) + (1 - rho) log((1 - rho) / (1 - rho^_j)), with rho^_j the mean of
/// `code` (examples x units, within (0, 1)) over the examples.
fn kl(code: &Tensor, target: f64) -> Result<Tensor> {
    // Units that are shut or open for the whole batch would make the logarithm infinite; f32 rounds
    // sigmoid(17) to 1 already.
    let mean = code.mean(0)?.clamp(1e-6, 1.0 - 1e-6)?;
    let units = mean.elem_count() as f64;
    let on = (mean.log()? * -target)?.sum_all()?;
    let off = (mean.affine(-1.0, 1.0)?.log()? * -(1.0 - target))?.sum_all()?;
    let entropy = target * target.ln() + (1.0 - target) * (1.0 - target).ln();
    (on + off)? + units * entropy
}

/// Mean over the examples of sum_j |h_j|, for `code` of examples x units.
fn l1(code: &Tensor) -> Result<Tensor> {
    code.abs()?.sum_all()? / code.dim(0)? as f64
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn kl_is_zero_at_the_target_and_the_closed_form_elsewhere() {
        let code = Tensor::new(&[[0.1_f64, 0.4], [0.3, 0.6]], &Device::Cpu).unwrap();
        let at_target = kl(&code.narrow(1, 0, 1).unwrap(), 0.2).unwrap();
        assert!(at_target.to_scalar::<f64>().unwrap().abs() < 1e-15);
        let both = kl(&code, 0.2).unwrap().to_scalar::<f64>().unwrap();
        let expected = 0.2 * (0.2_f64 / 0.5).ln() + 0.8 * (0.8_f64 / 0.5).ln();
        assert!((both - expected).abs() < 1e-15, "{both}, expected {expected}");
    }

    #[test]
    fn l1_is_the_mean_over_examples_of_the_summed_magnitudes() {
        let code = Tensor::new(&[[1.0_f64, -2.0], [0.5, 0.0]], &Device::Cpu).unwrap();
        assert_eq!(l1(&code).unwrap().to_scalar::<f64>().unwrap(), 1.75);
    }

    #[test]
    fn units_that_never_fire_cost_much_but_not_infinitely() {
        let code = Tensor::zeros((3, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(kl(&code, 0.05).unwrap().to_scalar::<f32>().unwrap().is_finite());
    }
}
