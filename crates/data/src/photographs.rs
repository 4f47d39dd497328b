//! Patches of twenty grey photographs, the backgrounds of generated datasets: 28 x 28 pixels at a
//! random place of a random photograph, drawn again while their standard deviation is below 0.05.
//! Patches to train and validate on lie in the left halves, those to test on in the right ones, so
//! no test patch shares a pixel with another.

use crate::error::DataError;
use crate::idx;
use crate::stream::Stream;

/// The sha256 of the raw bytes.
pub(crate) const SHA256: &str = "440f91302a9b0ebd079341270b10cd72eb80571becc7062239e65cfe04d864da";

/// Pixels along a side of a photograph, and of a patch.
const SIDE: usize = 256;
const PATCH: usize = 28;

/// The least variance of a patch, in squared steps of 1/255: (0.05 * 255)^2.
const LEAST_VARIANCE: f64 = 162.5625;

/// The photographs.
#[derive(Debug)]
pub(crate) struct Photographs(Vec<u8>);

/// The halves of all photographs that patches are taken from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patches<'a> {
    photographs: &'a Photographs,
    first_column: usize,
}

impl Photographs {
    pub(crate) fn decode() -> Result<Photographs, DataError> {
        let file = "backgrounds20-idx3-ubyte (embedded)";
        let zipped = include_bytes!("../images/backgrounds20-idx3-ubyte.gz");
        let raw = idx::unzip(file, zipped)?;
        let (_, pixels) = idx::images(file, &raw)?;
        Ok(Photographs(pixels.to_vec()))
    }

    /// The halves to train and validate on.
    pub(crate) fn to_train_on(&self) -> Patches<'_> {
        Patches { photographs: self, first_column: 0 }
    }

    /// The halves to test on.
    pub(crate) fn to_test_on(&self) -> Patches<'_> {
        Patches { photographs: self, first_column: SIDE / 2 }
    }
}

impl Patches<'_> {
    /// A patch, row by row, in [0, 1].
    pub(crate) fn draw(&self, stream: &mut Stream) -> Vec<f32> {
        let photographs = self.photographs.0.len() / (SIDE * SIDE);
        loop {
            let photograph = stream.below(photographs as u64) as usize;
            let top = stream.below((SIDE - PATCH + 1) as u64) as usize;
            let left = stream.below((SIDE / 2 - PATCH + 1) as u64) as usize + self.first_column;
            let rows = (top..top + PATCH).map(|row| (photograph * SIDE + row) * SIDE + left);
            let patch: Vec<u8> =
                rows.flat_map(|start| &self.photographs.0[start..start + PATCH]).copied().collect();
            if variance(&patch) >= LEAST_VARIANCE {
                return patch.into_iter().map(|byte| f32::from(byte) / 255.0).collect();
            }
        }
    }
}

fn variance(bytes: &[u8]) -> f64 {
    let n = bytes.len() as f64;
    let sum: u64 = bytes.iter().map(|byte| u64::from(*byte)).sum();
    let squares: u64 = bytes.iter().map(|byte| u64::from(*byte).pow(2)).sum();
    squares as f64 / n - (sum as f64 / n).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::sha256;

    #[test]
    fn there_are_twenty_photographs_and_they_are_the_declared_ones() {
        let zipped = include_bytes!("../images/backgrounds20-idx3-ubyte.gz");
        let raw = idx::unzip("backgrounds", zipped).unwrap();
        assert_eq!(sha256(&raw), SHA256);
        let (shape, pixels) = idx::images("backgrounds", &raw).unwrap();
        assert_eq!((shape.rows, shape.columns, pixels.len()), (SIDE, SIDE, 20 * SIDE * SIDE));
    }

    #[test]
    fn no_patch_is_flat_and_they_come_from_everywhere() {
        let photographs = Photographs::decode().unwrap();
        let mut stream = Stream::new(1, "patch test", &[]);
        let patches: Vec<Vec<f32>> =
            (0..300).map(|_| photographs.to_train_on().draw(&mut stream)).collect();
        for patch in &patches {
            let mean = patch.iter().sum::<f32>() / 784.0;
            let square = patch.iter().map(|pixel| (pixel - mean).powi(2)).sum::<f32>() / 784.0;
            assert!(square.sqrt() >= 0.0499, "{square}");
        }
        let means = patches.iter().map(|patch| patch.iter().sum::<f32>() / 784.0);
        let (dark, light) =
            means.fold((1f32, 0f32), |(dark, light), mean| (dark.min(mean), light.max(mean)));
        assert!(dark < 0.2 && light > 0.8, "{dark} {light}");
    }

    /// With each pixel replaced by its column, a patch says where it was taken from.
    #[test]
    fn patches_to_train_and_to_test_on_share_no_pixel() {
        // Of 28 columns the variance is (28^2 - 1) / 12 = 65, too little, so every fourth row is white.
        let shade = |i: usize| match i / SIDE % 4 {
            0 => 255,
            _ => (i % SIDE) as u8,
        };
        let columns = Photographs((0..SIDE * SIDE).map(shade).collect());
        let mut stream = Stream::new(1, "patch test", &[]);
        for _ in 0..200 {
            let drawn = |patches: Patches<'_>, stream: &mut Stream| {
                let patch = patches.draw(stream);
                patch.iter().map(|pixel| (pixel * 255.0).round() as usize).collect::<Vec<_>>()
            };
            let train = drawn(columns.to_train_on(), &mut stream);
            assert!(train.iter().all(|&column| column < 128 || column == 255));
            let test = drawn(columns.to_test_on(), &mut stream);
            assert!(test.iter().all(|&column| column >= 128));
        }
    }
}
