//! A pass of a network over its training images, batch by batch: what every stage that trains whole
//! networks does in an epoch, whatever it aims at.

use ablate_data::Stream;

use crate::batches::Rows;
use crate::engine::{Misses, NetworkStep};
use crate::journal::{Halt, Journal};
use crate::reconstruction::Reconstruction;

/// What a network's outputs are trained to be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Aim<'a> {
    /// The classes of the images.
    Labels(&'a [u8]),
    /// The images themselves, judged so.
    Images(Reconstruction),
}

/// The stream of what dropout leaves out of the step of that number.
pub(crate) type Masks<'a> = &'a dyn Fn(usize) -> Stream;

/// One pass over `images` in the given order, descending at every step. Returns what the batches missed
/// before their steps, summed.
pub(crate) fn pass(
    step: &mut NetworkStep,
    (images, aim): (Rows<'_>, Aim<'_>),
    order: &[Vec<u32>],
    masks: Option<Masks<'_>>,
    journal: &mut Journal<'_>,
) -> Result<Misses, Halt> {
    let mut sum = Misses::default();
    for (number, batch) in order.iter().enumerate() {
        step.gather(images, batch);
        if let Some(masks) = masks {
            step.thin(&mut masks(number));
        }
        let found = match aim {
            Aim::Labels(labels) => step.classify(labels, batch),
            Aim::Images(reconstruction) => step.reconstruct(reconstruction),
        };
        journal.step(number, order.len(), found.loss / batch.len() as f64)?;
        step.descend();
        sum = Misses { loss: sum.loss + found.loss, wrong: sum.wrong + found.wrong };
    }
    Ok(sum)
}
