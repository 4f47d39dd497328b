//! An experiment: one TOML file that asks one question, read and checked as a whole. What each
//! section means stands in `experiments/README.md`.

mod claims;
mod document;
mod filters;
pub(crate) mod grid;
mod head;
mod papers;
mod plots;
mod sections;
mod specs;
mod values;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod manual;
#[cfg(test)]
mod messages;

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::claim::ClaimSpec;
use crate::expansion::{self, Expansion};
use crate::mistakes::{Mistake, Mistakes, Place, SourceText};
use crate::overrides::Override;
use crate::plots::PlotSpec;
use crate::specs::{ComparisonSpec, TableSpec};
use document::{Section, unknown};
use grid::Grid;
use sections::Sections;

const SECTIONS: [&str; 12] = [
    "experiment",
    "grid",
    "variant",
    "zip",
    "union",
    "when",
    "exclude",
    "sample",
    "compare",
    "claim",
    "table",
    "plot",
];

/// How long an experiment file may be, in bytes.
const MAX_LEN: usize = 4 << 20;

/// How many runs an experiment may have unless it or the command line says otherwise.
const DEFAULT_RUNS: u64 = 10_000;

/// A checked experiment: every value is valid for its parameter, every name is known.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub question: String,
    /// Its replicates; at least one, each once.
    pub seeds: Vec<u64>,
    /// The probes that measure its networks besides those that measure every one.
    pub probes: Vec<String>,
    /// The tables that answer it; a default one where the file has none.
    pub tables: Vec<TableSpec>,
    /// Its pictures; a default one where the file has none.
    pub plots: Vec<PlotSpec>,
    /// The paired comparison that answers it, if there is one.
    pub comparison: Option<ComparisonSpec>,
    /// What it expects to find.
    pub claims: Vec<ClaimSpec>,
    /// What should be known of the file, if anything is: what it names and no run will have.
    pub warnings: Option<Mistakes>,
    grid: Grid,
    max_runs: Option<u64>,
    text: Arc<SourceText>,
}

/// The text of an experiment file.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name of the experiment; normally the stem of the file's name.
    pub name: &'a str,
    /// What the file is called in messages.
    pub path: &'a str,
    /// What stands in it.
    pub text: &'a str,
}

/// How many runs (trials times seeds) an expansion may have. The command line's wish wins over
/// the file's `max_runs`, and that over the default of 10000.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limit {
    /// What the command line says, if it says anything.
    pub max_runs: Option<u64>,
}

impl Experiment {
    /// Reads a file, puts `overrides` over it and checks everything against `catalog`.
    ///
    /// # Errors
    /// Every mistake in the file and in the overrides.
    pub fn read(
        source: Source<'_>,
        overrides: &[Override],
        catalog: &Catalog,
    ) -> Result<Experiment, Mistakes> {
        let text = |file: &str| {
            Arc::new(SourceText {
                path: source.path.to_owned(),
                file: file.to_owned(),
                sets: overrides.iter().map(Override::to_string).collect(),
            })
        };
        if source.text.len() > MAX_LEN {
            let found =
                format!("the file has {} bytes; at most {MAX_LEN} are read", source.text.len());
            return Err(Mistakes::new(text(""), vec![Mistake::new(&Place::File(0..0), found)]));
        }
        let document = document::parse(source.text)
            .map_err(|mistakes| Mistakes::new(text(source.text), mistakes))?;
        let mut log = Vec::new();
        let file = ExperimentFile::read(&document, &mut log);
        let head = head::head(file.head.as_ref(), overrides, catalog, &mut log);
        let asked = head.probes.as_slice();
        let tables = specs::tables(&file.tables, source.text, (catalog, asked), &mut log);
        let plots = plots::plots(&file.plots, source.text, (catalog, asked), &mut log);
        let comparison = file.compare.as_ref();
        let comparison =
            comparison.and_then(|section| specs::comparison(section, catalog, asked, &mut log));
        let claims = claims::claims(&file.claims, source.text, (catalog, asked), &mut log);
        let grid = Grid::read(file.grid, overrides, source.text, catalog, &mut log);
        if log.iter().any(|mistake| !mistake.warns()) {
            return Err(Mistakes::new(text(source.text), log));
        }
        let warnings = (!log.is_empty()).then(|| Mistakes::new(text(source.text), log));
        let comparison = comparison.or_else(|| specs::default_comparison(&grid, catalog));
        let default = if tables.is_empty() { specs::default_table(&grid, catalog) } else { None };
        let tables: Vec<TableSpec> = tables.into_iter().chain(default).collect();
        let plots = match (plots.is_empty(), tables.first()) {
            (true, Some(table)) => plots::default_plot(table).into_iter().collect(),
            (true, None) | (false, _) => plots,
        };
        Ok(Experiment {
            name: source.name.to_owned(),
            question: head.question,
            seeds: head.seeds,
            probes: head.probes,
            tables,
            plots,
            comparison,
            claims,
            grid,
            max_runs: head.max_runs,
            warnings,
            text: text(source.text),
        })
    }

    /// Every trial of the grid, in the order of the file: the first axis changes slowest. The
    /// number of cells is counted before anything is allocated.
    ///
    /// # Errors
    /// Too many runs for `limit`; cells that break a rule of the catalog; keys that mean something
    /// in no cell.
    pub fn expand(&self, catalog: &Catalog, limit: Limit) -> Result<Expansion, Mistakes> {
        let max_runs = limit.max_runs.or(self.max_runs).unwrap_or(DEFAULT_RUNS);
        let seeds = self.seeds.len() as u64;
        expansion::expand(&self.grid, catalog, expansion::Budget { max_runs, seeds })
            .map_err(|mistakes| Mistakes::new(Arc::clone(&self.text), mistakes))
    }
}

/// The sections of a file, as they stand in it.
#[derive(Debug, Default)]
struct ExperimentFile<'t> {
    head: Option<Section<'t>>,
    grid: Sections<'t>,
    compare: Option<Section<'t>>,
    claims: Vec<Section<'t>>,
    tables: Vec<Section<'t>>,
    plots: Vec<Section<'t>>,
}

impl<'t> ExperimentFile<'t> {
    fn read(document: &'t toml::de::DeTable<'t>, log: &mut Vec<Mistake>) -> Self {
        let mut file = ExperimentFile::default();
        for field in document::fields(document, &document::Spans::File) {
            let grid = &mut file.grid;
            match field.key {
                "experiment" => file.head = Section::one(&field, "[experiment]", log),
                "grid" => grid.grid = Section::one(&field, "[grid]", log),
                "variant" => grid.variants = Section::one(&field, "[variant.name]", log),
                "zip" => grid.zips = Section::many(&field, log),
                "union" => grid.parts = Section::many(&field, log),
                "when" => grid.whens = Section::many(&field, log),
                "exclude" => grid.excludes = Section::many(&field, log),
                "sample" => {
                    let section = Section::one(&field, "[sample]", log);
                    grid.sample = section.and_then(|section| head::sample(&section, log));
                }
                "compare" => file.compare = Section::one(&field, "[compare]", log),
                "claim" => file.claims = Section::many(&field, log),
                "table" => file.tables = Section::many(&field, log),
                "plot" => file.plots = Section::many(&field, log),
                other => {
                    let title = format!("unknown section `{other}`");
                    let mistake = unknown(&field.key_place, title, other, &SECTIONS);
                    log.push(match field.value.is_table() {
                        true => mistake,
                        false => mistake.help("parameters stand in [grid], seeds in [experiment]"),
                    });
                }
            }
        }
        file
    }
}
