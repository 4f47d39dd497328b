//! What grids expand to.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::Expansion;
use crate::experiment::Limit;
use crate::fixtures::{catalog, expand, lines, read};

fn lines_of(body: &str, names: &[&str]) -> Vec<String> {
    lines(&expand(body).unwrap(), names)
}

fn ids(expansion: &Expansion) -> BTreeSet<String> {
    expansion.trials.iter().map(|trial| trial.id.0.clone()).collect()
}

#[test]
fn the_first_axis_changes_slowest() {
    let expansion = expand("[grid]\ndepth = [2, 1]\nwidth = [100, [7]]\nepochs = [5]\n[[exclude]]\nif = 'depth == 2 and width != 100'\n").unwrap();
    assert_eq!(lines(&expansion, &["depth", "width"]), ["2 100", "1 100", "1 7"]);
    assert_eq!((expansion.cells, expansion.excluded, expansion.merged), (4, 1, 0));
    assert_eq!(expansion.telling, ["depth", "width"]);
}

#[test]
fn an_empty_file_is_the_one_trial_of_defaults() {
    let expansion = expand("").unwrap();
    assert_eq!((expansion.trials.len(), expansion.cells), (1, 1));
    assert!(expansion.telling.is_empty());
}

#[test]
fn a_variants_own_axes_multiply_it_alone() {
    let body = r#"
[grid]
pretraining = "greedy"
[variant.basic]
[variant.contractive]
lambda = [0.1, 1]
[variant.denoising]
corruption = ["gaussian", "masking"]
sigma = [0.1, 0.2]
fraction = 0.5
"#;
    let expansion = expand(body).unwrap();
    assert_eq!(
        lines(&expansion, &["variant", "lambda", "corruption", "sigma", "fraction"]),
        [
            "basic - - - -",
            "contractive 0.1 - - -",
            "contractive 1 - - -",
            "denoising - gaussian 0.1 -",
            "denoising - gaussian 0.2 -",
            "denoising - masking - 0.5",
        ]
    );
    assert_eq!((expansion.cells, expansion.merged), (7, 1));
    assert_eq!(expansion.telling, ["variant", "lambda", "corruption", "sigma"]);
}

#[test]
fn joined_variants_have_the_tables_and_parameters_of_each_of_them() {
    let body = r#"
[grid]
pretraining = "greedy"
variant = ["denoising+contractive", "contractive"]
[variant.denoising]
sigma = [0.1, 0.2]
[variant.contractive]
lambda = [0.1, 1]
[variant."denoising+contractive"]
epochs = 7
[[exclude]]
if = "variant == 'denoising+contractive' and lambda == 1 and sigma > 0.1"
"#;
    let expansion = expand(body).unwrap();
    assert_eq!(
        lines(&expansion, &["variant", "sigma", "lambda", "epochs"]),
        [
            "denoising+contractive 0.1 0.1 7",
            "denoising+contractive 0.1 1 7",
            "denoising+contractive 0.2 0.1 7",
            "contractive - 0.1 20",
            "contractive - 1 20",
        ]
    );
    assert_eq!(expansion.telling, ["variant", "epochs", "lambda", "sigma"]);
    let chosen = "[grid]\npretraining = 'greedy'\n[variant.'denoising+sparse']\ntarget = 0.1\n";
    assert_eq!(lines_of(chosen, &["variant", "sigma", "target"]), ["denoising+sparse 0.3 0.1"]);
}

#[test]
fn without_pretraining_the_variants_are_one_trial() {
    let body = "[grid]\npretraining = ['none', 'greedy']\nvariant = ['basic', 'sparse']\n";
    let expansion = expand(body).unwrap();
    assert_eq!(
        lines(&expansion, &["pretraining", "variant"]),
        ["none -", "greedy basic", "greedy sparse"]
    );
    assert_eq!((expansion.cells, expansion.merged), (4, 1));
}

#[test]
fn a_grid_key_that_only_some_variants_have_applies_to_those() {
    let body = "[grid]\npretraining = 'greedy'\nvariant = ['basic', 'contractive', 'sparse']\nlambda = [0.1, 1]\n";
    assert_eq!(
        lines_of(body, &["variant", "lambda"]),
        ["basic -", "contractive 0.1", "contractive 1", "sparse 0.1", "sparse 1"]
    );
    let out_of_one = body.replace("[0.1, 1]", "[0.1, 2]");
    let mistakes = expand(&out_of_one).unwrap_err();
    assert_eq!(mistakes.titles().collect::<Vec<_>>(), ["2 is not valid for `lambda`"]);
}

#[test]
fn a_part_of_the_union_wins_over_the_grid_and_a_variant_over_both() {
    let body = r#"
[grid]
pretraining = "greedy"
epochs = 10
depth = 1
[variant.basic]
[variant.sparse]
epochs = 30
[[union]]
epochs = 20
variant = ["basic", "sparse"]
[[union]]
depth = [3, 4]
variant = "basic"
"#;
    assert_eq!(
        lines_of(body, &["depth", "epochs", "variant"]),
        ["1 20 basic", "1 30 sparse", "3 10 basic", "4 10 basic"]
    );
}

#[test]
fn a_column_of_a_zip_may_repeat_a_value_but_no_row() {
    let body = "[grid]\n[[zip]]\ndepth = [1, 1, 2]\nwidth = [10, 20, 20]\n";
    assert_eq!(lines_of(body, &["depth", "width"]), ["1 10", "1 20", "2 20"]);
    let body = "[grid]\n[[zip]]\ndepth = [1, 2, 1]\nwidth = [10, 20, 10]\n";
    let mistakes = expand(body).unwrap_err();
    assert_eq!(mistakes.titles().collect::<Vec<_>>(), ["rows 1 and 3 of this [[zip]] are alike"]);
}

#[test]
fn zipped_axes_move_together() {
    let body = "[grid]\nwidth = [10, 20]\n[[zip]]\ndepth = [1, 2, 3]\nepochs = { from = 10, to = 30, step = 10 }\n";
    assert_eq!(
        lines_of(body, &["width", "depth", "epochs"]),
        ["10 1 10", "10 2 20", "10 3 30", "20 1 10", "20 2 20", "20 3 30"]
    );
}

#[test]
fn a_when_replaces_values_in_the_cells_where_it_holds() {
    let body = r#"
[grid]
depth = [1, 2]
epochs = 5
[[when]]
if = "depth >= 2"
epochs = [40, 80]
learning_rate = 0.01
[[when]]
if = "depth >= 2 and epochs == 5"
width = [7, 8]
"#;
    let expansion = expand(body).unwrap();
    assert_eq!(
        lines(&expansion, &["depth", "epochs", "learning_rate", "width"]),
        ["1 5 0.1 200", "2 40 0.01 7", "2 40 0.01 8", "2 80 0.01 7", "2 80 0.01 8"]
    );
    assert_eq!((expansion.cells, expansion.merged), (5, 0));
}

#[test]
fn a_when_multiplies_only_the_variants_that_have_its_parameter() {
    let body = r#"
[grid]
pretraining = "greedy"
variant = ["basic", "contractive"]
depth = [1, 2]
[[when]]
if = "depth == 2"
lambda = [0.5, 1]
"#;
    let expansion = expand(body).unwrap();
    assert_eq!(
        lines(&expansion, &["variant", "depth", "lambda"]),
        ["basic 1 -", "basic 2 -", "contractive 1 0.1", "contractive 2 0.5", "contractive 2 1",]
    );
    assert_eq!((expansion.cells, expansion.merged), (5, 0));
}

#[test]
fn a_when_or_an_exclude_can_mend_cells_that_break_a_rule() {
    let grid = "[grid]\ndepth = [1, 2]\nwidth = [[500, 250], 200]\n";
    let excluded = format!("{grid}[[exclude]]\nif = 'depth == 1 and width != 200'\n");
    assert_eq!(lines_of(&excluded, &["depth", "width"]), ["1 200", "2 [500, 250]", "2 200"]);
    let mended = format!("{grid}[[when]]\nif = 'depth == 1 and width != 200'\nwidth = 300\n");
    assert_eq!(lines_of(&mended, &["depth", "width"]), ["1 300", "1 200", "2 [500, 250]", "2 200"]);
}

#[test]
fn a_set_replaces_its_key_everywhere_and_keeps_its_rank() {
    let text = r#"
[experiment]
question = "Which?"
seeds = [4, 2]
[grid]
depth = [1, 2]
pretraining = "greedy"
variant = ["sparse", "contractive"]
[variant.contractive]
lambda = [0.1, 0.2]
[[zip]]
width = [10, 20]
epochs = [1, 2]
[[when]]
if = "depth == 3"
epochs = 9
tied = true
"#;
    let lines_with = |sets: &[&str]| {
        let experiment = read(text, sets).unwrap();
        assert_eq!(experiment.seeds, [4, 2]);
        let expansion = experiment.expand(&catalog(), Limit::default()).unwrap();
        lines(&expansion, &["variant", "lambda", "depth", "width", "epochs", "tied"])
    };
    assert_eq!(
        lines_with(&["variant=contractive", "lambda=0.5", "epochs=7", "depth=[3,1]"]),
        [
            "contractive 0.5 3 10 7 true",
            "contractive 0.5 3 20 7 true",
            "contractive 0.5 1 10 7 false",
            "contractive 0.5 1 20 7 false",
        ]
    );
    assert_eq!(lines_with(&["lambda=3", "depth=9", "lambda=1", "depth=1", "lambda=0.5"]).len(), 4);
    assert_eq!(lines_with(&["variant=basic", "depth=1", "width=5", "epochs=1"]).len(), 1);
    let nothing = read(text, &["sigma=0.1"]).unwrap().expand(&catalog(), Limit::default());
    assert!(nothing.unwrap_err().to_string().contains("a parameter of `denoising`"));
}

#[test]
fn the_limit_counts_trials_after_merging() {
    let merged = "[grid]\npretraining = \"none\"\n[variant.contractive]\nlambda = [0.1, 1, 10]\n\
                  [variant.basic]\n";
    let text = format!("[experiment]\nquestion = \"Which?\"\nseeds = 2\nmax_runs = 2\n{merged}");
    let expanded = read(&text, &["lambda=[0.1, 1]"]);
    let found = expanded.unwrap().expand(&catalog(), Limit::default());
    assert!(found.is_err(), "lambda means nothing in any cell");
    let text = text.replace("lambda = [0.1, 1, 10]", "");
    let found = read(&text, &[]).unwrap().expand(&catalog(), Limit::default()).unwrap();
    assert_eq!((found.trials.len(), found.cells, found.merged), (1, 2, 1));
}

#[test]
fn the_limit_counts_runs_and_the_command_line_wins() {
    let text = |head: &str| {
        format!(
            "[experiment]\nquestion = 'x'\nseeds = 2\n{head}\n[grid]\nepochs = [1, 2, 3]\n[[when]]\nif = 'epochs == 3'\ndepth = [1, 2]\n"
        )
    };
    let expand = |head: &str, max_runs| {
        read(&text(head), &[]).unwrap().expand(&catalog(), Limit { max_runs })
    };
    assert!(expand("", None).is_ok());
    assert!(expand("max_runs = 8", None).is_ok());
    let refused = expand("max_runs = 7", None).unwrap_err();
    assert!(refused.titles().all(|title| title.starts_with("4 trials with 2 seeds make 8 runs")));
    assert!(expand("max_runs = 7", Some(8)).is_ok());
    assert!(expand("max_runs = 8", Some(7)).is_err());
    assert!(expand("", Some(5)).is_err());
}

#[test]
fn ten_thousand_runs_are_allowed_by_default() {
    let body = "[grid]\nepochs = { linear = [1, 10000], n = 10000 }\n";
    assert_eq!(expand(body).unwrap().trials.len(), 10_000);
    assert!(expand(&format!("{body}tied = [true, false]\n")).is_err());
}

#[test]
fn a_sample_of_a_million_million_cells_is_drawn_by_its_seed() {
    let body = |n: u32, seed: u32| {
        format!(
            "[grid]\npretraining = 'greedy'\nepochs = {{ linear = [1, 10000], n = 10000 }}\n\
             [variant.contractive]\nlambda = {{ log = [1e-4, 1], n = 100_000_000 }}\n\
             [variant.denoising]\n[sample]\nn = {n}\nseed = {seed}\n"
        )
    };
    let fifty = expand(&body(50, 1)).unwrap();
    assert_eq!((fifty.trials.len(), fifty.cells), (50, 1_000_000_010_000));
    assert_eq!(fifty, expand(&body(50, 1)).unwrap());
    assert!(ids(&fifty).is_subset(&ids(&expand(&body(80, 1)).unwrap())));
    assert_ne!(ids(&fifty), ids(&expand(&body(50, 2)).unwrap()));
}

#[test]
fn a_sample_that_nearly_everything_is_excluded_from_gives_up() {
    let body = "[grid]\nepochs = { linear = [1, 10000], n = 10000 }\nlearning_rate = { linear = [1, 2], n = 1000000 }\n[sample]\nn = 5\nseed = 1\n[[exclude]]\nif = 'epochs > 1'\n";
    let mistakes = expand(body).unwrap_err();
    assert!(mistakes.to_string().contains("different trials in 10100 draws"), "{mistakes}");
}

#[test]
fn a_comparison_is_split_by_dataset_and_depth_where_they_vary() {
    let by = |grid: &str| {
        let text = format!("[experiment]\nquestion = \"Which?\"\nseeds = 1\n[grid]\n{grid}");
        read(&text, &[]).unwrap().comparison.unwrap().by
    };
    let arms = "pretraining = [\"none\", \"greedy\"]\n";
    assert!(by(arms).is_empty());
    let both = "dataset = [\"mnist-5k\", \"digits\"]\ndepth = [1, 2]\n";
    assert_eq!(by(&format!("{arms}{both}")), ["dataset", "depth"]);
}

#[test]
fn tables_and_the_comparison_have_sensible_defaults() {
    let text = "[experiment]\nquestion = 'x'\nseeds = 1\n[grid]\npretraining = ['none', 'greedy']\ndepth = [1, 2]\n[variant.basic]\n[variant.contractive]\nlambda = [0.1, 1]\n";
    let experiment = read(text, &[]).unwrap();
    let [table] = experiment.tables.as_slice() else { panic!("one table") };
    assert_eq!((table.name.as_str(), table.select.as_str()), ("table", "valid_error"));
    assert_eq!(
        (&table.rows[..], &table.columns[..]),
        (&["pretraining".to_owned(), "variant".into()][..], &["depth".to_owned()][..])
    );
    let comparison = experiment.comparison.unwrap();
    assert_eq!(
        (comparison.axis.as_str(), &comparison.by[..]),
        ("pretraining", &["depth".to_owned()][..])
    );
    let alone = read("[experiment]\nquestion = 'x'\nseeds = 1\n", &[]).unwrap();
    assert_eq!(alone.tables[0].rows, ["variant"]);
    assert!(alone.comparison.is_none());
}

/// Some axes that all mean something in every cell, as lines of `[grid]`.
fn axes() -> impl Strategy<Value = Vec<(String, usize)>> {
    let axis = |name: &'static str, values: &'static [&'static str]| {
        (1..=values.len()).prop_map(move |n| (format!("{name} = [{}]", values[..n].join(", ")), n))
    };
    (
        axis("depth", &["1", "2", "3"]),
        axis("epochs", &["10", "20", "30", "40"]),
        axis("tied", &["true", "false"]),
        axis("dataset", &["'digits'", "'mnist-5k'"]),
        axis("learning_rate", &["0.5", "1", "0.25"]),
    )
        .prop_map(|(a, b, c, d, e)| vec![a, b, c, d, e])
}

fn grid_of(axes: &[(String, usize)]) -> String {
    let lines: Vec<&str> = axes.iter().map(|(line, _)| line.as_str()).collect();
    format!("[grid]\n{}\n", lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_order_of_keys_does_not_change_the_set_of_trials(
        (axes, shuffled) in axes().prop_flat_map(|axes| (Just(axes.clone()), Just(axes).prop_shuffle()))
    ) {
        let one = expand(&grid_of(&axes)).unwrap();
        prop_assert_eq!(ids(&one), ids(&expand(&grid_of(&shuffled)).unwrap()));
        prop_assert_eq!(one.trials.len(), axes.iter().map(|(_, n)| n).product::<usize>());
        prop_assert_eq!(one.trials.len() as u128, one.cells);
    }

    #[test]
    fn a_sample_is_a_subset_of_the_grid_in_its_order(axes in axes(), n in 1_usize..200, seed: u32) {
        let when = "[[when]]\nif = 'depth == 2'\npatience = [3, 'never']\n[[exclude]]\nif = 'epochs == 20'\n";
        let grid = format!("{}{when}", grid_of(&axes));
        let all = expand(&grid).unwrap();
        let some = expand(&format!("{grid}[sample]\nn = {n}\nseed = {seed}\n")).unwrap();
        prop_assert_eq!(some.trials.len(), n.min(all.trials.len()));
        let mut rest = all.trials.iter();
        prop_assert!(some.trials.iter().all(|trial| rest.any(|other| other == trial)));
    }
}
