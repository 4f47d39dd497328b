//! Filter text to [`Expr`], by recursive descent over the grammar in the parent module.

use std::ops::Range;

use super::lexer::{Word, words};
use super::{Comparator, Epoch, Expr, FilterError, Name, Operand, Reading};
use crate::value::Value;

/// How deep parentheses and `not` may nest.
const MAX_DEPTH: usize = 64;

/// How long a filter may be, in bytes.
const MAX_LEN: usize = 65_536;

/// The expression that `text` is.
pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_LEN {
        let message = format!("a filter has at most {MAX_LEN} bytes, this one has {}", text.len());
        return Err(FilterError::new(0..0, message));
    }
    let mut parser = Parser { words: words(text)?, at: 0 };
    let expr = parser.any_of(0)?;
    match parser.peek() {
        Word::End => Ok(expr),
        Word::Comparator(_) => {
            Err(parser.error("comparisons do not chain: write `1 < depth and depth < 3`"))
        }
        Word::Close => Err(parser.error("this `)` closes nothing")),
        _ => Err(parser.expected("`and`, `or` or the end")),
    }
}

struct Parser {
    words: Vec<(Word, Range<usize>)>,
    at: usize,
}

impl Parser {
    fn any_of(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut terms = vec![self.all_of(depth)?];
        while self.took(&Word::Or) {
            terms.push(self.all_of(depth)?);
        }
        Ok(balanced(terms, |left, right| Expr::Or(Box::new(left), Box::new(right))))
    }

    fn all_of(&mut self, depth: usize) -> Result<Expr, FilterError> {
        let mut terms = vec![self.term(depth)?];
        while self.took(&Word::And) {
            terms.push(self.term(depth)?);
        }
        Ok(balanced(terms, |left, right| Expr::And(Box::new(left), Box::new(right))))
    }

    fn term(&mut self, depth: usize) -> Result<Expr, FilterError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("`(` and `not` nest at most {MAX_DEPTH} deep")));
        }
        if self.took(&Word::Not) {
            return Ok(Expr::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.took(&Word::Open) {
            let inner = self.any_of(depth + 1)?;
            return match self.peek() {
                Word::Comparator(_) => {
                    Err(self.error("comparisons do not chain: write `1 < depth and depth < 3`"))
                }
                _ => self.expect(&Word::Close, "`and`, `or` or `)`").map(|()| inner),
            };
        }
        self.test()
    }

    fn test(&mut self) -> Result<Expr, FilterError> {
        let left = self.operand()?;
        if let Word::Comparator(comparator) = *self.peek() {
            self.at += 1;
            return Ok(Expr::Compare(left, comparator, self.operand()?));
        }
        let Operand::Name(name) = left else {
            return Err(self.expected("a comparison such as `==`"));
        };
        if self.took(&Word::Is) {
            let negated = self.took(&Word::Not);
            self.expect(&Word::Missing, "`missing` or `not missing`")?;
            return Ok(negate_if(negated, Expr::Missing(name)));
        }
        let negated = self.took(&Word::Not);
        let test = if self.took(&Word::In) {
            Expr::In(name, self.list()?)
        } else if self.took(&Word::Like) {
            Expr::Like(name, self.pattern()?)
        } else if negated {
            return Err(self.expected("`in` or `like`"));
        } else {
            return Err(self.expected("a comparison such as `==`, `in`, `like` or `is missing`"));
        };
        Ok(negate_if(negated, test))
    }

    fn operand(&mut self) -> Result<Operand, FilterError> {
        let operand = match self.peek() {
            Word::Name(_) => return Ok(Operand::Name(self.name()?)),
            Word::Value(value) => Operand::Value(value.clone()),
            Word::Not => return Err(self.error("`not` stands before a whole comparison")),
            _ => return Err(self.expected("a name or a value")),
        };
        self.at += 1;
        Ok(operand)
    }

    /// A column, or a number of a curve.
    fn name(&mut self) -> Result<Name, FilterError> {
        let (word, span) = self.word()?;
        if !self.took(&Word::Open) {
            return Ok(Name { text: word, reading: None, span });
        }
        if word == "at" {
            let (text, span) = self.word()?;
            self.expect(&Word::Comma, "`,` and an epoch")?;
            let reading = Some(Reading::At(self.epoch()?));
            self.expect(&Word::Close, "`)`")?;
            return Ok(Name { text, reading, span });
        }
        let Some(reading) = Reading::SIMPLE.into_iter().find(|known| known.word() == word) else {
            let known = "`final`, `last`, `best`, `min`, `max` and `at`";
            let message =
                format!("`{word}` is nothing that a curve is asked for: there are {known}");
            return Err(FilterError::new(span, message));
        };
        let (text, span) = self.word()?;
        self.expect(&Word::Close, "`)`")?;
        Ok(Name { text, reading: Some(reading), span })
    }

    fn word(&mut self) -> Result<(String, Range<usize>), FilterError> {
        let Word::Name(text) = self.peek() else { return Err(self.expected("a name")) };
        let found = (text.clone(), self.span());
        self.at += 1;
        Ok(found)
    }

    fn epoch(&mut self) -> Result<Epoch, FilterError> {
        let epoch = match self.peek() {
            Word::Name(name) if name == "best_epoch" => Some(Epoch::Best),
            Word::Value(Value::Int(number)) => {
                u32::try_from(*number).ok().filter(|number| *number >= 1).map(Epoch::Number)
            }
            _ => None,
        };
        let Some(epoch) = epoch else {
            return Err(self.expected("an epoch: a whole number from 1, or `best_epoch`"));
        };
        self.at += 1;
        Ok(epoch)
    }

    fn list(&mut self) -> Result<Vec<Value>, FilterError> {
        self.expect(&Word::OpenList, "a list in square brackets, such as `[1, 2]`")?;
        let mut values = vec![self.value()?];
        while self.took(&Word::Comma) {
            values.push(self.value()?);
        }
        self.expect(&Word::CloseList, "`,` or `]`")?;
        Ok(values)
    }

    fn value(&mut self) -> Result<Value, FilterError> {
        let value = match self.peek() {
            Word::Value(value) => value.clone(),
            Word::Name(name) => {
                let message = format!("a list holds values: to mean the text, write '{name}'");
                return Err(self.error(message));
            }
            _ => return Err(self.expected("a value")),
        };
        self.at += 1;
        Ok(value)
    }

    fn pattern(&mut self) -> Result<String, FilterError> {
        let Word::Value(Value::Text(pattern)) = self.peek() else {
            return Err(self.expected("a pattern in quotes, such as 'mnist%'"));
        };
        let pattern = pattern.clone();
        self.at += 1;
        Ok(pattern)
    }

    fn peek(&self) -> &Word {
        &self.words[self.at].0
    }

    fn span(&self) -> Range<usize> {
        self.words[self.at].1.clone()
    }

    /// Whether the next word was `word`, which is then behind us. The end is never passed: nobody
    /// takes it.
    fn took(&mut self, word: &Word) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &Word, what: &str) -> Result<(), FilterError> {
        if self.took(word) { Ok(()) } else { Err(self.expected(what)) }
    }

    fn expected(&self, what: &str) -> FilterError {
        let hint = match self.peek() {
            Word::Name(name) if ["and", "or", "not"].contains(&&*name.to_ascii_lowercase()) => {
                format!("; did you mean `{}`?", name.to_ascii_lowercase())
            }
            _ => String::new(),
        };
        self.error(format!("expected {what}, found {}{hint}", self.peek()))
    }

    fn error(&self, message: impl std::fmt::Display) -> FilterError {
        FilterError::new(self.span(), message)
    }
}

fn negate_if(negated: bool, test: Expr) -> Expr {
    if negated { Expr::Not(Box::new(test)) } else { test }
}

/// Joins terms in their order into a tree whose depth grows only with the logarithm of their
/// number. There is at least one term.
fn balanced(mut terms: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Expr {
    while terms.len() > 1 {
        let mut pairs = Vec::with_capacity(terms.len().div_ceil(2));
        let mut rest = terms.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => join(left, right),
                None => left,
            });
        }
        terms = pairs;
    }
    terms.pop().expect("every chain has a first term")
}

impl Comparator {
    /// Its sign: `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub fn sign(self) -> &'static str {
        match self {
            Comparator::Equal => "==",
            Comparator::NotEqual => "!=",
            Comparator::Less => "<",
            Comparator::LessOrEqual => "<=",
            Comparator::Greater => ">",
            Comparator::GreaterOrEqual => ">=",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Filter;

    fn message(text: &str) -> String {
        Filter::parse(text).unwrap_err().message
    }

    #[test]
    fn and_binds_closer_than_or_and_not_closest() {
        let same = |left: &str, right: &str| {
            let shape = |text: &str| {
                let debug = format!("{:?}", Filter::parse(text).unwrap().expr);
                // Places differ by the parentheses; the shapes must not.
                let mut shape = String::new();
                let mut parts = debug.split("span: ");
                shape.push_str(parts.next().unwrap());
                parts.for_each(|part| shape.push_str(&part[part.find('}').unwrap()..]));
                shape
            };
            assert_eq!(shape(left), shape(right));
        };
        same("a == 1 or b == 2 and c == 3", "a == 1 or (b == 2 and c == 3)");
        same("not a == 1 and b == 2", "(not a == 1) and b == 2");
        same("a == 1 and b == 2 and c == 3", "(a == 1 and b == 2) and c == 3");
        same("a not in [1]", "not a in [1]");
        same("a is not missing", "not a is missing");
    }

    #[test]
    fn every_mistake_says_what_would_be_valid() {
        for (text, part) in [
            ("", "expected a name or a value, found the end"),
            ("depth", "expected a comparison such as `==`, `in`, `like` or `is missing`"),
            ("depth ==", "expected a name or a value, found the end"),
            ("depth in (1, 2)", "a list in square brackets"),
            ("depth in []", "expected a value, found `]`"),
            ("variant in [basic]", "write 'basic'"),
            ("variant like 3", "a pattern in quotes"),
            ("1 < depth < 3", "do not chain"),
            ("(1 < depth < 3)", "do not chain"),
            ("depth == 1 AND depth == 2", "did you mean `and`?"),
            ("depth == 1)", "closes nothing"),
            ("(depth == 1", "expected `and`, `or` or `)`, found the end"),
            ("depth is 3", "`missing` or `not missing`"),
            ("depth not 3", "`in` or `like`"),
            ("3 in [3]", "a comparison"),
            ("mean(loss) < 1", "`mean` is nothing that a curve is asked for: there are `final`"),
            ("best() < 1", "expected a name, found `)`"),
            ("best(loss, 1) < 1", "expected `)`, found `,`"),
            ("at(loss) < 1", "expected `,` and an epoch, found `)`"),
            ("at(loss, 0) < 1", "expected an epoch: a whole number from 1, or `best_epoch`"),
            ("at(loss, 1.5) < 1", "expected an epoch"),
        ] {
            let message = message(text);
            assert!(message.contains(part), "{text}: {message}");
        }
    }

    #[test]
    fn a_reading_is_written_as_it_is_read_and_its_words_stay_names() {
        for name in ["final(a)", "last(a)", "best(a)", "min(a)", "at(a, 3)", "at(a, best_epoch)"] {
            let filter = Filter::parse(&format!("{name} < 1 and {name} is not missing")).unwrap();
            let names: Vec<String> = filter.expr.names().iter().map(ToString::to_string).collect();
            assert_eq!(names, [name, name]);
        }
        let plain = Filter::parse("best == 1 or at in [2] or max > min").unwrap();
        assert!(plain.expr.names().iter().all(|name| name.reading.is_none()));
    }

    #[test]
    fn nesting_is_bounded_and_chains_are_not() {
        for deep in [
            format!("{}a == 1{}", "(".repeat(20_000), ")".repeat(20_000)),
            format!("{} a == 1", "not ".repeat(15_000)),
            "(".repeat(60_000),
        ] {
            assert!(message(&deep).contains("at most 64 deep"));
        }
        assert!(message(&"(".repeat(100_000)).contains("at most 65536 bytes"));
        let chain = vec!["a == 1"; 5_000].join(" and ");
        let filter = Filter::parse(&chain).unwrap();
        assert_eq!(filter.expr.names().len(), 5_000);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in any::<String>()) {
            if let Err(error) = Filter::parse(&text) {
                error.render(&text);
            }
        }

        #[test]
        fn no_row_of_words_makes_it_panic(
            words in prop::collection::vec(
                prop::sample::select(vec![
                    "a", "and", "or", "not", "in", "like", "is", "missing", "(", ")", "[", "]",
                    ",", "==", "<", "1", "'x'", "true", "=", "-", "\"", "µ", "best", "at",
                ]),
                0..30,
            )
        ) {
            let text = words.join(" ");
            match Filter::parse(&text) {
                Ok(filter) => { filter.expr.matches(&|_| None); }
                Err(error) => { error.render(&text); }
            }
        }
    }
}
