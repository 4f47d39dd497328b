//! Metrics of a run relative to its baseline: the same trial without pretraining, with the same seed,
//! data and engine. No probe emits them: they take two runs, which may be trained in any order, so they
//! are computed when results are read.

use std::collections::BTreeMap;

use crate::metric::Metric;

/// A mean of ratios, in per cent, as the corruption errors of ImageNet-C are (Hendrycks and Dietterich
/// 2019):
///
/// ```text
/// 100 mean over groups of  sum over the group of (score - minus) / sum over the group of (the baseline's)
/// ```
///
/// A run that is its own baseline has 100.
#[derive(Clone, Debug, PartialEq)]
pub struct Relative {
    /// What it is called, and which way is better.
    pub metric: Metric,
    /// The metrics of each group: one corruption at every severity, say.
    pub groups: Vec<Vec<String>>,
    /// The metric that is taken from each score: the clean error, say.
    pub minus: Option<String>,
}

impl Relative {
    /// Its value for a run with the scores `own` whose baseline has the scores `baseline`; `None` where
    /// one is missing, or a group of the baseline comes to 0.
    pub fn value(
        &self,
        own: &BTreeMap<String, f64>,
        baseline: &BTreeMap<String, f64>,
    ) -> Option<f64> {
        let sum = |scores: &BTreeMap<String, f64>, group: &[String]| -> Option<f64> {
            let minus = match &self.minus {
                Some(name) => *scores.get(name)?,
                None => 0.0,
            };
            group.iter().map(|name| Some(scores.get(name)? - minus)).sum()
        };
        let ratio = |group: &Vec<String>| Some(sum(own, group)? / sum(baseline, group)?);
        let ratios: f64 = self.groups.iter().map(ratio).sum::<Option<f64>>()?;
        let value = 100.0 * ratios / self.groups.len() as f64;
        value.is_finite().then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{Direction, Split};

    fn relative(minus: Option<&str>) -> Relative {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let metric = Metric {
            name: "mce".into(),
            unit: "baseline = 100",
            direction: Direction::Lower,
            split: Split::Test,
            summary: "made up".into(),
        };
        let groups = vec![names(&["fog_1", "fog_2"]), names(&["blur"])];
        Relative { metric, groups, minus: minus.map(str::to_owned) }
    }

    fn scores(values: [f64; 4]) -> BTreeMap<String, f64> {
        ["clean", "fog_1", "fog_2", "blur"].map(str::to_owned).into_iter().zip(values).collect()
    }

    /// mCE = 100 ((.2 + .4) / (.3 + .5) + .1 / .2) / 2, relative mCE with the clean error taken off.
    #[test]
    fn it_is_the_mean_of_the_ratios_of_sums() {
        let (own, baseline) = (scores([0.05, 0.2, 0.4, 0.1]), scores([0.1, 0.3, 0.5, 0.2]));
        let mce = relative(None).value(&own, &baseline).unwrap();
        assert!((mce - 100.0 * (0.6 / 0.8 + 0.5) / 2.0).abs() < 1e-9, "{mce}");
        let mce = relative(Some("clean")).value(&own, &baseline).unwrap();
        assert!((mce - 100.0 * (0.5 / 0.6 + 0.05 / 0.1) / 2.0).abs() < 1e-9, "{mce}");
    }

    #[test]
    fn against_itself_it_is_100_and_without_a_score_or_a_ratio_it_is_absent() {
        let own = scores([0.05, 0.2, 0.4, 0.1]);
        for minus in [None, Some("clean")] {
            assert_eq!(relative(minus).value(&own, &own), Some(100.0));
        }
        let mut lacking = own.clone();
        lacking.remove("blur");
        assert_eq!(relative(None).value(&own, &lacking), None);
        assert_eq!(relative(None).value(&lacking, &own), None);
        assert_eq!(relative(None).value(&own, &scores([0.0, 0.0, 0.0, 0.1])), None);
    }
}
