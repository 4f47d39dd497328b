//! The training of one layer as an autoencoder of its variant, or its adoption from another run that
//! has trained the same.

use ablate_data::Stream;

use crate::autoencoder::Autoencoder;
use crate::batches::{self, Rows};
use crate::cost;
use crate::journal::{Halt, Journal};
use crate::learner::{self, Batch, Learner, Moment, Start};
use crate::settings::{LayerPretraining, Settings};
use crate::stored;
use crate::tensors::Tensors;

/// A layer in training.
pub(super) struct Layer<'a> {
    /// Its place, counted from 0.
    pub(super) number: usize,
    pub(super) autoencoder: Autoencoder,
    pub(super) batch_size: usize,
    pub(super) pretraining: &'a LayerPretraining,
    pub(super) seed: u64,
}

impl Layer<'_> {
    /// Returns the loss of every epoch.
    pub(super) fn train(
        &self,
        inputs: Rows<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Vec<f64>, Halt> {
        let LayerPretraining { objective, optimizer, .. } = self.pretraining;
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
    pub(super) fn adopt(&self, kept: &Tensors, settings: &Settings) -> Result<Vec<f64>, Halt> {
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
    pub(super) fn skip(
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
