//! Where runs are trained: the datasets, each decoded once and shared by all runs, the shelf where
//! weights are kept, and the adapter between the runner and the training code, which do not know each
//! other.

use std::collections::BTreeMap;
use std::io;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ablate_autoencoder::{Shelf, training_version};
use ablate_data::{DataError, Dataset, datasets};
use ablate_records::ArtifactFolder;
use ablate_runner::Trainer;
use ablate_sweep::{Cost, Ending, Failure, FailureKind, Outcome, Params, Progress, RunPlan, Trial};

/// The datasets at hand, and the training code.
#[derive(Debug)]
pub(crate) struct Laboratory {
    folder: PathBuf,
    decoded: Mutex<BTreeMap<String, Arc<Dataset>>>,
    weights: Option<KeptWeights>,
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
}

impl Laboratory {
    /// With full datasets in `folder`; no weights are kept.
    pub(crate) fn new(folder: PathBuf) -> Laboratory {
        Laboratory { folder, decoded: Mutex::default(), weights: None }
    }

    /// Keeps the weights of what it trains in `folder`, and takes pretrained layers from there.
    pub(crate) fn keeping_weights(self, folder: ArtifactFolder) -> Laboratory {
        Laboratory { weights: Some(KeptWeights(folder)), ..self }
    }

    /// The dataset of that name, decoded at its first use.
    pub(crate) fn dataset(&self, name: &str) -> Result<Arc<Dataset>, DataError> {
        // A panic while decoding leaves the map as it was.
        let mut decoded = self.decoded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dataset) = decoded.get(name) {
            return Ok(Arc::clone(dataset));
        }
        let source = datasets::find(name).expect("the catalog only lets registered datasets pass");
        let dataset = Arc::new(source.load(&self.folder)?);
        decoded.insert(name.to_owned(), Arc::clone(&dataset));
        Ok(dataset)
    }

    /// Plans `trial` with `seed`, on data and code as they are now.
    pub(crate) fn plan(&self, trial: &Arc<Trial>, seed: u64) -> RunPlan {
        let source = datasets::find(dataset_name(&trial.params));
        let checksum = source.map(ablate_data::Source::checksum).unwrap_or_default();
        RunPlan::new(Arc::clone(trial), seed, &checksum, &training_version(&trial.params))
    }

    /// What a run of a trial with `params` is expected to need; `None` if its data is not there.
    pub(crate) fn expected_cost(&self, params: &Params) -> Option<Cost> {
        let dataset = self.dataset(dataset_name(params)).ok()?;
        let shape = (dataset.train.images.width(), dataset.classes);
        let counts = (dataset.train.len(), dataset.test.len());
        ablate_autoencoder::expected_cost(params, shape, counts).ok()
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
        ablate_autoencoder::train(plan, &dataset, shelf, watch)
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        self.expected_cost(&plan.trial.params).unwrap_or(Cost { flop: 0.0, bytes: 0 })
    }
}
