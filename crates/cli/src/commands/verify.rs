//! `ablate verify`: trains finished runs again and compares every bit of weights and scores.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ablate_autoencoder::probes::{self, Occasion, Probe};
use ablate_records::{IMPORTED, Store};
use ablate_runner::Trainer;
use ablate_sweep::{Ending, Kept, Outcome, Profile, Run, RunState};
use anyhow::{anyhow, bail};

use crate::args::{Common, Verify};
use crate::exit::{Exit, Usage};
use crate::laboratory::{Laboratory, STACK};
use crate::measuring;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Verify, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let runs = args.runs.iter().map(|id| store.find_run(id)).collect::<Result<Vec<_>, _>>()?;
    let mut exit = Exit::Done;
    for run in runs {
        terminal.message(&format!("training {} again", run.id));
        let laboratory = Laboratory::new(common.data.clone()).requesting(measured_by(&run));
        let differences = verify(&run, &store, &laboratory)?;
        let verdict = if differences.is_empty() { "equal to the bit" } else { "DIFFERENT" };
        terminal.data(&format!("{}  {verdict}", run.id))?;
        for difference in &differences {
            terminal.data(&format!("  {difference}"))?;
            exit = Exit::Unfinished;
        }
    }
    Ok(exit)
}

/// The probes on request that have measured `run`, or that find nothing of it.
fn measured_by(run: &Run) -> Vec<&'static Probe> {
    let on_request = |probe: &&&'static Probe| probe.occasion == Occasion::OnRequest;
    let asked: Vec<_> = probes::ALL.iter().filter(on_request).copied().collect();
    let lacking = measuring::lacking(run, &asked);
    let has = |probe: &&'static Probe| !lacking.iter().any(|other| other.name == probe.name);
    asked.into_iter().filter(has).collect()
}

/// Trains `run` again; returns what is different, the first thing to differ in training first.
fn verify(run: &Run, store: &Store, laboratory: &Laboratory) -> anyhow::Result<Vec<String>> {
    if run.training_version == IMPORTED {
        bail!(Usage(format!("run {} was imported: it cannot be trained again here", run.id)));
    }
    let (RunState::Finished, Some(kept)) = (run.state, &run.kept) else {
        bail!(Usage(format!(
            "run {} is {}: only finished runs can be verified",
            run.id,
            run.state.word()
        )));
    };
    let plan = laboratory.plan_of(run)?;
    let trained = trained_in_one_thread(&plan, laboratory)?;
    differences(run, kept, store, &trained)
}

/// The runner trains every run inside a pool of one thread; so does this.
fn trained_in_one_thread(
    plan: &ablate_sweep::RunPlan,
    laboratory: &Laboratory,
) -> anyhow::Result<Outcome> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).build()?;
    let train = || laboratory.train(plan, &mut |_| ControlFlow::Continue(()));
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(train)))
        .map_err(|_| anyhow!("it panicked; the message stands above"))?;
    outcome.map_err(|ending| match ending {
        Ending::Failed(failure) => {
            anyhow!("it failed: {}: {}", failure.kind.word(), failure.message)
        }
        Ending::Interrupted => anyhow!("it was interrupted"),
    })
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn differences(
    run: &Run,
    kept: &Kept,
    store: &Store,
    trained: &Outcome,
) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for curve in store.curves(&run.id)? {
        let again = trained.curves.iter().find(|again| again.name == curve.name);
        let again = again.map(|again| again.values.as_slice()).unwrap_or_default();
        let pairs = curve.values.iter().zip(again).position(|(a, b)| a.to_bits() != b.to_bits());
        let shorter = curve.values.len().min(again.len());
        if let Some(epoch) = pairs.or((curve.values.len() != again.len()).then_some(shorter)) {
            let value =
                |values: &[f64]| values.get(epoch).map_or("absent".to_owned(), f64::to_string);
            let (then, now) = (value(&curve.values), value(again));
            found.push(format!(
                "curve {}, epoch {}: {then} then, {now} now",
                curve.name,
                epoch + 1
            ));
        }
    }
    if kept.weights_hash != trained.weights_hash {
        found.push(format!("weights: {} then, {} now", kept.weights_hash, trained.weights_hash));
    }
    for (name, then) in &run.scores {
        match trained.scores.get(name) {
            Some(now) if now.to_bits() == then.to_bits() => {}
            now => {
                let now = now.map_or("absent".to_owned(), f64::to_string);
                found.push(format!("{name}: {then} then, {now} now"));
            }
        }
    }
    for profile in store.profiles(&run.id)? {
        let again = trained.profiles.iter().find(|again| again.name == profile.name);
        let equal = |again: &Profile| bits(&again.values) == bits(&profile.values);
        if !again.is_some_and(|again| again.at == profile.at && equal(again)) {
            found.push(format!("profile {}: another now", profile.name));
        }
    }
    for name in trained.scores.keys().filter(|name| !run.scores.contains_key(*name)) {
        found.push(format!("{name}: absent then, {} now", trained.scores[name]));
    }
    Ok(found)
}
