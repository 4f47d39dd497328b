//! The variational autoencoder with a layer as its encoder: q(z|x) = N(W x + b, diag exp(V x + c)),
//! prior N(0, I), decoder p(x|z) from the codes s(z). It minimizes reconstruction loss + beta KL, by
//! one reparameterized sample an example (Kingma and Welling 2014; beta, Higgins et al. 2017). The
//! network keeps the map of the means, whose preactivation is the latent: its codes are s(W x + b).
//! V and c, which start at 0, only serve the training and are dropped after it.

use std::ops::Bound;

use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor, Var};

use super::{Decoder, Objective, Variant};
use crate::autoencoder::Autoencoder;
use crate::cost;
use crate::engine::VariationalStep;
use crate::learner::{ByBuffers, Graph, Learner, Moment, Start};
use crate::network::Dense;
use crate::sampling;

pub(super) const VARIANT: Variant = Variant {
    name: "vae",
    summary: "variational: codes are distributions, drawn towards N(0, I)",
    formula: "E_q L(x, g(s(z))) + beta KL(q(z|x) || N(0, I)), q = N(W x + b, diag exp(V x + c))",
    source: "Kingma, Welling 2014; Higgins et al. 2017 (beta)",
    version: 2,
    params: || {
        vec![Param::new(
            "beta",
            Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
            Value::Float(1.0),
            "strength of the pull towards the prior; 1 is the variational bound",
        )]
    },
    objective: |params| Some(Box::new(Vae { beta: params.float("beta")? })),
    decoder: Decoder::Untied,
    sample: Some(sampling::from_normal_preactivations),
};

#[derive(Debug)]
struct Vae {
    beta: f64,
}

impl Objective for Vae {
    fn graph<'a>(&'a self, layer: &'a Autoencoder, _: &Start) -> Result<Box<dyn Graph + 'a>> {
        let zeros = |var: &Var| Var::from_tensor(&var.as_tensor().zeros_like()?);
        let Dense { weight, bias } = &layer.encoder;
        let log_variance = Dense { weight: zeros(weight)?, bias: zeros(bias)? };
        Ok(Box::new(VaeGraph { layer, log_variance, beta: self.beta, noise: None }))
    }

    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>> {
        let step = VariationalStep::load(layer, start.rule, start.rows, self.beta)?;
        Ok(ByBuffers::learner(layer, step, |step: &mut VariationalStep, batch, moment| {
            step.objective(batch.inputs, batch.which, &mut moment.stream("latent"))
        }))
    }

    fn work(&self, inputs: usize, outputs: usize) -> f64 {
        // And v, forward and its weights' gradient.
        cost::autoencoding(inputs, outputs) + 4.0 * (inputs * outputs) as f64
    }

    fn beside(&self, inputs: usize, outputs: usize) -> f64 {
        (inputs * outputs) as f64
    }
}

struct VaeGraph<'a> {
    layer: &'a Autoencoder,
    log_variance: Dense,
    beta: f64,
    /// A standard normal number a unit.
    noise: Option<Tensor>,
}

impl Graph for VaeGraph<'_> {
    fn vars(&self) -> Vec<Var> {
        let Dense { weight, bias } = &self.log_variance;
        self.layer.vars().into_iter().chain([weight.clone(), bias.clone()]).collect()
    }

    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()> {
        let shape = (clean.dim(0)?, self.layer.encoder.bias.dim(0)?);
        let noise = sampling::normal(shape, &mut moment.stream("latent"))?;
        self.noise = Some(noise.to_dtype(clean.dtype())?);
        Ok(())
    }

    fn objective(&self, clean: &Tensor) -> Result<Tensor> {
        let layer = self.layer;
        let mean = layer.encoder.forward(clean)?;
        let log_variance = self.log_variance.forward(clean)?;
        let z = match &self.noise {
            Some(noise) => (&mean + (&log_variance * 0.5)?.exp()?.mul(noise)?)?,
            None => mean.clone(),
        };
        let decoded = layer.decoder_preactivation(&layer.activation.apply(&z)?)?;
        layer.reconstruction.loss(&decoded, clean)? + (kl(&mean, &log_variance)? * self.beta)?
    }
}

/// KL(N(m, diag v) || N(0, I)) = 1/2 sum_j m_j^2 + v_j - log v_j - 1, its mean over the examples, for
/// means and logarithms of variances (examples x units).
fn kl(mean: &Tensor, log_variance: &Tensor) -> Result<Tensor> {
    let terms = ((mean.sqr()? + log_variance.exp()?)? - log_variance)?.affine(0.5, -0.5)?;
    terms.sum_all()? / mean.dim(0)? as f64
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use candle_core::Device;

    use super::*;
    use crate::activation::Activation;
    use crate::autoencoder::small;
    use crate::reconstruction::Reconstruction;

    fn row(values: &[f64]) -> Tensor {
        Tensor::new(values, &Device::Cpu).unwrap().unsqueeze(0).unwrap()
    }

    fn divergence(mean: &[f64], log_variance: &[f64]) -> f64 {
        kl(&row(mean), &row(log_variance)).unwrap().to_scalar().unwrap()
    }

    #[test]
    fn the_divergence_is_the_closed_form_and_nothing_at_the_prior() {
        assert_eq!(divergence(&[0.0, 0.0], &[0.0, 0.0]), 0.0);
        // Of N(1, 4): (1 + 4 - log 4 - 1) / 2.
        let found = divergence(&[1.0], &[4.0_f64.ln()]);
        assert!((found - (2.0 - 2.0_f64.ln())).abs() < 1e-15, "{found}");
    }

    /// KL(q || p) = E_q log q(z) - log p(z).
    #[test]
    fn the_divergence_is_what_samples_of_q_say() {
        let (mean, log_variance) = ([0.7, -1.2, 0.1], [-0.5, 0.4, -2.0]);
        let (samples, mut stream) = (200_000, Stream::new(1, "test/latent", &[]));
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..samples {
            let mut ratio = 0.0;
            for (mean, log_variance) in mean.iter().zip(log_variance) {
                let noise = f64::from(stream.normal());
                let z = mean + (log_variance / 2.0_f64).exp() * noise;
                ratio += 0.5 * (z * z - noise * noise - log_variance);
            }
            sum += ratio;
            squares += ratio * ratio;
        }
        let count = f64::from(samples);
        let (found, exact) = (sum / count, divergence(&mean, &log_variance));
        let error = ((squares / count - found * found) / count).sqrt();
        assert!((found - exact).abs() < 4.0 * error, "{found} +- {error}, exactly {exact}");
        assert!(error < 0.01 * exact);
    }

    #[test]
    fn with_no_variance_and_no_pull_it_is_the_basic_autoencoder() {
        let layer = small((5, 6), None, Activation::Sigmoid, Reconstruction::CrossEntropy, 3);
        let vae = Vae { beta: 0.0 };
        let start = crate::variants::tests::START;
        let graph = vae.graph(&layer, &start).unwrap();
        let x = row(&[0.1, 0.9, 0.4, 0.0, 1.0, 0.5]);
        // Nothing has been drawn, so the latent is its mean.
        let found = graph.objective(&x).unwrap().to_scalar::<f64>().unwrap();
        let decoded = layer.decoder_preactivation(&layer.encode(&x).unwrap()).unwrap();
        let expected = layer.reconstruction.loss(&decoded, &x).unwrap();
        assert_eq!(found, expected.to_scalar::<f64>().unwrap());
    }
}
