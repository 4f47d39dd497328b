//! The axes of an experiment: which parameter has which values where. After [`Grid::read`] every
//! axis holds checked values, and every `--set` stands in its place.

use std::collections::{BTreeMap, BTreeSet};

use super::sections::{RawEntry, RawGrid, Reader, Sections};
use crate::axis::{Axis, RawAxis, Repeats};
use crate::catalog::Catalog;
use crate::domain::layer_names;
use crate::filter::Filter;
use crate::mistakes::{Mistake, Place};
use crate::names::listing;
use crate::overrides::Override;

/// The axes of an experiment, checked.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    /// Where `[grid]` stands, or else the start of the file.
    pub(crate) place: Place,
    /// `[grid]` and `--set`.
    pub(crate) grid: Vec<Entry>,
    /// `[[zip]]`: the entries of each move together.
    pub(crate) zips: Vec<Vec<Entry>>,
    /// `[[union]]`; a single empty part without it.
    pub(crate) parts: Vec<Part>,
    /// `[variant.x]`, by variant; [`tables_of`] a cell's variant are those that hold for it.
    pub(crate) variants: BTreeMap<String, Vec<Entry>>,
    /// `[[when]]`.
    pub(crate) whens: Vec<When>,
    /// `[[exclude]]`, each with its place.
    pub(crate) excludes: Vec<(Filter, Place)>,
    /// `[sample]`.
    pub(crate) sample: Option<Sample>,
}

/// One parameter and its axis.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Where its key stands.
    pub(crate) place: Place,
    pub(crate) rank: Rank,
    axes: Axes,
}

/// Where an axis stands among the others: as in the file, those that only `--set` names last.
pub(crate) type Rank = (usize, usize);

impl Entry {
    /// The axis for cells of `variant`, or `None` where it has no such parameter.
    pub(crate) fn axis(&self, variant: Option<&str>) -> Option<&Axis> {
        match &self.axes {
            Axes::General(axis) => Some(axis),
            Axes::Own(axes) => layer_names(variant?).find_map(|name| axes.get(name)),
        }
    }

    /// Whether it comes from `--set`.
    pub(crate) fn is_set(&self) -> bool {
        matches!(self.place, Place::Set(..))
    }

    /// How many values it has at most.
    pub(crate) fn len(&self) -> u64 {
        match &self.axes {
            Axes::General(axis) => axis.len(),
            Axes::Own(axes) => axes.values().map(Axis::len).max().unwrap_or(0),
        }
    }
}

/// A parameter that several variants have may have a domain of its own in each.
#[derive(Clone, Debug)]
enum Axes {
    General(Axis),
    Own(BTreeMap<String, Axis>),
}

impl Axes {
    fn each(&self) -> Box<dyn Iterator<Item = &Axis> + '_> {
        match self {
            Axes::General(axis) => Box::new(std::iter::once(axis)),
            Axes::Own(axes) => Box::new(axes.values()),
        }
    }
}

/// One `[[union]]`.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) entries: Vec<Entry>,
    /// Its variants; a single `None` for a catalog without variants.
    pub(crate) variants: Vec<Option<String>>,
}

/// Zips up to this length are searched for rows that are alike; in longer ones such rows merge later, as
/// equal trials do.
const MAX_SEARCHED_ROWS: u64 = 10_000;

/// One `[[when]]`.
#[derive(Clone, Debug)]
pub(crate) struct When {
    pub(crate) filter: Filter,
    pub(crate) entries: Vec<Entry>,
}

/// `[sample]`.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) n: u64,
    pub(crate) seed: u64,
    /// Where `n` stands.
    pub(crate) place: Place,
}

/// The tables `[variant.x]` that hold for cells of `variant`, the weakest first: those of the names
/// that it joins, then its own.
pub(crate) fn tables_of(variant: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    layer_names(variant).chain([variant])
}

impl Grid {
    /// The entries of every table that holds for cells of `variant`, the weakest first.
    pub(crate) fn own(&self, variant: Option<&str>) -> Vec<&Entry> {
        let tables = variant.into_iter().flat_map(tables_of);
        tables.filter_map(|name| self.variants.get(name)).flatten().collect()
    }

    /// Checks `sections` of the file `file`, and puts `overrides` in their place.
    pub(super) fn read(
        sections: Sections<'_>,
        overrides: &[Override],
        file: &str,
        catalog: &Catalog,
        log: &mut Vec<Mistake>,
    ) -> Grid {
        let raw = Reader { file, catalog, log }.raw(&sections, overrides);
        let place = sections.grid.map_or(Place::File(0..0), |grid| grid.place);
        Typing { catalog, log }.grid(raw, place, sections.sample)
    }

    /// The parameters that take several values, or are given in some cells only.
    pub(super) fn varying_names(&self) -> BTreeSet<&str> {
        let variants: BTreeSet<&Option<String>> =
            self.parts.iter().flat_map(|part| &part.variants).collect();
        let axes = self.grid.iter().chain(self.zips.iter().flatten());
        let axes = axes.chain(self.variants.values().flatten()).filter(|entry| entry.len() > 1);
        let sometimes = self.whens.iter().flat_map(|when| &when.entries);
        let parts = self.parts.iter().flat_map(|part| &part.entries);
        let parts = parts.filter(|entry| self.parts.len() > 1 || entry.len() > 1);
        let entries = axes.chain(sometimes).chain(parts).map(|entry| entry.name.as_str());
        let several = (variants.len() > 1).then_some("variant");
        entries.filter(|name| *name != "variant").chain(several).collect()
    }
}

/// Checks every axis against the domain of its parameter.
struct Typing<'r> {
    catalog: &'r Catalog,
    log: &'r mut Vec<Mistake>,
}

impl Typing<'_> {
    fn grid(&mut self, raw: RawGrid, place: Place, sample: Option<Sample>) -> Grid {
        let general = self.chosen(&raw.grid);
        let tables: Vec<&str> = raw.variants.iter().map(|(name, ..)| name.as_str()).collect();
        let default = self.default_variants(&tables);
        let whole = general.as_ref().unwrap_or(&default);
        let mut parts = Vec::new();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let none = [Vec::new()];
        let raw_parts: &[Vec<RawEntry>] = if raw.parts.is_empty() { &none } else { &raw.parts };
        for entries in raw_parts {
            let variants = self.chosen(entries).unwrap_or_else(|| whole.clone());
            let entries = self.all_typed(entries, variants.iter().flatten().map(String::as_str));
            parts.push(Part { entries, variants });
        }
        let named = parts.iter().flat_map(|part| part.variants.iter().flatten());
        used.extend(named.clone().flat_map(|variant| tables_of(variant)));
        let set = raw.grid.iter().any(|e| e.name == "variant" && matches!(e.place, Place::Set(..)));
        let used_here = || used.iter().copied();
        let mut variants = BTreeMap::new();
        for (name, place, entries) in &raw.variants {
            if !used.contains(name.as_str()) && !set {
                let title = format!("the variant {name} is not among the values of `variant`");
                let values: BTreeSet<&str> = named.clone().map(String::as_str).collect();
                let label = format!("its values are {}", listing(values));
                self.log.push(Mistake::new(place, title).label(label));
            }
            let entries = self.all_typed(entries, [name.as_str()].into_iter());
            variants.insert(name.clone(), entries);
        }
        for variant in named.map(String::as_str).collect::<BTreeSet<_>>() {
            self.refuse_two_values(variant, &variants);
        }
        let grid = self.all_typed(&raw.grid, used_here());
        let zips = raw.zips.iter().map(|zip| self.zipped(zip, used_here())).collect();
        let mut whens = Vec::new();
        for (filter, entries) in &raw.whens {
            let entries = self.all_typed(entries, used_here());
            whens.extend(filter.clone().map(|filter| When { filter, entries }));
        }
        Grid { place, grid, zips, parts, variants, whens, excludes: raw.excludes, sample }
    }

    /// A cell of joined variants has one value of a general parameter, and only one of their tables
    /// may give it, unless the table of all of them does.
    fn refuse_two_values(&mut self, variant: &str, tables: &BTreeMap<String, Vec<Entry>>) {
        let decided = tables.get(variant).into_iter().flatten().map(|entry| entry.name.as_str());
        let decided: BTreeSet<&str> = decided.collect();
        let mut given: BTreeMap<&str, &Entry> = BTreeMap::new();
        for name in layer_names(variant).collect::<BTreeSet<_>>() {
            for entry in tables.get(name).into_iter().flatten() {
                let general = matches!(entry.axes, Axes::General(_));
                if !general || decided.contains(entry.name.as_str()) {
                    continue;
                }
                if let Some(first) = given.insert(&entry.name, entry) {
                    let title =
                        format!("`{}` is given twice for the variant {variant}", entry.name);
                    let help = format!("give it in [variant.\"{variant}\"]");
                    let mistake = Mistake::new(&entry.place, title).label("either here");
                    self.log.push(mistake.also(&first.place, "or here").help(help));
                }
            }
        }
    }

    /// The variants that `entries` name, if they do.
    fn chosen(&self, entries: &[RawEntry]) -> Option<Vec<Option<String>>> {
        let entry = entries.iter().find(|entry| entry.name == "variant")?;
        let RawAxis::Listed(values) = &entry.axis else { return None };
        let names = values.iter().filter_map(|(value, _)| value.as_text());
        Some(names.map(|name| Some(name.to_owned())).collect())
    }

    /// The variants where none are named: those with a table, or else the catalog's default.
    fn default_variants(&self, tables: &[&str]) -> Vec<Option<String>> {
        if tables.is_empty() {
            let declared = self.catalog.declarations("variant");
            let default = declared.first().and_then(|param| param.default.as_text());
            return vec![default.map(str::to_owned)];
        }
        tables.iter().map(|name| Some((*name).to_owned())).collect()
    }

    /// The entries, none of which may name a value twice.
    fn all_typed<'v>(
        &mut self,
        entries: &[RawEntry],
        variants: impl Iterator<Item = &'v str> + Clone,
    ) -> Vec<Entry> {
        let typed = |entry| self.one_typed(entry, variants.clone(), Repeats::Refused);
        entries.iter().filter_map(typed).collect()
    }

    /// The entries of a `[[zip]]`, whose columns may name a value twice, but no two rows are alike.
    fn zipped<'v>(
        &mut self,
        raw: &[RawEntry],
        variants: impl Iterator<Item = &'v str> + Clone,
    ) -> Vec<Entry> {
        let typed = |entry| self.one_typed(entry, variants.clone(), Repeats::Allowed);
        let typed: Vec<Entry> = raw.iter().filter_map(typed).collect();
        let rows = typed.iter().map(Entry::len).min().unwrap_or(0);
        if typed.len() < raw.len() || rows > MAX_SEARCHED_ROWS {
            return typed;
        }
        let mut seen: BTreeMap<Vec<String>, u64> = BTreeMap::new();
        for row in 0..rows {
            let axes = typed.iter().flat_map(|entry| entry.axes.each());
            let values = axes.map(|axis| axis.value(row).to_string()).collect();
            if let Some(first) = seen.insert(values, row) {
                let (first, again) = (first + 1, row + 1);
                let title = format!("rows {first} and {again} of this [[zip]] are alike");
                self.log.push(Mistake::new(&raw[0].place, title));
            }
        }
        typed
    }

    fn one_typed<'v>(
        &mut self,
        raw: &RawEntry,
        variants: impl Iterator<Item = &'v str>,
        repeats: Repeats,
    ) -> Option<Entry> {
        let check = |domain| Axis::new(&raw.name, &raw.axis, &raw.value_place, (domain, repeats));
        let general = self.catalog.params.iter().find(|param| param.name == raw.name);
        let axes = match general {
            Some(param) => match check(&param.domain) {
                Ok(axis) => Axes::General(axis),
                Err(mistakes) => {
                    self.log.extend(mistakes);
                    return None;
                }
            },
            None => {
                let mut axes = BTreeMap::new();
                for name in variants.flat_map(layer_names).collect::<BTreeSet<_>>() {
                    let params = self.catalog.variant(name).map_or(&[][..], |one| &one.params);
                    let Some(param) = params.iter().find(|param| param.name == raw.name) else {
                        continue;
                    };
                    match check(&param.domain) {
                        Ok(axis) => drop(axes.insert(name.to_owned(), axis)),
                        Err(mistakes) => self.log.extend(mistakes),
                    }
                }
                Axes::Own(axes)
            }
        };
        Some(Entry { name: raw.name.clone(), place: raw.place.clone(), rank: raw.rank, axes })
    }
}
