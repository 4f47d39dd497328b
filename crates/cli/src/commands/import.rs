//! `ablate import`: runs that were trained elsewhere, from CSV.

use std::collections::HashMap;
use std::path::Path;

use ablate_exchange::foreign::{self, Mistake};
use ablate_records::{
    Durability, Earlier, ForeignRun, IMPORTED, ImportedFile, RecordsError, Store,
};
use ablate_sweep::{RunId, RunPlan};
use sha2::{Digest, Sha256};

use crate::args::{Common, Import};
use crate::exit::{Diagnosed, Exit, Usage};
use crate::format;
use crate::prepared::baseline;
use crate::provenance;
use crate::terminal::Terminal;
use crate::text_file;

/// No table of results is larger; it keeps a wrong file name from filling the memory.
const MAX_BYTES: u64 = 256 << 20;

/// How many mistakes are shown.
const SHOWN: usize = 50;

pub(crate) fn run(args: &Import, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let (text, hash) = read(&args.file)?;
    let told = |mistakes: Vec<Mistake>| diagnosed(&args.file, &mistakes);
    let found = foreign::read(&text, &catalog).map_err(told)?;
    let runs: Vec<ForeignRun> = found
        .iter()
        .map(|run| ForeignRun {
            plan: RunPlan::new(run.trial.clone(), run.seed, IMPORTED, IMPORTED),
            baseline: baseline(&run.trial, &catalog),
            scores: run.scores.clone(),
        })
        .collect();
    // Asked first, so that no store is made for an experiment that it cannot have.
    known(&args.experiment, common)?;
    let mut store = Store::open(&common.db, Durability::Normal)?;
    store.declare(&catalog)?;
    let name = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = ImportedFile { name, hash };
    let earlier = if args.replace { Earlier::Replace } else { Earlier::Keep };
    let session = provenance::session(1);
    let imported = store.import(&args.experiment, &file, &session, &runs, earlier);
    let imported = imported.map_err(|error| match error {
        RecordsError::ImportedOtherwise { runs: differing } => {
            let lines: HashMap<&RunId, usize> =
                runs.iter().zip(&found).map(|(run, found)| (&run.plan.id, found.line)).collect();
            let mistake = |run: &RunId| Mistake {
                line: lines.get(run).copied().unwrap_or_default(),
                column: 1,
                message: format!(
                    "run {run} was imported before with other scores; --replace gives it these"
                ),
            };
            diagnosed(&args.file, &differing.iter().map(mistake).collect::<Vec<_>>()).into()
        }
        other => anyhow::Error::from(other),
    })?;
    terminal.message(&format!(
        "{} added, {} replaced, {} known already",
        format::count(imported.added as usize, "run"),
        imported.replaced,
        imported.known
    ));
    terminal.message(&format!(
        "they stand in the tables of {}, where it has no runs of its own",
        args.experiment
    ));
    Ok(Exit::Done)
}

/// The file's text and the SHA-256 of its bytes.
fn read(path: &Path) -> anyhow::Result<(String, String)> {
    let text = text_file::read(path, MAX_BYTES, "a table of runs")?;
    let hash = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((text, hash))
}

fn known(experiment: &str, common: &Common) -> anyhow::Result<()> {
    let store = Store::open_any_schema(&common.db)?;
    if store.experiment(experiment)?.is_some() {
        return Ok(());
    }
    let names: Vec<String> = store.experiments()?.into_iter().map(|summary| summary.name).collect();
    let names = if names.is_empty() { "none yet".to_owned() } else { names.join(", ") };
    let message = format!(
        "--experiment {experiment}: the store has no such experiment, it has {names}; sweep it first"
    );
    Err(Usage(message).into())
}

fn diagnosed(path: &Path, mistakes: &[Mistake]) -> Diagnosed {
    let path = path.display();
    let mut lines: Vec<String> =
        mistakes.iter().take(SHOWN).map(|mistake| format!("{path}: {mistake}")).collect();
    if mistakes.len() > SHOWN {
        lines.push(format!("and {} more", mistakes.len() - SHOWN));
    }
    lines.push(format!("error: {}", format::count(mistakes.len(), "mistake")));
    Diagnosed(lines.iter().map(|line| ablate_report::visible(line)).collect::<Vec<_>>().join("\n"))
}
