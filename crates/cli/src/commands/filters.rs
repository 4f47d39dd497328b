//! `ablate filters`: the learned features of a run as a picture.

use ablate_autoencoder::pictures::{self, Moment};

use crate::args::{self, Common, Filters};
use crate::exit::Exit;
use crate::picture::{self, Model};
use crate::terminal::Terminal;

pub(crate) fn run(args: &Filters, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let model = Model::read(&args.picture, common)?;
    let depth = model.stored.depth();
    if !(1..=depth).contains(&args.layer) {
        return Err(model.refuse(format!("--layer {}: it has layers 1 to {depth}", args.layer)));
    }
    let moment = match args.weights {
        args::Moment::Initial => Moment::Initial,
        args::Moment::Tuned => Moment::Tuned,
    };
    let (tiles, columns) = tiles(&model, args.layer, moment, args.units)?;
    model.draw(("filters", &args.picture), &tiles, columns, terminal)?;
    Ok(Exit::Done)
}

/// The features of hidden layer `layer`, from 1, of the first `units`: tiles, and how many stand in a
/// row.
pub(crate) fn tiles(
    model: &Model,
    layer: usize,
    moment: Moment,
    units: usize,
) -> anyhow::Result<(Vec<u8>, usize)> {
    let weights = model.stored.filters(layer - 1, moment).map_err(anyhow::Error::msg)?;
    let mut tiles = pictures::balanced(&weights, model.shape.pixels());
    tiles.truncate(units.max(1).saturating_mul(model.shape.pixels()));
    let columns = picture::columns(tiles.len() / model.shape.pixels());
    Ok((tiles, columns))
}
