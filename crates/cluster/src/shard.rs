//! A shard: what one attempt at one task has come to, a line a record. It has one writer, is only ever
//! appended to, and is synced whenever a run has ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};

use ablate_records::{Origin, Returned, Session};
use ablate_sweep::{Failure, Outcome, RunId};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value as Json, json};

use crate::error::ClusterError;
use crate::folder::{Folder, sync_folder};
use crate::framed;
use crate::moment::Moment;
use crate::plan::Planned;
use crate::words::{self, text};

/// 128 random bits in hexadecimal digits. Numbers of jobs and restarts do not tell attempts apart: a
/// controller that was started again gives the same ones twice.
pub(crate) fn random_name() -> String {
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half())
}

/// How an attempt at a task has ended in an orderly way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// It has come to the end of its runs.
    Done,
    /// It was told that its time ends.
    OutOfTime,
    /// It was asked to stop.
    Stopped,
}

impl Sealed {
    const ALL: [Sealed; 3] = [Sealed::Done, Sealed::OutOfTime, Sealed::Stopped];

    fn word(self) -> &'static str {
        match self {
            Sealed::Done => "done",
            Sealed::OutOfTime => "out of time",
            Sealed::Stopped => "stopped",
        }
    }
}

/// A shard that is being written.
#[derive(Debug)]
pub struct Shard {
    file: File,
    path: PathBuf,
    started: BTreeMap<RunId, Moment>,
    /// The greatest stamp so far.
    last: i64,
}

impl Shard {
    /// Begins the shard of this process, as an attempt at a task. What it tells is later than all that
    /// has the stamp `after` or a smaller one: the greatest of the attempts before, or 0.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn begin(
        folder: &Folder,
        generation: u32,
        task: u32,
        session: &Session,
        host: Option<&str>,
        after: i64,
    ) -> Result<Shard, ClusterError> {
        let attempt = random_name();
        let path = folder.shard(generation, task, &attempt);
        let file = OpenOptions::new().append(true).create_new(true).open(&path);
        let file = file.map_err(ClusterError::file(&path, "create"))?;
        sync_folder(&path).map_err(ClusterError::file(&path, "create"))?;
        let mut shard = Shard { file, path, started: BTreeMap::new(), last: after };
        let Moment { at, stamp } = shard.now();
        shard.append(&json!({
            "is": "attempt",
            "attempt": attempt,
            "generation": generation,
            "task": task,
            "session": words::of_session(session),
            "host": host,
            "pid": std::process::id(),
            "at": at,
            "stamp": stamp,
        }))?;
        Ok(shard)
    }

    /// A run is begun.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn start(&mut self, run: &RunId) -> Result<(), ClusterError> {
        let now = self.now();
        self.append(&json!({"is": "started", "run": run.0, "at": now.at, "stamp": now.stamp}))?;
        self.started.insert(run.clone(), now);
        Ok(())
    }

    /// A run has ended: once this has returned, no crash takes it back.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn end(
        &mut self,
        (plan, baseline): &Planned,
        end: &Result<Outcome, Failure>,
        seconds: f64,
    ) -> Result<(), ClusterError> {
        let now = self.now();
        let started = self.started.remove(&plan.id).unwrap_or_else(|| now.clone());
        self.append(&json!({
            "is": "ended",
            "plan": words::of_plan(plan, baseline.as_ref()),
            "end": words::of_end(end),
            "seconds": seconds,
            "started": started.at,
            "at": now.at,
            "stamps": [started.stamp, now.stamp],
        }))?;
        self.sync()
    }

    /// A run was broken off when the share `done` of its work was done.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn interrupt(&mut self, run: &RunId, done: f64) -> Result<(), ClusterError> {
        let Moment { at, stamp } = self.now();
        self.append(&json!({
            "is": "interrupted", "run": run.0, "done": done, "at": at, "stamp": stamp,
        }))
    }

    /// Nothing more will come.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn seal(mut self, sealed: Sealed) -> Result<(), ClusterError> {
        let Moment { at, stamp } = self.now();
        self.append(&json!({"is": "sealed", "as": sealed.word(), "at": at, "stamp": stamp}))?;
        self.sync()
    }

    fn now(&mut self) -> Moment {
        let now = Moment::after(self.last);
        self.last = now.stamp;
        now
    }

    fn append(&mut self, record: &Json) -> Result<(), ClusterError> {
        let line = framed::line(record);
        self.file.write_all(line.as_bytes()).map_err(ClusterError::file(&self.path, "write"))
    }

    fn sync(&self) -> Result<(), ClusterError> {
        self.file.sync_data().map_err(ClusterError::file(&self.path, "write"))
    }
}

/// One thing that a shard tells.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Attempt { generation: u32, task: u32, origin: Box<Origin> },
    Started(RunId),
    Interrupted(RunId, f64),
    Sealed(Sealed),
}

fn told(json: &Json) -> Option<Told> {
    let run = || text(json, "run").map(RunId);
    let whole = |name| json.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
    Some(match json.get("is")?.as_str()? {
        "attempt" => Told::Attempt {
            generation: whole("generation")?,
            task: whole("task")?,
            origin: Box::new(Origin {
                id: text(json, "attempt")?,
                session: words::session(json.get("session")?)?,
                host: text(json, "host"),
                pid: whole("pid")?,
                started_at: text(json, "at")?,
            }),
        },
        "started" => Told::Started(run()?),
        "interrupted" => Told::Interrupted(run()?, json.get("done")?.as_f64()?),
        "sealed" => {
            let word = text(json, "as")?;
            Told::Sealed(Sealed::ALL.into_iter().find(|sealed| sealed.word() == word)?)
        }
        _ => return None,
    })
}

/// The end of a run at a glance: which end it is, without what the run came to, which is most of the
/// record and takes most of the time to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Whose end it is.
    pub run: RunId,
    /// Whether it finished rather than failed.
    pub finished: bool,
    /// How many files it left.
    pub files: usize,
    /// Which place its end has in the order of all that happened; 0 where that is not known.
    pub stamp: i64,
}

fn glance(text: &[u8]) -> Option<Glance> {
    #[derive(Deserialize)]
    struct Record {
        is: Is,
        plan: Plan,
        end: End,
        #[serde(default)]
        stamps: (i64, i64),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Is {
        Ended,
    }
    #[derive(Deserialize)]
    struct Plan {
        run: String,
    }
    #[derive(Deserialize)]
    struct End {
        failure: Option<IgnoredAny>,
        #[serde(default)]
        artifacts: Vec<IgnoredAny>,
    }
    let Record { is: Is::Ended, plan, end, stamps } = serde_json::from_slice(text).ok()?;
    Some(Glance {
        run: RunId(plan.run),
        finished: end.failure.is_none(),
        files: end.artifacts.len(),
        stamp: stamps.1,
    })
}

fn returned(text: &[u8]) -> Option<Returned> {
    let json: Json = serde_json::from_slice(text).ok()?;
    let (plan, baseline) = words::plan(json.get("plan")?)?;
    Some(Returned {
        plan,
        baseline,
        ended: words::end(json.get("end")?)?,
        seconds: json.get("seconds")?.as_f64()?,
        started_at: self::text(&json, "started")?,
        ended_at: self::text(&json, "at")?,
        stamps: json.get("stamps").and_then(|pair| serde_json::from_value(pair.clone()).ok()),
    })
}

/// What a shard has told so far, but for what its runs came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Account {
    /// The process that writes it; `None` if its first line is not there yet, or is damaged.
    pub origin: Option<Origin>,
    /// Which generation and task it is an attempt at.
    pub of: Option<(u32, u32)>,
    /// Runs that finished.
    pub finished: BTreeSet<RunId>,
    /// Runs that failed.
    pub failed: BTreeSet<RunId>,
    /// Runs that were broken off, and the share of their work that was done then.
    pub interrupted: BTreeMap<RunId, f64>,
    /// Runs that were begun and have come to no end that is told.
    pub open: BTreeSet<RunId>,
    /// How it ended, if it did in an orderly way.
    pub sealed: Option<Sealed>,
    /// Lines that are not what was written.
    pub damaged: u64,
    /// The greatest stamp in it; 0 in one of a release that wrote none.
    pub stamp: i64,
}

/// Reads the shard at `path` and hands every run that has come to its end, and that is `wanted`, to `take`.
///
/// Records before the first line is read (it may be damaged) are handed out with the name that the file
/// has: the attempt's.
///
/// # Errors
/// If it cannot be read, or `take` fails.
pub fn read<E: From<ClusterError>>(
    path: &Path,
    mut wanted: impl FnMut(&Glance) -> bool,
    mut take: impl FnMut(&Origin, Returned) -> Result<(), E>,
) -> Result<Account, E> {
    let failed = |doing| ClusterError::file(path, doing);
    let file = File::open(path).map_err(failed("open"))?;
    let nameless = nameless(path);
    let mut account = Account::default();
    let mut taken = Ok(());
    let mut input = BufReader::with_capacity(1 << 16, file);
    let damaged = framed::each(&mut input, |text| {
        let Some(end) = glance(text) else { return account.hear(text) };
        if wanted(&end) {
            let Some(returned) = returned(text) else { return false };
            if taken.is_ok() {
                taken = take(account.origin.as_ref().unwrap_or(&nameless), returned);
            }
        }
        account.ended(end);
        true
    });
    account.damaged = damaged.map_err(failed("read"))?;
    taken.map(|()| account)
}

/// Reads the shard at `path` for what it has told so far.
///
/// # Errors
/// If it cannot be read.
pub fn account(path: &Path) -> Result<Account, ClusterError> {
    read(path, |_| false, |_, _| Ok(()))
}

impl Account {
    /// Whether `text` is a record other than an end, which is remembered then.
    fn hear(&mut self, text: &[u8]) -> bool {
        let Ok(json) = serde_json::from_slice::<Json>(text) else { return false };
        self.stamp = self.stamp.max(json.get("stamp").and_then(Json::as_i64).unwrap_or(0));
        match told(&json) {
            None => return false,
            Some(Told::Attempt { generation, task, origin }) => {
                self.of = Some((generation, task));
                self.origin = Some(*origin);
            }
            Some(Told::Started(run)) => {
                self.open.insert(run);
            }
            Some(Told::Interrupted(run, done)) => {
                self.open.remove(&run);
                self.interrupted.insert(run, done);
            }
            Some(Told::Sealed(sealed)) => self.sealed = Some(sealed),
        }
        true
    }

    fn ended(&mut self, end: Glance) {
        self.open.remove(&end.run);
        self.stamp = self.stamp.max(end.stamp);
        let ended = if end.finished { &mut self.finished } else { &mut self.failed };
        ended.insert(end.run);
    }
}

/// The attempt whose shard is at `path`.
pub(crate) fn attempt_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    name.split('.').nth(1).unwrap_or(&name).to_owned()
}

/// Who wrote a shard whose first line is damaged: its file still names the attempt.
fn nameless(path: &Path) -> Origin {
    Origin {
        id: attempt_of(path),
        session: Session::default(),
        host: None,
        pid: 0,
        started_at: String::new(),
    }
}
