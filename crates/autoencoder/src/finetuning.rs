//! Fine-tuning, with early stopping on validation: of the whole network to classify (softmax on top,
//! cross-entropy), of a classifier on top of codes that stay as they are, or of a deep autoencoder to
//! reconstruct (Hinton and Salakhutdinov 2006). The same order of examples for every trial with the
//! same seed, so that runs with and without pretraining differ in where they start and in nothing
//! else.

use ablate_data::{Labelled, Stream};

use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::cost;
use crate::engine::{Evaluation, Misses, NetworkStep, Stack, State};
use crate::journal::{Halt, Journal};
use crate::network::{Decoder, Network, Route};
use crate::pass::{Aim, Lesson};
use crate::reconstruction::Reconstruction;
use crate::settings::{Dropout, FineTuning, Settings};
use crate::shelf::Keeper;
use crate::stage::{self, Place, Trainee};
use crate::tensors::{Damage, Tensors};

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
/// and leaves it with the weights of the best epoch on validation.
pub(crate) fn fine_tune(
    network: &mut Network,
    pretrained: Vec<Autoencoder>,
    stage: &Stage<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<Tuned, Halt> {
    let Stage { settings, seed, train, valid } = *stage;
    match settings.fine_tuning {
        FineTuning::Supervised(dropout) => {
            network.decoder = None;
            stage.classifier(&network.classifying(), dropout, keeper, journal)
        }
        FineTuning::Frozen { .. } => {
            network.decoder = None;
            let stack = Stack::load(network)?;
            let (train_codes, valid_codes) = (stack.codes(train.images), stack.codes(valid.images));
            let coded = |codes, labels| Examples { images: Rows::new(codes, stack.top()), labels };
            let (train, valid) =
                (coded(&train_codes, train.labels), coded(&valid_codes, valid.labels));
            let stage = Stage { train, valid, ..*stage };
            stage.classifier(&network.head(), Dropout::default(), keeper, journal)
        }
        FineTuning::Reconstruction(reconstruction) => {
            if network.decoder.is_none() {
                let decoder = Decoder::of(network, &pretrained, reconstruction, settings, seed)?;
                network.decoder = Some(decoder);
            }
            drop(pretrained);
            stage.deep_autoencoder(network, reconstruction, keeper, journal)
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
        keeper: &mut Keeper<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Tuned, Halt> {
        let Stage { train, valid, .. } = *self;
        let stack = Stack::along(route)?;
        let mut evaluation = Evaluation::new(&stack);
        let step = self.step(stack).with_dropout(dropout);
        let lesson = (train.images, Aim::Labels(train.labels));
        self.best_of_epochs((step, route), lesson, (keeper, journal), |trained, stack, journal| {
            let trained = Classification::of(trained, train.images.len());
            let misses = evaluation.classify(stack, valid);
            let validated = Classification::of(misses, valid.images.len());
            journal.record("train_loss", trained.loss);
            journal.record("train_error", trained.error);
            journal.record("valid_loss", validated.loss);
            journal.record("valid_error", validated.error);
            (validated.error, validated.loss)
        })
    }

    /// Trains hidden layers and decoder of `network` to reconstruct. The best epoch has the lowest
    /// squared error on validation.
    fn deep_autoencoder(
        &self,
        network: &Network,
        reconstruction: Reconstruction,
        keeper: &mut Keeper<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Tuned, Halt> {
        let Stage { train, valid, .. } = *self;
        let route = network.autoencoding().expect("the network has a decoder");
        let stack = Stack::along(&route)?;
        let mut evaluation = Evaluation::new(&stack);
        let lesson = (train.images, Aim::Images(reconstruction));
        let step = self.step(stack);
        self.best_of_epochs((step, &route), lesson, (keeper, journal), |trained, stack, journal| {
            let sum = evaluation.squared_error(stack, valid.images);
            let validated = sum / valid.images.len() as f64;
            journal.record("train_loss", trained.loss / train.images.len() as f64);
            journal.record("valid_squared_error", validated);
            (validated, 0.0)
        })
    }

    fn step(&self, stack: Stack) -> NetworkStep {
        let rows = self.settings.batch_size.min(self.train.images.len());
        let Settings { optimizer, weight_decay, .. } = *self.settings;
        NetworkStep::new(stack, optimizer, rows).with_decay(weight_decay)
    }

    /// Passes over the images until the epochs or the patience end, and leaves the layers of `route`,
    /// which `step` began with, with the weights of the epoch for which `judge` gave the least, the
    /// earliest among equals; `judge` is told what the epoch missed and sees the weights after it.
    fn best_of_epochs(
        &self,
        (step, route): (NetworkStep, &Route<'_>),
        (images, aim): (Rows<'_>, Aim<'_>),
        (keeper, journal): (&mut Keeper<'_>, &mut Journal<'_>),
        judge: impl FnMut(Misses, &Stack, &mut Journal<'_>) -> (f64, f64),
    ) -> Result<Tuned, Halt> {
        let Stage { settings, seed, .. } = *self;
        let masks = |Place { epoch, step }: Place| {
            Stream::new(seed, "fine-tuning/dropout", &[u64::from(epoch), step as u64])
        };
        let order = |epoch: u32| Stream::new(seed, "fine-tuning/order", &[u64::from(epoch)]);
        let stage = stage::Stage {
            name: "fine-tuning",
            examples: images.len(),
            batch_size: settings.batch_size,
            epochs: settings.epochs,
            work: cost::pass(&step.stack().shape(), images.len()),
            order: &order,
        };
        let mut trainee = BestOfEpochs {
            kept: route,
            best: None,
            patience: settings.patience,
            judge,
            lesson: Lesson { step, images, aim, masks: Some(&masks) },
        };
        let epochs = stage.run(&mut trainee, keeper, journal)?;
        let best_epoch = trainee.best.map_or(0, |(_, epoch)| epoch);
        Ok(Tuned { epochs, best_epoch })
    }
}

/// A lesson of which the weights of the best epoch are kept.
struct BestOfEpochs<'a, J> {
    lesson: Lesson<'a>,
    judge: J,
    patience: Option<u32>,
    /// Where the weights of the best epoch are kept: in the network that they are for.
    kept: &'a Route<'a>,
    /// What the judge said of the best epoch, and its number.
    best: Option<((f64, f64), u32)>,
}

/// What the best epoch is called where it is put away.
const BEST: &str = "best";

impl<J> Trainee for BestOfEpochs<'_, J>
where
    J: FnMut(Misses, &Stack, &mut Journal<'_>) -> (f64, f64),
{
    fn step(&mut self, which: &[u32], at: Place) -> Result<Misses, Halt> {
        Ok(self.lesson.step(which, at))
    }

    fn conclude(
        &mut self,
        epoch: u32,
        missed: Misses,
        journal: &mut Journal<'_>,
    ) -> candle_core::Result<()> {
        let stack = self.lesson.step.stack();
        let judged = (self.judge)(missed, stack, journal);
        if self.best.is_none_or(|(so_far, _)| judged < so_far) {
            self.best = Some((judged, epoch));
            stack.store(self.kept)?;
        }
        Ok(())
    }

    fn has_enough(&self, epoch: u32) -> bool {
        let since = self.best.map_or(0, |(_, best)| epoch - best);
        self.patience.is_some_and(|patience| since >= patience)
    }

    fn save(&self, into: &mut Tensors) -> candle_core::Result<()> {
        self.lesson.save(into);
        Stack::along(self.kept)?.save("kept", into);
        if let Some(((first, second), epoch)) = self.best {
            into.put_series(BEST, &[first, second, f64::from(epoch)]);
        }
        Ok(())
    }

    fn restore(&mut self, from: &Tensors) -> Result<(), Damage> {
        self.lesson.restore(from)?;
        let mut kept = Stack::along(self.kept)?;
        kept.restore("kept", from)?;
        kept.store(self.kept)?;
        if from.has(BEST)
            && let [first, second, epoch] = from.series(BEST)?[..]
        {
            self.best = Some(((first, second), epoch as u32));
        }
        Ok(())
    }
}
