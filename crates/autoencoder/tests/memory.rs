//! What a run holds in memory at its peak, counted by an allocator: weights, optimizer state,
//! gradients and the activations of a batch, a half more, and nothing that grows with the data but
//! codes.
#![expect(clippy::unwrap_used, reason = "these are tests")]

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use ablate_autoencoder::{catalog, train, training_version};
use ablate_data::datasets;
use ablate_sweep::{Params, RunPlan, Value};
use peak_alloc::PeakAlloc;

#[global_allocator]
static COUNTING: PeakAlloc = PeakAlloc;

#[test]
fn a_run_needs_little_more_than_its_weights_and_a_batch() {
    let digits = datasets::find("mnist-5k").unwrap().load(Path::new("no folder")).unwrap();
    let text = |word: &str| Value::Text(word.to_owned());
    let (batch, width, depth, examples) = (128, 400, 2, 256);
    let mut report = String::new();
    for (pretraining, optimizer) in
        [("none", "sgd"), ("none", "adam"), ("greedy", "sgd"), ("greedy", "adam")]
    {
        let given: Params = [
            ("pretraining", text(pretraining)),
            ("optimizer", text(optimizer)),
            ("variant", text("contractive")),
            ("depth", Value::Int(depth)),
            ("width", Value::Int(width)),
            ("batch_size", Value::Int(batch)),
            ("train_size", Value::Int(examples)),
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
        train(&plan, &digits, None, &[], &mut |_| ControlFlow::Continue(())).unwrap();
        let peak = (COUNTING.peak_usage() - before) as f64;
        let weights = (784 * width + width * width + width * 10) as f64;
        let state = if optimizer == "adam" { 2.0 } else { 0.0 };
        let activations = (batch * (784 + 2 * width + 10)) as f64;
        let needed = 4.0 * (weights * (2.0 + state) + 2.0 * activations);
        report.push_str(&format!(
            "{pretraining} {optimizer}: {:.2} ({:.0} of {:.0} MB)\n",
            peak / needed,
            peak / 1e6,
            needed / 1e6
        ));
    }
    panic!("{report}");
}
