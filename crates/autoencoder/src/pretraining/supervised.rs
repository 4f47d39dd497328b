//! Greedy supervised pretraining (Bengio et al. 2007): each hidden layer, from the bottom up, is
//! trained as that of a classifier with one hidden layer, on the codes of the layers below; then the
//! classifier's output layer is dropped.

use ablate_data::Stream;

use super::{Stage, codes, inputs};
use crate::activation::Activation;
use crate::cost;
use crate::engine::{NetworkStep, Stack};
use crate::finetuning::Examples;
use crate::journal::{Halt, Journal};
use crate::network::{Dense, Network, Route};
use crate::pass::{Aim, Lesson, Recorded};
use crate::settings::Course;
use crate::shelf::{Keeper, Part};
use crate::{stage, stored};

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
        let work = cost::pass(&shape, inputs.len());
        match keeper.fetch(part) {
            Some(kept) => {
                journal.begin(&part.to_string(), course.epochs, work);
                for loss in stored::adopt_encoder(&kept, part, layer)? {
                    journal.record(&curve, loss);
                }
                journal.end();
            }
            None => {
                let examples = Examples { images: inputs, labels };
                let (plan, kept) = (Plan { number, course, work }, &mut *keeper);
                let losses = train(network, &plan, (stage, examples), kept, journal)?;
                keeper.keep(part, || stored::encoder_tensors(layer, &losses))?;
            }
        }
        if number + 1 < layers {
            below = Some(codes(network, number, inputs)?);
        }
    }
    Ok(())
}

/// Which layer is trained, and how long.
struct Plan {
    number: usize,
    course: Course,
    /// Floating-point operations of an epoch.
    work: f64,
}

/// Returns the loss of every epoch.
fn train(
    network: &Network,
    &Plan { number, course, work }: &Plan,
    (pretraining, examples): (&Stage<'_>, Examples<'_>),
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<Vec<f64>, Halt> {
    let Stage { settings, classes, seed, .. } = *pretraining;
    let layer = &network.hidden[number];
    let shape = (classes, layer.weight.dim(0)?);
    let mut stream = Stream::new(seed, "pretraining/output", &[number as u64]);
    let output = Dense::draw(shape, settings, layer.weight.dtype(), &mut stream)?;
    let layers = vec![(layer, network.units(number)), (&output, Activation::Linear)];
    let route = Route { layers, hidden: 1 };
    let Examples { images, labels } = examples;
    let rows = settings.batch_size.min(images.len());
    let step = NetworkStep::new(Stack::along(&route)?, course.optimizer, rows);
    let lesson = Lesson { step, images, aim: Aim::Labels(labels), masks: None };
    let curve = format!("layer_{}_loss", number + 1);
    let mut trainee = Recorded { lesson, curve: &curve };
    let order =
        |epoch: u32| Stream::new(seed, "pretraining/order", &[number as u64, u64::from(epoch)]);
    let stage = stage::Stage {
        name: &Part::Layer(number).to_string(),
        examples: images.len(),
        batch_size: settings.batch_size,
        epochs: course.epochs,
        work,
        order: &order,
    };
    stage.run(&mut trainee, keeper, journal)?;
    trainee.lesson.step.stack().store(&route)?;
    Ok(journal.curve(&curve))
}
