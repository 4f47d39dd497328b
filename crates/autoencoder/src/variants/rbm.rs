//! The restricted Boltzmann machine: p(v, h) = exp(-E(v, h)) / Z with binary hidden units h, and
//! E = -c v - b h - h W v for binary visible units v (`reconstruction = "cross-entropy"`), or
//! E = |v - c|^2 / 2 - b h - h W v for Gaussian ones of variance 1 ("squared-error"). Then
//! p(h = 1 | v) = sigmoid(W v + b), which is what the network keeps; greedy stacks of it are the deep
//! belief network. Above the lowest layer visible units are always binary, being hidden ones.
//!
//! With free energy F(v) = -log sum_h exp(-E(v, h)), a step goes down F(v) - F(v') at constant v',
//! which k steps of a Gibbs chain from v lead to (contrastive divergence, CD-k; Hinton 2002), or from
//! where the last step left it (persistent; Tieleman 2008). All units are sampled, so that the expected
//! step tends to the gradient of the likelihood as k grows.

use std::ops::Bound;

use ablate_data::Stream;
use ablate_sweep::{Domain, Param, Value};
use candle_core::{Result, Tensor, Var};

use super::{Decoder, Objective, Variant};
use crate::autoencoder::Autoencoder;
use crate::engine::{BoltzmannStep, Chain, Gibbs};
use crate::learner::{ByBuffers, Graph, Learner, Moment, Start};
use crate::reconstruction::{Reconstruction, softplus};
use crate::sampling::{self, Sampling};
use crate::tensors::{Damage, Tensors};

pub(super) const VARIANT: Variant = Variant {
    name: "rbm",
    summary: "restricted Boltzmann machine, by contrastive divergence; stacks are the DBN",
    formula: "F(v) - F(v') + lambda/2 sum_ji W_ji^2, v' by k Gibbs steps",
    source: "Hinton 2002; Hinton, Osindero, Teh 2006; Tieleman 2008 (persistent)",
    version: 1,
    params: || {
        vec![
            Param::new(
                "gibbs_steps",
                Domain::Int { min: 1, max: 10_000, word: None },
                Value::Int(1),
                "steps of the Gibbs chain before each update (k of CD-k)",
            ),
            Param::new(
                "chain",
                Domain::Choice(vec!["data", "persistent"]),
                Value::Text("data".into()),
                "where the Gibbs chain goes on from: the examples, or where it was",
            ),
            Param::new(
                "lambda",
                Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded },
                Value::Float(0.0),
                "strength of the weight decay",
            ),
        ]
    },
    objective: |params| {
        let chain = match params.text("chain")? {
            "data" => Chain::Data,
            "persistent" => Chain::Persistent,
            _ => return None,
        };
        let gibbs = Gibbs { steps: params.count("gibbs_steps")?, chain };
        Some(Box::new(Rbm { gibbs, lambda: params.float("lambda")? }))
    },
    decoder: Decoder::Symmetric,
    sample: Some(dream),
};

#[derive(Clone, Copy, Debug)]
struct Rbm {
    gibbs: Gibbs,
    lambda: f64,
}

impl Objective for Rbm {
    fn graph<'a>(&'a self, layer: &'a Autoencoder, _: &Start) -> Result<Box<dyn Graph + 'a>> {
        Ok(Box::new(RbmGraph { rbm: *self, layer, reached: None, states: None }))
    }

    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>> {
        let step = BoltzmannStep::load(layer, start.rule, start.rows, self.lambda)?;
        Ok(ByBuffers::learner(layer, step, |step: &mut BoltzmannStep, batch, moment| {
            step.gather(batch.inputs, batch.which);
            step.objective(self.gibbs, moment.stream("gibbs"))
        }))
    }

    fn work(&self, inputs: usize, outputs: usize) -> f64 {
        // p, two a Gibbs step, and the gradient over twice as many rows.
        (2 * (3 + 2 * self.gibbs.steps) * inputs * outputs) as f64
    }
}

/// The graph, and how far its chains are.
struct RbmGraph<'a> {
    rbm: Rbm,
    layer: &'a Autoencoder,
    /// v'.
    reached: Option<Tensor>,
    /// The hidden states that persistent chains go on from, a row a chain.
    states: Option<Tensor>,
}

impl Graph for RbmGraph<'_> {
    fn vars(&self) -> Vec<Var> {
        self.layer.vars()
    }

    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()> {
        let (layer, Gibbs { steps, chain }) = (self.layer, self.rbm.gibbs);
        let (examples, mut stream) = (clean.dim(0)?, moment.stream("gibbs"));
        let mut states = match &self.states {
            Some(states) => states.narrow(0, 0, examples)?,
            None => sampling::bernoulli(&layer.encode(clean)?, &mut stream)?,
        };
        for step in 1..=steps {
            let visible = visible_given(layer, &states, &mut stream)?;
            if step < steps || chain == Chain::Persistent {
                states = sampling::bernoulli(&layer.encode(&visible)?, &mut stream)?;
            }
            self.reached = Some(visible.detach());
        }
        if chain == Chain::Persistent {
            // A smaller batch moves its share of the chains.
            let resting = match &self.states {
                Some(all) => Some(all.narrow(0, examples, all.dim(0)? - examples)?),
                None => None,
            };
            let moved = [states].into_iter().chain(resting).collect::<Vec<_>>();
            self.states = Some(Tensor::cat(&moved, 0)?.detach());
        }
        Ok(())
    }

    fn objective(&self, clean: &Tensor) -> Result<Tensor> {
        let decay = (self.layer.encoder.weight.sqr()?.sum_all()? * (self.rbm.lambda / 2.0))?;
        let contrast = match &self.reached {
            Some(reached) => (free_energy(self.layer, clean)? - free_energy(self.layer, reached)?)?,
            None => free_energy(self.layer, clean)?,
        };
        contrast + decay
    }

    fn save(&self, into: &mut Tensors) -> Result<()> {
        self.states.as_ref().map_or(Ok(()), |states| into.put(CHAINS, states))
    }

    fn restore(&mut self, from: &Tensors) -> std::result::Result<(), Damage> {
        if from.has(CHAINS) {
            let units = self.layer.encoder.bias.dim(0)?;
            let states = from.rows(CHAINS, units)?;
            self.states = Some(states);
        }
        Ok(())
    }
}

/// What the hidden states of persistent chains are called where they are put away.
const CHAINS: &str = "chains";

/// Mean over the examples of F(v).
pub(super) fn free_energy(layer: &Autoencoder, v: &Tensor) -> Result<Tensor> {
    let hidden = softplus(&layer.encoder.forward(v)?)?.sum_all()?;
    let visible = match layer.reconstruction {
        Reconstruction::CrossEntropy => v.broadcast_mul(&layer.decoder_bias)?.neg()?.sum_all()?,
        Reconstruction::SquaredError => {
            (v.broadcast_sub(&layer.decoder_bias)?.sqr()? * 0.5)?.sum_all()?
        }
    };
    (visible - hidden)? / v.dim(0)? as f64
}

/// Visible units drawn given hidden states.
fn visible_given(layer: &Autoencoder, states: &Tensor, stream: &mut Stream) -> Result<Tensor> {
    let means = layer.decode(states)?;
    match layer.reconstruction {
        Reconstruction::CrossEntropy => sampling::bernoulli(&means, stream),
        Reconstruction::SquaredError => {
            let noise = sampling::normal(means.dims2()?, stream)?;
            &means + noise.to_dtype(means.dtype())?
        }
    }
}

/// Images from a Gibbs chain in the top layer, which starts from coins, each with its own chain.
fn dream(stack: &[Autoencoder], sampling: &Sampling) -> Result<Vec<f32>> {
    let Some((top, below)) = stack.split_last() else { return Ok(Vec::new()) };
    let mut stream = Stream::new(sampling.seed, "samples/gibbs", &[]);
    let bias = top.encoder.bias.as_tensor();
    let coins = (bias.zeros_like()?.broadcast_as((sampling.images, bias.dim(0)?))? + 0.5)?;
    let mut states = sampling::bernoulli(&coins, &mut stream)?;
    for _ in 0..sampling.gibbs_steps {
        let visible = visible_given(top, &states, &mut stream)?;
        states = sampling::bernoulli(&top.encode(&visible)?, &mut stream)?;
    }
    sampling::down(below, top.decode(&states)?)
}
