//! Training by hand agrees with training by the Candle graph: every objective, activation,
//! reconstruction, kind of decoder and optimizer, after one step and after twenty.

use ablate_data::Stream;
use candle_core::{DType, Device, Tensor, Var};

use super::{NetworkStep, Stack};
use crate::activation::Activation;
use crate::autoencoder::{Autoencoder, single, small};
use crate::batches::{Rows, tensor};
use crate::finetuning::Examples;
use crate::learner::{Batch, ByGraph, Learner, Moment, Objective, Start};
use crate::network::{Decoder, Dense, Network};
use crate::optimizer::{Optimizer, Rule};
use crate::reconstruction::Reconstruction;
use crate::settings::Dropout;
use crate::variants::tests::{gradient_error, nudged, objectives};

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

fn compare(name: &str, start: &Autoencoder, objective: &dyn Objective, rule: Rule) {
    let (by_graph, by_hand) = (start.frozen().unwrap(), start.frozen().unwrap());
    let training = Start { rule, rows: BATCH, seed: 3, layer: 0 };
    let hand = objective.by_hand(&by_hand, &training).unwrap();
    let mut hand = hand.unwrap_or_else(|| panic!("{name} is not worked out by hand"));
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
        step.gather(examples.images, &batch);
        let misses = step.classify(examples.labels, &batch);
        step.descend();
        let found = misses.loss / batch.len() as f64;
        assert!((found - expected).abs() < 1e-4, "{name}: loss {found}, expected {expected}");
        if number == 0 || number == 19 {
            step.stack().store(&by_hand.classifying()).unwrap();
            let pairs = by_hand.vars().into_iter().zip(by_graph.vars()).zip(start.vars());
            for ((found, expected), start) in pairs {
                assert_close(name, (rule, number), (&found, &expected), &start);
            }
        }
    }
}

#[test]
fn a_deep_autoencoder_trains_by_hand_as_by_the_graph() {
    for activation in Activation::ALL {
        for reconstruction in Reconstruction::ALL {
            for rule in RULES {
                let start = deep_autoencoder(activation, reconstruction);
                let name = format!("{activation:?} {reconstruction:?} {rule:?}");
                compare_autoencoders(&name, &start, reconstruction, rule);
            }
        }
    }
}

fn compare_autoencoders(name: &str, start: &Network, reconstruction: Reconstruction, rule: Rule) {
    let (by_graph, by_hand) = (start.frozen().unwrap(), start.frozen().unwrap());
    let trained = |network: &Network| {
        let route = network.autoencoding().unwrap();
        let pair = |(layer, _): &(&Dense, _)| [layer.weight.clone(), layer.bias.clone()];
        route.layers.iter().flat_map(pair).collect::<Vec<_>>()
    };
    let mut optimizer = Optimizer::new(rule, trained(&by_graph));
    let route = by_hand.autoencoding().unwrap();
    let mut step = NetworkStep::new(Stack::along(&route).unwrap(), rule, BATCH);
    let values = uniform(EXAMPLES * INPUTS);
    let images = Rows::new(&values, INPUTS);
    for number in 0..20 {
        let batch = batch(number);
        let x = tensor(images.gather(&batch), INPUTS).unwrap();
        let z = by_graph.reconstruction(&x).unwrap().unwrap();
        let loss = reconstruction.loss(&z, &x).unwrap();
        optimizer.descend(&loss).unwrap();
        let expected = f64::from(loss.to_scalar::<f32>().unwrap());
        step.gather(images, &batch);
        let found = step.reconstruct(reconstruction).loss / batch.len() as f64;
        step.descend();
        let error = (found - expected).abs() / (1.0 + expected);
        assert!(error < 2e-5, "{name}: loss {found}, expected {expected}");
        if number == 0 || number == 19 {
            step.stack().store(&route).unwrap();
            let pairs = trained(&by_hand).into_iter().zip(trained(&by_graph)).zip(trained(start));
            for ((found, expected), start) in pairs {
                assert_close(name, (rule, number), (&found, &expected), &start);
            }
        }
    }
}

/// Two layers up and two down, the code layer linear, weights small enough for any rule to converge.
fn deep_autoencoder(activation: Activation, reconstruction: Reconstruction) -> Network {
    let up = network(&[INPUTS, 18, 5, 4], activation);
    let down = network(&[5, 18, INPUTS], activation);
    let layers = down.hidden.into_iter().chain([down.output]).collect();
    let decoder = Some(Decoder { layers, reconstruction });
    let deep = Network { code_activation: Activation::Linear, decoder, ..up };
    for var in deep.vars() {
        var.set(&(var.as_tensor() * 0.25).unwrap()).unwrap();
    }
    deep
}

/// `network` in double precision.
fn double(network: &Network) -> Network {
    let var = |var: &Var| Var::from_tensor(&var.as_tensor().to_dtype(DType::F64).unwrap()).unwrap();
    let dense = |layer: &Dense| Dense { weight: var(&layer.weight), bias: var(&layer.bias) };
    let decoder = network.decoder.as_ref().map(|decoder| Decoder {
        layers: decoder.layers.iter().map(dense).collect(),
        reconstruction: decoder.reconstruction,
    });
    Network {
        hidden: network.hidden.iter().map(dense).collect(),
        output: dense(&network.output),
        decoder,
        activation: network.activation,
        code_activation: network.code_activation,
        classifier: network.classifier.as_ref().map(dense),
    }
}

/// The gradient of the cross-entropy with decay against central differences, in double precision.
#[test]
fn the_gradient_of_classification_agrees_with_finite_differences() {
    for activation in Activation::ALL {
        let network = double(&network(&[5, 6, 4, 3], activation));
        let x = tensor(uniform(7 * 5), 5).unwrap().to_dtype(DType::F64).unwrap();
        let targets = Tensor::new(&[0_u32, 2, 1, 1, 0, 2, 0], &Device::Cpu).unwrap();
        let error = gradient_error(&network.vars(), || {
            let squares = |layer: &Dense| layer.weight.sqr().unwrap().sum_all().unwrap();
            let decay = network.hidden.iter().map(squares);
            let decay = decay.fold(squares(&network.output), |sum, one| (sum + one).unwrap());
            let logits = network.logits(&x).unwrap();
            let loss = candle_nn::loss::cross_entropy(&logits, &targets).unwrap();
            (loss + (decay * 0.15).unwrap()).unwrap()
        });
        assert!(error < 1e-7, "{activation:?}: {error}");
    }
}

/// The gradient of the loss through all layers against central differences, in double precision.
#[test]
fn the_gradient_through_a_deep_autoencoder_agrees_with_finite_differences() {
    for activation in Activation::ALL {
        for reconstruction in Reconstruction::ALL {
            let network = double(&deep_autoencoder(activation, reconstruction));
            let x = tensor(uniform(3 * INPUTS), INPUTS).unwrap().to_dtype(DType::F64).unwrap();
            let loss = || {
                let z = network.reconstruction(&x).unwrap().unwrap();
                reconstruction.loss(&z, &x).unwrap()
            };
            let gradients = loss().backward().unwrap();
            for (layer, _) in network.autoencoding().unwrap().layers {
                for var in [&layer.weight, &layer.bias] {
                    let exact = gradients.get(var).unwrap().flatten_all().unwrap();
                    let exact = exact.to_vec1::<f64>().unwrap();
                    // A few places of each: the rest is the same arithmetic.
                    for place in (0..exact.len()).step_by(17) {
                        let at = |step: f64| {
                            nudged(var, place, step, || loss().to_scalar::<f64>().unwrap())
                        };
                        let difference = (at(1e-5) - at(-1e-5)) / 2e-5;
                        let error = (exact[place] - difference).abs() / (1.0 + exact[place].abs());
                        assert!(error < 1e-6, "{activation:?} {reconstruction:?}: {error}");
                    }
                }
            }
        }
    }
}

/// What is dropped is drawn twice from equal streams: here by the step, there as the graph's factors.
#[test]
fn dropout_and_decay_by_hand_are_those_of_the_graph() {
    let dropout = Dropout { inputs: 0.2, hidden: 0.4 };
    let decay = 0.3;
    for rule in RULES {
        let start = network(&[INPUTS, 18, 33, 4], Activation::Sigmoid);
        let (by_graph, by_hand) = (start.frozen().unwrap(), start.frozen().unwrap());
        let mut optimizer = Optimizer::new(rule, by_graph.vars());
        let step = NetworkStep::new(Stack::load(&by_hand).unwrap(), rule, BATCH);
        let mut step = step.with_decay(decay).with_dropout(dropout);
        let values = uniform(EXAMPLES * INPUTS);
        let labels: Vec<u8> = (0..EXAMPLES).map(|number| (number * 7 % 4) as u8).collect();
        let images = Rows::new(&values, INPUTS);
        for number in 0..20 {
            let batch = batch(number);
            let mut masks = Stream::new(3, "test/masks", &[number]);
            let x = tensor(images.gather(&batch), INPUTS).unwrap();
            step.gather(images, &batch);
            step.thin(&mut masks.clone());
            let found = step.classify(&labels, &batch).loss / batch.len() as f64;
            step.descend();
            let mut mask = |width: usize, dropped: f64| {
                let mut drawn = vec![0.0; batch.len() * width];
                masks.fill_uniform(&mut drawn);
                let kept =
                    |u: &f32| if f64::from(*u) < dropped { 0.0 } else { 1.0 / (1.0 - dropped) };
                tensor(drawn.iter().map(|u| kept(u) as f32).collect(), width).unwrap()
            };
            let mut seen = (x * mask(INPUTS, dropout.inputs)).unwrap();
            let mut squares = by_graph.output.weight.sqr().unwrap().sum_all().unwrap();
            for layer in &by_graph.hidden {
                let code = candle_nn::ops::sigmoid(&layer.forward(&seen).unwrap()).unwrap();
                seen = (code * mask(layer.bias.dim(0).unwrap(), dropout.hidden)).unwrap();
                squares = (squares + layer.weight.sqr().unwrap().sum_all().unwrap()).unwrap();
            }
            let targets: Vec<u32> =
                batch.iter().map(|&row| u32::from(labels[row as usize])).collect();
            let targets = Tensor::new(targets, &Device::Cpu).unwrap();
            let logits = by_graph.output.forward(&seen).unwrap();
            let loss = candle_nn::loss::cross_entropy(&logits, &targets).unwrap();
            let expected = f64::from(loss.to_scalar::<f32>().unwrap());
            optimizer.descend(&(loss + (squares * (decay / 2.0)).unwrap()).unwrap()).unwrap();
            assert!((found - expected).abs() < 1e-4, "{rule:?}: {found}, expected {expected}");
            if number == 0 || number == 19 {
                step.stack().store(&by_hand.classifying()).unwrap();
                let pairs = by_hand.vars().into_iter().zip(by_graph.vars()).zip(start.vars());
                for ((found, expected), start) in pairs {
                    assert_close("dropout", (rule, number), (&found, &expected), &start);
                }
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
    Network::of(layers, activation, output)
}
