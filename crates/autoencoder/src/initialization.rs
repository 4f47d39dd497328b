//! Where weights start. Every draw comes from a stream of its own, named by seed and layer, so that
//! a network starts from the same bits whether or not it will be pretrained.

use ablate_data::Stream;
use candle_core::{DType, Device, Result, Tensor, Var};

use crate::activation::Activation;

/// The distribution of initial weights; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Initialization {
    /// U(-b, b) with b = 1 / sqrt(inputs), as in Erhan et al. 2010.
    FanIn,
    /// U(-b, b) with b = sqrt(6 / (inputs + outputs)), four times that for sigmoid units
    /// (Glorot and Bengio 2010).
    Glorot,
    /// U(-b, b) with b = sqrt(6 / inputs), which keeps the variance of what passes rectified units
    /// (He, Zhang, Ren, Sun 2015).
    He,
}

impl Initialization {
    /// Every initialization.
    pub const ALL: [Initialization; 3] =
        [Initialization::FanIn, Initialization::Glorot, Initialization::He];

    /// Its one word.
    pub const fn word(self) -> &'static str {
        match self {
            Initialization::FanIn => "fan-in",
            Initialization::Glorot => "glorot",
            Initialization::He => "he",
        }
    }

    /// The initialization whose word this is.
    pub fn from_word(word: &str) -> Option<Initialization> {
        Initialization::ALL.into_iter().find(|initialization| initialization.word() == word)
    }

    /// Weights of a layer (outputs x inputs) drawn from `stream`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn weights(
        self,
        (outputs, inputs): (usize, usize),
        activation: Activation,
        dtype: DType,
        stream: &mut Stream,
    ) -> Result<Var> {
        let bound = match (self, activation) {
            (Initialization::FanIn, _) => 1.0 / (inputs as f64).sqrt(),
            (Initialization::Glorot, Activation::Sigmoid) => 4.0 * glorot(outputs, inputs),
            (Initialization::Glorot, _) => glorot(outputs, inputs),
            (Initialization::He, _) => (6.0 / inputs as f64).sqrt(),
        };
        let drawn: Vec<f32> = (0..outputs * inputs)
            .map(|_| (bound * (2.0 * f64::from(stream.uniform()) - 1.0)) as f32)
            .collect();
        Var::from_tensor(
            &Tensor::from_vec(drawn, (outputs, inputs), &Device::Cpu)?.to_dtype(dtype)?,
        )
    }
}

fn glorot(outputs: usize, inputs: usize) -> f64 {
    (6.0 / (inputs + outputs) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A uniform draw from [-b, b] has the variance b^2 / 3.
    #[test]
    fn he_keeps_the_mean_square_of_what_passes_rectified_units() {
        let mut stream = Stream::new(1, "test/weights", &[]);
        let weights = |shape, stream: &mut Stream| {
            Initialization::He.weights(shape, Activation::Relu, DType::F32, stream).unwrap()
        };
        let mut x = Tensor::ones((1, 400), DType::F32, &Device::Cpu).unwrap();
        for _ in 0..20 {
            x = x.matmul(&weights((400, 400), &mut stream).t().unwrap()).unwrap().relu().unwrap();
        }
        let mean = x.sqr().unwrap().mean_all().unwrap().to_scalar::<f32>().unwrap();
        assert!((0.2..5.0).contains(&mean), "1 became {mean} over twenty layers");
    }
}
