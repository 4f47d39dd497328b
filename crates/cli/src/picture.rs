//! Pictures of a run as PNG files: gray tiles in a grid. The same run gives the same bytes.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use ablate_autoencoder::pictures;
use ablate_autoencoder::stored::Stored;
use ablate_data::Shape;
use ablate_records::Store;
use ablate_sweep::{Run, RunPlan};
use anyhow::Context;

use crate::args::{Common, Picture};
use crate::exit::Usage;
use crate::laboratory::{Laboratory, dataset_name};
use crate::terminal::Terminal;

/// A run and its weights, about to be drawn.
pub(crate) struct Model {
    pub(crate) run: Run,
    pub(crate) plan: RunPlan,
    pub(crate) stored: Stored,
    pub(crate) laboratory: Laboratory,
    /// Of the images that it was trained on.
    pub(crate) shape: Shape,
}

impl Model {
    /// The finished run that `picture` is of.
    pub(crate) fn read(picture: &Picture, common: &Common) -> anyhow::Result<Model> {
        let store = Store::open_read_only(&common.db)?;
        let run = store.find_run(&picture.run)?;
        Model::of(run, &store, Laboratory::new(common.data.clone()))
    }

    /// The finished `run` of `store`.
    pub(crate) fn of(run: Run, store: &Store, laboratory: Laboratory) -> anyhow::Result<Model> {
        let plan = laboratory.plan_of(&run)?;
        let (artifacts, folder) = (store.artifacts(&run.id)?, store.artifact_folder());
        let stored = laboratory.stored(&plan, &artifacts, &folder);
        let stored = stored.with_context(|| format!("run {}", run.id))?;
        let shape = laboratory.dataset(dataset_name(&run.params))?.test.images.shape();
        Ok(Model { run, plan, stored, laboratory, shape })
    }

    /// `tiles` in rows of `columns` as a PNG file, with the width and height before it is enlarged.
    pub(crate) fn png(
        &self,
        tiles: &[u8],
        columns: usize,
        zoom: usize,
    ) -> anyhow::Result<(Vec<u8>, usize, usize)> {
        let (pixels, width, height) = pictures::grid(tiles, self.shape, columns);
        Ok((png(&pixels, (width, height), zoom)?, width, height))
    }

    /// An error about this run that the user can mend.
    pub(crate) fn refuse(&self, why: impl std::fmt::Display) -> anyhow::Error {
        Usage(format!("run {}: {why}", self.run.id)).into()
    }

    /// Writes `tiles` in rows of `columns` to where `picture` goes, and says so.
    ///
    /// # Errors
    /// A file that is there already, unless it may be replaced, or that cannot be written.
    pub(crate) fn draw(
        &self,
        (command, picture): (&str, &Picture),
        tiles: &[u8],
        columns: usize,
        terminal: &Terminal,
    ) -> anyhow::Result<()> {
        let zoom = usize::from(picture.zoom);
        let (bytes, width, height) = self.png(tiles, columns, zoom)?;
        let named = || PathBuf::from(format!("{command}-{}.png", self.run.id));
        let path = picture.output.clone().unwrap_or_else(named);
        let shown = path.display();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).create_new(!picture.force);
        let mut file = match options.open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let why =
                    format!("{shown} is there already: --force replaces it, -o names another");
                return Err(Usage(why).into());
            }
            other => other.with_context(|| format!("cannot write {shown}"))?,
        };
        file.write_all(&bytes).with_context(|| format!("cannot write {shown}"))?;
        terminal.message(&format!("{shown}: {} x {} pixels", width * zoom, height * zoom));
        terminal.data(&format!("{shown}\n"))
    }
}

/// The columns that `count` tiles stand in, to be as square as can be.
pub(crate) fn columns(count: usize) -> usize {
    (1..=count).find(|columns| columns * columns >= count).unwrap_or(1)
}

/// A gray picture, each pixel `zoom` pixels wide and high.
fn png(pixels: &[u8], (width, height): (usize, usize), zoom: usize) -> anyhow::Result<Vec<u8>> {
    let mut large = Vec::with_capacity(pixels.len() * zoom * zoom);
    for row in pixels.chunks_exact(width) {
        let row: Vec<u8> = row.iter().flat_map(|&pixel| std::iter::repeat_n(pixel, zoom)).collect();
        (0..zoom).for_each(|_| large.extend_from_slice(&row));
    }
    let mut bytes = Vec::new();
    let side = |pixels: usize| u32::try_from(pixels * zoom).context("the picture is too large");
    let mut encoder = png::Encoder::new(&mut bytes, side(width)?, side(height)?);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::High);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&large)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_reads_back_enlarged() {
        let bytes = png(&[0, 9, 255, 7], (2, 2), 2).unwrap();
        assert_eq!(bytes, png(&[0, 9, 255, 7], (2, 2), 2).unwrap());
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (4, 4));
        assert_eq!(pixels, [0, 0, 9, 9, 0, 0, 9, 9, 255, 255, 7, 7, 255, 255, 7, 7]);
    }
}
