//! Runs, and what came of them, as JSON: numbers keep every bit, also those that JSON has no word for.

use std::sync::Arc;

use ablate_records::Session;
use ablate_sweep::{
    Artifact, Curve, Failure, FailureKind, Outcome, Params, Profile, RunId, RunPlan, Trial, TrialId,
};
use serde_json::{Value as Json, json};

pub(crate) fn of_plan(plan: &RunPlan, baseline: Option<&TrialId>) -> Json {
    json!({
        "run": plan.id.0,
        "trial": plan.trial.id.0,
        "params": plan.trial.params.to_json(),
        "seed": plan.seed,
        "data": plan.data_checksum,
        "training": plan.training_version,
        "baseline": baseline.map(|id| &id.0),
    })
}

pub(crate) fn plan(json: &Json) -> Option<(RunPlan, Option<TrialId>)> {
    let trial = Trial {
        id: TrialId(text(json, "trial")?),
        params: Params::from_json(json.get("params")?)?,
    };
    let plan = RunPlan {
        id: RunId(text(json, "run")?),
        trial: Arc::new(trial),
        seed: json.get("seed")?.as_u64()?,
        data_checksum: text(json, "data")?,
        training_version: text(json, "training")?,
    };
    Some((plan, text(json, "baseline").map(TrialId)))
}

pub(crate) fn of_end(end: &Result<Outcome, Failure>) -> Json {
    match end {
        Ok(outcome) => json!({
            "scores": outcome.scores,
            "profiles": outcome.profiles.iter().map(|profile| json!({
                "name": profile.name, "axis": profile.axis,
                "at": numbers(&profile.at), "values": numbers(&profile.values),
            })).collect::<Vec<_>>(),
            "curves": of_curves(&outcome.curves),
            "epochs": outcome.epochs,
            "best_epoch": outcome.best_epoch,
            "weights_hash": outcome.weights_hash,
            "artifacts": outcome.artifacts.iter().map(|artifact| json!({
                "role": artifact.role, "file": artifact.file, "hash": artifact.hash,
                "bytes": artifact.bytes, "reused": artifact.reused,
            })).collect::<Vec<_>>(),
        }),
        Err(failure) => json!({
            "failure": failure.kind.word(),
            "message": failure.message,
            "curves": of_curves(&failure.curves),
        }),
    }
}

pub(crate) fn end(json: &Json) -> Option<Result<Outcome, Failure>> {
    let curves = each(json, "curves", |curve| {
        Some(Curve { name: text(curve, "name")?, values: series(curve.get("values")?)? })
    })?;
    if let Some(kind) = json.get("failure") {
        let kind = FailureKind::from_word(kind.as_str()?)?;
        return Some(Err(Failure { kind, message: text(json, "message")?, curves }));
    }
    let scores = json.get("scores")?.as_object()?.iter();
    let whole = |name| json.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    Some(Ok(Outcome {
        scores: scores
            .map(|(name, value)| Some((name.clone(), value.as_f64()?)))
            .collect::<Option<_>>()?,
        profiles: each(json, "profiles", |profile| {
            Some(Profile {
                name: text(profile, "name")?,
                axis: text(profile, "axis")?,
                at: series(profile.get("at")?)?,
                values: series(profile.get("values")?)?,
            })
        })?,
        curves,
        epochs: whole("epochs")?,
        best_epoch: whole("best_epoch")?,
        weights_hash: text(json, "weights_hash")?,
        artifacts: each(json, "artifacts", |artifact| {
            Some(Artifact {
                role: text(artifact, "role")?,
                file: text(artifact, "file")?,
                hash: text(artifact, "hash")?,
                bytes: artifact.get("bytes")?.as_u64()?,
                reused: artifact.get("reused")?.as_bool()?,
            })
        })?,
    }))
}

pub(crate) fn of_session(session: &Session) -> Json {
    json!({
        "version": session.version, "git_commit": session.git_commit,
        "git_dirty": session.git_dirty, "command": session.command, "binary": session.binary,
        "cpu": session.cpu, "cpu_vendor": session.cpu_vendor, "simd": session.simd,
        "cores": session.cores, "jobs": session.jobs, "os": session.os,
    })
}

pub(crate) fn session(json: &Json) -> Option<Session> {
    let whole = |name| json.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    Some(Session {
        version: text(json, "version")?,
        git_commit: text(json, "git_commit"),
        git_dirty: text(json, "git_dirty"),
        command: text(json, "command")?,
        binary: text(json, "binary"),
        cpu: text(json, "cpu"),
        cpu_vendor: text(json, "cpu_vendor"),
        simd: text(json, "simd"),
        cores: whole("cores"),
        jobs: whole("jobs"),
        os: text(json, "os")?,
    })
}

/// The text `name`.
pub(crate) fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name)?.as_str().map(str::to_owned)
}

/// The texts in the list `name`.
pub(crate) fn texts(json: &Json, name: &str) -> Option<Vec<String>> {
    each(json, name, |item| item.as_str().map(str::to_owned))
}

fn each<T>(json: &Json, name: &str, read: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.get(name)?.as_array()?.iter().map(read).collect()
}

fn of_curves(curves: &[Curve]) -> Json {
    let curves = curves.iter();
    curves.map(|curve| json!({"name": curve.name, "values": numbers(&curve.values)})).collect()
}

fn numbers(values: &[f64]) -> Json {
    let number = |value: &f64| match value {
        value if value.is_nan() => Json::from("nan"),
        value if value.is_infinite() => Json::from(if *value > 0.0 { "inf" } else { "-inf" }),
        value => Json::from(*value),
    };
    values.iter().map(number).collect()
}

fn series(json: &Json) -> Option<Vec<f64>> {
    let number = |item: &Json| match item.as_str() {
        Some("nan") => Some(f64::NAN),
        Some("inf") => Some(f64::INFINITY),
        Some("-inf") => Some(f64::NEG_INFINITY),
        Some(_) => None,
        None => item.as_f64(),
    };
    json.as_array()?.iter().map(number).collect()
}
