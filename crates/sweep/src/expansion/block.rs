//! One block of a grid: a part and a variant, and the product of the dimensions they have. The
//! cell at an index is read off the index as a number whose digits have the dimensions as bases,
//! the first dimension being the digit that changes slowest.

use crate::axis::Axis;
use crate::experiment::grid::{Entry, Grid, Part, Rank, When};
use crate::mistakes::Place;
use crate::params::Params;
use crate::value::Value;

/// A part, a variant and the dimensions of their product.
pub(super) struct Block<'g> {
    /// Which part of the union.
    pub(super) part: usize,
    pub(super) variant: Option<&'g str>,
    dimensions: Vec<Dimension<'g>>,
    /// The dimensions of every `when`, in the order of the file.
    whens: Vec<(&'g When, Vec<Dimension<'g>>)>,
}

/// Parameters that move together.
struct Dimension<'g> {
    /// Where it ranks among the others; the lowest changes slowest.
    rank: Rank,
    axes: Vec<(&'g str, &'g Axis)>,
}

impl<'g> Block<'g> {
    /// Every block of `grid`, in the order of the file.
    pub(super) fn all(grid: &'g Grid) -> Vec<Block<'g>> {
        let mut blocks = Vec::new();
        for (part, Part { variants, .. }) in grid.parts.iter().enumerate() {
            for variant in variants {
                blocks.push(Block::new(grid, part, variant.as_deref()));
            }
        }
        blocks
    }

    fn new(grid: &'g Grid, part: usize, variant: Option<&'g str>) -> Block<'g> {
        let mut dimensions: Vec<Dimension<'g>> = Vec::new();
        for zip in &grid.zips {
            dimensions.extend(Dimension::of(zip, variant));
        }
        // A later source replaces the axis of an earlier one, but not its rank.
        let own = grid.own(variant);
        for entry in grid.grid.iter().chain(&grid.parts[part].entries).chain(own) {
            let Some(new) = Dimension::of([entry], variant) else { continue };
            match dimensions.iter_mut().find(|old| old.axes[0].0 == entry.name) {
                Some(old) => old.axes = new.axes,
                None => dimensions.push(new),
            }
        }
        dimensions.sort_by_key(|dimension| dimension.rank);
        let each = |when: &'g When| {
            let entries = when.entries.iter();
            (when, entries.filter_map(|entry| Dimension::of([entry], variant)).collect())
        };
        Block { part, variant, dimensions, whens: grid.whens.iter().map(each).collect() }
    }

    /// How many cells there are before any `when`; `None` is more than can be counted.
    pub(super) fn cells(&self) -> Option<u128> {
        product(&self.dimensions)
    }

    /// The cells times the combinations of every `when`, as if all of them held everywhere.
    pub(super) fn cells_with_whens(&self) -> Option<u128> {
        let all: Vec<usize> = (0..self.whens.len()).collect();
        self.cells()?.checked_mul(self.combinations(&all)?)
    }

    /// The values of the cell at `index`, which is less than the number of cells.
    pub(super) fn point(&self, index: u128) -> Params {
        let mut point = Params::default();
        if let Some(variant) = self.variant {
            point.set("variant", Value::Text(variant.to_owned()));
        }
        set(&mut point, &self.dimensions, index);
        point
    }

    /// The `when` that `holds`, by number.
    pub(super) fn whens_where(&self, holds: impl Fn(&When) -> bool) -> Vec<usize> {
        (0..self.whens.len()).filter(|number| holds(self.whens[*number].0)).collect()
    }

    /// How many combinations the given `when` make of one cell.
    pub(super) fn combinations(&self, whens: &[usize]) -> Option<u128> {
        let sizes = whens.iter().map(|number| product(&self.whens[*number].1));
        sizes.into_iter().try_fold(1_u128, |all, size| all.checked_mul(size?))
    }

    /// The cells that `point` becomes where the given `when` hold. Their number has been checked.
    pub(super) fn replaced(&self, point: &Params, whens: &[usize]) -> Vec<Params> {
        let cell = |choice| {
            let mut given = point.clone();
            self.replace(&mut given, &self.digits(whens, choice));
            given
        };
        (0..self.combinations(whens).unwrap_or(0)).map(cell).collect()
    }

    /// An index below [`Block::cells_with_whens`] as a cell and a choice among the combinations of
    /// every `when`.
    pub(super) fn split(&self, index: u128) -> (u128, u128) {
        let all: Vec<usize> = (0..self.whens.len()).collect();
        let combinations = self.combinations(&all).unwrap_or(1);
        (index / combinations, index % combinations)
    }

    /// The cell that `point` becomes by `choice` where the given `when` hold. Choices that differ
    /// only in a `when` that does not hold are one cell, had by the first of them.
    pub(super) fn chosen(
        &self,
        mut point: Params,
        whens: &[usize],
        choice: u128,
    ) -> Option<Params> {
        let all: Vec<usize> = (0..self.whens.len()).collect();
        let (holding, idle): (Vec<_>, Vec<_>) =
            self.digits(&all, choice).into_iter().partition(|(number, _)| whens.contains(number));
        if idle.iter().any(|(_, digit)| *digit != 0) {
            return None;
        }
        self.replace(&mut point, &holding);
        Some(point)
    }

    /// The digit of each of the given `when` in `choice`.
    fn digits(&self, whens: &[usize], mut choice: u128) -> Vec<(usize, u128)> {
        let mut digits = Vec::with_capacity(whens.len());
        for number in whens.iter().rev() {
            let size = product(&self.whens[*number].1).unwrap_or(1);
            digits.push((*number, choice % size));
            choice /= size;
        }
        digits.reverse();
        digits
    }

    /// Puts the values of each `when` over `given`, so that a later one wins.
    fn replace(&self, given: &mut Params, digits: &[(usize, u128)]) {
        for (number, digit) in digits {
            set(given, &self.whens[*number].1, *digit);
        }
    }

    /// Where the file gives the parameter `name` for cells of this block, the strongest first.
    pub(super) fn place_of(&self, grid: &'g Grid, name: &str) -> Option<&'g Place> {
        let own = grid.own(self.variant).into_iter().rev();
        let whens = grid.whens.iter().flat_map(|when| &when.entries);
        let mut entries = whens
            .chain(own)
            .chain(&grid.parts[self.part].entries)
            .chain(grid.zips.iter().flatten())
            .chain(&grid.grid);
        entries.find(|entry| entry.name == name).map(|entry| &entry.place)
    }
}

impl<'g> Dimension<'g> {
    /// The dimension in which `entries` move together, without those that `variant` has not.
    /// `variant` itself is no dimension: every block has one value of it.
    fn of(
        entries: impl IntoIterator<Item = &'g Entry>,
        variant: Option<&str>,
    ) -> Option<Dimension<'g>> {
        let entries = entries.into_iter().filter(|entry| entry.name != "variant");
        let moving = entries.filter_map(|entry| Some((entry, entry.axis(variant)?)));
        let moving: Vec<(&Entry, &Axis)> = moving.collect();
        let rank = moving.iter().map(|(entry, _)| entry.rank).min()?;
        let axes = moving.iter().map(|(entry, axis)| (entry.name.as_str(), *axis)).collect();
        Some(Dimension { rank, axes })
    }

    /// How many values it has: all its axes are equally long.
    fn len(&self) -> u64 {
        self.axes[0].1.len()
    }
}

fn product(dimensions: &[Dimension<'_>]) -> Option<u128> {
    let lengths = dimensions.iter().map(|dimension| u128::from(dimension.len()));
    lengths.into_iter().try_fold(1_u128, |all, length| all.checked_mul(length))
}

/// Sets the values at `index` of the product of `dimensions`.
fn set(given: &mut Params, dimensions: &[Dimension<'_>], mut index: u128) {
    for dimension in dimensions.iter().rev() {
        let length = u128::from(dimension.len());
        let digit = (index % length) as u64;
        index /= length;
        for (name, axis) in &dimension.axes {
            given.set(*name, axis.value(digit));
        }
    }
}
