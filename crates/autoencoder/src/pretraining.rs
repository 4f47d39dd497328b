//! Greedy layer-wise pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as an autoencoder of its variant on the clean codes of the layers below.

use ablate_data::Stream;

use crate::autoencoder::Autoencoder;
use crate::batches::{self, Rows};
use crate::cost;
use crate::engine::Dense;
use crate::journal::{Halt, Journal};
use crate::learner::{self, Batch, Learner, Moment, Start};
use crate::network::Network;
use crate::settings::{Pretraining, Settings};
use crate::shelf::Keeper;
use crate::stored;
use crate::tensors::Tensors;

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

impl Layer<'_> {
    /// Returns the loss of every epoch.
    fn train(&self, inputs: Rows<'_>, journal: &mut Journal<'_>) -> Result<Vec<f64>, Halt> {
        let Pretraining { objective, optimizer, .. } = self.pretraining;
        let rows = self.batch_size.min(inputs.len());
        let start = Start { rule: *optimizer, rows, seed: self.seed, layer: self.number };
        let mut learner = learner::learner(objective.as_ref(), &self.autoencoder, &start)?;
        self.begin(inputs, journal)?;
        let mut losses = Vec::new();
        for epoch in 1..=self.pretraining.epochs {
            let loss = self.epoch(epoch, inputs, learner.as_mut(), journal)?;
            journal.record(&self.curve(), loss);
            losses.push(loss);
            journal.epoch(loss)?;
        }
        journal.end();
        learner.store()?;
        Ok(losses)
    }

    /// Takes the weights of the same layer as another run trained it; returns its losses.
    fn adopt(&self, kept: &Tensors, settings: &Settings) -> Result<Vec<f64>, Halt> {
        let unusable = |damage| Halt::Trouble(format!("layer {}: {damage}", self.number + 1));
        let (mine, settings) = (&self.autoencoder, settings);
        let like = (self.number, &mine.encoder);
        let theirs = stored::layer_from(kept, like, settings, self.pretraining);
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

    /// One pass over `inputs`; returns the mean objective an example.
    fn epoch(
        &self,
        epoch: u32,
        inputs: Rows<'_>,
        learner: &mut dyn Learner,
        journal: &mut Journal<'_>,
    ) -> Result<f64, Halt> {
        let Layer { number: layer, seed, .. } = *self;
        let counters = [layer as u64, u64::from(epoch)];
        let mut order = Stream::new(seed, "pretraining/order", &counters);
        let batches = batches::shuffled(inputs.len(), self.batch_size, &mut order);
        let mut sum = 0.0;
        for (step, which) in batches.iter().enumerate() {
            let moment = Moment { seed, layer, epoch, epochs: self.pretraining.epochs, step };
            let loss = learner.objective(Batch { inputs, which }, &moment)?;
            journal.step(step, batches.len(), loss)?;
            learner.descend()?;
            sum += loss * which.len() as f64;
        }
        Ok(sum / inputs.len() as f64)
    }
}
