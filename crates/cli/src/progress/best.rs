//! The best run so far, by the metric that selects.

use std::collections::BTreeMap;

use ablate_sweep::{Direction, Metric};

/// The best run that was seen.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    metric: Metric,
    found: Option<(f64, String)>,
}

impl Best {
    /// Of no run yet.
    pub(crate) fn by(metric: &Metric) -> Best {
        Best { metric: metric.clone(), found: None }
    }

    /// Looks at the scores of the run `label`; whether it is better than all before. What is not finite
    /// is never the best, and of equal runs the first is.
    pub(crate) fn see(&mut self, scores: &BTreeMap<String, f64>, label: &str) -> bool {
        let value = scores.get(&self.metric.name).copied().filter(|value| value.is_finite());
        let Some(value) = value else { return false };
        let better = match (&self.found, self.metric.direction) {
            (_, Direction::Neither) => false,
            (None, _) => true,
            (Some((best, _)), Direction::Lower) => value < *best,
            (Some((best, _)), Direction::Higher) => value > *best,
        };
        if better {
            self.found = Some((value, label.to_owned()));
        }
        better
    }

    /// In words; `None` before there is one.
    pub(crate) fn words(&self) -> Option<String> {
        let (value, label) = self.found.as_ref()?;
        let value = match self.metric.unit {
            "fraction" => format!("{:.2} %", value * 100.0),
            _ => format!("{value:.4}"),
        };
        Some(format!("best so far: {} {value} ({label})", self.metric.name))
    }
}

#[cfg(test)]
mod tests {
    use ablate_sweep::Split;

    use super::*;

    fn best(direction: Direction) -> Best {
        let (name, unit) = ("valid_error".to_owned(), "fraction");
        Best::by(&Metric { name, unit, direction, split: Split::Valid, summary: String::new() })
    }

    fn seen(best: &mut Best, values: &[f64]) -> Option<String> {
        for (at, value) in values.iter().enumerate() {
            best.see(&BTreeMap::from([("valid_error".to_owned(), *value)]), &format!("run {at}"));
        }
        best.words()
    }

    #[test]
    fn the_first_of_the_best_finite_values_wins() {
        let values = [f64::NAN, 0.5, f64::NEG_INFINITY, 0.0312, 0.0312, 0.9];
        let lowest = "best so far: valid_error 3.12 % (run 3)";
        assert_eq!(seen(&mut best(Direction::Lower), &values).as_deref(), Some(lowest));
        let highest = "best so far: valid_error 90.00 % (run 5)";
        assert_eq!(seen(&mut best(Direction::Higher), &values).as_deref(), Some(highest));
        assert_eq!(seen(&mut best(Direction::Neither), &values), None);
        assert_eq!(seen(&mut best(Direction::Lower), &[f64::NAN]), None);
    }
}
