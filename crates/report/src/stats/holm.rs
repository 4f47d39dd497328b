//! Holm's step-down correction: sorted `p_1 <= .. <= p_m` become `max_{j <= i} (m - j + 1) p_j`,
//! at most 1, so that all tests of a family together err in at most the stated share.
//!
//! Holm (1979), "A simple sequentially rejective multiple test procedure".

/// The corrected p-values, in the order given; `None` stays `None` and is not counted as a test.
pub fn holm(ps: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut tests: Vec<(usize, f64)> =
        ps.iter().enumerate().filter_map(|(at, p)| Some((at, (*p)?))).collect();
    tests.sort_by(|left, right| left.1.total_cmp(&right.1));
    let mut corrected = vec![None; ps.len()];
    let mut highest = 0.0_f64;
    for (rank, (at, p)) in tests.iter().enumerate() {
        highest = highest.max((tests.len() - rank) as f64 * p).min(1.0);
        corrected[*at] = Some(highest);
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn holm_agrees_with_r() {
        // p.adjust(c(0.01, 0.04, 0.03, 0.005), method = "holm") gives 0.03 0.06 0.06 0.02
        let found = holm(&[Some(0.01), Some(0.04), Some(0.03), Some(0.005)]);
        for (found, expected) in found.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found.unwrap() - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn an_undefined_p_is_no_test() {
        assert_eq!(holm(&[None, Some(0.04), None]), vec![None, Some(0.04), None]);
        assert_eq!(holm(&[]), vec![]);
    }

    proptest! {
        #[test]
        fn corrected_ps_keep_their_order_and_never_shrink(
            ps in prop::collection::vec(0.0..1.0_f64, 1..10),
        ) {
            let given: Vec<Option<f64>> = ps.iter().copied().map(Some).collect();
            let found = holm(&given);
            let count = ps.len() as f64;
            for (p, corrected) in ps.iter().zip(&found) {
                let corrected = corrected.unwrap();
                prop_assert!(*p <= corrected && corrected <= (count * p).min(1.0));
                for (other, after) in ps.iter().zip(&found) {
                    prop_assert!(p > other || corrected <= after.unwrap());
                }
            }
        }
    }
}
