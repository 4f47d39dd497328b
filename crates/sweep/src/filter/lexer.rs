//! The words of a filter: names, literals and signs, each with its place in the text. Signs of
//! other languages (`=`, `&&`, `||`, `!`, `<>`) are met with the one that was meant.

use std::fmt;
use std::ops::Range;

use super::{Comparator, FilterError};
use crate::value::Value;

/// The words of `text`, ending with one [`Word::End`].
pub(super) fn words(text: &str) -> Result<Vec<(Word, Range<usize>)>, FilterError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut words = Vec::new();
    loop {
        let rest = lexer.rest();
        lexer.at += rest.len() - rest.trim_start().len();
        let start = lexer.at;
        let word = lexer.word()?;
        let ended = word == Word::End;
        words.push((word, start..lexer.at));
        if ended {
            return Ok(words);
        }
    }
}

/// One word of a filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word {
    Name(String),
    Value(Value),
    Comparator(Comparator),
    And,
    Or,
    Not,
    In,
    Like,
    Is,
    Missing,
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    End,
}

impl Word {
    /// The reserved word or name that `text` is.
    fn from_letters(text: &str) -> Word {
        match text {
            "and" => Word::And,
            "or" => Word::Or,
            "not" => Word::Not,
            "in" => Word::In,
            "like" => Word::Like,
            "is" => Word::Is,
            "missing" => Word::Missing,
            "true" => Word::Value(Value::Bool(true)),
            "false" => Word::Value(Value::Bool(false)),
            name => Word::Name(name.to_owned()),
        }
    }
}

/// As it is quoted in a message: "`and`", "the end".
impl fmt::Display for Word {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Word::Name(name) => return write!(out, "the name `{name}`"),
            Word::Value(Value::Text(text)) => return write!(out, "the text '{text}'"),
            Word::Value(value) => return write!(out, "`{value}`"),
            Word::Comparator(comparator) => return write!(out, "`{}`", comparator.sign()),
            Word::End => return out.write_str("the end"),
            Word::And => "and",
            Word::Or => "or",
            Word::Not => "not",
            Word::In => "in",
            Word::Like => "like",
            Word::Is => "is",
            Word::Missing => "missing",
            Word::Open => "(",
            Word::Close => ")",
            Word::OpenList => "[",
            Word::CloseList => "]",
            Word::Comma => ",",
        };
        write!(out, "`{text}`")
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn word(&mut self) -> Result<Word, FilterError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Word::End) };
        if first.is_ascii_alphabetic() || first == '_' {
            let letters = self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            return Ok(Word::from_letters(letters));
        }
        if first.is_ascii_digit() || first == '-' || first == '+' || first == '.' {
            return self.number();
        }
        match first {
            '\'' | '"' => self.string(first),
            _ => self.sign(),
        }
    }

    fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let taken = &rest[..rest.find(|letter| !accept(letter)).unwrap_or(rest.len())];
        self.at += taken.len();
        taken
    }

    /// Everything that could belong to the number is taken first, so that `1.2.3` or `2x` is one
    /// mistake rather than a number followed by something odd.
    fn number(&mut self) -> Result<Word, FilterError> {
        let start = self.at;
        self.take_while(|sign| sign == '-' || sign == '+');
        loop {
            let digits = self.take_while(|letter| letter.is_ascii_alphanumeric() || letter == '.');
            let exponent = digits.ends_with(['e', 'E']) && self.rest().starts_with(['-', '+']);
            if !exponent {
                break;
            }
            self.at += 1;
        }
        let text = &self.text[start..self.at];
        let starts_as_number =
            text.trim_start_matches(['-', '+']).starts_with(|digit: char| digit.is_ascii_digit());
        let value = match (text.parse::<i64>(), text.parse::<f64>()) {
            _ if !starts_as_number => None,
            (Ok(whole), _) => Some(Value::Int(whole)),
            (Err(_), Ok(real)) if real.is_finite() && text.contains(['.', 'e', 'E']) => {
                Some(Value::Float(real))
            }
            _ => None,
        };
        value.map(Word::Value).ok_or_else(|| {
            let valid = "write it like 3, -0.5 or 1e-4 (whole numbers have at most 64 bits)";
            FilterError::new(start..self.at, format_args!("`{text}` is no number: {valid}"))
        })
    }

    /// A text in quotes; the quote stands in it doubled or behind a backslash.
    fn string(&mut self, quote: char) -> Result<Word, FilterError> {
        let start = self.at;
        let mut text = String::new();
        let mut letters = self.rest().char_indices().skip(1).peekable();
        while let Some((index, letter)) = letters.next() {
            if letter == quote {
                if letters.next_if(|(_, next)| *next == quote).is_none() {
                    self.at = start + index + quote.len_utf8();
                    return Ok(Word::Value(Value::Text(text)));
                }
                text.push(quote);
            } else if letter == '\\' {
                let Some((_, escaped)) = letters.next_if(|(_, next)| "\\'\"".contains(*next))
                else {
                    let place = start + index..start + index + 1;
                    let message = "a backslash stands only before a quote or another backslash";
                    return Err(FilterError::new(place, message));
                };
                text.push(escaped);
            } else {
                text.push(letter);
            }
        }
        let message = format_args!("this text has no closing {quote}");
        Err(FilterError::new(start..self.text.len(), message))
    }

    fn sign(&mut self) -> Result<Word, FilterError> {
        let signs = [
            ("==", Word::Comparator(Comparator::Equal)),
            ("!=", Word::Comparator(Comparator::NotEqual)),
            ("<=", Word::Comparator(Comparator::LessOrEqual)),
            (">=", Word::Comparator(Comparator::GreaterOrEqual)),
            ("(", Word::Open),
            (")", Word::Close),
            ("[", Word::OpenList),
            ("]", Word::CloseList),
            (",", Word::Comma),
        ];
        let rest = self.rest();
        if let Some((sign, word)) = signs.into_iter().find(|(sign, _)| rest.starts_with(sign)) {
            self.at += sign.len();
            return Ok(word);
        }
        self.foreign_sign()?;
        let word = if rest.starts_with('<') { Comparator::Less } else { Comparator::Greater };
        self.at += 1;
        Ok(Word::Comparator(word))
    }

    /// Refuses whatever is neither `<` nor `>` here, naming what was meant.
    fn foreign_sign(&self) -> Result<(), FilterError> {
        let foreign = [
            ("<>", "`<>` is written `!=` here"),
            ("=", "a single `=` compares nothing: did you mean `==`?"),
            ("&&", "`&&` is written `and` here"),
            ("&", "`&` is no operator here: did you mean `and`?"),
            ("||", "`||` is written `or` here"),
            ("|", "`|` is no operator here: did you mean `or`?"),
            ("!", "`!` is written `not` here"),
        ];
        let rest = self.rest();
        if let Some((sign, message)) = foreign.iter().find(|(sign, _)| rest.starts_with(sign)) {
            return Err(FilterError::new(self.at..self.at + sign.len(), message));
        }
        match rest.chars().next() {
            Some('<' | '>') | None => Ok(()),
            Some(odd) => {
                let message = format_args!("`{}` means nothing in a filter", odd.escape_debug());
                Err(FilterError::new(self.at..self.at + odd.len_utf8(), message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Value, FilterError> {
        match words(text)?.swap_remove(0).0 {
            Word::Value(value) => Ok(value),
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn numbers_have_signs_and_exponents() {
        assert_eq!(value("-12"), Ok(Value::Int(-12)));
        assert_eq!(value("+3"), Ok(Value::Int(3)));
        assert_eq!(value("1e-4"), Ok(Value::Float(1e-4)));
        assert_eq!(value("-2.5E+3"), Ok(Value::Float(-2500.0)));
        assert_eq!(value("9223372036854775807"), Ok(Value::Int(i64::MAX)));
    }

    #[test]
    fn what_only_looks_like_a_number_is_refused_whole() {
        for text in ["1.2.3", "2x", "1e999", "9223372036854775808", "--1", "-", ".5", "-inf", "1e"]
        {
            let error = words(text).unwrap_err();
            assert_eq!(error.span, 0..text.len(), "{text}");
        }
    }

    #[test]
    fn a_quote_stands_in_a_text_doubled_or_behind_a_backslash() {
        for text in [r"'it''s'", r"'it\'s'", r#""it's""#] {
            assert_eq!(value(text), Ok(Value::Text("it's".into())), "{text}");
        }
        assert_eq!(value(r"'a\\b'"), Ok(Value::Text(r"a\b".into())));
        assert!(words(r"'a\nb'").is_err());
        assert!(words("'open").unwrap_err().message.contains("closing '"));
    }

    #[test]
    fn signs_of_other_languages_get_the_one_that_was_meant() {
        for (text, meant) in
            [("a = 1", "`==`"), ("a && b", "`and`"), ("a || b", "`or`"), ("!a", "`not`")]
        {
            assert!(words(text).unwrap_err().message.contains(meant), "{text}");
        }
        assert!(words("a ; b").unwrap_err().message.contains("means nothing"));
    }
}
