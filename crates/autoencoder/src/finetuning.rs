//! Supervised fine-tuning of the whole network: softmax on top, cross-entropy, early stopping on
//! validation. The same order of examples for every trial with the same seed, so that runs with and
//! without pretraining differ in where they start and in nothing else.

use ablate_data::{Labelled, Stream};
use candle_core::{D, DType, Device, Tensor};

use crate::batches::{self, EVALUATION_ROWS, Rows};
use crate::cost;
use crate::journal::{Halt, Journal};
use crate::network::Network;
use crate::optimizer::Optimizer;
use crate::settings::Settings;

/// Images and their labels, as far as they are used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Examples<'a> {
    /// The images.
    pub(crate) images: Rows<'a>,
    /// A class each.
    pub(crate) labels: &'a [u8],
}

impl<'a> Examples<'a> {
    /// The first `count` of `labelled`.
    pub(crate) fn first(labelled: &'a Labelled, count: usize) -> Examples<'a> {
        let count = count.min(labelled.len());
        let images = Rows::new(labelled.images.pixels(), labelled.images.width());
        Examples { images: images.first(count), labels: &labelled.labels[..count] }
    }

    /// All of `labelled`.
    pub(crate) fn all(labelled: &'a Labelled) -> Examples<'a> {
        Examples::first(labelled, labelled.len())
    }
}

/// How well a network classifies some examples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Classification {
    /// Share of the examples whose most probable class is not their own.
    pub(crate) error: f64,
    /// Mean cross-entropy in nats.
    pub(crate) loss: f64,
}

/// What fine-tuning came to; the network holds the weights of the best epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tuned {
    pub(crate) epochs: u32,
    pub(crate) best_epoch: u32,
}

/// Fine-tunes `network` on `train` and keeps the weights of the epoch with the lowest validation
/// error, the lowest validation loss among equals, the earliest among those.
pub(crate) fn supervised(
    network: &Network,
    settings: &Settings,
    train: Examples<'_>,
    valid: Examples<'_>,
    seed: u64,
    journal: &mut Journal<'_>,
) -> Result<Tuned, Halt> {
    let mut optimizer = Optimizer::new(settings.optimizer, network.vars());
    let classes = network.output.bias.dim(0)?;
    let work = cost::tuning_epoch(settings, (train.images.width(), classes), train.images.len());
    journal.begin("fine-tuning", settings.epochs, work);
    let mut best: Option<(Classification, u32, Vec<Tensor>)> = None;
    let mut epochs = 0;
    while epochs < settings.epochs {
        epochs += 1;
        let mut order = Stream::new(seed, "fine-tuning/order", &[u64::from(epochs)]);
        let order = batches::shuffled(train.images.len(), settings.batch_size, &mut order);
        let trained = epoch(network, train, &order, &mut optimizer, journal)?;
        let validated = classify(network, valid)?;
        journal.record("train_loss", trained.loss);
        journal.record("train_error", trained.error);
        journal.record("valid_loss", validated.loss);
        journal.record("valid_error", validated.error);
        journal.epoch(trained.loss)?;
        let better = best.as_ref().is_none_or(|(so_far, ..)| {
            (validated.error, validated.loss) < (so_far.error, so_far.loss)
        });
        if better {
            best = Some((validated, epochs, network.snapshot()?));
        }
        let since = best.as_ref().map_or(0, |(_, epoch, _)| epochs - epoch);
        if settings.patience.is_some_and(|patience| since >= patience) {
            break;
        }
    }
    journal.end();
    let Some((_, best_epoch, weights)) = best else { return Ok(Tuned { epochs, best_epoch: 0 }) };
    network.restore(&weights)?;
    Ok(Tuned { epochs, best_epoch })
}

/// One pass over `train` in the given order. Error and loss are those of each batch before its step.
fn epoch(
    network: &Network,
    train: Examples<'_>,
    order: &[Vec<u32>],
    optimizer: &mut Optimizer,
    journal: &mut Journal<'_>,
) -> Result<Classification, Halt> {
    let (mut wrong, mut sum) = (0.0, 0.0);
    for (step, batch) in order.iter().enumerate() {
        let images = batches::tensor(train.images.gather(batch), train.images.width())?;
        let labels: Vec<u8> = batch.iter().map(|&row| train.labels[row as usize]).collect();
        let targets = targets(&labels)?;
        let logits = network.logits(&images)?;
        let loss = candle_nn::loss::cross_entropy(&logits, &targets)?;
        let value = f64::from(loss.to_scalar::<f32>()?);
        journal.step(step, order.len(), value)?;
        optimizer.descend(&loss)?;
        wrong += count_wrong(&logits, &targets)?;
        sum += value * batch.len() as f64;
    }
    let examples = train.images.len() as f64;
    Ok(Classification { error: wrong / examples, loss: sum / examples })
}

/// Error and loss of `network` on `examples`.
pub(crate) fn classify(network: &Network, examples: Examples<'_>) -> Result<Classification, Halt> {
    score(examples.images, examples.labels, |images| network.logits(images))
}

/// Error and loss of the logits that `logits` gives for `inputs`, a batch at a time.
pub(crate) fn score(
    inputs: Rows<'_>,
    labels: &[u8],
    mut logits: impl FnMut(&Tensor) -> candle_core::Result<Tensor>,
) -> Result<Classification, Halt> {
    let (mut wrong, mut sum) = (0.0, 0.0);
    for (batch, labels) in inputs.tensors(EVALUATION_ROWS).zip(labels.chunks(EVALUATION_ROWS)) {
        let (logits, targets) = (logits(&batch?)?.detach(), targets(labels)?);
        let loss = candle_nn::loss::cross_entropy(&logits, &targets)?;
        sum += f64::from(loss.to_scalar::<f32>()?) * labels.len() as f64;
        wrong += count_wrong(&logits, &targets)?;
    }
    let examples = labels.len() as f64;
    Ok(Classification { error: wrong / examples, loss: sum / examples })
}

/// Labels as Candle's losses take them.
pub(crate) fn targets(labels: &[u8]) -> candle_core::Result<Tensor> {
    let labels: Vec<u32> = labels.iter().map(|&label| u32::from(label)).collect();
    let count = labels.len();
    Tensor::from_vec(labels, count, &Device::Cpu)
}

fn count_wrong(logits: &Tensor, targets: &Tensor) -> candle_core::Result<f64> {
    let wrong = logits.argmax(D::Minus1)?.ne(targets)?.to_dtype(DType::F32)?.sum_all()?;
    Ok(f64::from(wrong.to_scalar::<f32>()?))
}
