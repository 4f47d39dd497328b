//! What a training must have to go on, to the bit, as if it had never stopped: weights, the optimizer's
//! averages, and how many steps there were. Buffers that every step fills anew are no part of it, and
//! neither is any generator: random draws are named, not kept.

use candle_core::Result as Candle;

use super::dense::Dense;
use super::matrix::Matrix;
use crate::autoencoder::Autoencoder;
use crate::tensors::{Damage, Tensors};

/// A part of a training that can be put away under a name and taken up again. Taking up needs a part of
/// the same make, such as a training that has just begun.
pub(crate) trait State {
    fn save(&self, name: &str, into: &mut Tensors);

    /// # Errors
    /// If it was saved from a part of another make.
    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage>;
}

/// A layer in training by hand.
pub(crate) trait LayerStep: State {
    /// One step down the gradients of the last objective.
    fn descend(&mut self);

    /// Puts the weights back into the variables of `layer`.
    ///
    /// # Errors
    /// Whatever Candle reports.
    fn store(&self, layer: &Autoencoder) -> Candle<()>;
}

impl State for Matrix {
    fn save(&self, name: &str, into: &mut Tensors) {
        let values = self.lines(self.rows()).flatten().copied();
        into.put_values(name, &[self.rows(), self.columns()], values);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        let (rows, columns) = (self.rows(), self.columns());
        let values = from.values(name, &[rows, columns])?;
        for (row, values) in self.lines_mut(rows).zip(values.chunks_exact(columns)) {
            row.copy_from_slice(values);
        }
        Ok(())
    }
}

impl State for Vec<f32> {
    fn save(&self, name: &str, into: &mut Tensors) {
        into.put_values(name, &[self.len()], self.iter().copied());
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        *self = from.values(name, &[self.len()])?;
        Ok(())
    }
}

/// How many steps there were.
impl State for i32 {
    fn save(&self, name: &str, into: &mut Tensors) {
        into.put_series(name, &[f64::from(*self)]);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        *self = from.series(name)?.first().map_or(0, |steps| *steps as i32);
        Ok(())
    }
}

impl State for Dense {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.weights.save(&format!("{name}.weights"), into);
        self.bias.save(&format!("{name}.bias"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        self.weights.restore(&format!("{name}.weights"), from)?;
        self.bias.restore(&format!("{name}.bias"), from)
    }
}

impl<A: State, B: State> State for (A, B) {
    fn save(&self, name: &str, into: &mut Tensors) {
        self.0.save(&format!("{name}.0"), into);
        self.1.save(&format!("{name}.1"), into);
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        self.0.restore(&format!("{name}.0"), from)?;
        self.1.restore(&format!("{name}.1"), from)
    }
}

impl<T: State> State for [T] {
    fn save(&self, name: &str, into: &mut Tensors) {
        for (number, part) in self.iter().enumerate() {
            part.save(&format!("{name}.{number}"), into);
        }
    }

    fn restore(&mut self, name: &str, from: &Tensors) -> Result<(), Damage> {
        let mut parts = self.iter_mut().enumerate();
        parts.try_for_each(|(number, part)| part.restore(&format!("{name}.{number}"), from))
    }
}
