//! Where runs are trained: the datasets, each decoded once and shared by all runs, the shelf where
//! weights are kept, and the adapter between the runner and the training code, which do not know each
//! other.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ablate_autoencoder::probes::Probe;
use ablate_autoencoder::stored::{self, Stored};
use ablate_autoencoder::{Shelf, training_version};
use ablate_data::{DataError, Dataset, datasets, own};
use ablate_records::{ArtifactFolder, IMPORTED, RecordsError};
use ablate_runner::Trainer;
use ablate_sweep::{
    Artifact, Cost, Ending, Failure, FailureKind, Measured, Outcome, Params, Progress, Run,
    RunPlan, RunState, Trial,
};
use anyhow::{Context, bail};

use crate::exit::Usage;
use crate::isolation::Request;

/// The stack of a thread that trains, as the runner gives it.
pub(crate) const STACK: usize = 16 << 20;

/// The datasets at hand, and the training code.
#[derive(Debug)]
pub(crate) struct Laboratory {
    folder: PathBuf,
    /// Where relative paths of a user's own data start: at the experiment file, once one is read.
    beside: OnceLock<PathBuf>,
    decoded: Mutex<BTreeMap<String, Arc<Dataset>>>,
    weights: Option<KeptWeights>,
    requested: Vec<&'static Probe>,
}

/// The folder of artifacts as a shelf.
#[derive(Debug)]
struct KeptWeights(ArtifactFolder);

impl Shelf for KeptWeights {
    fn fetch(&self, file: &str) -> Option<Vec<u8>> {
        self.0.read(file).unwrap_or_else(|error| {
            tracing::warn!(file, %error, "kept weights cannot be read: they are trained again");
            None
        })
    }

    fn keep(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.write(file, bytes)
    }

    fn rename(&self, file: &str, other: &str) -> io::Result<()> {
        self.0.rename(file, other)
    }

    fn discard(&self, file: &str) {
        if let Err(error) = self.0.remove(file) {
            tracing::warn!(file, %error, "it is no longer needed and cannot be removed");
        }
    }
}

impl Laboratory {
    /// With full datasets in `folder`; no weights are kept.
    pub(crate) fn new(folder: PathBuf) -> Laboratory {
        Laboratory {
            folder,
            beside: OnceLock::new(),
            decoded: Mutex::default(),
            weights: None,
            requested: Vec::new(),
        }
    }

    /// Keeps the weights of what it trains in `folder`, and takes pretrained layers from there.
    pub(crate) fn keeping_weights(self, folder: ArtifactFolder) -> Laboratory {
        Laboratory { weights: Some(KeptWeights(folder)), ..self }
    }

    /// Measures what it trains by `requested` too.
    pub(crate) fn requesting(self, requested: Vec<&'static Probe>) -> Laboratory {
        Laboratory { requested, ..self }
    }

    /// The dataset of that name, decoded at its first use.
    pub(crate) fn dataset(&self, name: &str) -> Result<Arc<Dataset>, DataError> {
        // A panic while decoding leaves the map as it was.
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dataset) = decoded.get(name) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = Arc::new(match datasets::find(name) {
            Some(source) => source.load(&self.folder)?,
            None => own::load(name, &self.place_of(name))?,
        });
        decoded.insert(name.to_owned(), Arc::clone(&dataset));
        Ok(dataset)
    }

    /// What a process of its own must be told to train `plan` as this one would.
    pub(crate) fn request(&self, plan: &RunPlan) -> Request {
        Request {
            run: plan.id.0.clone(),
            params: plan.trial.params.clone(),
            seed: plan.seed,
            data: self.folder.clone(),
            beside: self.beside.get().cloned(),
            artifacts: self.weights.as_ref().map(|KeptWeights(folder)| folder.root().to_owned()),
            probes: self.requested.iter().map(|probe| probe.name.to_owned()).collect(),
        }
    }

    /// Bytes of the dataset of `plan` in memory.
    pub(crate) fn dataset_bytes(&self, plan: &RunPlan) -> u64 {
        let Ok(dataset) = self.dataset(dataset_name(&plan.trial.params)) else { return 0 };
        let splits = [&dataset.train, &dataset.valid, &dataset.test];
        let images: usize = splits.iter().map(|split| split.len()).sum();
        (images * dataset.train.images.width() * size_of::<f32>()) as u64
    }

    /// Relative paths of a user's own data start at `folder` from now on.
    pub(crate) fn beside(&self, folder: &Path) {
        // Only one experiment file is read.
        let _ = self.beside.set(folder.to_owned());
    }

    /// Where a user's own data lies: beside the experiment file; where there is none, because a
    /// stored run or experiment is asked about, in the folder of experiments or in this one.
    fn place_of(&self, path: &str) -> PathBuf {
        if let Some(folder) = self.beside.get() {
            return folder.join(path);
        }
        let usual = Path::new("experiments").join(path);
        if usual.exists() { usual } else { PathBuf::from(path) }
    }

    /// Plans `trial` with `seed`, on data and code as they are now. A user's own data that cannot be
    /// read has no checksum; whoever plans an experiment has read it before.
    pub(crate) fn plan(&self, trial: &Arc<Trial>, seed: u64) -> RunPlan {
        let name = dataset_name(&trial.params);
        let checksum = match datasets::find(name) {
            Some(source) => source.checksum(),
            None => self.dataset(name).map(|own| own.checksum.clone()).unwrap_or_default(),
        };
        RunPlan::new(Arc::clone(trial), seed, &checksum, &training_version(&trial.params))
    }

    /// What a run of a trial with `params` is expected to need; `None` if its data is not there.
    pub(crate) fn expected_cost(&self, params: &Params) -> Option<Cost> {
        let dataset = self.dataset(dataset_name(params)).ok()?;
        let shape = (dataset.train.images.width(), dataset.classes);
        let counts = (dataset.train.len(), dataset.test.len());
        ablate_autoencoder::expected_cost(params, shape, counts, &self.requested).ok()
    }

    /// The plan of `run`, which has left a network.
    ///
    /// # Errors
    /// If it is not finished or was imported, if a user's own data cannot be read, or if the data or the
    /// training code have changed since.
    pub(crate) fn plan_of(&self, run: &Run) -> anyhow::Result<RunPlan> {
        if run.state != RunState::Finished {
            let (run, state) = (run.id.clone(), run.state.word());
            return Err(RecordsError::NotFinished { run, state }.into());
        }
        if run.training_version == IMPORTED {
            bail!(Usage(format!("run {} was imported: it was not trained here", run.id)));
        }
        let name = dataset_name(&run.params);
        if datasets::find(name).is_none() {
            self.dataset(name).with_context(|| format!("run {} was trained on {name}", run.id))?;
        }
        let trial = Trial { id: run.trial.clone(), params: run.params.clone() };
        let plan = self.plan(&Arc::new(trial), run.seed);
        if plan.data_checksum != run.data_checksum {
            let (id, then, now) = (&run.id, &run.data_checksum, &plan.data_checksum);
            bail!(
                "run {id}: {name} is no longer what it was trained on: checksum {then} then, {now} now"
            );
        }
        if plan.id != run.id {
            let (id, then, now) = (&run.id, &run.training_version, &plan.training_version);
            bail!("run {id} is not of this version: training version {then} then, {now} now");
        }
        Ok(plan)
    }

    /// The weights of the finished run of `plan`, from its `artifacts` in `folder`.
    ///
    /// # Errors
    /// Which file is missing, damaged or not of this run, and what follows from it.
    pub(crate) fn stored(
        &self,
        plan: &RunPlan,
        artifacts: &[Artifact],
        folder: &ArtifactFolder,
    ) -> anyhow::Result<Stored> {
        let params = &plan.trial.params;
        let read = |role: &str| -> anyhow::Result<Vec<u8>> {
            let Some(artifact) = artifacts.iter().find(|artifact| artifact.role == role) else {
                bail!("no {role} of it was kept (it was trained with --no-weights)");
            };
            let path = || folder.root().join(&artifact.file);
            let bytes = folder.read(&artifact.file);
            let bytes = bytes.with_context(|| format!("cannot read {}", path().display()))?;
            bytes.with_context(|| format!("its {role} is gone: no {}", path().display()))
        };
        let network = read("network")?;
        let pretrained = stored::pretrained(params).map_err(anyhow::Error::msg)?;
        let pretrained = pretrained.iter().map(|role| read(role));
        let pretrained = pretrained.collect::<anyhow::Result<Vec<_>>>()?;
        let dataset = self.dataset(dataset_name(params))?;
        let shape = (dataset.train.images.width(), dataset.classes);
        Stored::read(plan, shape, &network, &pretrained).map_err(anyhow::Error::msg)
    }

    /// What `probes` find of the run of `plan`, from its weights.
    pub(crate) fn measure(
        &self,
        plan: &RunPlan,
        stored: &Stored,
        probes: &[&'static Probe],
    ) -> anyhow::Result<Measured> {
        let dataset = self.dataset(dataset_name(&plan.trial.params))?;
        stored.measure(plan, &dataset, probes).map_err(anyhow::Error::msg)
    }
}

/// The dataset that a trial names.
pub(crate) fn dataset_name(params: &Params) -> &str {
    params.text("dataset").unwrap_or_default()
}

impl Trainer for Laboratory {
    fn train(
        &self,
        plan: &RunPlan,
        watch: &mut dyn FnMut(&Progress) -> ControlFlow<()>,
    ) -> Result<Outcome, Ending> {
        let dataset = self.dataset(dataset_name(&plan.trial.params)).map_err(|error| {
            let (kind, message) = (FailureKind::Error, error.to_string());
            Ending::Failed(Failure { kind, message, curves: Vec::new() })
        })?;
        let shelf = self.weights.as_ref().map(|weights| weights as &dyn Shelf);
        ablate_autoencoder::train(plan, &dataset, shelf, &self.requested, watch)
    }

    fn shared_files(&self, plan: &RunPlan) -> Vec<String> {
        let Some(KeptWeights(folder)) = &self.weights else { return Vec::new() };
        let mut files = stored::pretrained_files(plan);
        files.retain(|file| !folder.root().join(file).exists());
        files
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        self.expected_cost(&plan.trial.params).unwrap_or(Cost { flop: 0.0, bytes: 0 })
    }
}
