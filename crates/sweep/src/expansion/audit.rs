//! What is found out about a file only by expanding it: cells that break a rule of the catalog, and
//! keys that mean something in no cell.

use std::collections::{BTreeSet, HashSet};

use super::Walk;
use super::block::Block;
use crate::catalog::{Breach, Catalog, Param};
use crate::experiment::grid::{Entry, Grid, tables_of};
use crate::mistakes::Mistake;
use crate::names::listing;
use crate::params::Params;

/// How many different breaches are kept.
const MAX_BREACHES: usize = 30;

/// Notes taken while cells are visited.
#[derive(Default)]
pub(super) struct Audit {
    /// For every block, the parameters that meant something in one of its cells.
    meaningful: Vec<HashSet<String>>,
    messages: BTreeSet<String>,
    breaches: Vec<Mistake>,
}

impl Audit {
    /// Notes that block `number` has a cell in which `params` mean something.
    pub(super) fn note(&mut self, number: usize, params: &Params) {
        if self.meaningful.len() <= number {
            self.meaningful.resize_with(number + 1, HashSet::new);
        }
        let known = &mut self.meaningful[number];
        for (name, _) in params.iter() {
            if !known.contains(name) {
                known.insert(name.to_owned());
            }
        }
    }

    /// Notes what a `cell` of `block` breaks; each message is kept once.
    pub(super) fn breached(
        &mut self,
        block: &Block<'_>,
        grid: &Grid,
        cell: &Params,
        breaches: Vec<Breach>,
    ) {
        for Breach { params, message } in breaches {
            if self.messages.len() >= MAX_BREACHES || !self.messages.insert(message.clone()) {
                continue;
            }
            let place = params.iter().find_map(|name| block.place_of(grid, name));
            let cell: Vec<String> =
                cell.iter().map(|(name, value)| format!("{name} = {value}")).collect();
            let mistake = Mistake::new(place.unwrap_or(&grid.place), message);
            self.breaches.push(mistake.label(format!("in the cell {}", cell.join(", "))).help(
                "take such cells out with [[exclude]], or give them other values with [[when]]",
            ));
        }
    }

    /// Everything that is wrong. A sample does not visit every cell, and `--set` may well take the
    /// meaning from a key of the file, so what means nothing is looked for without them only.
    pub(super) fn mistakes(&self, walk: &Walk<'_>) -> Vec<Mistake> {
        let mut mistakes = self.breaches.clone();
        if walk.grid.sample.is_some() || !mistakes.is_empty() {
            return mistakes;
        }
        let grid = walk.grid;
        let everywhere = |_: &Block<'_>| true;
        let variants = Variants::of(self.means_something("variant", walk, &everywhere));
        let mut look = |entries: &[Entry], within: &dyn Fn(&Block<'_>) -> bool| {
            for entry in entries {
                if !self.means_something(&entry.name, walk, within) {
                    mistakes.push(meaningless(entry, walk.catalog, variants));
                }
            }
        };
        if grid.grid.iter().any(Entry::is_set) {
            let sets: Vec<Entry> = grid.grid.iter().filter(|one| one.is_set()).cloned().collect();
            look(&sets, &everywhere);
            return mistakes;
        }
        look(&grid.grid, &everywhere);
        grid.zips.iter().for_each(|zip| look(zip, &everywhere));
        grid.whens.iter().for_each(|when| look(&when.entries, &everywhere));
        for (number, part) in grid.parts.iter().enumerate() {
            look(&part.entries, &|block| block.part == number);
        }
        for (variant, entries) in &grid.variants {
            look(entries, &|block| {
                block.variant.into_iter().flat_map(tables_of).any(|t| t == variant)
            });
        }
        mistakes
    }

    fn means_something(
        &self,
        name: &str,
        walk: &Walk<'_>,
        within: &dyn Fn(&Block<'_>) -> bool,
    ) -> bool {
        let blocks = walk.blocks.iter().zip(&self.meaningful);
        blocks.into_iter().any(|(block, meaningful)| within(block) && meaningful.contains(name))
    }
}

/// Whether any cell has a variant at all.
#[derive(Clone, Copy)]
enum Variants {
    Some,
    None,
}

impl Variants {
    fn of(found: bool) -> Variants {
        if found { Variants::Some } else { Variants::None }
    }
}

fn meaningless(entry: &Entry, catalog: &Catalog, variants: Variants) -> Mistake {
    let title = format!("`{}` means nothing in any cell", entry.name);
    let mistake = Mistake::new(&entry.place, title);
    if let Some(param) = catalog.params.iter().find(|param| param.name == entry.name) {
        return mistake.label(format!("it means something where {}", conditions(param)));
    }
    let mut owners = Vec::new();
    let mut needs = BTreeSet::new();
    for variant in &catalog.variants {
        for param in variant.params.iter().filter(|param| param.name == entry.name) {
            owners.push(variant.name);
            needs.insert(conditions(param));
        }
    }
    needs.remove("");
    let needs: Vec<String> = needs.iter().map(|need| format!(", where {need}")).collect();
    let label = format!("a parameter of {}{}", listing(owners), needs.concat());
    let need = catalog.declarations("variant").first().map(|param| conditions(param));
    match (variants, need) {
        (Variants::None, Some(need)) if !need.is_empty() => {
            mistake.label(label).help(format!("a cell has a variant only where {need}"))
        }
        _ => mistake.label(label),
    }
}

fn conditions(param: &Param) -> String {
    let all: Vec<String> = param.relevant_when.iter().map(ToString::to_string).collect();
    all.join(" and ")
}
