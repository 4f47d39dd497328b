//! Fine-tuning, with early stopping on validation: of the whole network to classify (softmax on top,
//! cross-entropy), of a classifier on top of codes that stay as they are, or of a deep autoencoder to
//! reconstruct (Hinton and Salakhutdinov 2006). The same order of examples for every trial with the
//! same seed, so that runs with and without pretraining differ in where they start and in nothing
//! else.

use ablate_data::{Labelled, Stream};

use crate::autoencoder::Autoencoder;
use crate::batches::{self, Rows};
use crate::cost;
use crate::engine::{Evaluation, Misses, NetworkStep, Stack};
use crate::journal::{Halt, Journal};
use crate::network::{Decoder, Network, Route};
use crate::pass::{Aim, pass};
use crate::reconstruction::Reconstruction;
use crate::settings::{Dropout, FineTuning, Settings};

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

/// Fine-tunes `network` as `settings` say, `pretrained` being the autoencoders of its lowest layers,
/// and keeps the weights of the best epoch on validation.
pub(crate) fn fine_tune(
    network: &mut Network,
    pretrained: &[Autoencoder],
    stage: &Stage<'_>,
    journal: &mut Journal<'_>,
) -> Result<Tuned, Halt> {
    let Stage { settings, seed, train, valid } = *stage;
    match settings.fine_tuning {
        FineTuning::Supervised(dropout) => {
            network.decoder = None;
            stage.classifier(&network.classifying(), dropout, journal)
        }
        FineTuning::Frozen { .. } => {
            network.decoder = None;
            let stack = Stack::load(network)?;
            let (train_codes, valid_codes) = (stack.codes(train.images), stack.codes(valid.images));
            let coded = |codes, labels| Examples { images: Rows::new(codes, stack.top()), labels };
            let (train, valid) =
                (coded(&train_codes, train.labels), coded(&valid_codes, valid.labels));
            let stage = Stage { train, valid, ..*stage };
            stage.classifier(&network.head(), Dropout::default(), journal)
        }
        FineTuning::Reconstruction(reconstruction) => {
            if network.decoder.is_none() {
                let decoder = Decoder::of(network, pretrained, reconstruction, settings, seed)?;
                network.decoder = Some(decoder);
            }
            stage.deep_autoencoder(network, reconstruction, journal)
        }
    }
}

/// What fine-tuning works with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stage<'a> {
    pub(crate) settings: &'a Settings,
    /// What is learned from.
    pub(crate) train: Examples<'a>,
    /// What the best epoch is chosen by.
    pub(crate) valid: Examples<'a>,
    pub(crate) seed: u64,
}

impl Stage<'_> {
    /// Trains the layers of `route` to classify. The best epoch has the lowest validation error, the
    /// lowest validation loss among equals.
    fn classifier(
        &self,
        route: &Route<'_>,
        dropout: Dropout,
        journal: &mut Journal<'_>,
    ) -> Result<Tuned, Halt> {
        let Stage { train, valid, .. } = *self;
        let stack = Stack::along(route)?;
        let mut evaluation = Evaluation::new(&stack);
        let step = self.step(stack).with_dropout(dropout);
        let lesson = (train.images, Aim::Labels(train.labels));
        let (kept, tuned) =
            self.best_of_epochs(step, lesson, journal, |trained, stack, journal| {
                let trained = Classification::of(trained, train.images.len());
                let misses = evaluation.classify(stack, valid);
                let validated = Classification::of(misses, valid.images.len());
                journal.record("train_loss", trained.loss);
                journal.record("train_error", trained.error);
                journal.record("valid_loss", validated.loss);
                journal.record("valid_error", validated.error);
                (validated.error, validated.loss)
            })?;
        kept.store(route)?;
        Ok(tuned)
    }

    /// Trains hidden layers and decoder of `network` to reconstruct. The best epoch has the lowest
    /// squared error on validation.
    fn deep_autoencoder(
        &self,
        network: &Network,
        reconstruction: Reconstruction,
        journal: &mut Journal<'_>,
    ) -> Result<Tuned, Halt> {
        let Stage { train, valid, .. } = *self;
        let route = network.autoencoding().expect("the network has a decoder");
        let stack = Stack::along(&route)?;
        let mut evaluation = Evaluation::new(&stack);
        let lesson = (train.images, Aim::Images(reconstruction));
        let step = self.step(stack);
        let (kept, tuned) =
            self.best_of_epochs(step, lesson, journal, |trained, stack, journal| {
                let sum = evaluation.squared_error(stack, valid.images);
                let validated = sum / valid.images.len() as f64;
                journal.record("train_loss", trained.loss / train.images.len() as f64);
                journal.record("valid_squared_error", validated);
                (validated, 0.0)
            })?;
        kept.store(&route)?;
        Ok(tuned)
    }

    fn step(&self, stack: Stack) -> NetworkStep {
        let rows = self.settings.batch_size.min(self.train.images.len());
        let Settings { optimizer, weight_decay, .. } = *self.settings;
        NetworkStep::new(stack, optimizer, rows).with_decay(weight_decay)
    }

    /// Passes over the images until the epochs or the patience end, and returns the weights of the
    /// epoch for which `judge` gave the least, the earliest among equals; `judge` is told what the
    /// epoch missed and sees the weights after it.
    fn best_of_epochs(
        &self,
        mut step: NetworkStep,
        (images, aim): (Rows<'_>, Aim<'_>),
        journal: &mut Journal<'_>,
        mut judge: impl FnMut(Misses, &Stack, &mut Journal<'_>) -> (f64, f64),
    ) -> Result<(Stack, Tuned), Halt> {
        let Stage { settings, seed, .. } = *self;
        let mut kept = step.stack().duplicate();
        let work = cost::pass(&step.stack().shape(), images.len());
        journal.begin("fine-tuning", settings.epochs, work);
        let mut best: Option<((f64, f64), u32)> = None;
        let mut epochs = 0;
        while epochs < settings.epochs {
            epochs += 1;
            let number = u64::from(epochs);
            let mut order = Stream::new(seed, "fine-tuning/order", &[number]);
            let order = batches::shuffled(images.len(), settings.batch_size, &mut order);
            let masks =
                |step: usize| Stream::new(seed, "fine-tuning/dropout", &[number, step as u64]);
            let trained = pass(&mut step, (images, aim), &order, Some(&masks), journal)?;
            let judged = judge(trained, step.stack(), journal);
            journal.epoch(trained.loss / images.len() as f64)?;
            if best.is_none_or(|(so_far, _)| judged < so_far) {
                best = Some((judged, epochs));
                kept.copy_from(step.stack());
            }
            let since = best.map_or(0, |(_, epoch)| epochs - epoch);
            if settings.patience.is_some_and(|patience| since >= patience) {
                break;
            }
        }
        journal.end();
        Ok((kept, Tuned { epochs, best_epoch: best.map_or(0, |(_, epoch)| epoch) }))
    }
}
