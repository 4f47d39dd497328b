//! `ablate samples`: images drawn from a run's pretrained layers, as a picture.

use ablate_autoencoder::pictures;
use ablate_autoencoder::sampling::Sampling;

use crate::args::{Common, Samples};
use crate::exit::Exit;
use crate::picture::{self, Model};
use crate::terminal::Terminal;

pub(crate) fn run(args: &Samples, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let model = Model::read(&args.picture, common)?;
    let images = usize::from(args.images);
    let seed = args.seed.unwrap_or(model.plan.seed);
    let sampling = Sampling { images, gibbs_steps: args.gibbs_steps as usize, seed };
    let drawn = model.stored.samples(&model.run.params, &sampling);
    let tiles = pictures::gray(&drawn.map_err(|why| model.refuse(why))?);
    model.draw(("samples", &args.picture), &tiles, picture::columns(images), terminal)?;
    Ok(Exit::Done)
}
