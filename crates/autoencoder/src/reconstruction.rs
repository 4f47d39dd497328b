//! How a reconstruction is judged: the loss between inputs and what the decoder made of them,
//! summed over inputs and averaged over examples (Vincent et al. 2010, section 2.3).

use candle_core::{Result, Tensor};

use crate::activation::Activation;

/// The reconstruction loss, and with it the decoder's output units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reconstruction {
    /// -sum x log r + (1 - x) log(1 - r) with r = sigmoid(z), for inputs in [0, 1].
    CrossEntropy,
    /// sum (r - x)^2 with r = z.
    SquaredError,
}

impl Reconstruction {
    /// Every loss.
    pub const ALL: [Reconstruction; 2] =
        [Reconstruction::CrossEntropy, Reconstruction::SquaredError];

    /// Its one word.
    pub const fn word(self) -> &'static str {
        match self {
            Reconstruction::CrossEntropy => "cross-entropy",
            Reconstruction::SquaredError => "squared-error",
        }
    }

    /// The loss whose word this is.
    pub fn from_word(word: &str) -> Option<Reconstruction> {
        Reconstruction::ALL.into_iter().find(|loss| loss.word() == word)
    }

    /// The decoder's output units.
    pub const fn units(self) -> Activation {
        match self {
            Reconstruction::CrossEntropy => Activation::Sigmoid,
            Reconstruction::SquaredError => Activation::Linear,
        }
    }

    /// Reconstructions r from the decoder's preactivations `z`, of the same shape.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn output(self, z: &Tensor) -> Result<Tensor> {
        self.units().apply(z)
    }

    /// The loss of preactivations `z` (examples x inputs) against `x` (the same shape): a scalar.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn loss(self, z: &Tensor, x: &Tensor) -> Result<Tensor> {
        self.losses(z, x)?.sum_all()? / x.dim(0)? as f64
    }

    /// The loss of each preactivation of `z` against its input of `x`, all of one shape.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn losses(self, z: &Tensor, x: &Tensor) -> Result<Tensor> {
        match self {
            Reconstruction::CrossEntropy => softplus(z)?.sub(&(z * x)?),
            Reconstruction::SquaredError => (z - x)?.sqr(),
        }
    }
}

/// log(1 + exp(z)). Written with |z| it overflows nowhere, and (z + |z|) / 2 rather than relu(z)
/// keeps its gradient sigmoid(z) exact at z = 0 as well.
pub(crate) fn softplus(z: &Tensor) -> Result<Tensor> {
    let magnitude = z.abs()?;
    let tail = (magnitude.neg()?.exp()? + 1.0)?.log()?;
    ((z + &magnitude)? * 0.5)? + tail
}

#[cfg(test)]
mod tests {
    use candle_core::{Device, Var};

    use super::*;

    #[test]
    fn cross_entropy_and_its_gradient_are_exact_at_zero_and_far_out() {
        let z = Var::new(&[[0.0_f64, 40.0, -40.0, 2.0]], &Device::Cpu).unwrap();
        let x = Tensor::new(&[[0.25_f64, 1.0, 1.0, 0.5]], &Device::Cpu).unwrap();
        let loss = Reconstruction::CrossEntropy.loss(&z, &x).unwrap();
        let expected = 2f64.ln() + 0.0 + 40.0 + ((1.0 + 2f64.exp()).ln() - 1.0);
        assert!((loss.to_scalar::<f64>().unwrap() - expected).abs() < 1e-12);
        let gradient = loss.backward().unwrap().get(&z).unwrap().to_vec2::<f64>().unwrap();
        for (found, (z, x)) in
            gradient[0].iter().zip([(0.0, 0.25), (40.0, 1.0), (-40.0, 1.0), (2.0, 0.5)])
        {
            let expected = 1.0 / (1.0 + f64::exp(-z)) - x;
            assert!((found - expected).abs() < 1e-15, "at z = {z}: {found}, expected {expected}");
        }
    }
}
