//! `ablate export`: runs, their curves and profiles in the formats of other programs.

use std::fs;
use std::path::Path;

use ablate_exchange::{Exported, Kind, Sheet, mlflow, parquet, tensorboard};
use ablate_records::{Cell, ColumnType, Columns, Query, Rows, Store};
use ablate_report::Field;
use ablate_sweep::{Run, RunId};
use anyhow::Context;

use crate::args::{Common, Export, ExportFormat};
use crate::commands::query;
use crate::exit::{Exit, Usage};
use crate::format;
use crate::terminal::Terminal;

pub(crate) fn run(args: &Export, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let filter = query::filter(args.filter.as_deref())?;
    let text = args.filter.as_deref().unwrap_or_default();
    let archive = query::archive(args.archived);
    let asked = Query { filter, archive, columns: Columns::All, ..Query::default() };
    let rows = store.query(&asked).map_err(|error| query::usage(error, text))?;
    let ids = ids_in(&rows);
    let runs = match args.format {
        ExportFormat::Mlflow => {
            let address = args.output.to_string_lossy();
            let server = mlflow::Server::at(&address).map_err(|error| Usage(error.to_string()))?;
            let sent = mlflow::send(&server, &exported(&store, &ids)?)?;
            let known = format!("{} known there already", format::count(sent.known, "run"));
            terminal.message(&format!("{} added, {known}", format::count(sent.added, "run")));
            return Ok(Exit::Done);
        }
        ExportFormat::Tensorboard => {
            let folder = fresh_folder(&args.output)?;
            tensorboard::write(folder, &exported(&store, &ids)?)?;
            ids.len()
        }
        ExportFormat::Csv | ExportFormat::Jsonl | ExportFormat::Parquet => {
            let folder = fresh_folder(&args.output)?;
            let (curves, profiles) = (curves(&store, &ids)?, profiles(&store, &ids)?);
            let runs = runs(rows, &store)?;
            for (name, sheet) in [("runs", runs), ("curves", curves), ("profiles", profiles)] {
                write(folder, name, &sheet, args.format)?;
            }
            ids.len()
        }
    };
    let place = args.output.display();
    terminal.message(&format!("{} in {place}", format::count(runs, "run")));
    Ok(Exit::Done)
}

/// Nothing that is there already is written over.
fn fresh_folder(path: &Path) -> anyhow::Result<&Path> {
    let cannot = || format!("cannot make the folder {}", path.display());
    fs::create_dir_all(path).with_context(cannot)?;
    if fs::read_dir(path).with_context(cannot)?.next().is_some() {
        let message = format!("-o {}: the folder is not empty; name a new one", path.display());
        return Err(Usage(message).into());
    }
    Ok(path)
}

fn write(folder: &Path, name: &str, sheet: &Sheet, format: ExportFormat) -> anyhow::Result<()> {
    let (extension, bytes) = match format {
        ExportFormat::Csv => ("csv", sheet.to_csv().into_bytes()),
        ExportFormat::Jsonl => ("jsonl", sheet.to_json_lines().into_bytes()),
        ExportFormat::Parquet => ("parquet", parquet::bytes_of(sheet)),
        ExportFormat::Tensorboard | ExportFormat::Mlflow => unreachable!("these are no sheets"),
    };
    let path = folder.join(format!("{name}.{extension}"));
    fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

/// The view `runs`, each column of its own kind.
fn runs(rows: Rows, store: &Store) -> anyhow::Result<Sheet> {
    let kinds = store.columns()?.into_iter().map(|(name, kind)| {
        let kind = match kind {
            ColumnType::Integer => Kind::Int,
            ColumnType::Real => Kind::Real,
            ColumnType::Flag => Kind::Flag,
            ColumnType::Text | ColumnType::Time | ColumnType::Any => Kind::Text,
        };
        (name, kind)
    });
    Ok(Sheet { columns: kinds.collect(), rows: query::grid(rows).rows })
}

/// The view `curves` of these runs, a row a point.
fn curves(store: &Store, ids: &[RunId]) -> anyhow::Result<Sheet> {
    let mut sheet = sheet([
        ("run", Kind::Text),
        ("name", Kind::Text),
        ("epoch", Kind::Int),
        ("value", Kind::Real),
    ]);
    for id in ids {
        for curve in store.curves(id)? {
            for (epoch, value) in (1..).zip(&curve.values) {
                let (run, name) = (Field::Text(id.0.clone()), Field::Text(curve.name.clone()));
                sheet.rows.push(vec![run, name, Field::Int(epoch), number(*value)]);
            }
        }
    }
    Ok(sheet)
}

/// The view `profiles` of these runs, a row a point.
fn profiles(store: &Store, ids: &[RunId]) -> anyhow::Result<Sheet> {
    let mut sheet = sheet([
        ("run", Kind::Text),
        ("name", Kind::Text),
        ("axis", Kind::Text),
        ("at", Kind::Real),
        ("value", Kind::Real),
    ]);
    for id in ids {
        for profile in store.profiles(id)? {
            let texts = [&id.0, &profile.name, &profile.axis];
            for (at, value) in profile.at.iter().zip(&profile.values) {
                let texts = texts.map(|text| Field::Text(text.clone()));
                sheet.rows.push(texts.into_iter().chain([number(*at), number(*value)]).collect());
            }
        }
    }
    Ok(sheet)
}

fn sheet<const N: usize>(columns: [(&str, Kind); N]) -> Sheet {
    Sheet { columns: columns.map(|(name, kind)| (name.to_owned(), kind)).into(), rows: Vec::new() }
}

/// A number as the views have it: NaN is nothing.
fn number(value: f64) -> Field {
    if value.is_nan() { Field::Null } else { Field::Real(value) }
}

fn ids_in(rows: &Rows) -> Vec<RunId> {
    let column = rows.columns.iter().position(|name| name == "id");
    let id = |row: &Vec<Cell>| match column.and_then(|column| row.get(column)) {
        Some(Cell::Text(id)) => Some(RunId(id.clone())),
        _ => None,
    };
    rows.rows.iter().filter_map(id).collect()
}

fn exported(store: &Store, ids: &[RunId]) -> anyhow::Result<Vec<Exported>> {
    let one = |run: Run| -> anyhow::Result<Exported> {
        let provenance = store.provenance(&run.id)?;
        Ok(Exported {
            curves: store.curves(&run.id)?,
            experiments: provenance.experiments,
            started_at: provenance.started_at,
            ended_at: provenance.ended_at,
            git_commit: provenance.session.git_commit,
            run,
        })
    };
    store.runs(ids)?.into_iter().map(one).collect()
}
