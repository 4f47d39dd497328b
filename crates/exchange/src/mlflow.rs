//! MLflow, through the REST interface of its tracking server: that interface has stayed the same since
//! its first release, while the layout of its files and the schema of its database change with every
//! few. Start `mlflow server`, and export to its address.
//!
//! Reference: <https://mlflow.org/docs/latest/rest-api.html>. A run carries the tag `ablate.run`, by
//! which it is found again, so that exporting twice makes nothing twice. What MLflow cannot hold is cut
//! to its limits: 6000 characters of a parameter's value, 5000 of a tag's.

mod http;

use std::collections::BTreeMap;

use ablate_sweep::{Run, RunState};
use serde_json::{Map, Value as Json, json};

use crate::time::unix_seconds;
use crate::{ExchangeError, Exported};

pub use self::http::Server;

/// The most metrics in one call.
const METRICS: usize = 1_000;

/// The most characters of a parameter's value, and of a tag's.
const PARAM: usize = 6_000;
const TAG: usize = 5_000;

/// What came of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Runs that the server had not.
    pub added: usize,
    /// Runs that it had.
    pub known: usize,
}

/// Gives `runs` to `server`, each in the experiment that plans it (the first by name, if several do).
///
/// # Errors
/// If the server cannot be reached or refuses. Runs given until then stay there.
pub fn send(server: &Server, runs: &[Exported]) -> Result<Sent, ExchangeError> {
    let mut experiments: BTreeMap<String, String> = BTreeMap::new();
    let mut sent = Sent::default();
    for run in runs {
        let name = run.experiments.first().map_or("ablate", String::as_str);
        let experiment = match experiments.get(name) {
            Some(id) => id.clone(),
            None => {
                let id = experiment(server, name)?;
                experiments.insert(name.to_owned(), id.clone());
                id
            }
        };
        if is_known(server, &experiment, &run.run)? {
            sent.known += 1;
        } else {
            send_run(server, &experiment, run)?;
            sent.added += 1;
        }
    }
    Ok(sent)
}

/// The number of the experiment of that name, which is made if it is not there.
fn experiment(server: &Server, name: &str) -> Result<String, ExchangeError> {
    let name: String = name.chars().take(500).collect();
    // A filter would need the server's quoting; its list says names plainly.
    let mut token = String::new();
    loop {
        let ask = json!({"max_results": 1_000, "page_token": token, "view_type": "ALL"});
        let found = server.post("experiments/search", &ask)?;
        let list = found["experiments"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(known) = list.iter().find(|known| known["name"] == name.as_str()) {
            return Ok(known["experiment_id"].as_str().unwrap_or_default().to_owned());
        }
        match found["next_page_token"].as_str() {
            Some(next) if !next.is_empty() => token = next.to_owned(),
            _ => break,
        }
    }
    let made = server.post("experiments/create", &json!({"name": name}))?;
    Ok(made["experiment_id"].as_str().unwrap_or_default().to_owned())
}

fn is_known(server: &Server, experiment: &str, run: &Run) -> Result<bool, ExchangeError> {
    let filter = format!("tags.`ablate.run` = '{}'", run.id.0.replace('\'', ""));
    let ask = json!({"experiment_ids": [experiment], "filter": filter, "max_results": 1});
    let found = server.post("runs/search", &ask)?;
    Ok(found["runs"].as_array().is_some_and(|runs| !runs.is_empty()))
}

fn send_run(server: &Server, experiment: &str, exported: &Exported) -> Result<(), ExchangeError> {
    let Exported { run, started_at, ended_at, .. } = exported;
    let began = milliseconds(started_at);
    let made = server.post(
        "runs/create",
        &json!({
            "experiment_id": experiment,
            "run_name": run.id.0,
            "start_time": began,
            "tags": tags(exported),
        }),
    )?;
    let id = made["run"]["info"]["run_id"].as_str().unwrap_or_default().to_owned();
    let params: Vec<Json> = run
        .params
        .iter()
        .map(|(name, value)| (name, value.to_string()))
        .chain([("seed", run.seed.to_string())])
        .map(|(name, value)| json!({"key": name, "value": cut(&value, PARAM)}))
        .collect();
    // The server takes a hundred of them in one call.
    for params in params.chunks(100) {
        server.post("runs/log-batch", &json!({"run_id": id, "params": params}))?;
    }
    let ended = ended_at.as_deref().map_or(began, milliseconds);
    for metrics in metrics(exported, began, ended).chunks(METRICS) {
        server.post("runs/log-batch", &json!({"run_id": id, "metrics": metrics}))?;
    }
    let status = match run.state {
        RunState::Finished => "FINISHED",
        RunState::Failed => "FAILED",
        RunState::Interrupted => "KILLED",
        RunState::Running => "RUNNING",
    };
    let mut end = Map::from_iter([("run_id".into(), json!(id)), ("status".into(), json!(status))]);
    if ended_at.is_some() {
        end.insert("end_time".into(), json!(ended));
    }
    server.post("runs/update", &Json::Object(end)).map(drop)
}

fn milliseconds(text: &str) -> i64 {
    unix_seconds(text).map_or(0, |seconds| (seconds * 1e3).round() as i64)
}

fn tags(exported: &Exported) -> Vec<Json> {
    let run = &exported.run;
    let tag = |name: &str, value: &str| json!({"key": name, "value": cut(value, TAG)});
    let mut tags = vec![
        tag("ablate.run", &run.id.0),
        tag("ablate.trial", &run.trial.0),
        tag("ablate.data_checksum", &run.data_checksum),
        tag("ablate.training_version", &run.training_version),
    ];
    if let Some(commit) = &exported.git_commit {
        tags.push(tag("mlflow.source.git.commit", commit));
    }
    if let Some(kept) = &run.kept {
        tags.push(tag("ablate.weights_hash", &kept.weights_hash));
    }
    if let Some((kind, message)) = &run.failure {
        tags.push(tag("ablate.failure", &format!("{}: {message}", kind.word())));
    }
    tags
}

/// Curves by epoch, and scores at the last epoch.
fn metrics(exported: &Exported, began: i64, ended: i64) -> Vec<Json> {
    let point = |name: &str, value: f64, step: usize, at: i64| json!({"key": name, "value": number(value), "step": step, "timestamp": at});
    let mut metrics = Vec::new();
    for curve in &exported.curves {
        let epochs = (1_usize..).zip(&curve.values);
        metrics.extend(epochs.map(|(epoch, value)| point(&curve.name, *value, epoch, began)));
    }
    let last = exported.run.kept.as_ref().map_or(0, |kept| kept.epochs as usize);
    let scores = exported.run.scores.iter();
    metrics.extend(scores.map(|(name, value)| point(name, *value, last, ended)));
    metrics
}

/// The words that the server's JSON has for what is no number.
fn number(value: f64) -> Json {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(if value > 0.0 { "Infinity" } else { "-Infinity" })
    } else {
        json!(value)
    }
}

fn cut(text: &str, limit: usize) -> &str {
    text.char_indices().nth(limit).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
pub(crate) mod tests;
