//! The higher-order contractive autoencoder (CAE+H): besides the encoder's Jacobian J, how much it
//! changes nearby is penalized, by n_c samples of noise a step:
//! L + lambda/2 ||J(x)||_F^2 + gamma E ||J(x) - J(x + e)||_F^2 with e ~ N(0, sigma^2 I). As sigma goes
//! to 0, the last term over sigma^2 goes to gamma times the squared norm of the Hessian. Its J is a
//! diagonal times W, so ||J(x) - J(x + e)||_F^2 = sum_j (g_j - g'_j)^2 S_j with g_j = dh_j/dz_j and
//! S_j = sum_k W_jk^2. (Rifai et al. write lambda where this writes lambda/2.)

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Device, Result, Tensor, Var};

use super::{Autoencoding, Decoder, Objective, Variant, contractive};
use crate::autoencoder::Autoencoder;
use crate::autoencoding::Reconstructing;
use crate::learner::{Graph, Learner, Moment, Start};

pub(super) const VARIANT: Variant = Variant {
    name: "contractive-h",
    summary: "penalty on the Jacobian of the codes and on its change nearby (CAE+H)",
    formula: "L + lambda/2 ||J(x)||_F^2 + gamma E ||J(x) - J(x + e)||_F^2, e ~ N(0, sigma^2 I)",
    source: "Rifai, Mesnil, Vincent, Muller, Bengio, Dauphin, Glorot 2011 (ECML)",
    version: 1,
    params: || {
        let strength = || Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
        vec![
            Param::new("lambda", strength(), Value::Float(0.1), "strength of the first penalty"),
            Param::new(
                "gamma",
                strength(),
                Value::Float(0.1),
                "strength of the second penalty; 0 is the contractive autoencoder",
            ),
            Param::new(
                "sigma",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Included(10.0) },
                Value::Float(0.1),
                "standard deviation of the noise between the two Jacobians",
            ),
            Param::new(
                "noise_samples",
                Domain::Int { min: 1, max: 1000, word: None },
                Value::Int(4),
                "noisy copies of each example a step (n_c)",
            ),
        ]
    },
    objective: |params| {
        Some(Box::new(HigherOrder {
            contractive: Autoencoding::penalized(contractive::penalty(params.float("lambda")?)),
            gamma: params.float("gamma")?,
            sigma: params.float("sigma")?,
            samples: params.count("noise_samples")?,
        }))
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

#[derive(Debug)]
struct HigherOrder {
    contractive: Autoencoding,
    gamma: f64,
    sigma: f64,
    samples: usize,
}

impl Objective for HigherOrder {
    fn graph<'a>(&'a self, layer: &'a Autoencoder, _: &Start) -> Result<Box<dyn Graph + 'a>> {
        let first = self.contractive.over(layer);
        Ok(Box::new(HigherOrderGraph { objective: self, layer, first, noisy: Vec::new() }))
    }

    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>> {
        // Without the second penalty it is what the first alone makes of it.
        if self.gamma * self.sigma == 0.0 {
            return self.contractive.by_hand(layer, start);
        }
        Ok(None)
    }
}

struct HigherOrderGraph<'a> {
    objective: &'a HigherOrder,
    layer: &'a Autoencoder,
    first: Reconstructing<'a>,
    /// x + e, as many times as there are samples.
    noisy: Vec<Tensor>,
}

impl Graph for HigherOrderGraph<'_> {
    fn vars(&self) -> Vec<Var> {
        self.layer.vars()
    }

    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()> {
        self.first.draw(clean, moment)?;
        let mut stream = moment.stream("noise");
        let noisy = (0..self.objective.samples).map(|_| {
            let mut noise = vec![0.0_f32; clean.elem_count()];
            stream.fill_normal(&mut noise);
            let noise = Tensor::from_vec(noise, clean.dims(), &Device::Cpu)?;
            clean + (noise.to_dtype(clean.dtype())? * self.objective.sigma)?
        });
        self.noisy = noisy.collect::<Result<_>>()?;
        Ok(())
    }

    fn objective(&self, clean: &Tensor) -> Result<Tensor> {
        let first = self.first.objective(clean)?;
        first + (change_of_jacobian(self.layer, clean, &self.noisy)? * self.objective.gamma)?
    }
}

/// Mean over the examples and their noisy copies of ||J(x) - J(x~)||_F^2.
fn change_of_jacobian(layer: &Autoencoder, clean: &Tensor, noisy: &[Tensor]) -> Result<Tensor> {
    let slope = |x: &Tensor| layer.activation.slope(&layer.encode(x)?);
    let here = slope(clean)?;
    let mut changes = here.zeros_like()?;
    for noisy in noisy {
        changes = (changes + (&here - slope(noisy)?)?.sqr()?)?;
    }
    let sizes = layer.encoder.weight.sqr()?.sum(1)?;
    // The changes are summed over the examples first: the product with S is then over units only.
    let changes = (changes.mean(0)? / noisy.len() as f64)?;
    (changes * sizes)?.sum_all()
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;

    use super::*;
    use crate::activation::Activation;
    use crate::autoencoder::small;
    use crate::reconstruction::Reconstruction;

    const INPUTS: usize = 7;

    fn layer() -> Autoencoder {
        small((5, INPUTS), Some(()), Activation::Sigmoid, Reconstruction::SquaredError, 11)
    }

    fn example() -> Vec<f64> {
        let mut stream = Stream::new(5, "test/example", &[]);
        (0..INPUTS).map(|_| f64::from(stream.normal())).collect()
    }

    fn row(values: &[f64]) -> Tensor {
        Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap()
    }

    /// dh/dx by central differences: units x inputs, row by row.
    fn jacobian(layer: &Autoencoder, x: &[f64]) -> Vec<f64> {
        let codes = |input: usize, step: f64| -> Vec<f64> {
            let mut moved = x.to_vec();
            moved[input] += step;
            layer.encode(&row(&moved)).unwrap().squeeze(0).unwrap().to_vec1().unwrap()
        };
        let column = |input| {
            let (up, down) = (codes(input, 1e-5), codes(input, -1e-5));
            up.into_iter().zip(down).map(|(up, down)| (up - down) / 2e-5).collect::<Vec<_>>()
        };
        (0..INPUTS).flat_map(column).collect()
    }

    #[test]
    fn the_value_is_the_squared_difference_of_two_explicit_jacobians() {
        let (layer, x) = (layer(), example());
        let near: Vec<f64> =
            x.iter().enumerate().map(|(i, x)| x + 0.3 * (i as f64 - 2.5)).collect();
        let (here, there) = (jacobian(&layer, &x), jacobian(&layer, &near));
        let expected: f64 = here.iter().zip(&there).map(|(a, b)| (a - b).powi(2)).sum();
        let found = change_of_jacobian(&layer, &row(&x), &[row(&near)]).unwrap();
        let found = found.to_scalar::<f64>().unwrap();
        assert!((found / expected - 1.0).abs() < 1e-7, "{found}, expected {expected}");
    }

    /// E ||J(x) - J(x + e)||_F^2 / s^2 -> ||H||_F^2 = sum_j g_j^2 (1 - 2 h_j)^2 S_j^2 as s -> 0.
    #[test]
    fn for_small_noise_it_tends_to_the_squared_norm_of_the_hessian() {
        let (layer, x) = (layer(), example());
        let code: Vec<f64> = layer.encode(&row(&x)).unwrap().squeeze(0).unwrap().to_vec1().unwrap();
        let weights: Vec<Vec<f64>> = layer.encoder.weight.to_vec2().unwrap();
        let of_unit = |(h, w): (&f64, &Vec<f64>)| {
            let size: f64 = w.iter().map(|w| w * w).sum();
            (h * (1.0 - h) * (1.0 - 2.0 * h) * size).powi(2)
        };
        let expected: f64 = code.iter().zip(&weights).map(of_unit).sum();
        let (samples, s) = (20_000, 0.01);
        let mut stream = Stream::new(5, "test/noise", &[]);
        let mut moved = || x.iter().map(|x| x + s * f64::from(stream.normal())).collect::<Vec<_>>();
        let moved: Vec<f64> = (0..samples).flat_map(|_| moved()).collect();
        let moved = Tensor::from_vec(moved, (samples, INPUTS), &Device::Cpu).unwrap();
        let clean = row(&x).broadcast_as((samples, INPUTS)).unwrap().contiguous().unwrap();
        let found = change_of_jacobian(&layer, &clean, &[moved]).unwrap();
        let found = found.to_scalar::<f64>().unwrap() / (s * s);
        assert!((found / expected - 1.0).abs() < 0.02, "{found}, expected {expected}");
    }
}
