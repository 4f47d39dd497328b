//! How near a run must come when it is trained again: to the bit, or, by another sort of processor, to a
//! tolerance.

use std::fmt;

use ablate_records::Session;

/// How far losses, norms and other sizes may be apart, relative to the larger. Of 32 runs of 220 epochs, 29
/// were never off by more than 1e-5, one by 2e-3, and two, whose loss leapt, by anything (SPEED.md of
/// `autoencoder`); another seed makes tenths.
const SIZES: f64 = 1e-2;
/// How far error rates and other shares may be apart: some images near a boundary fall on its other side.
const SHARES: f64 = 2e-2;

/// How two trainings are compared.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Yardstick {
    /// Every bit.
    Bits,
    /// Another order of sums, or other exponentials: nearly.
    Tolerance {
        /// Why.
        why: String,
    },
}

impl Yardstick {
    /// For a run that was trained by `then` and is by `now`.
    pub(super) fn between(then: &Session, now: &Session) -> Yardstick {
        let tolerance = |why: String| Yardstick::Tolerance { why };
        let said = |fact: &Option<String>| fact.clone().unwrap_or_else(|| "unknown".to_owned());
        if !is_the_same_system(&then.os, &now.os) {
            return tolerance(format!("the system was {} and is {}", then.os, now.os));
        }
        match (&then.simd, &now.simd) {
            (Some(then), Some(now)) if then == now => Yardstick::Bits,
            (Some(then), Some(now)) => tolerance(format!(
                "products were summed in the order of {then} and are in that of {now}"
            )),
            _ if then.cpu == now.cpu => Yardstick::Bits,
            _ => tolerance(format!(
                "the processor was {} (its vectors were not recorded) and is {}",
                said(&then.cpu),
                said(&now.cpu)
            )),
        }
    }
}

/// Whether two systems are one, as far as it was recorded of both: earlier releases recorded no C library.
fn is_the_same_system(then: &str, now: &str) -> bool {
    then.split(", ").zip(now.split(", ")).all(|(then, now)| then == now)
}

/// How far apart two trainings are, at worst.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Deviation {
    /// Of losses, norms and whatever else is a size: relative to the larger of both.
    sizes: f64,
    /// Of shares, such as error rates: absolute, since one image is a step.
    shares: f64,
}

impl Deviation {
    /// Takes a value of both into account; `share` says whether it is a share of something.
    pub(super) fn add(&mut self, share: bool, then: Option<f64>, now: Option<f64>) {
        let (Some(then), Some(now)) = (then, now) else {
            self.sizes = f64::INFINITY;
            return;
        };
        let off = match (then - now).abs() {
            // Two NaN, or two equal infinities.
            off if off.is_nan() => {
                let alike = then.to_bits() == now.to_bits() || (then.is_nan() && now.is_nan());
                if alike { 0.0 } else { f64::INFINITY }
            }
            off => off,
        };
        if share {
            self.shares = self.shares.max(off);
        } else if off > 0.0 {
            self.sizes = self.sizes.max(off / then.abs().max(now.abs()));
        }
    }

    /// Whether another processor may be the reason.
    pub(super) fn is_tolerable(&self) -> bool {
        self.sizes <= SIZES && self.shares <= SHARES
    }
}

impl fmt::Display for Deviation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Deviation { sizes, shares } = self;
        write!(out, "off by {sizes:.0e} of a loss or other size at most (allowed {SIZES:.0e}), ")?;
        write!(out, "by {shares:.0e} in an error rate (allowed {SHARES:.0e})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_c_library_is_another_system_and_one_that_was_not_recorded_is_not() {
        let here = "linux x86_64, glibc 2.36";
        for (then, same) in [
            (here, true),
            ("linux x86_64", true),
            ("linux x86_64, glibc 2.31", false),
            ("linux aarch64", false),
            ("linux aarch64, glibc 2.36", false),
            ("", false),
        ] {
            assert_eq!(is_the_same_system(then, here), same, "{then}");
            assert_eq!(is_the_same_system(here, then), same, "{then}");
        }
    }
}
