//! A dense layer's weights and bias in the engine's layout: inputs x outputs, the transpose of
//! Candle's, so that the units of a layer lie side by side.

use candle_core::{Result, Var};

use super::kernels;
use super::matrix::{Band, BandMut, Matrix};
use super::products::product;
use crate::activation::Activation;
use crate::autoencoder::Autoencoder;
use crate::batches::{EVALUATION_ROWS, Rows};

/// z = x W + b.
#[derive(Debug)]
pub(crate) struct Dense {
    /// inputs x outputs.
    pub(crate) weights: Matrix,
    /// outputs.
    pub(crate) bias: Vec<f32>,
}

impl Dense {
    /// From Candle's weight (outputs x inputs) and bias.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn load(weight: &Var, bias: &Var) -> Result<Dense> {
        Ok(Dense { weights: Matrix::transposed(weight)?, bias: bias.to_vec1()? })
    }

    /// The decoder of `autoencoder`, from codes to the preactivations of the inputs.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn decoder(autoencoder: &Autoencoder) -> Result<Dense> {
        let weights = match &autoencoder.decoder {
            Some(weight) => Matrix::transposed(weight)?,
            None => Matrix::transposed(&autoencoder.encoder.weight.t()?)?,
        };
        Ok(Dense { weights, bias: autoencoder.decoder_bias.to_vec1()? })
    }

    /// Puts the values back into Candle's variables.
    ///
    /// # Errors
    /// Whatever Candle reports.
    pub(crate) fn store(&self, weight: &Var, bias: &Var) -> Result<()> {
        self.weights.transpose_into(weight)?;
        store_bias(&self.bias, bias)
    }

    /// A layer of that shape, all zeros.
    pub(crate) fn zeros(inputs: usize, outputs: usize) -> Dense {
        Dense { weights: Matrix::zeros(inputs, outputs), bias: vec![0.0; outputs] }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.weights.rows()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.weights.columns()
    }

    /// Codes of all `inputs` under `activation`, row by row.
    pub(crate) fn codes(&self, inputs: Rows<'_>, activation: Activation) -> Vec<f32> {
        let mut codes = Vec::with_capacity(inputs.len() * self.outputs());
        let mut room = Matrix::zeros(EVALUATION_ROWS, self.outputs());
        for rows in inputs.chunks(EVALUATION_ROWS) {
            let mut code = room.top_mut(rows.len());
            self.multiply(rows.band(), code.reborrow());
            kernels::activate(code.reborrow(), &self.bias, activation);
            code.share().lines().for_each(|row| codes.extend_from_slice(row));
        }
        codes
    }

    /// x W, without the bias.
    pub(super) fn multiply(&self, x: Band<'_>, mut z: BandMut<'_>) {
        multiply(&self.weights, x, &mut z);
    }

    /// y W^T: the gradient by x from that by z.
    pub(super) fn multiply_back(&self, y: Band<'_>, mut x: BandMut<'_>) {
        multiply_transposed(&self.weights, y, &mut x);
    }
}

/// x W, for `weights` W of rows as many as the columns of x.
pub(super) fn multiply(weights: &Matrix, x: Band<'_>, z: &mut BandMut<'_>) {
    product(z.padded_view_mut(), 0.0, 1.0, x.view(), weights.top(weights.rows()).padded_view());
}

/// y W^T, for `weights` W of columns as many as those of y.
pub(super) fn multiply_transposed(weights: &Matrix, y: Band<'_>, x: &mut BandMut<'_>) {
    product(x.view_mut(), 0.0, 1.0, y.view(), weights.top(weights.rows()).view().t());
}

/// Puts `values` back into a Candle variable.
///
/// # Errors
/// Whatever Candle reports.
pub(super) fn store_bias(values: &[f32], bias: &Var) -> Result<()> {
    bias.set(&candle_core::Tensor::new(values, bias.device())?)
}
