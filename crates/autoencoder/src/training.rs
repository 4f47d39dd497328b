//! One run from start to end: the network is drawn, pretrained or not, fine-tuned and scored. The
//! same plan on the same data gives the same bits: every draw is from a stream named by seed and
//! purpose, and all of it happens on the calling thread.

use ablate_data::Dataset;
use ablate_sweep::{Cost, Ending, Failure, FailureKind, Measured, Outcome, Params, RunPlan};
use candle_core::DType;

use crate::cost::{self, Extent};
use crate::finetuning::{self, Examples};
use crate::journal::{Halt, Journal, Watch};
use crate::labels;
use crate::network::Network;
use crate::pretraining;
use crate::probes::{self, Material, Probe, Subject};
use crate::selection::Selection;
use crate::settings::Settings;
use crate::shelf::{Keeper, Shelf};
use crate::stored;

/// Trains `plan` on `dataset` and measures it, by every probe that measures all runs and by those
/// of `requested`, which only add scores; `watch` is told where it stands several times an epoch
/// and may answer `Break` to stop it. Weights are kept on `shelf`, and pretrained layers that are
/// there already are taken from it: they have the bits that training them would give.
///
/// # Errors
/// [`Ending::Interrupted`] if `watch` broke it off, else a failure with its place and the curves up
/// to there.
pub fn train(
    plan: &RunPlan,
    dataset: &Dataset,
    shelf: Option<&dyn Shelf>,
    requested: &[&'static Probe],
    watch: &mut Watch<'_>,
) -> Result<Outcome, Ending> {
    let failed =
        |message, curves| Ending::Failed(Failure { kind: FailureKind::Error, message, curves });
    let settings = Settings::read(&plan.trial.params);
    let settings = settings.map_err(|message| failed(message, Vec::new()))?;
    let run = Run { settings: &settings, dataset, seed: plan.seed, requested };
    loop {
        let mut journal = Journal::new(run.cost().flop, &mut *watch);
        let mut keeper = Keeper::new(shelf, plan);
        let message = match run.execute(&mut keeper, &mut journal) {
            Ok(outcome) => {
                let (curves, artifacts) = (journal.into_curves(), keeper.into_artifacts());
                return Ok(Outcome { curves, artifacts, ..outcome });
            }
            Err(Halt::Ending(ending)) => return Err(ending),
            Err(Halt::Unusable(why)) => {
                tracing::warn!(run = %plan.id, why, "its checkpoint is of another make: it begins again");
                keeper.discard_checkpoints();
                continue;
            }
            Err(Halt::Trouble(message)) => message,
            Err(Halt::Candle(error)) => format!("candle: {error}"),
        };
        return Err(failed(message, journal.into_curves()));
    }
}

/// What a run with `params` is expected to need on a dataset of that many pixels and classes,
/// training images, and validation or test images, measured by `requested` too.
///
/// # Errors
/// A parameter that this version does not know.
pub fn expected_cost(
    params: &Params,
    (pixels, classes): (usize, usize),
    (train, test): (usize, usize),
    requested: &[&'static Probe],
) -> Result<Cost, String> {
    let settings = Settings::read(params)?;
    let examples = settings.train_size.map_or(train, |size| size.min(train));
    Ok(cost::of_run(&settings, (pixels, classes), (examples, test), requested))
}

struct Run<'a> {
    settings: &'a Settings,
    dataset: &'a Dataset,
    seed: u64,
    requested: &'a [&'static Probe],
}

impl Run<'_> {
    fn execute(&self, keeper: &mut Keeper<'_>, journal: &mut Journal<'_>) -> Result<Outcome, Halt> {
        let Run { settings, dataset, seed, .. } = *self;
        let (pixels, classes) = (dataset.train.images.width(), dataset.classes);
        let train = Examples::first(&dataset.train, settings.train_size.unwrap_or(usize::MAX));
        let valid = Examples::all(&dataset.valid);
        let drawn = labels::draw(train, settings, seed);
        let labelled = drawn.examples(train);
        let mut network = Network::new(settings, pixels, classes, seed, DType::F32)?;
        let stage = pretraining::Stage { settings, images: train.images, labelled, classes, seed };
        let stack = pretraining::pretrain(&mut network, &stage, keeper, journal)?;
        let train = labels::learned(settings, train, labelled);
        let test = Examples::all(&dataset.test);
        let spaced = Selection::spaced(test, settings.test_size);
        let test = spaced.examples(test);
        let on = Material { train, valid, test, shape: dataset.test.images.shape(), seed };
        // Now, so that no copy of these weights has to be kept.
        let mut before = Measured::default();
        let initial = Subject::initial(&network, &stack, on)?;
        self.measure(&initial, &mut before, journal)?;
        drop(initial);
        let stage = finetuning::Stage { settings, train, valid, seed };
        let tuned = finetuning::fine_tune(&mut network, stack, &stage, keeper, journal)?;
        let mut found = Measured::default();
        self.measure(&Subject::tuned(&network, on)?, &mut found, journal)?;
        let Measured { scores, profiles } = found.with(before);
        keeper.keep_network(|| stored::network_tensors(&network))?;
        Ok(Outcome {
            scores,
            profiles,
            curves: Vec::new(),
            epochs: tuned.epochs,
            best_epoch: tuned.best_epoch,
            weights_hash: network.hash()?,
            artifacts: Vec::new(),
        })
    }

    fn measure(
        &self,
        subject: &Subject<'_>,
        found: &mut Measured,
        journal: &mut Journal<'_>,
    ) -> Result<(), Halt> {
        let work = cost::scoring_at(subject.moment, &self.extent(), self.requested);
        journal.begin("scoring", 1, work);
        probes::measure(subject, probes::at_training(self.requested), found)?;
        journal.done();
        Ok(())
    }

    fn cost(&self) -> Cost {
        let Extent { inputs, classes, train, .. } = self.extent();
        let counts = (train, self.dataset.test.len());
        cost::of_run(self.settings, (inputs, classes), counts, self.requested)
    }

    fn extent(&self) -> Extent<'_> {
        let Run { settings, dataset, .. } = *self;
        Extent {
            inputs: dataset.train.images.width(),
            widths: &settings.widths,
            classes: dataset.classes,
            train: settings.train_size.unwrap_or(usize::MAX).min(dataset.train.len()),
            test: settings.test_size.unwrap_or(usize::MAX).min(dataset.test.len()),
        }
    }
}

#[cfg(test)]
mod resuming_tests;
#[cfg(test)]
mod sharing_tests;
#[cfg(test)]
mod stages_tests;
#[cfg(test)]
mod tests;
