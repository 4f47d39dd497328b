//! The denoising autoencoder: the encoder sees a corrupted input and the loss asks for the clean one,
//! so that the codes must say what the input's structure implies. Corruption acts only while a
//! layer is trained; the layer above is trained on clean codes. With emphasis the losses of the inputs
//! that were hit count alpha times and those of the others beta times (Vincent et al. 2010, section
//! 5.1.3).

use std::ops::Bound;

use ablate_data::corruptions::{self, Corruption, Family};
use ablate_sweep::{Condition, Domain, Param, Value};

use super::{Autoencoding, Decoder, Variant};
use crate::autoencoding::{Emphasis, Noise};

pub(super) const VARIANT: Variant = Variant {
    name: "denoising",
    summary: "reconstructs the clean input from a corrupted one",
    formula: "alpha L_hit(x, g(f(x~))) + beta L_rest(x, g(f(x~))), x~ ~ q(x~ | x)",
    source: "Vincent, Larochelle, Bengio, Manzagol 2008; Vincent et al. 2010",
    version: 1,
    params: || {
        let names = Family::Noise.members().map(|one| one.name).collect();
        let mut params = vec![Param::new(
            "corruption",
            Domain::Choice(names),
            Value::Text("gaussian".into()),
            "what is done to the inputs",
        )];
        params.extend([
            severity("sigma", 0.3, "standard deviation of the Gaussian noise"),
            severity("fraction", 0.25, "share of the inputs that are hit"),
            weight("alpha", "how much the loss of an input counts that was hit"),
            weight("beta", "how much the loss of an input counts that was not hit"),
        ]);
        params
    },
    objective: |params| {
        let corruption = corruptions::find(params.text("corruption")?)?;
        let severity = params.float(corruption.severity.as_ref()?.name)? as f32;
        let emphasis = params.float("alpha").zip(params.float("beta"));
        let emphasis = emphasis
            .filter(|weights| *weights != (1.0, 1.0))
            .map(|(alpha, beta)| Emphasis { struck: alpha as f32, untouched: beta as f32 });
        let noise = Some(Noise { corruption, severity, emphasis });
        Some(Box::new(Autoencoding { noise, ..Autoencoding::default() }))
    },
    decoder: Decoder::AsGiven,
    sample: None,
};

/// The corruptions that hit some inputs and leave the others, each by itself.
const SPARING: [&str; 2] = ["masking", "salt-and-pepper"];

/// A weight of the emphasis, which means something where some inputs are hit and others not.
fn weight(name: &'static str, summary: &'static str) -> Param {
    let domain = Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
    Param::new(name, domain, Value::Float(1.0), summary)
        .only_when(Condition::any("corruption", &SPARING))
}

/// The severity `name`, which means something for the noises that have it, in their range.
fn severity(name: &'static str, default: f64, summary: &'static str) -> Param {
    let having = || {
        let own = |one: &'static Corruption| Some((one.name, one.severity.as_ref()?));
        Family::Noise.members().filter_map(own).filter(|(_, severity)| severity.name == name)
    };
    let names: Vec<&'static str> = having().map(|one| one.0).collect();
    let condition = Condition::any("corruption", &names);
    let max = having().map(|(_, one)| *one.range.end()).fold(f64::INFINITY, f64::min);
    let domain = Domain::Float { min: Bound::Included(0.0), max: Bound::Included(max) };
    Param::new(name, domain, Value::Float(default), summary).only_when(condition)
}

#[cfg(test)]
mod tests {
    use ablate_data::Stream;
    use ablate_sweep::Params;

    use super::*;
    use crate::activation::Activation;
    use crate::autoencoder::{single, small};
    use crate::batches::Rows;
    use crate::learner::{Batch, Moment, Start, learner};
    use crate::optimizer::Rule;
    use crate::reconstruction::Reconstruction;
    use crate::variants::tests::START;

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
        let params: Params = [
            ("corruption".to_owned(), Value::Text("gaussian".into())),
            ("sigma".to_owned(), Value::Float(SIGMA)),
        ]
        .into_iter()
        .collect();
        let objective = (VARIANT.objective)(&params).unwrap();
        let (units, loss) = (Activation::Linear, Reconstruction::SquaredError);
        let layer = single(&small((2, 2), None, units, loss, 3), 1.0);
        let (examples, which) = (examples(), (0..EXAMPLES as u32).collect::<Vec<_>>());
        let batch = Batch { inputs: Rows::new(&examples, 2), which: &which };
        let rule = Rule::Sgd { rate: 0.02, momentum: 0.9 };
        let start = Start { rule, rows: EXAMPLES, ..START };
        let mut learner = learner(objective.as_ref(), &layer, &start).unwrap();
        for step in 0..600 {
            let moment = Moment { seed: 1, layer: 0, epoch: 1, epochs: 1, step };
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
}
