use ablate_data::{Shape, Stream};
use ablate_sweep::Params;
use candle_core::{Device, Tensor, Var};

use super::*;
use crate::activation::Activation;
use crate::autoencoder::{Autoencoder, single, small};
use crate::batches::Rows;
use crate::learner::{Batch, Moment, Objective, Start, learner};
use crate::optimizer::Rule;
use crate::reconstruction::Reconstruction;
use crate::variants::rbm;
use crate::variants::tests::{START, batch};

const MOMENT: Moment = Moment { seed: 1, layer: 0, epoch: 1, epochs: 1, step: 0 };

/// The denoising objective under Gaussian noise.
fn denoising(sigma: f64) -> Box<dyn Objective> {
    let params: Params = [
        ("corruption".to_owned(), Value::Text("gaussian".into())),
        ("sigma".to_owned(), Value::Float(sigma)),
    ]
    .into_iter()
    .collect();
    (VARIANT.objective)(&params).unwrap()
}

/// The mean of the objective over `clean`, under one draw.
fn value(objective: &dyn Objective, layer: &Autoencoder, clean: &Tensor) -> f64 {
    let mut graph = objective.graph(layer, &START).unwrap();
    graph.draw(clean, &MOMENT).unwrap();
    graph.objective(clean).unwrap().to_scalar().unwrap()
}

#[test]
fn every_noise_has_a_parameter_for_its_severity() {
    let params = (VARIANT.params)();
    for corruption in Family::Noise.members() {
        let severity = corruption.severity.as_ref().unwrap();
        let own = params.iter().find(|param| param.name == severity.name);
        let own = own.unwrap_or_else(|| panic!("{} has no parameter", corruption.name));
        assert!(own.relevant_when[0].any_of.contains(&corruption.name));
    }
}

const SIGMA: f64 = 0.5;
const EXAMPLES: usize = 4000;

/// Examples of two correlated values, with mean 0 but for rounding.
fn examples() -> Vec<f32> {
    let mut stream = Stream::new(1, "test/examples", &[]);
    let mut half: Vec<[f32; 2]> = Vec::new();
    half.resize_with(EXAMPLES / 2, || {
        let (shared, own) = (stream.normal(), stream.normal());
        [shared, 0.8 * shared + 0.5 * own]
    });
    half.iter().flat_map(|&[a, b]| [a, b, -a, -b]).collect()
}

/// C (C + sigma^2 I)^-1 for the covariance C of the examples, row by row.
fn optimal_denoiser(examples: &[f32]) -> [f64; 4] {
    let mut c = [0.0; 4];
    for pair in examples.chunks_exact(2) {
        for (place, c) in c.iter_mut().enumerate() {
            *c += f64::from(pair[place / 2] * pair[place % 2]) / EXAMPLES as f64;
        }
    }
    let [p, q, r] = [c[0] + SIGMA * SIGMA, c[1], c[3] + SIGMA * SIGMA];
    let inverse = [r, -q, -q, p].map(|part| part / (p * r - q * q));
    std::array::from_fn(|place| {
        let (row, column) = (place / 2, place % 2);
        c[2 * row] * inverse[column] + c[2 * row + 1] * inverse[2 + column]
    })
}

#[test]
fn linear_units_learn_the_optimal_linear_denoiser() {
    let objective = denoising(SIGMA);
    let (units, loss) = (Activation::Linear, Reconstruction::SquaredError);
    let layer = single(&small((2, 2), None, units, loss, 3), 1.0);
    let (examples, which) = (examples(), (0..EXAMPLES as u32).collect::<Vec<_>>());
    let batch = Batch { inputs: Rows::new(&examples, 2), which: &which };
    let rule = Rule::Sgd { rate: 0.02, momentum: 0.9 };
    let start = Start { rule, rows: EXAMPLES, ..START };
    let mut learner = learner(objective.as_ref(), &layer, &start).unwrap();
    for step in 0..600 {
        let moment = Moment { step, ..MOMENT };
        learner.objective(batch, &moment).unwrap();
        learner.descend().unwrap();
    }
    learner.store().unwrap();
    let (encoder, decoder) = (&layer.encoder.weight, layer.decoder.as_ref().unwrap());
    let found = decoder.matmul(encoder).unwrap().flatten_all().unwrap();
    let found = found.to_vec1::<f32>().unwrap();
    let expected = optimal_denoiser(&examples);
    for (found, expected) in found.iter().zip(expected) {
        let error = (f64::from(*found) - expected).abs();
        assert!(error < 0.02, "{found:?}, expected {expected:?}");
    }
}

/// Vincent 2011: with E = F / sigma^2, F the free energy of a Boltzmann machine with Gaussian visible
/// units, matching -grad E to the score of the noise is denoising with tied weights, linear outputs and
/// squared error: E |-grad E(x~) - (x - x~) / sigma^2|^2 = E |r(x~) - x|^2 / sigma^4.
#[test]
fn it_is_score_matching_of_a_gaussian_boltzmann_machine() {
    const SIGMA: f64 = 0.4;
    let layer = small((5, 6), Some(()), Activation::Sigmoid, Reconstruction::SquaredError, 3);
    let clean = batch(7, 6).to_dtype(candle_core::DType::F32).unwrap();
    let mut seen = clean.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let gaussian = corruptions::find("gaussian").unwrap();
    gaussian.apply(&mut seen, Shape::flat(6), SIGMA as f32, &mut MOMENT.stream("corruption"));
    let double = |x: &Tensor| x.to_dtype(candle_core::DType::F64).unwrap();
    let clean = double(&clean);
    let seen = double(&Tensor::from_vec(seen, (7, 6), &Device::Cpu).unwrap());
    let seen = Var::from_tensor(&seen).unwrap();
    let energies = (rbm::free_energy(&layer, &seen).unwrap() * (7.0 / (SIGMA * SIGMA))).unwrap();
    let score = energies.backward().unwrap().get(&seen).unwrap().neg().unwrap();
    let of_noise = ((&clean - seen.as_tensor()).unwrap() / (SIGMA * SIGMA)).unwrap();
    let misses = (score - of_noise).unwrap().sqr().unwrap().sum_all().unwrap();
    let matching = misses.to_scalar::<f64>().unwrap() / 7.0;
    let found = value(denoising(SIGMA).as_ref(), &layer, &clean) / SIGMA.powi(4);
    assert!((found / matching - 1.0).abs() < 1e-6, "{found}, expected {matching}");
}

/// Alain and Bengio 2014: E |r(x + e) - x|^2 -> |r(x) - x|^2 + sigma^2 |dr/dx|_F^2 for small noise, where
/// r(x) is x; for linear units everywhere and for any noise.
#[test]
fn for_small_noise_it_contracts_the_reconstruction() {
    const COPIES: usize = 40_000;
    for (units, sigma) in [(Activation::Sigmoid, 0.01), (Activation::Linear, 0.5)] {
        let layer = small((4, 6), None, units, Reconstruction::SquaredError, 3);
        let x = batch(1, 6);
        let rebuild = |x: &Tensor| layer.decode(&layer.encode(x).unwrap()).unwrap();
        if units == Activation::Sigmoid {
            let miss = (&x - rebuild(&x)).unwrap().squeeze(0).unwrap();
            layer.decoder_bias.set(&(layer.decoder_bias.as_tensor() + miss).unwrap()).unwrap();
        }
        let squares = |x: &Tensor| x.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap();
        let mut jacobian = 0.0;
        for input in 0..6 {
            let step: Vec<f64> = (0..6).map(|i| if i == input { 1e-5 } else { 0.0 }).collect();
            let step = Tensor::from_vec(step, (1, 6), &Device::Cpu).unwrap();
            let (up, down) = (rebuild(&(&x + &step).unwrap()), rebuild(&(&x - &step).unwrap()));
            jacobian += squares(&((up - down).unwrap() / 2e-5).unwrap());
        }
        let clean = x.broadcast_as((COPIES, 6)).unwrap().contiguous().unwrap();
        let noisy = value(denoising(sigma).as_ref(), &layer, &clean);
        let found = (noisy - squares(&(rebuild(&x) - &x).unwrap())) / (sigma * sigma);
        assert!(
            (found / jacobian - 1.0).abs() < 0.03,
            "{}: {found}, expected {jacobian}",
            units.word()
        );
    }
}
