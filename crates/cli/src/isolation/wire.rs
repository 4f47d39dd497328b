//! What parent and child say to each other: one JSON document a line. Real numbers go as their bits, so
//! that none changes on the way and NaN is no exception.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use ablate_sweep::{
    Artifact, Curve, Ending, Failure, FailureKind, Outcome, Params, Profile, Progress, Value,
};
use serde_json::{Value as Json, json};

/// What a child is to train, and where.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// The run's name, which the child must come to by itself.
    pub(crate) run: String,
    pub(crate) params: Params,
    pub(crate) seed: u64,
    /// The folder of the full datasets.
    pub(crate) data: PathBuf,
    /// Where relative paths of a user's own data start.
    pub(crate) beside: Option<PathBuf>,
    /// Where weights are kept, if they are.
    pub(crate) artifacts: Option<PathBuf>,
    /// Probes on request.
    pub(crate) probes: Vec<String>,
}

/// What a child says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Said {
    Progress(Progress),
    Ended(Result<Outcome, Ending>),
}

impl Request {
    /// As one line.
    pub(crate) fn to_json(&self) -> Json {
        let params: serde_json::Map<String, Json> =
            self.params.iter().map(|(name, value)| (name.to_owned(), value.to_json())).collect();
        // Names of files need not be text.
        let path = |path: &PathBuf| path.as_os_str().as_bytes().to_vec();
        json!({
            "run": self.run,
            "params": params,
            "seed": self.seed,
            "data": path(&self.data),
            "beside": self.beside.as_ref().map(path),
            "artifacts": self.artifacts.as_ref().map(path),
            "probes": self.probes,
        })
    }

    /// What [`Request::to_json`] wrote.
    pub(crate) fn from_json(json: &Json) -> Option<Request> {
        let byte = |json: &Json| json.as_u64().and_then(|byte| u8::try_from(byte).ok());
        let path = |name: &str| {
            list(&json[name], byte).map(|bytes| PathBuf::from(OsString::from_vec(bytes)))
        };
        let params = json["params"].as_object()?.iter();
        let params = params.map(|(name, value)| Some((name.clone(), Value::from_json(value)?)));
        Some(Request {
            run: text(&json["run"])?,
            params: params.collect::<Option<Params>>()?,
            seed: json["seed"].as_u64()?,
            data: path("data")?,
            beside: path("beside"),
            artifacts: path("artifacts"),
            probes: list(&json["probes"], text)?,
        })
    }
}

impl Said {
    /// As one line.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Said::Progress(Progress { stage, epoch, epochs, done, loss }) => json!({
                "progress": stage, "epoch": epoch, "epochs": epochs,
                "done": done.to_bits(), "loss": loss.to_bits(),
            }),
            Said::Ended(Ok(outcome)) => json!({
                "finished": {
                    "scores": outcome.scores.iter().map(|(name, score)| (name.clone(), Json::from(score.to_bits()))).collect::<serde_json::Map<_, _>>(),
                    "profiles": outcome.profiles.iter().map(|profile| json!({
                        "name": profile.name, "axis": profile.axis,
                        "at": bits(&profile.at), "values": bits(&profile.values),
                    })).collect::<Vec<_>>(),
                    "curves": curves(&outcome.curves),
                    "epochs": outcome.epochs,
                    "best_epoch": outcome.best_epoch,
                    "weights_hash": outcome.weights_hash,
                    "artifacts": outcome.artifacts.iter().map(|artifact| json!({
                        "role": artifact.role, "file": artifact.file, "hash": artifact.hash,
                        "bytes": artifact.bytes, "reused": artifact.reused,
                    })).collect::<Vec<_>>(),
                },
            }),
            Said::Ended(Err(Ending::Failed(failure))) => json!({
                "failed": failure.kind.word(),
                "message": failure.message,
                "curves": curves(&failure.curves),
            }),
            Said::Ended(Err(Ending::Interrupted)) => json!({ "interrupted": true }),
        }
    }

    /// What [`Said::to_json`] wrote.
    pub(crate) fn from_json(json: &Json) -> Option<Said> {
        if let Some(stage) = json["progress"].as_str() {
            return Some(Said::Progress(Progress {
                stage: stage.to_owned(),
                epoch: whole(&json["epoch"])?,
                epochs: whole(&json["epochs"])?,
                done: real(&json["done"])?,
                loss: real(&json["loss"])?,
            }));
        }
        if json["interrupted"] == true {
            return Some(Said::Ended(Err(Ending::Interrupted)));
        }
        if let Some(kind) = json["failed"].as_str() {
            return Some(Said::Ended(Err(Ending::Failed(Failure {
                kind: FailureKind::from_word(kind)?,
                message: text(&json["message"])?,
                curves: list(&json["curves"], curve)?,
            }))));
        }
        let outcome = json.get("finished")?;
        let scores = outcome["scores"].as_object()?.iter();
        let scores = scores.map(|(name, score)| Some((name.clone(), real(score)?)));
        Some(Said::Ended(Ok(Outcome {
            scores: scores.collect::<Option<BTreeMap<_, _>>>()?,
            profiles: list(&outcome["profiles"], profile)?,
            curves: list(&outcome["curves"], curve)?,
            epochs: whole(&outcome["epochs"])?,
            best_epoch: whole(&outcome["best_epoch"])?,
            weights_hash: text(&outcome["weights_hash"])?,
            artifacts: list(&outcome["artifacts"], artifact)?,
        })))
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn curves(curves: &[Curve]) -> Vec<Json> {
    let one = |curve: &Curve| json!({ "name": curve.name, "values": bits(&curve.values) });
    curves.iter().map(one).collect()
}

fn real(json: &Json) -> Option<f64> {
    json.as_u64().map(f64::from_bits)
}

fn whole(json: &Json) -> Option<u32> {
    json.as_u64().and_then(|whole| u32::try_from(whole).ok())
}

fn text(json: &Json) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn list<T>(json: &Json, item: impl Fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    json.as_array()?.iter().map(item).collect()
}

fn curve(json: &Json) -> Option<Curve> {
    Some(Curve { name: text(&json["name"])?, values: list(&json["values"], real)? })
}

fn profile(json: &Json) -> Option<Profile> {
    Some(Profile {
        name: text(&json["name"])?,
        axis: text(&json["axis"])?,
        at: list(&json["at"], real)?,
        values: list(&json["values"], real)?,
    })
}

fn artifact(json: &Json) -> Option<Artifact> {
    Some(Artifact {
        role: text(&json["role"])?,
        file: text(&json["file"])?,
        hash: text(&json["hash"])?,
        bytes: json["bytes"].as_u64()?,
        reused: json["reused"].as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through_a_line(said: &Said) -> Said {
        let line = said.to_json().to_string();
        assert!(!line.contains('\n'));
        Said::from_json(&serde_json::from_str(&line).unwrap()).unwrap()
    }

    #[test]
    fn everything_that_can_be_said_arrives_to_the_bit() {
        let curve = Curve { name: "loss\n1".into(), values: vec![0.1 + 0.2, -0.0, 1e-310] };
        let outcome = Outcome {
            scores: BTreeMap::from([(
                "test_error".to_owned(),
                f64::from_bits(0x3fb9_9999_9999_999b),
            )]),
            profiles: vec![Profile {
                name: "contraction".into(),
                axis: "radius".into(),
                at: vec![0.5],
                values: vec![f64::INFINITY],
            }],
            curves: vec![curve.clone()],
            epochs: 3,
            best_epoch: 2,
            weights_hash: "abc".into(),
            artifacts: vec![Artifact {
                role: "network".into(),
                file: "networks/a".into(),
                hash: "d".into(),
                bytes: u64::MAX,
                reused: true,
            }],
        };
        let stage = "layer 1".to_owned();
        let progress = Progress { stage, epoch: 1, epochs: 9, done: 0.3, loss: 2.0 };
        let message = "at \"x\"".to_owned();
        let failure = Failure { kind: FailureKind::Diverged, message, curves: vec![curve] };
        for said in [
            Said::Progress(progress),
            Said::Ended(Ok(outcome)),
            Said::Ended(Err(Ending::Failed(failure))),
            Said::Ended(Err(Ending::Interrupted)),
        ] {
            assert_eq!(through_a_line(&said), said);
        }
        let nan = Curve { name: "loss".into(), values: vec![f64::NAN] };
        let failure =
            Failure { kind: FailureKind::Error, message: String::new(), curves: vec![nan] };
        let Said::Ended(Err(Ending::Failed(back))) =
            through_a_line(&Said::Ended(Err(Ending::Failed(failure))))
        else {
            panic!("it said something else");
        };
        assert_eq!(back.curves[0].values[0].to_bits(), f64::NAN.to_bits());
    }

    #[test]
    fn a_request_arrives_and_nothing_else_is_one() {
        let value = |value| ("lambda".to_owned(), value);
        let request = Request {
            run: "0f3a".into(),
            params: [value(Value::Float(0.1 + 0.2))].into_iter().collect(),
            seed: u64::MAX,
            data: "data".into(),
            beside: None,
            artifacts: Some(OsString::from_vec(vec![b'a', 0xff]).into()),
            probes: vec!["attacks".into()],
        };
        let line = request.to_json().to_string();
        assert_eq!(Request::from_json(&serde_json::from_str(&line).unwrap()), Some(request));
        assert_eq!(Request::from_json(&json!({ "run": "0f3a" })), None);
        assert_eq!(Said::from_json(&json!({ "finished": { "scores": 3 } })), None);
    }
}
