//! `ablate verify`: trains finished runs again and compares every bit of curves, scores and weights.

mod comparison;
mod draw;
mod environment;
mod yardstick;

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ablate_autoencoder::probes::{self, Occasion, Probe};
use ablate_records::{Session, Store};
use ablate_report::visible;
use ablate_runner::Trainer;
use ablate_sweep::{Ending, Outcome, Run, RunPlan};
use anyhow::anyhow;

use crate::args::{Common, Verify};
use crate::exit::Exit;
use crate::format;
use crate::laboratory::{Laboratory, STACK};
use crate::measuring;
use crate::provenance;
use crate::terminal::Terminal;

use self::comparison::Comparison;
use self::yardstick::Yardstick;

pub(crate) fn run(args: &Verify, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let mut laboratory = Laboratory::new(common.data.clone());
    let runs = draw::runs(args, &store, &laboratory, terminal)?;
    let here = provenance::session(1);
    let mut counts = Counts::default();
    for (run, plan) in &runs {
        terminal.message(&format!("training {} again", run.id));
        laboratory = laboratory.requesting(measured_by(run));
        let verdict = verify(run, plan, &store, &laboratory, &here)?;
        counts.count(&verdict);
        terminal.data(&shown(run, &verdict))?;
    }
    if runs.len() > 1 {
        terminal.message(&counts.said(runs.len()));
    }
    Ok(if counts.bad == 0 { Exit::Done } else { Exit::Unfinished })
}

/// What came of training a run again.
enum Verdict {
    /// Every bit is as it was.
    Equal,
    /// Not to the bit, and near enough for another processor: why, and how near.
    Near(Vec<String>),
    /// Neither: what, and what has changed since.
    Different(Vec<String>),
    /// It came to no end.
    Untrained(String),
}

#[derive(Default)]
struct Counts {
    equal: usize,
    near: usize,
    bad: usize,
}

impl Counts {
    fn count(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Equal => self.equal += 1,
            Verdict::Near(_) => self.near += 1,
            Verdict::Different(_) | Verdict::Untrained(_) => self.bad += 1,
        }
    }

    fn said(&self, runs: usize) -> String {
        let Counts { equal, near, bad } = self;
        let near = if *near > 0 { format!(", {near} within a tolerance") } else { String::new() };
        format!("{}: {equal} equal to the bit{near}, {bad} different", format::count(runs, "run"))
    }
}

fn shown(run: &Run, verdict: &Verdict) -> String {
    let (word, lines) = match verdict {
        Verdict::Equal => ("equal to the bit", Vec::new()),
        Verdict::Near(lines) => ("within a tolerance, not to the bit", lines.clone()),
        Verdict::Different(lines) => ("DIFFERENT", lines.clone()),
        Verdict::Untrained(why) => ("NOT TRAINED", vec![why.clone()]),
    };
    let lines = lines.iter().map(|line| format!("\n  {}", visible(line)));
    format!("{}  {word}{}", run.id, lines.collect::<String>())
}

/// The probes on request that have measured `run`, or that find nothing of it.
fn measured_by(run: &Run) -> Vec<&'static Probe> {
    let on_request = |probe: &&&'static Probe| probe.occasion == Occasion::OnRequest;
    let asked: Vec<_> = probes::ALL.iter().filter(on_request).copied().collect();
    let lacking = measuring::lacking(run, &asked);
    let has = |probe: &&'static Probe| !lacking.iter().any(|other| other.name == probe.name);
    asked.into_iter().filter(has).collect()
}

/// Trains `run` again and compares.
fn verify(
    run: &Run,
    plan: &RunPlan,
    store: &Store,
    laboratory: &Laboratory,
    here: &Session,
) -> anyhow::Result<Verdict> {
    let trained = match trained_in_one_thread(plan, laboratory)? {
        Ok(outcome) => outcome,
        Err(why) => return Ok(Verdict::Untrained(why)),
    };
    let comparison = Comparison::of(run, store, &trained)?;
    if comparison.is_equal() {
        return Ok(Verdict::Equal);
    }
    let then = store.provenance(&run.id)?;
    let near = match Yardstick::between(&then.session, here) {
        Yardstick::Bits => None,
        Yardstick::Tolerance { why } => Some((why, comparison.deviation())),
    };
    Ok(match near {
        Some((why, deviation)) if deviation.is_tolerable() => {
            Verdict::Near(vec![why, deviation.to_string()])
        }
        near => {
            let mut lines = comparison.lines();
            lines.extend(near.map(|(why, deviation)| {
                format!("{why}; but {deviation}: a training whose loss leaps may part so far, a stable one does not")
            }));
            lines.push(environment::changes(&then.session, here));
            Verdict::Different(lines)
        }
    })
}

/// The runner trains every run inside a pool of one thread; so does this.
fn trained_in_one_thread(
    plan: &RunPlan,
    laboratory: &Laboratory,
) -> anyhow::Result<Result<Outcome, String>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).stack_size(STACK).build()?;
    let train = || laboratory.train(plan, &mut |_| ControlFlow::Continue(()));
    let outcome = catch_unwind(AssertUnwindSafe(|| pool.install(train)));
    Ok(match outcome {
        Err(_) => Err("it panicked; the message stands above".to_owned()),
        Ok(Ok(outcome)) => Ok(outcome),
        Ok(Err(Ending::Failed(failure))) => {
            Err(format!("it failed: {}: {}", failure.kind.word(), failure.message))
        }
        // Nobody asked it to stop.
        Ok(Err(Ending::Interrupted)) => return Err(anyhow!("it was interrupted")),
    })
}
