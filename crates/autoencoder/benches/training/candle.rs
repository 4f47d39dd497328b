//! The same training by Candle as it comes: its `Linear` layers, its losses, `backward` and the
//! optimizers of `candle-nn`. (Its products have AVX-512 here, which it does not ask for by itself.)

use ablate_autoencoder::tensors::Tensors;
use ablate_data::Stream;
use candle_core::{Device, Result, Tensor, Var};
use candle_nn::optim::{AdamW, Optimizer, ParamsAdamW, SGD};
use candle_nn::{Linear, Module, ops};

use crate::rows::{LAMBDA, Row, SIGMA};

/// A training by Candle, paused between epochs.
pub(crate) struct Loop {
    row: Row,
    weights: Vec<Var>,
    biases: Vec<Var>,
    optimizer: Descent,
    images: Tensor,
    labels: Tensor,
    noise: Stream,
}

enum Descent {
    Sgd(SGD),
    Adam(AdamW),
}

impl Loop {
    /// From the weights `start`, over `images` (row by row) and `labels` in that order.
    pub(crate) fn new(row: Row, start: &Tensors, images: &[f32], labels: &[u8]) -> Result<Loop> {
        let sides = row.sides();
        let (mut weights, mut biases) = (Vec::new(), Vec::new());
        for (number, two) in sides.windows(2).enumerate() {
            let name = row.layer(number);
            let shape = [two[1], two[0]];
            if start.has(&format!("{name}.weight")) {
                weights.push(start.var(&format!("{name}.weight"), &shape).expect("it was stored"));
            }
            biases.push(start.var(&format!("{name}.bias"), &shape[..1]).expect("it was stored"));
        }
        let vars: Vec<Var> = weights.iter().chain(&biases).cloned().collect();
        let optimizer = match row.optimizer {
            "adam" => {
                let params =
                    ParamsAdamW { lr: row.rate(), weight_decay: 0.0, ..Default::default() };
                Descent::Adam(AdamW::new(vars, params)?)
            }
            _ => Descent::Sgd(SGD::new(vars, row.rate())?),
        };
        let images = Tensor::from_slice(images, (labels.len(), sides[0]), &Device::Cpu)?;
        let labels: Vec<u32> = labels.iter().copied().map(u32::from).collect();
        let labels = Tensor::from_vec(labels, images.dim(0)?, &Device::Cpu)?;
        let noise = Stream::new(0, "benchmark/noise", &[]);
        Ok(Loop { row, weights, biases, optimizer, images, labels, noise })
    }

    /// One epoch; returns the mean loss an example.
    pub(crate) fn epoch(&mut self) -> Result<f64> {
        let (batch, examples) = (self.row.batch, self.images.dim(0)?);
        let mut sum = 0.0;
        for start in (0..examples).step_by(batch) {
            let x = self.images.narrow(0, start, batch)?;
            let loss = if self.row.depth > 1 {
                self.classification(&x, &self.labels.narrow(0, start, batch)?)?
            } else {
                self.reconstruction(&x)?
            };
            match &mut self.optimizer {
                Descent::Sgd(sgd) => sgd.backward_step(&loss)?,
                Descent::Adam(adam) => adam.backward_step(&loss)?,
            }
            sum += f64::from(loss.to_scalar::<f32>()?) * batch as f64;
        }
        Ok(sum / examples as f64)
    }

    fn linear(&self, number: usize) -> Linear {
        let bias = self.biases[number].as_tensor().clone();
        Linear::new(self.weights[number].as_tensor().clone(), Some(bias))
    }

    fn classification(&self, x: &Tensor, labels: &Tensor) -> Result<Tensor> {
        let mut h = x.clone();
        for number in 0..self.row.depth {
            h = ops::sigmoid(&self.linear(number).forward(&h)?)?;
        }
        candle_nn::loss::cross_entropy(&self.linear(self.row.depth).forward(&h)?, labels)
    }

    fn reconstruction(&mut self, x: &Tensor) -> Result<Tensor> {
        let (batch, inputs) = x.dims2()?;
        let seen = if self.row.variant == "denoising" {
            let mut noise = vec![0.0; batch * inputs];
            self.noise.fill_normal(&mut noise);
            (x + (Tensor::from_vec(noise, (batch, inputs), &Device::Cpu)? * SIGMA)?)?
        } else {
            x.clone()
        };
        let h = ops::sigmoid(&self.linear(0).forward(&seen)?)?;
        let z = match self.weights.get(1) {
            Some(_) => self.linear(1).forward(&h)?,
            None => h.matmul(&self.weights[0])?.broadcast_add(&self.biases[1])?,
        };
        let loss = candle_nn::loss::binary_cross_entropy_with_logit(&z, x)?;
        let loss = (loss * inputs as f64)?;
        if self.row.variant != "contractive" {
            return Ok(loss);
        }
        let slopes = (&h * (1.0 - &h)?)?.sqr()?.mean(0)?;
        let sizes = self.weights[0].sqr()?.sum(1)?;
        loss + ((slopes * sizes)?.sum_all()? * (LAMBDA / 2.0))?
    }
}
