//! Holds `experiments/README.md` to its word: its examples are read, and expand as it says.

use crate::claim::Statement;
use crate::expansion::Expansion;
use crate::experiment::{Experiment, Limit, Source};
use crate::fixtures::{catalog, lines};
use crate::mistakes::{Color, Mistakes};
use crate::plots::{Drawing, PlotKind, Shown};

const HEAD: &str = "[experiment]\nquestion = 'Which?'\nseeds = 1\n";

const PAGE: &str = include_str!("../../../../experiments/README.md");

/// The code block that follows `heading`, in the given language.
fn block(heading: &str, language: &str) -> &'static str {
    let after = &PAGE[PAGE.find(heading).expect("a heading of the page")..];
    let (_, block) = after.split_once(&format!("```{language}\n")).expect("a block below it");
    block.split_once("```").expect("its end").0
}

fn read(text: &str) -> Result<Experiment, Mistakes> {
    Experiment::read(
        Source { name: "depth", path: "experiments/depth.toml", text },
        &[],
        &catalog(),
    )
}

fn expansion(heading: &str) -> Expansion {
    let body = block(heading, "toml");
    let text =
        if body.contains("[experiment]") { body.to_owned() } else { format!("{HEAD}{body}") };
    read(&text).unwrap().expand(&catalog(), Limit::default()).unwrap()
}

#[test]
fn the_first_experiment_has_the_cells_and_trials_that_the_page_counts() {
    let first = expansion("## A first experiment");
    assert_eq!((first.cells, first.trials.len(), first.merged), (42, 24, 18));
}

#[test]
fn the_algebra_gives_the_cells_that_the_page_describes() {
    let shown = |heading: &str, names: &[&str]| lines(&expansion(heading), names);
    assert_eq!(shown("### Another variant in every layer", &["variant"]).len(), 8);
    assert_eq!(
        shown("### Axes that move together", &["depth", "epochs"]),
        ["1 10", "2 20", "3 30"]
    );
    assert_eq!(
        shown("### A union of grids", &["depth", "width"]),
        ["1 200", "2 200", "3 100", "3 400"]
    );
    assert_eq!(shown("### Cells that are left out", &["variant"]).len(), 5);
    assert_eq!(
        shown("### Cells that are different", &["depth", "epochs"]),
        ["1 20", "2 20", "3 40", "3 80"]
    );
    let sample = expansion("### A sample of a large grid");
    assert_eq!((sample.cells, sample.trials.len()), (10_000_000_000, 100));
}

#[test]
fn the_tables_of_the_page_are_read() {
    let text = format!("{HEAD}{}", block("### Tables and the comparison", "toml"));
    let experiment = read(&text).unwrap();
    let names: Vec<&str> = experiment.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["depth", "shallow"]);
    assert!(experiment.tables.iter().all(|table| table.select == "valid_error"));
    assert_eq!(experiment.comparison.unwrap().by, ["depth"]);
}

#[test]
fn the_printed_values_of_the_page_are_read() {
    let text = format!("{HEAD}{}", block("What a paper printed", "toml"));
    let tables = read(&text).unwrap().tables;
    let [paper] = tables[0].papers.as_slice() else { panic!("one paper") };
    assert_eq!((paper.values.len(), paper.metric.as_str()), (4, "test_error"));
}

#[test]
fn the_claims_of_the_page_are_read_and_its_kinds_are_all_there_are() {
    let text = format!("{HEAD}{}", block("### Claims", "toml"));
    let kinds: Vec<&str> =
        read(&text).unwrap().claims.iter().map(|claim| claim.statement.kind()).collect();
    assert_eq!(kinds, ["below", "gap-grows", "inner-optimum"]);
    let page = &PAGE[PAGE.find("### Claims").unwrap()..];
    for kind in Statement::KINDS {
        assert!(page.contains(&format!("`{kind}`")), "{kind}");
    }
}

#[test]
fn the_plots_of_the_page_are_read_and_its_kinds_are_all_there_are() {
    let text = format!("{HEAD}{}", block("### Plots", "toml"));
    let kinds: Vec<&str> =
        read(&text).unwrap().plots.iter().map(|plot| plot.drawing.kind().word()).collect();
    assert_eq!(kinds, ["strip", "curve", "profile", "heat"]);
    let page = &PAGE[PAGE.find("### Plots").unwrap()..];
    for kind in PlotKind::ALL {
        assert!(page.contains(&format!("| `{}` |", kind.word())), "{kind:?}");
    }
}

#[test]
fn without_a_plot_there_is_one_of_the_first_table() {
    let text = format!("{HEAD}{}", block("### Tables and the comparison", "toml"));
    let plots = read(&text).unwrap().plots;
    let by = vec!["pretraining".to_owned(), "variant".to_owned()];
    let (x, metric) = ("depth".to_owned(), "test_error".to_owned());
    let [plot] = plots.as_slice() else { panic!("one plot") };
    assert_eq!(plot.drawing, Drawing::Metric { shown: Shown::Strip, x, metric, by });
}

#[test]
fn the_mistakes_of_the_page_look_as_it_shows_them() {
    let text = block("## A first experiment", "toml")
        .replace("depth = [", "depht = [")
        .replace("[0.01,", "[-1,");
    let shown = read(&text).unwrap_err().render(Color::Plain);
    assert_eq!(shown.trim(), block("## When something is wrong", "text").trim());
}
