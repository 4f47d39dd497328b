//! What every page has around its content.

use maud::{DOCTYPE, Markup, html};

use crate::address::Address;

/// A page with this title; the part that `live` names is shown anew when what it shows changes.
pub(crate) fn whole(title: &str, live: Option<&Address>, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · ablate" }
                link rel="icon" href="/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/style.css";
                script src="/script.js" defer {}
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header.top {
                    a.brand href="/" { "ablate" }
                    nav aria-label="Main" {
                        a href="/experiments" { "Experiments" }
                        a href="/runs" { "Runs" }
                    }
                }
                main #main data-live=[live.map(Address::to_string)] { (body) }
            }
        }
    }
}

/// The tabs of an experiment, of which `here` is open.
pub(crate) fn tabs(experiment: &str, here: &str) -> Markup {
    let tabs = [
        ("Answer", "/experiment"),
        ("Compare", "/compare"),
        ("Curves", "/curves"),
        ("Robustness", "/robustness"),
        ("Parameters", "/parallel"),
    ];
    let runs = format!("experiment == {}", crate::address::quoted(experiment));
    html! {
        nav.tabs aria-label="Views of the experiment" {
            @for (name, path) in tabs {
                a href=(Address::new(path).with("name", experiment))
                    aria-current=[(here == path).then_some("page")] { (name) }
            }
            a href=(Address::new("/runs").with("filter", runs)) { "Runs" }
        }
    }
}

/// A word about a state or a verdict, whose colour follows the word.
pub(crate) fn chip(word: &str) -> Markup {
    let class = match word {
        "finished" | "supported" => "chip good",
        "failed" | "refuted" => "chip bad",
        "running" => "chip busy",
        _ => "chip",
    };
    html! { span class=(class) { (word) } }
}

/// A mistake in what was typed: the text with its marks, of which no line may be broken, and below them
/// the words, of which any may.
pub(crate) fn mistake(said: &str) -> Markup {
    let (marked, words) = match said.rsplit_once("^\n") {
        Some((marked, words)) => (Some(format!("{marked}^")), words),
        None => (None, said),
    };
    html! {
        div.mistake role="alert" {
            @if let Some(marked) = marked { pre { (marked) } }
            p { (words) }
        }
    }
}

/// Links to the same thing in other formats: a click copies its text, and without scripts opens it.
pub(crate) fn copies(address: &Address, formats: &[(&str, &str)]) -> Markup {
    html! {
        p.copies {
            "Copy as "
            @for (name, word) in formats {
                a data-copy href=(address.clone().with("format", word)) { (name) } " "
            }
        }
    }
}
