//! A plan: which runs each task of a generation is to train. It is written once and never changed. A task
//! reads its own slice of it, not the whole.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use ablate_records::ExperimentRecord;
use ablate_sweep::{RunId, RunPlan, TrialId};
use serde_json::{Value as Json, json};

use crate::error::ClusterError;
use crate::folder::{Folder, write_once};
use crate::framed;
use crate::words::{self, text, texts};

/// A run to be trained, and the trial that it is compared with.
pub type Planned = (RunPlan, Option<TrialId>);

/// What all tasks of a campaign need to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The experiment.
    pub experiment: ExperimentRecord,
    /// Every run that it plans, those that were finished at the launch included.
    pub members: Vec<RunId>,
    /// The probes that it asks for.
    pub probes: Vec<String>,
    /// Where paths of a user's own data start; an absolute path.
    pub beside: Option<String>,
    /// Where full datasets lie; an absolute path.
    pub data: String,
    /// Whether weights and checkpoints are kept.
    pub keeps_weights: bool,
}

/// A plan that can be read.
#[derive(Debug)]
pub struct Plan {
    /// What all tasks need to know.
    pub header: Header,
    /// Where the slice of each task begins behind the header, its bytes and its runs.
    slices: Vec<(u64, u64, u64)>,
    body: u64,
    file: BufReader<File>,
    path: std::path::PathBuf,
}

/// Shares `runs` out to `tasks`: the first to the first task, the second to the second, ... so that what
/// grows along an axis of the grid evens out.
pub fn strided(runs: Vec<Planned>, tasks: usize) -> Vec<Vec<Planned>> {
    let mut slices: Vec<Vec<Planned>> = (0..tasks.max(1)).map(|_| Vec::new()).collect();
    let count = slices.len();
    for (index, run) in runs.into_iter().enumerate() {
        slices[index % count].push(run);
    }
    slices
}

/// Writes the plan of `generation`: a slice of runs a task.
///
/// # Errors
/// If it cannot be written, or there is one already.
pub fn write(
    folder: &Folder,
    generation: u32,
    header: &Header,
    slices: &[Vec<Planned>],
) -> Result<(), ClusterError> {
    let mut body = String::new();
    let mut index = Vec::new();
    for slice in slices {
        let begin = body.len();
        for (plan, baseline) in slice {
            body.push_str(&framed::line(&words::of_plan(plan, baseline.as_ref())));
        }
        index.push(json!([begin, body.len() - begin, slice.len()]));
    }
    let Header { experiment, members, probes, beside, data, keeps_weights } = header;
    let members: Vec<&str> = members.iter().map(|run| run.0.as_str()).collect();
    let head = framed::line(&json!({
        "format": 1,
        "experiment": experiment.name,
        "question": experiment.question,
        "text": experiment.text,
        "overrides": experiment.overrides,
        "members": members,
        "probes": probes,
        "beside": beside,
        "data": data,
        "keeps_weights": keeps_weights,
        "slices": index,
    }));
    write_once(&folder.of_generation(generation, "plan"), (head + &body).as_bytes())
}

impl Plan {
    /// Opens the plan of `generation`.
    ///
    /// # Errors
    /// If it cannot be read, is damaged or of another format.
    pub fn open(folder: &Folder, generation: u32) -> Result<Plan, ClusterError> {
        let path = folder.of_generation(generation, "plan");
        let file = File::open(&path).map_err(ClusterError::file(&path, "open"))?;
        let mut file = BufReader::new(file);
        let mut line = Vec::new();
        file.read_until(b'\n', &mut line).map_err(ClusterError::file(&path, "read"))?;
        let body = line.len() as u64;
        let json = line.strip_suffix(b"\n").and_then(framed::read);
        let damaged = |message: &str| damaged(&path, message);
        let json = json.ok_or_else(|| damaged("its first line is damaged, or this is no plan"))?;
        if json.get("format") != Some(&Json::from(1)) {
            return Err(damaged("it is of another format: use the release that wrote it"));
        }
        let header = header(&json).ok_or_else(|| damaged("its first line lacks something"))?;
        let slices =
            slices(&json).ok_or_else(|| damaged("its slices are not as they should be"))?;
        Ok(Plan { header, slices, body, file, path })
    }

    /// How many tasks it has.
    pub fn tasks(&self) -> usize {
        self.slices.len()
    }

    /// How many runs all tasks together have.
    pub fn runs(&self) -> u64 {
        self.slices.iter().fold(0, |sum, slice| sum.saturating_add(slice.2))
    }

    /// The runs of a task.
    ///
    /// # Errors
    /// If there is no such task, or its slice is damaged.
    pub fn slice(&mut self, task: usize) -> Result<Vec<Planned>, ClusterError> {
        let Some(&(begin, bytes, count)) = self.slices.get(task) else {
            let message = format!("it has tasks 0 to {}, not {task}", self.slices.len().max(1) - 1);
            return Err(damaged(&self.path, &message));
        };
        let failed = |doing| ClusterError::file(self.path.clone(), doing);
        // Past the end there is nothing to read, and that is told below.
        let begin = self.body.saturating_add(begin).min(i64::MAX as u64);
        self.file.seek(SeekFrom::Start(begin)).map_err(failed("read"))?;
        let mut runs = Vec::new();
        let mut slice = (&mut self.file).take(bytes);
        let bad = framed::each(&mut slice, |json| runs.extend(words::plan(&json)));
        let bad = bad.map_err(failed("read"))?;
        if bad > 0 || runs.len() as u64 != count {
            let message = format!("the slice of task {task} is damaged");
            return Err(damaged(&self.path, &message));
        }
        Ok(runs)
    }
}

fn damaged(path: &Path, message: &str) -> ClusterError {
    ClusterError::Damaged { path: path.to_owned(), message: message.to_owned() }
}

fn header(json: &Json) -> Option<Header> {
    Some(Header {
        experiment: ExperimentRecord {
            name: text(json, "experiment")?,
            question: text(json, "question")?,
            text: text(json, "text")?,
            overrides: texts(json, "overrides")?,
        },
        members: texts(json, "members")?.into_iter().map(RunId).collect(),
        probes: texts(json, "probes")?,
        beside: text(json, "beside"),
        data: text(json, "data")?,
        keeps_weights: json.get("keeps_weights")?.as_bool()?,
    })
}

fn slices(json: &Json) -> Option<Vec<(u64, u64, u64)>> {
    let slice = |item: &Json| {
        Some((item.get(0)?.as_u64()?, item.get(1)?.as_u64()?, item.get(2)?.as_u64()?))
    };
    json.get("slices")?.as_array()?.iter().map(slice).collect()
}

/// The text of a file of the folder; `None` if there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, ClusterError> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        text => text.map(Some).map_err(ClusterError::file(path, "read")),
    }
}
