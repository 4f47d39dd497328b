//! A grid becomes trials. It is the union of blocks, one a part and variant; a block is a product
//! of dimensions, so a cell is an index, and any cell of 10^12 can be had without the others.

mod audit;
mod block;
mod draw;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::experiment::grid::{Grid, Sample};
use crate::mistakes::Mistake;
use crate::params::Params;
use crate::run::{Trial, TrialId};
use audit::Audit;
use block::Block;
use draw::Distinct;

/// What an experiment's grid expands to.
#[derive(Clone, Debug, PartialEq)]
pub struct Expansion {
    /// The trials, each once: in the order of the file, the first axis changing slowest.
    pub trials: Vec<Arc<Trial>>,
    /// Grid points before exclusion and merging. Of a sampled grid, all that could be drawn, each
    /// value of a `when` counted in every cell.
    pub cells: u128,
    /// Cells that an `exclude` took out (of a sampled grid: of those that were drawn).
    pub excluded: u64,
    /// Cells that turned out to be the same trial as an earlier one, because what differs between
    /// them means nothing there (of a sampled grid: of those that were drawn).
    pub merged: u64,
    /// The parameters that tell the trials apart; see [`Catalog::telling`].
    pub telling: Vec<String>,
}

/// So many cells are expanded before the trials among them are counted.
const VISITED: u128 = 50_000;

/// How many runs there may be, and how many a trial makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Budget {
    pub(crate) max_runs: u64,
    pub(crate) seeds: u64,
}

/// Expands `grid`.
pub(crate) fn expand(
    grid: &Grid,
    catalog: &Catalog,
    budget: Budget,
) -> Result<Expansion, Vec<Mistake>> {
    let walk = Walk {
        grid,
        catalog,
        blocks: Block::all(grid),
        audit: Audit::default(),
        seen: HashSet::new(),
        excluded: 0,
        merged: 0,
    };
    let (trials, cells, walk) = match &grid.sample {
        None => walk.everything(budget)?,
        Some(sample) => walk.sampled(sample, budget)?,
    };
    let mistakes = walk.audit.mistakes(&walk);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    if let (true, Some((_, place))) = (trials.is_empty(), grid.excludes.first()) {
        return Err(vec![Mistake::new(
            place,
            "every cell is excluded, so there is nothing to run",
        )]);
    }
    let telling = catalog.telling(trials.iter().map(|trial| &trial.params));
    Ok(Expansion { trials, cells, excluded: walk.excluded, merged: walk.merged, telling })
}

/// Visits cells and keeps what has been found.
struct Walk<'g> {
    grid: &'g Grid,
    catalog: &'g Catalog,
    blocks: Vec<Block<'g>>,
    audit: Audit,
    seen: HashSet<TrialId>,
    excluded: u64,
    merged: u64,
}

type Walked<'g> = (Vec<Arc<Trial>>, u128, Walk<'g>);

impl<'g> Walk<'g> {
    fn everything(mut self, budget: Budget) -> Result<Walked<'g>, Vec<Mistake>> {
        let base = total(self.blocks.iter().map(Block::cells));
        let allowed = u128::from(budget.max_runs / budget.seeds.max(1));
        // Many cells may be few trials: those that merge or are excluded do not count. Up to a
        // number of cells that is expanded in no time, the trials are counted; beyond, the cells.
        let visited = allowed.max(VISITED);
        if base.is_none_or(|base| base > visited) {
            return Err(vec![self.too_many(base, "cells", budget)]);
        }
        let mut trials = Vec::new();
        let mut cells = Some(0_u128);
        for number in 0..self.blocks.len() {
            for index in 0..self.blocks[number].cells().unwrap_or(0) {
                let block = &self.blocks[number];
                let point = block.point(index);
                let whens = self.applying(block, &point);
                let combinations = block.combinations(&whens);
                cells = cells.zip(combinations).and_then(|(cells, more)| cells.checked_add(more));
                // Once there are too many, the rest is only counted.
                if cells.is_none_or(|cells| cells > visited) {
                    continue;
                }
                let given = block.replaced(&point, &whens);
                trials.extend(given.into_iter().filter_map(|given| self.visit(number, &given)));
            }
        }
        match cells {
            Some(cells) if cells <= visited => {
                let found = trials.len() as u128;
                if found > allowed {
                    return Err(vec![self.too_many(Some(found), "trials", budget)]);
                }
                Ok((trials, cells, self))
            }
            too_many => Err(vec![self.too_many(too_many, "cells", budget)]),
        }
    }

    fn sampled(mut self, sample: &Sample, budget: Budget) -> Result<Walked<'g>, Vec<Mistake>> {
        if u128::from(sample.n) * u128::from(budget.seeds) > u128::from(budget.max_runs) {
            let drawn = Some(u128::from(sample.n));
            return Err(vec![over_budget(&sample.place, drawn, "trials", budget)]);
        }
        let Some(cells) = total(self.blocks.iter().map(Block::cells_with_whens)) else {
            return Err(vec![self.too_many(None, "cells", budget)]);
        };
        let attempts = sample.n.saturating_mul(20).saturating_add(10_000);
        let mut drawn = BTreeMap::new();
        for index in Distinct::new(sample.seed, cells).take(attempts as usize) {
            if let Some(trial) = self.visit_drawn(index) {
                drawn.insert(index, trial);
            }
            if drawn.len() as u64 == sample.n {
                break;
            }
        }
        if (drawn.len() as u64) < sample.n && u128::from(attempts) < cells {
            let found = format!("only {} different trials in {attempts} draws", drawn.len());
            let help = "draw fewer, or name fewer values that are excluded or mean nothing";
            return Err(vec![Mistake::new(&sample.place, found).help(help)]);
        }
        Ok((drawn.into_values().collect(), cells, self))
    }

    /// The trial at `index` of all blocks together, if it is a new one.
    fn visit_drawn(&mut self, mut index: u128) -> Option<Arc<Trial>> {
        for number in 0..self.blocks.len() {
            let block = &self.blocks[number];
            let cells = block.cells_with_whens().unwrap_or(0);
            if index < cells {
                let (point, choice) = block.split(index);
                let point = block.point(point);
                let whens = self.applying(block, &point);
                let given = block.chosen(point, &whens, choice)?;
                return self.visit(number, &given);
            }
            index -= cells;
        }
        None
    }

    /// Which `when` hold in the cell that `point` names, each seeing what the grid gives.
    fn applying(&self, block: &Block<'_>, point: &Params) -> Vec<usize> {
        if self.grid.whens.is_empty() {
            return Vec::new();
        }
        let assembled = self.catalog.assemble(point).unwrap_or_else(|_| point.clone());
        block.whens_where(|when| when.filter.holds_for(&assembled))
    }

    /// The trial that `given` makes in block `number`, unless it is excluded, broken or not new.
    fn visit(&mut self, number: usize, given: &Params) -> Option<Arc<Trial>> {
        let resolved = self.catalog.resolve(given);
        let params = match &resolved {
            Ok(trial) => trial.params.clone(),
            // What breaks a rule may still be excluded, by what it was before the rule.
            Err(_) => self.catalog.assemble(given).unwrap_or_else(|_| given.clone()),
        };
        self.audit.note(number, &params);
        if self.grid.excludes.iter().any(|(filter, _)| filter.holds_for(&params)) {
            self.excluded += 1;
            return None;
        }
        match resolved {
            Ok(trial) if self.seen.insert(trial.id.clone()) => Some(Arc::new(trial)),
            Ok(_) => {
                self.merged += 1;
                None
            }
            Err(breaches) => {
                let named = given.iter().filter(|(name, _)| params.get(name).is_some());
                let cell = named.map(|(name, value)| (name.to_owned(), value.clone())).collect();
                self.audit.breached(&self.blocks[number], self.grid, &cell, breaches);
                None
            }
        }
    }

    fn too_many(&self, found: Option<u128>, things: &str, budget: Budget) -> Mistake {
        over_budget(&self.grid.place, found, things, budget)
    }
}

fn total(mut cells: impl Iterator<Item = Option<u128>>) -> Option<u128> {
    cells.try_fold(0_u128, |sum, cells| sum.checked_add(cells?))
}

/// "So many `things`, cells or trials, are too many."
fn over_budget(
    place: &crate::mistakes::Place,
    found: Option<u128>,
    things: &str,
    budget: Budget,
) -> Mistake {
    let count = |count: Option<u128>| {
        count.map_or_else(|| "more than 10^38".to_owned(), |count| count.to_string())
    };
    let runs = found.and_then(|found| found.checked_mul(u128::from(budget.seeds)));
    let title = format!(
        "{} {things} with {} make {} runs, more than the {} allowed",
        count(found),
        match budget.seeds {
            1 => "1 seed".to_owned(),
            n => format!("{n} seeds"),
        },
        count(runs),
        budget.max_runs
    );
    Mistake::new(place, title).help(
        "name fewer values, draw some of the cells with [sample], or allow more with \
         `--max-runs N` or with `max_runs` in [experiment]",
    )
}
