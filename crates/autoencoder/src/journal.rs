//! What a training says of itself while it runs: curves, the share of work done, divergence, and
//! whether it has been asked to stop.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use ablate_sweep::{Curve, Ending, Failure, FailureKind, Progress};

use crate::tensors::{Damage, Tensors};

/// How long a training is silent within an epoch: a stop is heard after that, and reporting costs
/// nothing. Time decides when to report and nothing else, so it cannot touch a bit. Tests are told of
/// every step, so that they can stop at any.
const SILENCE: Duration = Duration::from_millis(if cfg!(test) { 0 } else { 200 });

/// What the names of saved curves begin with.
const CURVE: &str = "curve.";

/// Why a training ended before its time.
#[derive(Debug)]
pub(crate) enum Halt {
    /// It failed or was interrupted.
    Ending(Ending),
    /// Something around it went wrong.
    Trouble(String),
    /// Candle refused; always a fault of this program.
    Candle(candle_core::Error),
    /// The checkpoint is whole, and not one of this training.
    Unusable(String),
}

impl From<candle_core::Error> for Halt {
    fn from(error: candle_core::Error) -> Halt {
        Halt::Candle(error)
    }
}

/// The ear that a training talks to: told where it stands, it may answer `Break`.
pub type Watch<'a> = dyn FnMut(&Progress) -> ControlFlow<()> + 'a;

/// Collects curves and passes progress on.
pub(crate) struct Journal<'a> {
    watch: &'a mut Watch<'a>,
    curves: Vec<Curve>,
    /// Work of the whole run and of what is behind us, in floating-point operations.
    total: f64,
    behind: f64,
    stage: String,
    epochs: u32,
    epoch_work: f64,
    epoch: u32,
    reported: Instant,
}

impl<'a> Journal<'a> {
    pub(crate) fn new(total: f64, watch: &'a mut Watch<'a>) -> Journal<'a> {
        Journal {
            watch,
            curves: Vec::new(),
            total: total.max(1.0),
            behind: 0.0,
            stage: String::new(),
            epochs: 0,
            epoch_work: 0.0,
            epoch: 0,
            reported: Instant::now(),
        }
    }

    /// Begins a stage of `epochs` epochs, each of `epoch_work` floating-point operations.
    pub(crate) fn begin(&mut self, stage: &str, epochs: u32, epoch_work: f64) {
        stage.clone_into(&mut self.stage);
        (self.epochs, self.epoch_work, self.epoch) = (epochs, epoch_work, 0);
    }

    /// After a step: its loss must be finite, and a stop may have been asked for.
    pub(crate) fn step(&mut self, step: usize, steps: usize, loss: f64) -> Result<(), Halt> {
        if !loss.is_finite() {
            return Err(self.diverged(step + 1, loss));
        }
        if self.reported.elapsed() >= SILENCE {
            let share = (step + 1) as f64 / steps as f64;
            self.report(self.epoch + 1, self.behind + share * self.epoch_work, loss)?;
        }
        Ok(())
    }

    /// After an epoch with mean training loss `loss`.
    pub(crate) fn epoch(&mut self, loss: f64) -> Result<(), Halt> {
        self.epoch += 1;
        self.behind += self.epoch_work;
        self.report(self.epoch, self.behind, loss)
    }

    /// The stage, which has no epochs of its own, is done.
    pub(crate) fn done(&mut self) {
        self.behind += self.epoch_work;
    }

    /// The stage has ended, with epochs to spare perhaps: their work falls away.
    pub(crate) fn end(&mut self) {
        self.total -= f64::from(self.epochs - self.epoch) * self.epoch_work;
    }

    /// Adds a point to the curve `name`.
    pub(crate) fn record(&mut self, name: &str, value: f64) {
        match self.curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => curve.values.push(value),
            None => self.curves.push(Curve { name: name.to_owned(), values: vec![value] }),
        }
    }

    /// The points of the curve `name` so far.
    pub(crate) fn curve(&self, name: &str) -> Vec<f64> {
        let found = self.curves.iter().find(|curve| curve.name == name);
        found.map(|curve| curve.values.clone()).unwrap_or_default()
    }

    /// Puts away everything recorded.
    pub(crate) fn save(&self, into: &mut Tensors) {
        for (number, curve) in self.curves.iter().enumerate() {
            // The number keeps their order.
            into.put_series(&format!("{CURVE}{number:03}.{}", curve.name), &curve.values);
        }
    }

    /// Takes up what was recorded when `epochs` epochs of the stage that has just begun were behind.
    ///
    /// # Errors
    /// If that is not what was saved.
    pub(crate) fn restore(&mut self, from: &Tensors, epochs: u32) -> Result<(), Damage> {
        let saved = from.names().filter_map(|name| {
            let (_, curve) = name.strip_prefix(CURVE)?.split_once('.')?;
            Some((name, curve.to_owned()))
        });
        let curves = saved.map(|(key, name)| Ok(Curve { name, values: from.series(key)? }));
        self.curves = curves.collect::<Result<_, Damage>>()?;
        self.epoch = epochs;
        self.behind += f64::from(epochs) * self.epoch_work;
        Ok(())
    }

    /// Everything recorded.
    pub(crate) fn into_curves(self) -> Vec<Curve> {
        self.curves
    }

    fn report(&mut self, epoch: u32, work: f64, loss: f64) -> Result<(), Halt> {
        let progress = Progress {
            stage: self.stage.clone(),
            epoch,
            epochs: self.epochs,
            done: (work / self.total).clamp(0.0, 1.0),
            loss,
        };
        self.reported = Instant::now();
        match (self.watch)(&progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Halt::Ending(Ending::Interrupted)),
        }
    }

    fn diverged(&mut self, step: usize, loss: f64) -> Halt {
        let message = format!(
            "{}, epoch {}, step {step}: the loss became {loss}",
            self.stage,
            self.epoch + 1
        );
        let curves = std::mem::take(&mut self.curves);
        Halt::Ending(Ending::Failed(Failure { kind: FailureKind::Diverged, message, curves }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_has_one_number_while_it_is_under_way_and_at_its_end() {
        let mut told = Vec::new();
        let mut watch = |progress: &Progress| {
            told.push((progress.epoch, progress.loss));
            ControlFlow::Continue(())
        };
        let mut journal = Journal::new(2.0, &mut watch);
        journal.begin("fine-tuning", 2, 1.0);
        for loss in [0.5, 0.25] {
            journal.step(0, 2, loss).unwrap();
            journal.epoch(loss).unwrap();
        }
        assert_eq!(told, [(1, 0.5), (1, 0.5), (2, 0.25), (2, 0.25)]);
    }
}
