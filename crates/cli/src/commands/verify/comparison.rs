//! Where a run that was trained again differs from what is stored.

use std::collections::BTreeSet;

use ablate_records::Store;
use ablate_sweep::{Kept, Outcome, Profile, Run};
use anyhow::Context;

use super::yardstick::Deviation;

/// Every difference, the first of training first.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    lines: Vec<String>,
    deviation: Deviation,
    /// The metrics that are shares of something.
    shares: BTreeSet<String>,
}

impl Comparison {
    /// Of what the store holds of `run` and what came of `trained`.
    pub(super) fn of(run: &Run, store: &Store, trained: &Outcome) -> anyhow::Result<Comparison> {
        let kept = run.kept.as_ref().context("a finished run has weights")?;
        let metrics = ablate_autoencoder::catalog().metrics.into_iter();
        let shares = metrics.filter(|metric| metric.unit == "fraction").map(|metric| metric.name);
        let mut comparison = Comparison { shares: shares.collect(), ..Comparison::default() };
        for curve in store.curves(&run.id)? {
            let again = trained.curves.iter().find(|again| again.name == curve.name);
            let again = again.map(|again| again.values.as_slice()).unwrap_or_default();
            comparison.curve(&curve.name, &curve.values, again);
        }
        comparison.weights(kept, trained);
        for (name, then) in &run.scores {
            comparison.score(name, Some(*then), trained.scores.get(name).copied());
        }
        for profile in store.profiles(&run.id)? {
            let again = trained.profiles.iter().find(|again| again.name == profile.name);
            comparison.profile(&profile, again);
        }
        for (name, now) in trained.scores.iter().filter(|(name, _)| !run.scores.contains_key(*name))
        {
            comparison.score(name, None, Some(*now));
        }
        Ok(comparison)
    }

    /// Whether every bit is the same.
    pub(super) fn is_equal(&self) -> bool {
        self.lines.is_empty()
    }

    /// How far apart they are.
    pub(super) fn deviation(&self) -> &Deviation {
        &self.deviation
    }

    /// What differs, a line each.
    pub(super) fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }

    fn curve(&mut self, name: &str, then: &[f64], now: &[f64]) {
        let at = |values: &[f64], epoch: usize| values.get(epoch).copied();
        let epochs = 0..then.len().max(now.len());
        let pairs: Vec<_> = epochs.map(|epoch| (at(then, epoch), at(now, epoch))).collect();
        if let Some(epoch) = pairs.iter().position(|(then, now)| !same(*then, *now)) {
            let (then, now) = pairs[epoch];
            let line = format!("curve {name}, epoch {}: {}", epoch + 1, both(then, now));
            self.lines.push(line);
        }
        pairs.into_iter().for_each(|(then, now)| self.deviate(name, then, now));
    }

    fn weights(&mut self, kept: &Kept, trained: &Outcome) {
        if kept.weights_hash != trained.weights_hash {
            let (then, now) = (&kept.weights_hash, &trained.weights_hash);
            self.lines.push(format!("weights: {then} then, {now} now"));
        }
    }

    fn score(&mut self, name: &str, then: Option<f64>, now: Option<f64>) {
        if !same(then, now) {
            self.lines.push(format!("{name}: {}", both(then, now)));
        }
        self.deviate(name, then, now);
    }

    fn profile(&mut self, then: &Profile, now: Option<&Profile>) {
        let bits = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let equal = |now: &Profile| now.at == then.at && bits(&now.values) == bits(&then.values);
        if !now.is_some_and(equal) {
            self.lines.push(format!("profile {}: another now", then.name));
        }
        for (index, value) in then.values.iter().enumerate() {
            let again = now.filter(|now| now.at == then.at);
            let again = again.and_then(|now| now.values.get(index)).copied();
            self.deviate(&then.name, Some(*value), again);
        }
    }

    fn deviate(&mut self, name: &str, then: Option<f64>, now: Option<f64>) {
        self.deviation.add(self.shares.contains(name), then, now);
    }
}

fn same(then: Option<f64>, now: Option<f64>) -> bool {
    then.map(f64::to_bits) == now.map(f64::to_bits)
}

fn both(then: Option<f64>, now: Option<f64>) -> String {
    let shown = |value: Option<f64>| value.map_or("absent".to_owned(), |value| value.to_string());
    format!("{} then, {} now", shown(then), shown(now))
}
