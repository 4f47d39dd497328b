//! Greedy layer-wise pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as an autoencoder of its variant on the clean codes of the layers below.

use ablate_data::{Shape, Stream};
use candle_core::Tensor;

use crate::autoencoder::Autoencoder;
use crate::batches::{self, EVALUATION_ROWS, Rows};
use crate::cost;
use crate::journal::{Halt, Journal};
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::settings::{Pretraining, Settings};

/// Trains the hidden layers of `network` on `images` and leaves them in place. Returns the
/// autoencoders, the lowest first, with the weights as they are before any fine-tuning.
pub(crate) fn greedy(
    network: &Network,
    settings: &Settings,
    pretraining: &Pretraining,
    images: Rows<'_>,
    seed: u64,
    journal: &mut Journal<'_>,
) -> Result<Vec<Autoencoder>, Halt> {
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
        layer.train(inputs, journal)?;
        if number + 1 < network.hidden.len() {
            below = Some(codes(&layer.autoencoder, inputs)?);
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
    fn train(&self, inputs: Rows<'_>, journal: &mut Journal<'_>) -> Result<(), Halt> {
        let mut optimizer = Optimizer::new(self.pretraining.optimizer, self.autoencoder.vars());
        let (outputs, width) = self.autoencoder.encoder.weight.dims2()?;
        let work = cost::autoencoder_epoch(inputs.len(), width, outputs);
        let (stage, curve) =
            (format!("layer {}", self.number + 1), format!("layer_{}_loss", self.number + 1));
        journal.begin(&stage, self.pretraining.epochs, work);
        for epoch in 1..=self.pretraining.epochs {
            let loss = self.epoch(epoch, inputs, &mut optimizer, journal)?;
            journal.record(&curve, loss);
            journal.epoch(loss)?;
        }
        journal.end();
        Ok(())
    }

    /// One pass over `inputs`; returns the mean objective an example.
    fn epoch(
        &self,
        epoch: u32,
        inputs: Rows<'_>,
        optimizer: &mut Optimizer,
        journal: &mut Journal<'_>,
    ) -> Result<f64, Halt> {
        let counters = [self.number as u64, u64::from(epoch)];
        let mut order = Stream::new(self.seed, "pretraining/order", &counters);
        let batches = batches::shuffled(inputs.len(), self.batch_size, &mut order);
        let mut sum = 0.0;
        for (step, batch) in batches.iter().enumerate() {
            let values = inputs.gather(batch);
            let seen = self.corrupted(&values, inputs.width(), epoch, step)?;
            let clean = batches::tensor(values, inputs.width())?;
            let penalty = self.pretraining.objective.penalty.as_ref();
            let seen = seen.as_ref().unwrap_or(&clean);
            let loss = self.autoencoder.objective(seen, &clean, penalty)?;
            let value = f64::from(loss.to_scalar::<f32>()?);
            journal.step(step, batches.len(), value)?;
            optimizer.descend(&loss)?;
            sum += value * batch.len() as f64;
        }
        Ok(sum / inputs.len() as f64)
    }

    /// The batch as the encoder sees it, where the variant corrupts.
    fn corrupted(
        &self,
        clean: &[f32],
        width: usize,
        epoch: u32,
        step: usize,
    ) -> Result<Option<Tensor>, Halt> {
        let Some((corruption, severity)) = self.pretraining.corruption() else { return Ok(None) };
        let counters = [self.number as u64, u64::from(epoch), step as u64];
        let mut stream = Stream::new(self.seed, "pretraining/corruption", &counters);
        let mut seen = clean.to_vec();
        corruption.apply(&mut seen, Shape::flat(width), severity, &mut stream);
        Ok(Some(batches::tensor(seen, width)?))
    }
}

/// Clean codes of all `inputs`, row by row.
fn codes(autoencoder: &Autoencoder, inputs: Rows<'_>) -> Result<Vec<f32>, Halt> {
    let mut codes = Vec::with_capacity(inputs.len() * autoencoder.encoder.weight.dim(0)?);
    for batch in inputs.tensors(EVALUATION_ROWS) {
        codes.extend(autoencoder.encode(&batch?)?.detach().flatten_all()?.to_vec1::<f32>()?);
    }
    Ok(codes)
}
