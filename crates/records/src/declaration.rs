//! Declarations: what catalogs say there is. [`Store::declare`] gives every parameter and metric a
//! column; what an earlier catalog declared stays.

use ablate_sweep::{Catalog, Direction, Metric, Relative, Split};
use rusqlite::{Connection, Transaction, params};

use crate::columns::{ColumnType, quoted};
use crate::error::{RecordsError, Trouble};
use crate::store::Store;
use crate::{seal, views};

impl Store {
    /// Makes every parameter and metric of `catalog` a column. What earlier catalogs declared
    /// stays. Writes only when something is new, so that many processes may start at once.
    ///
    /// # Errors
    /// [`RecordsError::BadName`] for a name that is no identifier or is taken by another column.
    pub fn declare(&mut self, catalog: &Catalog) -> Result<(), RecordsError> {
        self.declare_all(&Declared::by(catalog))
    }

    /// Makes all of `wanted` columns; see [`Store::declare`].
    pub(crate) fn declare_all(&mut self, wanted: &Declared) -> Result<(), RecordsError> {
        let stored = self.read("read what was declared", Declared::in_store)?;
        if stored.includes(wanted) {
            return Ok(());
        }
        self.write("declare parameters and metrics", |transaction| {
            let stored = Declared::in_store(transaction)?;
            stored.refuse_clashes(wanted)?;
            // Columns cannot be changed while a view names them.
            views::drop_all(transaction)?;
            for param in &wanted.params {
                declare_param(transaction, &stored, param)?;
            }
            for metric in &wanted.metrics {
                declare_metric(transaction, &stored, metric)?;
            }
            for relative in &wanted.relative {
                declare_relative(transaction, relative)?;
            }
            views::rebuild(transaction)?;
            seal::renew_schema(transaction)
        })
    }
}

/// What catalogs declare.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub(crate) params: Vec<DeclaredParam>,
    pub(crate) metrics: Vec<DeclaredMetric>,
    pub(crate) relative: Vec<DeclaredRelative>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeclaredParam {
    pub(crate) name: String,
    pub(crate) kind: ColumnType,
    summary: String,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeclaredMetric {
    pub(crate) name: String,
    unit: String,
    direction: String,
    split: String,
    summary: String,
}

/// A metric of a run relative to its baseline, which `pairs` computes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeclaredRelative {
    pub(crate) name: String,
    unit: String,
    direction: String,
    summary: String,
    /// The names of the metrics of each group.
    pub(crate) groups: Vec<Vec<String>>,
    /// The metric that is taken from each.
    pub(crate) minus: Option<String>,
}

impl Declared {
    fn by(catalog: &Catalog) -> Declared {
        let mut params: Vec<DeclaredParam> = Vec::new();
        let own = catalog.variants.iter().flat_map(|variant| &variant.params);
        for param in catalog.params.iter().chain(own) {
            let kind = ColumnType::of(&param.domain);
            match params.iter_mut().find(|known| known.name == param.name) {
                Some(known) => known.kind = known.kind.join(kind),
                None => params.push(DeclaredParam {
                    name: param.name.to_owned(),
                    kind,
                    summary: param.summary.to_owned(),
                }),
            }
        }
        Declared {
            params,
            metrics: catalog.metrics.iter().map(DeclaredMetric::by).collect(),
            relative: catalog.relative.iter().map(DeclaredRelative::by).collect(),
        }
    }

    pub(crate) fn in_store(connection: &Connection) -> Result<Declared, Trouble> {
        let mut statement = connection
            .prepare_cached("SELECT name, type, summary FROM parameter ORDER BY position")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let params = rows
            .map(|row| {
                let (name, kind, summary): (String, String, String) = row?;
                let kind = ColumnType::from_word(&kind).ok_or_else(|| {
                    Trouble::Damaged(format!("parameter {name:?} has the unknown type {kind:?}"))
                })?;
                Ok(DeclaredParam { name, kind, summary })
            })
            .collect::<Result<_, Trouble>>()?;
        let mut statement = connection.prepare_cached(
            "SELECT name, unit, direction, split, summary FROM metric ORDER BY position",
        )?;
        let metrics = statement.query_map([], |row| {
            Ok(DeclaredMetric {
                name: row.get(0)?,
                unit: row.get(1)?,
                direction: row.get(2)?,
                split: row.get(3)?,
                summary: row.get(4)?,
            })
        })?;
        let metrics = metrics.collect::<Result<_, _>>()?;
        Ok(Declared { params, metrics, relative: relative_in(connection)? })
    }

    fn includes(&self, wanted: &Declared) -> bool {
        let holds = |param: &DeclaredParam| {
            self.params.iter().any(|known| {
                known.name == param.name
                    && known.kind.join(param.kind) == known.kind
                    && known.summary == param.summary
            })
        };
        wanted.params.iter().all(holds)
            && wanted.metrics.iter().all(|metric| self.metrics.contains(metric))
            && wanted.relative.iter().all(|relative| self.relative.contains(relative))
    }

    fn refuse_clashes(&self, wanted: &Declared) -> Result<(), RecordsError> {
        let mut taken: Vec<(String, &'static str)> = Vec::new();
        taken.extend(views::reserved().map(|name| (name.to_owned(), "every store")));
        let stored_params = self.params.iter().map(|param| (param.name.clone(), "parameter"));
        let stored_metrics = self.metrics.iter().map(|metric| (metric.name.clone(), "metric"));
        taken.extend(stored_params.chain(stored_metrics));
        let stored_relative = self.relative.iter();
        taken.extend(stored_relative.map(|relative| (relative.name.clone(), "relative metric")));
        let new_params = wanted.params.iter().map(|param| (&param.name, "parameter"));
        let new_metrics = wanted.metrics.iter().map(|metric| (&metric.name, "metric"));
        let new_relative = wanted.relative.iter().map(|one| (&one.name, "relative metric"));
        for (name, kind) in new_params.chain(new_metrics).chain(new_relative) {
            let refused = |why: String| RecordsError::BadName { kind, name: name.clone(), why };
            if !is_identifier(name) {
                return Err(refused("a name is letters, digits and _, no digit first".into()));
            }
            if name.to_ascii_lowercase().starts_with(views::BASELINE) {
                let why = format!("names that begin with {} are taken by pairs", views::BASELINE);
                return Err(refused(why));
            }
            let rival = taken.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            match rival {
                Some((other, owner)) if other != name || *owner != kind => {
                    return Err(refused(format!("the column {other} of {owner} is in its way")));
                }
                Some(_) => {}
                None => taken.push((name.clone(), kind)),
            }
        }
        Ok(())
    }
}

impl DeclaredRelative {
    fn by(relative: &Relative) -> DeclaredRelative {
        let Relative { metric, groups, minus } = relative;
        DeclaredRelative {
            name: metric.name.clone(),
            unit: metric.unit.to_owned(),
            direction: word_of(metric.direction).to_owned(),
            summary: metric.summary.clone(),
            groups: groups.clone(),
            minus: minus.clone(),
        }
    }
}

fn word_of(direction: Direction) -> &'static str {
    match direction {
        Direction::Lower => "lower",
        Direction::Higher => "higher",
        Direction::Neither => "neither",
    }
}

impl DeclaredMetric {
    fn by(metric: &Metric) -> DeclaredMetric {
        let split = match metric.split {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        };
        DeclaredMetric {
            name: metric.name.clone(),
            unit: metric.unit.to_owned(),
            direction: word_of(metric.direction).to_owned(),
            split: split.to_owned(),
            summary: metric.summary.clone(),
        }
    }

    /// Which way is better.
    pub(crate) fn direction(&self) -> Direction {
        match self.direction.as_str() {
            "lower" => Direction::Lower,
            "higher" => Direction::Higher,
            _ => Direction::Neither,
        }
    }
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

fn declare_param(
    transaction: &Transaction<'_>,
    stored: &Declared,
    param: &DeclaredParam,
) -> Result<(), Trouble> {
    let name = quoted(&param.name);
    let known = stored.params.iter().find(|known| known.name == param.name);
    let kind = known.map_or(param.kind, |known| known.kind.join(param.kind));
    match known {
        None => transaction
            .execute_batch(&format!("ALTER TABLE trial_params ADD COLUMN {name} {}", kind.sql()))?,
        // A column's type cannot be changed, so a wider one takes its place and its values.
        Some(known) if known.kind.sql() != kind.sql() => transaction.execute_batch(&format!(
            "ALTER TABLE trial_params ADD COLUMN \"(wider)\" {};
             UPDATE trial_params SET \"(wider)\" = {name};
             ALTER TABLE trial_params DROP COLUMN {name};
             ALTER TABLE trial_params RENAME COLUMN \"(wider)\" TO {name};",
            kind.sql()
        ))?,
        Some(_) => {}
    }
    transaction.execute(
        "INSERT INTO parameter (name, type, summary) VALUES (?1, ?2, ?3)
         ON CONFLICT (name) DO UPDATE SET type = excluded.type, summary = excluded.summary",
        params![param.name, kind.word(), param.summary],
    )?;
    Ok(())
}

fn declare_metric(
    transaction: &Transaction<'_>,
    stored: &Declared,
    metric: &DeclaredMetric,
) -> Result<(), Trouble> {
    if !stored.metrics.iter().any(|known| known.name == metric.name) {
        let name = quoted(&metric.name);
        transaction.execute_batch(&format!("ALTER TABLE score ADD COLUMN {name} REAL"))?;
    }
    transaction.execute(
        "INSERT INTO metric (name, unit, direction, split, summary) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (name) DO UPDATE SET unit = excluded.unit, direction = excluded.direction,
             split = excluded.split, summary = excluded.summary",
        params![metric.name, metric.unit, metric.direction, metric.split, metric.summary],
    )?;
    Ok(())
}

fn declare_relative(
    transaction: &Transaction<'_>,
    relative: &DeclaredRelative,
) -> Result<(), Trouble> {
    let DeclaredRelative { name, unit, direction, summary, groups, minus } = relative;
    let groups = serde_json::Value::from(groups.clone()).to_string();
    transaction.execute(
        "INSERT INTO relative_metric (name, unit, direction, summary, groups, minus)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (name) DO UPDATE SET unit = excluded.unit, direction = excluded.direction,
             summary = excluded.summary, groups = excluded.groups, minus = excluded.minus",
        params![name, unit, direction, summary, groups, minus],
    )?;
    Ok(())
}

fn relative_in(connection: &Connection) -> Result<Vec<DeclaredRelative>, Trouble> {
    let mut statement = connection.prepare_cached(
        "SELECT name, unit, direction, summary, groups, minus FROM relative_metric
         ORDER BY position",
    )?;
    let mut rows = statement.query([])?;
    let mut relative = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, groups): (String, String) = (row.get(0)?, row.get(4)?);
        let groups = serde_json::from_str(&groups).map_err(|error| {
            Trouble::Damaged(format!("the groups of the relative metric {name:?}: {error}"))
        })?;
        let (unit, direction, summary) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let minus = row.get(5)?;
        relative.push(DeclaredRelative { name, unit, direction, summary, groups, minus });
    }
    Ok(relative)
}
