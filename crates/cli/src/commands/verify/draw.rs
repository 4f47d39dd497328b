//! Which runs are verified: those that are named, those that a filter finds, or a sample of these.

use std::num::NonZeroUsize;

use ablate_records::{Archive, Store};
use ablate_sweep::{Run, RunId, RunPlan, RunState};
use anyhow::bail;
use sha2::{Digest, Sha256};

use crate::args::Verify;
use crate::chosen;
use crate::exit::Usage;
use crate::format;
use crate::laboratory::Laboratory;
use crate::terminal::Terminal;

/// What is to be trained again, and what it was. Of runs that are named, each must be one that can be; of
/// those that are found, the others are left out, and how many is said.
///
/// # Errors
/// A run that cannot be trained again was named, or none was found.
pub(super) fn runs(
    args: &Verify,
    store: &Store,
    laboratory: &Laboratory,
    terminal: &Terminal,
) -> anyhow::Result<Vec<(Run, RunPlan)>> {
    let mut runs = match args.runs.as_slice() {
        [] => found(args, store, laboratory, terminal)?,
        prefixes => named(prefixes, store, laboratory)?,
    };
    if let Some(size) = args.sample {
        let all = runs.len();
        runs = sample(runs, size, args.seed);
        terminal.message(&format!(
            "{} of {} drawn with seed {}",
            runs.len(),
            format::count(all, "run"),
            args.seed
        ));
    }
    Ok(runs)
}

fn named(
    prefixes: &[String],
    store: &Store,
    laboratory: &Laboratory,
) -> anyhow::Result<Vec<(Run, RunPlan)>> {
    let runs = prefixes.iter().map(|prefix| -> anyhow::Result<(Run, RunPlan)> {
        let run = store.find_run(prefix)?;
        let plan = laboratory.plan_of(&run)?;
        Ok((run, plan))
    });
    runs.collect()
}

fn found(
    args: &Verify,
    store: &Store,
    laboratory: &Laboratory,
    terminal: &Terminal,
) -> anyhow::Result<Vec<(Run, RunPlan)>> {
    let filter = args.filter.as_deref().unwrap_or("state == 'finished'");
    let ids = chosen::runs(store, &[], Some(filter), Archive::Closed)?;
    let mut runs = store.runs(&ids)?;
    runs.retain(|run| run.state == RunState::Finished);
    if runs.is_empty() {
        bail!(Usage(format!("no finished run fits {filter}")));
    }
    let all = runs.len();
    let planned = |run: Run| laboratory.plan_of(&run).ok().map(|plan| (run, plan));
    let runs: Vec<_> = runs.into_iter().filter_map(planned).collect();
    let others = format!(
        "{} left out: imported, or trained on other data or by an earlier version",
        format::count(all - runs.len(), "run")
    );
    match runs.len() {
        0 => bail!(Usage(others)),
        left if left < all => terminal.message(&others),
        _ => {}
    }
    Ok(runs)
}

/// `size` of `runs`: those whose ticket is smallest, the smallest first. So a draw depends on the seed and
/// the runs alone, a larger one begins with the smaller, and runs that come later push some out but never
/// shuffle the others.
fn sample(mut runs: Vec<(Run, RunPlan)>, size: NonZeroUsize, seed: u64) -> Vec<(Run, RunPlan)> {
    runs.sort_by_cached_key(|(run, _)| ticket(&run.id, seed));
    runs.dedup_by(|(left, _), (right, _)| left.id == right.id);
    runs.truncate(size.get());
    runs
}

/// SHA-256 of `ablate verify SEED RUN`.
fn ticket(run: &RunId, seed: u64) -> [u8; 32] {
    Sha256::digest(format!("ablate verify {seed} {run}")).into()
}
