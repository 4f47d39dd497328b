//! What the dashboard shows that the store alone cannot say: plans and pictures.

use std::path::PathBuf;

use ablate_autoencoder::pictures::{self, Moment};
use ablate_autoencoder::sampling::Sampling;
use ablate_dashboard::{Answer, Picture, Standings};
use ablate_data::Images;
use ablate_records::{Archive, Owner, Standing, Store};
use ablate_sweep::{Catalog, Run};
use anyhow::bail;

use crate::commands::{filters, reconstruct};
use crate::laboratory::Laboratory;
use crate::picture::{self, Model};
use crate::prepared::Prepared;
use crate::terminal::Terminal;

/// How many times larger each pixel of a picture is drawn.
const ZOOM: usize = 3;
/// Units, images and samples in a picture.
const UNITS: usize = 100;
const IMAGES: usize = 10;
const SAMPLES: usize = 64;
/// As `ablate samples` has it unless told otherwise.
const GIBBS_STEPS: usize = 1_000;

/// The rest of the program, as the dashboard sees it.
pub(crate) struct Exhibits {
    catalog: Catalog,
    /// Where the full datasets are.
    data: PathBuf,
    terminal: Terminal,
}

impl Exhibits {
    /// With full datasets in `data`.
    pub(crate) fn new(data: PathBuf) -> Exhibits {
        let (catalog, terminal) = (ablate_autoencoder::catalog(), Terminal::silent());
        Exhibits { catalog, data, terminal }
    }

    fn laboratory(&self) -> Laboratory {
        Laboratory::new(self.data.clone())
    }

    fn prepare(&self, store: &Store, experiment: &str) -> anyhow::Result<Answer> {
        let Some(record) = store.experiment(experiment)? else {
            bail!("There is no experiment {experiment:?}.");
        };
        let laboratory = self.laboratory();
        let prepared = Prepared::stored(record, &self.catalog, &laboratory, &self.terminal)?;
        let set =
            prepared.run_set(store, Archive::Closed, &self.catalog, &laboratory, &self.terminal)?;
        let standings = standings(&store.standings(&prepared.plans)?);
        let Prepared { experiment, record, .. } = prepared;
        Ok(Answer { experiment, text: record.text, overrides: record.overrides, set, standings })
    }

    fn model(&self, store: &Store, run: &Run) -> anyhow::Result<Model> {
        Model::of(run.clone(), store, self.laboratory())
    }

    fn png(&self, store: &Store, run: &Run, picture: Picture) -> anyhow::Result<Vec<u8>> {
        let model = self.model(store, run)?;
        let (tiles, columns) = match picture {
            Picture::Initial(layer) => filters::tiles(&model, layer, Moment::Initial, UNITS)?,
            Picture::Tuned(layer) => filters::tiles(&model, layer, Moment::Tuned, UNITS)?,
            Picture::Reconstructions => {
                reconstruct::rows(&model, IMAGES, reconstruct::usual(&model)?)?
            }
            Picture::Samples => {
                let drawn =
                    samples(&model, SAMPLES, GIBBS_STEPS).map_err(|why| model.refuse(why))?;
                (pictures::gray(&drawn), picture::columns(SAMPLES))
            }
        };
        Ok(model.png(&tiles, columns, ZOOM)?.0)
    }
}

fn samples(model: &Model, images: usize, gibbs_steps: usize) -> Result<Vec<f32>, String> {
    let sampling = Sampling { images, gibbs_steps, seed: model.plan.seed };
    model.stored.samples(&model.run.params, &sampling)
}

fn standings(found: &[Standing]) -> Standings {
    let mut counts = Standings { planned: found.len(), ..Standings::default() };
    for standing in found {
        let count = match standing {
            Standing::Finished => &mut counts.finished,
            Standing::Failed { .. } => &mut counts.failed,
            Standing::Running { owner: Owner::Gone, .. } | Standing::Interrupted => {
                &mut counts.interrupted
            }
            Standing::Running { .. } => &mut counts.running,
            Standing::Missing => &mut counts.missing,
            Standing::DataChanged { .. } | Standing::TrainingChanged { .. } => &mut counts.changed,
        };
        *count += 1;
    }
    counts
}

impl ablate_dashboard::Laboratory for Exhibits {
    fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    fn answer(&self, store: &Store, experiment: &str) -> Result<Answer, String> {
        self.prepare(store, experiment).map_err(|error| format!("{error:#}"))
    }

    fn pictures(&self, store: &Store, run: &Run) -> Vec<Picture> {
        // No weights, other data or another version: then there is nothing to draw.
        let Ok(model) = self.model(store, run) else { return Vec::new() };
        let layers = 1..=model.stored.depth();
        let blank = Images::new(model.shape, vec![0.0; model.shape.pixels()]);
        let mut known = Vec::new();
        for layer in layers {
            known.extend([Picture::Initial(layer), Picture::Tuned(layer)]);
        }
        if model.stored.reconstruct(&blank).is_ok() {
            known.push(Picture::Reconstructions);
        }
        if samples(&model, 1, 1).is_ok() {
            known.push(Picture::Samples);
        }
        known
    }

    fn draw(&self, store: &Store, run: &Run, picture: Picture) -> Result<Vec<u8>, String> {
        self.png(store, run, picture).map_err(|error| format!("{error:#}"))
    }
}
