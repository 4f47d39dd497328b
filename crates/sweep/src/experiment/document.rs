//! The TOML of an experiment file as sections and fields that know their places. Every getter
//! notes what is wrong and goes on, so that one reading finds every mistake.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::mistakes::{Mistake, Place};
use crate::names::{listing, nearest};

/// How many tables a `[[list]]` may have.
const MAX_TABLES: usize = 1_000;

/// Reads `text` as TOML.
///
/// # Errors
/// Every place where it is none.
pub(super) fn parse(text: &str) -> Result<DeTable<'_>, Vec<Mistake>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(table.into_inner());
    }
    Err(errors
        .into_iter()
        .map(|error| {
            let end = text.trim_end().len();
            let place = Place::File(error.span().unwrap_or(end..end));
            Mistake::new(&place, format!("this is no TOML: {}", error.message()))
        })
        .collect())
}

/// Where the spans of a parsed text lie: in the file, or all of them at the value of a `--set`.
#[derive(Clone, Debug)]
pub(super) enum Spans {
    File,
    Set(usize, Range<usize>),
}

impl Spans {
    pub(super) fn place(&self, span: Range<usize>) -> Place {
        match self {
            Spans::File => Place::File(span),
            Spans::Set(index, value) => Place::Set(*index, value.clone()),
        }
    }
}

/// One `key = value`.
#[derive(Clone, Debug)]
pub(super) struct Field<'t> {
    pub(super) key: &'t str,
    pub(super) key_place: Place,
    pub(super) value: &'t DeValue<'t>,
    pub(super) value_place: Place,
}

/// The fields of `table` in the order of the text.
pub(super) fn fields<'t>(table: &'t DeTable<'t>, spans: &Spans) -> Vec<Field<'t>> {
    let mut fields: Vec<_> = table.iter().collect();
    fields.sort_by_key(|(key, _)| key.span().start);
    let field = |(key, value): (&'t Spanned<_>, &'t Spanned<DeValue<'t>>)| Field {
        key: key_text(key),
        key_place: spans.place(key.span()),
        value: value.get_ref(),
        value_place: spans.place(value.span()),
    };
    fields.into_iter().map(field).collect()
}

fn key_text<'t>(key: &'t Spanned<std::borrow::Cow<'t, str>>) -> &'t str {
    key.get_ref()
}

/// One table of the file.
#[derive(Clone, Debug)]
pub(super) struct Section<'t> {
    /// As it is called in messages: `[grid]`.
    pub(super) title: String,
    pub(super) place: Place,
    pub(super) fields: Vec<Field<'t>>,
}

impl<'t> Section<'t> {
    /// The table that `field` is.
    pub(super) fn one(field: &Field<'t>, title: &str, log: &mut Vec<Mistake>) -> Option<Self> {
        match field.value {
            DeValue::Table(table) => Some(Section {
                title: title.to_owned(),
                place: field.key_place.clone(),
                fields: fields(table, &Spans::File),
            }),
            other => {
                let found = format!("`{}` is {}, not a table", field.key, kind(other));
                log.push(Mistake::new(&field.key_place, found).label(format!("write {title}")));
                None
            }
        }
    }

    /// The tables that `field`, a `[[list]]`, has.
    pub(super) fn many(field: &Field<'t>, log: &mut Vec<Mistake>) -> Vec<Self> {
        let title = format!("[[{}]]", field.key);
        let items = match field.value {
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_table()) => items,
            other => {
                let found = format!("`{}` is {}, not a list of tables", field.key, kind(other));
                let help = format!("write {title}, in double brackets, once for each");
                log.push(Mistake::new(&field.key_place, found).label(help));
                return Vec::new();
            }
        };
        if items.len() > MAX_TABLES {
            let found = format!("there are {} tables {title}", items.len());
            let label = format!("at most {MAX_TABLES} are read");
            log.push(Mistake::new(&field.key_place, found).label(label));
            return Vec::new();
        }
        let tables = items.iter().filter_map(|item| Some((item, item.get_ref().as_table()?)));
        let section = |(item, table): (&'t Spanned<DeValue<'t>>, &'t DeTable<'t>)| Section {
            title: title.clone(),
            place: Place::File(item.span()),
            fields: fields(table, &Spans::File),
        };
        tables.map(section).collect()
    }

    /// The field of that key.
    pub(super) fn get(&self, key: &str) -> Option<&Field<'t>> {
        self.fields.iter().find(|field| field.key == key)
    }

    /// The field of that key, which must be there; `example` shows how it looks.
    pub(super) fn require(
        &self,
        key: &str,
        example: &str,
        log: &mut Vec<Mistake>,
    ) -> Option<&Field<'t>> {
        let field = self.get(key);
        if field.is_none() {
            let title = format!("{} has no `{key}`", self.title);
            log.push(Mistake::new(&self.place, title).help(format!("write, say, `{example}`")));
        }
        field
    }

    /// Notes every key that is none of `known`.
    pub(super) fn refuse_others(&self, known: &[&str], log: &mut Vec<Mistake>) {
        for field in self.fields.iter().filter(|field| !known.contains(&field.key)) {
            let title = format!("unknown key `{}` in {}", field.key, self.title);
            log.push(unknown(&field.key_place, title, field.key, known));
        }
    }
}

/// The names of the tables of one `[[list]]`, each of which has its own.
#[derive(Debug)]
pub(super) struct Names {
    /// What the tables are, as messages call them: `plots`.
    of: &'static str,
    taken: BTreeMap<String, Place>,
}

impl Names {
    pub(super) fn new(of: &'static str) -> Names {
        Names { of, taken: BTreeMap::new() }
    }

    /// The `name` that `section` must have, and no section before it has; `example` shows how it looks.
    pub(super) fn read<'t>(
        &mut self,
        section: &Section<'t>,
        example: &str,
        log: &mut Vec<Mistake>,
    ) -> Option<&'t str> {
        let field = section.require("name", example, log)?;
        let name = field.text(log)?;
        if let Some(first) = self.taken.insert(name.to_owned(), field.value_place.clone()) {
            let title = format!("two {} are named {name}", self.of);
            let again = Mistake::new(&field.value_place, title).label("again");
            log.push(again.also(&first, "first"));
        }
        Some(name)
    }
}

/// A mistake about a name that is none of `known`: the nearest one, or all of them.
pub(super) fn unknown(place: &Place, title: String, wrong: &str, known: &[&str]) -> Mistake {
    let mistake = Mistake::new(place, title);
    match nearest(wrong, known.iter().copied()) {
        Some(near) => mistake.label(format!("did you mean `{near}`?")),
        None => mistake.help(format!("known are {}", listing(known.iter().copied()))),
    }
}

impl<'t> Field<'t> {
    /// The text that the field is; it is not empty.
    pub(super) fn text(&self, log: &mut Vec<Mistake>) -> Option<&'t str> {
        match self.value.as_str() {
            Some(text) if !text.trim().is_empty() => Some(text),
            Some(_) => {
                log.push(Mistake::new(&self.value_place, format!("`{}` is empty", self.key)));
                None
            }
            None => {
                self.expected("a text in quotes", log);
                None
            }
        }
    }

    /// The whole number from `min` to `max` that the field is.
    pub(super) fn whole(&self, min: i64, max: i64, log: &mut Vec<Mistake>) -> Option<i64> {
        let number = self.value.as_integer();
        let number = number.and_then(|text| i64::from_str_radix(text.as_str(), text.radix()).ok());
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let valid = crate::catalog::Domain::Int { min, max, word: None };
            self.expected(&valid.to_string(), log);
        }
        number
    }

    /// The name or the names that the field is, each once, with their places.
    pub(super) fn names(&self, log: &mut Vec<Mistake>) -> Vec<(&'t str, Place)> {
        if let Some(name) = self.value.as_str() {
            return vec![(name, self.value_place.clone())];
        }
        let items =
            self.value.as_array().filter(|items| items.iter().all(|item| item.get_ref().is_str()));
        let Some(items) = items else {
            self.expected("a name in quotes, or a list of them", log);
            return Vec::new();
        };
        let named = items
            .iter()
            .filter_map(|item| Some((item.get_ref().as_str()?, Place::File(item.span()))));
        let mut names: Vec<(&str, Place)> = Vec::new();
        for (name, place) in named {
            match names.iter().find(|(earlier, _)| *earlier == name) {
                None => names.push((name, place)),
                Some((_, first)) => log.push(
                    Mistake::new(&place, format!("`{name}` stands here twice"))
                        .label("again")
                        .also(first, "first"),
                ),
            }
        }
        names
    }

    /// Notes that the value is not what it should be.
    pub(super) fn expected(&self, what: &str, log: &mut Vec<Mistake>) {
        let title = format!("`{}` takes {what}", self.key);
        log.push(
            Mistake::new(&self.value_place, title).label(format!("this is {}", kind(self.value))),
        );
    }
}

/// What a value is, with its article.
pub(super) fn kind(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(_) => "a text".to_owned(),
        DeValue::Integer(number) => format!("the whole number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(_) => "a date".to_owned(),
        DeValue::Array(_) => "an array".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
