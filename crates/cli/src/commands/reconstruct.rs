//! `ablate reconstruct`: test images, corrupted ones, and what the pretrained layers make of these, as
//! a picture of three rows.

use ablate_autoencoder::pictures;
use ablate_data::{Corruption, Images, Stream, corruptions};

use anyhow::Context;

use crate::args::{Common, Reconstruct};
use crate::exit::{Exit, Usage};
use crate::laboratory::dataset_name;
use crate::picture::Model;
use crate::terminal::Terminal;

pub(crate) fn run(
    args: &Reconstruct,
    common: &Common,
    terminal: &Terminal,
) -> anyhow::Result<Exit> {
    let model = Model::read(&args.picture, common)?;
    let (corruption, severity) = corruption(args, &model)?;
    let (tiles, count) = rows(&model, args.images, (corruption, severity))?;
    model.draw(("reconstruct", &args.picture), &tiles, count, terminal)?;
    terminal.message(&format!(
        "rows: originals; {} at {severity}; their reconstructions",
        corruption.name
    ));
    Ok(Exit::Done)
}

/// Up to `images` test images, the same corrupted, and what the pretrained layers make of these: the
/// tiles of three rows, and how many stand in each.
pub(crate) fn rows(
    model: &Model,
    images: usize,
    (corruption, severity): (&Corruption, f32),
) -> anyhow::Result<(Vec<u8>, usize)> {
    let test = &model.laboratory.dataset(dataset_name(&model.run.params))?.test.images;
    let count = images.clamp(1, test.len());
    let originals = &test.pixels()[..count * test.width()];
    let mut seen = originals.to_vec();
    let mut stream = Stream::new(model.plan.seed, "pictures/corruption", &[]);
    corruption.apply(&mut seen, model.shape, severity, &mut stream);
    let reconstructions = model.stored.reconstruct(&Images::new(model.shape, seen.clone()));
    let reconstructions = reconstructions.map_err(|why| model.refuse(why))?;
    Ok((pictures::gray(&[originals, &seen, &reconstructions].concat()), count))
}

/// The corruption that the run was trained against, or Gaussian noise of a middle strength.
pub(crate) fn usual(model: &Model) -> anyhow::Result<(&'static Corruption, f32)> {
    match pictures::corruption(&model.run.params).map_err(anyhow::Error::msg)? {
        Some(own) => Ok(own),
        None => {
            let found = corruptions::find("gaussian").context("there is no Gaussian noise")?;
            Ok((found, middle(found)))
        }
    }
}

/// The corruption that is asked for, or the one that the run was trained against, or Gaussian noise.
fn corruption(args: &Reconstruct, model: &Model) -> anyhow::Result<(&'static Corruption, f32)> {
    let (corruption, severity) = match args.corruption.as_deref() {
        None => usual(model)?,
        Some(name) => {
            let known = || corruptions::ALL.iter().map(|one| one.name).collect::<Vec<_>>();
            let found = corruptions::find(name).ok_or_else(|| {
                Usage(format!("--corruption {name}: there is none, but {}", known().join(", ")))
            })?;
            (found, middle(found))
        }
    };
    let severity = args.severity.unwrap_or(severity);
    if !corruption.allows(severity) {
        let takes = corruption.severity.as_ref().map_or("0 or 1".to_owned(), |severity| {
            format!("{} to {}", severity.range.start(), severity.range.end())
        });
        let why = format!("--severity {severity}: {} takes {takes}", corruption.name);
        return Err(Usage(why).into());
    }
    Ok((corruption, severity))
}

/// Of the graded severities the one in the middle.
fn middle(corruption: &Corruption) -> f32 {
    let graded = corruption.graded();
    graded[graded.len() / 2]
}
