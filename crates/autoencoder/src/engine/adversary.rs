//! A step of an adversarial autoencoder by hand: an autoencoder whose latents are to deceive a network
//! that learns to tell them from the prior. With d = D's logit for a latent z, sigmoid(d) being how
//! likely it is of the prior, the encoder is pulled by lambda times the gradient of -log sigmoid(d); then,
//! at the latents that the autoencoder has come to, the discriminator goes down
//! -log sigmoid(d(prior)) - log(1 - sigmoid(d(z))). Both are cross-entropies with 1 or 0 as the truth.

use ablate_data::Stream;
use candle_core::Result;

use super::changes::{Changes, Latents};
use super::encoder::AutoencoderStep;
use super::gradient::InputGradient;
use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::stack::Stack;
use super::state::{LayerStep, State};
use super::training::NetworkStep;
use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::tensors::{Damage, Tensors};

/// An adversarial autoencoder in training.
#[derive(Debug)]
pub(crate) struct AdversarialStep {
    autoencoder: AutoencoderStep,
    adversary: Adversary,
    /// A sample of the prior an example.
    prior: Matrix,
}

/// The discriminator, and how it pulls the latents.
#[derive(Debug)]
struct Adversary {
    lambda: f32,
    discriminator: NetworkStep,
    gradient: InputGradient,
    pull: Matrix,
    /// What is to be believed of the prior, and what of latents, an example each.
    truths: [Vec<f32>; 2],
}

impl AdversarialStep {
    /// From the variables of `layer`, for at most `rows` examples a step, against `discriminator`, whose
    /// output is one logit.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(
        layer: &Autoencoder,
        rule: Rule,
        rows: usize,
        (discriminator, lambda): (Stack, f64),
    ) -> Result<AdversarialStep> {
        let latents = layer.encoder.bias.dim(0)?;
        let adversary = Adversary {
            lambda: lambda as f32,
            gradient: InputGradient::new(&discriminator, rows),
            discriminator: NetworkStep::new(discriminator, rule, 2 * rows),
            pull: Matrix::zeros(rows, latents),
            truths: [vec![1.0; rows], vec![0.0; rows]],
        };
        let autoencoder = AutoencoderStep::load(layer, rule, rows)?;
        Ok(AdversarialStep { autoencoder, adversary, prior: Matrix::zeros(rows, latents) })
    }

    /// The mean objective of the autoencoder over the rows of `inputs` that `which` names, and all its
    /// gradients but the weights'. What the discriminator will compare latents with is drawn from
    /// `stream`.
    pub(crate) fn objective(
        &mut self,
        inputs: Rows<'_>,
        which: &[u32],
        stream: &mut Stream,
    ) -> f64 {
        let AdversarialStep { autoencoder, adversary, prior } = self;
        autoencoder.gather(inputs, which);
        prior.lines_mut(which.len()).for_each(|row| stream.fill_normal(row));
        autoencoder.objective(Changes { latents: Some(adversary), ..Changes::default() })
    }
}

impl LayerStep for AdversarialStep {
    fn descend(&mut self) {
        let AdversarialStep { autoencoder, adversary, prior } = self;
        autoencoder.descend();
        let z = autoencoder.latents();
        let Adversary { discriminator, truths: [prior_truth, latent_truth], .. } = adversary;
        let count = z.count();
        discriminator.tell(
            (prior.top(count), Band::packed(&prior_truth[..count], 1)),
            (z, Band::packed(&latent_truth[..count], 1)),
        );
        discriminator.descend();
    }

    fn store(&self, layer: &Autoencoder) -> Result<()> {
        self.autoencoder.store(layer)
    }
}

impl Latents for Adversary {
    fn pass(&mut self, _: Band<'_>, z: BandMut<'_>) -> f64 {
        let Adversary { lambda, discriminator, gradient, pull, truths: [prior_truth, _] } = self;
        let (count, mut surprise) = (z.count(), [0.0]);
        let toward_prior = gradient.of_logits(discriminator.stack(), z.share(), |logits| {
            let truth = Band::packed(&prior_truth[..count], 1);
            let sums = (&mut [0.0][..], &mut surprise[..]);
            kernels::reconstruct(Reconstruction::CrossEntropy, logits, truth, None, &[0.0], sums);
        });
        for (pull, gradient) in pull.lines_mut(count).zip(toward_prior.lines()) {
            pull.iter_mut().zip(gradient).for_each(|(pull, g)| *pull = *lambda * g);
        }
        f64::from(*lambda) * f64::from(surprise[0]) / count as f64
    }

    fn pass_back(&mut self, delta: BandMut<'_>) {
        let count = delta.count();
        for (delta, pull) in delta.into_lines().zip(self.pull.lines(count)) {
            delta.iter_mut().zip(pull).for_each(|(delta, pull)| *delta += pull);
        }
    }
}

impl State for AdversarialStep {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.autoencoder.save(&format!("{name}.autoencoder"), into);
        self.adversary.discriminator.save(&format!("{name}.discriminator"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> std::result::Result<(), Damage> {
        self.autoencoder.restore(&format!("{name}.autoencoder"), from)?;
        self.adversary.discriminator.restore(&format!("{name}.discriminator"), from)
    }
}
