//! What counts as 0 in training. Subnormal numbers take processors a hundred times as long, and a network
//! whose units are saturated is full of them (`SPEED.md`, "Networks that do not learn").

use super::kernels::wide;
use super::matrix::BandMut;

/// Below this a code of a saturated unit, or a share of a gradient, counts as 0: 2^-53, so that the product
/// of two that count is far from subnormal, and so small that it changes no weight.
pub(super) const NEGLIGIBLE: f32 = f32::EPSILON * f32::EPSILON / 128.0;

/// Below this a running average, or a weight that decays, counts as 0: 2^-110. Twice its own root is lost
/// beside Adam's epsilon.
const FADED: f32 = NEGLIGIBLE * NEGLIGIBLE / 16.0;

/// `value`, or 0 where it is negligible. NaN stays.
#[inline(always)]
pub(super) fn settled(value: f32) -> f32 {
    if value.abs() < NEGLIGIBLE { 0.0 } else { value }
}

/// `value`, or 0 where nothing is left of it; as [`settled`] for what halves and halves again.
#[inline(always)]
pub(super) fn unfaded(value: f32) -> f32 {
    if value.abs() < FADED { 0.0 } else { value }
}

/// [`settled`] values, in place.
pub(super) fn settle(band: BandMut<'_>) {
    #[inline(always)]
    fn one(row: &mut [f32]) {
        for value in row {
            *value = settled(*value);
        }
    }
    wide(
        #[inline(always)]
        || {
            for row in band.into_lines() {
                one(row);
            }
        },
    );
}
