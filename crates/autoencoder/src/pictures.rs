//! What a stored network can be looked at by, as gray values an image: the features of a layer,
//! images with what the pretrained stack makes of them, and images drawn from it.

use ablate_data::{Images, Shape};
use ablate_sweep::Params;

use crate::batches::{EVALUATION_ROWS, Rows};
use crate::engine::{Dense, Evaluation, Matrix, Stack, product};
pub use crate::network::Moment;
use crate::network::Network;
use crate::probes::reconstruction;
use crate::sampling::{self, Sampling};
use crate::settings::{LayerPretraining, Pretraining, Settings};
use crate::stored::Stored;

impl Stored {
    fn at(&self, moment: Moment) -> &Network {
        match moment {
            Moment::Initial => &self.initial,
            Moment::Tuned => &self.network,
        }
    }

    /// How many hidden layers there are.
    pub fn depth(&self) -> usize {
        self.network.hidden.len()
    }

    /// The features of hidden layer number `layer`, counted from 0, as weights of the pixels, one
    /// after another: its own weights or, higher up, W_layer ... W_1, what a unit sums if the units
    /// below were linear (Lee, Ekanadham, Ng 2008).
    ///
    /// # Errors
    /// Whatever Candle reports, and a layer that there is not.
    pub fn filters(&self, layer: usize, moment: Moment) -> Result<Vec<f32>, String> {
        let hidden = &self.at(moment).hidden;
        let below =
            hidden.get(..=layer).ok_or_else(|| format!("there are {} layers", hidden.len()))?;
        let load = |dense: &crate::network::Dense| Dense::load(&dense.weight, &dense.bias);
        let layers = below.iter().map(load).collect::<candle_core::Result<Vec<_>>>();
        let mut layers = layers.map_err(|error| format!("candle: {error}"))?.into_iter();
        let mut seen = layers.next().map(|lowest| lowest.weights).ok_or("there is no layer")?;
        for layer in layers {
            let pixels = seen.rows();
            let mut next = Matrix::zeros(pixels, layer.outputs());
            let weights = layer.weights.top(layer.inputs()).view();
            product(next.top_mut(pixels).view_mut(), 0.0, 1.0, seen.top(pixels).view(), weights);
            seen = next;
        }
        let unit = |unit: usize| seen.lines(seen.rows()).map(move |pixel| pixel[unit]);
        Ok((0..seen.columns()).flat_map(unit).collect())
    }

    /// What the pretrained stack makes of `images`, image by image: encoded through every layer and
    /// decoded back.
    ///
    /// # Errors
    /// Whatever Candle reports, and a run without pretraining, which has no decoder.
    pub fn reconstruct(&self, images: &Images) -> Result<Vec<f32>, String> {
        let back = reconstruction::way_back(&self.initial, &self.stack);
        let (up, back) = Stack::load(&self.initial)
            .and_then(|up| Ok((up, back?)))
            .map_err(|error| format!("candle: {error}"))?;
        let (layer, back) =
            back.ok_or("it was not pretrained to reconstruct, so it has no decoder")?;
        let (mut room, mut made) = (Evaluation::new(&up), Vec::new());
        for images in Rows::new(images.pixels(), images.width()).chunks(EVALUATION_ROWS) {
            let codes = room.codes_of(&up, images, layer).lines().flatten();
            let codes: Vec<f32> = codes.copied().collect();
            made.extend(back.outputs(Rows::new(&codes, back.inputs())));
        }
        Ok(made)
    }

    /// Images drawn from the pretrained layers of a trial with `params`, one after another. What lies
    /// above the top one has no part in them, nor has fine-tuning.
    ///
    /// # Errors
    /// If that is no generative model; whatever Candle reports.
    pub fn samples(&self, params: &Params, sampling: &Sampling) -> Result<Vec<f32>, String> {
        let settings = Settings::read(params)?;
        let top = match &settings.pretraining {
            Pretraining::Greedy(layers) => layers.last(),
            _ => None,
        };
        let top = top.ok_or_else(|| {
            let can = sampling::generative();
            format!(
                "no layer was pretrained that images could be drawn from, as those of {can} can"
            )
        })?;
        sampling::images(top.variant, &self.stack, sampling)
    }
}

/// The corruption that a trial with these parameters is pretrained with, and its severity.
///
/// # Errors
/// A parameter that this version does not know.
pub fn corruption(
    params: &Params,
) -> Result<Option<(&'static ablate_data::Corruption, f32)>, String> {
    let settings = Settings::read(params)?;
    let layers = match &settings.pretraining {
        Pretraining::Greedy(layers) | Pretraining::Marginals(layers) => layers.as_slice(),
        Pretraining::None | Pretraining::SupervisedGreedy { .. } | Pretraining::Joint { .. } => &[],
    };
    Ok(layers.first().and_then(LayerPretraining::corruption))
}

/// The gray values of `tiles`, images of `shape` one after another, in rows of `columns` with a line
/// of white between them: one byte a pixel, and how many columns and rows they are.
pub fn grid(tiles: &[u8], shape: Shape, columns: usize) -> (Vec<u8>, usize, usize) {
    let count = tiles.len() / shape.pixels();
    let columns = columns.clamp(1, count.max(1));
    let rows = count.div_ceil(columns);
    let side = |tiles: usize, pixels: usize| tiles * (pixels + 1) + 1;
    let (width, height) = (side(columns, shape.columns), side(rows, shape.rows));
    let mut grid = vec![u8::MAX; width * height];
    for (number, tile) in tiles.chunks_exact(shape.pixels()).enumerate() {
        let (row, column) = (number / columns, number % columns);
        let start = side(row, shape.rows) * width + side(column, shape.columns);
        for (line, pixels) in tile.chunks_exact(shape.columns).enumerate() {
            grid[start + line * width..][..shape.columns].copy_from_slice(pixels);
        }
    }
    (grid, width, height)
}

/// Weights as gray values, each filter of that many pixels for itself: 0 is gray, and the largest
/// magnitude is black or white.
pub fn balanced(weights: &[f32], pixels: usize) -> Vec<u8> {
    let of_filter = |filter: &[f32]| -> Vec<u8> {
        let most = filter.iter().fold(f32::MIN_POSITIVE, |most, weight| most.max(weight.abs()));
        filter.iter().map(|weight| (127.5 + 127.5 * (weight / most)).round() as u8).collect()
    };
    weights.chunks(pixels).flat_map(of_filter).collect()
}

/// Pixels in [0, 1] as gray values; what lies outside is black or white.
pub fn gray(pixels: &[f32]) -> Vec<u8> {
    pixels.iter().map(|pixel| (255.0 * pixel.clamp(0.0, 1.0)).round() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::Activation;
    use crate::probes::tests::sitter;

    #[test]
    fn the_features_of_a_layer_are_the_products_of_the_weights_below() {
        let network = || sitter(&[4, 3, 2], Activation::Sigmoid, None);
        let stored = Stored { network: network(), initial: network(), stack: Vec::new() };
        let weights = |layer: usize| stored.network.hidden[layer].weight.as_tensor().clone();
        let values = |tensor: candle_core::Tensor| -> Vec<f32> {
            tensor.flatten_all().unwrap().to_vec1().unwrap()
        };
        assert_eq!(stored.filters(0, Moment::Tuned).unwrap(), values(weights(0)));
        let expected = values(weights(1).matmul(&weights(0)).unwrap());
        for (found, expected) in stored.filters(1, Moment::Initial).unwrap().iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found}, {expected}");
        }
        assert!(stored.filters(2, Moment::Tuned).unwrap_err().contains("2 layers"));
    }

    #[test]
    fn a_grid_has_white_lines_between_its_tiles_and_white_where_none_is() {
        let shape = Shape { rows: 1, columns: 2 };
        let (grid, width, height) = grid(&[1, 2, 3, 4, 5, 6], shape, 2);
        assert_eq!((width, height), (7, 5));
        let w = 255;
        assert_eq!(grid[7..14], [w, 1, 2, w, 3, 4, w]);
        assert_eq!(grid[21..28], [w, 5, 6, w, w, w, w]);
        assert!(grid[..7].iter().chain(&grid[14..21]).all(|pixel| *pixel == w));
    }

    #[test]
    fn weights_are_balanced_around_gray_and_pixels_run_from_black_to_white() {
        assert_eq!(balanced(&[-2.0, 0.0, 1.0, 0.0, 0.0, 0.0], 3), [0, 128, 191, 128, 128, 128]);
        assert_eq!(gray(&[-1.0, 0.0, 0.2, 1.0, 7.0, f32::NAN]), [0, 0, 51, 255, 255, 0]);
    }
}
