//! `[grid]`, `[variant.x]`, `[[zip]]`, `[[union]]`, `[[when]]`, `[[exclude]]` and `--set`, as they
//! stand in the text: every key is a parameter and every value an axis, domains not yet looked at.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::DeValue;

use super::document::{Field, Section, Spans, unknown};
use super::filters::filter;
use super::grid::{Rank, Sample};
use super::values::raw_axis;
use crate::axis::RawAxis;
use crate::catalog::Catalog;
use crate::domain::layer_names;
use crate::filter::Filter;
use crate::mistakes::{Mistake, Place};
use crate::names::listing;
use crate::overrides::Override;

/// The sections that a grid is read from.
#[derive(Debug, Default)]
pub(super) struct Sections<'t> {
    pub(super) grid: Option<Section<'t>>,
    pub(super) variants: Option<Section<'t>>,
    pub(super) zips: Vec<Section<'t>>,
    pub(super) parts: Vec<Section<'t>>,
    pub(super) whens: Vec<Section<'t>>,
    pub(super) excludes: Vec<Section<'t>>,
    pub(super) sample: Option<Sample>,
}

/// A parameter and its axis as they stand in the file.
#[derive(Clone, Debug)]
pub(super) struct RawEntry {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) value_place: Place,
    pub(super) rank: Rank,
    pub(super) axis: RawAxis,
}

/// The axes as they stand in the file, overrides in their places.
#[derive(Debug, Default)]
pub(super) struct RawGrid {
    pub(super) grid: Vec<RawEntry>,
    pub(super) zips: Vec<Vec<RawEntry>>,
    pub(super) parts: Vec<Vec<RawEntry>>,
    pub(super) variants: Vec<(String, Place, Vec<RawEntry>)>,
    pub(super) whens: Vec<(Option<Filter>, Vec<RawEntry>)>,
    pub(super) excludes: Vec<(Filter, Place)>,
}

/// Reads sections.
pub(super) struct Reader<'r> {
    pub(super) file: &'r str,
    pub(super) catalog: &'r Catalog,
    pub(super) log: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    /// The axes of `sections`, with `overrides` in their places.
    pub(super) fn raw(&mut self, sections: &Sections<'_>, overrides: &[Override]) -> RawGrid {
        let mut raw = self.unchecked(sections);
        self.refuse_clashes(&raw);
        self.override_with(&mut raw, overrides);
        raw
    }

    fn unchecked(&mut self, sections: &Sections<'_>) -> RawGrid {
        let mut raw = RawGrid::default();
        if let Some(grid) = &sections.grid {
            raw.grid = self.entries(grid);
        }
        raw.zips = sections.zips.iter().map(|zip| self.zip(zip)).collect();
        raw.parts = sections.parts.iter().map(|part| self.entries(part)).collect();
        for field in sections.variants.iter().flat_map(|variants| &variants.fields) {
            raw.variants.extend(self.variant(field));
        }
        for section in &sections.whens {
            raw.whens.push(self.when(section));
        }
        for section in &sections.excludes {
            section.refuse_others(&["if"], self.log);
            let field = section.require("if", "if = \"depth > 2\"", self.log).cloned();
            raw.excludes.extend(field.and_then(|field| {
                let filter = filter(&field, self.file, self.catalog, self.log)?;
                Some((filter, field.value_place))
            }));
        }
        raw
    }

    /// Every field that names a parameter.
    fn entries(&mut self, section: &Section<'_>) -> Vec<RawEntry> {
        let fields = section.fields.iter();
        fields.filter_map(|field| self.entry(field, &Spans::File, &section.title)).collect()
    }

    fn entry(&mut self, field: &Field<'_>, spans: &Spans, title: &str) -> Option<RawEntry> {
        let known = self.catalog.param_names();
        if !known.contains(&field.key) {
            let mistake = format!("unknown parameter `{}` in {title}", field.key);
            self.log.push(match home_of(field.key) {
                Some(home) => Mistake::new(&field.key_place, mistake)
                    .label(format!("`{}` belongs in {home}", field.key)),
                None => unknown(&field.key_place, mistake, field.key, &known),
            });
            return None;
        }
        let axis = raw_axis(field, spans, self.log)?;
        Some(RawEntry {
            name: field.key.to_owned(),
            place: field.key_place.clone(),
            value_place: field.value_place.clone(),
            rank: field.key_place.order(),
            axis,
        })
    }

    /// As [`Reader::entries`], where the variant cannot be chosen.
    fn entries_but_variant(&mut self, section: &Section<'_>) -> Vec<RawEntry> {
        let mut entries = self.entries(section);
        if let Some(at) = entries.iter().position(|entry| entry.name == "variant") {
            let title = format!("`variant` cannot be chosen in {}", section.title);
            let label = "it belongs in [grid] or [[union]]";
            self.log.push(Mistake::new(&entries.remove(at).place, title).label(label));
        }
        entries
    }

    fn zip(&mut self, section: &Section<'_>) -> Vec<RawEntry> {
        let entries = self.entries_but_variant(section);
        if entries.len() < 2 && section.fields.len() < 2 {
            let title = "a [[zip]] needs at least two axes that move together";
            self.log.push(Mistake::new(&section.place, title));
        }
        let Some(first) = entries.first() else { return entries };
        for other in entries.iter().filter(|other| other.axis.len() != first.axis.len()) {
            let values = |entry: &RawEntry| match entry.axis.len() {
                1 => "1 value".to_owned(),
                n => format!("{n} values"),
            };
            let title = format!(
                "`{}` and `{}` move together, but differ in length",
                first.name, other.name
            );
            self.log.push(
                Mistake::new(&other.value_place, title)
                    .label(values(other))
                    .also(&first.value_place, values(first)),
            );
        }
        entries
    }

    fn variant(&mut self, field: &Field<'_>) -> Option<(String, Place, Vec<RawEntry>)> {
        if let Some(name) = layer_names(field.key).find(|n| self.catalog.variant(n).is_none()) {
            let known: Vec<&str> = self.catalog.variants.iter().map(|one| one.name).collect();
            let title = format!("unknown variant `{name}`");
            self.log.push(unknown(&field.key_place, title, name, &known));
            return None;
        }
        let named = layer_names(field.key).filter_map(|name| self.catalog.variant(name));
        let own: BTreeSet<&str> =
            named.flat_map(|variant| &variant.params).map(|param| param.name).collect();
        let title = format!("[variant.{}]", field.key);
        let section = Section::one(field, &title, self.log)?;
        let mut entries = self.entries_but_variant(&section);
        entries.retain(|entry| {
            let fits = self.is_general(&entry.name) || own.contains(entry.name.as_str());
            if !fits {
                let title =
                    format!("`{}` is no parameter of the variant {}", entry.name, field.key);
                let mistake = Mistake::new(&entry.place, title).label(self.owners(&entry.name));
                let own = listing(own.iter().copied());
                self.log.push(match own.is_empty() {
                    true => mistake,
                    false => mistake.help(format!("{} has {own}", field.key)),
                });
            }
            fits
        });
        Some((field.key.to_owned(), field.key_place.clone(), entries))
    }

    fn when(&mut self, section: &Section<'_>) -> (Option<Filter>, Vec<RawEntry>) {
        let condition = section.require("if", "if = \"depth > 2\"", self.log);
        let condition =
            condition.and_then(|field| filter(field, self.file, self.catalog, self.log));
        let mut rest = section.clone();
        rest.fields.retain(|field| field.key != "if");
        if rest.fields.is_empty() {
            let title = "this [[when]] replaces nothing";
            self.log.push(Mistake::new(&section.place, title).help("write, say, `epochs = 40`"));
        }
        (condition, self.entries_but_variant(&rest))
    }

    /// A parameter moves either in a `[[zip]]` or by itself.
    fn refuse_clashes(&mut self, raw: &RawGrid) {
        let mut zipped: BTreeMap<&str, &Place> = BTreeMap::new();
        for entry in raw.zips.iter().flatten() {
            if let Some(first) = zipped.insert(&entry.name, &entry.place) {
                let title = format!("`{}` stands in two [[zip]]", entry.name);
                let mistake = Mistake::new(&entry.place, title).label("again");
                self.log.push(mistake.also(first, "first"));
            }
        }
        let variants = raw.variants.iter().flat_map(|(_, _, entries)| entries);
        let alone = raw.grid.iter().chain(raw.parts.iter().flatten()).chain(variants);
        for entry in alone {
            if let Some(zip) = zipped.get(entry.name.as_str()) {
                let title =
                    format!("`{}` moves in a [[zip]] and has an axis of its own", entry.name);
                let mistake = Mistake::new(&entry.place, title).label("either here");
                self.log.push(mistake.also(zip, "or here"));
            }
        }
    }

    /// Puts every `--set` in the place of the key in `[grid]`, or at its end, and takes the key out
    /// everywhere else. Of several for one key the last wins, as it does on command lines.
    fn override_with(&mut self, raw: &mut RawGrid, overrides: &[Override]) {
        for (index, set) in overrides.iter().enumerate() {
            let replaced = overrides[index + 1..].iter().any(|later| later.key() == set.key());
            if replaced || set.key() == super::head::SEEDS {
                continue;
            }
            let (key, value) = set.spans();
            let spans = Spans::Set(index, value.clone());
            let key_place = Place::Set(index, key);
            let Ok(parsed) = DeValue::parse(set.toml()) else { continue };
            let value_place = Place::Set(index, value);
            let field = Field { key: set.key(), key_place, value: parsed.get_ref(), value_place };
            let Some(entry) = self.entry(&field, &spans, "--set") else { continue };
            let name = entry.name.clone();
            match raw.grid.iter_mut().find(|old| old.name == name) {
                Some(old) => *old = RawEntry { rank: old.rank, ..entry },
                None => raw.grid.push(entry),
            }
            let others = raw.zips.iter_mut().chain(&mut raw.parts);
            let others = others.chain(raw.variants.iter_mut().map(|(_, _, entries)| entries));
            let others = others.chain(raw.whens.iter_mut().map(|(_, entries)| entries));
            others.for_each(|entries| entries.retain(|entry| entry.name != name));
        }
    }

    fn is_general(&self, name: &str) -> bool {
        self.catalog.params.iter().any(|param| param.name == name)
    }

    fn owners(&self, name: &str) -> String {
        let owners = self.catalog.variants.iter();
        let owners = owners.filter(|one| one.params.iter().any(|param| param.name == name));
        format!("a parameter of {}", listing(owners.map(|one| one.name)))
    }
}

/// The section that a key stands in which is easily put into `[grid]`.
fn home_of(key: &str) -> Option<&'static str> {
    match key {
        "seeds" | "question" | "max_runs" => Some("[experiment]"),
        "seed" => Some("[experiment], as `seeds`,"),
        _ => None,
    }
}
