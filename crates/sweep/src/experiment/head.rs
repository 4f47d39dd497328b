//! `[experiment]` and `[sample]`: the question, the seeds, and how much of the grid is run.

use toml::de::DeValue;

use super::document::{Field, Section, kind, unknown};
use super::grid::Sample;
use crate::catalog::Catalog;
use crate::mistakes::{Mistake, Place};
use crate::overrides::Override;

/// How many seeds there may be.
const MAX_SEEDS: i64 = 100_000;

/// How far `max_runs` may raise the limit.
pub(super) const MAX_RUNS: i64 = 10_000_000;

/// What `[experiment]` says.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) question: String,
    pub(super) seeds: Vec<u64>,
    pub(super) max_runs: Option<u64>,
    pub(super) probes: Vec<String>,
}

/// The one key of `[experiment]` that `--set` may replace: how many seeds a trial run takes.
pub(super) const SEEDS: &str = "seeds";

/// Reads `[experiment]`, which must be there; `--set seeds=2` wins over what it says.
pub(super) fn head(
    section: Option<&Section<'_>>,
    overrides: &[Override],
    catalog: &Catalog,
    log: &mut Vec<Mistake>,
) -> Head {
    let Some(section) = section else {
        let title = "the file has no [experiment]";
        let help = "begin with [experiment], question = \"...\" and seeds = 5";
        log.push(Mistake::new(&Place::File(0..0), title).help(help));
        return Head::default();
    };
    section.refuse_others(&["question", SEEDS, "max_runs", "probes"], log);
    let question = section.require("question", "question = \"Does depth help?\"", log);
    let question = question.and_then(|field| field.text(log)).unwrap_or_default().to_owned();
    let max_runs = section.get("max_runs").and_then(|field| field.whole(1, MAX_RUNS, log));
    let max_runs = max_runs.and_then(|runs| u64::try_from(runs).ok());
    let seeds = match set_seeds(overrides, log) {
        Some(seeds) => seeds,
        None => {
            let field = section.require(SEEDS, "seeds = 5", log);
            field.map(|field| seeds(field, log)).unwrap_or_default()
        }
    };
    let probes = section.get("probes").map(|field| probes(field, catalog, log));
    Head { question, seeds, max_runs, probes: probes.unwrap_or_default() }
}

/// The probes on request that `field` names.
fn probes(field: &Field<'_>, catalog: &Catalog, log: &mut Vec<Mistake>) -> Vec<String> {
    let known: Vec<&str> = catalog.probes.iter().map(|probe| probe.name).collect();
    let mut probes = Vec::new();
    for (name, place) in field.names(log) {
        if known.contains(&name) {
            probes.push(name.to_owned());
        } else {
            let title = format!("`{name}` is no probe that runs on request");
            log.push(unknown(&place, title, name, &known));
        }
    }
    probes
}

/// The seeds of the last `--set seeds=...`.
fn set_seeds(overrides: &[Override], log: &mut Vec<Mistake>) -> Option<Vec<u64>> {
    let index = overrides.iter().rposition(|set| set.key() == SEEDS)?;
    let parsed = DeValue::parse(overrides[index].toml()).ok()?;
    let (key, value) = overrides[index].spans();
    let (key_place, value_place) = (Place::Set(index, key), Place::Set(index, value));
    Some(seeds(&Field { key: SEEDS, key_place, value: parsed.get_ref(), value_place }, log))
}

/// `seeds = 5` are the seeds 0 to 4; `seeds = [3, 7]` names them.
fn seeds(field: &Field<'_>, log: &mut Vec<Mistake>) -> Vec<u64> {
    match field.value {
        DeValue::Integer(_) => {
            let n = field.whole(1, MAX_SEEDS, log).and_then(|n| u64::try_from(n).ok());
            (0..n.unwrap_or(0)).collect()
        }
        DeValue::Array(items) if !items.is_empty() && items.len() as i64 <= MAX_SEEDS => {
            let mut seeds = std::collections::BTreeMap::new();
            let mut named = Vec::new();
            for item in items {
                let place = match &field.value_place {
                    Place::File(_) => Place::File(item.span()),
                    set @ Place::Set(..) => set.clone(),
                };
                let Some(seed) = seed(item.get_ref()) else {
                    let title = format!("{} is no seed", kind(item.get_ref()));
                    let label = "a seed is a whole number of at least 0";
                    log.push(Mistake::new(&place, title).label(label));
                    continue;
                };
                match seeds.insert(seed, place.clone()) {
                    None => named.push(seed),
                    Some(first) => {
                        let mistake =
                            Mistake::new(&place, format!("the seed {seed} is named twice"));
                        log.push(mistake.label("again").also(&first, "first"));
                    }
                }
            }
            named
        }
        _ => {
            field
                .expected(&format!("their number, from 1 to {MAX_SEEDS}, or a list of seeds"), log);
            Vec::new()
        }
    }
}

fn seed(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer()?;
    let seed = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
    u64::try_from(seed).ok()
}

/// Reads `[sample]`.
pub(super) fn sample(section: &Section<'_>, log: &mut Vec<Mistake>) -> Option<Sample> {
    section.refuse_others(&["n", "seed"], log);
    let field = section.require("n", "n = 100", log);
    let place = field.map(|field| field.value_place.clone());
    let n = field.and_then(|field| field.whole(1, MAX_RUNS, log));
    let seed = section.require("seed", "seed = 1", log);
    let seed = seed.and_then(|field| field.whole(0, i64::MAX, log));
    Some(Sample { n: u64::try_from(n?).ok()?, seed: u64::try_from(seed?).ok()?, place: place? })
}
