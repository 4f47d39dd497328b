//! The pieces of a step, one at a time:
//!
//!     cargo bench -p ablate-autoencoder --features pieces --bench pieces [-- words]

use ablate_autoencoder::pieces;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn pieces(criterion: &mut Criterion) {
    for batch in [20, 128] {
        for (name, flop, mut work) in pieces::all(batch) {
            let (group, piece) = name.split_once('/').unwrap_or((&name, ""));
            let mut group = criterion.benchmark_group(group);
            if flop > 0.0 {
                group.throughput(Throughput::Elements(flop as u64));
            }
            group.bench_function(piece, |bencher| bencher.iter(&mut work));
            group.finish();
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).without_plots();
    targets = pieces
}
criterion_main!(benches);
