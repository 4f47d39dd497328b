//! What a person reads about a wrong experiment file. The snapshots are the messages themselves.

use insta::assert_snapshot;

use crate::fixtures::{expand, read};

/// The message about `text`, which is wrong, with the given `--set`s.
pub(super) fn message(text: &str, sets: &[&str]) -> String {
    read(text, sets).expect_err("a wrong file").to_string()
}

/// The message about an `[experiment]` with one seed and `body` below it.
fn message_below_head(body: &str) -> String {
    message(&format!("[experiment]\nquestion = \"Which?\"\nseeds = 1\n{body}"), &[])
}

/// The message about a file that is only wrong once it is expanded.
pub(super) fn message_of_expansion(body: &str) -> String {
    expand(body).expect_err("a wrong grid").to_string()
}

#[test]
fn every_mistake_in_a_file_is_shown_at_once() {
    let text = r#"
[experiment]
qestion = "Does depth help?"
seeds = [0, 1, -1, 1]

[grid]
dataset = "mnist"
depht = [1, 2]
width = [[500, 0], 200, 200]
learning_rate = { log = [0, 1], n = 5 }
optimizer = { linear = [0, 1], n = 2 }
momentum = nan
epochs = []
seeds = 3

[variant.contractiv]
[variant.contractive]
sigma = 0.1
lambda = -1

[[exclude]]
if = "variant = 'contractive'"

[plots]
"#;
    let shown = message(text, &[]);
    assert_snapshot!(shown);
}

#[test]
fn joined_variants_say_which_of_their_names_is_wrong_and_what_they_share() {
    let shown = message_below_head(
        r#"[grid]
pretraining = "greedy"
variant = ["denoisng+sparce", "contractive+basic", "basic+"]

[variant."contractive+sprase"]

[variant.contractive]
epochs = 5

[variant.basic]
lambda = 1
epochs = 6

[[exclude]]
if = "variant == 'denoising+sprase'"
"#,
    );
    assert_snapshot!(shown);
    let body = "[grid]\npretraining = 'greedy'\nvariant = 'contractive+denoising+sparse'\n";
    assert_snapshot!(message_of_expansion(body));
}

#[test]
fn ranges_say_what_they_lack() {
    let shown = message_below_head(
        r#"[grid]
learning_rate = { log = [1, 0.01], n = 5 }
momentum = { linear = [0, 1], n = 1 }
epochs = { from = 1, to = 10, step = 4 }
depth = { linear = [1, 3], n = 7 }
width = { from = 100, to = 200, step = 12.5 }
patience = { start = 1, to = 3 }
tied = { linear = [0, 1] }
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn sections_that_do_not_fit_together_are_shown_with_both_places() {
    let shown = message_below_head(
        r#"[grid]
depth = [1, 2]
variant = ["basic", "sparse"]
[variant.denoising]
[[zip]]
depth = [1, 2]
epochs = [10, 20, 30]
[[zip]]
width = 5
[[zip]]
epochs = [1, 2]
variant = ["basic", "sparse"]
[[when]]
if = "depth > 1"
[exclude]
if = "depth > 1"
[sample]
n = 0
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn filters_are_located_inside_their_toml_strings() {
    let shown = message_below_head(
        r#"[[exclude]]
if = "variant == \"contractiv\" and detph > 2"
[[exclude]]
if = 'variant == basic && depth > 1'
[[exclude]]
if = "variant == basic or test_error > 1"
[[exclude]]
if = "dataset in ['digits', 3] and depth == 'deep'"
[[exclude]]
if = "best(valid_error) < 0.1"
[[when]]
if = """
depth == 1 and
(width > 3 """
epochs = 3
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn tables_and_the_comparison_know_names_and_never_select_by_test_images() {
    let shown = message_below_head(
        r#"[compare]
axis = "pretrainin"
baseline = "none"
metric = "test_eror"
select = "test_error"
[[table]]
name = "one"
rows = ["variant", "variant", "depth"]
columns = "depth"
metric = ["test_error", "depth"]
filter = "test_error < 1"
select = "valid_spread"
[[table]]
name = "one"
rows = 3
[[table]]
name = ""
rows = []
metric = "test_error"
"#,
    );
    assert_snapshot!(shown);
    let shown = message_below_head(
        r#"[compare]
axis = "pretraining"
baseline = "gredy"
metric = "test_error"
by = ["pretraining"]
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn claims_say_what_their_kind_takes() {
    let shown = message_below_head(
        r#"[[claim]]
name = "a"
kind = "belov"
metric = "test_error"
[[claim]]
name = "a"
kind = "below"
metric = "test_eror"
arms = ["variant == 'basic'", "varient == 'sparse'"]
along = "depth"
select = "test_error"
[[claim]]
name = "b"
kind = "equal"
metric = "test_error"
arms = ["variant == 'basic'"]
margin = -1
cells = "best_one"
[[claim]]
name = "c"
kind = "rising"
metric = "test_error"
along = "variant"
by = "depth"
[[claim]]
name = "d"
kind = "inner-optimum"
metric = "valid_spread"
along = "lambda"
by = "lambda"
[[claim]]
name = "e"
kind = "rank-correlation"
metric = "test_error"
arms = ["depth == 1", "depth == 2"]
values = [1, 2, inf]
at_least = 2
[[claim]]
name = "f"
kind = "rank-correlation"
metric = "test_error"
arms = ["depth == 1", "depth == 2"]
values = [1, 2, 3]
at_least = 0.8
[[claim]]
knid = "above"
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn a_milestone_is_one_curve_and_its_level() {
    let claim = "[[claim]]\nname = 'a'\nkind = 'falling'\nalong = 'depth'\nmetric = 'test_error'\n";
    let of = |at: &str| message_below_head(&format!("{claim}at = {at}\n"));
    let takes = "`at` takes one curve and its level, such as { train_loss = 0.05 }";
    for bad in ["0.05", "{}", "{ valid_error = 'low' }", "{ valid_error = inf }"] {
        assert!(of(bad).contains(takes), "{bad}: {}", of(bad));
    }
    assert!(of("{ valid_eror = 0.1 }").contains("did you mean `valid_error`?"));
    assert!(of("{ valid_spread = 0.1 }").contains("`valid_spread` has no optimum"));
}

#[test]
fn tables_know_their_statistics_and_the_cells_that_papers_speak_of() {
    let shown = message_below_head(
        r#"[[table]]
name = "a"
rows = "variant"
metric = ["test_error", "valid_error"]
statistic = "meen"
spread = "t"
[[table.paper]]
source = "Someone 2011"
trust = "hearsay"
values = [{ variant = "basic", value = 1 }]
[[table.paper]]
sorce = "Someone 2011"
trust = "read"
metric = "test_eror"
values = [{ varient = "basic", value = "low" }, { variant = "spars", spread = -1 }, 3]
[[table.paper]]
source = "Someone 2011"
trust = "read"
metric = "test_error"
values = [{ varient = "basic", value = "low" }, { variant = "spars", spread = -1 }]
[[table]]
name = "b"
rows = "variant"
metric = "test_error"
statistic = "median"
spread = "t"
paper = 3
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn plots_say_what_their_kind_takes() {
    let shown = message_below_head(
        r#"[[plot]]
name = "a"
kind = "stripe"
[[plot]]
name = "a"
kind = "strip"
x = "depht"
y = "width"
by = ["depth", "depth"]
log = "x"
[[plot]]
name = "b"
kind = "heat"
x = "depth"
y = "depth"
metric = "test_eror"
log = "x"
select = "test_error"
[[plot]]
kind = "parallel"
axes = []
metric = "test_error"
[[plot]]
name = "c"
kind = "curve"
curve = 3
bye = "depth"
log = ["z"]
filter = "test_error < 1"
"#,
    );
    assert_snapshot!(shown);
}

#[test]
fn overrides_are_shown_as_they_were_given() {
    let text = "[experiment]\nquestion = \"Which?\"\nseeds = 1\n[grid]\ndepth = 1\n";
    let shown = message(text, &["depth=deep", "lamda=1", "variant=[basic,spars]"]);
    assert_snapshot!(shown);
}

#[test]
fn seeds_may_be_set_and_are_checked_like_those_of_the_file() {
    let text = "[experiment]\nquestion = \"Which?\"\nseeds = 5\n[grid]\ndepth = 1\n";
    let seeds = |set: &str| read(text, &[set]).map(|experiment| experiment.seeds);
    assert_eq!(seeds("seeds=2").unwrap(), [0, 1]);
    assert_eq!(seeds("seeds=[3, 7]").unwrap(), [3, 7]);
    let message = seeds("seeds=[3, 3]").unwrap_err().to_string();
    assert!(message.contains("the seed 3 is named twice"), "{message}");
    assert!(seeds("seeds=-1").is_err());
}

#[test]
fn what_is_no_toml_is_shown_like_the_rest() {
    let shown = message(
        "[experiment]\nquestion = \"Which?\nseeds = 1 2\n[grid]\ndepth = 1\ndepth = 2\nwidth = \n",
        &[],
    );
    assert_snapshot!(shown);
    let shown = message("", &[]);
    assert_snapshot!(shown);
}

#[test]
fn keys_that_mean_nothing_say_when_they_would() {
    let shown = message_of_expansion(
        r#"[grid]
pretraining = "greedy"
optimizer = "adam"
momentum = [0.5, 0.9]
sigma = 0.1
[variant.contractive]
lambda = [0.01, 0.1]
[variant.denoising]
corruption = "masking"
sigma = 0.1
"#,
    );
    assert_snapshot!(shown);
    let shown = message_of_expansion("[variant.contractive]\nlambda = [0.1, 1]\n");
    assert_snapshot!(shown);
}

#[test]
fn cells_that_break_a_rule_are_shown_with_their_values() {
    let shown = message_of_expansion("[grid]\nwidth = [[500, 250], 200]\ndepth = [1, 2, 3]\n");
    assert_snapshot!(shown);
}

#[test]
fn an_empty_result_is_a_mistake() {
    let shown = message_of_expansion("[grid]\ndepth = [1, 2]\n[[exclude]]\nif = 'depth > 0'\n");
    assert_snapshot!(shown);
}

#[test]
fn probes_are_those_on_request_each_named_once() {
    let probes = |list: &str| {
        format!("[experiment]\nquestion = 'Which?'\nseeds = 1\nprobes = {list}\n[grid]\n")
    };
    assert_eq!(read(&probes("[\"spread\"]"), &[]).unwrap().probes, ["spread"]);
    assert!(read(&probes("[]"), &[]).unwrap().probes.is_empty());
    let shown = message(&probes("[\"spred\", \"spread\", \"spread\"]"), &[]);
    assert_snapshot!(shown);
}

#[test]
fn a_metric_that_no_probe_of_the_file_measures_is_warned_of_where_it_stands() {
    let text = |probes: &str| {
        format!(
            "[experiment]\nquestion = 'Which?'\nseeds = 1\n{probes}[grid]\ndepth = [1, 2]\n\
             [[table]]\nname = 'spread'\nrows = 'depth'\nmetric = ['test_error', 'valid_spread']\n"
        )
    };
    let warnings = |probes| read(&text(probes), &[]).unwrap().warnings;
    assert!(warnings("probes = ['spread']\n").is_none());
    let shown = warnings("").unwrap().to_string();
    assert_snapshot!(shown, @r#"
    warning: no run is asked for `valid_spread`
     --> test.toml:9:25
      |
    9 | metric = ['test_error', 'valid_spread']
      |                         ^^^^^^^^^^^^^^ measured by the probe `spread`, which runs on request
      |
      = help: write probes = ["spread"] below [experiment], or measure finished runs by `ablate probe`
    "#);
}
