//! Kernels against their formulas in f64, and what saturated units leave.

use super::*;
use crate::engine::matrix::Matrix;
use crate::engine::negligible::{NEGLIGIBLE, settle, unfaded};

#[test]
fn softmax_gives_cross_entropy_its_gradient_and_the_misses() {
    let mut logits = Matrix::zeros(2, 3);
    logits.lines_mut(2).zip([[1.0, 3.0, 0.5], [2.0, 2.0, -1.0]]).for_each(|(row, values)| {
        row.copy_from_slice(&values);
    });
    let exact = |row: [f64; 3], label: usize| {
        let sum: f64 = row.iter().map(|z| z.exp()).sum();
        (sum.ln() - row[label], row.map(|z| z.exp() / sum))
    };
    let (first, second) = (exact([1.0, 3.0, 0.5], 2), exact([2.0, 2.0, -1.0], 0));
    let (loss, wrong) = softmax(logits.top_mut(2), &[2, 0]);
    assert!((loss - first.0 - second.0).abs() < 1e-6, "{loss}");
    // Among equal logits the first is chosen.
    assert_eq!(wrong, 1);
    for (row, (probabilities, label)) in [(first.1, 2), (second.1, 0)].into_iter().enumerate() {
        for (class, probability) in probabilities.into_iter().enumerate() {
            let expected = probability - if class == label { 1.0 } else { 0.0 };
            assert!((f64::from(logits.lines(2).nth(row).unwrap()[class]) - expected).abs() < 1e-6);
        }
    }
}

/// How many of the values are subnormal, and how many are 0.
fn subnormal_and_zero(values: &Matrix, rows: usize) -> (usize, usize) {
    let values: Vec<f32> = values.lines(rows).flatten().copied().collect();
    let count = |is: fn(&f32) -> bool| values.iter().filter(|value| is(value)).count();
    (count(|value| value.is_subnormal()), count(|value| *value == 0.0))
}

#[test]
fn what_saturated_units_hand_on_is_nothing_rather_than_subnormal() {
    let width = 40;
    let filled = |value: f32| {
        let mut matrix = Matrix::zeros(2, width);
        matrix.lines_mut(2).for_each(|row| row.fill(value));
        matrix
    };
    for shut in [-40.0, -80.0, -1e9] {
        let mut code = filled(shut);
        activate(code.top_mut(2), &vec![0.0; width], Activation::Sigmoid);
        assert_eq!(subnormal_and_zero(&code, 2), (0, 2 * width), "a unit at {shut}");
    }
    // The slope of the code is 1e-14, so little of the gradient is left.
    let (mut pull, code, mut sums) = (filled(1e-27), filled(1e-14), vec![0.0; width]);
    through_exactly(Activation::Sigmoid, pull.top_mut(2), code.top(2), &mut sums);
    assert_eq!(subnormal_and_zero(&pull, 2), (2 * width, 0));
    pull = filled(1e-27);
    through(Activation::Sigmoid, pull.top_mut(2), code.top(2), &mut sums);
    assert_eq!(subnormal_and_zero(&pull, 2), (0, 2 * width));
    let (mut z, clean, mut losses) = (filled(-80.0), filled(0.0), vec![0.0; width]);
    let (bias, mut gradients) = (vec![0.0; width], vec![0.0; width]);
    let sums = (&mut gradients[..], &mut losses[..]);
    reconstruct(Reconstruction::CrossEntropy, z.top_mut(2), clean.top(2), None, &bias, sums);
    assert_eq!(subnormal_and_zero(&z, 2), (0, 2 * width));
    let mut least = filled(2.0 * NEGLIGIBLE);
    settle(least.top_mut(2));
    assert_eq!(subnormal_and_zero(&least, 2), (0, 0));
    assert!(settled(f32::NAN).is_nan() && unfaded(f32::NAN).is_nan());
}

#[test]
fn a_row_that_is_not_finite_has_no_finite_cross_entropy() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut logits = Matrix::zeros(1, 3);
        logits.lines_mut(1).for_each(|row| row[1] = bad);
        assert!(!softmax(logits.top_mut(1), &[0]).0.is_finite());
    }
}
