//! The pieces of a step, each ready to be run over and over: what `cargo bench --bench pieces` times.
//! Compiled with the feature `pieces` only, so that nothing else can lean on the engine's insides.

use ablate_data::{Stream, corruptions};
use candle_core::{DType, Device, Var};

use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::batches::Rows;
use crate::engine::{
    AutoencoderStep, Changes, Evaluation, LayerStep, Matrix, NetworkStep, Stack, product,
};
use crate::finetuning::Examples;
use crate::network::{Dense, Network};
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;

/// A piece: its name, the floating-point operations of its products (0 where it has none), and the
/// work itself.
pub type Piece = (String, f64, Box<dyn FnMut()>);

const INPUTS: usize = 784;
const UNITS: usize = 1000;
const CLASSES: usize = 10;

/// Every piece, for batches of `batch` examples.
pub fn all(batch: usize) -> Vec<Piece> {
    let mut pieces = products(batch);
    pieces.push(noise(batch));
    for (word, rule) in [
        ("sgd", Rule::Sgd { rate: 1e-6, momentum: 0.0 }),
        ("momentum", Rule::Sgd { rate: 1e-6, momentum: 0.9 }),
        ("adam", Rule::Adam { rate: 1e-6 }),
    ] {
        pieces.extend(autoencoder_step(batch, word, rule));
        pieces.push(network_step(batch, word, rule));
    }
    pieces.push(evaluation());
    pieces
}

/// The five products of an autoencoder's step.
fn products(batch: usize) -> Vec<Piece> {
    let flop = 2.0 * (batch * INPUTS * UNITS) as f64;
    let operands = || (drawn(batch, INPUTS, 1), drawn(INPUTS, UNITS, 2), drawn(batch, UNITS, 3));
    let (x, w, mut z) = operands();
    let forward = move || {
        let w = w.top(INPUTS).padded_view();
        product(z.top_mut(batch).padded_view_mut(), 0.0, 1.0, x.top(batch).view(), w);
    };
    let (mut x, w, z) = operands();
    let backward = move || {
        let w = w.top(INPUTS).view().t();
        product(x.top_mut(batch).view_mut(), 0.0, 1.0, z.top(batch).view(), w);
    };
    let (x, mut w, z) = operands();
    let gradient = move || {
        let (x, z) = (x.top(batch).view().t(), z.top(batch).padded_view());
        product(w.top_mut(INPUTS).padded_view_mut(), 1.0, 1e-9, x, z);
    };
    vec![
        (format!("product/x W/{batch}"), flop, Box::new(forward)),
        (format!("product/y W^T/{batch}"), flop, Box::new(backward)),
        (format!("product/W + x^T y/{batch}"), flop, Box::new(gradient)),
    ]
}

fn noise(batch: usize) -> Piece {
    let corruption = corruptions::find("gaussian").expect("it is registered");
    let shape = ablate_data::Shape::flat(INPUTS);
    let (mut rows, mut step) = (vec![0.5; batch * INPUTS], 0);
    let work = move || {
        step += 1;
        corruption.apply(&mut rows, shape, 0.3, &mut Stream::new(1, "pieces/noise", &[step]));
    };
    (format!("gaussian noise/{batch}"), 0.0, Box::new(work))
}

/// A step's two halves.
fn autoencoder_step(batch: usize, word: &str, rule: Rule) -> [Piece; 2] {
    let autoencoder = Autoencoder {
        encoder: dense(INPUTS, UNITS, 1),
        activation: Activation::Sigmoid,
        decoder: Some(var(&[INPUTS, UNITS], 2)),
        decoder_bias: var(&[INPUTS], 3),
        reconstruction: Reconstruction::CrossEntropy,
    };
    let flop = 2.0 * (batch * INPUTS * UNITS) as f64;
    let images = uniform(batch * INPUTS);
    let which: Vec<u32> = (0..batch as u32).collect();
    let ready = || {
        let step = AutoencoderStep::load(&autoencoder, rule, batch);
        let mut step = step.expect("the shapes fit");
        step.gather(Rows::new(&images, INPUTS), &which);
        step.objective(Changes::default());
        step
    };
    let (mut first, mut second) = (ready(), ready());
    let objective = move || {
        first.objective(Changes::default());
    };
    let descend = move || second.descend();
    [
        (format!("autoencoder/objective before {word}/{batch}"), 3.0 * flop, Box::new(objective)),
        (format!("autoencoder/descend, {word}/{batch}"), 2.0 * flop, Box::new(descend)),
    ]
}

fn network_step(batch: usize, word: &str, rule: Rule) -> Piece {
    let stack = Stack::load(&network()).expect("the shapes fit");
    let mut step = NetworkStep::new(stack, rule, batch);
    let (images, labels) = (uniform(batch * INPUTS), vec![3_u8; batch]);
    let which: Vec<u32> = (0..batch as u32).collect();
    let weights = INPUTS * UNITS + 2 * UNITS * UNITS + UNITS * CLASSES;
    let flop = (batch * (6 * weights - 2 * INPUTS * UNITS)) as f64;
    let work = move || {
        step.gather(Rows::new(&images, INPUTS), &which);
        step.classify(&labels, &which);
        step.descend();
    };
    (format!("classifier/step, {word}/{batch}"), flop, Box::new(work))
}

fn evaluation() -> Piece {
    let rows = crate::batches::EVALUATION_ROWS;
    let stack = Stack::load(&network()).expect("the shapes fit");
    let mut room = Evaluation::new(&stack);
    let (images, labels) = (uniform(rows * INPUTS), vec![3_u8; rows]);
    let weights = INPUTS * UNITS + 2 * UNITS * UNITS + UNITS * CLASSES;
    let work = move || {
        let examples = Examples { images: Rows::new(&images, INPUTS), labels: &labels };
        room.classify(&stack, examples);
    };
    (format!("classifier/evaluation/{rows}"), (2 * rows * weights) as f64, Box::new(work))
}

fn network() -> Network {
    let hidden = [(INPUTS, 1), (UNITS, 2), (UNITS, 3)];
    Network {
        hidden: hidden.map(|(inputs, number)| dense(inputs, UNITS, number)).into(),
        activation: Activation::Sigmoid,
        code_activation: Activation::Sigmoid,
        classifier: None,
        decoder: None,
        output: dense(UNITS, CLASSES, 4),
    }
}

fn dense(inputs: usize, outputs: usize, number: u64) -> Dense {
    let bias = Var::zeros(outputs, DType::F32, &Device::Cpu);
    Dense { weight: var(&[outputs, inputs], number), bias: bias.expect("Candle has room") }
}

fn var(shape: &[usize], number: u64) -> Var {
    let mut values = vec![0.0; shape.iter().product()];
    Stream::new(1, "pieces", &[number]).fill_normal(&mut values);
    values.iter_mut().for_each(|value| *value *= 0.05);
    Var::from_vec(values, shape, &Device::Cpu).expect("the shape fits")
}

fn uniform(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    Stream::new(1, "pieces/images", &[]).fill_uniform(&mut values);
    values
}

fn drawn(rows: usize, columns: usize, number: u64) -> Matrix {
    let mut matrix = Matrix::zeros(rows, columns);
    let mut stream = Stream::new(1, "pieces/matrix", &[number]);
    matrix.lines_mut(rows).for_each(|row| stream.fill_normal(row));
    matrix
}
