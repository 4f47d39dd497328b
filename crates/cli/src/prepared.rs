//! An experiment made ready: read from its file or from the store, expanded, and laid out as runs.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ablate_autoencoder::probes::{self, Probe};
use ablate_data::own;
use ablate_records::{Archive, ExperimentRecord, RecordsError, Store};
use ablate_report::{RunSet, TrialRuns, claims, compare, tables};
use ablate_sweep::claim::ClaimSpec;
use ablate_sweep::{
    Catalog, Color, Expansion, Experiment, Limit, Mistakes, Override, Params, Relative, Run, RunId,
    RunPlan, RunState, Source, Trial, TrialId, Value,
};

use crate::args::{Common, Target};
use crate::exit::{Diagnosed, Usage};
use crate::format;
use crate::laboratory::{Laboratory, dataset_name};
use crate::measuring::{self, Sitting};
use crate::terminal::{Look, Terminal};
use crate::text_file;

/// An experiment, what it expands to, and its runs.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) experiment: Experiment,
    pub(crate) expansion: Expansion,
    /// Trials in the order of the file, the seeds of each beside each other.
    pub(crate) plans: Vec<RunPlan>,
    /// What the store keeps of the file.
    pub(crate) record: ExperimentRecord,
}

impl Prepared {
    /// Reads `target`: a file if there is one of that name, else an experiment of the store.
    pub(crate) fn read(
        target: &Target,
        common: &Common,
        catalog: &Catalog,
        laboratory: &Laboratory,
        terminal: &Terminal,
    ) -> anyhow::Result<Prepared> {
        let found = Text::find(&target.experiment, common)?;
        Prepared::of(found, target, catalog, laboratory, terminal)
    }

    /// The experiment as `record` has it: no file is looked for.
    pub(crate) fn stored(
        record: ExperimentRecord,
        catalog: &Catalog,
        laboratory: &Laboratory,
        terminal: &Terminal,
    ) -> anyhow::Result<Prepared> {
        let target = Target { experiment: record.name.clone(), set: vec![], max_runs: None };
        Prepared::of(Text::stored(record), &target, catalog, laboratory, terminal)
    }

    fn of(
        found: Text,
        target: &Target,
        catalog: &Catalog,
        laboratory: &Laboratory,
        terminal: &Terminal,
    ) -> anyhow::Result<Prepared> {
        let set: Vec<&str> = found
            .overrides
            .iter()
            .map(String::as_str)
            .chain(target.set.iter().map(String::as_str))
            .collect();
        let overrides = set
            .iter()
            .map(|text| Override::parse(text).map_err(|error| Usage(format!("--set: {error}"))))
            .collect::<Result<Vec<_>, _>>()?;
        let diagnosed = |mistakes: Mistakes| Diagnosed(mistakes.render(color(terminal)));
        let source = Source { name: &found.name, path: &found.path, text: &found.text };
        let experiment = Experiment::read(source, &overrides, catalog).map_err(diagnosed)?;
        let limit = Limit { max_runs: target.max_runs };
        let expansion = experiment.expand(catalog, limit).map_err(diagnosed)?;
        if let Some(folder) = &found.folder {
            laboratory.beside(folder);
        }
        check_own_data(&expansion.trials, laboratory)?;
        let plan = |trial: &Arc<Trial>| -> Vec<RunPlan> {
            experiment.seeds.iter().map(|&seed| laboratory.plan(trial, seed)).collect()
        };
        let plans = expansion.trials.iter().flat_map(plan).collect();
        let record = ExperimentRecord {
            name: found.name,
            question: experiment.question.clone(),
            text: found.text,
            overrides: set.into_iter().map(str::to_owned).collect(),
        };
        Ok(Prepared { experiment, expansion, plans, record })
    }

    /// Decodes every dataset that a run asks for.
    ///
    /// # Errors
    /// The first dataset that is not there or not as it should be, with what to do.
    pub(crate) fn check_data<'a>(
        plans: impl IntoIterator<Item = &'a RunPlan>,
        laboratory: &Laboratory,
    ) -> anyhow::Result<()> {
        let names: BTreeSet<&str> =
            plans.into_iter().map(|plan| dataset_name(&plan.trial.params)).collect();
        for name in names {
            laboratory.dataset(name)?;
        }
        Ok(())
    }

    /// Says what the experiment declares about its answer and its runs cannot give: a comparison with
    /// a value that no trial has, or of trials whose partners are not planned (a sample may not have
    /// drawn them), a table whose filter finds nothing, or a claim about trials that are not planned.
    pub(crate) fn warn_of_what_cannot_be_answered(&self, catalog: &Catalog, terminal: &Terminal) {
        if let Some(warnings) = &self.experiment.warnings {
            terminal.error(&warnings.render(color(terminal)));
        }
        for unanswerable in self.unanswerable(catalog) {
            terminal.error(&format!("warning: {unanswerable}"));
        }
    }

    fn unanswerable(&self, catalog: &Catalog) -> Vec<String> {
        let planned = |trial: &Arc<Trial>| TrialRuns {
            trial: Arc::clone(trial),
            seeds: self.experiment.seeds.clone(),
            runs: Vec::new(),
        };
        let set = RunSet { trials: self.expansion.trials.iter().map(planned).collect() };
        let tables = self.experiment.tables.iter();
        let tables = tables.filter_map(|spec| tables::build(&set, spec, catalog).err());
        let comparison = self.experiment.comparison.as_ref();
        let comparison = comparison.and_then(|spec| match compare(&set, spec, catalog) {
            Err(error) => Some(error.to_string()),
            Ok(found) if found.unpaired.is_empty() => None,
            Ok(found) => Some(format!(
                "{} no partner with {} = {} in the plan: the comparison leaves them out",
                match found.unpaired.len() {
                    1 => "1 trial has".to_owned(),
                    count => format!("{count} trials have"),
                },
                found.axis,
                found.baseline
            )),
        });
        let claims = claims::judge(&set, &self.experiment.claims, catalog);
        let claims = claims.map(|judged| judged.unanswerable()).unwrap_or_default();
        tables.map(|error| error.to_string()).chain(comparison).chain(claims).collect()
    }

    /// The probes that it asks for.
    pub(crate) fn requested(&self) -> Vec<&'static Probe> {
        self.experiment.probes.iter().filter_map(|name| probes::find(name)).collect()
    }

    /// Its finished runs that some of `requested` have not measured yet.
    pub(crate) fn unmeasured(
        &self,
        requested: &[&'static Probe],
        store: &Store,
        laboratory: &Laboratory,
    ) -> anyhow::Result<Vec<Sitting>> {
        if requested.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<RunId> = self.plans.iter().map(|plan| plan.id.clone()).collect();
        let mut sittings = Vec::new();
        for run in store.runs(&ids)?.iter().filter(|run| run.state == RunState::Finished) {
            let lacking = measuring::lacking(run, requested);
            if !lacking.is_empty() {
                sittings.push(Sitting::of(run, lacking, store, laboratory)?);
            }
        }
        Ok(sittings)
    }

    /// The runs of the experiment as the store has them now, with their scores relative to their
    /// baselines. What was imported for it stands where it has no run of its own: in the trial of the
    /// same parameters, or behind all others as a trial more. What the archive hides is said.
    pub(crate) fn run_set(
        &self,
        store: &Store,
        archive: Archive,
        catalog: &Catalog,
        laboratory: &Laboratory,
        terminal: &Terminal,
    ) -> anyhow::Result<RunSet> {
        let hidden = match archive {
            Archive::Closed => store.archived()?,
            Archive::Open => HashSet::new(),
        };
        let mut left_out = HashSet::new();
        let mut shown = |mut ids: Vec<RunId>| {
            left_out.extend(ids.extract_if(.., |id| hidden.contains(id)));
            store.runs(&ids)
        };
        let mut planned = shown(self.plans.iter().map(|plan| plan.id.clone()).collect())?;
        let imported = shown(store.imported(&self.record.name)?)?;
        add_relative(&mut planned, &mut shown, catalog, laboratory)?;
        self.add_milestones(&mut planned, store)?;
        if !left_out.is_empty() {
            let count = format::count(left_out.len(), "archived run");
            let which = "--archived has them in tables, comparisons and claims";
            terminal.message(&format!("{count} left out: {which}"));
        }
        let mut found: HashMap<TrialId, Vec<Run>> = HashMap::new();
        for run in planned {
            found.entry(run.trial.clone()).or_default().push(run);
        }
        let mut more: Vec<TrialRuns> = Vec::new();
        for run in imported {
            if self.expansion.trials.iter().any(|trial| trial.id == run.trial) {
                let runs = found.entry(run.trial.clone()).or_default();
                let is_own = |own: &Run| own.seed == run.seed && own.state == RunState::Finished;
                if self.experiment.seeds.contains(&run.seed) && !runs.iter().any(is_own) {
                    runs.retain(|own| own.seed != run.seed);
                    runs.push(run);
                }
                continue;
            }
            let known = more.iter().position(|other| other.trial.id == run.trial);
            let known = known.unwrap_or_else(|| {
                let trial = Trial { id: run.trial.clone(), params: run.params.clone() };
                more.push(TrialRuns { trial: Arc::new(trial), seeds: vec![], runs: vec![] });
                more.len() - 1
            });
            more[known].seeds.push(run.seed);
            more[known].runs.push(run);
        }
        let trials = self.expansion.trials.iter().map(|trial| TrialRuns {
            trial: Arc::clone(trial),
            seeds: self.experiment.seeds.clone(),
            runs: found.remove(&trial.id).unwrap_or_default(),
        });
        Ok(RunSet { trials: trials.chain(more).collect() })
    }

    /// Adds what claims take from the curves at a milestone of the training.
    fn add_milestones(&self, runs: &mut [Run], store: &Store) -> anyhow::Result<()> {
        let claims: Vec<&ClaimSpec> =
            self.experiment.claims.iter().filter(|claim| claim.at.is_some()).collect();
        if claims.is_empty() {
            return Ok(());
        }
        for run in runs.iter_mut().filter(|run| run.state == RunState::Finished) {
            let curves = store.curves(&run.id)?;
            let value = |claim: &&ClaimSpec| {
                let value = claim.at.as_ref()?.value(&claim.metric, &curves)?;
                Some((claim.measured(), value))
            };
            run.scores.extend(claims.iter().filter_map(value));
        }
        Ok(())
    }
}

fn color(terminal: &Terminal) -> Color {
    match terminal.stderr_look() {
        Look::Colored => Color::Ansi,
        Look::Plain => Color::Plain,
    }
}

/// The trial that equals `trial` but is not pretrained; `None` for one that is not anyway.
pub(crate) fn baseline(trial: &Trial, catalog: &Catalog) -> Option<TrialId> {
    baseline_of(&trial.params, catalog).map(|trial| trial.id)
}

fn baseline_of(params: &Params, catalog: &Catalog) -> Option<Trial> {
    let none = Value::Text("none".to_owned());
    if params.get("pretraining").is_none_or(|value| *value == none) {
        return None;
    }
    let mut params = params.clone();
    params.set("pretraining", none);
    catalog.resolve(&params).ok()
}

/// Adds to each of `runs` what follows from its scores and those of its baseline, wherever in the store
/// that is: `read` reads runs by their ids. A run without pretraining is its own baseline.
fn add_relative(
    runs: &mut [Run],
    read: &mut impl FnMut(Vec<RunId>) -> Result<Vec<Run>, RecordsError>,
    catalog: &Catalog,
    laboratory: &Laboratory,
) -> anyhow::Result<()> {
    let plan = |run: &Run| {
        let baseline = baseline_of(&run.params, catalog)?;
        Some(laboratory.plan(&Arc::new(baseline), run.seed).id)
    };
    let baselines: Vec<Option<RunId>> = runs.iter().map(plan).collect();
    let known: BTreeSet<&RunId> = baselines.iter().flatten().collect();
    let known = read(known.into_iter().cloned().collect())?;
    let known: HashMap<&RunId, &Run> = known.iter().map(|run| (&run.id, run)).collect();
    for (run, baseline) in runs.iter_mut().zip(&baselines) {
        let scores = match baseline {
            Some(id) => known.get(id).map(|baseline| &baseline.scores),
            None => Some(&run.scores),
        };
        let Some(scores) = scores else { continue };
        let value = |relative: &Relative| {
            Some((relative.metric.name.clone(), relative.value(&run.scores, scores)?))
        };
        let values: Vec<(String, f64)> = catalog.relative.iter().filter_map(value).collect();
        run.scores.extend(values);
    }
    Ok(())
}

/// Reads each user's own dataset that a trial names: without it there is no telling which runs are
/// meant. What is published or generated is known by its declaration.
fn check_own_data(trials: &[Arc<Trial>], laboratory: &Laboratory) -> anyhow::Result<()> {
    let own = trials.iter().map(|trial| &trial.params);
    for params in own.filter(|params| own::is_path(dataset_name(params))) {
        let name = dataset_name(params);
        let dataset = laboratory.dataset(name)?;
        let sizes = [
            ("train_size", "training", dataset.train.len()),
            ("test_size", "test", dataset.test.len()),
        ];
        for (param, split, there) in sizes {
            if let Some(size) = params.count(param).filter(|size| *size > there) {
                return Err(Usage(format!(
                    "{param} is {size}, but {name} has {there} {split} images: give fewer, or \"all\""
                ))
                .into());
            }
        }
    }
    Ok(())
}

/// The text of an experiment and where it comes from.
struct Text {
    name: String,
    path: String,
    /// The folder of the file; `None` for an experiment of the store.
    folder: Option<PathBuf>,
    text: String,
    overrides: Vec<String>,
}

impl Text {
    fn find(experiment: &str, common: &Common) -> anyhow::Result<Text> {
        let path = Path::new(experiment);
        if path.is_file() || path.extension().is_some_and(|extension| extension == "toml") {
            return Text::read(path);
        }
        if !common.db.exists() {
            return Err(Usage(format!(
                "{experiment} is neither a file nor an experiment of the store: there is no {} yet",
                common.db.display()
            ))
            .into());
        }
        let store = Store::open_read_only(&common.db)?;
        let Some(record) = store.experiment(experiment)? else {
            let known: Vec<String> =
                store.experiments()?.into_iter().map(|summary| summary.name).collect();
            return Err(Usage(format!(
                "{experiment} is neither a file nor an experiment of {}, which has {}",
                common.db.display(),
                if known.is_empty() { "none yet".to_owned() } else { known.join(", ") }
            ))
            .into());
        };
        Ok(Text::stored(record))
    }

    fn stored(record: ExperimentRecord) -> Text {
        let ExperimentRecord { name, text, overrides, .. } = record;
        let path = format!("{name} (as last swept)");
        Text { name, path, folder: None, text, overrides }
    }

    fn read(path: &Path) -> anyhow::Result<Text> {
        /// No experiment is larger; it keeps a wrong file name from filling the memory.
        const MAX_BYTES: u64 = 4 << 20;
        let text = text_file::read(path, MAX_BYTES, "an experiment file")?;
        let shown = path.display().to_string();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let folder = path.parent().map(Path::to_owned);
        Ok(Text { name: stem, path: shown, folder, text, overrides: Vec::new() })
    }
}
