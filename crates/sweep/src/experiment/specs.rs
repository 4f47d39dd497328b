//! `[compare]` and `[[table]]`, and what stands in for them where the file has none.

use super::document::{Field, Names, Section, unknown};
use super::filters::filter;
use super::grid::Grid;
use super::values::scalar;
use crate::axis::invalid;
use crate::catalog::{Catalog, Domain, Param};
use crate::metric::{Direction, Metric, Split};
use crate::mistakes::{Mistake, Place};
use crate::names::{listing, nearest};
use crate::specs::{ComparisonSpec, Spread, Statistic, TableSpec};
use crate::value::Value;

/// The metric that is shown, and the one that chooses, where a file names none.
const METRIC: &str = "test_error";
const SELECT: &str = "valid_error";

/// Reads `[compare]`.
pub(super) fn comparison(
    section: &Section<'_>,
    catalog: &Catalog,
    asked: &[String],
    log: &mut Vec<Mistake>,
) -> Option<ComparisonSpec> {
    section.refuse_others(&["axis", "baseline", "metric", "by", "select"], log);
    let mut reader = Reader { catalog, asked, log };
    let axis = section.require("axis", "axis = \"pretraining\"", reader.log).cloned();
    let axis = axis.and_then(|field| {
        let name = field.text(reader.log)?;
        reader.param(name, &field.value_place)
    });
    let baseline =
        section.get("baseline").and_then(|field| reader.baseline(field, axis.as_deref()));
    let metric = section.require("metric", "metric = \"test_error\"", reader.log).cloned();
    let metric = metric.and_then(|field| {
        let name = field.text(reader.log)?;
        reader.metric(name, &field.value_place)
    });
    let by = section.get("by").map(|field| reader.params(field)).unwrap_or_default();
    if let (Some(axis), Some(field)) = (&axis, section.get("by"))
        && by.contains(axis)
    {
        let title = format!("`{axis}` is the axis that is compared, so nothing is split by it");
        reader.log.push(Mistake::new(&field.value_place, title));
    }
    let select = reader.select(section);
    Some(ComparisonSpec { axis: axis?, baseline, metric: metric?, by, select: select? })
}

/// Reads every `[[table]]`.
pub(super) fn tables(
    sections: &[Section<'_>],
    file: &str,
    (catalog, asked): (&Catalog, &[String]),
    log: &mut Vec<Mistake>,
) -> Vec<TableSpec> {
    let mut names = Names::new("tables");
    let mut tables = Vec::new();
    for section in sections {
        let known = [
            "name",
            "rows",
            "columns",
            "metric",
            "filter",
            "select",
            "statistic",
            "spread",
            "paper",
        ];
        section.refuse_others(&known, log);
        let name = names.read(section, "name = \"depth\"", log).unwrap_or_default();
        tables.extend(Reader { catalog, asked, log }.table(section, name, file));
    }
    tables
}

pub(super) struct Reader<'r> {
    pub(super) catalog: &'r Catalog,
    /// The probes that the file asks for.
    pub(super) asked: &'r [String],
    pub(super) log: &'r mut Vec<Mistake>,
}

impl Reader<'_> {
    fn table(&mut self, section: &Section<'_>, name: &str, file: &str) -> Option<TableSpec> {
        let rows = self.filled(section, "rows", "rows = \"variant\"");
        let rows = rows.map(|field| self.params(&field)).unwrap_or_default();
        let columns = section.get("columns").map(|field| self.params(field)).unwrap_or_default();
        if let Some(field) = section.get("columns")
            && let Some(both) = columns.iter().find(|column| rows.contains(column))
        {
            let title = format!("`{both}` labels the rows and the columns");
            self.log.push(Mistake::new(&field.value_place, title).label("choose one"));
        }
        let metric = self.filled(section, "metric", "metric = \"test_error\"");
        let metrics = metric.map(|field| {
            let names = field.names(self.log);
            names.iter().filter_map(|(name, place)| self.metric(name, place)).collect()
        });
        let filter =
            section.get("filter").and_then(|field| filter(field, file, self.catalog, self.log));
        let select = self.select(section);
        let metrics: Vec<String> = metrics.unwrap_or_default();
        let statistic = section.get("statistic").map_or(Some(Statistic::Mean), |field| {
            self.word(field, Statistic::from_word, &Statistic::ALL.map(Statistic::word))
        });
        let spread = self.spread(section, statistic);
        let keys: Vec<&str> = rows.iter().chain(&columns).map(String::as_str).collect();
        let papers = section.get("paper");
        let papers = papers.map(|field| self.papers(field, &keys, &metrics)).unwrap_or_default();
        Some(TableSpec {
            name: name.to_owned(),
            rows,
            columns,
            metrics,
            filter,
            select: select?,
            statistic: statistic?,
            spread: spread?,
            papers,
        })
    }

    /// What stands behind the statistic: a t interval behind a mean, a BCa interval behind another.
    fn spread(&mut self, section: &Section<'_>, statistic: Option<Statistic>) -> Option<Spread> {
        let statistic = statistic?;
        let Some(field) = section.get("spread") else {
            return Some(match statistic {
                Statistic::Mean => Spread::T,
                Statistic::Median | Statistic::Iqm => Spread::Bca,
            });
        };
        let spread = self.word(field, Spread::from_word, &Spread::ALL.map(Spread::word))?;
        if spread == Spread::T && statistic != Statistic::Mean {
            let title = format!("a t interval is that of a mean, not of a {}", statistic.word());
            let label = "write \"bca\" or \"sd\"";
            self.log.push(Mistake::new(&field.value_place, title).label(label));
            return None;
        }
        Some(spread)
    }

    /// What the word that `field` is means.
    pub(super) fn word<T>(
        &mut self,
        field: &Field<'_>,
        from_word: impl Fn(&str) -> Option<T>,
        known: &[&str],
    ) -> Option<T> {
        let word = field.text(self.log)?;
        let found = from_word(word);
        if found.is_none() {
            let title = format!("`{}` is never `{word}`", field.key);
            self.log.push(unknown(&field.value_place, title, word, known));
        }
        found
    }

    /// The field of that key, which must be there and not be an empty list.
    fn filled<'t>(&mut self, section: &Section<'t>, key: &str, example: &str) -> Option<Field<'t>> {
        let field = section.require(key, example, self.log)?;
        if field.value.as_array().is_some_and(|items| items.is_empty()) {
            field.expected("at least one name", self.log);
            return None;
        }
        Some(field.clone())
    }

    pub(super) fn params(&mut self, field: &Field<'_>) -> Vec<String> {
        let names = field.names(self.log);
        names.iter().filter_map(|(name, place)| self.param(name, place)).collect()
    }

    pub(super) fn param(&mut self, name: &str, place: &Place) -> Option<String> {
        let known = self.catalog.param_names();
        if known.contains(&name) {
            return Some(name.to_owned());
        }
        let title = format!("unknown parameter `{name}`");
        self.log.push(match self.catalog.metric(name) {
            Some(_) => Mistake::new(place, title).label("this is a metric"),
            None => unknown(place, title, name, &known),
        });
        None
    }

    pub(super) fn metric(&mut self, name: &str, place: &Place) -> Option<String> {
        if self.catalog.metric(name).is_some() {
            self.warn_of_what_nobody_measures(name, place);
            return Some(name.to_owned());
        }
        let known = self.catalog.all_metrics().map(|metric| metric.name.as_str());
        let mistake = Mistake::new(place, format!("unknown metric `{name}`"));
        self.log.push(match nearest(name, known) {
            _ if self.catalog.param_names().contains(&name) => mistake.label("this is a parameter"),
            Some(near) => mistake.label(format!("did you mean `{near}`?")),
            None => mistake.help("`ablate list` names every metric"),
        });
        None
    }

    /// Warns of a metric of a probe on request that the file does not ask for.
    fn warn_of_what_nobody_measures(&mut self, metric: &str, place: &Place) {
        let Some(probe) = self.catalog.probe_of(metric).map(|probe| probe.name) else { return };
        if !self.asked.iter().any(|asked| asked == probe) {
            let title = format!("no run is asked for `{metric}`");
            let help = format!(
                "write probes = [\"{probe}\"] below [experiment], or measure finished runs by \
                 `ablate probe`"
            );
            let label = format!("measured by the probe `{probe}`, which runs on request");
            self.log.push(Mistake::warning(place, title).label(label).help(help));
        }
    }

    /// The value that the others are compared with, valid for the axis.
    fn baseline(&mut self, field: &Field<'_>, axis: Option<&str>) -> Option<Value> {
        let value = scalar(field.key, field.value, &field.value_place, self.log)?;
        self.value_of(axis?, value, &field.value_place)
    }

    /// `value` as the parameter `name` stores it, if it can have it.
    pub(super) fn value_of(&mut self, name: &str, value: Value, place: &Place) -> Option<Value> {
        let declared = self.catalog.declarations(name);
        if let Some(checked) = declared.iter().find_map(|param| param.domain.check(&value).ok()) {
            return Some(checked);
        }
        if let Some(param) = declared.first() {
            let valid = param.domain.to_string();
            self.log.push(invalid(name, &value, place, &param.domain, &valid));
        }
        None
    }

    /// The metric that chooses. It looks at validation images only: what has been chosen by test
    /// images can no longer be tested by them.
    pub(super) fn select(&mut self, section: &Section<'_>) -> Option<String> {
        let Some(field) = section.get("select") else {
            let default = default_select(self.catalog);
            if default.is_none() {
                let title = "no metric is measured on validation images, so nothing can be chosen";
                self.log.push(Mistake::new(&section.place, title));
            }
            return default;
        };
        let name = field.text(self.log)?;
        let name = self.metric(name, &field.value_place)?;
        let metric = self.catalog.metric(&name)?;
        let problem = match (metric.split, metric.direction) {
            (Split::Valid, Direction::Lower | Direction::Higher) => return Some(name),
            (Split::Valid, Direction::Neither) => "neither lower nor higher is better",
            (Split::Test, _) => {
                "it is measured on test images, and choosing by them would spoil them"
            }
            (Split::Train, _) => {
                "it is measured on training images, which says nothing of new ones"
            }
        };
        let known = self.catalog.metrics.iter().filter(|metric| chooses(metric));
        let known = listing(known.map(|metric| metric.name.as_str()));
        self.log.push(
            Mistake::new(&field.value_place, format!("`{name}` cannot select"))
                .label(problem)
                .help(format!("choose by {known}")),
        );
        None
    }
}

fn chooses(metric: &Metric) -> bool {
    metric.split == Split::Valid && metric.direction != Direction::Neither
}

fn default_select(catalog: &Catalog) -> Option<String> {
    let named = catalog.metric(SELECT).filter(|metric| chooses(metric));
    let metric = named.or_else(|| catalog.metrics.iter().find(|metric| chooses(metric)));
    metric.map(|metric| metric.name.clone())
}

/// Where a file has no `[compare]` and `pretraining` is an axis: each other value against `none`,
/// by dataset and by depth where these are axes too: validation cannot choose among datasets.
pub(super) fn default_comparison(grid: &Grid, catalog: &Catalog) -> Option<ComparisonSpec> {
    let axes = grid.varying_names();
    let metric = catalog.metric(METRIC)?;
    axes.contains("pretraining").then_some(())?;
    let by = ["dataset", "depth"].into_iter().filter(|name| axes.contains(name));
    Some(ComparisonSpec {
        axis: "pretraining".to_owned(),
        baseline: Some(Value::Text("none".to_owned())),
        metric: metric.name.clone(),
        by: by.map(str::to_owned).collect(),
        select: default_select(catalog)?,
    })
}

/// Where a file has no `[[table]]`: the axes that are named choices label the rows, the first one
/// of whole numbers (else of real ones) the columns, other whole numbers more rows; what remains,
/// such as lambda or the learning rate, is chosen by validation within each cell.
pub(super) fn default_table(grid: &Grid, catalog: &Catalog) -> Option<TableSpec> {
    let axes = grid.varying_names();
    let mut seen = Vec::new();
    let own = catalog.variants.iter().flat_map(|variant| &variant.params);
    for param in catalog.params.iter().chain(own) {
        if axes.contains(param.name) && !seen.iter().any(|old: &&Param| old.name == param.name) {
            seen.push(param);
        }
    }
    let of_kind = |wanted: Kind| {
        let names = seen.iter().filter(move |param| Kind::of(&param.domain) == wanted);
        names.map(|param| param.name.to_owned())
    };
    let mut rows: Vec<String> = of_kind(Kind::Name).collect();
    let mut wholes = of_kind(Kind::Whole);
    let columns: Vec<String> =
        wholes.next().or_else(|| of_kind(Kind::Real).next()).into_iter().collect();
    rows.extend(wholes);
    if rows.is_empty() {
        let variant = catalog.params.iter().find(|param| param.name == "variant");
        let first = variant.or(catalog.params.first())?;
        rows.push(first.name.to_owned());
    }
    Some(TableSpec {
        name: "table".to_owned(),
        rows,
        columns,
        metrics: vec![catalog.metric(METRIC).or(catalog.metrics.first())?.name.clone()],
        filter: None,
        select: default_select(catalog)?,
        statistic: Statistic::default(),
        spread: Spread::default(),
        papers: Vec::new(),
    })
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Name,
    Whole,
    Real,
}

impl Kind {
    fn of(domain: &Domain) -> Kind {
        match domain {
            Domain::Bool
            | Domain::Choice(_)
            | Domain::ChoiceOrPath { .. }
            | Domain::LayerChoice(_) => Kind::Name,
            Domain::Int { .. } | Domain::Widths { .. } => Kind::Whole,
            Domain::Float { .. } => Kind::Real,
        }
    }
}
