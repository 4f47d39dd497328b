//! Images drawn from a trained stack whose top layer is a generative model: what it draws is decoded
//! layer by layer, each passing on the means of its inputs.

use ablate_data::Stream;
use candle_core::{DType, Device, Result, Tensor};

use crate::autoencoder::Autoencoder;
use crate::variants::{self, Variant};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// How many images.
    pub images: usize,
    /// Steps of a Gibbs chain before its image, where the model is one of chains.
    pub gibbs_steps: usize,
    /// Seed of every draw.
    pub seed: u64,
}

/// Images (one after another) drawn from `stack`, the layers of a run from the lowest up, whose top
/// one `variant` trained. With Gaussian outputs they may leave [0, 1].
///
/// # Errors
/// If the variant is no generative model, which are, or whatever Candle reports.
pub fn images(
    variant: &Variant,
    stack: &[Autoencoder],
    sampling: &Sampling,
) -> std::result::Result<Vec<f32>, String> {
    let Some(sample) = variant.sample else {
        return Err(format!(
            "{} is no model of how images come about, so none can be drawn from it: {} are",
            variant.name,
            generative()
        ));
    };
    if stack.is_empty() {
        return Err("there is no pretrained layer to draw from".into());
    }
    sample(stack, sampling).map_err(|error| format!("candle: {error}"))
}

/// The variants that images can be drawn from, in words.
pub(crate) fn generative() -> String {
    let can = variants::ALL.iter().filter(|one| one.sample.is_some()).map(|one| one.name);
    can.collect::<Vec<_>>().join(", ")
}

/// The top layer's preactivations are standard normal, which is the prior of `vae` and `adversarial`.
pub(crate) fn from_normal_preactivations(
    stack: &[Autoencoder],
    sampling: &Sampling,
) -> Result<Vec<f32>> {
    let Some((top, below)) = stack.split_last() else { return Ok(Vec::new()) };
    let mut stream = Stream::new(sampling.seed, "samples/prior", &[]);
    let z = normal((sampling.images, top.encoder.bias.dim(0)?), &mut stream)?;
    down(below, top.decode(&top.activation.apply(&z)?)?)
}

/// The images that `stack` decodes the top layer's inputs `codes` (examples x inputs) to.
pub(crate) fn down(stack: &[Autoencoder], mut codes: Tensor) -> Result<Vec<f32>> {
    for layer in stack.iter().rev() {
        codes = layer.decode(&codes)?;
    }
    codes.to_dtype(DType::F32)?.flatten_all()?.to_vec1()
}

/// Standard normal numbers, row by row.
pub(crate) fn normal((rows, columns): (usize, usize), stream: &mut Stream) -> Result<Tensor> {
    let mut values = vec![0.0_f32; rows * columns];
    stream.fill_normal(&mut values);
    Tensor::from_vec(values, (rows, columns), &Device::Cpu)
}

/// 1 with the probabilities given (rows x columns), else 0, row by row.
pub(crate) fn bernoulli(probabilities: &Tensor, stream: &mut Stream) -> Result<Tensor> {
    let mut draws = vec![0.0_f32; probabilities.elem_count()];
    stream.fill_uniform(&mut draws);
    let draws = Tensor::from_vec(draws, probabilities.dims(), &Device::Cpu)?;
    draws.to_dtype(probabilities.dtype())?.lt(probabilities)?.to_dtype(probabilities.dtype())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::autoencoder::{single, small};
    use crate::reconstruction::Reconstruction;

    fn stack() -> Vec<Autoencoder> {
        let (units, loss) = (Activation::Sigmoid, Reconstruction::CrossEntropy);
        let layer = |shape, seed| single(&small(shape, Some(()), units, loss, seed), 1.0);
        vec![layer((5, 9), 1), layer((4, 5), 2)]
    }

    #[test]
    fn every_generative_variant_draws_other_images_by_another_seed() {
        let stack = stack();
        let generative: Vec<_> =
            variants::ALL.iter().filter(|variant| variant.sample.is_some()).collect();
        assert_eq!(
            generative.iter().map(|variant| variant.name).collect::<Vec<_>>(),
            ["rbm", "vae", "adversarial"]
        );
        for variant in generative {
            let draw = |seed| {
                images(variant, &stack, &Sampling { images: 3, gibbs_steps: 20, seed }).unwrap()
            };
            assert_eq!(draw(1).len(), 3 * 9);
            assert_eq!(draw(1), draw(1), "{}", variant.name);
            assert_ne!(draw(1), draw(2), "{}", variant.name);
            assert!(draw(1).iter().all(|pixel| (0.0..=1.0).contains(pixel)));
        }
    }

    #[test]
    fn what_is_no_generative_model_is_refused_with_those_that_are() {
        let sampling = Sampling { images: 1, gibbs_steps: 1, seed: 1 };
        let basic = variants::find("basic").unwrap();
        let refused = images(basic, &stack(), &sampling).unwrap_err();
        assert!(refused.starts_with("basic is no model"), "{refused}");
        assert!(refused.ends_with("rbm, vae, adversarial are"), "{refused}");
        let rbm = variants::find("rbm").unwrap();
        assert!(images(rbm, &[], &sampling).unwrap_err().contains("no pretrained layer"));
    }
}
