//! How fast training is, in useful GFLOP/s of one thread: those of its matrix products, 10 n d h for
//! a step of an autoencoder, 6 n weights for one of fine-tuning less the gradient by the input.
//!
//!     cargo bench -p ablate-autoencoder --bench training [-- words of the rows wanted]
//!
//! prints a table of training beside the bare products of the same shapes by `gemm`, taken turn about
//! in one process. Further modes serve `scripts/bench/train.sh`, which takes turns with other programs:
//! `--rows` prints the rows as JSON; `--serve ROW` and `--serve-candle ROW` answer each line `train` or
//! `bare` on stdin by a pass of that, and its seconds; `--export FOLDER ROW` writes data, starting
//! weights and the loss of the first epoch; `--two ROW` compares one training with two at once.
#![expect(clippy::print_stdout, reason = "a benchmark reports to the terminal")]

mod bare;
mod candle;
mod clock;
mod export;
mod rows;

use std::io::{BufRead, Write};
use std::ops::ControlFlow;
use std::sync::Barrier;

use ablate_autoencoder::train;
use ablate_sweep::{Ending, Progress};

use bare::Products;
use clock::{Clock, median};
use rows::{EXAMPLES, Row};

/// Passes of each kind that the table's medians are over.
const PASSES: usize = 7;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--rows"] => {
            let rows: Vec<_> = Row::all().iter().map(Row::json).collect();
            println!("{}", serde_json::Value::from(rows));
        }
        ["--serve", name] => serve(&find(name)),
        ["--serve-candle", name] => serve_candle(&find(name)),
        ["--export", folder, name] => export::export(folder.as_ref(), &find(name)),
        ["--two", name] => two_at_once(&find(name)),
        [mode, ..] if mode.starts_with("--") => panic!("there is no mode {words:?}"),
        words => table(words),
    }
}

fn find(name: &str) -> Row {
    let found = Row::all().into_iter().find(|row| row.name() == name);
    found.unwrap_or_else(|| panic!("there is no row {name:?}; --rows lists them"))
}

/// Trains `row`; `between` is called before every pass, with the seconds of the one before it, and may
/// end the training.
fn passes(row: &Row, mut between: impl FnMut(Option<f64>) -> ControlFlow<()>) {
    let (mut epoch, mut clock) = (0, None::<Clock>);
    let a_pass = row.epochs();
    let watch = &mut |progress: &Progress| {
        let new = progress.epoch != epoch;
        epoch = progress.epoch;
        if !new || !(epoch as usize - 1).is_multiple_of(a_pass) {
            return ControlFlow::Continue(());
        }
        let seconds = clock.take().map(|clock| clock.seconds());
        let answer = between(seconds);
        clock = Some(Clock::now());
        answer
    };
    let ending = train(&row.plan(1_000_000), &row.dataset(), None, &[], watch);
    assert!(matches!(ending, Err(Ending::Interrupted)), "{ending:?}");
}

fn table(words: &[&str]) {
    println!("| network, optimizer, batch | training, GFLOP/s | bare products, GFLOP/s | ratio |");
    println!("|---|---|---|---|");
    for row in Row::all() {
        let name = row.name();
        if !words.iter().all(|word| name.contains(word)) {
            continue;
        }
        let mut products = Products::of(&row);
        let mut pairs = Vec::new();
        passes(&row, |seconds| {
            // What comes before the first pass finds caches and pages cold.
            let bare = run_bare(&row, &mut products);
            pairs.extend(seconds.map(|seconds| (seconds, bare)));
            match pairs.len() {
                PASSES => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        let rate = |seconds: f64| row.flop() * row.epochs() as f64 / seconds / 1e9;
        let training = rate(median(pairs.iter().map(|pair| pair.0)));
        let bare = rate(median(pairs.iter().map(|pair| pair.1)));
        let ratio = median(pairs.iter().map(|(training, bare)| bare / training));
        println!("| {name} | {training:.0} | {bare:.0} | {ratio:.2} |");
    }
}

/// A pass of the bare products; its seconds.
fn run_bare(row: &Row, products: &mut Products) -> f64 {
    let clock = Clock::now();
    (0..row.epochs() * EXAMPLES / row.batch).for_each(|_| products.run());
    clock.seconds()
}

/// Answers each line of stdin by a pass; ends with the input.
fn serve(row: &Row) {
    let mut products = Products::of(row);
    let mut lines = std::io::stdin().lock().lines();
    passes(row, |seconds| {
        if let Some(seconds) = seconds {
            answer(seconds);
        }
        loop {
            match lines.next().and_then(Result::ok).as_deref() {
                Some("train") => return ControlFlow::Continue(()),
                Some("bare") => answer(run_bare(row, &mut products)),
                _ => return ControlFlow::Break(()),
            }
        }
    });
}

fn serve_candle(row: &Row) {
    let (start, images, labels) = export::inputs(row);
    let training = candle::Loop::new(row.clone(), &start, &images, &labels);
    let mut training = training.expect("the weights fit the row");
    for line in std::io::stdin().lock().lines() {
        assert_eq!(line.expect("lines are text"), "train");
        let clock = Clock::now();
        for _ in 0..row.epochs() {
            training.epoch().expect("the shapes fit");
        }
        answer(clock.seconds());
    }
}

fn answer(seconds: f64) {
    println!("{seconds}");
    std::io::stdout().flush().expect("somebody listens");
}

/// One training on one thread, then two on two, turn about; prints the ratio of their throughputs.
fn two_at_once(row: &Row) {
    let mut ratios = Vec::new();
    for _ in 0..PASSES {
        let (one, two) = (wall(row, 1), wall(row, 2));
        ratios.push(2.0 * one / two);
    }
    println!("{}: two at once have {:.2} times the throughput", row.name(), median(ratios));
}

/// Seconds of the clock that `threads` trainings of a few passes take at once, without their setting up.
fn wall(row: &Row, threads: usize) -> f64 {
    const COUNT: usize = 4;
    let barrier = Barrier::new(threads);
    let one = || {
        let (mut clock, mut count) = (None, 0);
        passes(row, |_| {
            if count == 1 {
                barrier.wait();
                clock = Some(Clock::now());
            }
            count += 1;
            if count == COUNT + 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        clock.map_or(0.0, |clock| clock.elapsed())
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        let seconds = others.into_iter().map(|thread| thread.join().expect("it trains"));
        seconds.fold(0.0, f64::max)
    })
}
