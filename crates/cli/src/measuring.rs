//! Finished runs measured from their kept weights, several at a time, each stored in one transaction
//! as soon as it is done. Nothing is trained, and nothing stored is ever changed: what a run has
//! already must come out the same to the bit.

use std::num::NonZeroUsize;

use ablate_autoencoder::probes::Probe;
use ablate_records::{Added, ArtifactFolder, Store};
use ablate_runner::Stop;
use ablate_sweep::{Artifact, Measured, Run, RunId, RunPlan};
use indicatif::{ProgressBar, ProgressStyle};

use crate::exit::Exit;
use crate::format;
use crate::laboratory::Laboratory;
use crate::progress::PlainLines;
use crate::signals;
use crate::terminal::Terminal;

/// A finished run, and by what it is to be measured.
#[derive(Debug)]
pub(crate) struct Sitting {
    plan: RunPlan,
    artifacts: Vec<Artifact>,
    probes: Vec<&'static Probe>,
}

/// What came of a sitting.
#[derive(Debug)]
pub(crate) struct Result {
    pub(crate) run: RunId,
    pub(crate) measured: Measured,
    pub(crate) added: Added,
}

impl Sitting {
    /// Of `run`, by `probes`.
    ///
    /// # Errors
    /// If it is not finished, or if the data or the training code have changed since.
    pub(crate) fn of(
        run: &Run,
        probes: Vec<&'static Probe>,
        store: &Store,
        laboratory: &Laboratory,
    ) -> anyhow::Result<Sitting> {
        let plan = laboratory.plan_of(run)?;
        Ok(Sitting { plan, artifacts: store.artifacts(&run.id)?, probes })
    }

    fn measure(
        &self,
        laboratory: &Laboratory,
        folder: &ArtifactFolder,
    ) -> anyhow::Result<Measured> {
        let stored = laboratory.stored(&self.plan, &self.artifacts, folder)?;
        laboratory.measure(&self.plan, &stored, &self.probes)
    }
}

/// The probes of `probes` on request that apply to `run` and have not measured it.
pub(crate) fn lacking(run: &Run, probes: &[&'static Probe]) -> Vec<&'static Probe> {
    let lacks = |probe: &&&'static Probe| {
        let first = (probe.metrics)().into_iter().next();
        first.is_some_and(|metric| !run.scores.contains_key(&metric.name))
    };
    let applies = |probe: &&&'static Probe| probe.applies_to(&run.params);
    probes.iter().filter(applies).filter(lacks).copied().collect()
}

/// Measures and stores all of `sittings`; says what differs from what is stored and what could not be
/// measured. Results are in the order of the sittings.
///
/// # Errors
/// If the store fails.
pub(crate) fn measure(
    sittings: &[Sitting],
    laboratory: &Laboratory,
    store: &mut Store,
    jobs: NonZeroUsize,
    terminal: &Terminal,
) -> anyhow::Result<(Vec<Result>, Exit)> {
    let stop = Stop::default();
    let heard = signals::listen(&stop, terminal)?;
    let (folder, bar) = (store.artifact_folder(), bar(sittings.len(), terminal));
    let (mut results, mut exit, mut plain) = (Vec::new(), Exit::Done, PlainLines::new());
    let work = |sitting: &Sitting| sitting.measure(laboratory, &folder);
    let done = |sitting: &Sitting, measured: std::result::Result<_, String>| {
        let run = sitting.plan.id.clone();
        match measured.map_err(anyhow::Error::msg).flatten() {
            Ok(measured) => {
                let added = store.add_measured(&run, &measured)?;
                if !added.different.is_empty() {
                    exit = Exit::Unfinished;
                }
                for difference in &added.different {
                    terminal.error(&format!(
                        "run {run}: {} was {}, now {}: nothing of it is stored",
                        difference.name, difference.stored, difference.measured
                    ));
                }
                results.push(Result { run, measured, added });
            }
            Err(error) => {
                exit = Exit::Unfinished;
                terminal.error(&format!("run {run}: {error:#}"));
            }
        }
        bar.inc(1);
        plain.tell(terminal, || format!("{}/{} runs measured", bar.position(), sittings.len()));
        anyhow::Ok(())
    };
    let outcome = ablate_runner::each(sittings, jobs, &stop, work, done);
    bar.finish_and_clear();
    outcome?;
    let place = |result: &Result| sittings.iter().position(|one| one.plan.id == result.run);
    results.sort_by_key(place);
    Ok((results, heard.exit().unwrap_or(exit)))
}

fn bar(count: usize, terminal: &Terminal) -> ProgressBar {
    let bar = terminal.bars.add(ProgressBar::new(count as u64));
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} runs measured  {elapsed}");
    bar.set_style(style.expect("the template is well formed").progress_chars("=> "));
    bar
}

/// Says what was measured, in a line.
pub(crate) fn conclude(results: &[Result], terminal: &Terminal) {
    let sum = |of: fn(&Added) -> usize| results.iter().map(|result| of(&result.added)).sum();
    let (new, equal): (usize, usize) = (sum(|added| added.new), sum(|added| added.equal));
    let mut line = format!("{} measured: {new} new", format::count(results.len(), "run"));
    if equal > 0 {
        line.push_str(&format!(", {equal} measured before and equal"));
    }
    terminal.message(&line);
}
