//! The corruptions q(x~ | x): what denoising is trained against and what probes apply to test images.
//! To add one, write a file beside this one, name it in [`ALL`] and describe it in `CORRUPTIONS.md`;
//! the tests below then hold for it too.

use std::ops::RangeInclusive;

use crate::images::Shape;
use crate::stream::Stream;

mod brightness;
mod canny_edges;
mod dotted_line;
mod fog;
mod gaussian;
mod glass_blur;
mod impulse_noise;
mod masking;
mod motion_blur;
mod occlusion;
mod rotate;
mod rotation;
mod salt_and_pepper;
mod scale;
mod shear;
mod shot_noise;
mod spatter;
mod stripe;
#[cfg(test)]
mod tests;
mod translate;
mod translation;
mod zigzag;

/// Every corruption, family by family, in the order in which they are listed and plotted.
pub const ALL: &[&Corruption] = &[
    &gaussian::GAUSSIAN,
    &masking::MASKING,
    &salt_and_pepper::SALT_AND_PEPPER,
    &occlusion::OCCLUSION,
    &rotation::ROTATION,
    &translation::TRANSLATION,
    &shot_noise::SHOT_NOISE,
    &impulse_noise::IMPULSE_NOISE,
    &glass_blur::GLASS_BLUR,
    &motion_blur::MOTION_BLUR,
    &shear::SHEAR,
    &scale::SCALE,
    &rotate::ROTATE,
    &brightness::BRIGHTNESS,
    &translate::TRANSLATE,
    &stripe::STRIPE,
    &fog::FOG,
    &spatter::SPATTER,
    &dotted_line::DOTTED_LINE,
    &zigzag::ZIGZAG,
    &canny_edges::CANNY_EDGES,
];

/// The corruption of this name.
pub fn find(name: &str) -> Option<&'static Corruption> {
    ALL.iter().copied().find(|corruption| corruption.name == name)
}

/// A corruption's declaration.
#[derive(Debug)]
pub struct Corruption {
    /// Its one name: lower case letters and hyphens.
    pub name: &'static str,
    /// One line: what it does to an image.
    pub summary: &'static str,
    /// x~ from x, in one line.
    pub formula: &'static str,
    /// Where it was described.
    pub source: &'static str,
    /// What it is applied to, and what for.
    pub family: Family,
    /// How its strength is given; `None` where it has one only, which is severity 1.
    pub severity: Option<Severity>,
    /// What it does.
    pub(crate) effect: Effect,
}

/// What a corruption is applied to, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Each number by itself, whatever it stands for: `denoising` trains against it, on images and
    /// on codes, and the robustness probe applies it.
    Noise,
    /// Covers or moves parts of an image, at graded severities; for tests.
    Spatial,
    /// One of the fifteen of MNIST-C (Mu and Gilmer 2019, arXiv:1906.02337), each at the one
    /// severity of the benchmark; for tests. Images in [0, 1] stay there.
    MnistC,
}

/// The severity parameter of a corruption.
#[derive(Debug)]
pub struct Severity {
    /// Its name, such as `sigma` or `fraction`.
    pub name: &'static str,
    /// The severities allowed, both ends included; 0 is the identity.
    pub range: RangeInclusive<f64>,
    /// The severities that probes apply, the mildest first.
    pub graded: &'static [f32],
}

/// What a corruption does at a severity above 0.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    /// To any number of numbers, each by itself.
    Numbers(fn(&mut [f32], f32, &mut Stream)),
    /// To one image.
    Image(fn(&mut [f32], Shape, f32, &mut Stream)),
}

impl Family {
    /// Every family, in the order of [`ALL`].
    pub const ALL: [Family; 3] = [Family::Noise, Family::Spatial, Family::MnistC];

    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Family::Noise => "noise",
            Family::Spatial => "spatial",
            Family::MnistC => "mnist-c",
        }
    }

    /// Its corruptions, in the order of [`ALL`].
    pub fn members(self) -> impl Iterator<Item = &'static Corruption> + Clone {
        ALL.iter().copied().filter(move |corruption| corruption.family == self)
    }
}

impl Corruption {
    /// The severities that probes apply, the mildest first: 1 alone where there is one only.
    pub fn graded(&self) -> &'static [f32] {
        self.severity.as_ref().map_or(&[1.0], |severity| severity.graded)
    }

    /// Whether it can be applied at `severity`: 0, which is the identity, always.
    pub fn allows(&self, severity: f32) -> bool {
        match &self.severity {
            Some(parameter) => parameter.range.contains(&f64::from(severity)),
            None => severity == 0.0 || severity == 1.0,
        }
    }

    /// Corrupts `images` in place: any number of images of `shape`, one after another. Several
    /// images at once are corrupted exactly as one after another with the same stream. Severity 0
    /// changes no bit and draws nothing.
    ///
    /// Panics if `images` is no whole number of images or the severity is not allowed.
    pub fn apply(&self, images: &mut [f32], shape: Shape, severity: f32, stream: &mut Stream) {
        assert!(self.allows(severity), "{} has no severity {severity}", self.name);
        let images = whole_images(images, shape);
        if severity == 0.0 {
            return;
        }
        match self.effect {
            Effect::Numbers(corrupt) => corrupt(images, severity, stream),
            Effect::Image(corrupt) => images
                .chunks_exact_mut(shape.pixels())
                .for_each(|image| corrupt(image, shape, severity, stream)),
        }
    }

    /// Corrupts images of a test set in place, those numbered `first`, `first` + 1 and so on. Each
    /// has a stream of its own, named by the corruption and its number, so it comes out the same in
    /// batches of any size, for every network; and a milder severity is the same draw, milder.
    ///
    /// Panics as [`Corruption::apply`] does.
    pub fn apply_to_test(&self, images: &mut [f32], shape: Shape, severity: f32, first: usize) {
        let purpose = format!("corruptions/{}", self.name);
        for (i, image) in whole_images(images, shape).chunks_exact_mut(shape.pixels()).enumerate() {
            let mut stream = Stream::new(0, &purpose, &[(first + i) as u64]);
            self.apply(image, shape, severity, &mut stream);
        }
    }
}

fn whole_images(images: &mut [f32], shape: Shape) -> &mut [f32] {
    assert!(
        images.len().is_multiple_of(shape.pixels()),
        "{} numbers are no whole number of images of {shape:?}",
        images.len()
    );
    images
}
