//! Training by hand agrees with training by the Candle graph: every objective, activation,
//! reconstruction, kind of decoder and optimizer, after one step and after twenty.

use ablate_data::Stream;
use candle_core::{Device, Tensor, Var};

use super::{NetworkStep, Stack};
use crate::activation::Activation;
use crate::autoencoder::{Autoencoder, single, small};
use crate::batches::{Rows, tensor};
use crate::finetuning::Examples;
use crate::learner::{Batch, ByGraph, Learner, Moment, Objective, Start};
use crate::network::{Dense, Network};
use crate::optimizer::{Optimizer, Rule};
use crate::reconstruction::Reconstruction;
use crate::variants::tests::objectives;

const INPUTS: usize = 21;
const OUTPUTS: usize = 18;
const EXAMPLES: usize = 40;
const BATCH: usize = 7;

const RULES: [Rule; 3] = [
    Rule::Sgd { rate: 0.02, momentum: 0.0 },
    Rule::Sgd { rate: 0.005, momentum: 0.8 },
    Rule::Adam { rate: 0.003 },
];

#[test]
fn every_objective_trains_by_hand_as_by_its_graph() {
    for activation in Activation::ALL {
        for reconstruction in Reconstruction::ALL {
            for tied in [Some(()), None] {
                for (name, objective) in objectives(activation, tied) {
                    for rule in RULES {
                        // Weights small enough for any rule to converge.
                        let start = small((OUTPUTS, INPUTS), tied, activation, reconstruction, 5);
                        let start = single(&start, 0.25);
                        let words = (activation.word(), reconstruction.word(), tied.is_some());
                        let name = format!("{name} {words:?} {rule:?}");
                        compare(&name, &start, objective.as_ref(), rule);
                    }
                }
            }
        }
    }
}

/// The variants of which no step has been worked out by hand.
const BY_GRAPH_ONLY: [&str; 3] = ["contractive-h", "vae", "adversarial"];

fn compare(name: &str, start: &Autoencoder, objective: &dyn Objective, rule: Rule) {
    let (by_graph, by_hand) = (start.frozen().unwrap(), start.frozen().unwrap());
    let training = Start { rule, rows: BATCH, seed: 3, layer: 0 };
    let hand = objective.by_hand(&by_hand, &training).unwrap();
    let graph_only = BY_GRAPH_ONLY.iter().any(|variant| name.starts_with(variant));
    assert_eq!(hand.is_none(), graph_only, "{name}: whether it is derived by hand");
    let Some(mut hand) = hand else { return };
    let mut graph = ByGraph::new(objective.graph(&by_graph, &training).unwrap(), rule);
    let values = uniform(EXAMPLES * INPUTS);
    for number in 0..20 {
        let (which, epoch) = (batch(number), number as u32 / 6 + 1);
        let moment = Moment { seed: 3, layer: 0, epoch, epochs: 4, step: number as usize % 6 };
        let batch = Batch { inputs: Rows::new(&values, INPUTS), which: &which };
        let expected = graph.objective(batch, &moment).unwrap();
        let found = hand.objective(batch, &moment).unwrap();
        graph.descend().unwrap();
        hand.descend().unwrap();
        let error = (found - expected).abs() / (1.0 + expected.abs());
        assert!(error < 2e-5, "{name}, step {number}: loss {found}, expected {expected}");
        if number == 0 || number == 19 {
            hand.store().unwrap();
            let pairs = by_hand.vars().into_iter().zip(by_graph.vars()).zip(start.vars());
            for ((found, expected), start) in pairs {
                assert_close(name, (rule, number), (&found, &expected), &start);
            }
        }
    }
}

#[test]
fn fine_tuning_by_hand_is_fine_tuning_by_the_graph() {
    for activation in Activation::ALL {
        for widths in [vec![INPUTS, 4], vec![INPUTS, 18, 4], vec![INPUTS, 18, 33, 9, 4]] {
            for rule in RULES {
                let start = network(&widths, activation);
                compare_networks(&format!("{widths:?} {activation:?} {rule:?}"), &start, rule);
            }
        }
    }
}

fn compare_networks(name: &str, start: &Network, rule: Rule) {
    let (by_graph, by_hand) = (start.frozen().unwrap(), start.frozen().unwrap());
    let mut optimizer = Optimizer::new(rule, by_graph.vars());
    let mut step = NetworkStep::new(Stack::load(&by_hand).unwrap(), rule, BATCH);
    let values = uniform(EXAMPLES * INPUTS);
    let labels: Vec<u8> = (0..EXAMPLES).map(|number| (number * 7 % 4) as u8).collect();
    let examples = Examples { images: Rows::new(&values, INPUTS), labels: &labels };
    for number in 0..20 {
        let batch = batch(number);
        let images = tensor(examples.images.gather(&batch), INPUTS).unwrap();
        let targets: Vec<u32> = batch.iter().map(|&row| u32::from(labels[row as usize])).collect();
        let targets = Tensor::new(targets, &Device::Cpu).unwrap();
        let logits = by_graph.logits(&images).unwrap();
        let loss = candle_nn::loss::cross_entropy(&logits, &targets).unwrap();
        optimizer.descend(&loss).unwrap();
        let expected = f64::from(loss.to_scalar::<f32>().unwrap());
        let misses = step.forward(examples, &batch);
        step.descend();
        let found = misses.loss / batch.len() as f64;
        assert!((found - expected).abs() < 1e-4, "{name}: loss {found}, expected {expected}");
        if number == 0 || number == 19 {
            step.stack().store(&by_hand).unwrap();
            let pairs = by_hand.vars().into_iter().zip(by_graph.vars()).zip(start.vars());
            for ((found, expected), start) in pairs {
                assert_close(name, (rule, number), (&found, &expected), &start);
            }
        }
    }
}

/// The difference of two ways is small beside how far they have gone.
fn assert_close(
    name: &str,
    (rule, step): (Rule, u64),
    (found, expected): (&Var, &Var),
    start: &Var,
) {
    let values = |var: &Var| var.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let (found, expected, start) = (values(found), values(expected), values(start));
    let largest =
        |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0_f32, f32::max);
    let (difference, way) = (largest(&found, &expected), largest(&expected, &start));
    assert!(found.iter().all(|value| value.is_finite()), "{name}");
    assert!(way > 1e-6, "{name}: nothing was learned");
    // Adam goes as far along a gradient that is mostly rounding as along any other.
    let allowed = match rule {
        Rule::Sgd { .. } => 1e-3 * way + 1e-7,
        Rule::Adam { .. } => 2e-2 * way,
    };
    assert!(difference < allowed, "{name}, step {step}: {difference} apart after {way}");
}

/// Which examples step `number` is over, the last batch of an epoch being smaller.
fn batch(number: u64) -> Vec<u32> {
    let mut order = Stream::new(3, "test/order", &[number / 6]).permutation(EXAMPLES);
    let start = (number % 6) as usize * BATCH;
    let end = (start + BATCH).min(EXAMPLES);
    order.drain(start..end).collect()
}

fn uniform(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    Stream::new(3, "test/inputs", &[]).fill_uniform(&mut values);
    values
}

fn network(widths: &[usize], activation: Activation) -> Network {
    let dense = |(number, sides): (usize, &[usize])| {
        let mut stream = Stream::new(3, "test/network", &[number as u64]);
        let mut draw =
            |count: usize| -> Vec<f32> { (0..count).map(|_| 0.4 * stream.normal()).collect() };
        let weight =
            Tensor::from_vec(draw(sides[0] * sides[1]), (sides[1], sides[0]), &Device::Cpu);
        let bias = Tensor::from_vec(draw(sides[1]), sides[1], &Device::Cpu);
        Dense {
            weight: Var::from_tensor(&weight.unwrap()).unwrap(),
            bias: Var::from_tensor(&bias.unwrap()).unwrap(),
        }
    };
    let mut layers: Vec<Dense> = widths.windows(2).enumerate().map(dense).collect();
    let output = layers.pop().unwrap();
    Network { hidden: layers, activation, output }
}
