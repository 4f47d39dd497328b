//! The training of one layer as an autoencoder of its variant, or its adoption from another run that
//! has trained the same.

use ablate_data::Stream;

use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::engine::Misses;
use crate::journal::{Halt, Journal};
use crate::learner::{self, Batch, Learner, Moment, Start};
use crate::settings::{LayerPretraining, Settings};
use crate::shelf::Keeper;
use crate::stage::{Place, Stage, Trainee};
use crate::stored;
use crate::tensors::{Damage, Tensors};

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
        keeper: &mut Keeper<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Vec<f64>, Halt> {
        let LayerPretraining { objective, optimizer, epochs, .. } = self.pretraining;
        let Layer { number, batch_size, seed, .. } = *self;
        let rows = batch_size.min(inputs.len());
        let start = Start { rule: *optimizer, rows, seed, layer: number };
        let learner = learner::learner(objective.as_ref(), &self.autoencoder, &start)?;
        let mut learning = Learning { layer: self, learner, inputs };
        let order =
            |epoch: u32| Stream::new(seed, "pretraining/order", &[number as u64, u64::from(epoch)]);
        let stage = Stage {
            name: &self.name(),
            examples: inputs.len(),
            batch_size,
            epochs: *epochs,
            work: self.work(inputs)?,
            order: &order,
        };
        stage.run(&mut learning, keeper, journal)?;
        learning.learner.store()?;
        Ok(journal.curve(&self.curve()))
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
        journal.begin(&self.name(), self.pretraining.epochs, self.work(inputs)?);
        losses.iter().for_each(|&loss| journal.record(&self.curve(), loss));
        journal.end();
        Ok(())
    }

    fn name(&self) -> String {
        format!("layer {}", self.number + 1)
    }

    /// Floating-point operations of an epoch.
    fn work(&self, inputs: Rows<'_>) -> candle_core::Result<f64> {
        let (outputs, width) = self.autoencoder.encoder.weight.dims2()?;
        Ok(inputs.len() as f64 * self.pretraining.objective.work(width, outputs))
    }

    fn curve(&self) -> String {
        format!("layer_{}_loss", self.number + 1)
    }
}

/// A layer, and how it learns.
struct Learning<'a> {
    layer: &'a Layer<'a>,
    learner: Box<dyn Learner + 'a>,
    inputs: Rows<'a>,
}

impl Trainee for Learning<'_> {
    fn step(&mut self, which: &[u32], at: Place) -> Result<Misses, Halt> {
        let Layer { number: layer, seed, pretraining, .. } = *self.layer;
        let Place { epoch, step } = at;
        let moment = Moment { seed, layer, epoch, epochs: pretraining.epochs, step };
        let loss = self.learner.objective(Batch { inputs: self.inputs, which }, &moment)?;
        self.learner.descend()?;
        Ok(Misses { loss: loss * which.len() as f64, wrong: 0 })
    }

    fn conclude(
        &mut self,
        _epoch: u32,
        missed: Misses,
        journal: &mut Journal<'_>,
    ) -> candle_core::Result<()> {
        journal.record(&self.layer.curve(), missed.loss / self.inputs.len() as f64);
        Ok(())
    }

    fn save(&self, into: &mut Tensors) -> candle_core::Result<()> {
        self.learner.save(into)
    }

    fn restore(&mut self, from: &Tensors) -> Result<(), Damage> {
        self.learner.restore(from)
    }
}
