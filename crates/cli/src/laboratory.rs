//! Where runs are trained: the datasets, each decoded once and shared by all runs, and the adapter
//! between the runner and the training code, which do not know each other.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use ablate_autoencoder::training_version;
use ablate_data::{DataError, Dataset, datasets};
use ablate_runner::Trainer;
use ablate_sweep::{Cost, Ending, Failure, FailureKind, Outcome, Params, Progress, RunPlan, Trial};

/// The datasets at hand, and the training code.
#[derive(Debug)]
pub(crate) struct Laboratory {
    folder: PathBuf,
    decoded: Mutex<BTreeMap<String, Arc<Dataset>>>,
}

impl Laboratory {
    /// With full datasets in `folder`.
    pub(crate) fn new(folder: PathBuf) -> Laboratory {
        Laboratory { folder, decoded: Mutex::default() }
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
        ablate_autoencoder::train(plan, &dataset, watch)
    }

    fn cost(&self, plan: &RunPlan) -> Cost {
        self.expected_cost(&plan.trial.params).unwrap_or(Cost { flop: 0.0, bytes: 0 })
    }
}
