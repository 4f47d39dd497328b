//! Collecting: whatever is read, in whatever order and however often, comes to the same store.
#![expect(clippy::unwrap_used, reason = "these are tests, their helpers included")]

mod fixtures;
mod killing;

use std::fs;

use ablate_cluster::ClusterError;
use ablate_cluster::shard;
use ablate_records::{Depth, Origin};
use ablate_sweep::{Failure, FailureKind};
use proptest::prelude::*;

use crate::fixtures::*;

#[test]
fn what_an_attempt_wrote_reads_back_to_the_bit() {
    let (_place, folder) = campaign();
    let mut shard = begin(&folder, 7);
    let ends = [outcome(1, 0.1 + 0.2), failure()];
    for (number, end) in (1..).zip(&ends) {
        shard.end(&planned(number), end, 1.0 / 3.0).unwrap();
    }
    drop(shard);
    let mut read = Vec::new();
    let take = |origin: &Origin, returned| {
        assert_eq!(origin.session, session());
        read.push(returned);
        Ok::<(), ClusterError>(())
    };
    let account = shard::read(&folder.shards().unwrap()[0], |_| true, take);
    assert_eq!(account.unwrap().of, Some((1, 7)));
    for ((number, end), returned) in (1..).zip(&ends).zip(&read) {
        assert_eq!(returned.plan, planned(number).0);
        // NaN is unequal to itself.
        assert_eq!(format!("{:?}", returned.ended), format!("{end:?}"));
        assert_eq!(returned.seconds.to_bits(), (1.0_f64 / 3.0).to_bits());
    }
}

#[test]
fn two_ends_with_different_bits_are_told_and_the_first_stands_in_either_order() {
    let (place, folder) = campaign();
    let mut dumps = Vec::new();
    let shards = write(&folder, &[vec![(1, 1)], vec![(1, 2)]]);
    for (name, order) in [("a.db", [0, 1]), ("b.db", [1, 0])] {
        let mut store = store_in(place.path(), name);
        assert!(collect(&mut store, &folder, &shards[order[0]]).differing.is_empty());
        // And told again whenever it is collected.
        for path in [&shards[order[1]], &shards[1]] {
            let differing = collect(&mut store, &folder, path).differing;
            assert_eq!(differing.len(), 1, "{differing:?}");
            assert_eq!(differing[0].run, planned(1).0.id);
            let [difference] = &differing[0].differences[..] else { panic!("{differing:?}") };
            assert!(difference.starts_with("test_error: 0."), "{difference}");
            assert!(difference.contains("0.25") && difference.contains("0.5"), "{difference}");
        }
        dumps.push(dump(&store));
    }
    assert_eq!(dumps[0], dumps[1]);
}

#[test]
fn a_file_that_is_seen_later_than_the_record_that_names_it_is_brought_then() {
    let (place, folder) = campaign();
    let mut shard = begin(&folder, 0);
    let bytes = b"weights";
    let mut ended = outcome(1, 0.25).unwrap();
    ended.artifacts.push(artifact("weights", "runs/1.safetensors", bytes));
    shard.end(&planned(1), &Ok(ended), 0.5).unwrap();
    let shards = folder.shards().unwrap();
    let mut store = store_in(place.path(), "store.db");
    let first = collect(&mut store, &folder, &shards[0]);
    assert_eq!((first.added, first.files, first.missing_files.len()), (1, 0, 1));
    folder.artifacts().write("runs/1.safetensors", bytes).unwrap();
    let second = collect(&mut store, &folder, &shards[0]);
    assert_eq!((second.known, second.files, second.missing_files.len()), (1, 1, 0));
    assert_eq!(store.artifact_folder().read("runs/1.safetensors").unwrap().unwrap(), bytes);
    assert!(store.check(Depth::Artifacts).unwrap().is_whole());
    let third = collect(&mut store, &folder, &shards[0]);
    assert_eq!((third.known, third.files), (1, 0));
}

/// `bytes` with a stretch of zeros in place of what was there, and without its end.
fn damaged(bytes: &[u8], hole: &prop::sample::Index, cut: &prop::sample::Index) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let begin = hole.index(bytes.len());
    let end = bytes.len().min(begin + 200);
    bytes[begin..end].fill(0);
    bytes.truncate(cut.index(bytes.len()) + 1);
    bytes
}

/// The first attempt's clock stood in 2099, that of the second, which comes later, is right.
#[test]
fn of_two_failures_the_later_stands_though_a_clock_was_ahead() {
    let (place, folder) = campaign();
    let mut after = 4_000_000_000_000;
    for message in ["earlier", "later"] {
        let mut shard = shard::Shard::begin(&folder, 1, 0, &session(), None, after).unwrap();
        let failure = Failure { kind: FailureKind::Error, message: message.into(), curves: vec![] };
        shard.start(&planned(1).0.id).unwrap();
        shard.end(&planned(1), &Err(failure), 0.5).unwrap();
        let accounts = folder.shards_of(1, 0).unwrap();
        let stamps = accounts.iter().map(|path| shard::account(path).unwrap().stamp);
        let greatest = stamps.max().unwrap();
        assert!(greatest > after);
        after = greatest;
    }
    let mut shards = folder.shards().unwrap();
    for name in ["a.db", "b.db"] {
        let mut store = store_in(place.path(), name);
        for path in &shards {
            collect(&mut store, &folder, path);
        }
        let run = store.runs(&[planned(1).0.id]).unwrap().remove(0);
        assert_eq!(run.failure.unwrap().1, "later");
        shards.reverse();
    }
}

/// Some of them within one millisecond, so that only their stamps tell them apart.
#[test]
fn of_failures_one_right_behind_another_the_last_stands_though_each_was_collected() {
    let (place, folder) = campaign();
    let mut shard = begin(&folder, 0);
    let path = folder.shards().unwrap().remove(0);
    let mut store = store_in(place.path(), "store.db");
    for number in 0..40 {
        let (kind, message) = (FailureKind::Error, format!("failure {number}"));
        let failure = Failure { kind, message: message.clone(), curves: vec![] };
        shard.end(&planned(1), &Err(failure), 0.5).unwrap();
        collect(&mut store, &folder, &path);
        let run = store.runs(&[planned(1).0.id]).unwrap().remove(0);
        assert_eq!(run.failure.unwrap().1, message);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn order_repetition_cuts_and_zeroed_blocks_cannot_show(
        attempts in prop::collection::vec(prop::collection::vec((0_u32..5, 0_u8..4), 0..6), 1..4),
        order in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        cut in any::<prop::sample::Index>(),
        zeroed in any::<prop::sample::Index>(),
    ) {
        let (place, folder) = campaign();
        let shards = write(&folder, &attempts);
        let mut expected = store_in(place.path(), "expected.db");
        for path in &shards {
            collect(&mut expected, &folder, path);
        }
        // Before all is there: some shards, in any order, again and again; one is cut, one has a hole.
        let mut store = store_in(place.path(), "store.db");
        let whole: Vec<Vec<u8>> = shards.iter().map(|path| fs::read(path).unwrap()).collect();
        for index in &order {
            let at = index.index(shards.len());
            let cut_off = &whole[at][..cut.index(whole[at].len())];
            for bytes in [cut_off, &damaged(&whole[at], &zeroed, &cut)] {
                fs::write(&shards[at], bytes).unwrap();
                collect(&mut store, &folder, &shards[at]);
            }
            fs::write(&shards[at], &whole[at]).unwrap();
            collect(&mut store, &folder, &shards[at]);
        }
        for path in shards.iter().rev() {
            collect(&mut store, &folder, path);
        }
        prop_assert_eq!(dump(&store), dump(&expected));
        prop_assert_eq!(stands(&store), model(&shards));
    }
    #[test]
    fn of_damaged_shards_all_else_is_there(
        attempts in prop::collection::vec(prop::collection::vec((0_u32..5, 0_u8..4), 0..6), 1..4),
        order in Just([0, 1, 2, 3]).prop_shuffle(),
        cut in any::<prop::sample::Index>(),
        zeroed in any::<prop::sample::Index>(),
    ) {
        let (place, folder) = campaign();
        let shards = write(&folder, &attempts);
        for path in &shards {
            fs::write(path, damaged(&fs::read(path).unwrap(), &zeroed, &cut)).unwrap();
        }
        let mut store = store_in(place.path(), "store.db");
        for at in order.into_iter().filter(|at| *at < shards.len()) {
            collect(&mut store, &folder, &shards[at]);
        }
        prop_assert_eq!(stands(&store), model(&shards));
    }
}
