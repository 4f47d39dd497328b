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
mod tests;
