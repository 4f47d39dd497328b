//! A step of a variational autoencoder by hand: an autoencoder whose latents are drawn. With means m, which
//! the encoder gives, v = x V + c, noise e ~ N(0, I) and D the gradient by the latents z that are drawn:
//!
//! ```text
//! z = m + exp(v / 2) e,  KL = 1/2 sum m^2 + exp(v) - v - 1
//! D_m = D + beta m,  D_v = D e exp(v / 2) / 2 + beta/2 (exp(v) - 1),  dL/dV = x^T D_v / n
//! ```

use ablate_data::Stream;
use candle_core::Result;

use super::changes::{Changes, Latents};
use super::dense::Dense;
use super::encoder::AutoencoderStep;
use super::kernels::{self, wide};
use super::math;
use super::matrix::{Band, BandMut, Matrix};
use super::state::{LayerStep, State};
use super::update::{BiasDescent, Step, WeightDescent};
use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::tensors::{Damage, Tensors};

/// A variational autoencoder in training.
#[derive(Debug)]
pub(crate) struct VariationalStep {
    autoencoder: AutoencoderStep,
    posterior: Posterior,
}

/// Draws latents around their means, which it pulls towards the prior.
#[derive(Debug)]
struct Posterior {
    rule: Rule,
    steps: i32,
    beta: f64,
    /// From x to v, the logarithms of the variances.
    log_variance: Dense,
    descent: (WeightDescent, BiasDescent),
    /// m.
    means: Matrix,
    /// e, then exp(v / 2) e.
    noise: Matrix,
    /// v, then exp(v) - 1, then D_v.
    spread: Matrix,
    /// Divergences summed over the examples, a latent each.
    divergences: Vec<f32>,
}

impl VariationalStep {
    /// From the variables of `layer`, for at most `rows` examples a step; V and c are 0.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(
        layer: &Autoencoder,
        rule: Rule,
        rows: usize,
        beta: f64,
    ) -> Result<VariationalStep> {
        let (latents, inputs) = layer.encoder.weight.dims2()?;
        let log_variance = Dense::zeros(inputs, latents);
        let weights = WeightDescent::new(rule, &log_variance.weights);
        let posterior = Posterior {
            rule,
            steps: 0,
            beta,
            log_variance,
            descent: (weights, BiasDescent::new(rule, latents)),
            means: Matrix::zeros(rows, latents),
            noise: Matrix::zeros(rows, latents),
            spread: Matrix::zeros(rows, latents),
            divergences: vec![0.0; latents],
        };
        let autoencoder = AutoencoderStep::load(layer, rule, rows)?;
        Ok(VariationalStep { autoencoder, posterior })
    }

    /// The mean objective over the rows of `inputs` that `which` names, with latents drawn from `stream`,
    /// and all its gradients but the weights'.
    pub(crate) fn objective(
        &mut self,
        inputs: Rows<'_>,
        which: &[u32],
        stream: &mut Stream,
    ) -> f64 {
        let VariationalStep { autoencoder, posterior } = self;
        autoencoder.gather(inputs, which);
        posterior.noise.lines_mut(which.len()).for_each(|row| stream.fill_normal(row));
        autoencoder.objective(Changes { latents: Some(posterior), ..Changes::default() })
    }
}

impl LayerStep for VariationalStep {
    fn descend(&mut self) {
        let VariationalStep { autoencoder, posterior } = self;
        autoencoder.descend();
        posterior.descend(autoencoder.seen());
    }

    fn store(&self, layer: &Autoencoder) -> Result<()> {
        self.autoencoder.store(layer)
    }
}

impl Posterior {
    fn descend(&mut self, x: Band<'_>) {
        self.steps += 1;
        let (step, (weights, bias)) =
            (Step::new(self.rule, self.steps, x.count()), &mut self.descent);
        let operands = (x.view(), self.spread.top(x.count()).padded_view());
        weights.descend(&mut self.log_variance.weights, step, operands, &[], None);
        bias.descend(&mut self.log_variance.bias, step);
    }
}

impl Latents for Posterior {
    fn pass(&mut self, x: Band<'_>, z: BandMut<'_>) -> f64 {
        let count = x.count();
        let mut spread = self.spread.top_mut(count);
        self.log_variance.multiply(x, spread.reborrow());
        kernels::shift(spread.reborrow(), &self.log_variance.bias);
        self.divergences.fill(0.0);
        let rooms = self.means.lines_mut(count).zip(self.noise.lines_mut(count));
        let sums = &mut self.divergences[..];
        wide(
            #[inline(always)]
            || {
                for ((z, spread), room) in z.into_lines().zip(spread.into_lines()).zip(rooms) {
                    draw((z, spread), room, sums);
                }
            },
        );
        self.beta / 2.0 * kernels::total(&self.divergences) / count as f64
    }

    fn pass_back(&mut self, mut delta: BandMut<'_>) {
        let count = delta.count();
        let rooms = self.means.lines(count).zip(self.noise.lines(count));
        let (spread, beta) = (self.spread.lines_mut(count), self.beta as f32);
        wide(
            #[inline(always)]
            || {
                for ((delta, spread), room) in delta.lines_mut().zip(spread).zip(rooms) {
                    draw_back((delta, spread), room, beta);
                }
            },
        );
        kernels::sum_rows(self.spread.top(count), &mut self.descent.1.gradient);
    }
}

/// From m and v to the latents z and exp(v) - 1, in place; `noise` becomes exp(v / 2) e.
#[inline(always)]
fn draw(
    (z, spread): (&mut [f32], &mut [f32]),
    (means, noise): (&mut [f32], &mut [f32]),
    sums: &mut [f32],
) {
    let latents = z.len();
    let (spread, means) = (&mut spread[..latents], &mut means[..latents]);
    let (noise, sums) = (&mut noise[..latents], &mut sums[..latents]);
    for latent in 0..latents {
        let (mean, log_variance) = (z[latent], spread[latent]);
        let deviation = math::exp(0.5 * log_variance);
        means[latent] = mean;
        noise[latent] *= deviation;
        z[latent] = mean + noise[latent];
        spread[latent] = deviation * deviation - 1.0;
        sums[latent] += mean * mean + (spread[latent] - log_variance);
    }
}

/// From D to D_m, and from exp(v) - 1 to D_v, in place.
#[inline(always)]
fn draw_back(
    (delta, spread): (&mut [f32], &mut [f32]),
    (means, noise): (&[f32], &[f32]),
    beta: f32,
) {
    let latents = delta.len();
    let (spread, means, noise) = (&mut spread[..latents], &means[..latents], &noise[..latents]);
    for latent in 0..latents {
        spread[latent] = 0.5 * (delta[latent] * noise[latent] + beta * spread[latent]);
        delta[latent] += beta * means[latent];
    }
}

impl State for VariationalStep {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.autoencoder.save(&format!("{name}.autoencoder"), into);
        let Posterior { steps, log_variance, descent, .. } = &self.posterior;
        steps.save(&format!("{name}.steps"), into);
        log_variance.save(&format!("{name}.log_variance"), into);
        descent.save(&format!("{name}.descent"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.autoencoder.restore(&format!("{name}.autoencoder"), from)?;
        let Posterior { steps, log_variance, descent, .. } = &mut self.posterior;
        steps.restore(&format!("{name}.steps"), from)?;
        log_variance.restore(&format!("{name}.log_variance"), from)?;
        descent.restore(&format!("{name}.descent"), from)
    }
}
