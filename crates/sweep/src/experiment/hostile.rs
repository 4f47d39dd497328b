//! Files that are huge, deep or no files at all are refused like any other.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::messages::{message, message_of_expansion};
use crate::fixtures::{catalog, read};

/// Nothing but their count is worked out: their values would fill any memory.
#[test]
fn a_million_million_cells_are_refused_at_once() {
    let message = message_of_expansion(
        "[grid]\nlearning_rate = { log = [1e-9, 1], n = 1_000_000_000_000 }\n",
    );
    assert_snapshot!(message);
    let beyond = message_of_expansion(
        "[grid]\n\
         learning_rate = { log = [1e-9, 1], n = 9_000_000_000_000_000_000 }\n\
         momentum = { linear = [0, 1], n = 9_000_000_000_000_000_000 }\n\
         epochs = { linear = [1, 10000], n = 10000 }\n\
         optimizer = ['sgd', 'adam']\n",
    );
    assert!(beyond.contains("more than 10^38 cells"), "{beyond}");
}

#[test]
fn hostile_files_are_refused_in_order() {
    let deep = format!("a = {}", "[".repeat(100_000));
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    let tables = "[[union]]\ndepth = 1\n".repeat(50_000);
    let keys: String = (0..20_000).map(|key| format!("key{key} = 1\n")).collect();
    let seeds = "[experiment]\nquestion = 'x'\nseeds = 1_000_000_000_000\n".to_owned();
    let long = "x".repeat(5 << 20);
    let line = format!("a = '{}", "x".repeat(4_000_000));
    for text in [deep, dotted, tables, keys, seeds, long, line, "\u{feff}\0".to_owned()] {
        let message = message(&text, &[]);
        assert!(message.len() < 40_000, "{} bytes about {:.20}", message.len(), text);
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        if let Err(mistakes) = read(&text, &[]) {
            mistakes.to_string();
        }
    }

    #[test]
    fn no_row_of_pieces_makes_it_panic(
        pieces in prop::collection::vec(
            prop::sample::select(vec![
                "[experiment]\nquestion = 'x'\nseeds = 1\n", "[grid]\n", "[[zip]]\n", "[[union]]\n",
                "[[when]]\n", "[[exclude]]\n", "[variant.sparse]\n", "[sample]\n", "[compare]\n",
                "[[table]]\n", "[[table.paper]]\n", "source = 'x'\n", "trust = 'memory'\n", "statistic = 'iqm'\n",
                "values = [{ depth = 1, value = 2 }]\n", "[[claim]]\n", "kind = 'below'\n", "kind = 'rising'\n", "along = 'depth'\n",
                "arms = ['depth == 1', 'depth == 2']\n", "depth = [1, 2]\n", "depth = 3\n", "width = [[2, 1], 3]\n",
                "lambda = { log = [0.1, 1], n = 3 }\n", "epochs = { from = 1, to = 5, step = 2 }\n",
                "if = 'depth == 1'\n", "if = \"µ\\n=\"\n", "variant = ['basic', 'sparse']\n",
                "n = 3\n", "seed = 1\n", "name = 'a'\n", "rows = 'depth'\n", "axis = 'depth'\n",
                "[[plot]]\n", "kind = 'strip'\n", "x = 'depth'\n", "log = 'y'\n",
                "metric = 'test_error'\n", "pretraining = ['none', 'greedy']\n", "tied = true\n",
            ]),
            0..16,
        )
    ) {
        let text = pieces.concat();
        match read(&text, &["tied=[true,false]"]) {
            Ok(experiment) => { let _ = experiment.expand(&catalog(), crate::Limit::default()); }
            Err(mistakes) => { mistakes.to_string(); }
        }
    }
}
