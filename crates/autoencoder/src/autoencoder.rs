//! One layer as an autoencoder: h = s(W x + b), reconstruction from z = W' h + c with W' = W^T
//! (tied) or free (untied). What it is trained to do is its variant's objective (`learner.rs`).

use ablate_data::Stream;
use candle_core::{Device, Result, Tensor, Var};

use crate::activation::Activation;
use crate::network::Dense;
use crate::reconstruction::Reconstruction;
use crate::settings::{LayerPretraining, Settings};

/// A layer with a decoder.
#[derive(Debug)]
pub struct Autoencoder {
    /// The encoder: the layer itself, sharing its variables with the network.
    pub encoder: Dense,
    /// Its units.
    pub activation: Activation,
    /// The decoder's own weights (inputs x outputs); `None` where they are the encoder's.
    pub decoder: Option<Var>,
    /// c: inputs.
    pub decoder_bias: Var,
    /// How reconstructions are judged.
    pub reconstruction: Reconstruction,
}

/// What the encoder saw and made of it: what a penalty may look at.
#[derive(Debug)]
pub struct Pass<'a> {
    /// The autoencoder.
    pub autoencoder: &'a Autoencoder,
    /// h: examples x outputs.
    pub code: &'a Tensor,
    /// The same of each noisy copy of the examples.
    pub near: &'a [Tensor],
}

impl Autoencoder {
    /// A decoder for `encoder`, which is hidden layer number `layer`, counted from 0.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn new(
        encoder: Dense,
        settings: &Settings,
        pretraining: &LayerPretraining,
        layer: usize,
        seed: u64,
    ) -> Result<Autoencoder> {
        let (outputs, inputs) = encoder.weight.dims2()?;
        let dtype = encoder.weight.dtype();
        let decoder = if pretraining.tied {
            None
        } else {
            let mut stream = Stream::new(seed, "initialization/decoder", &[layer as u64]);
            let (shape, units) = ((inputs, outputs), settings.activation);
            Some(settings.initialization.weights(shape, units, dtype, &mut stream)?)
        };
        Ok(Autoencoder {
            encoder,
            activation: settings.units(layer),
            decoder,
            decoder_bias: Var::zeros(inputs, dtype, &Device::Cpu)?,
            reconstruction: pretraining.reconstruction_of(layer),
        })
    }

    /// Codes (examples x outputs) of `x` (examples x inputs).
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn encode(&self, x: &Tensor) -> Result<Tensor> {
        self.activation.apply(&self.encoder.forward(x)?)
    }

    /// Reconstructions (examples x inputs) from codes `h` (examples x outputs).
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn decode(&self, h: &Tensor) -> Result<Tensor> {
        self.reconstruction.output(&self.decoder_preactivation(h)?)
    }

    /// Every weight and bias that pretraining changes.
    pub fn vars(&self) -> Vec<Var> {
        let encoder = [self.encoder.weight.clone(), self.encoder.bias.clone()];
        let decoder = self.decoder.iter().cloned().chain([self.decoder_bias.clone()]);
        encoder.into_iter().chain(decoder).collect()
    }

    /// The same autoencoder with variables of its own, which later training leaves alone.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn frozen(&self) -> Result<Autoencoder> {
        let copy = |var: &Var| Var::from_tensor(&var.as_tensor().copy()?);
        Ok(Autoencoder {
            encoder: self.encoder.frozen()?,
            activation: self.activation,
            decoder: self.decoder.as_ref().map(copy).transpose()?,
            decoder_bias: copy(&self.decoder_bias)?,
            reconstruction: self.reconstruction,
        })
    }

    /// The decoder as a layer of its own, from codes to the preactivations of reconstructions.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn decoding(&self) -> Result<Dense> {
        let weight = match &self.decoder {
            Some(weight) => weight.as_tensor().copy()?,
            None => self.encoder.weight.t()?.contiguous()?,
        };
        let bias = Var::from_tensor(&self.decoder_bias.as_tensor().copy()?)?;
        Ok(Dense { weight: Var::from_tensor(&weight)?, bias })
    }

    /// What the decoder's units are given, from codes `h` (examples x outputs): examples x inputs.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn decoder_preactivation(&self, h: &Tensor) -> Result<Tensor> {
        let z = match &self.decoder {
            Some(weight) => h.matmul(&weight.t()?)?,
            None => h.matmul(&self.encoder.weight)?,
        };
        z.broadcast_add(&self.decoder_bias)
    }
}

/// An autoencoder of `inputs` and `outputs` units in f64 for tests, its weights drawn from `seed`.
#[cfg(test)]
pub(crate) fn small(
    (outputs, inputs): (usize, usize),
    tied: Option<()>,
    activation: Activation,
    reconstruction: Reconstruction,
    seed: u64,
) -> Autoencoder {
    let mut stream = Stream::new(seed, "test/autoencoder", &[]);
    let mut draw = |rows: usize, columns: usize| {
        let values: Vec<f64> =
            (0..rows * columns).map(|_| f64::from(stream.normal()) * 0.7).collect();
        let tensor = Tensor::from_vec(values, (rows, columns), &Device::Cpu).unwrap();
        Var::from_tensor(&tensor).unwrap()
    };
    let (weight, decoder) = (draw(outputs, inputs), draw(inputs, outputs));
    let bias = |var: Var| Var::from_tensor(&var.as_tensor().squeeze(0).unwrap()).unwrap();
    Autoencoder {
        encoder: Dense { weight, bias: bias(draw(1, outputs)) },
        activation,
        decoder: tied.is_none().then_some(decoder),
        decoder_bias: bias(draw(1, inputs)),
        reconstruction,
    }
}

/// The same autoencoder in single precision, every number times `scale`.
#[cfg(test)]
pub(crate) fn single(autoencoder: &Autoencoder, scale: f64) -> Autoencoder {
    let var = |var: &Var| {
        let scaled = (var.as_tensor() * scale).unwrap().to_dtype(candle_core::DType::F32).unwrap();
        Var::from_tensor(&scaled).unwrap()
    };
    let Dense { weight, bias } = &autoencoder.encoder;
    Autoencoder {
        encoder: Dense { weight: var(weight), bias: var(bias) },
        decoder: autoencoder.decoder.as_ref().map(var),
        decoder_bias: var(&autoencoder.decoder_bias),
        ..*autoencoder
    }
}
