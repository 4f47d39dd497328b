//! `ablate show`: everything that the store knows of one run.

use ablate_records::{Archived, ArtifactFolder, Marks, Provenance, Store};
use ablate_report::plot::{self, Line, Size};
use ablate_report::{Style, painted, visible};
use ablate_sweep::{Artifact, Catalog, Curve, Profile, Run};
use serde_json::{Map, Value as Json, json};

use crate::args::{Common, Show, ShowFormat};
use crate::commands::query;
use crate::exit::Exit;
use crate::format;
use crate::terminal::Terminal;

/// Small enough for a terminal of 80 columns.
const PLOT: Size = Size { width: 72, height: 10 };

pub(crate) fn run(args: &Show, common: &Common, terminal: &Terminal) -> anyhow::Result<Exit> {
    let store = Store::open_read_only(&common.db)?;
    let run = store.find_run(&args.run)?;
    let known = Known {
        curves: store.curves(&run.id)?,
        profiles: store.profiles(&run.id)?,
        provenance: store.provenance(&run.id)?,
        marks: store.marks(&run.id)?,
        artifacts: store.artifacts(&run.id)?,
        folder: store.artifact_folder(),
        run,
    };
    let text = match args.format {
        ShowFormat::Json => serde_json::to_string_pretty(&as_json(&known))?,
        ShowFormat::Text => {
            let catalog = ablate_autoencoder::catalog();
            as_text(&known, &catalog, query::style(terminal))
        }
    };
    terminal.data(&text)?;
    Ok(Exit::Done)
}

/// What the store has of a run.
struct Known {
    run: Run,
    curves: Vec<Curve>,
    profiles: Vec<Profile>,
    provenance: Provenance,
    marks: Marks,
    artifacts: Vec<Artifact>,
    folder: ArtifactFolder,
}

fn as_json(known: &Known) -> Json {
    let Known { run, curves, profiles, provenance, marks, artifacts, .. } = known;
    let artifacts = artifacts.iter().map(|one| {
        json!({
            "role": one.role, "file": one.file, "bytes": one.bytes, "hash": one.hash,
            "reused": one.reused,
        })
    });
    let artifacts: Vec<Json> = artifacts.collect();
    // JSON has no NaN and no infinity: such a value is null.
    let curves: Map<String, Json> =
        curves.iter().map(|curve| (curve.name.clone(), json!(curve.values))).collect();
    let profiles = profiles.iter().map(|profile| {
        let Profile { name, axis, at, values } = profile;
        json!({"name": name, "axis": axis, "at": at, "values": values})
    });
    let profiles: Vec<Json> = profiles.collect();
    let session = &provenance.session;
    json!({
        "run": run.id.0,
        "trial": run.trial.0,
        "seed": run.seed,
        "state": run.state.word(),
        "tags": marks.tags,
        "note": marks.note,
        "archived": marks.archived == Archived::Yes,
        "failure": run.failure.as_ref().map(|(kind, message)| json!({"kind": kind.word(), "message": message})),
        "params": run.params.to_json(),
        "scores": run.scores,
        "curves": curves,
        "profiles": profiles,
        "epochs": run.kept.as_ref().map(|kept| kept.epochs),
        "best_epoch": run.kept.as_ref().map(|kept| kept.best_epoch),
        "weights_hash": run.kept.as_ref().map(|kept| kept.weights_hash.clone()),
        "seconds": run.seconds,
        "artifacts": artifacts,
        "provenance": {
            "experiments": provenance.experiments,
            "imported": provenance.imported.as_ref().map(|file| json!({"file": file.name, "hash": file.hash})),
            "attempt": provenance.attempt,
            "data_checksum": provenance.data_checksum,
            "training_version": provenance.training_version,
            "started_at": provenance.started_at,
            "ended_at": provenance.ended_at,
            "version": session.version,
            "git_commit": session.git_commit,
            "git_dirty": session.git_dirty,
            "command": session.command,
            "host": provenance.host,
            "pid": provenance.pid,
            "binary": session.binary,
            "cpu": session.cpu,
            "cpu_vendor": session.cpu_vendor,
            "simd": session.simd,
            "cores": session.cores,
            "jobs": session.jobs,
            "os": session.os,
        },
    })
}

fn as_text(known: &Known, catalog: &Catalog, style: Style) -> String {
    let Known { run, curves, profiles, provenance, marks, artifacts, folder } = known;
    let mut page = Page::new(style);
    page.title(&format!("run {}", run.id), run.state.word());
    if let Some((kind, message)) = &run.failure {
        page.pair("failure", &format!("{}: {message}", kind.word()));
    }
    page.pair("trial", &run.trial.0);
    page.pair("seed", &run.seed.to_string());
    page.pair("experiments", &provenance.experiments.join(", "));
    if !marks.tags.is_empty() {
        page.pair("tags", &marks.tags.join(", "));
    }
    if let Some(note) = &marks.note {
        page.pair("note", note);
    }
    if marks.archived == Archived::Yes {
        page.pair("archived", "out of sight of queries and tables");
    }
    page.section("parameters");
    for (name, value) in run.params.iter() {
        page.pair(name, &value.to_string());
    }
    if !run.scores.is_empty() {
        page.section("scores");
        // In the order in which the probes declare them, which puts the main ones first.
        for metric in &catalog.metrics {
            if let Some(score) = run.scores.get(&metric.name) {
                let unit = if metric.unit == "1" { "" } else { metric.unit };
                page.pair(&metric.name, &format!("{score:<10.5} {unit}"));
            }
        }
    }
    for (title, group) in groups(curves) {
        page.section(&title);
        let lines: Vec<Line<'_>> =
            group.iter().map(|curve| Line { name: &curve.name, values: &curve.values }).collect();
        page.block(&plot::lines(&lines, PLOT, style.emphasis));
    }
    if !profiles.is_empty() {
        page.section("profiles");
        profiles.iter().for_each(|profile| page.pair(&profile.name, &in_a_line(profile)));
    }
    if !artifacts.is_empty() {
        page.section(&format!("weights, in {}", folder.root().display()));
        for Artifact { role, file, bytes, reused, .. } in artifacts {
            let reused = if *reused { ", trained by an earlier run" } else { "" };
            page.pair(role, &format!("{file}, {}{reused}", format::bytes(*bytes)));
        }
    }
    page.section("provenance");
    provenance_of(run, provenance, &mut page);
    page.text
}

/// Some points of a profile, the first and the last among them: `radius 0.1: 0.52, 1: 0.5, 24: 0.1`.
fn in_a_line(profile: &Profile) -> String {
    const MOST: usize = 6;
    let last = profile.at.len().saturating_sub(1);
    let count = MOST.min(profile.at.len());
    let places = (0..count).map(|step| step * last / (count - 1).max(1));
    let points =
        places.filter_map(|index| Some((profile.at.get(index)?, profile.values.get(index)?)));
    let points: Vec<String> = points.map(|(at, value)| format!("{at}: {value:.4}")).collect();
    format!("{} {}", profile.axis, points.join(", "))
}

/// Curves that share a unit share a plot: losses of the layers, losses and errors of fine-tuning.
fn groups(curves: &[Curve]) -> Vec<(String, Vec<Curve>)> {
    let mut groups: Vec<(String, Vec<Curve>)> = Vec::new();
    for curve in curves {
        let title = match curve.name.rsplit_once('_') {
            Some((stage, _)) if stage.starts_with("layer") || stage == "autoencoder" => {
                "pretraining loss, by epoch".to_owned()
            }
            Some((_, what)) => format!("{what}, by epoch"),
            None => curve.name.clone(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(curve.clone()),
            None => groups.push((title, vec![curve.clone()])),
        }
    }
    groups
}

fn provenance_of(run: &Run, provenance: &Provenance, page: &mut Page) {
    let session = &provenance.session;
    let optional = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    if let Some(file) = &provenance.imported {
        page.pair("imported from", &format!("{} (SHA-256 {})", file.name, file.hash));
    }
    if let Some(kept) = &run.kept {
        page.pair("epochs", &format!("{}, epoch {} kept", kept.epochs, kept.best_epoch));
        page.pair("weights", &kept.weights_hash);
    }
    if let Some(seconds) = run.seconds {
        page.pair("time", &format::duration(std::time::Duration::from_secs_f64(seconds)));
    }
    page.pair("started", &provenance.started_at);
    page.pair("ended", &optional(&provenance.ended_at));
    page.pair("attempt", &provenance.attempt.to_string());
    page.pair("data", &provenance.data_checksum);
    page.pair("training version", &provenance.training_version);
    page.pair("ablate", &session.version);
    let dirty = session.git_dirty.as_ref().map(|hash| format!(" with changes {hash}"));
    page.pair("git", &format!("{}{}", optional(&session.git_commit), dirty.unwrap_or_default()));
    page.pair("command", &session.command);
    let simd = session.simd.as_ref().map(|simd| format!(" ({simd})")).unwrap_or_default();
    let cores = session.cores.map(|cores| format!(", {cores} cores")).unwrap_or_default();
    page.pair(
        "machine",
        &format!("{}: {}{simd}{cores}", optional(&provenance.host), optional(&session.cpu)),
    );
    if run.kept.is_some() {
        page.pair("again", &format!("ablate verify {}", run.id));
    }
}

/// A page of names and values under headings.
struct Page {
    style: Style,
    text: String,
}

impl Page {
    fn new(style: Style) -> Page {
        Page { style, text: String::new() }
    }

    fn title(&mut self, title: &str, state: &str) {
        let title = painted(title, "1", self.style.emphasis);
        self.text.push_str(&format!("{title}  {state}\n"));
    }

    fn section(&mut self, name: &str) {
        let name = painted(name, "1", self.style.emphasis);
        self.text.push_str(&format!("\n{name}\n"));
    }

    /// Values may come from anywhere: nothing in them reaches the terminal as a command.
    fn pair(&mut self, name: &str, value: &str) {
        let value = visible(value);
        self.text.push_str(format!("  {name:<32} {value}").trim_end());
        self.text.push('\n');
    }

    fn block(&mut self, block: &str) {
        for line in block.lines() {
            self.text.push_str(&format!("  {line}\n"));
        }
    }
}
