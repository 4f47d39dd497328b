//! `plot`: pictures of what an experiment found.

use std::fs;

use crate::bench::{Bench, SMALL};
use crate::surroundings::skipped;

const PLOTS: &str = r#"
[[plot]]
name = "depth"
kind = "strip"
x = "depth"
metric = "test_error"
by = "pretraining"

[[plot]]
name = "learning/rate"
kind = "curve"
curve = "train_loss"
by = "pretraining"

[[plot]]
name = "severity"
kind = "profile"
profile = "severity_error_gaussian"
"#;

#[test]
fn declared_plots_are_listed_and_drawn_and_a_missing_one_hides_no_other() {
    let bench = Bench::swept();
    fs::write(bench.path("plots.toml"), format!("{SMALL}{PLOTS}")).unwrap();
    bench
        .ablate(&["plot", "plots.toml"])
        .expect(0)
        .prints(&["depth: strip of test_error over depth, by pretraining", "severity: profile of"]);
    let drawn = bench.ablate(&["plot", "plots.toml", "depth"]).expect(0).stdout;
    assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>\n"), "{drawn}");
    // No run was measured over severities: that plot is warned of.
    bench
        .ablate(&["plot", "plots.toml", "--all", "pictures"])
        .expect(0)
        .says(&["no finished run has the profile \"severity_error_gaussian\""]);
    assert_eq!(fs::read_to_string(bench.path("pictures/depth.svg")).unwrap(), drawn);
    assert!(bench.path("pictures/learning-rate.svg").is_file());
    assert!(!bench.path("pictures/severity.svg").exists());
    bench.ablate(&["plot", "plots.toml", "--all", "pictures"]).expect(2).says(&["--force"]);
    bench.ablate(&["plot", "plots.toml", "--all", "pictures", "--force"]).expect(0);
    assert_eq!(fs::read_to_string(bench.path("pictures/depth.svg")).unwrap(), drawn);
}

#[test]
fn a_plot_is_pixels_where_its_file_says_so() {
    let bench = Bench::swept();
    fs::write(bench.path("plots.toml"), format!("{SMALL}{PLOTS}")).unwrap();
    let said = bench.ablate(&["plot", "plots.toml", "depth", "-o", "depth.PNG"]);
    if said.stderr.contains("this machine has none") {
        skipped("no font is installed, so no PNG can be drawn");
        assert!(!bench.path("depth.PNG").exists());
        return;
    }
    said.expect(0);
    let bytes = fs::read(bench.path("depth.PNG")).unwrap();
    let mut reader = png::Decoder::new(std::io::Cursor::new(&bytes)).read_info().unwrap();
    assert_eq!(reader.info().width, 3 * 380);
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    assert!(pixels.contains(&0) && pixels.contains(&255));
}

#[test]
fn a_plot_is_drawn_as_options_say_or_they_say_what_is_wrong() {
    let bench = Bench::swept();
    let kind = |rest: &[&str]| {
        let mut args = vec!["plot", "small", "--kind"];
        args.extend(rest);
        bench.ablate(&args)
    };
    let strip = ["strip", "--x", "depth", "--metric", "test_error"];
    kind(&strip).expect(0).prints(&["<title>strip of test_error over depth</title>", "3 seeds"]);
    kind(&["curve", "--curve", "valid_error", "--by", "pretraining"])
        .expect(0)
        .prints(&[">epoch<"]);
    kind(&["heat", "--x", "depth", "--y", "variant", "--metric", "test_error"]).expect(0);
    kind(&["parallel", "--axes", "depth,variant", "--metric", "test_error"]).expect(0);
    kind(&["strip", "--x", "depth"]).expect(2).says(&["a plot of kind strip needs --metric"]);
    kind(&["heat", "--curve", "loss"]).expect(2).says(&["--curve means nothing"]);
    kind(&["strip", "--x", "dpeth", "--metric", "test_error"]).expect(2).says(&["\"dpeth\""]);
    kind(&["curve", "--curve", "nothing"]).expect(2).says(&["the runs have", "valid_error"]);
    bench.ablate(&["plot", "small", "none of them"]).expect(2).says(&["there is errors"]);
}
