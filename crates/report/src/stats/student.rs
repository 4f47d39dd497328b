//! Student's t distribution: two-sided tail `p = I_{v/(v+t^2)}(v/2, 1/2)` with the regularized
//! incomplete beta function of `statrs`, and the quantile that inverts it.

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};
use statrs::function::beta::beta_reg;

/// The probability that `|T| >= |t|` with `df >= 1` degrees of freedom.
pub fn t_two_sided_p(t: f64, df: usize) -> f64 {
    let v = df as f64;
    beta_reg(v / 2.0, 0.5, v / (v + t * t))
}

/// The `t >= 0` for which `|T| <= t` has probability `level`, in (0, 1), with `df >= 1` degrees of
/// freedom: 12.71, 4.30, 3.18 for 1, 2, 3 at level 0.95, not the 1.96 of a normal distribution.
pub fn t_quantile(level: f64, df: usize) -> f64 {
    let student = StudentsT::new(0.0, 1.0, df as f64)
        .expect("a t distribution exists for every df of at least 1");
    let mut t = student.inverse_cdf(f64::midpoint(1.0, level));
    // At many degrees of freedom statrs leaves an error of up to 4e-10 in the level; two Newton
    // steps bring it down to that of the tail itself.
    for _ in 0..2 {
        t += (t_two_sided_p(t, df) - (1.0 - level)) / (2.0 * student.pdf(t));
    }
    t
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use proptest::prelude::*;

    use super::*;

    // [scipy.stats.t.ppf(q, df) for q in (0.975, 0.995)]
    const QUANTILES: [(usize, f64, f64); 7] = [
        (1, 12.706204736174694, 63.656741162871526),
        (2, 4.302652729749462, 9.924843200918287),
        (3, 3.1824463052837078, 5.840909309733355),
        (4, 2.7764451051977934, 4.604094871349992),
        (9, 2.262157162798205, 3.249835541592126),
        (29, 2.045229642132703, 2.756385903670605),
        (199, 1.9719565442517533, 2.600760216058516),
    ];

    // 2 * scipy.stats.t.sf(abs(t), df)
    const TAILS: [(f64, usize, f64); 7] = [
        (12.70620473617471, 1, 0.04999999999999998),
        (0.5, 2, 0.6666666666666667),
        (4.30, 2, 0.05005715411709159),
        (2.1, 4, 0.10365328631760218),
        (-3.3, 9, 0.009229908318547019),
        (8.0, 19, 1.6759546882818132e-07),
        (40.0, 4, 2.3340163226012678e-06),
    ];

    #[test]
    fn quantiles_agree_with_scipy() {
        for (df, at_95, at_99) in QUANTILES {
            assert!((t_quantile(0.95, df) / at_95 - 1.0).abs() < 1e-12, "df {df}");
            assert!((t_quantile(0.99, df) / at_99 - 1.0).abs() < 1e-12, "df {df}");
        }
    }

    #[test]
    fn tails_agree_with_scipy() {
        for (t, df, p) in TAILS {
            assert!((t_two_sided_p(t, df) / p - 1.0).abs() < 1e-11, "t {t}, df {df}");
        }
    }

    #[test]
    fn one_and_two_degrees_of_freedom_agree_with_their_closed_forms() {
        for t in [0.1_f64, 1.0, 3.0, 30.0] {
            assert!((t_two_sided_p(t, 1) - (1.0 - 2.0 * t.atan() / PI)).abs() < 1e-14);
            assert!((t_two_sided_p(t, 2) - (1.0 - t / (2.0 + t * t).sqrt())).abs() < 1e-14);
        }
    }

    proptest! {
        #[test]
        fn the_quantile_inverts_the_tail(level in 0.5..0.999_f64, df in 1..500_usize) {
            let p = t_two_sided_p(t_quantile(level, df), df);
            prop_assert!((p - (1.0 - level)).abs() < 1e-12);
        }
    }
}
