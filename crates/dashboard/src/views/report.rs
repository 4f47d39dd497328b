//! One experiment as a single file: everything that its page says, with the style inside and without
//! scripts, links to the server or anything to be loaded.

use std::path::Path;

use ablate_records::Store;
use maud::{DOCTYPE, PreEscaped, html};

use crate::address::Asked;
use crate::assets::STYLE;
use crate::laboratory::Laboratory;
use crate::views::{Visit, experiment};

/// The page of `experiment` in `store`.
///
/// # Errors
/// In words: there is no such experiment, or its runs cannot be read.
pub fn report(
    store: &Store,
    laboratory: &dyn Laboratory,
    experiment: &str,
) -> Result<String, String> {
    let answer = laboratory.answer(store, experiment)?;
    let visit = Visit { store, laboratory, asked: &Asked::default() };
    let file = Path::new(store.path()).file_name().unwrap_or_default().to_string_lossy();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy"
                    content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                title { (answer.experiment.name) " · ablate" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (ablate_report::visible(&answer.experiment.name)) }
                    p.question { (answer.experiment.question) }
                    p { (answer.standings.finished) " of " (answer.standings.planned)
                        " runs finished, " (answer.standings.failed) " failed; from " code { (file) }
                        ", by ablate " (env!("CARGO_PKG_VERSION")) "." }
                    (experiment::content(&visit, &answer, &|_, _| None))
                    (experiment::file(&answer))
                }
            }
        }
    };
    Ok(page.into_string())
}
