//! temporary
#![allow(warnings)]
use ablate_autoencoder::*;
use ablate_sweep::*;
use std::{ops::ControlFlow, path::Path, sync::Arc, time::Instant};
fn main() {
    let data = ablate_data::datasets::find("mnist-5k").unwrap().load(Path::new("x")).unwrap();
    let mut given = Params::default();
    for arg in std::env::args().skip(1) {
        let (k, v) = arg.split_once('=').unwrap();
        let v = v
            .parse::<i64>()
            .map(Value::Int)
            .or_else(|_| v.parse::<f64>().map(Value::Float))
            .unwrap_or(Value::Text(v.into()));
        given.set(k, v);
    }
    let trial = catalog().resolve(&given).unwrap();
    let cost = expected_cost(&trial.params, (784, 10), (4000, 1000)).unwrap();
    let plan = RunPlan::new(Arc::new(trial), 1, "d", "1");
    let start = Instant::now();
    let out = train(&plan, &data, &mut |p| {
        if p.epoch == p.epochs {
            println!("{} {:?}", p.stage, start.elapsed())
        };
        ControlFlow::Continue(())
    })
    .unwrap();
    let t = start.elapsed().as_secs_f64();
    println!(
        "{:.3} s, {:.1} GF, {:.1} GF/s, {} MB",
        t,
        cost.flop / 1e9,
        cost.flop / 1e9 / t,
        cost.bytes >> 20
    );
    for (k, v) in &out.scores {
        if k.starts_with("test_error") && k.len() < 12
            || k.starts_with("linear")
            || k.starts_with("robust_")
        {
            println!("{k} {v:.4}")
        }
    }
    println!("{} {}", out.epochs, out.best_epoch);
}
