//! The trainings that are timed: networks, objectives, optimizers and batch sizes.

use std::sync::Arc;

use ablate_autoencoder::{catalog, training_version};
use ablate_data::{Dataset, Images, Labelled, Shape, Stream};
use ablate_sweep::{Params, RunPlan, Value};
use serde_json::{Value as Json, json};

/// Examples of an epoch: whole batches of 20 and of 128.
pub(crate) const EXAMPLES: usize = 5120;
/// Classes of the labels.
pub(crate) const CLASSES: usize = 10;
/// The seed of every training.
pub(crate) const SEED: u64 = 1;
/// Strength of the contractive penalty, deviation of the noise.
pub(crate) const LAMBDA: f64 = 0.1;
pub(crate) const SIGMA: f64 = 0.3;
/// Floating-point operations that a timed pass should have at least.
const PASS: f64 = 1.5e10;

/// One training.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) pixels: usize,
    pub(crate) width: usize,
    /// Hidden layers; 1 is an autoencoder in pretraining, more a classifier in fine-tuning.
    pub(crate) depth: usize,
    /// `basic`, `denoising` or `contractive`; means nothing for a classifier.
    pub(crate) variant: &'static str,
    pub(crate) tied: bool,
    pub(crate) optimizer: &'static str,
    pub(crate) batch: usize,
}

impl Row {
    /// Every training, in the order of the table.
    pub(crate) fn all() -> Vec<Row> {
        let big = |variant, tied| (784, 1000, 1, variant, tied);
        let networks = [
            big("basic", false),
            big("basic", true),
            big("denoising", false),
            big("denoising", true),
            big("contractive", false),
            big("contractive", true),
            (784, 1000, 3, "none", false),
            (784, 256, 1, "basic", false),
            (64, 32, 1, "basic", false),
        ];
        let mut rows = Vec::new();
        for optimizer in ["sgd", "adam"] {
            for batch in [20, 128] {
                for (pixels, width, depth, variant, tied) in networks {
                    rows.push(Row { pixels, width, depth, variant, tied, optimizer, batch });
                }
            }
        }
        rows
    }

    /// Such as `784-1000 contractive tied, sgd, 128`.
    pub(crate) fn name(&self) -> String {
        let Row { pixels, width, depth, variant, tied, optimizer, batch } = self;
        if *depth > 1 {
            return format!("{pixels}-{width}x{depth}-{CLASSES}, {optimizer}, {batch}");
        }
        let tied = if *tied { " tied" } else { "" };
        format!("{pixels}-{width} {variant}{tied}, {optimizer}, {batch}")
    }

    /// Sides of the products, from the input up: an autoencoder is a network back to its input.
    pub(crate) fn sides(&self) -> Vec<usize> {
        let Row { pixels, width, depth, .. } = *self;
        let top = if depth > 1 { CLASSES } else { pixels };
        [pixels].into_iter().chain(std::iter::repeat_n(width, depth)).chain([top]).collect()
    }

    /// What layer `number`, from the input up, is called among the stored weights.
    pub(crate) fn layer(&self, number: usize) -> String {
        match (self.depth > 1, number) {
            (true, number) if number == self.depth => "output".into(),
            (true, number) => format!("hidden.{number}"),
            (false, 0) => "encoder".into(),
            (false, _) => "decoder".into(),
        }
    }

    /// Useful floating-point operations an epoch: those of its products, without the gradient by
    /// the input.
    pub(crate) fn flop(&self) -> f64 {
        let sides = self.sides();
        let weights = |two: &[usize]| two[0] * two[1];
        let all: usize = sides.windows(2).map(weights).sum();
        (EXAMPLES * (6 * all - 2 * sides[0] * sides[1])) as f64
    }

    /// Epochs of a timed pass: small networks need many for a clock to see them.
    pub(crate) fn epochs(&self) -> usize {
        (PASS / self.flop()).ceil() as usize
    }

    /// The step size.
    pub(crate) fn rate(&self) -> f64 {
        if self.optimizer == "adam" { 1e-3 } else { 0.01 }
    }

    /// What other programs need to know of it.
    pub(crate) fn json(&self) -> Json {
        json!({
            "name": self.name(), "sides": self.sides(), "classifier": self.depth > 1,
            "variant": self.variant, "tied": self.tied, "optimizer": self.optimizer,
            "batch": self.batch, "rate": self.rate(), "lambda": LAMBDA, "sigma": SIGMA,
            "examples": EXAMPLES, "flop": self.flop(), "epochs": self.epochs(),
        })
    }

    /// The run that trains it for `epochs` epochs.
    pub(crate) fn plan(&self, epochs: i64) -> RunPlan {
        let text = |word: &str| Value::Text(word.to_owned());
        let whole = |number: usize| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        let classifier = self.depth > 1;
        let mut given: Vec<(&str, Value)> = vec![
            ("width", whole(self.width)),
            ("depth", whole(self.depth)),
            ("batch_size", whole(self.batch)),
            ("optimizer", text(self.optimizer)),
            ("patience", text("never")),
            ("epochs", Value::Int(if classifier { epochs } else { 0 })),
            ("learning_rate", Value::Float(self.rate())),
            ("pretraining", text(if classifier { "none" } else { "greedy" })),
        ];
        if !classifier {
            given.extend([
                ("variant", text(self.variant)),
                ("tied", Value::Bool(self.tied)),
                ("pretraining_epochs", Value::Int(epochs)),
                ("pretraining_learning_rate", Value::Float(self.rate())),
            ]);
            match self.variant {
                "denoising" => given.push(("sigma", Value::Float(SIGMA))),
                "contractive" => given.push(("lambda", Value::Float(LAMBDA))),
                _ => {}
            }
        }
        let given: Params =
            given.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let trial = catalog().resolve(&given);
        let trial = trial.unwrap_or_else(|breaches| panic!("{}: {breaches:?}", self.name()));
        let version = training_version(&trial.params);
        RunPlan::new(Arc::new(trial), SEED, "synthetic", &version)
    }

    /// Smooth random images and random labels; hardly any to validate and to test on.
    pub(crate) fn dataset(&self) -> Dataset {
        let labelled = |count: usize, number: u64| {
            let mut stream = Stream::new(SEED, "benchmark", &[number]);
            let mut values = vec![0.0; count * self.pixels];
            stream.fill_uniform(&mut values);
            let labels = (0..count).map(|_| stream.below(CLASSES as u64) as u8).collect();
            let side = self.pixels.isqrt();
            Labelled { images: Images::new(Shape { rows: side, columns: side }, values), labels }
        };
        Dataset {
            name: "synthetic".into(),
            classes: CLASSES,
            train: labelled(EXAMPLES, 0),
            valid: labelled(10, 1),
            test: labelled(10, 2),
            checksum: "synthetic".into(),
        }
    }
}
