//! A small catalog, plans of it, and what came of them.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use ablate_records::{Claim, Durability, Session, SessionId, Store};
use ablate_sweep::{
    Artifact, Catalog, Condition, Curve, Direction, Domain, Failure, FailureKind, Metric, Outcome,
    Param, Params, Profile, Relative, RunPlan, Split, Trial, TrialId, Value, VariantEntry,
};
use tempfile::TempDir;

/// A store in a folder that goes with it, with the catalog declared and a session begun.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
    pub(crate) session: SessionId,
}

impl Fixture {
    pub(crate) fn new() -> Fixture {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path().join("store.db"), Durability::Normal).unwrap();
        store.declare(&catalog()).unwrap();
        let session = store.begin_session(&session()).unwrap();
        Fixture { folder, store, session }
    }

    /// Another connection to the same file.
    pub(crate) fn beside(&self) -> Store {
        Store::open(self.store.path(), Durability::Normal).unwrap()
    }

    /// A plain connection to the same file, as any SQLite client has it.
    pub(crate) fn client(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.store.path()).unwrap()
    }

    pub(crate) fn claim(&mut self, plan: &RunPlan) -> u32 {
        claim(&mut self.store, self.session, plan)
    }

    pub(crate) fn finish(&mut self, plan: &RunPlan, error: f64) {
        let attempt = self.claim(plan);
        self.store.finish(&plan.id, attempt, &outcome(error), 1.5).unwrap();
    }

    pub(crate) fn fail(&mut self, plan: &RunPlan, message: &str) {
        let attempt = self.claim(plan);
        self.store.fail(&plan.id, attempt, &failure(message), 0.5).unwrap();
    }
}

pub(crate) fn claim(store: &mut Store, session: SessionId, plan: &RunPlan) -> u32 {
    match store.claim(session, plan, baseline_of(plan).as_ref()).unwrap() {
        Claim::Claimed { attempt } => attempt,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn session() -> Session {
    Session {
        version: "0.1.0".into(),
        git_commit: Some("4f2c".repeat(10)),
        git_dirty: None,
        command: "ablate sweep depth --jobs 2".into(),
        binary: Some("0123456789abcdef".into()),
        cpu: Some("A Processor @ 2.0 GHz".into()),
        cpu_vendor: Some("AVendor".into()),
        simd: Some("avx512".into()),
        cores: Some(2),
        jobs: Some(2),
        os: "linux x86_64".into(),
    }
}

pub(crate) fn catalog() -> Catalog {
    let real = || Domain::Float { min: Bound::Included(0.0), max: Bound::Unbounded };
    let whole = |word| Domain::Int { min: 1, max: i64::MAX, word };
    let text = |name: &str| Value::Text(name.into());
    let choice = |names: &[&'static str]| Domain::Choice(names.to_vec());
    let greedy = || Condition::is("pretraining", "greedy");
    Catalog {
        params: vec![
            Param::new("dataset", choice(&["tiny"]), text("tiny"), "the images"),
            Param::new("depth", whole(None), Value::Int(1), "hidden layers"),
            Param::new("width", Domain::Widths { min: 1, max: 4096 }, Value::Int(100), "units"),
            Param::new("learning_rate", real(), Value::Float(0.1), "step size"),
            Param::new("tied", Domain::Bool, Value::Bool(false), "decoder shares weights"),
            Param::new("validate_every", whole(Some("never")), text("never"), "in epochs"),
            Param::new(
                "pretraining",
                choice(&["none", "greedy"]),
                text("none"),
                "before fine-tuning",
            ),
            Param::new(
                "variant",
                choice(&["contractive", "denoising"]),
                text("contractive"),
                "objective",
            )
            .only_when(greedy()),
        ],
        variants: vec![
            VariantEntry {
                name: "contractive",
                summary: "Jacobian penalty",
                params: vec![Param::new("lambda", real(), Value::Float(0.1), "penalty strength")],
            },
            VariantEntry {
                name: "denoising",
                summary: "noise on the input",
                params: vec![Param::new("sigma", real(), Value::Float(0.3), "noise")],
            },
        ],
        rules: Vec::new(),
        metrics: vec![
            metric("valid_error", Direction::Lower, Split::Valid),
            metric("test_error", Direction::Lower, Split::Test),
            metric("saturation", Direction::Neither, Split::Test),
        ],
        relative: vec![Relative {
            metric: metric("mce", Direction::Lower, Split::Test),
            groups: vec![
                vec!["test_error".into(), "valid_error".into()],
                vec!["test_error".into()],
            ],
            minus: None,
        }],
        probes: Vec::new(),
    }
}

pub(crate) fn metric(name: &str, direction: Direction, split: Split) -> Metric {
    let summary = format!("the {name}");
    Metric { name: name.into(), unit: "fraction", direction, split, summary }
}

/// The trial that these parameters name, defaults filled in.
pub(crate) fn trial(given: &[(&str, Value)]) -> Arc<Trial> {
    let given: Params =
        given.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut resolved = catalog().resolve(&given).unwrap();
    // As with `pretraining = "none"` in the real catalog, nothing of a variant is left.
    if resolved.params.get("variant").is_none() {
        resolved.params.remove("lambda");
        resolved.params.remove("sigma");
    }
    Arc::new(resolved)
}

pub(crate) fn plan_of(given: &[(&str, Value)], seed: u64) -> RunPlan {
    RunPlan::new(trial(given), seed, "data-1", "training-1")
}

/// The simplest plan: a network of this depth without pretraining.
pub(crate) fn plan(depth: i64, seed: u64) -> RunPlan {
    plan_of(&[("depth", Value::Int(depth))], seed)
}

pub(crate) fn greedy(depth: i64, lambda: f64, seed: u64) -> RunPlan {
    let given = [
        ("depth", Value::Int(depth)),
        ("pretraining", Value::Text("greedy".into())),
        ("lambda", Value::Float(lambda)),
    ];
    plan_of(&given, seed)
}

/// A plan whose one text parameter is whatever a test wants, past the catalog.
pub(crate) fn plan_with_text(text: &str, seed: u64) -> RunPlan {
    let mut params = trial(&[]).params.clone();
    params.set("dataset", Value::Text(text.into()));
    let id = format!("{:016x}", text.len() * 1_000 + usize::try_from(seed).unwrap());
    RunPlan::new(Arc::new(Trial { id: TrialId(id), params }), seed, "data-1", "training-1")
}

/// The trial without pretraining that a trial with it is compared with.
pub(crate) fn baseline_of(plan: &RunPlan) -> Option<TrialId> {
    let mut params = plan.trial.params.clone();
    if params.text("pretraining") != Some("greedy") {
        return None;
    }
    params.set("pretraining", Value::Text("none".into()));
    Some(catalog().resolve(&params).unwrap().id)
}

pub(crate) fn outcome(error: f64) -> Outcome {
    Outcome {
        scores: BTreeMap::from([
            ("valid_error".to_owned(), error / 2.0),
            ("test_error".to_owned(), error),
        ]),
        profiles: Vec::new(),
        curves: vec![
            Curve { name: "train_loss".into(), values: vec![1.0, 0.1 + 0.2, 1.0 / 3.0] },
            Curve { name: "layer_1_loss".into(), values: vec![2.0] },
        ],
        epochs: 3,
        best_epoch: 2,
        weights_hash: "ab".repeat(32),
        artifacts: Vec::new(),
    }
}

pub(crate) fn failure(message: &str) -> Failure {
    Failure {
        kind: FailureKind::Diverged,
        message: message.into(),
        curves: vec![Curve {
            name: "train_loss".into(),
            values: vec![0.5, f64::NAN, f64::INFINITY],
        }],
    }
}

/// What a probe finds over something else than epochs.
pub(crate) fn profile() -> Profile {
    let (at, values) = (vec![0.1, 2.0], vec![1.0, 0.1 + 0.2]);
    Profile { name: "contraction".into(), axis: "radius".into(), at, values }
}

/// The files of a run with one pretrained layer, which was there already.
pub(crate) fn artifacts() -> Vec<Artifact> {
    let artifact = |role: &str, file: &str, reused| Artifact {
        role: role.into(),
        file: file.into(),
        hash: "cd".repeat(32),
        bytes: 12,
        reused,
    };
    vec![
        artifact("network", "networks/0123456789abcdef.safetensors", false),
        artifact("layer 1", "layers/fedcba9876543210.safetensors", true),
    ]
}
