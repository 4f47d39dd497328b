//! The filter language of `exclude`, `when`, tables and `ablate query`: a text becomes an
//! [`Expr`], which is either matched against values here or compiled to bound SQL by the store.
//! Never evaluated as code.
//!
//! ```text
//! variant == 'contractive' and (depth >= 2 or not lambda in [0.1, 1]) and test_error < 0.1
//! best(valid_error) < 0.05 and at(train_loss, 10) is not missing
//! ```
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = { "not" } ( "(" or ")" | test )
//! test    = operand ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) operand
//!         | name [ "not" ] "in" "[" value { "," value } "]"
//!         | name [ "not" ] "like" string
//!         | name "is" [ "not" ] "missing"
//! operand = name | value
//! name    = word | ( "final" | "last" | "best" | "min" | "max" ) "(" word ")"
//!         | "at" "(" word "," ( number | "best_epoch" ) ")"
//! value   = number | string | "true" | "false"
//! ```

mod lexer;
mod matching;
mod parser;
mod reading;

use std::fmt;
use std::ops::Range;

pub use reading::{Epoch, Reading};

use crate::mistakes::floor;
use crate::value::Value;

/// A filter: its text and what the text means.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The text, as it was written.
    pub text: String,
    /// Its meaning.
    pub expr: Expr,
}

impl Filter {
    /// Reads `text`.
    ///
    /// Parentheses and `not` nest at most 64 deep and the text has at most 65536 bytes, so that
    /// no walk over the expression can exhaust the stack; a chain of `and` or `or` of any length
    /// becomes a balanced tree for the same reason.
    ///
    /// # Errors
    /// The first place where the text is no filter, and what would be valid there.
    pub fn parse(text: &str) -> Result<Filter, FilterError> {
        Ok(Filter { text: text.to_owned(), expr: parser::parse(text)? })
    }
}

/// A boolean expression. A comparison with a missing value is false, and `!=` is the negation of
/// `==` (so it is true where the value is missing).
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// At least one holds.
    Or(Box<Expr>, Box<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// `left op right`.
    Compare(Operand, Comparator, Operand),
    /// `name in [a, b]`.
    In(Name, Vec<Value>),
    /// `name like 'pattern'`: `%` stands for any text, `_` for one character; case counts.
    Like(Name, String),
    /// `name is missing`.
    Missing(Name),
}

/// A name or a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A parameter, a metric or another column of a run, or a number of one of its curves.
    Name(Name),
    /// A literal.
    Value(Value),
}

/// A name and where it stands in the text, in bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Which number of the curve of that name; without it, the name is a column.
    pub reading: Option<Reading>,
    /// Where it stands.
    pub span: Range<usize>,
}

/// As it is written: `depth`, `best(valid_error)`, `at(train_loss, 10)`.
impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reading {
            None => out.write_str(&self.text),
            Some(Reading::At(Epoch::Number(epoch))) => write!(out, "at({}, {epoch})", self.text),
            Some(Reading::At(Epoch::Best)) => write!(out, "at({}, best_epoch)", self.text),
            Some(reading) => write!(out, "{}({})", reading.word(), self.text),
        }
    }
}

/// `==`, `!=`, `<`, `<=`, `>`, `>=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Where, in bytes of the text; empty at the end of the text.
    pub span: Range<usize>,
    /// What is wrong there, and what would be valid.
    pub message: String,
}

/// How many characters of a line stand on either side of the first one that is wrong, at most.
const MOST_AROUND: usize = 100;

impl FilterError {
    pub(crate) fn new(span: Range<usize>, message: impl fmt::Display) -> FilterError {
        FilterError { span, message: message.to_string() }
    }

    /// The error under the line of `text` that it is about, with carets, in three lines.
    ///
    /// Of a long line, what stands around the place. Characters that would move the cursor are shown as a space or a replacement character.
    pub fn render(&self, text: &str) -> String {
        let start = floor(text, self.span.start);
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let end = floor(text, self.span.end).clamp(start, line_end);
        // A line that a program has written may be longer than any terminal.
        let first = text[line_start..start].char_indices().rev().nth(MOST_AROUND - 1);
        let first = first.map_or(line_start, |(index, _)| line_start + index);
        let last = text[start..line_end].char_indices().nth(MOST_AROUND);
        let last = last.map_or(line_end, |(index, _)| start + index);
        let ellipsis = |cut: bool| if cut { "..." } else { "" };
        let before = ellipsis(first > line_start);
        let indent = before.len() + text[first..start].chars().count();
        let carets = text[start..end.min(last)].chars().count().max(1);
        format!(
            "{before}{}{}\n{}{}\n{}",
            text[first..last].chars().map(printable).collect::<String>(),
            ellipsis(last < line_end),
            " ".repeat(indent),
            "^".repeat(carets),
            self.message
        )
    }
}

fn printable(character: char) -> char {
    match character {
        '\t' => ' ',
        character if character.is_control() => '\u{fffd}',
        character => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_stands_under_its_place() {
        let text = "depth = 3";
        let error = Filter::parse(text).unwrap_err();
        insta::assert_snapshot!(error.render(text), @r"
        depth = 3
              ^
        a single `=` compares nothing: did you mean `==`?
        ");
    }

    #[test]
    fn of_a_long_line_what_is_around_the_place_is_shown() {
        let text =
            format!("{}depth = 3{}", "depth == 1 and ".repeat(99), " or depth == 2".repeat(99));
        let shown = Filter::parse(&text).unwrap_err().render(&text);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(
            shown.len() < 500 && lines[0].starts_with("...") && lines[0].ends_with("..."),
            "{shown}"
        );
        let caret = lines[1].find('^').unwrap();
        assert_eq!(&lines[0][caret - 6..caret + 3], "depth = 3", "{shown}");
    }

    #[test]
    fn an_error_at_the_end_of_a_line_of_several_has_one_caret() {
        let text = "depth == 3 and\n\tµ\u{1b}";
        let error = Filter::parse(text).unwrap_err();
        assert_eq!(error.render(text).lines().nth(1), Some(" ^"));
        let open = Filter::parse("(depth == 1").unwrap_err();
        assert_eq!(open.render("(depth == 1").lines().nth(1), Some("           ^"));
    }
}
