//! Supervised fine-tuning of the whole network: softmax on top, cross-entropy, early stopping on
//! validation. The same order of examples for every trial with the same seed, so that runs with and
//! without pretraining differ in where they start and in nothing else.

use ablate_data::{Labelled, Stream};

use crate::batches::{self, Rows};
use crate::cost;
use crate::engine::{Evaluation, Misses, NetworkStep, Stack};
use crate::journal::{Halt, Journal};
use crate::network::Network;
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

impl Classification {
    /// From what `examples` examples missed.
    pub(crate) fn of(misses: Misses, examples: usize) -> Classification {
        let count = examples as f64;
        Classification { error: misses.wrong as f64 / count, loss: misses.loss / count }
    }
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
    let stack = Stack::load(network)?;
    let (mut kept, mut evaluation) = (stack.duplicate(), Evaluation::new(&stack));
    let rows = settings.batch_size.min(train.images.len());
    let mut step = NetworkStep::new(stack, settings.optimizer, rows);
    let classes = network.output.bias.dim(0)?;
    let work = cost::tuning_epoch(settings, (train.images.width(), classes), train.images.len());
    journal.begin("fine-tuning", settings.epochs, work);
    let mut best: Option<(Classification, u32)> = None;
    let mut epochs = 0;
    while epochs < settings.epochs {
        epochs += 1;
        let mut order = Stream::new(seed, "fine-tuning/order", &[u64::from(epochs)]);
        let order = batches::shuffled(train.images.len(), settings.batch_size, &mut order);
        let trained = epoch(&mut step, train, &order, journal)?;
        let misses = evaluation.classify(step.stack(), valid);
        let validated = Classification::of(misses, valid.images.len());
        journal.record("train_loss", trained.loss);
        journal.record("train_error", trained.error);
        journal.record("valid_loss", validated.loss);
        journal.record("valid_error", validated.error);
        journal.epoch(trained.loss)?;
        let better = best.is_none_or(|(so_far, _)| {
            (validated.error, validated.loss) < (so_far.error, so_far.loss)
        });
        if better {
            best = Some((validated, epochs));
            kept.copy_from(step.stack());
        }
        let since = best.map_or(0, |(_, epoch)| epochs - epoch);
        if settings.patience.is_some_and(|patience| since >= patience) {
            break;
        }
    }
    journal.end();
    kept.store(network)?;
    Ok(Tuned { epochs, best_epoch: best.map_or(0, |(_, epoch)| epoch) })
}

/// One pass over `train` in the given order. Error and loss are those of each batch before its step.
fn epoch(
    step: &mut NetworkStep,
    train: Examples<'_>,
    order: &[Vec<u32>],
    journal: &mut Journal<'_>,
) -> Result<Classification, Halt> {
    let mut sum = Misses::default();
    for (number, batch) in order.iter().enumerate() {
        let found = step.forward(train, batch);
        journal.step(number, order.len(), found.loss / batch.len() as f64)?;
        step.descend();
        sum = Misses { loss: sum.loss + found.loss, wrong: sum.wrong + found.wrong };
    }
    Ok(Classification::of(sum, train.images.len()))
}
