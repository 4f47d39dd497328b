//! What a run holds in memory at its peak, counted by an allocator, beside what training cannot do
//! without: weights (decoders of pretrained layers among them), gradients, the optimizer's averages, the
//! activations of a batch and their gradients.
#![expect(clippy::unwrap_used, reason = "these are tests")]
#![expect(clippy::print_stdout, reason = "what was measured is worth a look")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ablate_autoencoder::{catalog, train, training_version};
use ablate_data::{Dataset, datasets};
use ablate_sweep::{Params, RunPlan, Value};
use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTING: PeakAlloc = PeakAlloc;

const BATCH: usize = 128;
const WIDTH: usize = 400;

/// The peak of a run, and what it cannot do without, in bytes.
fn peak_and_need(pretraining: &str, optimizer: &str, digits: &Dataset) -> (f64, f64) {
    let text = |word: &str| Value::Text(word.to_owned());
    let given: Params = [
        ("pretraining", text(pretraining)),
        ("optimizer", text(optimizer)),
        ("variant", text("contractive")),
        ("depth", Value::Int(2)),
        ("width", Value::Int(WIDTH as i64)),
        ("batch_size", Value::Int(BATCH as i64)),
        ("train_size", Value::Int(256)),
        ("epochs", Value::Int(1)),
        ("pretraining_epochs", Value::Int(1)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let trial = Arc::new(catalog().resolve(&given).unwrap());
    let version = training_version(&trial.params);
    let plan = RunPlan::new(trial, 1, &digits.checksum, &version);
    let before = COUNTING.current_usage();
    COUNTING.reset_peak_usage();
    train(&plan, digits, None, &[], &mut |_| ControlFlow::Continue(())).unwrap();
    let peak = COUNTING.peak_usage() - before;
    let hidden = 784 * WIDTH + WIDTH * WIDTH;
    let network = hidden + WIDTH * 10;
    let decoders = if pretraining == "greedy" { hidden } else { 0 };
    let averages = if optimizer == "adam" { 2 } else { 0 };
    let activations = BATCH * (784 + 2 * WIDTH + 10);
    let numbers = network * (2 + averages) + decoders + 2 * activations;
    (peak as f64, 4.0 * numbers as f64)
}

#[test]
fn a_run_needs_little_more_than_training_cannot_do_without() {
    let digits = datasets::find("mnist-5k").unwrap().load(Path::new("no folder")).unwrap();
    // What `gemm` packs into stays with the thread.
    peak_and_need("none", "sgd", &digits);
    for (pretraining, optimizer) in
        [("none", "sgd"), ("none", "adam"), ("greedy", "sgd"), ("greedy", "adam")]
    {
        let (peak, need) = peak_and_need(pretraining, optimizer, &digits);
        println!("{pretraining}, {optimizer}: {:.2} times {:.1} MB", peak / need, need / 1e6);
        assert!(peak < 1.75 * need, "{pretraining}, {optimizer}: {peak} of {need} bytes");
    }
}
