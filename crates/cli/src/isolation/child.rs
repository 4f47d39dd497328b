//! The other side: a process that trains one run and ends.

use std::io::{self, BufRead, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread;

use ablate_autoencoder::probes;
use ablate_records::ArtifactFolder;
use ablate_runner::{Stop, Trainer};
use ablate_sweep::Progress;
use anyhow::{Context, bail};

use super::wire::{Request, Said};
use crate::exit::Exit;
use crate::laboratory::{Laboratory, STACK};

/// The command, hidden since nobody types it.
pub(super) const COMMAND: &str = "train-alone";

/// Trains what the first line of stdin asks for. A panic ends the process: the parent knows what to make
/// of that.
pub(crate) fn run() -> anyhow::Result<Exit> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let request = serde_json::from_str(&line).ok().as_ref().and_then(Request::from_json);
    let request = request.context("this command is for `ablate sweep --isolate` to call")?;
    let stop = Stop::default();
    stop_when_stdin_is_closed(stop.clone())?;

    let probes = request.probes.iter().filter_map(|name| probes::find(name)).collect();
    let mut laboratory = Laboratory::new(request.data).requesting(probes);
    if let Some(folder) = &request.beside {
        laboratory.beside(folder);
    }
    if let Some(root) = request.artifacts {
        laboratory = laboratory.keeping_weights(ArtifactFolder::at(root));
    }
    let trial = ablate_autoencoder::catalog().resolve(&request.params);
    let trial = trial.map_err(|_| anyhow::anyhow!("these are no parameters of a trial"))?;
    let plan = laboratory.plan(&Arc::new(trial), request.seed);
    if plan.id.0 != request.run {
        bail!("asked for run {}, which here would be run {}", request.run, plan.id);
    }
    let mut watch = |progress: &Progress| {
        // Without anybody to listen there is nobody to train for.
        let heard = say(&Said::Progress(progress.clone())).is_ok();
        if heard && !stop.requested() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .stack_size(STACK)
        .thread_name(|_| "training".to_owned())
        .build()?;
    let ending = pool.install(|| laboratory.train(&plan, &mut watch));
    say(&Said::Ended(ending))?;
    Ok(Exit::Done)
}

fn say(said: &Said) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", said.to_json())?;
    stdout.flush()
}

fn stop_when_stdin_is_closed(stop: Stop) -> anyhow::Result<()> {
    let wait = move || {
        // Nothing more is ever said: this returns when the parent closes the pipe, or dies.
        let _closed = io::stdin().lock().read_to_end(&mut Vec::new());
        stop.request();
    };
    thread::Builder::new().name("parent".into()).spawn(wait).context("cannot start a thread")?;
    Ok(())
}
