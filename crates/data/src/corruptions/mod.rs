//! The corruptions q(x~ | x): what denoising is trained against and what robustness probes apply.
//! To add one, write a file beside this one, name it in [`ALL`] and describe it in
//! `CORRUPTIONS.md`; the tests below then hold for it too.

use std::ops::RangeInclusive;

use crate::images::Shape;
use crate::stream::Stream;

mod gaussian;
mod masking;
mod salt_and_pepper;

/// Every corruption, in the order in which they are listed and plotted.
pub const ALL: &[&Corruption] =
    &[&gaussian::GAUSSIAN, &masking::MASKING, &salt_and_pepper::SALT_AND_PEPPER];

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
    /// The name of its severity parameter: `sigma` or `fraction`.
    pub severity: &'static str,
    /// The severities allowed, both ends included; 0 is the identity.
    pub range: RangeInclusive<f64>,
    /// The severities of the robustness probe, the mildest first.
    pub graded: &'static [f32],
    /// Corrupts images in place, at a severity within `range` and above 0.
    pub(crate) corrupt: fn(&mut [f32], Shape, f32, &mut Stream),
}

impl Corruption {
    /// Corrupts `images` in place: any number of images of `shape`, one after another, at
    /// `severity` within [`Corruption::range`]. Several images at once are corrupted exactly as one
    /// after another with the same stream. Severity 0 changes no bit and draws nothing.
    ///
    /// Panics if `images` is no whole number of images or the severity is out of range.
    pub fn apply(&self, images: &mut [f32], shape: Shape, severity: f32, stream: &mut Stream) {
        assert!(
            images.len().is_multiple_of(shape.pixels()),
            "{} numbers are no whole number of images of {shape:?}",
            images.len()
        );
        assert!(
            self.range.contains(&f64::from(severity)),
            "{} of {} is {severity}, outside {:?}",
            self.severity,
            self.name,
            self.range
        );
        if severity > 0.0 {
            (self.corrupt)(images, shape, severity, stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape = Shape { rows: 7, columns: 5 };

    /// 40 images of 35 pixels, every pixel another number in [0, 1).
    pub(super) fn images() -> Vec<f32> {
        (0..40 * SHAPE.pixels()).map(|i| (i as f32 * 0.618_034).fract()).collect()
    }

    fn stream(name: u64) -> Stream {
        Stream::new(name, "corruption test", &[])
    }

    fn bits(images: &[f32]) -> Vec<u32> {
        images.iter().map(|pixel| pixel.to_bits()).collect()
    }

    /// Every corruption at every severity of the robustness probe.
    fn each_graded(mut check: impl FnMut(&Corruption, f32)) {
        for corruption in ALL {
            for severity in corruption.graded {
                check(corruption, *severity);
            }
        }
    }

    #[test]
    fn names_are_lower_case_letters_and_hyphens_and_differ() {
        for corruption in ALL {
            let name = corruption.name;
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{name}");
            assert_eq!(ALL.iter().filter(|other| other.name == name).count(), 1, "{name}");
            assert_eq!(find(name).map(|found| found.name), Some(name));
            assert!(["sigma", "fraction"].contains(&corruption.severity), "{name}");
        }
        assert!(find("Gaussian").is_none());
    }

    #[test]
    fn graded_severities_grow_within_the_range() {
        for corruption in ALL {
            assert!(corruption.graded.is_sorted_by(|mild, severe| mild < severe));
            assert!(corruption.graded.iter().all(|severity| *severity > 0.0));
            let allowed = |severity: &f32| corruption.range.contains(&f64::from(*severity));
            assert!(corruption.graded.iter().all(allowed), "{}", corruption.name);
        }
    }

    #[test]
    fn severity_zero_changes_no_bit_and_draws_nothing() {
        let odd = [-0.0, f32::NAN, f32::INFINITY, -3.5, 1e-40];
        for corruption in ALL {
            let mut images = odd;
            let mut drawn = stream(1);
            corruption.apply(&mut images, Shape::flat(5), 0.0, &mut drawn);
            assert_eq!(bits(&images), bits(&odd), "{}", corruption.name);
            assert_eq!(drawn.bits(), stream(1).bits(), "{}", corruption.name);
        }
    }

    #[test]
    fn the_same_stream_gives_the_same_bits_and_another_gives_others() {
        each_graded(|corruption, severity| {
            let corrupted = |name| {
                let mut images = images();
                corruption.apply(&mut images, SHAPE, severity, &mut stream(name));
                bits(&images)
            };
            assert_eq!(corrupted(1), corrupted(1), "{}", corruption.name);
            assert_ne!(corrupted(1), corrupted(2), "{}", corruption.name);
        });
    }

    #[test]
    fn a_batch_is_corrupted_as_its_images_one_after_another() {
        each_graded(|corruption, severity| {
            let mut together = images();
            corruption.apply(&mut together, SHAPE, severity, &mut stream(1));
            let mut apart = images();
            let mut one_stream = stream(1);
            for image in apart.chunks_exact_mut(SHAPE.pixels()) {
                corruption.apply(image, SHAPE, severity, &mut one_stream);
            }
            assert_eq!(bits(&together), bits(&apart), "{}", corruption.name);
        });
    }

    #[test]
    fn a_more_severe_corruption_moves_images_farther() {
        for corruption in ALL {
            let distances: Vec<f64> = corruption
                .graded
                .iter()
                .map(|severity| {
                    let mut corrupted = images();
                    corruption.apply(&mut corrupted, SHAPE, *severity, &mut stream(1));
                    let pairs = corrupted.iter().zip(images());
                    pairs.map(|(after, before)| f64::from(after - before).powi(2)).sum()
                })
                .collect();
            assert!(distances.is_sorted_by(|mild, severe| mild < severe), "{distances:?}");
        }
    }

    #[test]
    fn what_is_no_image_or_no_severity_is_refused() {
        for corruption in ALL {
            for (pixels, severity) in [(34, 0.1), (35, -0.1), (35, 10.5), (35, f32::NAN)] {
                let mut images = vec![0.5; pixels];
                let refused = std::panic::catch_unwind(move || {
                    corruption.apply(&mut images, SHAPE, severity, &mut stream(1));
                });
                assert!(refused.is_err(), "{} {pixels} {severity}", corruption.name);
            }
        }
    }
}
