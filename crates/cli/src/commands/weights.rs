//! `ablate weights`: a run's network as a file for other programs.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use ablate_autoencoder::exported_network;
use ablate_records::Store;
use ablate_sweep::{RunPlan, Trial};
use anyhow::{Context, anyhow, bail};

use crate::args::{Common, Weights};
use crate::exit::{Exit, Usage};
use crate::format;
use crate::laboratory::{Laboratory, dataset_name};
use crate::terminal::Terminal;

pub(crate) fn run(args: &Weights, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let run = store.find_run(&args.run)?;
    let artifacts = store.artifacts(&run.id)?;
    let Some(network) = artifacts.iter().find(|artifact| artifact.role == "network") else {
        bail!(Usage(format!(
            "run {} has no weights: it is {}, or was swept with --no-weights, or imported",
            run.id,
            run.state.word()
        )));
    };
    let folder = store.artifact_folder();
    let bytes = folder.read(&network.file)?.ok_or_else(|| {
        anyhow!(
            "{} is gone: `ablate check --artifacts`",
            folder.root().join(&network.file).display()
        )
    })?;
    let laboratory = Laboratory::new(common.data.clone());
    let dataset = laboratory.dataset(dataset_name(&run.params))?;
    let trial = Arc::new(Trial { id: run.trial.clone(), params: run.params.clone() });
    let plan = RunPlan::new(trial, run.seed, &run.data_checksum, &run.training_version);
    let exported = exported_network(&plan, &bytes, &dataset.test.images, dataset.classes)
        .map_err(|error| anyhow!("{error}"))?;
    let path = args.output.display();
    // Nothing that is there already is written over.
    let mut file = File::create_new(&args.output).with_context(|| format!("cannot make {path}"))?;
    file.write_all(&exported).with_context(|| format!("cannot write {path}"))?;
    terminal.message(&format!("{} in {path}", format::bytes(exported.len() as u64)));
    Ok(Exit::Done)
}
