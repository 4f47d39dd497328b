//! Random weights with the marginals of pretrained ones: the control of Erhan et al. 2010, section
//! 7.2, that tells whether pretraining does more than find a good scale. Every weight of a layer is
//! drawn, independently of all others, from the empirical distribution of the layer's trained
//! weights, every bias from that of its biases.

use ablate_data::Stream;
use candle_core::{Result, Tensor, Var};

use crate::network::Dense;

/// Draws the weights of `layers`, the lowest first, anew, each layer from a stream of its own.
pub(crate) fn draw(layers: &[Dense], seed: u64) -> Result<()> {
    for (number, layer) in layers.iter().enumerate() {
        let mut stream = Stream::new(seed, "pretraining/marginals", &[number as u64]);
        for var in [&layer.weight, &layer.bias] {
            resample(var, &mut stream)?;
        }
    }
    Ok(())
}

fn resample(var: &Var, stream: &mut Stream) -> Result<()> {
    let trained: Vec<f32> = var.flatten_all()?.to_vec1()?;
    let count = trained.len() as u64;
    let drawn: Vec<f32> = trained.iter().map(|_| trained[stream.below(count) as usize]).collect();
    var.set(&Tensor::from_vec(drawn, var.dims(), var.device())?)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    /// The largest difference of two samples' distribution functions stays below the 0.1 % point
    /// of Kolmogorov and Smirnov, 1.95 / sqrt(n) for one sample against a given distribution.
    #[test]
    fn drawn_weights_have_the_distribution_of_the_trained_ones_and_none_of_their_places() {
        let mut trained = vec![0.0; 40 * 60];
        Stream::new(1, "test/weights", &[]).fill_normal(&mut trained);
        let tensor = Tensor::from_vec(trained.clone(), (40, 60), &Device::Cpu).unwrap();
        let layer = Dense {
            weight: Var::from_tensor(&tensor).unwrap(),
            bias: Var::zeros(40, tensor.dtype(), &Device::Cpu).unwrap(),
        };
        draw(std::slice::from_ref(&layer), 1).unwrap();
        let mut drawn: Vec<f32> = layer.weight.flatten_all().unwrap().to_vec1().unwrap();
        let stayed = drawn.iter().zip(&trained).filter(|(drawn, trained)| drawn == trained);
        assert!(stayed.count() < 10, "one weight in 2400 stays by chance");
        trained.sort_unstable_by(f32::total_cmp);
        drawn.sort_unstable_by(f32::total_cmp);
        let below = |value: f32| drawn.partition_point(|drawn| *drawn <= value);
        let apart = |(at, value): (usize, &f32)| below(*value).abs_diff(at + 1);
        let largest = trained.iter().enumerate().map(apart).max().unwrap() as f64 / 2400.0;
        assert!(largest < 1.95 / 2400f64.sqrt(), "{largest}");
        assert!(drawn.iter().all(|value| trained.binary_search_by(|t| t.total_cmp(value)).is_ok()));
    }
}
