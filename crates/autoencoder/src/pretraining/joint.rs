//! All hidden layers at once as a deep autoencoder, from a random start: encoder, then decoder, trained
//! to reconstruct the images. What greedy pretraining is an easier way to (Hinton and Salakhutdinov
//! 2006).

use ablate_data::Stream;

use super::Stage;
use crate::cost;
use crate::engine::{NetworkStep, Stack};
use crate::journal::{Halt, Journal};
use crate::network::{Decoder, Network};
use crate::pass::{Aim, Lesson, Recorded};
use crate::reconstruction::Reconstruction;
use crate::settings::Course;
use crate::shelf::{Keeper, Part};
use crate::{stage, stored};

/// The loss after each epoch.
const CURVE: &str = "autoencoder_loss";

/// Trains the hidden layers of `network` and leaves it with the decoder that they were trained with.
pub(super) fn train(
    network: &mut Network,
    (reconstruction, course): (Reconstruction, Course),
    stage: &Stage<'_>,
    keeper: &mut Keeper<'_>,
    journal: &mut Journal<'_>,
) -> Result<(), Halt> {
    let Stage { settings, images, seed, .. } = *stage;
    network.decoder = Some(Decoder::of(network, &[], reconstruction, settings, seed)?);
    let route = network.autoencoding().expect("it has just been given a decoder");
    let stack = Stack::along(&route)?;
    let (part, work) = (Part::DeepAutoencoder, cost::pass(&stack.shape(), images.len()));
    if let Some(kept) = keeper.fetch(part) {
        journal.begin(&part.to_string(), course.epochs, work);
        for loss in stored::adopt_autoencoder(&kept, network)? {
            journal.record(CURVE, loss);
        }
        journal.end();
        return Ok(());
    }
    let rows = settings.batch_size.min(images.len());
    let step = NetworkStep::new(stack, course.optimizer, rows);
    let lesson = Lesson { step, images, aim: Aim::Images(reconstruction), masks: None };
    let mut trainee = Recorded { lesson, curve: CURVE };
    let order = |epoch: u32| Stream::new(seed, "pretraining/order", &[u64::from(epoch)]);
    let stage = stage::Stage {
        name: &part.to_string(),
        examples: images.len(),
        batch_size: settings.batch_size,
        epochs: course.epochs,
        work,
        order: &order,
    };
    stage.run(&mut trainee, keeper, journal)?;
    trainee.lesson.step.stack().store(&route)?;
    let losses = journal.curve(CURVE);
    keeper.keep(part, || stored::autoencoder_tensors(network, &losses))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;
    use std::sync::Arc;

    use ablate_sweep::{Params, RunPlan, Value};
    use candle_core::DType;

    use super::super::pretrain;
    use super::*;
    use crate::batches::Rows;
    use crate::catalog::catalog;
    use crate::engine::Evaluation;
    use crate::finetuning::Examples;
    use crate::settings::Settings;

    /// The best that linear codes of k units can do is what principal components do (Baldi and Hornik
    /// 1989): of images at +-s_i on the axes, the k longest are kept and the others' squares are lost.
    #[test]
    fn linear_layers_come_to_the_error_of_the_principal_components_and_never_below() {
        let lengths = [1.0_f32, 0.8, 0.4, 0.3, 0.2];
        let mut images = Vec::new();
        for (axis, length) in lengths.into_iter().enumerate() {
            for sign in [1.0, -1.0] {
                images.extend((0..5).map(|at| if at == axis { sign * length } else { 0.0 }));
            }
        }
        let bound = 2.0 * (0.4_f64.powi(2) + 0.3_f64.powi(2) + 0.2_f64.powi(2));
        let text = |word: &str| Value::Text(word.into());
        let given: Params = [
            ("depth", Value::Int(2)),
            ("width", Value::List(vec![4, 2])),
            ("pretraining", text("joint")),
            ("activation", text("linear")),
            ("reconstruction", text("squared-error")),
            ("batch_size", Value::Int(10)),
            ("optimizer", text("adam")),
            ("pretraining_learning_rate", Value::Float(0.01)),
            ("pretraining_epochs", Value::Int(1500)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect();
        let trial = Arc::new(catalog().resolve(&given).unwrap());
        let settings = Settings::read(&trial.params).unwrap();
        let mut network = Network::new(&settings, 5, 3, 1, DType::F32).unwrap();
        let images = Rows::new(&images, 5);
        let labelled = Examples { images, labels: &[] };
        let stage = Stage { settings: &settings, images, labelled, classes: 3, seed: 1 };
        let plan = RunPlan::new(trial, 1, "test", "1");
        let watch = &mut |_: &ablate_sweep::Progress| ControlFlow::Continue(());
        let mut journal = Journal::new(1.0, watch);
        pretrain(&mut network, &stage, &mut Keeper::new(None, &plan), &mut journal).unwrap();
        let stack = Stack::along(&network.autoencoding().unwrap()).unwrap();
        let found = Evaluation::new(&stack).squared_error(&stack, images);
        assert!(found > bound - 1e-5, "{found} is below what is possible, {bound}");
        assert!(found < 1.01 * bound, "{found}, where {bound} is possible");
        let losses = &journal.into_curves()[0].values;
        assert!(losses.iter().all(|loss| *loss > bound / 10.0 - 1e-5));
    }
}
