//! `verify`: samples, and runs of another sort of processor.

use crate::bench::{Bench, Ended};
use crate::store::{meddle, rows};

fn verdicts(ended: &Ended) -> Vec<String> {
    ended.stdout.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect()
}

#[test]
fn a_sample_is_the_same_for_the_same_seed_and_begins_with_a_smaller_one() {
    let bench = Bench::swept();
    let draw = |args: &[&str]| {
        let ended = bench.ablate(&[&["verify"], args].concat()).expect(0);
        let drawn = verdicts(&ended);
        assert!(drawn.iter().all(|line| line.ends_with("  equal to the bit")), "{drawn:?}");
        (drawn, ended)
    };
    let (three, said) = draw(&["--sample", "3"]);
    said.says(&["3 of 18 runs drawn with seed 0", "3 runs: 3 equal to the bit, 0 different"]);
    assert_eq!(draw(&["--sample", "2", "--seed", "0"]).0, three[..2]);
    assert_ne!(draw(&["--sample", "3", "--seed", "1"]).0, three);
    let (found, said) = draw(&["--where", "pretraining == 'none' and depth == 1", "--sample", "9"]);
    assert_eq!(found.len(), 3);
    said.says(&["3 of 3 runs drawn"]);
}

#[test]
fn what_cannot_be_trained_again_is_left_out_of_a_sample_and_counted() {
    let bench = Bench::swept();
    meddle(
        &bench.store(),
        "UPDATE run SET training_version = 'older', id = 'ab' || substr(id, 3) WHERE seed > 0;
         UPDATE run SET training_version = 'older', id = 'cd' || substr(id, 3)
         WHERE key NOT IN (SELECT min(key) FROM run WHERE seed = 0)",
    );
    let said = bench.ablate(&["verify", "--sample", "5"]).expect(0);
    assert_eq!(verdicts(&said).len(), 1);
    said.says(&["17 runs left out: imported, or trained on other data or by an earlier version"]);
    bench.ablate(&["verify", "--where", "seed == 2"]).expect(2).says(&["6 runs left out"]);
    bench.ablate(&["verify", "--where", "seed == 7"]).expect(2).says(&["no finished run fits"]);
    for odd in [&["verify", "--seed", "1"][..], &["verify", "--sample", "0"], &["verify"]] {
        bench.ablate(odd).expect(2);
    }
}

/// A run, and the change of the last digits that another order of sums would make.
fn trained_elsewhere(bench: &Bench, factor: &str) -> String {
    let id = bench.ask("pretraining == 'none' and depth == 2", "id");
    let of = format!("(SELECT key FROM run WHERE id = '{id}')");
    meddle(
        &bench.store(),
        &format!(
            "UPDATE session SET simd = 'another', binary = 'older';
             UPDATE curve SET series = (SELECT json_group_array(value * {factor})
                 FROM json_each(series)) WHERE name = 'train_loss' AND run = {of};
             UPDATE run SET weights_hash = 'abc' WHERE key = {of};"
        ),
    );
    id
}

#[test]
fn a_run_of_other_vectors_is_compared_with_a_tolerance_and_said_to_be() {
    let bench = Bench::swept();
    let id = trained_elsewhere(&bench, "(1 + 3e-8)");
    let said = bench.ablate(&["verify", &id]).expect(0);
    assert_eq!(verdicts(&said), [format!("{id}  within a tolerance, not to the bit")]);
    assert!(!said.stdout.contains("equal to the bit"), "{}", said.stdout);
    said.prints(&["products were summed in the order of another", "off by 3e-8", "allowed"]);
    // One whose bits are the same after all is as equal as any.
    let other = bench.ask("pretraining == 'none' and depth == 1", "id");
    bench.ablate(&["verify", &other]).expect(0).prints(&["equal to the bit"]);
}

#[test]
fn beyond_the_tolerance_it_is_different_and_what_has_changed_is_said() {
    let bench = Bench::swept();
    let id = trained_elsewhere(&bench, "1.5");
    let said = bench.ablate(&["verify", &id]).expect(3);
    assert_eq!(verdicts(&said), [format!("{id}  DIFFERENT")]);
    said.prints(&[
        "curve train_loss, epoch 1: ",
        "weights: abc then",
        "; but off by 3e-1 ",
        "environment: binary: older then, ",
        "; vectors: another then, ",
        "; jobs: 2 then, 1 now",
    ]);
}

#[test]
fn where_vectors_were_not_recorded_the_processor_tells() {
    let bench = Bench::swept();
    let id = trained_elsewhere(&bench, "(1 + 3e-8)");
    meddle(&bench.store(), "UPDATE session SET simd = NULL");
    bench.ablate(&["verify", &id]).expect(3).prints(&["DIFFERENT", "vectors: not recorded then"]);
    meddle(&bench.store(), "UPDATE session SET cpu = 'An Elder'");
    let said = bench.ablate(&["verify", &id]).expect(0);
    said.prints(&["the processor was An Elder (its vectors were not recorded) and is "]);
}

#[test]
fn where_a_run_was_trained_can_be_asked_for() {
    let bench = Bench::swept();
    let simd = rows(&bench.store(), "SELECT DISTINCT simd FROM runs").remove(0);
    assert!(["avx512", "avx2", "neon", "scalar"].contains(&simd.as_str()), "{simd}");
    assert_eq!(bench.ask(&format!("simd == '{simd}'"), "simd"), simd);
    let binary = rows(&bench.store(), "SELECT DISTINCT binary FROM session").remove(0);
    assert!(
        binary.len() == 16 && binary.bytes().all(|digit| digit.is_ascii_hexdigit()),
        "{binary}"
    );
}
