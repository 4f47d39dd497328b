//! Dense layers, and the feed-forward network that is fine-tuned: hidden layers and a softmax on top.

use ablate_data::Stream;
use candle_core::{DType, Device, Result, Tensor, Var};
use sha2::{Digest, Sha256};

use crate::activation::Activation;
use crate::settings::Settings;

/// Hidden layers from the input up, and the output layer over the classes.
#[derive(Debug)]
pub struct Network {
    /// The hidden layers.
    pub hidden: Vec<Dense>,
    /// Their units.
    pub activation: Activation,
    /// Logits of the classes from the top codes.
    pub output: Dense,
}

/// z = W x + b for every example.
#[derive(Clone, Debug)]
pub struct Dense {
    /// W: outputs x inputs.
    pub weight: Var,
    /// b: outputs.
    pub bias: Var,
}

impl Network {
    /// The network of `settings` as it is before any training. Each layer draws from a stream of its
    /// own, so a deeper network starts with the same lower layers.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn new(
        settings: &Settings,
        inputs: usize,
        classes: usize,
        seed: u64,
        dtype: DType,
    ) -> Result<Network> {
        let mut below = inputs;
        let mut hidden = Vec::with_capacity(settings.widths.len());
        for (layer, &width) in settings.widths.iter().enumerate() {
            let mut stream = Stream::new(seed, "initialization/hidden", &[layer as u64]);
            hidden.push(Dense::new((width, below), settings, dtype, &mut stream)?);
            below = width;
        }
        let mut stream = Stream::new(seed, "initialization/output", &[]);
        let output = Dense::new((classes, below), settings, dtype, &mut stream)?;
        Ok(Network { hidden, activation: settings.activation, output })
    }

    /// Codes of every hidden layer for inputs `x` (examples x inputs), from the bottom up.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn codes(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let mut codes: Vec<Tensor> = Vec::with_capacity(self.hidden.len());
        for layer in &self.hidden {
            let below = codes.last().unwrap_or(x);
            codes.push(self.activation.apply(&layer.forward(below)?)?);
        }
        Ok(codes)
    }

    /// The top codes for inputs `x` (examples x inputs): examples x top width.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn top_code(&self, x: &Tensor) -> Result<Tensor> {
        Ok(self.codes(x)?.pop().unwrap_or_else(|| x.clone()))
    }

    /// Logits for inputs `x` (examples x inputs): examples x classes.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn logits(&self, x: &Tensor) -> Result<Tensor> {
        self.output.forward(&self.top_code(x)?)
    }

    /// Every weight and bias, from the bottom up.
    pub fn vars(&self) -> Vec<Var> {
        self.layers().flat_map(|layer| [layer.weight.clone(), layer.bias.clone()]).collect()
    }

    /// The same network with variables of its own, which later training leaves alone.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn frozen(&self) -> Result<Network> {
        Ok(Network {
            hidden: self.hidden.iter().map(Dense::frozen).collect::<Result<_>>()?,
            activation: self.activation,
            output: self.output.frozen()?,
        })
    }

    /// SHA-256 over shapes and bits of every weight and bias, in hexadecimal digits.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn hash(&self) -> Result<String> {
        let mut hasher = Sha256::new();
        for var in self.vars() {
            hasher.update(format!("{:?}", var.dims()));
            for value in var.as_tensor().flatten_all()?.to_dtype(DType::F32)?.to_vec1::<f32>()? {
                hasher.update(value.to_le_bytes());
            }
        }
        Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn layers(&self) -> impl Iterator<Item = &Dense> {
        self.hidden.iter().chain([&self.output])
    }
}

impl Dense {
    fn new(
        shape: (usize, usize),
        settings: &Settings,
        dtype: DType,
        stream: &mut Stream,
    ) -> Result<Dense> {
        let weight = settings.initialization.weights(shape, settings.activation, dtype, stream)?;
        Ok(Dense { weight, bias: Var::zeros(shape.0, dtype, &Device::Cpu)? })
    }

    /// The same layer with variables of its own.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn frozen(&self) -> Result<Dense> {
        let copy = |var: &Var| Var::from_tensor(&var.as_tensor().copy()?);
        Ok(Dense { weight: copy(&self.weight)?, bias: copy(&self.bias)? })
    }

    /// Preactivations (examples x outputs) of `x` (examples x inputs).
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.matmul(&self.weight.t()?)?.broadcast_add(&self.bias)
    }
}
