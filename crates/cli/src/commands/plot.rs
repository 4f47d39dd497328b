//! `ablate plot`: pictures of an experiment as SVG files, those that it declares and others.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use ablate_dashboard::DrawError;
use ablate_records::Store;
use ablate_report::RunSet;
use ablate_report::charts::Closeup;
use ablate_sweep::Catalog;
use ablate_sweep::plots::{Drawing, LogAxes, PlotKeys, PlotKind, PlotSpec};
use anyhow::Context;

use crate::args::{Common, Plot};
use crate::commands::query;
use crate::exit::{Exit, Usage};
use crate::laboratory::Laboratory;
use crate::prepared::Prepared;
use crate::raster;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Plot, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let catalog = ablate_autoencoder::catalog();
    let laboratory = Laboratory::new(common.data.clone());
    let prepared = Prepared::read(&args.target, common, &catalog, &laboratory, terminal)?;
    let declared = &prepared.experiment.plots;
    if args.name.is_none() && args.all.is_none() && args.kind.is_none() {
        let line = |spec: &PlotSpec| {
            let name = ablate_report::visible(&spec.name);
            format!("{name}: {}\n", ablate_report::visible(&said(&spec.drawing)))
        };
        terminal.data(&declared.iter().map(line).collect::<String>())?;
        terminal.message("NAME draws one, --all FOLDER every one, --kind another");
        return Ok(Exit::Done);
    }
    let store = Store::open_read_only(&common.db)?;
    let archive = query::archive(args.archived);
    let set = prepared.run_set(&store, archive, &catalog, &laboratory, terminal)?;
    let studio = Studio { store, set, catalog, force: args.force };
    if let Some(folder) = &args.all {
        return studio.draw_all(declared, folder, terminal);
    }
    let own = args.kind.map(|_| asked(args)).transpose()?;
    let named = declared.iter().find(|spec| args.name.as_ref() == Some(&spec.name));
    let Some(spec) = own.as_ref().or(named) else {
        let names: Vec<&str> = declared.iter().map(|spec| spec.name.as_str()).collect();
        let asked = args.name.as_deref().unwrap_or_default();
        return Err(Usage(format!("no plot {asked:?}: there is {}", names.join(", "))).into());
    };
    let drawn = studio.draw(spec)?;
    match &args.output {
        Some(path) => studio.write(path, &drawn, terminal)?,
        None => terminal.data(&drawn)?,
    }
    Ok(Exit::Done)
}

/// What is drawn from.
struct Studio {
    store: Store,
    set: RunSet,
    catalog: Catalog,
    /// Whether files that are there may be replaced.
    force: bool,
}

impl Studio {
    fn draw(&self, spec: &PlotSpec) -> anyhow::Result<String> {
        let Studio { store, set, catalog, .. } = self;
        let drawn = ablate_dashboard::draw(store, set, spec, catalog, &Closeup::default());
        drawn.map_err(|error| match error {
            DrawError::Report(error) => Usage(error.to_string()).into(),
            DrawError::Records(error) => error.into(),
        })
    }

    /// Every plot into its own file. One that cannot be drawn does not keep the others from it.
    fn draw_all(
        &self,
        specs: &[PlotSpec],
        folder: &Path,
        terminal: &Terminal,
    ) -> anyhow::Result<Exit> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let (mut taken, mut refused) = (BTreeSet::new(), Vec::new());
        for spec in specs {
            let mut file = file_name(&spec.name);
            while !taken.insert(file.clone()) {
                file.push('_');
            }
            match self.draw(spec) {
                Ok(drawn) => self.write(&folder.join(format!("{file}.svg")), &drawn, terminal)?,
                Err(error) if error.is::<Usage>() => refused.push(error.to_string()),
                Err(error) => return Err(error),
            }
        }
        if refused.len() == specs.len() {
            return Err(Usage(refused.join("; ")).into());
        }
        refused.iter().for_each(|error| terminal.error(&format!("warning: {error}")));
        Ok(Exit::Done)
    }

    fn write(&self, path: &Path, drawn: &str, terminal: &Terminal) -> anyhow::Result<()> {
        let shown = path.display();
        let pixels = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("png"));
        let bytes = if pixels { &raster::png(drawn)? } else { drawn.as_bytes() };
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).create_new(!self.force);
        let mut file = match options.open(path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let why = format!("{shown} is there already: --force replaces it");
                return Err(Usage(why).into());
            }
            other => other.with_context(|| format!("cannot write {shown}"))?,
        };
        file.write_all(bytes).with_context(|| format!("cannot write {shown}"))?;
        terminal.data(&format!("{shown}\n"))
    }
}

/// What a plot shows, in a line.
fn said(drawing: &Drawing) -> String {
    let kind = drawing.kind().word();
    let grouped = |by: &[String]| match by {
        [] => String::new(),
        by => format!(", by {}", by.join(", ")),
    };
    match drawing {
        Drawing::Series { name, by, .. } => format!("{kind} of {name}{}", grouped(by)),
        Drawing::Metric { x, metric, by, .. } => {
            format!("{kind} of {metric} over {x}{}", grouped(by))
        }
        Drawing::Heat { x, y, metric } => format!("{kind} of {metric} over {x} and {y}"),
        Drawing::Matrix { metrics, by } => {
            format!("{kind} of {}{}", metrics.join(", "), grouped(by))
        }
        Drawing::Scatter { x, metric, by } => {
            format!("{kind} of {metric} against {x}{}", grouped(by))
        }
        Drawing::Parallel { axes, metric } => {
            format!("{kind} of {metric} over {}", axes.join(", "))
        }
    }
}

/// A name as that of a file on every system.
fn file_name(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || "-_".contains(c) { c } else { '-' };
    let name: String = name.chars().take(80).map(letter).collect();
    if name.is_empty() { "plot".to_owned() } else { name }
}

/// The plot that the options ask for.
fn asked(args: &Plot) -> anyhow::Result<PlotSpec> {
    let kind = args.kind.unwrap_or(PlotKind::Strip);
    let given = [
        ("x", args.x.is_some()),
        ("y", args.y.is_some()),
        ("metric", args.metric.is_some()),
        ("metrics", !args.metrics.is_empty()),
        ("curve", args.curve.is_some()),
        ("profile", args.profile.is_some()),
        ("by", !args.by.is_empty()),
        ("axes", !args.axes.is_empty()),
        ("log", !args.log_axes.is_empty()),
    ];
    let word = kind.word();
    if let Some((key, _)) = given.iter().find(|(key, given)| *given && !kind.takes(key)) {
        let option = if *key == "log" { "log-axes" } else { key };
        return Err(Usage(format!("--{option} means nothing for a plot of kind {word}")).into());
    }
    let missing = |(key, _): &&(&str, &str)| !given.iter().any(|(name, is)| name == key && *is);
    if let Some((key, _)) = kind.needs().iter().find(missing) {
        return Err(Usage(format!("a plot of kind {word} needs --{key}")).into());
    }
    let mut log = LogAxes::default();
    for axis in &args.log_axes {
        match axis.as_str() {
            "x" if kind.log_axes().contains(&"x") => log.x = true,
            "y" if kind.log_axes().contains(&"y") => log.y = true,
            _ => {
                let able = kind.log_axes().join(" and ");
                return Err(Usage(format!(
                    "--log-axes {axis}: {word} can have {able} on a log axis"
                ))
                .into());
            }
        }
    }
    let keys = PlotKeys {
        x: args.x.clone(),
        y: args.y.clone(),
        metric: args.metric.clone(),
        metrics: args.metrics.clone(),
        curve: args.curve.clone(),
        profile: args.profile.clone(),
        by: args.by.clone(),
        axes: args.axes.clone(),
    };
    let drawing = Drawing::new(kind, keys).context("every key that it needs is there")?;
    let name = args.name.clone().unwrap_or_else(|| said(&drawing));
    let filter = query::filter(args.filter.as_deref())?;
    let select = args.select.clone();
    Ok(PlotSpec { name, drawing, log, filter, select })
}
