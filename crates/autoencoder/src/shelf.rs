//! Where weights are kept: those of finished runs, and pretrained layers, which are trained once and
//! shared by all runs that would train the same.
//!
//! A layer is named by a hash of all that it depends on: its place, the parameters that reach it, seed,
//! data and training version. So a deeper network finds the layers of a shallower one, and a run with
//! another step size of fine-tuning those of its sister; and what is found has the bits that
//! training it again would give.

use std::collections::BTreeMap;
use std::io;

use ablate_sweep::{Artifact, Params, RunPlan, Value};
use sha2::{Digest, Sha256};

use crate::journal::Halt;
use crate::tensors::{Tensors, hexadecimal};

/// A place for files. Used by many threads, and perhaps processes, at once.
pub trait Shelf: Sync {
    /// What is kept under `file`, if anything is.
    fn fetch(&self, file: &str) -> Option<Vec<u8>>;

    /// Keeps `bytes` under `file`: all or nothing, and in place of what was there.
    ///
    /// # Errors
    /// If they cannot be written.
    fn keep(&self, file: &str, bytes: &[u8]) -> io::Result<()>;
}

/// Parameters that matter only after pretraining: runs that differ in nothing else share their layers.
const LATER: [&str; 3] = ["learning_rate", "epochs", "patience"];

/// The shelf as one run uses it.
pub(crate) struct Keeper<'a> {
    shelf: Option<&'a dyn Shelf>,
    plan: &'a RunPlan,
    artifacts: Vec<Artifact>,
}

impl<'a> Keeper<'a> {
    /// For the run of `plan`; without a shelf nothing is kept and nothing is found.
    pub(crate) fn new(shelf: Option<&'a dyn Shelf>, plan: &'a RunPlan) -> Keeper<'a> {
        Keeper { shelf, plan, artifacts: Vec::new() }
    }

    /// Hidden layer number `layer`, counted from 0, if it is there and whole.
    pub(crate) fn fetch_layer(&mut self, layer: usize) -> Option<Tensors> {
        let file = layer_file(self.plan, layer);
        let bytes = self.shelf?.fetch(&file)?;
        match Tensors::from_bytes(&bytes) {
            Ok(tensors) => {
                self.artifacts.push(artifact(layer_role(layer), file, &bytes, true));
                Some(tensors)
            }
            Err(damage) => {
                tracing::warn!(%file, %damage, "a pretrained layer is damaged: it is trained again");
                None
            }
        }
    }

    /// Keeps hidden layer number `layer`.
    pub(crate) fn keep_layer(
        &mut self,
        layer: usize,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) -> Result<(), Halt> {
        self.keep(layer_role(layer), layer_file(self.plan, layer), tensors)
    }

    /// Keeps the trained network.
    pub(crate) fn keep_network(
        &mut self,
        tensors: impl FnOnce() -> candle_core::Result<Tensors>,
    ) -> Result<(), Halt> {
        self.keep("network".into(), format!("networks/{}.safetensors", self.plan.id), tensors)
    }

    /// What was kept or found.
    pub(crate) fn into_artifacts(self) -> Vec<Artifact> {
        self.artifacts
    }

    fn keep(
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

fn layer_role(layer: usize) -> String {
    format!("layer {}", layer + 1)
}

/// The file of hidden layer number `layer` of the run of `plan`.
fn layer_file(plan: &RunPlan, layer: usize) -> String {
    let params = &plan.trial.params;
    let mut matter: BTreeMap<&str, String> = params
        .iter()
        .filter(|(name, _)| !LATER.contains(name))
        .map(|(name, value)| (name, value.to_string()))
        .collect();
    // Of the shape, only what lies at and below the layer.
    matter.remove("depth");
    matter.insert("width", format!("{:?}", widths_up_to(params, layer)));
    let RunPlan { seed, data_checksum, training_version, .. } = plan;
    let identity = format!("{layer}\n{matter:?}\n{seed}\n{data_checksum}\n{training_version}");
    let name = hexadecimal(&Sha256::digest(identity)[..8]);
    format!("layers/{name}.safetensors")
}

fn widths_up_to(params: &Params, layer: usize) -> Vec<i64> {
    match params.get("width") {
        Some(Value::List(widths)) => widths.iter().copied().take(layer + 1).collect(),
        Some(Value::Int(width)) => vec![*width; layer + 1],
        _ => Vec::new(),
    }
}
