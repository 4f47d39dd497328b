//! What another program needs to train the same: data in the order of the first epoch, the weights
//! that training starts from, the noise that is added, and the loss that must come out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Mutex;

use ablate_autoencoder::tensors::Tensors;
use ablate_autoencoder::{Shelf, train};
use ablate_data::Stream;
use serde_json::json;

use crate::rows::{EXAMPLES, Row, SEED, SIGMA};

#[derive(Default)]
struct Kept(Mutex<BTreeMap<String, Vec<u8>>>);

impl Shelf for Kept {
    fn fetch(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("nobody panics").insert(file.to_owned(), bytes.to_owned());
        Ok(())
    }

    fn rename(&self, _: &str, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn discard(&self, _: &str) {}
}

/// Starting weights, images and labels in the order of the first epoch.
pub(crate) fn inputs(row: &Row) -> (Tensors, Vec<f32>, Vec<u8>) {
    let (dataset, order) = (row.dataset(), order(row));
    let train = &dataset.train;
    let images = order.iter().flat_map(|&number| train.images.row(number as usize).to_vec());
    let labels = order.iter().map(|&number| train.labels[number as usize]);
    let bytes = trained(row, 0).0;
    let start = Tensors::from_bytes(&bytes).expect("they were just stored");
    (start, images.collect(), labels.collect())
}

/// Writes everything into `folder`.
pub(crate) fn export(folder: &Path, row: &Row) {
    let (start, images, labels) = inputs(row);
    fs::create_dir_all(folder).expect("the folder can be made");
    let write = |name: &str, bytes: &[u8]| {
        fs::write(folder.join(name), bytes).expect("the folder can be written");
    };
    let floats = |values: &[f32]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    write("start.safetensors", &start.to_bytes());
    write("images.f32", &floats(&images));
    write("labels.u8", &labels);
    if row.variant == "denoising" {
        write("noise.f32", &floats(&noise(row)));
    }
    let row = json!({"row": row.json(), "loss": trained(row, 1).1});
    write("row.json", row.to_string().as_bytes());
}

/// The weights after `epochs` epochs, and the loss of the last.
fn trained(row: &Row, epochs: i64) -> (Vec<u8>, Option<f64>) {
    let (kept, plan) = (Kept::default(), row.plan(epochs));
    let watch = &mut |_: &_| ControlFlow::Continue(());
    let outcome = train(&plan, &row.dataset(), Some(&kept), &[], watch);
    let outcome = outcome.unwrap_or_else(|ending| panic!("{ending:?}"));
    let (folder, curve) =
        if row.depth > 1 { ("networks", "train_loss") } else { ("layers", "layer_1_loss") };
    let files = kept.0.into_inner().expect("nobody panics");
    let file = files.into_iter().find(|(name, _)| name.starts_with(folder));
    let curve = outcome.curves.iter().find(|one| one.name == curve);
    (file.expect("weights are kept").1, curve.and_then(|curve| curve.values.last().copied()))
}

/// The streams that training draws from are named, so that they can be drawn from again.
fn order(row: &Row) -> Vec<u32> {
    let (purpose, counters): (_, &[u64]) =
        if row.depth > 1 { ("fine-tuning/order", &[1]) } else { ("pretraining/order", &[0, 1]) };
    Stream::new(SEED, purpose, counters).permutation(EXAMPLES)
}

/// What is added to the images in the first epoch.
fn noise(row: &Row) -> Vec<f32> {
    let mut noise = vec![0.0; EXAMPLES * row.pixels];
    for (step, batch) in noise.chunks_mut(row.batch * row.pixels).enumerate() {
        let counters = [0, 1, step as u64];
        Stream::new(SEED, "pretraining/corruption", &counters).fill_normal(batch);
        batch.iter_mut().for_each(|value| *value *= SIGMA as f32);
    }
    noise
}
