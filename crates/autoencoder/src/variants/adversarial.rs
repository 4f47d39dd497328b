//! The adversarial autoencoder: a discriminator learns to tell the latents z = W x + b of the examples
//! from samples of the prior N(0, I), and the encoder learns to deceive it, so that the latents of
//! all examples together come to be distributed as the prior. The decoder sees the codes s(z), which
//! are what the network keeps. After each step of the autoencoder down L + lambda times the
//! generator's loss -log D(z) (Goodfellow et al. 2014, the form that does not saturate), the
//! discriminator makes one down -log D(prior) - log (1 - D(z)). It is dropped after training.

use std::ops::Bound;

use ablate_data::Stream;
use ablate_sweep::{Domain, Param, Value};
use candle_core::{Device, Result, Tensor, Var};

use super::{Autoencoding, Decoder, Objective, Variant};
use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::autoencoding::Reconstructing;
use crate::cost;
use crate::engine::{self, AdversarialStep, Stack};
use crate::initialization::Initialization;
use crate::learner::{ByBuffers, Graph, Learner, Moment, Start};
use crate::network::Dense;
use crate::optimizer::Optimizer;
use crate::reconstruction::softplus;
use crate::sampling;
use crate::tensors::{Damage, Tensors};

pub(super) const VARIANT: Variant = Variant {
    name: "adversarial",
    summary: "a discriminator makes the latents of all examples look drawn from N(0, I)",
    formula: "L - lambda log D(z); D: -log D(p) - log(1 - D(z)), p ~ N(0, I)",
    source: "Makhzani, Shlens, Jaitly, Goodfellow, Frey 2015",
    version: 2,
    params: || {
        vec![
            Param::new(
                "lambda",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
                Value::Float(1.0),
                "strength of the discriminator's pull; 0 is the basic autoencoder",
            ),
            Param::new(
                "discriminator_width",
                Domain::Int { min: 1, max: 100_000, word: None },
                Value::Int(100),
                "units of each of the discriminator's two hidden layers",
            ),
        ]
    },
    objective: |params| {
        Some(Box::new(Adversarial {
            plain: Autoencoding::default(),
            lambda: params.float("lambda")?,
            width: params.count("discriminator_width")?,
        }))
    },
    decoder: Decoder::Untied,
    sample: Some(sampling::from_normal_preactivations),
};

#[derive(Debug)]
struct Adversarial {
    plain: Autoencoding,
    lambda: f64,
    width: usize,
}

impl Adversarial {
    /// Inputs and outputs of each layer of the discriminator of so many latents.
    fn discriminator(&self, latents: usize) -> [(usize, usize); 3] {
        [(latents, self.width), (self.width, self.width), (self.width, 1)]
    }
}

impl Objective for Adversarial {
    fn graph<'a>(&'a self, layer: &'a Autoencoder, start: &Start) -> Result<Box<dyn Graph + 'a>> {
        let discriminator = Discriminator::new(layer, self.width, start)?;
        let optimizer = Optimizer::new(start.rule, discriminator.vars());
        let (plain, lambda) = (self.plain.over(layer), self.lambda);
        Ok(Box::new(Game { layer, plain, lambda, discriminator, optimizer, prior: None }))
    }

    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>> {
        // Nobody listens to the discriminator then.
        if self.lambda == 0.0 {
            return self.plain.by_hand(layer, start);
        }
        let discriminator = Discriminator::new(layer, self.width, start)?.stack()?;
        let opponent = (discriminator, self.lambda);
        let step = AdversarialStep::load(layer, start.rule, start.rows, opponent)?;
        Ok(ByBuffers::learner(layer, step, |step: &mut AdversarialStep, batch, moment| {
            step.objective(batch.inputs, batch.which, &mut moment.stream("prior"))
        }))
    }

    fn work(&self, inputs: usize, outputs: usize) -> f64 {
        let plain = self.plain.work(inputs, outputs);
        if self.lambda == 0.0 {
            return plain;
        }
        // The latents anew, the discriminator there and back for the encoder, and its own step, which is
        // over latents and samples of the prior.
        let (latents, pull) = (2 * inputs * outputs, 4.0 * self.beside(inputs, outputs));
        plain + latents as f64 + pull + cost::pass(&self.discriminator(outputs), 2)
    }

    fn beside(&self, _: usize, outputs: usize) -> f64 {
        let shape = self.discriminator(outputs);
        shape.iter().map(|(below, above)| (below * above) as f64).sum()
    }
}

/// The autoencoder and its opponent.
struct Game<'a> {
    layer: &'a Autoencoder,
    plain: Reconstructing<'a>,
    lambda: f64,
    discriminator: Discriminator,
    optimizer: Optimizer,
    /// A sample of the prior an example.
    prior: Option<Tensor>,
}

impl Graph for Game<'_> {
    fn vars(&self) -> Vec<Var> {
        self.layer.vars()
    }

    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()> {
        let shape = (clean.dim(0)?, self.layer.encoder.bias.dim(0)?);
        let prior = sampling::normal(shape, &mut moment.stream("prior"))?;
        self.prior = Some(prior.to_dtype(clean.dtype())?);
        Ok(())
    }

    fn objective(&self, clean: &Tensor) -> Result<Tensor> {
        let z = self.layer.encoder.forward(clean)?;
        let deceived = surprise(&self.discriminator.logits(&z)?)?;
        self.plain.objective(clean)? + (deceived * self.lambda)?
    }

    fn conclude(&mut self, clean: &Tensor) -> Result<()> {
        let Some(prior) = &self.prior else { return Ok(()) };
        let z = self.layer.encoder.forward(clean)?.detach();
        let loss = self.discriminator.loss(prior, &z)?;
        self.optimizer.descend(&loss)
    }

    fn save(&self, into: &mut Tensors) -> Result<()> {
        self.optimizer.save("discriminator", into)
    }

    fn restore(&mut self, from: &Tensors) -> std::result::Result<(), Damage> {
        self.optimizer.restore("discriminator", from)
    }
}

/// Mean of -log sigmoid of `logits`.
fn surprise(logits: &Tensor) -> Result<Tensor> {
    softplus(&logits.neg()?)?.mean_all()
}

/// Tells the prior from latents: two hidden layers of rectified units and a logit.
pub(super) struct Discriminator {
    layers: [Dense; 3],
}

impl Discriminator {
    pub(super) fn new(layer: &Autoencoder, width: usize, start: &Start) -> Result<Discriminator> {
        let (dtype, latents) = (layer.encoder.weight.dtype(), layer.encoder.bias.dim(0)?);
        let mut stream =
            Stream::new(start.seed, "initialization/discriminator", &[start.layer as u64]);
        let mut dense = |outputs: usize, inputs: usize| -> Result<Dense> {
            let (shape, units) = ((outputs, inputs), Activation::Relu);
            let weight = Initialization::Glorot.weights(shape, units, dtype, &mut stream)?;
            Ok(Dense { weight, bias: Var::zeros(outputs, dtype, &Device::Cpu)? })
        };
        let layers = [dense(width, latents)?, dense(width, width)?, dense(1, width)?];
        Ok(Discriminator { layers })
    }

    fn vars(&self) -> Vec<Var> {
        self.layers.iter().flat_map(|one| [one.weight.clone(), one.bias.clone()]).collect()
    }

    /// The same in the engine's layout.
    fn stack(&self) -> Result<Stack> {
        let units = [Activation::Relu, Activation::Relu, Activation::Linear];
        let load = |(layer, units): (&Dense, _)| {
            Ok((engine::Dense::load(&layer.weight, &layer.bias)?, units))
        };
        Ok(Stack::of(self.layers.iter().zip(units).map(load).collect::<Result<_>>()?))
    }

    /// Examples x 1: above 0 where `z` (examples x latents) looks like the prior.
    pub(super) fn logits(&self, z: &Tensor) -> Result<Tensor> {
        let [first, second, last] = &self.layers;
        let hidden = first.forward(z)?.relu()?;
        last.forward(&second.forward(&hidden)?.relu()?)
    }

    /// Mean of -log D(prior) - log(1 - D(z)).
    fn loss(&self, prior: &Tensor, z: &Tensor) -> Result<Tensor> {
        surprise(&self.logits(prior)?)? + surprise(&self.logits(z)?.neg()?)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::autoencoder::small;
    use crate::optimizer::Rule;
    use crate::reconstruction::Reconstruction;
    use crate::variants::tests::{START, batch, gradient_error};

    fn layer() -> Autoencoder {
        small((4, 6), Some(()), Activation::Linear, Reconstruction::SquaredError, 3)
    }

    #[test]
    fn the_discriminators_gradient_agrees_with_finite_differences() {
        let (layer, clean) = (layer(), batch(9, 6));
        let discriminator = Discriminator::new(&layer, 5, &START).unwrap();
        let prior = batch(9, 4).affine(2.0, -1.0).unwrap();
        let z = layer.encoder.forward(&clean).unwrap().detach();
        let error =
            gradient_error(&discriminator.vars(), || discriminator.loss(&prior, &z).unwrap());
        assert!(error < 1e-7, "{error}");
    }

    #[test]
    fn a_discriminator_that_cannot_tell_is_surprised_by_one_bit_each() {
        let (layer, z) = (layer(), batch(9, 4));
        let discriminator = Discriminator::new(&layer, 5, &START).unwrap();
        for var in discriminator.vars() {
            var.set(&var.zeros_like().unwrap()).unwrap();
        }
        let loss = discriminator.loss(&z, &z).unwrap().to_scalar::<f64>().unwrap();
        assert!((loss - 2.0 * 2.0_f64.ln()).abs() < 1e-15, "{loss}");
    }

    #[test]
    fn only_the_discriminator_learns_from_its_own_loss() {
        let (layer, clean) = (layer(), batch(9, 6));
        let adversarial = Adversarial { plain: Autoencoding::default(), lambda: 1.0, width: 5 };
        let start = Start { rule: Rule::Adam { rate: 0.05 }, ..START };
        let mut graph = adversarial.graph(&layer, &start).unwrap();
        let moment = Moment { seed: 1, layer: 0, epoch: 1, epochs: 1, step: 0 };
        graph.draw(&clean, &moment).unwrap();
        let before = layer.frozen().unwrap();
        let pull = |graph: &dyn Graph| graph.objective(&clean).unwrap().to_scalar::<f64>().unwrap();
        let at_first = pull(graph.as_ref());
        for _ in 0..20 {
            graph.conclude(&clean).unwrap();
        }
        for (before, after) in before.vars().iter().zip(layer.vars()) {
            let values = |var: &Var| var.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert_eq!(values(before), values(&after));
        }
        // It has learned to tell the latents, so deceiving it has become harder.
        assert!(pull(graph.as_ref()) > at_first + 0.1);
    }
}
