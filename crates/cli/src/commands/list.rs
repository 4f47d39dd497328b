//! `ablate list`: what can be named in an experiment file, from the registries themselves.

use ablate_autoencoder::probes::{self, Occasion};
use ablate_autoencoder::variants;
use ablate_data::{corruptions, datasets};
use ablate_records::Store;
use ablate_report::{Field, Grid};
use ablate_sweep::{Catalog, Direction, Param, Split};

use crate::args::{Common, List, Listed};
use crate::commands::query::render_grid;
use crate::exit::Exit;
use crate::terminal::Terminal;

pub(crate) fn run(args: &List, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let listed = match args.what {
        Listed::Variants => variants(),
        Listed::Corruptions => corruptions(),
        Listed::Probes => probes(),
        Listed::Datasets => datasets(),
        Listed::Metrics => metrics(&catalog),
        Listed::Parameters => parameters(&catalog),
        Listed::Experiments => experiments(&Store::open_read_only(&common.db)?)?,
    };
    terminal.data(&render_grid(&listed, args.format, terminal))?;
    Ok(Exit::Done)
}

fn grid(columns: &[&str], rows: Vec<Vec<String>>) -> Grid {
    Grid {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        rows: rows.into_iter().map(|row| row.into_iter().map(Field::Text).collect()).collect(),
    }
}

fn variants() -> Grid {
    let row = |variant: &&variants::Variant| {
        let params: Vec<&str> = (variant.params)().iter().map(|param| param.name).collect();
        let text = [variant.name, variant.formula, &params.join(", "), variant.source];
        text.map(str::to_owned).to_vec()
    };
    grid(&["variant", "objective", "parameters", "source"], variants::ALL.iter().map(row).collect())
}

fn corruptions() -> Grid {
    let row = |corruption: &&ablate_data::Corruption| {
        let severities = match &corruption.severity {
            Some(severity) => {
                let graded: Vec<String> = severity.graded.iter().map(f32::to_string).collect();
                format!("{} {}", severity.name, graded.join(" "))
            }
            None => "-".to_owned(),
        };
        let family = corruption.family.word();
        [corruption.name, family, corruption.formula, &severities, corruption.source]
            .map(str::to_owned)
            .to_vec()
    };
    grid(
        &["corruption", "family", "formula", "severities", "source"],
        corruptions::ALL.iter().map(row).collect(),
    )
}

fn probes() -> Grid {
    let row = |probe: &&probes::Probe| {
        let metrics = (probe.metrics)().len().to_string();
        let runs = match probe.occasion {
            Occasion::Always => "always",
            Occasion::OnRequest => "on request",
        };
        let cost = format!("{:.0}", probe.passes().max(1.0));
        [probe.name, probe.summary, runs, &cost, probe.formula, &metrics, probe.source]
            .map(str::to_owned)
            .to_vec()
    };
    let columns = ["probe", "measures", "runs", "test passes", "formula", "metrics", "source"];
    grid(&columns, probes::ALL.iter().map(row).collect())
}

fn datasets() -> Grid {
    let row = |source: &&ablate_data::Source| {
        let text = [source.name, source.summary, source.formula, source.source, source.licence];
        text.map(str::to_owned).to_vec()
    };
    let columns = ["dataset", "images", "formula", "source", "licence"];
    grid(&columns, datasets::ALL.iter().map(row).collect())
}

fn metrics(catalog: &Catalog) -> Grid {
    let row = |metric: &ablate_sweep::Metric| {
        let better = match metric.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
            Direction::Neither => "-",
        };
        let split = match metric.split {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        };
        [&metric.name, metric.unit, better, split, &metric.summary].map(str::to_owned).to_vec()
    };
    let rows = catalog.all_metrics().map(row).collect();
    grid(&["metric", "unit", "better", "split", "what it is"], rows)
}

fn parameters(catalog: &Catalog) -> Grid {
    let general = catalog.params.iter().map(|param| parameter(param, None));
    let own = catalog.variants.iter().flat_map(|variant| {
        variant.params.iter().map(|param| parameter(param, Some(variant.name)))
    });
    let columns = ["parameter", "takes", "default", "means something when", "what it is"];
    grid(&columns, general.chain(own).collect())
}

fn parameter(param: &Param, variant: Option<&str>) -> Vec<String> {
    let special = param.default_when.iter().map(|(when, value)| format!("{value} when {when}"));
    let defaults: Vec<String> = std::iter::once(param.default.to_string()).chain(special).collect();
    let own = variant.map(|name| format!("variant is \"{name}\""));
    let conditions = param.relevant_when.iter().map(ToString::to_string);
    let when: Vec<String> = own.into_iter().chain(conditions).collect();
    vec![
        param.name.to_owned(),
        param.domain.to_string(),
        defaults.join(", "),
        if when.is_empty() { "always".to_owned() } else { when.join(" and ") },
        param.summary.to_owned(),
    ]
}

fn experiments(store: &Store) -> anyhow::Result<Grid> {
    let int = |count: u32| Field::Int(i64::from(count));
    let rows = store.experiments()?.into_iter().map(|summary| {
        vec![
            Field::Text(summary.name),
            int(summary.planned),
            int(summary.finished),
            int(summary.failed),
            int(summary.interrupted),
            Field::Text(summary.last_swept),
            Field::Text(summary.question),
        ]
    });
    let columns =
        ["experiment", "runs", "finished", "failed", "interrupted", "last swept", "question"];
    Ok(Grid { columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() })
}
