//! Dense layers, and the feed-forward network that is fine-tuned: hidden layers, and on top of their
//! codes a classifier, or a decoder that makes a deep autoencoder of them.

use ablate_data::Stream;
use candle_core::{DType, Device, Result, Tensor, Var};
use sha2::{Digest, Sha256};

use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::reconstruction::Reconstruction;
use crate::settings::{FineTuning, Settings};

/// Hidden layers from the input up, and what reads the top codes.
#[derive(Debug)]
pub struct Network {
    /// The hidden layers.
    pub hidden: Vec<Dense>,
    /// Their units, but for the top ones.
    pub activation: Activation,
    /// The units of the top hidden layer, whose codes are what the network is pretrained for.
    pub code_activation: Activation,
    /// A hidden layer of the classifier's own between the top codes and its output layer, if it has
    /// one.
    pub classifier: Option<Dense>,
    /// Logits of the classes.
    pub output: Dense,
    /// The way back from the top codes, where they are part of a deep autoencoder: then the
    /// classifier is untrained.
    pub decoder: Option<Decoder>,
}

/// Which of a run's two networks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// As fine-tuning found it: pretrained, or at its random start.
    Initial,
    /// As fine-tuning left it.
    Tuned,
}

/// What makes a deep autoencoder of hidden layers: one layer for each of them, in reverse. Each has
/// the units of the codes that it reconstructs (Hinton and Salakhutdinov 2006).
#[derive(Debug)]
pub struct Decoder {
    /// From the top codes down to the input.
    pub layers: Vec<Dense>,
    /// How reconstructions of the input are judged, and with it the last layer's units.
    pub reconstruction: Reconstruction,
}

/// Layers in the order in which an input passes them, with their units.
#[derive(Debug)]
pub(crate) struct Route<'a> {
    pub(crate) layers: Vec<(&'a Dense, Activation)>,
    /// How many of them, from the first, are hidden layers of the network.
    pub(crate) hidden: usize,
}

/// z = W x + b for every example.
#[derive(Clone, Debug)]
pub struct Dense {
    /// W: outputs x inputs.
    pub weight: Var,
    /// b: outputs.
    pub bias: Var,
}

impl Moment {
    /// What `metric` is called of the network at this moment.
    pub(crate) fn name(self, metric: &str) -> String {
        match self {
            Moment::Initial => format!("initial_{metric}"),
            Moment::Tuned => metric.to_owned(),
        }
    }
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
            hidden.push(Dense::draw((width, below), settings, dtype, &mut stream)?);
            below = width;
        }
        let mut classifier = None;
        if let FineTuning::Frozen { classifier: Some(width) } = settings.fine_tuning {
            let mut stream = Stream::new(seed, "initialization/classifier", &[]);
            classifier = Some(Dense::draw((width, below), settings, dtype, &mut stream)?);
            below = width;
        }
        let mut stream = Stream::new(seed, "initialization/output", &[]);
        let output = Dense::draw((classes, below), settings, dtype, &mut stream)?;
        Ok(Network {
            hidden,
            activation: settings.activation,
            code_activation: settings.code_activation,
            classifier,
            output,
            decoder: None,
        })
    }

    /// Layers that classify: all hidden ones have the same units, and the output layer reads the top
    /// codes.
    #[cfg(test)]
    pub(crate) fn of(hidden: Vec<Dense>, activation: Activation, output: Dense) -> Network {
        let (code_activation, classifier, decoder) = (activation, None, None);
        Network { hidden, activation, code_activation, classifier, output, decoder }
    }

    /// The units of hidden layer number `layer`, counted from 0.
    pub fn units(&self, layer: usize) -> Activation {
        if layer + 1 == self.hidden.len() { self.code_activation } else { self.activation }
    }

    /// Codes of every hidden layer for inputs `x` (examples x inputs), from the bottom up.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn codes(&self, x: &Tensor) -> Result<Vec<Tensor>> {
        let mut codes: Vec<Tensor> = Vec::with_capacity(self.hidden.len());
        for (number, layer) in self.hidden.iter().enumerate() {
            let below = codes.last().unwrap_or(x);
            codes.push(self.units(number).apply(&layer.forward(below)?)?);
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
        let top = self.top_code(x)?;
        match &self.classifier {
            Some(layer) => self.output.forward(&self.activation.apply(&layer.forward(&top)?)?),
            None => self.output.forward(&top),
        }
    }

    /// Preactivations of the reconstructions of inputs `x` (examples x inputs), of its shape; `None`
    /// where there is no decoder.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn reconstruction(&self, x: &Tensor) -> Result<Option<Tensor>> {
        let Some(route) = self.autoencoding() else { return Ok(None) };
        let mut code = x.clone();
        for (number, (layer, units)) in route.layers.iter().enumerate() {
            code = layer.forward(&code)?;
            if number + 1 < route.layers.len() {
                code = units.apply(&code)?;
            }
        }
        Ok(Some(code))
    }

    /// From the input to the logits.
    pub(crate) fn classifying(&self) -> Route<'_> {
        let Route { mut layers, hidden } = self.encoding();
        layers.extend(self.head().layers);
        Route { layers, hidden }
    }

    /// From the top codes to the logits.
    pub(crate) fn head(&self) -> Route<'_> {
        let classifier = self.classifier.iter().map(|layer| (layer, self.activation));
        let layers = classifier.chain([(&self.output, Activation::Linear)]).collect();
        Route { layers, hidden: 0 }
    }

    /// From the input to the top codes and back; `None` where there is no decoder.
    pub(crate) fn autoencoding(&self) -> Option<Route<'_>> {
        let back = self.decoding()?;
        let Route { mut layers, hidden } = self.encoding();
        layers.extend(back.layers);
        Some(Route { layers, hidden })
    }

    /// From the top codes back; `None` where there is no decoder.
    pub(crate) fn decoding(&self) -> Option<Route<'_>> {
        let Decoder { layers, reconstruction } = self.decoder.as_ref()?;
        let below = (0..layers.len()).rev().map(|number| match number.checked_sub(1) {
            Some(below) => self.units(below),
            None => reconstruction.units(),
        });
        Some(Route { layers: layers.iter().zip(below).collect(), hidden: 0 })
    }

    fn encoding(&self) -> Route<'_> {
        let layers = self.hidden.iter().enumerate();
        let layers = layers.map(|(number, layer)| (layer, self.units(number))).collect();
        Route { layers, hidden: self.hidden.len() }
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
            code_activation: self.code_activation,
            classifier: self.classifier.as_ref().map(Dense::frozen).transpose()?,
            output: self.output.frozen()?,
            decoder: self.decoder.as_ref().map(Decoder::frozen).transpose()?,
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
        let decoder = self.decoder.iter().flat_map(|decoder| &decoder.layers);
        self.hidden.iter().chain(&self.classifier).chain([&self.output]).chain(decoder)
    }
}

impl Decoder {
    /// Turns `network` round: each layer is the decoder of the pretrained autoencoder of `stack` where
    /// it has one, and drawn as a decoder is before it is trained elsewhere.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub fn of(
        network: &Network,
        stack: &[Autoencoder],
        reconstruction: Reconstruction,
        settings: &Settings,
        seed: u64,
    ) -> Result<Decoder> {
        let layers = network.hidden.iter().enumerate().rev().map(|(number, encoder)| {
            let (outputs, inputs) = encoder.weight.dims2()?;
            match stack.get(number) {
                Some(autoencoder) => autoencoder.decoding(),
                None => {
                    let mut stream = Stream::new(seed, "initialization/decoder", &[number as u64]);
                    let dtype = encoder.weight.dtype();
                    Dense::draw((inputs, outputs), settings, dtype, &mut stream)
                }
            }
        });
        Ok(Decoder { layers: layers.collect::<Result<_>>()?, reconstruction })
    }

    fn frozen(&self) -> Result<Decoder> {
        let layers = self.layers.iter().map(Dense::frozen).collect::<Result<_>>()?;
        Ok(Decoder { layers, reconstruction: self.reconstruction })
    }
}

impl Dense {
    /// A layer of that shape (outputs, inputs) before any training.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn draw(
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
