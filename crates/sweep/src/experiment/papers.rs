//! `[[table.paper]]`: values that others printed, by the labels of the cells that they belong to.

use toml::de::DeValue;

use super::claims::real;
use super::document::{Field, Section, Spans, fields, unknown};
use super::specs::Reader;
use super::values::scalar;
use crate::mistakes::{Mistake, Place};
use crate::names::listing;
use crate::params::Params;
use crate::specs::{Paper, PaperValue, Trust};

impl Reader<'_> {
    /// The papers that `field` lists, for a table whose rows and columns are `keys`.
    pub(super) fn papers(
        &mut self,
        field: &Field<'_>,
        keys: &[&str],
        metrics: &[String],
    ) -> Vec<Paper> {
        let sections = Section::many(field, self.log).into_iter();
        let papers = sections.map(|section| {
            let title = "[[table.paper]]".to_owned();
            self.paper(&Section { title, ..section }, keys, metrics)
        });
        papers.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    fn paper(&mut self, section: &Section<'_>, keys: &[&str], metrics: &[String]) -> Option<Paper> {
        section.refuse_others(&["source", "trust", "metric", "values"], self.log);
        let source = section.require("source", "source = \"Rifai 2011, table 1\"", self.log);
        let source = source.and_then(|field| field.text(self.log));
        let trust = section.require("trust", "trust = \"memory\"", self.log);
        let trust = trust.and_then(|field| self.trust(field));
        let metric = self.paper_metric(section, metrics);
        let example = "values = [{ variant = \"basic\", value = 1.78 }]";
        let field = section.require("values", example, self.log)?;
        let items = field.value.as_array();
        let Some(items) = items.filter(|items| items.iter().all(|item| item.get_ref().is_table()))
        else {
            field.expected("a list of { parameter = ..., value = ... }", self.log);
            return None;
        };
        let values: Vec<Option<PaperValue>> = items
            .iter()
            .map(|item| self.paper_value(item.get_ref(), &Place::File(item.span()), keys, trust))
            .collect();
        let values = values.into_iter().collect::<Option<_>>();
        trust?;
        Some(Paper { source: source?.to_owned(), metric: metric?, values: values? })
    }

    fn trust(&mut self, field: &Field<'_>) -> Option<Trust> {
        self.word(field, Trust::from_word, &Trust::ALL.map(Trust::word))
    }

    /// The metric that is named, or else the table's only one.
    fn paper_metric(&mut self, section: &Section<'_>, metrics: &[String]) -> Option<String> {
        let Some(field) = section.get("metric") else {
            if let [only] = metrics {
                return Some(only.clone());
            }
            let title = format!("{} has no `metric`", section.title);
            let known = listing(metrics.iter().map(String::as_str));
            self.log
                .push(Mistake::new(&section.place, title).help(format!("it is one of {known}")));
            return None;
        };
        let name = field.text(self.log)?;
        if metrics.iter().any(|metric| metric == name) {
            return Some(name.to_owned());
        }
        let known: Vec<&str> = metrics.iter().map(String::as_str).collect();
        let title = format!("the table has no metric `{name}`");
        self.log.push(unknown(&field.value_place, title, name, &known));
        None
    }

    fn paper_value(
        &mut self,
        item: &DeValue<'_>,
        place: &Place,
        keys: &[&str],
        trust: Option<Trust>,
    ) -> Option<PaperValue> {
        let found = fields(item.as_table()?, &Spans::File);
        let (mut labels, mut value, mut spread) = (Params::default(), None, None);
        let (mut trust, mut sound) = (trust, true);
        for field in &found {
            match field.key {
                "value" => {
                    value = real(field.value);
                    sound &= value.is_some();
                    if value.is_none() {
                        field.expected("a number", self.log);
                    }
                }
                "spread" => {
                    spread = real(field.value).filter(|spread| *spread >= 0.0);
                    sound &= spread.is_some();
                    if spread.is_none() {
                        field.expected("a number of at least 0", self.log);
                    }
                }
                "trust" => {
                    trust = self.trust(field);
                    sound &= trust.is_some();
                }
                key if keys.contains(&key) => {
                    let given = scalar(key, field.value, &field.value_place, self.log);
                    let stored =
                        given.and_then(|given| self.value_of(key, given, &field.value_place));
                    match stored {
                        Some(stored) => labels.set(key, stored),
                        None => sound = false,
                    }
                }
                key => {
                    sound = false;
                    let known: Vec<&str> =
                        keys.iter().copied().chain(["value", "spread", "trust"]).collect();
                    let title = format!("`{key}` labels neither the rows nor the columns");
                    self.log.push(unknown(&field.key_place, title, key, &known));
                }
            }
        }
        if !found.iter().any(|field| field.key == "value") {
            self.log.push(Mistake::new(place, "a printed value has no `value`"));
        }
        if !sound {
            return None;
        }
        Some(PaperValue { labels, value: value?, spread, trust: trust? })
    }
}
