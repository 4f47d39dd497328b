//! Trials and runs: what is to be done, what came of it, and how each is named.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::params::Params;

/// Sixteen hexadecimal digits that name a trial: a hash of its resolved parameters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrialId(pub String);

/// Sixteen hexadecimal digits that name a run: a hash of its trial, seed, data and training version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(pub String);

impl RunId {
    /// The file, among the artifacts, that the run goes on from if it is broken off. It is named by no
    /// row and goes when the run is finished.
    pub fn checkpoint_file(&self) -> String {
        format!("checkpoints/{self}.safetensors")
    }

    /// The checkpoint before that, for when the newest is damaged.
    pub fn previous_checkpoint_file(&self) -> String {
        format!("checkpoints/{self}.previous.safetensors")
    }

    /// The file, among the artifacts, that says how its training went. It is named by no row and stays as
    /// long as the run.
    pub fn log_file(&self) -> String {
        format!("logs/{self}.log")
    }
}

impl fmt::Display for TrialId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(&self.0)
    }
}

/// One grid point without its seed.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its name.
    pub id: TrialId,
    /// Every parameter that means something for it, defaults filled in.
    pub params: Params,
}

/// One trial with one seed, before it has been executed.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlan {
    /// Its name.
    pub id: RunId,
    /// What to train.
    pub trial: Arc<Trial>,
    /// Which replicate: every random draw of the run derives from it.
    pub seed: u64,
    /// Checksum of the dataset, as `ablate data` prints it.
    pub data_checksum: String,
    /// Which meaning of the training code; it changes when the same plan would give other numbers.
    pub training_version: String,
}

impl RunPlan {
    /// Plans `trial` with `seed` on data and code of the given identity.
    pub fn new(
        trial: Arc<Trial>,
        seed: u64,
        data_checksum: &str,
        training_version: &str,
    ) -> RunPlan {
        let identity = format!("run\n{}\n{seed}\n{data_checksum}\n{training_version}", trial.id);
        RunPlan {
            id: RunId(short_hash(&identity)),
            trial,
            seed,
            data_checksum: data_checksum.to_owned(),
            training_version: training_version.to_owned(),
        }
    }
}

/// Where a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// A living process is training it.
    Running,
    /// Done; its scores are complete.
    Finished,
    /// It cannot be finished as it is: diverged, panicked, out of memory, timed out.
    Failed,
    /// It was stopped, or its process died; the next sweep trains it.
    Interrupted,
}

impl RunState {
    /// Every state.
    pub const ALL: [RunState; 4] =
        [RunState::Running, RunState::Finished, RunState::Failed, RunState::Interrupted];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            RunState::Running => "running",
            RunState::Finished => "finished",
            RunState::Failed => "failed",
            RunState::Interrupted => "interrupted",
        }
    }

    /// The state whose word this is.
    pub fn from_word(word: &str) -> Option<RunState> {
        RunState::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// One metric over the epochs of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What is measured, such as `train_loss` or `layer_1_loss`.
    pub name: String,
    /// The values after epochs 1, 2, 3 ...; a diverged run's may be NaN or infinite.
    pub values: Vec<f64>,
}

/// A series over something else than epochs: an error over the severity, a ratio over the radius.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What is measured, such as `contraction`.
    pub name: String,
    /// What it is measured over, such as `radius`.
    pub axis: String,
    /// Places on the axis, ascending.
    pub at: Vec<f64>,
    /// The value at each place.
    pub values: Vec<f64>,
}

/// What probes find out about a network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Measured {
    /// Metric names to finite values; a metric that means nothing for the run is absent, never 0.
    pub scores: BTreeMap<String, f64>,
    /// Every profile, in the order in which the probes give them.
    pub profiles: Vec<Profile>,
}

impl Measured {
    /// With what `other` probes found, or the same ones of something else.
    #[must_use]
    pub fn with(mut self, other: Measured) -> Measured {
        self.scores.extend(other.scores);
        self.profiles.extend(other.profiles);
        self
    }
}

/// What a run that finished leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Metric names to finite values; a metric that means nothing for the run is absent, never 0.
    pub scores: BTreeMap<String, f64>,
    /// Every profile that a probe gave.
    pub profiles: Vec<Profile>,
    /// Every curve, in the order in which they began.
    pub curves: Vec<Curve>,
    /// How many epochs of fine-tuning were run.
    pub epochs: u32,
    /// The epoch whose weights were kept, by validation; 0 are the weights before fine-tuning.
    pub best_epoch: u32,
    /// SHA-256 over the bits of the final weights: equal hashes, equal networks.
    pub weights_hash: String,
    /// The files that hold its weights; none where nothing is kept.
    pub artifacts: Vec<Artifact>,
}

/// A file that a run leaves beside the store, or shares with the runs that would make the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What the run has it for: `network`, `layer 1`, `layer 2` ...
    pub role: String,
    /// Its path in the folder of artifacts, with `/` between folders.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub hash: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether it was there already: the run used what another, or an earlier attempt, had made.
    pub reused: bool,
}

/// Why a run could not be finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureKind {
    /// A loss became NaN or infinite.
    Diverged,
    /// The training code panicked.
    Panicked,
    /// There was not enough memory.
    OutOfMemory,
    /// It took longer than it was given.
    TimedOut,
    /// Anything else, said in the message.
    Error,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [FailureKind; 5] = [
        FailureKind::Diverged,
        FailureKind::Panicked,
        FailureKind::OutOfMemory,
        FailureKind::TimedOut,
        FailureKind::Error,
    ];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            FailureKind::Diverged => "diverged",
            FailureKind::Panicked => "panicked",
            FailureKind::OutOfMemory => "out-of-memory",
            FailureKind::TimedOut => "timed-out",
            FailureKind::Error => "error",
        }
    }

    /// The kind whose word this is.
    pub fn from_word(word: &str) -> Option<FailureKind> {
        FailureKind::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// What a run that failed leaves behind.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// What happened and where: layer, epoch, step.
    pub message: String,
    /// The curves up to the failure, so that the last finite values are kept.
    pub curves: Vec<Curve>,
}

/// Where a training stands, told after every epoch and several times within a long one.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// What is being done, as a person reads it: `layer 2`, `fine-tuning`, `probes`.
    pub stage: String,
    /// The epoch of this stage that is under way or has just ended, from 1.
    pub epoch: u32,
    /// How many epochs this stage has at most.
    pub epochs: u32,
    /// The share of the whole run's work that is done, from 0 to 1.
    pub done: f64,
    /// The training loss of that epoch, or within it of its last step.
    pub loss: f64,
}

/// How a training ends that yields no [`Outcome`].
#[derive(Clone, Debug, PartialEq)]
pub enum Ending {
    /// It cannot be finished as it is.
    Failed(Failure),
    /// It was asked to stop, and did.
    Interrupted,
}

/// What a run is expected to need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Floating-point operations, counting a multiplication and an addition as two.
    pub flop: f64,
    /// Bytes of memory at its peak, the dataset (shared by all runs) left out.
    pub bytes: u64,
}

/// A run as the store knows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// The trial it belongs to.
    pub trial: TrialId,
    /// Its replicate.
    pub seed: u64,
    /// Where it stands.
    pub state: RunState,
    /// The parameters of its trial.
    pub params: Params,
    /// Final scores; empty unless finished.
    pub scores: BTreeMap<String, f64>,
    /// Kind and message, if it failed.
    pub failure: Option<(FailureKind, String)>,
    /// Which dataset it was trained on.
    pub data_checksum: String,
    /// Which meaning of the training code.
    pub training_version: String,
    /// Epochs of fine-tuning, the epoch kept and the weights' hash, if finished.
    pub kept: Option<Kept>,
    /// Seconds of training, by a monotonic clock, if it ended in an orderly way.
    pub seconds: Option<f64>,
}

/// What is known of a finished run besides its scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// How many epochs of fine-tuning were run.
    pub epochs: u32,
    /// The epoch whose weights were kept.
    pub best_epoch: u32,
    /// SHA-256 over the bits of the final weights.
    pub weights_hash: String,
}

/// The first sixteen hexadecimal digits of the SHA-256 of `text`.
pub(crate) fn short_hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_states_and_failures_read_back() {
        for state in RunState::ALL {
            assert_eq!(RunState::from_word(state.word()), Some(state));
        }
        for kind in FailureKind::ALL {
            assert_eq!(FailureKind::from_word(kind.word()), Some(kind));
        }
    }

    #[test]
    fn a_run_is_named_by_trial_seed_data_and_training_version() {
        let trial =
            |id: &str| Arc::new(Trial { id: TrialId(id.into()), params: Params::default() });
        let base = RunPlan::new(trial("a"), 1, "data", "1");
        assert_eq!(base.id, RunPlan::new(trial("a"), 1, "data", "1").id);
        for other in [
            RunPlan::new(trial("b"), 1, "data", "1"),
            RunPlan::new(trial("a"), 2, "data", "1"),
            RunPlan::new(trial("a"), 1, "other", "1"),
            RunPlan::new(trial("a"), 1, "data", "2"),
        ] {
            assert_ne!(base.id, other.id);
        }
    }
}
