//! Greedy layer-wise pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as an autoencoder of its variant on the clean codes of the layers below.

use ablate_data::corruptions::Corruption;
use ablate_data::{Shape, Stream};

use crate::autoencoder::Autoencoder;
use crate::batches::{self, Rows};
use crate::cost;
use crate::engine::{AutoencoderStep, Dense};
use crate::journal::{Halt, Journal};
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::settings::{Pretraining, Settings};
use crate::shelf::Keeper;
use crate::stored;
use crate::tensors::Tensors;
use crate::variants::{ByHand, Penalty};

/// The layers that are to be pretrained.
#[derive(Debug)]
pub(crate) struct Layers<'a> {
    pub(crate) network: &'a Network,
    pub(crate) settings: &'a Settings,
    pub(crate) pretraining: &'a Pretraining,
    pub(crate) seed: u64,
}

/// Trains the hidden layers on `images` and leaves them in place; a layer that `keeper` finds is taken
/// as it is. Returns the autoencoders, the lowest first, with the weights as they are before any
/// fine-tuning.
pub(crate) fn greedy(
    layers: &Layers<'_>,
    images: Rows<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<Vec<Autoencoder>, Halt> {
    let Layers { network, settings, pretraining, seed } = *layers;
    let mut stack = Vec::with_capacity(network.hidden.len());
    let mut below: Option<Vec<f32>> = None;
    for (number, encoder) in network.hidden.iter().enumerate() {
        let inputs = match &below {
            Some(codes) => Rows::new(codes, encoder.weight.dim(1)?),
            None => images,
        };
        let layer = Layer {
            number,
            autoencoder: Autoencoder::new(encoder.clone(), settings, pretraining, number, seed)?,
            batch_size: settings.batch_size,
            pretraining,
            seed,
        };
        match keeper.fetch_layer(number).map(|kept| layer.adopt(&kept, settings)) {
            Some(losses) => layer.skip(inputs, &losses?, journal)?,
            None => {
                let losses = layer.train(inputs, journal)?;
                keeper.keep_layer(number, || stored::layer_tensors(&layer.autoencoder, &losses))?;
            }
        }
        if number + 1 < network.hidden.len() {
            let encoder = Dense::load(&encoder.weight, &encoder.bias)?;
            below = Some(encoder.codes(inputs, network.activation));
        }
        stack.push(layer.autoencoder.frozen()?);
    }
    Ok(stack)
}

/// A layer in training.
struct Layer<'a> {
    number: usize,
    autoencoder: Autoencoder,
    batch_size: usize,
    pretraining: &'a Pretraining,
    seed: u64,
}

/// How a step is made: by hand wherever the objective has been worked out, else by the graph.
enum Learner<'a> {
    ByHand { step: Box<AutoencoderStep>, penalty: Option<&'a ByHand> },
    Graph { autoencoder: &'a Autoencoder, optimizer: Optimizer, penalty: Option<&'a Penalty> },
}

impl Layer<'_> {
    /// Returns the loss of every epoch.
    fn train(&self, inputs: Rows<'_>, journal: &mut Journal<'_>) -> Result<Vec<f64>, Halt> {
        let mut learner = self.learner(inputs.len())?;
        self.begin(inputs, journal)?;
        let mut losses = Vec::new();
        for epoch in 1..=self.pretraining.epochs {
            let loss = self.epoch(epoch, inputs, &mut learner, journal)?;
            journal.record(&self.curve(), loss);
            losses.push(loss);
            journal.epoch(loss)?;
        }
        journal.end();
        if let Learner::ByHand { step, .. } = learner {
            step.store(&self.autoencoder)?;
        }
        Ok(losses)
    }

    /// Takes the weights of the same layer as another run trained it; returns its losses.
    fn adopt(&self, kept: &Tensors, settings: &Settings) -> Result<Vec<f64>, Halt> {
        let unusable = |damage| Halt::Trouble(format!("layer {}: {damage}", self.number + 1));
        let (mine, settings) = (&self.autoencoder, settings);
        let theirs = stored::layer_from(kept, &mine.encoder, settings, self.pretraining);
        let theirs = theirs.map_err(unusable)?;
        for (mine, theirs) in mine.vars().iter().zip(theirs.vars()) {
            mine.set(theirs.as_tensor())?;
        }
        kept.series(stored::LOSS).map_err(unusable)
    }

    /// Records the training that [`Layer::adopt`] has spared.
    fn skip(
        &self,
        inputs: Rows<'_>,
        losses: &[f64],
        journal: &mut Journal<'_>,
    ) -> Result<(), Halt> {
        self.begin(inputs, journal)?;
        losses.iter().for_each(|&loss| journal.record(&self.curve(), loss));
        journal.end();
        Ok(())
    }

    fn begin(&self, inputs: Rows<'_>, journal: &mut Journal<'_>) -> Result<(), Halt> {
        let (outputs, width) = self.autoencoder.encoder.weight.dims2()?;
        let work = cost::autoencoder_epoch(inputs.len(), width, outputs);
        journal.begin(&format!("layer {}", self.number + 1), self.pretraining.epochs, work);
        Ok(())
    }

    fn curve(&self) -> String {
        format!("layer_{}_loss", self.number + 1)
    }

    fn learner(&self, examples: usize) -> Result<Learner<'_>, Halt> {
        let (autoencoder, rule) = (&self.autoencoder, self.pretraining.optimizer);
        let penalty = self.pretraining.objective.penalty.as_ref();
        match penalty.map(|penalty| &penalty.by_hand) {
            Some(None) => {
                let optimizer = Optimizer::new(rule, autoencoder.vars());
                Ok(Learner::Graph { autoencoder, optimizer, penalty })
            }
            None | Some(Some(_)) => {
                let rows = self.batch_size.min(examples);
                let step = Box::new(AutoencoderStep::load(autoencoder, rule, rows)?);
                let penalty = penalty.and_then(|penalty| penalty.by_hand.as_ref());
                Ok(Learner::ByHand { step, penalty })
            }
        }
    }

    /// One pass over `inputs`; returns the mean objective an example.
    fn epoch(
        &self,
        epoch: u32,
        inputs: Rows<'_>,
        learner: &mut Learner<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<f64, Halt> {
        let counters = [self.number as u64, u64::from(epoch)];
        let mut order = Stream::new(self.seed, "pretraining/order", &counters);
        let batches = batches::shuffled(inputs.len(), self.batch_size, &mut order);
        let mut sum = 0.0;
        for (number, batch) in batches.iter().enumerate() {
            let noise = self.noise(epoch, number);
            let check = |loss| journal.step(number, batches.len(), loss);
            sum += learner.step(inputs, batch, noise, check)? * batch.len() as f64;
        }
        Ok(sum / inputs.len() as f64)
    }

    /// What is done to the batch before the encoder sees it, where the variant corrupts.
    fn noise(&self, epoch: u32, step: usize) -> Option<Noise> {
        let (corruption, severity) = self.pretraining.corruption()?;
        let counters = [self.number as u64, u64::from(epoch), step as u64];
        let stream = Stream::new(self.seed, "pretraining/corruption", &counters);
        Some(Noise { corruption, severity, stream })
    }
}

/// A corruption about to be applied.
struct Noise {
    corruption: &'static Corruption,
    severity: f32,
    stream: Stream,
}

impl Learner<'_> {
    /// A step over the rows of `inputs` that `batch` names; returns the mean objective before it,
    /// having had it checked.
    fn step(
        &mut self,
        inputs: Rows<'_>,
        batch: &[u32],
        noise: Option<Noise>,
        mut check: impl FnMut(f64) -> Result<(), Halt>,
    ) -> Result<f64, Halt> {
        match self {
            Learner::ByHand { step, penalty } => {
                step.gather(inputs, batch);
                if let Some(Noise { corruption, severity, mut stream }) = noise {
                    step.corrupt(corruption, severity, &mut stream);
                }
                let loss = step.objective(*penalty);
                check(loss)?;
                step.descend(*penalty);
                Ok(loss)
            }
            Learner::Graph { autoencoder, optimizer, penalty } => {
                let values = inputs.gather(batch);
                let mut seen = values.clone();
                if let Some(Noise { corruption, severity, mut stream }) = noise {
                    let shape = Shape::flat(inputs.width());
                    corruption.apply(&mut seen, shape, severity, &mut stream);
                }
                let seen = batches::tensor(seen, inputs.width())?;
                let clean = batches::tensor(values, inputs.width())?;
                let loss = autoencoder.objective(&seen, &clean, *penalty)?;
                let value = f64::from(loss.to_scalar::<f32>()?);
                check(value)?;
                optimizer.descend(&loss)?;
                Ok(value)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use ablate_sweep::{Params, RunPlan, Value};

    use super::*;
    use crate::catalog::catalog;
    use crate::variants;

    /// Trains a layer as `variant`, with its penalty by hand or without.
    fn trained(variant: &str, by_hand: Option<()>) -> (Vec<f32>, Vec<f64>) {
        let given: Params = [
            ("variant", Value::Text(variant.into())),
            ("width", Value::Int(12)),
            ("batch_size", Value::Int(8)),
            ("pretraining_epochs", Value::Int(3)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        let trial = Arc::new(catalog().resolve(&given).unwrap());
        let mut settings = Settings::read(&trial.params).unwrap();
        let mut pretraining = settings.pretraining.take().unwrap();
        if by_hand.is_none() {
            // Without a penalty there is nothing to derive, so the graph is asked for by a zero one.
            let penalty = pretraining.objective.penalty.take();
            let graph: variants::Graph = match penalty {
                Some(penalty) => penalty.graph,
                None => Box::new(|pass| pass.code.zeros_like()?.sum_all()),
            };
            pretraining.objective.penalty = Some(Penalty { graph, by_hand: None });
        }
        let mut values = vec![0.0; 60 * 20];
        Stream::new(1, "test/images", &[]).fill_uniform(&mut values);
        let network = Network::new(&settings, 20, 3, 1, candle_core::DType::F32).unwrap();
        let watch = &mut |_: &ablate_sweep::Progress| ControlFlow::Continue(());
        let mut journal = Journal::new(1.0, watch);
        let images = Rows::new(&values, 20);
        let plan = RunPlan::new(trial, 1, "test", "1");
        let layers =
            Layers { network: &network, settings: &settings, pretraining: &pretraining, seed: 1 };
        let mut keeper = Keeper::new(None, &plan);
        let stack = greedy(&layers, images, &mut keeper, &mut journal).unwrap();
        let weights = stack[0].encoder.weight.flatten_all().unwrap().to_vec1().unwrap();
        (weights, journal.into_curves()[0].values.clone())
    }

    #[test]
    fn a_penalty_that_nobody_derived_is_trained_by_its_graph() {
        for variant in variants::ALL {
            let (by_hand, losses) = trained(variant.name, Some(()));
            let (by_graph, graph_losses) = trained(variant.name, None);
            assert_ne!(by_hand, by_graph, "{}: one way was taken twice", variant.name);
            for (found, expected) in by_hand.iter().zip(&by_graph) {
                assert!((found - expected).abs() < 1e-5, "{}: {found}, {expected}", variant.name);
            }
            for (found, expected) in losses.iter().zip(&graph_losses) {
                assert!((found / expected - 1.0).abs() < 1e-5, "{}", variant.name);
            }
        }
    }
}
