//! Units: the nonlinearity of a layer, and the derivative that the contractive penalty needs.

use candle_core::{Result, Tensor};

/// The nonlinearity of the hidden units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// 1 / (1 + exp(-z)), the unit of the papers.
    Sigmoid,
    /// tanh(z).
    Tanh,
    /// max(0, z).
    Relu,
    /// z itself: the case with closed-form solutions.
    Linear,
}

impl Activation {
    /// Every activation.
    pub const ALL: [Activation; 4] =
        [Activation::Sigmoid, Activation::Tanh, Activation::Relu, Activation::Linear];

    /// Its one word.
    pub const fn word(self) -> &'static str {
        match self {
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
            Activation::Linear => "linear",
        }
    }

    /// The activation whose word this is.
    pub fn from_word(word: &str) -> Option<Activation> {
        Activation::ALL.into_iter().find(|activation| activation.word() == word)
    }

    /// Codes h(z), of the shape of `z`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn apply(self, z: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Sigmoid => candle_nn::ops::sigmoid(z),
            Activation::Tanh => z.tanh(),
            Activation::Relu => z.relu(),
            Activation::Linear => Ok(z.clone()),
        }
    }

    /// dh/dz, written in terms of the codes `h` themselves, of their shape. Differentiable wherever
    /// the second derivative is not zero almost everywhere.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn slope(self, h: &Tensor) -> Result<Tensor> {
        match self {
            Activation::Sigmoid => h - h.sqr()?,
            Activation::Tanh => h.sqr()?.affine(-1.0, 1.0),
            Activation::Relu => h.gt(0.0)?.to_dtype(h.dtype()),
            Activation::Linear => h.ones_like(),
        }
    }

    /// dh/dz of one unit, in terms of its code `h`: [`Activation::slope`] by hand.
    #[inline(always)]
    pub fn slope_at(self, h: f32) -> f32 {
        match self {
            Activation::Sigmoid => h * (1.0 - h),
            Activation::Tanh => 1.0 - h * h,
            Activation::Relu => f32::from(u8::from(h > 0.0)),
            Activation::Linear => 1.0,
        }
    }

    /// Whether a unit with code `h` is saturated: within 5 % of the end of its range (`sigmoid`
    /// below 0.05 or above 0.95, Rifai et al. 2011; `tanh` beyond +-0.9), or shut (`relu` at 0).
    /// A linear unit never is.
    pub fn saturated(self, h: f32) -> bool {
        match self {
            Activation::Sigmoid => !(0.05..=0.95).contains(&h),
            Activation::Tanh => h.abs() > 0.9,
            Activation::Relu => h <= 0.0,
            Activation::Linear => false,
        }
    }
}
