//! What the dashboard needs of the rest of the program, and gets from whoever starts it.

use ablate_records::Store;
use ablate_report::RunSet;
use ablate_sweep::{Catalog, Experiment, Run};

/// Plans and pictures: whatever cannot be read off the store alone.
pub trait Laboratory: Send + Sync + 'static {
    /// Every parameter, variant and metric.
    fn catalog(&self) -> &Catalog;

    /// The experiment of that name in `store`, with its runs as they stand.
    ///
    /// # Errors
    /// In words: there is none of that name, or its text is no longer one that can be read.
    fn answer(&self, store: &Store, experiment: &str) -> Result<Answer, String>;

    /// Which pictures `run` can be drawn as, now and here.
    fn pictures(&self, store: &Store, run: &Run) -> Vec<Picture>;

    /// `picture` of `run` as a PNG file.
    ///
    /// # Errors
    /// In words: why it cannot be drawn.
    fn draw(&self, store: &Store, run: &Run, picture: Picture) -> Result<Vec<u8>, String>;
}

/// An experiment and its runs.
#[derive(Debug)]
pub struct Answer {
    /// What it asks and declares.
    pub experiment: Experiment,
    /// The text of its file.
    pub text: String,
    /// What the command line set otherwise.
    pub overrides: Vec<String>,
    /// Every planned trial with what the store has of its runs.
    pub set: RunSet,
    /// How far it is.
    pub standings: Standings,
}

/// How many of the planned runs stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Standings {
    /// All that are planned.
    pub planned: usize,
    /// Done.
    pub finished: usize,
    /// Failed.
    pub failed: usize,
    /// Stopped, or left behind by a process that is gone.
    pub interrupted: usize,
    /// Being trained by a process that is there, or on a machine that cannot be seen from here.
    pub running: usize,
    /// Never begun.
    pub missing: usize,
    /// Finished, but on other data or under an earlier training version.
    pub changed: usize,
}

/// A picture of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Picture {
    /// The features of a hidden layer, from 1, before fine-tuning.
    Initial(usize),
    /// The same after fine-tuning.
    Tuned(usize),
    /// Test images, corrupted ones and their reconstructions.
    Reconstructions,
    /// Images drawn from a generative run.
    Samples,
}

impl Picture {
    /// Its word in an address.
    pub(crate) fn word(self) -> String {
        match self {
            Picture::Initial(layer) => format!("initial-{layer}"),
            Picture::Tuned(layer) => format!("tuned-{layer}"),
            Picture::Reconstructions => "reconstructions".to_owned(),
            Picture::Samples => "samples".to_owned(),
        }
    }

    /// What it shows.
    pub(crate) fn caption(self) -> String {
        match self {
            Picture::Initial(layer) => format!("features of layer {layer} before fine-tuning"),
            Picture::Tuned(layer) => format!("features of layer {layer} after fine-tuning"),
            Picture::Reconstructions => {
                "test images, corrupted ones, and their reconstructions".to_owned()
            }
            Picture::Samples => "images drawn from the run".to_owned(),
        }
    }
}
