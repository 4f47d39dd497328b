//! What a step does between its products, each in one pass over the batch and each compiled for the
//! widest vectors of the machine, found when the program runs. Sums over examples are kept a column
//! apart, row after row, so that they come out alike at every vector width.

use super::math;
use super::matrix::{Band, BandMut, LINE};
use super::negligible::settled;
use crate::activation::Activation;
use crate::reconstruction::Reconstruction;

/// Runs `work` compiled for the widest vectors that this machine has. Only what is inlined into it
/// gains from that: `work` and all that it calls bear `#[inline(always)]`.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    pulp::Arch::new().dispatch(work)
}

/// h = s(z + b), in place. What is negligible is 0.
pub(super) fn activate(z: BandMut<'_>, bias: &[f32], activation: Activation) {
    each_activated(z, bias, activation, settled);
}

/// As [`activate`], however small: a state that is drawn by it may come out 1 all the same.
pub(super) fn activate_exactly(z: BandMut<'_>, bias: &[f32], activation: Activation) {
    each_activated(
        z,
        bias,
        activation,
        #[inline(always)]
        |h| h,
    );
}

#[inline(always)]
fn each_activated(
    z: BandMut<'_>,
    bias: &[f32],
    activation: Activation,
    kept: impl Fn(f32) -> f32 + Copy,
) {
    match activation {
        Activation::Sigmoid => shift_and_map(
            z,
            bias,
            #[inline(always)]
            |z| kept(math::sigmoid(z)),
        ),
        Activation::Tanh => shift_and_map(
            z,
            bias,
            #[inline(always)]
            |z| kept(math::tanh(z)),
        ),
        // Written so that NaN stays.
        Activation::Relu => shift_and_map(
            z,
            bias,
            #[inline(always)]
            |z| kept(if z < 0.0 { 0.0 } else { z }),
        ),
        Activation::Linear => shift_and_map(
            z,
            bias,
            #[inline(always)]
            |z| z,
        ),
    }
}

/// z + b, in place.
pub(super) fn shift(z: BandMut<'_>, bias: &[f32]) {
    shift_and_map(
        z,
        bias,
        #[inline(always)]
        |z| z,
    );
}

/// What the decoder makes of `z` + `bias`: z becomes the gradient of the loss by it, example by
/// example; `sums` collect that gradient and the losses over the examples, a column each. With
/// `weights`, of the shape of `z`, each counts as often. What is negligible of a gradient is 0.
pub(super) fn reconstruct(
    reconstruction: Reconstruction,
    z: BandMut<'_>,
    clean: Band<'_>,
    weights: Option<Band<'_>>,
    bias: &[f32],
    sums: (&mut [f32], &mut [f32]),
) {
    match reconstruction {
        Reconstruction::CrossEntropy => judge(
            z,
            clean,
            weights,
            bias,
            sums,
            #[inline(always)]
            |z, x| {
                let (r, softplus) = math::sigmoid_and_softplus(z);
                (r - x, softplus - x * z)
            },
        ),
        Reconstruction::SquaredError => judge(
            z,
            clean,
            weights,
            bias,
            sums,
            #[inline(always)]
            |z, x| {
                let difference = z - x;
                (2.0 * difference, difference * difference)
            },
        ),
    }
}

/// From the gradient by the codes to that by the preactivations, in place: times dh/dz, which is a
/// function of the codes. `sums` collects it over the examples, a column each. What is negligible is 0.
pub(super) fn through(activation: Activation, pull: BandMut<'_>, code: Band<'_>, sums: &mut [f32]) {
    each_through(activation, pull, code, sums, settled);
}

/// As [`through`], however small: of the gradient of a confident network only the signs may matter.
pub(super) fn through_exactly(
    activation: Activation,
    pull: BandMut<'_>,
    code: Band<'_>,
    sums: &mut [f32],
) {
    each_through(
        activation,
        pull,
        code,
        sums,
        #[inline(always)]
        |delta| delta,
    );
}

#[inline(always)]
fn each_through(
    activation: Activation,
    pull: BandMut<'_>,
    code: Band<'_>,
    sums: &mut [f32],
    kept: impl Fn(f32) -> f32 + Copy,
) {
    // A function of its own for each, so that none decides inside its loop.
    match activation {
        Activation::Sigmoid => scale_by(
            pull,
            code,
            sums,
            #[inline(always)]
            |pull, h| kept(pull * Activation::Sigmoid.slope_at(h)),
        ),
        Activation::Tanh => scale_by(
            pull,
            code,
            sums,
            #[inline(always)]
            |pull, h| kept(pull * Activation::Tanh.slope_at(h)),
        ),
        Activation::Relu => scale_by(
            pull,
            code,
            sums,
            #[inline(always)]
            |pull, h| kept(pull * Activation::Relu.slope_at(h)),
        ),
        Activation::Linear => scale_by(
            pull,
            code,
            sums,
            #[inline(always)]
            |pull, h| kept(pull * Activation::Linear.slope_at(h)),
        ),
    }
}

/// Adds the rows of `band` to `sums`, a column each.
pub(super) fn sum_rows(band: Band<'_>, sums: &mut [f32]) {
    wide(
        #[inline(always)]
        || {
            for row in band.lines() {
                add(sums, row);
            }
        },
    );
}

/// The class of the largest logit, the first of equal ones.
#[inline(always)]
pub(super) fn best_class(logits: &[f32]) -> usize {
    let (mut best, mut largest) = (0, f32::NEG_INFINITY);
    for (class, &logit) in logits.iter().enumerate() {
        if logit > largest {
            (best, largest) = (class, logit);
        }
    }
    best
}

/// Softmax, in place: each row of logits becomes the gradient of its cross-entropy. Returns the
/// summed cross-entropy in nats, and how many rows have their largest logit elsewhere than at their
/// label.
pub(super) fn softmax(logits: BandMut<'_>, labels: &[u8]) -> (f64, usize) {
    /// The cross-entropy of a row, and whether its largest logit is elsewhere.
    #[inline(always)]
    fn one(row: &mut [f32], label: usize) -> (f64, bool) {
        let best = best_class(row);
        let largest = row[best];
        let own = f64::from(row[label] - largest);
        let mut total = 0.0;
        for logit in row.iter_mut() {
            *logit = math::exp_of_negative(*logit - largest);
            total += *logit;
        }
        for probability in row.iter_mut() {
            *probability /= total;
        }
        row[label] -= 1.0;
        (f64::from(total).ln() - own, best != label)
    }
    let (mut sum, mut wrong) = (0.0, 0);
    wide(
        #[inline(always)]
        || {
            for (row, &label) in logits.into_lines().zip(labels) {
                let (loss, missed) = one(row, usize::from(label));
                sum += loss;
                wrong += usize::from(missed);
            }
        },
    );
    (sum, wrong)
}

/// Multiplies each value by its own factor.
pub(super) fn multiply(band: BandMut<'_>, factors: Band<'_>) {
    #[inline(always)]
    fn one(row: &mut [f32], factors: &[f32]) {
        for (value, factor) in row.iter_mut().zip(factors) {
            *value *= factor;
        }
    }
    wide(
        #[inline(always)]
        || {
            for (row, factors) in band.into_lines().zip(factors.lines()) {
                one(row, factors);
            }
        },
    );
}

/// Multiplies each column by its factor.
pub(crate) fn scale_columns(band: BandMut<'_>, factors: &[f32]) {
    #[inline(always)]
    fn multiply(row: &mut [f32], factors: &[f32]) {
        for (value, factor) in row.iter_mut().zip(factors) {
            *value *= factor;
        }
    }
    wide(
        #[inline(always)]
        || {
            for row in band.into_lines() {
                multiply(row, factors);
            }
        },
    );
}

/// Adds the squares of each column to its sum.
pub(crate) fn add_squares(band: Band<'_>, sums: &mut [f32]) {
    #[inline(always)]
    fn add_squares(sums: &mut [f32], row: &[f32]) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value * value;
        }
    }
    wide(
        #[inline(always)]
        || {
            for row in band.lines() {
                add_squares(sums, row);
            }
        },
    );
}

/// The sum of a term of each pair of values, in sixteen parts that are added at the end.
pub(crate) fn sum_of(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
    #[inline(always)]
    fn in_parts(a: &[f32], b: &[f32], term: impl Fn(f32, f32) -> f32) -> f64 {
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LINE>(), b.as_chunks::<LINE>());
        let mut parts = [0.0_f32; LINE];
        for (a, b) in a.iter().zip(b) {
            for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
                *part += term(*a, *b);
            }
        }
        let rest = a_rest.iter().zip(b_rest).map(|(a, b)| f64::from(term(*a, *b)));
        total(&parts) + rest.sum::<f64>()
    }
    wide(
        #[inline(always)]
        || in_parts(a, b, term),
    )
}

/// In double precision, from the first to the last.
pub(super) fn total(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum()
}

// Slices are handed down as arguments, never captured: only then does the compiler know that they
// do not overlap.

#[inline(always)]
fn add(sums: &mut [f32], row: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += value;
    }
}

#[inline(always)]
fn shift_and_map(z: BandMut<'_>, bias: &[f32], map: impl Fn(f32) -> f32 + Copy) {
    #[inline(always)]
    fn one(row: &mut [f32], bias: &[f32], map: impl Fn(f32) -> f32) {
        for (z, bias) in row.iter_mut().zip(bias) {
            *z = map(*z + bias);
        }
    }
    wide(
        #[inline(always)]
        || {
            for row in z.into_lines() {
                one(row, bias, map);
            }
        },
    );
}

#[inline(always)]
fn judge(
    z: BandMut<'_>,
    clean: Band<'_>,
    weights: Option<Band<'_>>,
    bias: &[f32],
    (gradients, losses): (&mut [f32], &mut [f32]),
    gradient_and_loss: impl Fn(f32, f32) -> (f32, f32) + Copy,
) {
    #[inline(always)]
    fn one(
        z: &mut [f32],
        (clean, bias): (&[f32], &[f32]),
        gradients: &mut [f32],
        losses: &mut [f32],
        gradient_and_loss: impl Fn(f32, f32) -> (f32, f32),
    ) {
        let columns = z.len();
        let (clean, bias) = (&clean[..columns], &bias[..columns]);
        let (gradients, losses) = (&mut gradients[..columns], &mut losses[..columns]);
        for column in 0..columns {
            let (gradient, loss) = gradient_and_loss(z[column] + bias[column], clean[column]);
            z[column] = settled(gradient);
            gradients[column] += z[column];
            losses[column] += loss;
        }
    }
    #[inline(always)]
    fn one_weighed(
        z: &mut [f32],
        (clean, weights, bias): (&[f32], &[f32], &[f32]),
        gradients: &mut [f32],
        losses: &mut [f32],
        gradient_and_loss: impl Fn(f32, f32) -> (f32, f32),
    ) {
        let columns = z.len();
        let (clean, weights, bias) = (&clean[..columns], &weights[..columns], &bias[..columns]);
        let (gradients, losses) = (&mut gradients[..columns], &mut losses[..columns]);
        for column in 0..columns {
            let (gradient, loss) = gradient_and_loss(z[column] + bias[column], clean[column]);
            z[column] = settled(weights[column] * gradient);
            gradients[column] += z[column];
            losses[column] += weights[column] * loss;
        }
    }
    wide(
        #[inline(always)]
        || {
            let rows = z.into_lines().zip(clean.lines());
            match weights {
                None => {
                    for (z, clean) in rows {
                        one(z, (clean, bias), gradients, losses, gradient_and_loss);
                    }
                }
                Some(weights) => {
                    for ((z, clean), weights) in rows.zip(weights.lines()) {
                        let read = (clean, weights, bias);
                        one_weighed(z, read, gradients, losses, gradient_and_loss);
                    }
                }
            }
        },
    );
}

#[inline(always)]
fn scale_by(
    pull: BandMut<'_>,
    code: Band<'_>,
    sums: &mut [f32],
    delta_of: impl Fn(f32, f32) -> f32 + Copy,
) {
    #[inline(always)]
    fn one(pull: &mut [f32], code: &[f32], sums: &mut [f32], delta_of: impl Fn(f32, f32) -> f32) {
        let columns = pull.len();
        let (code, sums) = (&code[..columns], &mut sums[..columns]);
        for column in 0..columns {
            let delta = delta_of(pull[column], code[column]);
            pull[column] = delta;
            sums[column] += delta;
        }
    }
    wide(
        #[inline(always)]
        || {
            for (pull, code) in pull.into_lines().zip(code.lines()) {
                one(pull, code, sums, delta_of);
            }
        },
    );
}

#[cfg(test)]
mod tests;
