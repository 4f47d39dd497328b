//! A stage of training: epochs of steps over examples in an order drawn anew every epoch. It can be
//! broken off between any two steps and taken up again, by another process on another day, to the same
//! bits: what it must have is saved as it is, and every random draw is named by seed, purpose, epoch and
//! step, so that there is no generator to save.

use ablate_data::Stream;
use ablate_sweep::Ending;

use crate::batches;
use crate::engine::Misses;
use crate::journal::{Halt, Journal};
use crate::shelf::Keeper;
use crate::simd::simd;
use crate::tensors::{Damage, Tensors};

/// What a stage trains.
pub(crate) trait Trainee {
    /// One step, over the examples `which`. Returns what they missed before it, summed.
    fn step(&mut self, which: &[u32], at: Place) -> Result<Misses, Halt>;

    /// After epoch number `epoch`, whose batches missed `missed` in sum: records it.
    fn conclude(
        &mut self,
        epoch: u32,
        missed: Misses,
        journal: &mut Journal<'_>,
    ) -> candle_core::Result<()>;

    /// Whether no epoch is to follow number `epoch`, which may be 0, though there are some left.
    fn has_enough(&self, _epoch: u32) -> bool {
        false
    }

    /// Puts away what the next step depends on.
    fn save(&self, into: &mut Tensors) -> candle_core::Result<()>;

    /// Takes it up again.
    ///
    /// # Errors
    /// If it was saved by a trainee of another make.
    fn restore(&mut self, from: &Tensors) -> Result<(), Damage>;
}

/// Where a step stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Counted from 1.
    pub(crate) epoch: u32,
    /// Counted from 0 in every epoch.
    pub(crate) step: usize,
}

/// A stage about to begin, or to go on.
pub(crate) struct Stage<'a> {
    /// Unlike that of any other stage of the run.
    pub(crate) name: &'a str,
    pub(crate) examples: usize,
    pub(crate) batch_size: usize,
    pub(crate) epochs: u32,
    /// Floating-point operations of an epoch.
    pub(crate) work: f64,
    /// The stream of the order of the examples in the epoch of that number.
    pub(crate) order: &'a dyn Fn(u32) -> Stream,
}

/// What begins the name of the tensor that says by which vectors a checkpoint was come to: going on by
/// others would end in bits that no processor gives.
const VECTORS: &str = "simd.";

/// How far a stage is.
#[derive(Clone, Copy, Debug)]
struct Progress {
    next: Place,
    /// What the steps of this epoch have missed so far.
    missed: Misses,
}

impl Stage<'_> {
    /// Trains `trainee` from where the run was broken off in this stage, or from the start. Returns how
    /// many epochs there were. Where it is broken off, `keeper` keeps how far it is.
    pub(crate) fn run(
        &self,
        trainee: &mut dyn Trainee,
        keeper: &mut Keeper<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<u32, Halt> {
        journal.begin(self.name, self.epochs, self.work);
        let mut progress = self.resume(trainee, keeper, journal)?;
        loop {
            let epoch = progress.next.epoch;
            if epoch > self.epochs || trainee.has_enough(epoch - 1) {
                journal.end();
                return Ok(epoch - 1);
            }
            if let Err(halt) = self.epoch(trainee, &mut progress, journal) {
                if let Halt::Ending(Ending::Interrupted) = halt {
                    self.save(trainee, progress, keeper, journal);
                }
                return Err(halt);
            }
            if keeper.checkpoint_is_due() {
                self.save(trainee, progress, keeper, journal);
            }
        }
    }

    /// The rest of an epoch.
    fn epoch(
        &self,
        trainee: &mut dyn Trainee,
        progress: &mut Progress,
        journal: &mut Journal<'_>,
    ) -> Result<(), Halt> {
        let epoch = progress.next.epoch;
        let mut order = (self.order)(epoch);
        let batches = batches::shuffled(self.examples, self.batch_size, &mut order);
        for (step, which) in batches.iter().enumerate().skip(progress.next.step) {
            let found = trainee.step(which, Place { epoch, step })?;
            let Misses { loss, wrong } = progress.missed;
            progress.missed = Misses { loss: loss + found.loss, wrong: wrong + found.wrong };
            progress.next.step = step + 1;
            journal.step(step, batches.len(), found.loss / which.len() as f64)?;
        }
        let missed = progress.missed;
        trainee.conclude(epoch, missed, journal)?;
        let next = Place { epoch: epoch + 1, step: 0 };
        *progress = Progress { next, missed: Misses::default() };
        journal.epoch(missed.loss / self.examples as f64)
    }

    /// What says how far the stage is, among what was saved.
    fn key(&self) -> String {
        format!("stage.{}", self.name)
    }

    fn save(
        &self,
        trainee: &dyn Trainee,
        Progress { next, missed }: Progress,
        keeper: &mut Keeper<'_>,
        journal: &Journal<'_>,
    ) {
        keeper.keep_checkpoint(|| {
            let mut tensors = Tensors::default();
            let far = [f64::from(next.epoch), next.step as f64, missed.loss, missed.wrong as f64];
            tensors.put_series(&self.key(), &far);
            tensors.put_series(&format!("{VECTORS}{}", simd()), &[]);
            journal.save(&mut tensors);
            trainee.save(&mut tensors)?;
            Ok(tensors)
        });
    }

    fn resume(
        &self,
        trainee: &mut dyn Trainee,
        keeper: &mut Keeper<'_>,
        journal: &mut Journal<'_>,
    ) -> Result<Progress, Halt> {
        let begin = Progress { next: Place { epoch: 1, step: 0 }, missed: Misses::default() };
        let Some(saved) = keeper.fetch_checkpoint() else { return Ok(begin) };
        if !saved.has(&self.key()) {
            return Ok(begin);
        }
        let vectors = saved.names().find_map(|name| name.strip_prefix(VECTORS));
        if let Some(other) = vectors.filter(|vectors| *vectors != simd()) {
            let why = format!("its products were computed by {other}, here they are by {}", simd());
            return Err(Halt::Unusable(why));
        }
        let unusable = |damage: Damage| Halt::Unusable(damage.to_string());
        let [epoch, step, loss, wrong] = saved.series(&self.key()).map_err(unusable)?[..] else {
            return Err(Halt::Unusable("it does not say how far it is".into()));
        };
        trainee.restore(&saved).map_err(unusable)?;
        let next = Place { epoch: epoch as u32, step: step as usize };
        journal.restore(&saved, next.epoch - 1).map_err(unusable)?;
        tracing::info!(stage = self.name, epoch, step, "going on from a checkpoint");
        Ok(Progress { next, missed: Misses { loss, wrong: wrong as usize } })
    }
}
