//! Declarations: what catalogs say there is. [`Store::declare`] gives every parameter and metric a
//! column; what an earlier catalog declared stays.

use ablate_sweep::{Catalog, Direction, Metric, Split};
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
        Declared { params, metrics: catalog.metrics.iter().map(DeclaredMetric::by).collect() }
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
        Ok(Declared { params, metrics: metrics.collect::<Result<_, _>>()? })
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
    }

    fn refuse_clashes(&self, wanted: &Declared) -> Result<(), RecordsError> {
        let mut taken: Vec<(String, &'static str)> = Vec::new();
        taken.extend(views::reserved().map(|name| (name.to_owned(), "every store")));
        let stored_params = self.params.iter().map(|param| (param.name.clone(), "parameter"));
        let stored_metrics = self.metrics.iter().map(|metric| (metric.name.clone(), "metric"));
        taken.extend(stored_params.chain(stored_metrics));
        let new_params = wanted.params.iter().map(|param| (&param.name, "parameter"));
        let new_metrics = wanted.metrics.iter().map(|metric| (&metric.name, "metric"));
        for (name, kind) in new_params.chain(new_metrics) {
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

impl DeclaredMetric {
    fn by(metric: &Metric) -> DeclaredMetric {
        let direction = match metric.direction {
            Direction::Lower => "lower",
            Direction::Higher => "higher",
            Direction::Neither => "neither",
        };
        let split = match metric.split {
            Split::Train => "train",
            Split::Valid => "valid",
            Split::Test => "test",
        };
        DeclaredMetric {
            name: metric.name.clone(),
            unit: metric.unit.to_owned(),
            direction: direction.to_owned(),
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
