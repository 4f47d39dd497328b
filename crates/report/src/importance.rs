//! How much of what tells trials apart each axis accounts for.

use ablate_sweep::Trial;

use crate::label::groups;
use crate::run_set::RunSet;
use crate::stats::mean;

/// What one axis accounts for.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The parameter.
    pub axis: String,
    /// Its share of the variance between the trials' means: that of the means over its values (eta
    /// squared, the first order of a functional ANOVA: Hutter et al. 2014).
    pub share: f64,
    /// The share that an axis without any effect has on average: `(values - 1) / (trials - 1)`.
    pub by_chance: f64,
    /// How many values of it there are.
    pub values: usize,
    /// How many trials have a mean.
    pub trials: usize,
}

/// The importance of each of `axes` for the means of `metric`, the largest share first. Where the
/// axes are not crossed in full, what two of them could account for is counted for both. Empty where
/// the means do not differ.
pub fn importance(set: &RunSet, axes: &[String], metric: &str) -> Vec<Importance> {
    let measured: Vec<(&Trial, f64)> = set
        .trials
        .iter()
        .filter_map(|runs| {
            let scores: Vec<f64> = runs.scores(metric).iter().map(|score| score.value).collect();
            Some((runs.trial.as_ref(), mean(&scores)?))
        })
        .collect();
    let values: Vec<f64> = measured.iter().map(|(_, value)| *value).collect();
    let Some(overall) = mean(&values) else { return Vec::new() };
    let square = |value: f64| (value - overall).powi(2);
    let total: f64 = values.iter().map(|value| square(*value)).sum();
    if total <= 0.0 {
        return Vec::new();
    }
    let trials: Vec<&Trial> = measured.iter().map(|(trial, _)| *trial).collect();
    let of_axis = |axis: &String| {
        let found = groups(&trials, std::slice::from_ref(axis));
        let between: f64 = found
            .iter()
            .map(|(_, members)| {
                let own: Vec<f64> = members.iter().map(|at| values[*at]).collect();
                own.len() as f64 * square(mean(&own).unwrap_or(overall))
            })
            .sum();
        Importance {
            axis: axis.clone(),
            share: between / total,
            by_chance: (found.len() - 1) as f64 / (trials.len() - 1) as f64,
            values: found.len(),
            trials: trials.len(),
        }
    };
    let mut found: Vec<Importance> = axes.iter().map(of_axis).collect();
    found.sort_by(|left, right| right.share.total_cmp(&left.share));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{Seed, set_of};

    fn axes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn shares_of_a_full_grid_are_those_of_an_analysis_of_variance() {
        let one = |test: f64| [Seed::Scored(0.0, test)];
        let set = set_of(&[
            ("pretraining=none depth=1", &one(0.4)),
            ("pretraining=none depth=3", &one(0.5)),
            ("pretraining=greedy variant=basic depth=1", &one(0.2)),
            ("pretraining=greedy variant=basic depth=3", &one(0.3)),
        ]);
        // Means of pretraining 0.45 and 0.25, of depth 0.3 and 0.4: 4 * 0.1^2 and 4 * 0.05^2 of 0.05.
        let found = importance(&set, &axes(&["depth", "pretraining"]), "test_error");
        assert_eq!(found[0].axis, "pretraining");
        assert!((found[0].share - 0.8).abs() < 1e-12 && (found[1].share - 0.2).abs() < 1e-12);
        assert_eq!((found[0].by_chance, found[0].values, found[0].trials), (1.0 / 3.0, 2, 4));
    }

    #[test]
    fn means_that_do_not_differ_leave_nothing_to_account_for() {
        let same = [Seed::Scored(0.1, 0.1)];
        let set = set_of(&[("depth=1", &same), ("depth=3", &same)]);
        assert!(importance(&set, &axes(&["depth"]), "test_error").is_empty());
        assert!(importance(&set, &axes(&["depth"]), "saturated").is_empty());
    }
}
