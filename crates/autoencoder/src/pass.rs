//! A network learning over its images, batch by batch: what every stage that trains whole networks does,
//! whatever it aims at.

use ablate_data::Stream;

use crate::batches::Rows;
use crate::engine::{Misses, NetworkStep, State};
use crate::journal::{Halt, Journal};
use crate::reconstruction::Reconstruction;
use crate::stage::{Place, Trainee};
use crate::tensors::{Damage, Tensors};

/// What a network's outputs are trained to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim<'a> {
    /// The classes of the images.
    Labels(&'a [u8]),
    /// The images themselves, judged so.
    Images(Reconstruction),
}

/// The stream of what dropout leaves out of the step at a place.
pub(crate) type Masks<'a> = &'a dyn Fn(Place) -> Stream;

/// A network and what it learns.
pub(crate) struct Lesson<'a> {
    pub(crate) step: NetworkStep,
    pub(crate) images: Rows<'a>,
    pub(crate) aim: Aim<'a>,
    pub(crate) masks: Option<Masks<'a>>,
}

impl Lesson<'_> {
    /// One step over the images that `which` names; returns what they missed before it, summed.
    pub(crate) fn step(&mut self, which: &[u32], at: Place) -> Misses {
        let Lesson { step, images, aim, masks } = self;
        step.gather(*images, which);
        if let Some(masks) = masks {
            step.thin(&mut masks(at));
        }
        let found = match aim {
            Aim::Labels(labels) => step.classify(labels, which),
            Aim::Images(reconstruction) => step.reconstruct(*reconstruction),
        };
        step.descend();
        found
    }

    pub(crate) fn save(&self, into: &mut Tensors) {
        self.step.save("step", into);
    }

    pub(crate) fn restore(&mut self, from: &Tensors) -> Result<(), Damage> {
        self.step.restore("step", from)
    }
}

/// A lesson of which the mean loss of each epoch is recorded, and nothing else.
pub(crate) struct Recorded<'a> {
    pub(crate) lesson: Lesson<'a>,
    pub(crate) curve: &'a str,
}

impl Trainee for Recorded<'_> {
    fn step(&mut self, which: &[u32], at: Place) -> Result<Misses, Halt> {
        Ok(self.lesson.step(which, at))
    }

    fn conclude(
        &mut self,
        _epoch: u32,
        missed: Misses,
        journal: &mut Journal<'_>,
    ) -> candle_core::Result<()> {
        journal.record(self.curve, missed.loss / self.lesson.images.len() as f64);
        Ok(())
    }

    fn save(&self, into: &mut Tensors) -> candle_core::Result<()> {
        self.lesson.save(into);
        Ok(())
    }

    fn restore(&mut self, from: &Tensors) -> Result<(), Damage> {
        self.lesson.restore(from)
    }
}
