//! How a layer learns, a step at a time. What an objective means is its Candle graph, and any objective
//! can be learned by that; one that has been worked out by hand learns over the engine's buffers, with
//! the same gradients and the same random draws.

use std::fmt;

use ablate_data::Stream;
use candle_core::{DType, Result, Tensor, Var};

use crate::autoencoder::Autoencoder;
use crate::autoencoding::Noise;
use crate::batches::{self, Rows};
use crate::engine::LayerStep;
use crate::optimizer::{Optimizer, Rule};
use crate::tensors::{Damage, Tensors};

/// What a variant trains a layer to do.
pub(crate) trait Objective: fmt::Debug + Send + Sync {
    /// The objective as a graph over the variables of `layer`, and over any of its own.
    fn graph<'a>(&'a self, layer: &'a Autoencoder, start: &Start) -> Result<Box<dyn Graph + 'a>>;

    /// The same by hand, if it has been worked out.
    fn by_hand<'a>(
        &'a self,
        layer: &'a Autoencoder,
        start: &Start,
    ) -> Result<Option<Box<dyn Learner + 'a>>>;

    /// Floating-point operations of a step an example, for a layer of so many inputs and outputs: those
    /// of its products.
    fn work(&self, inputs: usize, outputs: usize) -> f64;

    /// How many weights are trained beside the layer's and its decoder's.
    fn beside(&self, _inputs: usize, _outputs: usize) -> f64 {
        0.0
    }

    /// What is done to the encoder's input, if anything is.
    fn noise(&self) -> Option<Noise> {
        None
    }
}

/// What a training starts with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    /// The optimizer.
    pub(crate) rule: Rule,
    /// Examples a step, at most.
    pub(crate) rows: usize,
    /// The run's seed, and the layer's number counted from 0.
    pub(crate) seed: u64,
    pub(crate) layer: usize,
}

/// Where in the training of a layer a step stands: what its random draws are named by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) seed: u64,
    pub(crate) layer: usize,
    /// Counted from 1.
    pub(crate) epoch: u32,
    pub(crate) epochs: u32,
    /// Counted from 0 in every epoch.
    pub(crate) step: usize,
}

/// The rows of `inputs` that a step is over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) inputs: Rows<'a>,
    pub(crate) which: &'a [u32],
}

/// A layer in training.
pub(crate) trait Learner {
    /// The mean objective an example over `batch`, with all that the step down it needs.
    fn objective(&mut self, batch: Batch<'_>, moment: &Moment) -> Result<f64>;

    /// The step down the last objective.
    fn descend(&mut self) -> Result<()>;

    /// Leaves in the variables of the layer what has been learned.
    fn store(&self) -> Result<()>;

    /// Puts away what the next step depends on.
    fn save(&self, into: &mut Tensors) -> Result<()>;

    /// Takes it up again.
    ///
    /// # Errors
    /// If it was saved by a learner of another make.
    fn restore(&mut self, from: &Tensors) -> std::result::Result<(), Damage>;
}

/// An objective as a Candle graph. Inputs are examples x inputs, in the type of the layer.
pub(crate) trait Graph {
    /// Every variable that a step changes.
    fn vars(&self) -> Vec<Var>;

    /// All random draws of a step over `clean`.
    fn draw(&mut self, clean: &Tensor, moment: &Moment) -> Result<()>;

    /// The mean objective an example over `clean` under the last draws: a scalar.
    fn objective(&self, clean: &Tensor) -> Result<Tensor>;

    /// What else a step does once it is down the objective.
    fn conclude(&mut self, _clean: &Tensor) -> Result<()> {
        Ok(())
    }

    /// Puts away what, besides its variables, the next step depends on.
    fn save(&self, _into: &mut Tensors) -> Result<()> {
        Ok(())
    }

    /// Takes it up again.
    ///
    /// # Errors
    /// If it was saved by a graph of another make.
    fn restore(&mut self, _from: &Tensors) -> std::result::Result<(), Damage> {
        Ok(())
    }
}

impl Moment {
    /// The stream of this step's draws for `purpose`.
    pub(crate) fn stream(&self, purpose: &str) -> Stream {
        let counters = [self.layer as u64, u64::from(self.epoch), self.step as u64];
        Stream::new(self.seed, &format!("pretraining/{purpose}"), &counters)
    }

    /// The share of the epochs that is behind.
    pub(crate) fn share(&self) -> f64 {
        f64::from(self.epoch - 1) / f64::from(self.epochs)
    }
}

/// `layer` about to be trained under `objective`: by hand where that has been worked out, else by
/// the graph.
pub(crate) fn learner<'a>(
    objective: &'a dyn Objective,
    layer: &'a Autoencoder,
    start: &Start,
) -> Result<Box<dyn Learner + 'a>> {
    match objective.by_hand(layer, start)? {
        Some(by_hand) => Ok(by_hand),
        None => Ok(Box::new(ByGraph::new(objective.graph(layer, start)?, start.rule))),
    }
}

/// Learns over the engine's buffers.
pub(crate) struct ByBuffers<'a, S, F> {
    layer: &'a Autoencoder,
    step: S,
    objective: F,
}

impl<'a, S, F> ByBuffers<'a, S, F>
where
    S: LayerStep + 'a,
    F: FnMut(&mut S, Batch<'_>, &Moment) -> f64 + 'a,
{
    /// `layer` learns by `step`, whose objective over a batch is `objective`.
    pub(crate) fn learner(
        layer: &'a Autoencoder,
        step: S,
        objective: F,
    ) -> Option<Box<dyn Learner + 'a>> {
        Some(Box::new(ByBuffers { layer, step, objective }))
    }
}

impl<S, F> Learner for ByBuffers<'_, S, F>
where
    S: LayerStep,
    F: FnMut(&mut S, Batch<'_>, &Moment) -> f64,
{
    fn objective(&mut self, batch: Batch<'_>, moment: &Moment) -> Result<f64> {
        Ok((self.objective)(&mut self.step, batch, moment))
    }

    fn descend(&mut self) -> Result<()> {
        self.step.descend();
        Ok(())
    }

    fn store(&self) -> Result<()> {
        self.step.store(self.layer)
    }

    fn save(&self, into: &mut Tensors) -> Result<()> {
        self.step.save("step", into);
        Ok(())
    }

    fn restore(&mut self, from: &Tensors) -> std::result::Result<(), Damage> {
        self.step.restore("step", from)
    }
}

/// Learns by the graph.
pub(crate) struct ByGraph<'a> {
    graph: Box<dyn Graph + 'a>,
    optimizer: Optimizer,
    /// The batch and its objective, until the step.
    ahead: Option<(Tensor, Tensor)>,
}

impl<'a> ByGraph<'a> {
    pub(crate) fn new(graph: Box<dyn Graph + 'a>, rule: Rule) -> ByGraph<'a> {
        let optimizer = Optimizer::new(rule, graph.vars());
        ByGraph { graph, optimizer, ahead: None }
    }
}

impl Learner for ByGraph<'_> {
    fn objective(&mut self, batch: Batch<'_>, moment: &Moment) -> Result<f64> {
        let clean = batches::tensor(batch.inputs.gather(batch.which), batch.inputs.width())?;
        self.graph.draw(&clean, moment)?;
        let objective = self.graph.objective(&clean)?;
        let value = objective.to_dtype(DType::F64)?.to_scalar()?;
        self.ahead = Some((clean, objective));
        Ok(value)
    }

    fn descend(&mut self) -> Result<()> {
        let Some((clean, objective)) = self.ahead.take() else { return Ok(()) };
        self.optimizer.descend(&objective)?;
        self.graph.conclude(&clean)
    }

    fn store(&self) -> Result<()> {
        Ok(())
    }

    fn save(&self, into: &mut Tensors) -> Result<()> {
        self.optimizer.save("graph", into)?;
        self.graph.save(into)
    }

    fn restore(&mut self, from: &Tensors) -> std::result::Result<(), Damage> {
        self.optimizer.restore("graph", from)?;
        self.graph.restore(from)
    }
}
