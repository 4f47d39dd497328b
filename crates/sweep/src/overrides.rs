//! `--set key=value`: one parameter, replaced everywhere in an experiment file. The value is
//! written as in the file, but names need no quotes: `variant=[basic, contractive]`.

use std::fmt;
use std::ops::Range;

use toml::de::DeValue;

/// One `--set key=value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    text: String,
    key: Range<usize>,
    value: Range<usize>,
    /// The value in TOML syntax: bare words are quoted.
    toml: String,
}

impl Override {
    /// Reads `key=value`. Whether the key is a parameter and the value valid for it is found by
    /// [`Experiment::read`](crate::Experiment::read), which knows the catalog.
    ///
    /// # Errors
    /// What is missing, or why the value is no TOML.
    pub fn parse(text: &str) -> Result<Override, String> {
        let example = "write key=value, such as depth=2 or variant=[basic, contractive]";
        let Some((left, right)) = text.split_once('=') else {
            return Err(format!("`{text}` has no `=`: {example}"));
        };
        let key = left.trim();
        if key.is_empty() {
            return Err(format!("`{text}` names no parameter: {example}"));
        }
        if right.trim().is_empty() {
            return Err(format!("`{text}` has no value: {example}"));
        }
        let toml = quote_bare_words(right.trim());
        if let Err(error) = DeValue::parse(&toml) {
            return Err(format!("the value of `{text}` cannot be read: {}", error.message()));
        }
        let key_start = left.len() - left.trim_start().len();
        let value_start = left.len() + 1 + (right.len() - right.trim_start().len());
        Ok(Override {
            key: key_start..key_start + key.len(),
            value: value_start..value_start + right.trim().len(),
            toml,
            text: text.to_owned(),
        })
    }

    /// The name before the `=`.
    pub fn key(&self) -> &str {
        &self.text[self.key.clone()]
    }

    /// Where the name and the value stand in the text.
    pub(crate) fn spans(&self) -> (Range<usize>, Range<usize>) {
        (self.key.clone(), self.value.clone())
    }

    /// The value in TOML syntax.
    pub(crate) fn toml(&self) -> &str {
        &self.toml
    }
}

/// The text, as it was given.
impl fmt::Display for Override {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// `text` with quotes around every word that starts with a letter and every path, which has a `/`,
/// except for the words and keys that TOML itself has.
fn quote_bare_words(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let len = match first {
            '"' | '\'' => string_len(rest, first),
            _ if is_of_word(first) => rest.find(|letter| !is_of_word(letter)).unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(len);
        let is_key = after.trim_start().starts_with('=');
        let is_name = first.is_ascii_alphabetic() || first == '_' || token.contains('/');
        if is_name && !is_key && !["true", "false", "inf", "nan"].contains(&token) {
            quoted.extend(["\"", token, "\""]);
        } else {
            quoted.push_str(token);
        }
        rest = after;
    }
    quoted
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "_-+./".contains(letter)
}

/// The length of the quoted text that `rest` begins with.
fn string_len(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, letter) in rest.char_indices().skip(1) {
        if letter == quote && !escaped {
            return index + 1;
        }
        escaped = quote == '"' && letter == '\\' && !escaped;
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quotes() {
        for (text, toml) in [
            ("depth=2", "2"),
            ("variant=basic", "\"basic\""),
            ("dataset = mnist-5k", "\"mnist-5k\""),
            ("variant=[basic, 'sparse', \"denoising\"]", "[\"basic\", 'sparse', \"denoising\"]"),
            ("learning_rate={log=[1e-3, 1], n=4}", "{log=[1e-3, 1], n=4}"),
            ("tied=true", "true"),
            ("lambda=+1.5e-3", "+1.5e-3"),
            ("variant=basic+vae", "\"basic+vae\""),
            ("dataset=../letters.npz", "\"../letters.npz\""),
            ("dataset=[data/a.npz, /1/b]", "[\"data/a.npz\", \"/1/b\"]"),
            ("dataset='a=b \\'", "'a=b \\'"),
            ("dataset=\"a \\\" b\"", "\"a \\\" b\""),
        ] {
            let set = Override::parse(text).unwrap();
            assert_eq!(set.toml(), toml);
            assert_eq!(set.to_string(), text);
        }
        assert_eq!(Override::parse(" depth = 2 ").unwrap().key(), "depth");
    }

    #[test]
    fn what_is_no_setting_says_how_one_looks() {
        for (text, part) in [
            ("depth", "has no `=`"),
            ("=2", "names no parameter"),
            ("depth= ", "has no value"),
            ("depth=[1,", "cannot be read"),
            ("depth=1 2", "cannot be read"),
            ("depth=\"open", "cannot be read"),
            ("depth=1\nwidth=2", "cannot be read"),
        ] {
            let error = Override::parse(text).unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
        let deep = format!("depth={}", "[".repeat(100_000));
        assert!(Override::parse(&deep).is_err());
    }
}
