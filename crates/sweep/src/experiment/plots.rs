//! `[[plot]]`, and what stands in for it where the file has none.

use super::document::{Field, Names, Section};
use super::filters::filter;
use super::specs::Reader;
use crate::catalog::Catalog;
use crate::mistakes::Mistake;
use crate::names::listing;
use crate::plots::{Drawing, LogAxes, PlotKeys, PlotKind, PlotSpec, Shown};
use crate::specs::TableSpec;

/// The keys that mean something for some kinds only.
const SOME: [&str; 9] = ["x", "y", "metric", "metrics", "curve", "profile", "by", "axes", "log"];

/// Reads every `[[plot]]`.
pub(super) fn plots(
    sections: &[Section<'_>],
    file: &str,
    (catalog, asked): (&Catalog, &[String]),
    log: &mut Vec<Mistake>,
) -> Vec<PlotSpec> {
    let mut names = Names::new("plots");
    let mut plots = Vec::new();
    for section in sections {
        let known: Vec<&str> =
            ["name", "kind", "filter", "select"].into_iter().chain(SOME).collect();
        section.refuse_others(&known, log);
        let name = names.read(section, "name = \"depth\"", log).unwrap_or_default();
        plots.extend(Reader { catalog, asked, log }.plot(section, name, file));
    }
    plots
}

impl Reader<'_> {
    fn plot(&mut self, section: &Section<'_>, name: &str, file: &str) -> Option<PlotSpec> {
        let kind = section.require("kind", "kind = \"strip\"", self.log).cloned();
        let words = PlotKind::ALL.map(PlotKind::word);
        let kind = kind.and_then(|field| self.word(&field, PlotKind::from_word, &words));
        if let Some(kind) = kind {
            for field in section.fields.iter().filter(|field| SOME.contains(&field.key)) {
                if !kind.takes(field.key) {
                    self.log.push(means_nothing(field, kind));
                }
            }
            for (key, example) in kind.needs() {
                section.require(key, example, self.log);
            }
        }
        let keys = PlotKeys {
            x: match kind {
                Some(PlotKind::Scatter) => self.either(section, "x"),
                Some(_) | None => self.plot_param(section, "x"),
            },
            y: self.plot_param(section, "y"),
            metric: section.get("metric").and_then(|field| {
                let name = field.text(self.log)?;
                self.metric(name, &field.value_place)
            }),
            metrics: section.get("metrics").map(|field| self.several(field)).unwrap_or_default(),
            curve: self.free(section, "curve"),
            profile: self.free(section, "profile"),
            by: section.get("by").map(|field| self.params(field)).unwrap_or_default(),
            axes: section.get("axes").map(|field| self.axes(field)).unwrap_or_default(),
        };
        self.each_once(section, &keys);
        let log = section.get("log").map(|field| self.log_axes(field, kind)).unwrap_or_default();
        let filter =
            section.get("filter").and_then(|field| filter(field, file, self.catalog, self.log));
        let select = self.select(section);
        let drawing = Drawing::new(kind?, keys)?;
        Some(PlotSpec { name: name.to_owned(), drawing, log, filter, select: select? })
    }

    fn plot_param(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        let field = section.get(key)?;
        let name = field.text(self.log)?;
        self.param(name, &field.value_place)
    }

    fn several(&mut self, field: &Field<'_>) -> Vec<String> {
        let names = field.names(self.log);
        names.iter().filter_map(|(name, place)| self.metric(name, place)).collect()
    }

    /// A metric, or else a parameter.
    fn either(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        let name = section.get(key)?.text(self.log)?;
        match self.catalog.metric(name) {
            Some(_) => Some(name.to_owned()),
            None => self.plot_param(section, key),
        }
    }

    /// A name that no catalog lists: which curves and profiles there are, runs tell.
    fn free(&mut self, section: &Section<'_>, key: &str) -> Option<String> {
        section.get(key)?.text(self.log).map(str::to_owned)
    }

    fn axes(&mut self, field: &Field<'_>) -> Vec<String> {
        if field.value.as_array().is_some_and(|items| items.is_empty()) {
            field.expected("at least one name", self.log);
        }
        self.params(field)
    }

    /// A parameter labels one place of a plot only.
    fn each_once(&mut self, section: &Section<'_>, keys: &PlotKeys) {
        for (key, others) in [("y", None), ("by", keys.y.as_ref())] {
            let Some(field) = section.get(key) else { continue };
            let here: Vec<&String> = match key {
                "y" => keys.y.iter().collect(),
                _ => keys.by.iter().collect(),
            };
            let taken = |name: &&&String| keys.x.as_ref() == Some(**name) || others == Some(**name);
            if let Some(twice) = here.iter().find(taken) {
                let title = format!("`{twice}` stands in two places of the plot");
                self.log.push(Mistake::new(&field.value_place, title).label("choose one"));
            }
        }
    }

    fn log_axes(&mut self, field: &Field<'_>, kind: Option<PlotKind>) -> LogAxes {
        let mut log = LogAxes::default();
        let able = kind.map_or(&["x", "y"][..], PlotKind::log_axes);
        if able.is_empty() {
            return log;
        }
        for (name, place) in field.names(self.log) {
            match name {
                "x" if able.contains(&"x") => log.x = true,
                "y" if able.contains(&"y") => log.y = true,
                _ => {
                    let title = format!("`{name}` is no axis that can be logarithmic here");
                    let help = format!("it can be {}", listing(able.iter().copied()));
                    self.log.push(Mistake::new(&place, title).help(help));
                }
            }
        }
        log
    }
}

fn means_nothing(field: &Field<'_>, kind: PlotKind) -> Mistake {
    let title = format!("`{}` means nothing for a plot of kind {}", field.key, kind.word());
    let needed = kind.needs().iter().map(|(key, _)| *key);
    let takes = listing(needed.chain(kind.allows().iter().copied()));
    Mistake::new(&field.key_place, title).help(format!("it takes {takes}"))
}

/// Where a file has no `[[plot]]`: every seed of the first table's metric, over what labels its
/// columns (or else its rows), by the rest.
pub(super) fn default_plot(table: &TableSpec) -> Option<PlotSpec> {
    let mut by = table.rows.clone();
    let x = match table.columns.first() {
        Some(column) => {
            by.extend(table.columns[1..].iter().cloned());
            column.clone()
        }
        None => by.remove(0),
    };
    Some(PlotSpec {
        name: table.name.clone(),
        drawing: Drawing::Metric {
            shown: Shown::Strip,
            x,
            metric: table.metrics.first()?.clone(),
            by,
        },
        log: LogAxes::default(),
        filter: table.filter.clone(),
        select: table.select.clone(),
    })
}
