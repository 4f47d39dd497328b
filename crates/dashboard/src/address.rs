//! Addresses of pages: a path of ours and a query. All state of a view is in its address.

use std::fmt;

use form_urlencoded::byte_serialize;

/// What a query may hold at most, in bytes, before it is decoded.
pub(crate) const LONGEST: usize = 8 << 10;

/// The names and values of a query, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked(Vec<(String, String)>);

impl Asked {
    /// Reads the text behind the `?`. What is not UTF-8 gets replacement characters.
    pub(crate) fn read(query: &str) -> Asked {
        Asked(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// The first value of that name that says anything.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of that name that says anything.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(move |(known, value)| known == name && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    }

    /// Every value of that name, each taken apart at its commas.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        let parts = self.all(name).flat_map(|value| value.split(','));
        parts.map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
    }

    /// The first value of that name as a number, if it is one.
    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

/// A page of ours and a query for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    path: &'static str,
    query: Vec<(String, String)>,
}

impl Address {
    /// Without a query.
    pub(crate) fn new(path: &'static str) -> Address {
        Address { path, query: Vec::new() }
    }

    /// With all that was asked.
    pub(crate) fn of(path: &'static str, asked: &Asked) -> Address {
        let said = asked.0.iter().filter(|(_, value)| !value.trim().is_empty());
        Address { path, query: said.cloned().collect() }
    }

    /// With `value`, and no other, for `name`; an empty value takes the name away.
    pub(crate) fn with(mut self, name: &str, value: impl fmt::Display) -> Address {
        self.query.retain(|(known, _)| known != name);
        let value = value.to_string();
        if !value.is_empty() {
            self.query.push((name.to_owned(), value));
        }
        self
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.path)?;
        for (at, (name, value)) in self.query.iter().enumerate() {
            out.write_str(if at == 0 { "?" } else { "&" })?;
            byte_serialize(name.as_bytes()).try_for_each(|part| out.write_str(part))?;
            out.write_str("=")?;
            byte_serialize(value.as_bytes()).try_for_each(|part| out.write_str(part))?;
        }
        Ok(())
    }
}

/// `text` as a string of the filter language.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_whatever_its_values_are() {
        let value = "a == 'b' & c=\"d\"#<\u{e9}>%2e%2e/";
        let address = Address::new("/runs").with("filter", value).with("sort", "-x").with("no", "");
        let text = address.to_string();
        let asked = Asked::read(text.strip_prefix("/runs?").unwrap());
        assert_eq!((asked.get("filter"), asked.get("sort")), (Some(value), Some("-x")));
        assert_eq!(Address::of("/runs", &asked).to_string(), text);
        assert!(text.chars().all(|c| c.is_ascii_graphic() && !"<>\"' ".contains(c)), "{text}");
    }

    #[test]
    fn what_says_nothing_is_not_asked() {
        let asked = Asked::read("a=&a=+&a=1&b=x,+y,,&b=z&c");
        assert_eq!((asked.get("a"), asked.get("c"), asked.number("a")), (Some("1"), None, Some(1)));
        assert_eq!(asked.list("b"), ["x", "y", "z"]);
        assert_eq!(Asked::read("%ff=%00").0.len(), 1);
    }

    #[test]
    fn a_quoted_text_is_that_text_in_a_filter() {
        for text in ["plain", "it's", r"back\slash", "\"x\"", r"\'"] {
            let filter = format!("experiment == {}", quoted(text));
            let filter = ablate_sweep::Filter::parse(&filter).unwrap();
            assert!(format!("{:?}", filter.expr).contains(&format!("{text:?}")), "{text}");
        }
    }
}
