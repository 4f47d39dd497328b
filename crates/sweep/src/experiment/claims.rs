//! `[[claim]]`: what the experiment expects, checked like the rest of the file.

use toml::de::DeValue;

use super::document::{Field, Names, Section, unknown};
use super::filters::filter;
use super::specs::Reader;
use crate::catalog::{Catalog, Domain};
use crate::claim::{Cells, ClaimSpec, Milestone, Statement};
use crate::filter::Filter;
use crate::metric::Direction;
use crate::mistakes::{Mistake, Place};
use crate::names::listing;

/// The keys of every claim.
const COMMON: [&str; 9] =
    ["name", "kind", "metric", "at", "by", "filter", "cells", "select", "source"];

/// The keys that only some kinds have.
const OWN: [&str; 5] = ["arms", "along", "margin", "values", "at_least"];

/// Reads every `[[claim]]`.
pub(super) fn claims(
    sections: &[Section<'_>],
    file: &str,
    (catalog, asked): (&Catalog, &[String]),
    log: &mut Vec<Mistake>,
) -> Vec<ClaimSpec> {
    let mut names = Names::new("claims");
    let mut claims = Vec::new();
    for section in sections {
        let known: Vec<&str> = COMMON.into_iter().chain(OWN).collect();
        section.refuse_others(&known, log);
        let name = names.read(section, "name = \"deep networks gain\"", log).map(str::to_owned);
        let reader = Reader { catalog, asked, log };
        claims.extend(ClaimReader { reader, section, file }.claim(name));
    }
    claims
}

struct ClaimReader<'r, 's> {
    reader: Reader<'r>,
    section: &'s Section<'s>,
    file: &'s str,
}

impl<'s> ClaimReader<'_, 's> {
    fn claim(mut self, name: Option<String>) -> Option<ClaimSpec> {
        let section = self.section;
        let metric = section.require("metric", "metric = \"test_error\"", self.reader.log);
        let metric = metric.and_then(|field| {
            let name = field.text(self.reader.log)?;
            self.reader.metric(name, &field.value_place)
        });
        let at = self.milestone();
        let statement = self.statement(metric.as_deref());
        let by = section.get("by").map(|field| self.reader.params(field)).unwrap_or_default();
        if let (Some(along), Some(field)) = (statement.as_ref().and_then(along), section.get("by"))
            && by.contains(along)
        {
            let title = format!("the claim is about how `{along}` matters, so it has no `by` it");
            self.reader.log.push(Mistake::new(&field.value_place, title));
        }
        let filter = section
            .get("filter")
            .and_then(|field| filter(field, self.file, self.reader.catalog, self.reader.log));
        let cells = self.cells();
        let select = self.reader.select(section);
        let source = section.get("source").and_then(|field| field.text(self.reader.log));
        Some(ClaimSpec {
            name: name?,
            metric: metric?,
            at: at?,
            statement: statement?,
            by,
            filter,
            cells: cells?,
            select: select?,
            source: source.map(str::to_owned),
        })
    }

    /// `at`: the curve that is waited for, and its level. `Some(None)` without it.
    fn milestone(&mut self) -> Option<Option<Milestone>> {
        let Some(field) = self.section.get("at") else { return Some(None) };
        let table = field.value.as_table().filter(|table| table.len() == 1);
        let entry = table.and_then(|table| table.iter().next());
        let level = entry.and_then(|(_, level)| real(level.get_ref()));
        let (Some((curve, _)), Some(level)) = (entry, level) else {
            field.expected(
                "one curve and its level, such as { train_loss = 0.05 }",
                self.reader.log,
            );
            return None;
        };
        let place = Place::File(curve.span());
        let curve = self.reader.metric(curve.get_ref(), &place)?;
        self.directed(Some(&curve), &place);
        let direction = self.reader.catalog.metric(&curve).map(|metric| metric.direction);
        Some(Some(Milestone { curve, level, falling: direction != Some(Direction::Higher) }))
    }

    /// What the kind says, from the keys that it has.
    fn statement(&mut self, metric: Option<&str>) -> Option<Statement> {
        let field = self.section.require("kind", "kind = \"below\"", self.reader.log)?;
        let kind = field.text(self.reader.log)?;
        let statement = match kind {
            "below" => self.two_arms().map(Statement::Below),
            "above" => self.two_arms().map(Statement::Above),
            "less-spread" => self.two_arms().map(Statement::LessSpread),
            "equal" => {
                let (arms, margin) = (self.two_arms(), self.margin());
                Some(Statement::Equal { arms: arms?, margin: margin? })
            }
            "gap-grows" => {
                let (arms, along) = (self.two_arms(), self.along());
                Some(Statement::GapGrows { arms: arms?, along: along? })
            }
            "rising" => self.along().map(Statement::Rising),
            "falling" => self.along().map(Statement::Falling),
            "inner-optimum" => {
                self.directed(metric, &field.value_place);
                self.along().map(Statement::InnerOptimum)
            }
            "rank-correlation" => self.rank_correlation(),
            other => {
                let title = format!("there is no claim of the kind `{other}`");
                let mistake = unknown(&field.value_place, title, other, &Statement::KINDS);
                self.reader.log.push(mistake);
                return None;
            }
        };
        self.refuse_foreign_keys(kind);
        statement
    }

    /// Notes the keys that mean nothing for a claim of this kind.
    fn refuse_foreign_keys(&mut self, kind: &str) {
        let own: &[&str] = match kind {
            "below" | "above" | "less-spread" => &["arms"],
            "equal" => &["arms", "margin"],
            "gap-grows" => &["arms", "along"],
            "rank-correlation" => &["arms", "values", "at_least"],
            _ => &["along"],
        };
        for key in OWN.iter().filter(|key| !own.contains(key)) {
            if let Some(field) = self.section.get(key) {
                let title = format!("`{key}` means nothing for a claim of the kind `{kind}`");
                let label = format!("it takes {}", listing(own.iter().copied()));
                self.reader.log.push(Mistake::new(&field.key_place, title).label(label));
            }
        }
    }

    /// A best value needs a metric that has a better direction.
    fn directed(&mut self, metric: Option<&str>, place: &Place) {
        let metric = metric.and_then(|name| self.reader.catalog.metric(name));
        if let Some(metric) = metric.filter(|metric| metric.direction == Direction::Neither) {
            let title = format!("`{}` has no optimum", metric.name);
            let label = "neither lower nor higher is better";
            self.reader.log.push(Mistake::new(place, title).label(label));
        }
    }

    fn two_arms(&mut self) -> Option<[Filter; 2]> {
        let example = "arms = [\"pretraining == 'greedy'\", \"pretraining == 'none'\"]";
        let field = self.section.require("arms", example, self.reader.log)?;
        let arms = self.arms(field)?;
        let count = arms.len();
        let two: Option<[Filter; 2]> = arms.try_into().ok();
        if two.is_none() {
            let title = format!("`arms` has {count}; a claim of this kind compares two");
            self.reader.log.push(Mistake::new(&field.value_place, title));
        }
        two
    }

    /// The filters that `field` lists.
    fn arms(&mut self, field: &Field<'s>) -> Option<Vec<Filter>> {
        let items = field.value.as_array();
        let Some(items) = items.filter(|items| items.iter().all(|item| item.get_ref().is_str()))
        else {
            field.expected("a list of filters in quotes, one an arm", self.reader.log);
            return None;
        };
        let arm = |item: &'s toml::Spanned<DeValue<'s>>| {
            let (key_place, value_place) = (field.key_place.clone(), Place::File(item.span()));
            let arm = Field { key: field.key, key_place, value: item.get_ref(), value_place };
            filter(&arm, self.file, self.reader.catalog, self.reader.log)
        };
        let arms: Vec<Option<Filter>> = items.iter().map(arm).collect();
        arms.into_iter().collect()
    }

    /// The parameter along which something changes: one of numbers, which have an order.
    fn along(&mut self) -> Option<String> {
        let field = self.section.require("along", "along = \"depth\"", self.reader.log)?;
        let name = field.text(self.reader.log)?;
        let name = self.reader.param(name, &field.value_place)?;
        let declared = self.reader.catalog.declarations(&name);
        let named = |domain: &Domain| *domain == Domain::Bool || !domain.names().is_empty();
        if declared.iter().all(|param| named(&param.domain)) {
            let title = format!("nothing can grow or fall along `{name}`");
            let label = "its values are no numbers";
            self.reader.log.push(Mistake::new(&field.value_place, title).label(label));
            return None;
        }
        Some(name)
    }

    fn margin(&mut self) -> Option<f64> {
        let field = self.section.require("margin", "margin = 0.005", self.reader.log)?;
        let margin = real(field.value).filter(|margin| *margin > 0.0);
        if margin.is_none() {
            field.expected("a number above 0, in units of the metric", self.reader.log);
        }
        margin
    }

    fn rank_correlation(&mut self) -> Option<Statement> {
        let example = "arms = [\"variant == 'basic'\", \"variant == 'sparse'\", ...]";
        let arms = self.section.require("arms", example, self.reader.log);
        let arms = arms.and_then(|field| self.arms(field));
        let values = self.section.require("values", "values = [17.5, 5.0, 0.73]", self.reader.log);
        let field = values?;
        let values = self.values(field);
        let at_least = self.section.require("at_least", "at_least = 0.8", self.reader.log)?;
        let limit = real(at_least.value).filter(|limit| (-1.0..=1.0).contains(limit));
        if limit.is_none() {
            at_least.expected("a correlation from -1 to 1", self.reader.log);
        }
        let (arms, values) = (arms?, values?);
        if arms.len() != values.len() || arms.len() < 3 {
            let (arms, values) = (arms.len(), values.len());
            let title = format!("`arms` has {arms} and `values` has {values}");
            let label = "an order needs three arms or more, and a number for each";
            self.reader.log.push(Mistake::new(&field.value_place, title).label(label));
            return None;
        }
        Some(Statement::RankCorrelation { arms, values, at_least: limit? })
    }

    fn values(&mut self, field: &Field<'s>) -> Option<Vec<f64>> {
        let numbers = field.value.as_array().and_then(|items| {
            items.iter().map(|item| real(item.get_ref())).collect::<Option<Vec<f64>>>()
        });
        if numbers.is_none() {
            field.expected("a list of numbers, one an arm", self.reader.log);
        }
        numbers
    }

    fn cells(&mut self) -> Option<Cells> {
        let Some(field) = self.section.get("cells") else { return Some(Cells::default()) };
        self.reader.word(field, Cells::from_word, &Cells::WORDS)
    }
}

fn along(statement: &Statement) -> Option<&String> {
    match statement {
        Statement::GapGrows { along, .. }
        | Statement::Rising(along)
        | Statement::Falling(along)
        | Statement::InnerOptimum(along) => Some(along),
        Statement::Below(_)
        | Statement::Above(_)
        | Statement::Equal { .. }
        | Statement::LessSpread(_)
        | Statement::RankCorrelation { .. } => None,
    }
}

/// The finite number that `value` is.
pub(super) fn real(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Integer(whole) => {
            i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|whole| whole as f64)
        }
        DeValue::Float(real) => real.as_str().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}
