//! Tables, comparisons, claims and query results as text in six formats. Every renderer is a pure function
//! of its input: the same runs give the same bytes.

mod claims;
mod csv;
mod html;
mod json;
mod latex;
mod layout;
mod markdown;
mod terminal;
mod text;

use crate::comparison::Comparison;
use crate::grid::Grid;
use crate::table::Table;
use crate::tables::Place;

pub(crate) use html::escape;
pub(crate) use terminal::width;
pub use terminal::{painted, visible};

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal.
    Text,
    /// A GitHub-flavoured pipe table.
    Markdown,
    /// A `tabular` that needs `\usepackage{booktabs}`.
    Latex,
    /// A table to be put into a page.
    Html,
    /// RFC 4180, one line a cell or a row, numbers as they are.
    Csv,
    /// Everything that is known, runs included.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Format; 6] =
        [Format::Text, Format::Markdown, Format::Latex, Format::Html, Format::Csv, Format::Json];

    /// Its one word.
    pub fn word(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Markdown => "markdown",
            Format::Latex => "latex",
            Format::Html => "html",
            Format::Csv => "csv",
            Format::Json => "json",
        }
    }

    /// The format whose word this is.
    pub fn from_word(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.word() == word)
    }
}

/// How [`Format::Text`] is shown; the other formats look at none of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI escapes may be used.
    pub emphasis: Emphasis,
    /// How many columns the terminal has; wider tables are split into blocks. Unlimited without it.
    pub width: Option<usize>,
}

/// Whether ANSI escapes may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emphasis {
    /// None: for files and pipes.
    #[default]
    Plain,
    /// Bold and colour by ANSI escapes.
    Ansi,
}

impl Table {
    /// The table in `format`, with a line break at the end.
    pub fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Text => text::table(self, style),
            Format::Markdown => markdown::table(self),
            Format::Latex => latex::table(self),
            Format::Html => html::table(self),
            Format::Csv => csv::table(self),
            Format::Json => json::pretty(&json::table(self)),
        }
    }

    /// [`Format::Html`] in which each number that has runs behind it, or whose runs failed, is a link
    /// to the address that `link` gives for its place.
    pub fn linked(&self, link: &dyn Fn(Place) -> Option<String>) -> String {
        html::linked(self, link)
    }
}

impl Comparison {
    /// The comparison in `format`, with a line break at the end. Text, Markdown, LaTeX and HTML show the
    /// sentences and the summary; CSV and JSON hold every cell as well.
    pub fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Text => text::comparison(self, style),
            Format::Markdown => markdown::comparison(self),
            Format::Latex => latex::comparison(self),
            Format::Html => html::comparison(self),
            Format::Csv => csv::grid(&self.grid()),
            Format::Json => json::pretty(&json::comparison(self)),
        }
    }
}

impl Grid {
    /// The sheet in `format`, with a line break at the end.
    pub fn render(&self, format: Format, style: Style) -> String {
        match format {
            Format::Text => text::grid(self, style),
            Format::Markdown => markdown::grid(self),
            Format::Latex => latex::grid(self),
            Format::Html => html::grid(self),
            Format::Csv => csv::grid(self),
            Format::Json => json::pretty(&json::grid(self)),
        }
    }
}

#[cfg(test)]
mod tests;
