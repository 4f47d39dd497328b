//! Sparse codes by their mean: every unit's mean activation over the batch is asked to be the target
//! rho, by lambda sum_j KL(rho || rho^_j) (Ng, CS294A notes). Its units must be sigmoid, a mean
//! activation being read as a probability.

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor};

use super::{Decoder, Encoding, Penalty, Pull, Variant};

pub(super) const VARIANT: Variant = Variant {
    name: "sparse-kl",
    summary: "few active units: KL of each unit's mean activation to a target",
    formula: "L + lambda sum_j KL(rho || mean h_j)",
    source: "Ng, CS294A lecture notes, 2011",
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
                "target",
                Domain::Float { min: Bound::Excluded(0.0), max: Bound::Excluded(1.0) },
                Value::Float(0.05),
                "the mean activation asked of every unit (rho)",
            ),
        ]
    },
    objective: |params| {
        let (lambda, target) = (params.float("lambda")?, params.float("target")?);
        let penalty = Penalty::new(move |pass| kl(pass.code, target)? * lambda)
            .by_hand(move |encoding, pull| pull_to(target, lambda, encoding, pull));
        Some(penalty.objective())
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// A mean activation closer to 0 or 1 than this counts as this close.
const SHUT: f64 = 1e-6;

/// sum_j rho log(rho / rho^_j) + (1 - rho) log((1 - rho) / (1 - rho^_j)), with rho^_j the mean of
/// `code` (examples x units, within (0, 1)) over the examples.
fn kl(code: &Tensor, target: f64) -> Result<Tensor> {
    // Units that are shut or open for the whole batch would make the logarithm infinite; f32 rounds
    // sigmoid(17) to 1 already.
    let mean = code.mean(0)?.clamp(SHUT, 1.0 - SHUT)?;
    let units = mean.elem_count() as f64;
    let on = (mean.log()? * -target)?.sum_all()?;
    let off = (mean.affine(-1.0, 1.0)?.log()? * -(1.0 - target))?.sum_all()?;
    let entropy = target * target.ln() + (1.0 - target) * (1.0 - target).ln();
    (on + off)? + units * entropy
}

/// By hand: dR/dh_j = lambda/n (-rho / rho^_j + (1 - rho) / (1 - rho^_j)), the same
/// for every example, and 0 where rho^_j was clamped.
fn pull_to(target: f64, lambda: f64, encoding: &Encoding<'_>, pull: &mut Pull<'_>) -> f64 {
    // The decay of the weights, which this penalty leaves alone, is room for the means.
    let (rows, sums) = pull.codes_and_decay();
    encoding.codes().for_each(|code| add(code, sums));
    let examples = encoding.examples() as f64;
    let mut value = 0.0;
    for sum in sums.iter_mut() {
        let mean = f64::from(*sum) / examples;
        let clamped = mean.clamp(SHUT, 1.0 - SHUT);
        value += target * (target / clamped).ln()
            + (1.0 - target) * ((1.0 - target) / (1.0 - clamped)).ln();
        let slope = (1.0 - target) / (1.0 - clamped) - target / clamped;
        *sum = if mean == clamped { (lambda * slope) as f32 } else { 0.0 };
    }
    rows.for_each(|row| add(sums, row));
    sums.fill(0.0);
    lambda * value
}

fn add(values: &[f32], sums: &mut [f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
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
    fn units_that_never_fire_cost_much_but_not_infinitely() {
        let code = Tensor::zeros((3, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        assert!(kl(&code, 0.05).unwrap().to_scalar::<f32>().unwrap().is_finite());
    }
}
