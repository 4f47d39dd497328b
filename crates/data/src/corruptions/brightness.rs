//! Brightness, as MNIST-C has it (severity 5): x~ = min(x + 0.5, 1), which is what the value channel
//! of a grey image is. Mu and Gilmer 2019, arXiv:1906.02337.

use crate::corruptions::{Corruption, Effect, Family};
use crate::images::Shape;
use crate::stream::Stream;

/// Declared in [`crate::corruptions::ALL`].
pub(super) static BRIGHTNESS: Corruption = Corruption {
    name: "brightness",
    summary: "makes every pixel brighter by 0.5",
    formula: "x~ = min(x + 0.5, 1)",
    source: "Mu and Gilmer 2019, arXiv:1906.02337",
    family: Family::MnistC,
    severity: None,
    effect: Effect::Image(brighten),
};

fn brighten(image: &mut [f32], _: Shape, _: f32, _: &mut Stream) {
    image.iter_mut().for_each(|pixel| *pixel = (*pixel + 0.5).clamp(0.0, 1.0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_is_added_and_white_stays_white() {
        let mut image = [0.0, 0.25, 0.5, 1.0];
        let mut stream = Stream::new(1, "brightness test", &[]);
        BRIGHTNESS.apply(&mut image, Shape { rows: 2, columns: 2 }, 1.0, &mut stream);
        assert_eq!(image, [0.5, 0.75, 1.0, 1.0]);
    }
}
