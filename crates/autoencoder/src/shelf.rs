//! Where weights are kept: those of finished runs, and pretrained layers, which are trained once and
//! shared by all runs that would train the same.
//!
//! A layer is named by a hash of all that it depends on: its place, the parameters that reach it, seed,
//! data, training version and the vectors that it was computed by. So a deeper network finds the layers
//! of a shallower one, and a run with another step size of fine-tuning those of its sister; and what is
//! found has the bits that training it again would give.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use std::{fmt, io};

use ablate_sweep::{Artifact, Params, RunPlan, Value, layer_names};
use sha2::{Digest, Sha256};

use crate::catalog;
use crate::journal::Halt;
use crate::settings::SAME;
use crate::simd::simd;
use crate::tensors::{Tensors, hexadecimal};
use crate::variants;

/// A place for files. Used by many threads, and perhaps processes, at once.
pub trait Shelf: Sync {
    /// What is kept under `file`, if anything is.
    fn fetch(&self, file: &str) -> Option<Vec<u8>>;

    /// Keeps `bytes` under `file`: all or nothing, and in place of what was there.
    ///
    /// # Errors
    /// If they cannot be written.
    fn keep(&self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Calls `file`, if it is there, by the name `other` from now on, in place of what had that.
    ///
    /// # Errors
    /// If it cannot be renamed.
    fn rename(&self, file: &str, other: &str) -> io::Result<()>;

    /// Takes `file` away, if it is there and can be.
    fn discard(&self, file: &str);
}

/// How long a training goes on before it keeps a checkpoint; a stop keeps one at once. Time decides when
/// to keep and nothing else, so it cannot touch a bit.
const CHECKPOINT_AFTER: Duration = Duration::from_secs(60);

/// Parameters that reach no pretrained layer: runs that differ in nothing else share theirs. A parameter
/// that does not stand here tells layers apart, so what is forgotten is trained twice and never
/// mistaken.
pub(crate) const LATER: [&str; 10] = [
    "test_size",
    "pretrained_layers",
    "fine_tuning",
    "classifier_width",
    "dropout",
    "input_dropout",
    "weight_decay",
    "learning_rate",
    "epochs",
    "patience",
];

/// What pretraining makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The hidden layer of that number, counted from 0.
    Layer(usize),
    /// All layers and their decoder at once.
    DeepAutoencoder,
}

/// What it is called: `layer 1`, `layer 2` ..., `autoencoder`.
impl fmt::Display for Part {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Layer(number) => write!(out, "layer {}", number + 1),
            Part::DeepAutoencoder => out.write_str("autoencoder"),
        }
    }
}

/// The shelf as one run uses it.
pub(crate) struct Keeper<'a> {
    shelf: Option<&'a dyn Shelf>,
    plan: &'a RunPlan,
    artifacts: Vec<Artifact>,
    checkpointed: Instant,
}

impl<'a> Keeper<'a> {
    /// For the run of `plan`; without a shelf nothing is kept and nothing is found.
    pub(crate) fn new(shelf: Option<&'a dyn Shelf>, plan: &'a RunPlan) -> Keeper<'a> {
        Keeper { shelf, plan, artifacts: Vec::new(), checkpointed: Instant::now() }
    }

    /// `part`, if it is there and whole.
    pub(crate) fn fetch(&mut self, part: Part) -> Option<Tensors> {
        let file = file(self.plan, part);
        let bytes = self.shelf?.fetch(&file)?;
        match Tensors::from_bytes(&bytes) {
            Ok(tensors) => {
                self.artifacts.push(artifact(part.to_string(), file, &bytes, true));
                Some(tensors)
            }
            Err(damage) => {
                tracing::warn!(%file, %damage, "pretrained weights are damaged: they are trained again");
                None
            }
        }
    }

    /// Keeps `part`.
    pub(crate) fn keep(
        &mut self,
        part: Part,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) -> Result<(), Halt> {
        self.put(part.to_string(), file(self.plan, part), tensors)
    }

    /// Where the run was broken off, if it was: the newest checkpoint that is whole. A damaged one is
    /// taken away, so that it never takes the place of a whole one.
    pub(crate) fn fetch_checkpoint(&self) -> Option<Tensors> {
        let shelf = self.shelf?;
        for file in self.checkpoint_files() {
            let Some(bytes) = shelf.fetch(&file) else { continue };
            match Tensors::from_bytes(&bytes) {
                Ok(tensors) => return Some(tensors),
                Err(damage) => {
                    tracing::warn!(%file, %damage, "a checkpoint is damaged: the one before it is used, if there is one");
                    shelf.discard(&file);
                }
            }
        }
        None
    }

    /// Takes the checkpoints away: they are no longer needed, or no use.
    pub(crate) fn discard_checkpoints(&self) {
        if let Some(shelf) = self.shelf {
            self.checkpoint_files().iter().for_each(|file| shelf.discard(file));
        }
    }

    /// Whether a checkpoint should be kept.
    pub(crate) fn checkpoint_is_due(&self) -> bool {
        self.checkpointed.elapsed() >= CHECKPOINT_AFTER
    }

    /// Keeps how far the run is, and what was kept before as well. A run that cannot goes on without.
    pub(crate) fn keep_checkpoint(
        &mut self,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) {
        self.checkpointed = Instant::now();
        let Some(shelf) = self.shelf else { return };
        let [file, previous] = self.checkpoint_files();
        let kept = tensors().map_err(io::Error::other).and_then(|tensors| {
            shelf.rename(&file, &previous)?;
            shelf.keep(&file, &tensors.to_bytes())
        });
        if let Err(error) = kept {
            tracing::warn!(%file, %error, "no checkpoint could be kept");
        }
    }

    /// Keeps the trained network, which ends the need for a checkpoint.
    pub(crate) fn keep_network(
        &mut self,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) -> Result<(), Halt> {
        self.put("network".into(), format!("networks/{}.safetensors", self.plan.id), tensors)?;
        self.discard_checkpoints();
        Ok(())
    }

    /// The newest and the one before.
    fn checkpoint_files(&self) -> [String; 2] {
        [self.plan.id.checkpoint_file(), self.plan.id.previous_checkpoint_file()]
    }

    /// What was kept or found.
    pub(crate) fn into_artifacts(self) -> Vec<Artifact> {
        self.artifacts
    }

    fn put(
        &mut self,
        role: String,
        file: String,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) -> Result<(), Halt> {
        let Some(shelf) = self.shelf else { return Ok(()) };
        let bytes = tensors()?.to_bytes();
        shelf.keep(&file, &bytes).map_err(|error| {
            Halt::Trouble(format!("cannot keep the weights in {file}: {error}"))
        })?;
        self.artifacts.push(artifact(role, file, &bytes, false));
        Ok(())
    }
}

fn artifact(role: String, file: String, bytes: &[u8], reused: bool) -> Artifact {
    let hash = hexadecimal(&Sha256::digest(bytes));
    Artifact { role, file, hash, bytes: bytes.len() as u64, reused }
}

/// The file of `part` of the run of `plan`.
pub(crate) fn file(plan: &RunPlan, part: Part) -> String {
    let RunPlan { seed, data_checksum, training_version, .. } = plan;
    let place = match part {
        Part::Layer(number) => number.to_string(),
        Part::DeepAutoencoder => "autoencoder".to_owned(),
    };
    let params = without_upper_variants(&plan.trial.params, part);
    let matter = what_matters(&params, part);
    // One version a variant, joined as they are.
    let named = layer_names(params.text("variant").unwrap_or_default()).count();
    let upper = training_version.match_indices('+').nth(named - 1);
    let training_version =
        upper.map_or(training_version.as_str(), |(at, _)| &training_version[..at]);
    let identity =
        format!("{place}\n{matter:?}\n{seed}\n{data_checksum}\n{training_version}\n{}", simd());
    let name = hexadecimal(&Sha256::digest(identity)[..8]);
    format!("layers/{name}.safetensors")
}

/// `params` as `part` knows them: of variants joined one a layer, those up to it and what is theirs.
fn without_upper_variants(params: &Params, part: Part) -> Params {
    let mut lower = params.clone();
    let joined = params.text("variant").filter(|names| names.contains('+'));
    if let (Part::Layer(number), Some(names)) = (part, joined) {
        lower.set("variant", Value::Text(variants::up_to(names, number + 1)));
        lower = catalog::completed(&lower);
    }
    lower
}

/// The parameters that `part` depends on: of the shape, only what lies at and below it.
fn what_matters(params: &Params, part: Part) -> BTreeMap<&str, String> {
    let mut matter: BTreeMap<&str, String> = params
        .iter()
        .filter(|(name, _)| !LATER.contains(name))
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    let depth = params.count("depth").unwrap_or(0);
    let layer = match part {
        Part::Layer(number) => number,
        Part::DeepAutoencoder => depth.saturating_sub(1),
    };
    matter.remove("depth");
    matter.insert("width", format!("{:?}", widths_up_to(params, layer)));
    if layer + 1 < depth || params.text("code_activation") == Some(SAME) {
        matter.remove("code_activation");
    }
    match params.text("pretraining") {
        // Their weights are drawn from layers that were trained greedily.
        Some("marginals") => drop(matter.insert("pretraining", "greedy".to_owned())),
        // The only pretraining that looks at labels.
        Some("supervised-greedy") => return matter,
        _ => {}
    }
    matter.remove("labels");
    matter
}

fn widths_up_to(params: &Params, layer: usize) -> Vec<i64> {
    match params.get("width") {
        Some(Value::List(widths)) => widths.iter().copied().take(layer + 1).collect(),
        Some(Value::Int(width)) => vec![*width; layer + 1],
        _ => Vec::new(),
    }
}
