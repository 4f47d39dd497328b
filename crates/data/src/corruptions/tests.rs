//! What holds for every corruption, whatever it does.

use std::path::Path;

use super::*;
use crate::datasets;
use crate::images::Images;

const COUNT: usize = 30;

/// The first test images of the embedded digits.
fn digits() -> (Vec<f32>, Shape) {
    let source = datasets::find("mnist-5k").unwrap();
    let images: Images = source.load(Path::new("no such folder")).unwrap().test.images;
    let shape = images.shape();
    (images.pixels()[..COUNT * shape.pixels()].to_vec(), shape)
}

fn stream(name: u64) -> Stream {
    Stream::new(name, "corruption test", &[])
}

fn bits(images: &[f32]) -> Vec<u32> {
    images.iter().map(|pixel| pixel.to_bits()).collect()
}

/// Every corruption at every severity that probes apply.
fn each_graded(mut check: impl FnMut(&Corruption, f32)) {
    for corruption in ALL {
        for severity in corruption.graded() {
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
    }
    assert!(find("Gaussian").is_none());
}

#[test]
fn the_list_is_the_families_one_after_another() {
    let families = Family::ALL.into_iter().flat_map(Family::members);
    assert!(families.map(|one| one.name).eq(ALL.iter().map(|one| one.name)));
}

/// What is trained against must do without rows and columns and be of any strength; the benchmark
/// has one strength.
#[test]
fn a_family_decides_what_is_corrupted_and_whether_severities_are_graded() {
    for corruption in ALL {
        let numbers = matches!(corruption.effect, Effect::Numbers(_));
        let noise = corruption.family == Family::Noise;
        assert!(numbers || !noise, "{} needs rows and columns", corruption.name);
        let fixed = corruption.family == Family::MnistC;
        assert_eq!(corruption.severity.is_none(), fixed, "{}", corruption.name);
    }
}

#[test]
fn graded_severities_grow_within_the_range() {
    for corruption in ALL {
        let graded = corruption.graded();
        assert!(graded.is_sorted_by(|mild, severe| mild < severe));
        assert!(graded.iter().all(|&severity| severity > 0.0 && corruption.allows(severity)));
        assert!(!graded.is_empty() && corruption.allows(0.0), "{}", corruption.name);
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
    let (clean, shape) = digits();
    each_graded(|corruption, severity| {
        let corrupted = |name| {
            let (mut images, mut stream) = (clean.clone(), stream(name));
            corruption.apply(&mut images, shape, severity, &mut stream);
            (bits(&images), stream.bits())
        };
        let (images, next) = corrupted(1);
        assert_ne!(images, bits(&clean), "{}", corruption.name);
        assert_eq!((&images, next), (&corrupted(1).0, corrupted(1).1), "{}", corruption.name);
        let draws_nothing = next == stream(1).bits();
        assert_eq!(images == corrupted(2).0, draws_nothing, "{}", corruption.name);
    });
}

#[test]
fn a_batch_is_corrupted_as_its_images_one_after_another() {
    let (clean, shape) = digits();
    each_graded(|corruption, severity| {
        let (mut together, mut apart) = (clean.clone(), clean.clone());
        corruption.apply(&mut together, shape, severity, &mut stream(1));
        let mut one_stream = stream(1);
        for image in apart.chunks_exact_mut(shape.pixels()) {
            corruption.apply(image, shape, severity, &mut one_stream);
        }
        assert_eq!(bits(&together), bits(&apart), "{}", corruption.name);
    });
}

#[test]
fn a_test_image_is_corrupted_by_its_number_whatever_stands_beside_it() {
    let (clean, shape) = digits();
    each_graded(|corruption, severity| {
        let mut together = clean.clone();
        corruption.apply_to_test(&mut together, shape, severity, 0);
        for size in [1, 7] {
            let mut apart = clean.clone();
            for (number, batch) in apart.chunks_mut(size * shape.pixels()).enumerate() {
                corruption.apply_to_test(batch, shape, severity, number * size);
            }
            assert_eq!(bits(&together), bits(&apart), "{} by {size}", corruption.name);
        }
    });
}

#[test]
fn a_more_severe_corruption_moves_images_farther() {
    let (clean, shape) = digits();
    for corruption in ALL {
        let distances: Vec<f64> = corruption
            .graded()
            .iter()
            .map(|severity| {
                let mut corrupted = clean.clone();
                corruption.apply_to_test(&mut corrupted, shape, *severity, 0);
                let pairs = corrupted.iter().zip(&clean);
                pairs.map(|(after, before)| f64::from(after - before).powi(2)).sum()
            })
            .collect();
        assert!(distances.is_sorted_by(|mild, severe| mild < severe), "{distances:?}");
    }
}

#[test]
fn images_between_black_and_white_stay_there() {
    let (clean, shape) = digits();
    let graded = ALL.iter().filter(|corruption| corruption.name != "gaussian");
    for corruption in graded {
        for severity in corruption.graded() {
            let mut images = clean.clone();
            corruption.apply_to_test(&mut images, shape, *severity, 0);
            let within = images.iter().all(|pixel| (0.0..=1.0).contains(pixel));
            assert!(within, "{} at {severity}", corruption.name);
        }
    }
}

#[test]
fn images_of_any_shape_are_corrupted() {
    let shapes = [(1, 1), (1, 2), (3, 1), (2, 2), (5, 7), (1, 30), (40, 3)];
    for (rows, columns) in shapes {
        let shape = Shape { rows, columns };
        each_graded(|corruption, severity| {
            let mut images: Vec<f32> =
                (0..2 * shape.pixels()).map(|i| (i as f32 * 0.618_034).fract()).collect();
            corruption.apply(&mut images, shape, severity, &mut stream(1));
            let finite = images.iter().all(|pixel| pixel.is_finite());
            assert!(finite, "{} of {shape:?}", corruption.name);
        });
    }
}

#[test]
fn what_is_no_image_or_no_severity_is_refused() {
    let shape = Shape { rows: 7, columns: 5 };
    for corruption in ALL {
        for (pixels, severity) in [(34, 0.0), (35, -0.1), (35, 1e4), (35, f32::NAN)] {
            let mut images = vec![0.5; pixels];
            let refused = std::panic::catch_unwind(move || {
                corruption.apply(&mut images, shape, severity, &mut stream(1));
            });
            assert!(refused.is_err(), "{} {pixels} {severity}", corruption.name);
        }
    }
}
