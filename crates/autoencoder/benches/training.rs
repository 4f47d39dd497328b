//! How fast training is, in useful GFLOP/s (those of its matrix products: 10 n d h for an
//! autoencoder step, 6 n weights for a fine-tuning one less the input's gradient), beside the bare
//! products of the same shapes by `gemm`, taken turn about in one process on one thread:
//!
//!     cargo bench -p ablate-autoencoder [words of the rows wanted]
#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]
#![expect(unsafe_code, reason = "the bare products are the gemm crate's, which takes pointers")]

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use ablate_autoencoder::{catalog, train, training_version};
use ablate_data::{Dataset, Images, Labelled, Shape, Stream};
use ablate_sweep::{Params, Progress, RunPlan, Value};

const EXAMPLES: usize = 5120;
const EPOCHS: u32 = 11;

/// A row: its name, pixels, and the parameters that differ from the defaults below.
type Row = (&'static str, usize, &'static [(&'static str, &'static str)]);

const ROWS: [Row; 15] = [
    ("784-1000 plain, sgd, 20", 784, &[("batch_size", "20")]),
    ("784-1000 plain, adam, 20", 784, &[("batch_size", "20"), ("optimizer", "adam")]),
    ("784-1000 denoising, sgd, 20", 784, &[("batch_size", "20"), ("variant", "denoising")]),
    ("784-1000 contractive tied, sgd, 20", 784, &[("batch_size", "20"), CONTRACTIVE, TIED]),
    ("784-1000 plain, sgd, 128", 784, &[]),
    ("784-1000 plain tied, sgd, 128", 784, &[TIED]),
    ("784-1000 plain, adam, 128", 784, &[("optimizer", "adam")]),
    ("784-1000 denoising, sgd, 128", 784, &[("variant", "denoising")]),
    ("784-1000 contractive tied, sgd, 128", 784, &[CONTRACTIVE, TIED]),
    (
        "784-1000x3-10, sgd, 20",
        784,
        &[("pretraining", "none"), ("depth", "3"), ("batch_size", "20")],
    ),
    ("784-1000x3-10, sgd, 128", 784, &[("pretraining", "none"), ("depth", "3")]),
    ("784-256 plain, sgd, 20", 784, &[("width", "256"), ("batch_size", "20")]),
    ("784-256 plain, sgd, 128", 784, &[("width", "256")]),
    ("64-32 plain, sgd, 20", 64, &[("width", "32"), ("batch_size", "20")]),
    ("64-32 plain, sgd, 128", 64, &[("width", "32")]),
];
const CONTRACTIVE: (&str, &str) = ("variant", "contractive");
const TIED: (&str, &str) = ("tied", "true");

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    println!("| network, batch | training, GFLOP/s | bare products, GFLOP/s | ratio |");
    println!("|---|---|---|---|");
    for row in ROWS.iter().filter(|row| wanted.iter().all(|word| row.0.contains(word.as_str()))) {
        let measured = measure(row);
        let [training, bare, ratio] = [measured.training, measured.bare, measured.ratio];
        println!("| {} | {training:.0} | {bare:.0} | {ratio:.2} |", row.0);
    }
}

/// Medians over the epochs.
struct Measured {
    training: f64,
    bare: f64,
    ratio: f64,
}

fn measure((_, pixels, changes): &Row) -> Measured {
    let params = params(changes);
    let batch = params.count("batch_size").unwrap_or(1);
    let width = params.count("width").unwrap_or(1);
    let tuning = params.text("pretraining") == Some("none");
    let mut products = if tuning {
        Products::network(&[*pixels, width, width, width, 10], batch)
    } else {
        Products::autoencoder(*pixels, width, batch)
    };
    let steps = EXAMPLES / batch;
    let flop = products.flop() * steps as f64;
    let (mut epoch, mut start, mut pairs) = (0, Clock::now(), Vec::new());
    let watch = &mut |progress: &Progress| {
        if progress.epoch != epoch {
            let training = start.seconds();
            epoch = progress.epoch;
            let bare = Clock::now();
            (0..steps).for_each(|_| products.run());
            // The first epoch finds caches and pages cold.
            if epoch > 1 {
                pairs.push((training, bare.seconds()));
            }
            start = Clock::now();
        }
        ControlFlow::Continue(())
    };
    let trial = Arc::new(catalog().resolve(&params).unwrap_or_else(|_| panic!("{params:?}")));
    let plan = RunPlan::new(trial, 1, "synthetic", &training_version(&params));
    train(&plan, &dataset(*pixels), None, &[], watch).unwrap_or_else(|ending| panic!("{ending:?}"));
    Measured {
        training: flop / median(pairs.iter().map(|pair| pair.0)) / 1e9,
        bare: flop / median(pairs.iter().map(|pair| pair.1)) / 1e9,
        ratio: median(pairs.iter().map(|(training, bare)| bare / training)),
    }
}

/// Seconds of this thread's processor time where Linux tells, which others on the machine hardly
/// disturb; else, and for spans shorter than its ticks allow, seconds of the clock.
struct Clock {
    start: Instant,
    used: Option<f64>,
}

impl Clock {
    fn now() -> Clock {
        Clock { start: Instant::now(), used: Clock::used() }
    }

    fn seconds(&self) -> f64 {
        let elapsed = self.start.elapsed().as_secs_f64();
        let used = Clock::used().zip(self.used).map(|(now, then)| now - then);
        used.filter(|_| elapsed > 0.1).unwrap_or(elapsed)
    }

    fn used() -> Option<f64> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn params(changes: &[(&str, &str)]) -> Params {
    let epochs = EPOCHS.to_string();
    let greedy = !changes.contains(&("pretraining", "none"));
    let defaults = [
        ("width", "1000"),
        ("batch_size", "128"),
        ("tied", "false"),
        ("reconstruction", "cross-entropy"),
        ("patience", "never"),
        ("pretraining_epochs", epochs.as_str()),
        ("epochs", if greedy { "0" } else { epochs.as_str() }),
    ];
    let value = |word: &str| match (word.parse(), word.parse()) {
        (Ok(number), _) => Value::Int(number),
        (_, Ok(flag)) => Value::Bool(flag),
        _ => Value::Text(word.to_owned()),
    };
    let pairs = defaults.iter().chain(changes);
    let given: Params = pairs.map(|(name, word)| ((*name).to_owned(), value(word))).collect();
    let resolved = catalog().resolve(&given);
    resolved.unwrap_or_else(|breaches| panic!("{breaches:?}")).params
}

/// Smooth random images and random labels; hardly any to validate and to test on.
fn dataset(pixels: usize) -> Dataset {
    let labelled = |count: usize, number: u64| {
        let mut stream = Stream::new(1, "benchmark", &[number]);
        let mut values = vec![0.0; count * pixels];
        stream.fill_uniform(&mut values);
        let labels = (0..count).map(|_| stream.below(10) as u8).collect();
        let side = pixels.isqrt();
        Labelled { images: Images::new(Shape { rows: side, columns: side }, values), labels }
    };
    Dataset {
        name: "synthetic".into(),
        classes: 10,
        train: labelled(EXAMPLES, 0),
        valid: labelled(10, 1),
        test: labelled(10, 2),
        checksum: "synthetic".into(),
    }
}

/// The products of one step, over plain buffers, weights as inputs x outputs.
struct Products {
    batch: usize,
    /// Sides and weights of each layer, and whether the gradient by its input is asked for.
    layers: Vec<(usize, usize, Vec<f32>, bool)>,
    /// Activations from the input up, and gradients by them.
    values: Vec<Vec<f32>>,
    gradients: Vec<Vec<f32>>,
}

impl Products {
    fn autoencoder(inputs: usize, outputs: usize, batch: usize) -> Products {
        Products::network(&[inputs, outputs, inputs], batch)
    }

    fn network(sides: &[usize], batch: usize) -> Products {
        let mut stream = Stream::new(1, "benchmark/products", &[]);
        let mut draw = |count: usize| {
            let mut values = vec![0.0; count];
            stream.fill_uniform(&mut values);
            values
        };
        let layer = |(number, sides): (usize, &[usize])| {
            (sides[0], sides[1], draw(sides[0] * sides[1]), number > 0)
        };
        let layers = sides.windows(2).enumerate().map(layer).collect();
        let rows = |sides: &[usize]| sides.iter().map(|side| vec![0.1; side * batch]).collect();
        Products { batch, layers, values: rows(sides), gradients: rows(sides) }
    }

    fn flop(&self) -> f64 {
        let of = |(inputs, outputs, _, deep): &(usize, usize, Vec<f32>, bool)| {
            (if *deep { 6.0 } else { 4.0 }) * (self.batch * inputs * outputs) as f64
        };
        self.layers.iter().map(of).sum()
    }

    fn run(&mut self) {
        let batch = self.batch;
        for (number, (inputs, outputs, weights, _)) in self.layers.iter().enumerate() {
            let (below, above) = self.values.split_at_mut(number + 1);
            let (x, z) = (&below[number], &mut above[0]);
            gemm((batch, *outputs, *inputs), z, 0.0, (x, *inputs, 1), (weights, *outputs, 1));
        }
        for (number, (inputs, outputs, weights, deep)) in self.layers.iter_mut().enumerate().rev() {
            let (below, above) = self.gradients.split_at_mut(number + 1);
            let (dx, dz) = (&mut below[number], &above[0]);
            if *deep {
                gemm(
                    (batch, *inputs, *outputs),
                    dx,
                    0.0,
                    (dz, *outputs, 1),
                    (weights, 1, *outputs),
                );
            }
            let x = &self.values[number];
            gemm((*inputs, *outputs, batch), weights, 1.0, (x, 1, *inputs), (dz, *outputs, 1));
        }
    }
}

/// dst (m x n, row by row) = keep dst + 1e-9 a b, of m x k and k x n values at two strides each.
fn gemm(
    (m, n, k): (usize, usize, usize),
    dst: &mut [f32],
    keep: f32,
    (a, a_rows, a_columns): (&[f32], usize, usize),
    (b, b_rows, b_columns): (&[f32], usize, usize),
) {
    assert!(dst.len() >= m * n && a.len() >= m * k && b.len() >= k * n);
    let (dst, a, b) = (dst.as_mut_ptr(), a.as_ptr(), b.as_ptr());
    let [a_rows, a_columns, b_rows, b_columns, stride] =
        [a_rows, a_columns, b_rows, b_columns, n].map(|stride| stride as isize);
    // SAFETY: each matrix is dense at the given strides and holds the values that were asserted.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            dst,
            1,
            stride,
            keep != 0.0,
            a,
            a_columns,
            a_rows,
            b,
            b_columns,
            b_rows,
            keep,
            1e-9_f32,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}
