//! Greedy supervised pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as that of a classifier with one hidden layer, on the codes of the layers below; then the
//! classifier's output layer is dropped.

use ablate_data::Stream;

use super::{Stage, codes, inputs};
use crate::activation::Activation;
use crate::batches::{self, Rows};
use crate::cost;
use crate::engine::{NetworkStep, Stack};
use crate::finetuning::Examples;
use crate::journal::{Halt, Journal};
use crate::network::{Dense, Network, Route};
use crate::pass::{Aim, pass};
use crate::settings::Course;
use crate::shelf::{Keeper, Part};
use crate::stored;

/// Trains the lowest `layers` hidden layers of `network` on the images that have labels.
pub(super) fn greedy(
    network: &Network,
    (layers, course): (usize, Course),
    stage: &Stage<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<(), Halt> {
    let Examples { images, labels } = stage.labelled;
    let mut below: Option<Vec<f32>> = None;
    for (number, layer) in network.hidden.iter().enumerate().take(layers) {
        let (outputs, width) = layer.weight.dims2()?;
        let inputs = inputs(images, below.as_deref(), width);
        let (part, curve) = (Part::Layer(number), format!("layer_{}_loss", number + 1));
        let shape = [(width, outputs), (outputs, stage.classes)];
        journal.begin(&part.to_string(), course.epochs, cost::pass(&shape, inputs.len()));
        match keeper.fetch(part) {
            Some(kept) => {
                for loss in stored::adopt_encoder(&kept, part, layer)? {
                    journal.record(&curve, loss);
                }
                journal.end();
            }
            None => {
                let examples = Examples { images: inputs, labels };
                let losses = train(network, number, course, (stage, examples), journal)?;
                keeper.keep(part, || stored::encoder_tensors(layer, &losses))?;
            }
        }
        if number + 1 < layers {
            below = Some(codes(network, number, inputs)?);
        }
    }
    Ok(())
}

/// Returns the loss of every epoch.
fn train(
    network: &Network,
    number: usize,
    course: Course,
    (stage, examples): (&Stage<'_>, Examples<'_>),
    journal: &mut Journal<'_>,
) -> Result<Vec<f64>, Halt> {
    let Stage { settings, classes, seed, .. } = *stage;
    let layer = &network.hidden[number];
    let shape = (classes, layer.weight.dim(0)?);
    let mut stream = Stream::new(seed, "pretraining/output", &[number as u64]);
    let output = Dense::draw(shape, settings, layer.weight.dtype(), &mut stream)?;
    let layers = vec![(layer, network.units(number)), (&output, Activation::Linear)];
    let route = Route { layers, hidden: 1 };
    let rows = settings.batch_size.min(examples.images.len());
    let mut step = NetworkStep::new(Stack::along(&route)?, course.optimizer, rows);
    let lesson: (Rows<'_>, _) = (examples.images, Aim::Labels(examples.labels));
    let mut losses = Vec::new();
    for epoch in 1..=course.epochs {
        let counters = [number as u64, u64::from(epoch)];
        let mut order = Stream::new(seed, "pretraining/order", &counters);
        let order = batches::shuffled(examples.images.len(), settings.batch_size, &mut order);
        let sum = pass(&mut step, lesson, &order, None, journal)?;
        let loss = sum.loss / examples.images.len() as f64;
        journal.record(&format!("layer_{}_loss", number + 1), loss);
        losses.push(loss);
        journal.epoch(loss)?;
    }
    journal.end();
    step.stack().store(&route)?;
    Ok(losses)
}
